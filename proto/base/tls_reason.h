/* What OpenSSL says went wrong, in words for an operator.
 *
 * For those who use the library already: nothing of it is linked here.
 *
 * Thread: any; each has a queue of errors of its own.
 */
#ifndef PROTO_BASE_TLS_REASON_H
#define PROTO_BASE_TLS_REASON_H

#include <openssl/err.h>
#include <string.h>

/**
 * Tell the first error of the thread's queue: what led to the others.
 *
 * A file that cannot be opened is told as the system says it, for which the
 * library itself has no words.
 *
 * Returns a string good until the next call, or otherwise when there is none.
 */
static inline const char *tls_reason(const char *otherwise)
{
    unsigned long code = ERR_peek_error();
    const char *reason = NULL;

    if (code != 0) {
        reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
                                        : ERR_reason_error_string(code);
    }
    return reason == NULL ? otherwise : reason;
}

#endif
