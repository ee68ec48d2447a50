/* Addresses of record: who a SIP URI names, without the rest of it.
 *
 * Thread: any.
 */
#ifndef NODE_SIP_AOR_H
#define NODE_SIP_AOR_H

#include <sofia-sip/url.h>
#include <stdbool.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"

enum { AOR_BYTES_MAX = 255 };

/* "user@host". */
struct aor {
    char text[AOR_BYTES_MAX + 1];  /* As written. */
    char lower[AOR_BYTES_MAX + 1]; /* In lower case (ASCII), to compare. */
    size_t user_len;               /* Of "user". */
};

/**
 * Read who a URI names; parameters, port and password do not count.
 *
 * Returns MALFORMED when it is no sip or sips URI with a user, or has
 * characters that do not belong in a journal line; TOO_LARGE.
 */
enum error aor_read(struct aor *aor, const url_t *url);

/** The same from text: "sip:user@host", anything after it ignored. */
enum error aor_read_text(struct aor *aor, struct slice uri);

/** Tell whether both name the same. */
bool aor_equal(const struct aor *a, const struct aor *b);

#endif
