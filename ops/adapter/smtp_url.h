/* Where mail goes: what an adapter's output says when it is an address.
 *
 *   smtp://HOST[:PORT]?from=ADDRESS&to=ADDRESS[&to=...][&tls=none]
 *         [&ca=FILE][&credentials=FILE]
 *   smtps://...
 *
 * smtp turns to TLS (STARTTLS) and goes no further without it, unless tls=none
 * says so; smtps is TLS from the start. Certificates are checked against the
 * system's authorities, or those of ca. credentials names a file on each node
 * with USER:PASSWORD in its first line: the output itself is in the log and
 * shown to administrators.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_SMTP_URL_H
#define OPS_ADAPTER_SMTP_URL_H

#include <stdbool.h>

#include "ops/adapter/cut.h"

enum { SMTP_URL_TO_MAX = 16, SMTP_URL_PATH_BYTES_MAX = 1024 };

struct smtp_url {
    char
        *server; /* smtp://HOST:PORT/DOMAIN, without the rest. Owned, as all. */
    char *from;
    char *to[SMTP_URL_TO_MAX];
    size_t n_to;
    char *ca;
    char *credentials;
    bool without_tls;
};

/** Tell whether an output is a mail address rather than a directory. */
bool smtp_url_is(const char *output);

/**
 * Read the output of a cut. smtp_url_deinit is due in any case.
 *
 * Returns FAILED, having named what is wrong.
 */
enum fault smtp_url_read(const struct cut *cut, struct smtp_url *url_out);

/** Free what it holds. */
void smtp_url_deinit(struct smtp_url *url);

#endif
