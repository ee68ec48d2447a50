/* What can go wrong between perch and the world: disks, peers, bytes, memory.
 *
 * A refusal (an enum outcome) is not an error, and a broken invariant is a
 * CHECK. One list makes the enum, its names and its texts.
 */
#ifndef PROTO_BASE_ERROR_H
#define PROTO_BASE_ERROR_H

#define ERROR_LIST(X)                                                          \
    X(NONE, "no error")                                                        \
    X(NO_MEMORY, "out of memory")                                              \
    X(INVALID, "an argument or a setting is not valid")                        \
    X(MALFORMED, "the bytes are not what their format says")                   \
    X(TRUNCATED, "the bytes end before they should")                           \
    X(TOO_LARGE, "a limit on size or count is exceeded")                       \
    X(UNSUPPORTED, "the version or kind is not known here")                    \
    X(NOT_FOUND, "there is no such thing")                                     \
    X(EXISTS, "it is there already")                                           \
    X(BUSY, "a bounded queue is full or other work is under way")              \
    X(TIMED_OUT, "the time allowed has passed")                                \
    X(CLOSED, "the other side has closed, or this side is closing")            \
    X(REFUSED, "the other side refuses")                                       \
    X(IO, "the operating system reports an input or output error")             \
    X(NO_SPACE, "the disk is full")                                            \
    X(ROTTEN, "stored bytes differ from what was written")                     \
    X(FORGOTTEN, "the disk holds less than was acknowledged")                  \
    X(WRONG_POOL, "it belongs to another pool or directory")                   \
    X(NO_LEADER, "the pool has no leader that this node knows of")             \
    X(NOT_LEADER, "this node does not lead the pool")                          \
    X(STORE_IO, "the store cannot read or write")                              \
    X(TLS, "the TLS library reports an error")

#define ERROR_ENUM(name, text) ERROR_##name,
enum error { ERROR_LIST(ERROR_ENUM) ERROR_COUNT };
#undef ERROR_ENUM

/**
 * Name an error as the journal writes it, for instance "NO_SPACE".
 *
 * Returns a static string; "UNKNOWN" for a number that is no error.
 */
const char *error_name(enum error error);

/**
 * Say in words what an error means.
 *
 * Returns a static string, never NULL.
 */
const char *error_text(enum error error);

/**
 * Translate the operating system's errno.
 *
 * Returns NO_SPACE, NO_MEMORY, NOT_FOUND, EXISTS, BUSY or, for all else, IO;
 * NONE for 0.
 */
enum error error_from_errno(int number);

/* Pass an error up. Only where nothing is owned yet. */
#define TRY(expression)                                                        \
    do {                                                                       \
        enum error try_error_ = (expression);                                  \
        if (try_error_ != ERROR_NONE) {                                        \
            return try_error_;                                                 \
        }                                                                      \
    } while (0)

#endif
