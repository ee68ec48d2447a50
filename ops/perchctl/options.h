/* The options that every command takes.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_OPTIONS_H
#define OPS_PERCHCTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ENDPOINTS_MAX = 16,
    TIMEOUT_S_DEFAULT = 10,
    TIMEOUT_S_MAX = 300, /* As ADMIN_WAIT_MS_MAX. */
};

/* Where a node can be asked. */
struct endpoint {
    bool is_far;      /* By TLS; else a local socket. */
    const char *name; /* "HOST:PORT", or the socket's path. */
};

struct options {
    size_t n_endpoints; /* At least one. */
    struct endpoint endpoints[ENDPOINTS_MAX];
    const char *authority, *certificate, *key; /* For TLS. */
    bool json, dry_run, stale, help, version;
    uint32_t timeout_s;
    uint32_t limit;        /* Of a list; 0: all of it. */
    const char *after;     /* NULL: from the start. */
    const char *reason;    /* Of a change; NULL: none. */
    const char *directory; /* Whose adapter asks; NULL: a person. */
};

/* What stands in the help about an option. */
struct option_fact {
    const char *name, *value; /* NULL: takes none. */
    const char *meaning;
};

extern const struct option_fact option_facts[];
extern const size_t option_facts_n;

/** Tell whether an option that every command takes has a value behind it. */
bool options_have_value(const char *name);

/** Begin with the defaults; PERCH_SOCKET names the local socket. */
void options_init(struct options *options);

/**
 * Take an option that every command takes.
 *
 * @name   "--socket"; @value is NULL when none stands behind it.
 * @took   Whether the value was used.
 *
 * Returns false when the option is none of these; *why is set when it is one
 * and cannot be as given: what stands behind its name in a sentence.
 */
bool options_take(struct options *options, const char *name, const char *value,
                  bool *took, const char **why);

/** Use the local socket when nothing else was named. Returns what is missing
 * or of no use, or NULL. */
const char *options_finish(struct options *options);

#endif
