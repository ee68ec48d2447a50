/* Broken invariants stop the node, in release builds too.
 *
 * A node that no longer knows what is true must not go on telling people; the
 * pool does. Never for input from outside: that is an enum error.
 */
#ifndef PROTO_BASE_CHECK_H
#define PROTO_BASE_CHECK_H

/**
 * Print which invariant broke, to the journal and stderr, and abort.
 */
_Noreturn void check_failed(const char *expression, const char *file, int line,
                            const char *function);

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (__builtin_expect(!(condition), 0)) {                               \
            check_failed(#condition, __FILE__, __LINE__, __func__);            \
        }                                                                      \
    } while (0)

/* For the branch that cannot be reached. */
#define CHECK_UNREACHABLE()                                                    \
    check_failed("unreachable", __FILE__, __LINE__, __func__)

#endif
