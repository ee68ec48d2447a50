/* Why a connection ended, or could not begin: what a client tells its owner
 * and decides by what to do next.
 *
 * Thread: any.
 */
#ifndef OPS_CLIENT_CAUSE_H
#define OPS_CLIENT_CAUSE_H

/* X(name, word, text). The word is what JSON says. */
#define CLIENT_CAUSE_LIST(X)                                                   \
    X(NONE, "none", "nothing is wrong")                                        \
    X(LEFT, "left", "signed out")                                              \
    X(UNREACHED, "unreached", "the server cannot be reached")                  \
    X(UNTRUSTED, "untrusted", "the connection cannot be secured")              \
    X(DENIED, "denied", "the server refuses this user")                        \
    X(BUSY, "busy", "the server takes nobody just now")                        \
    X(MOVED, "moved", "the server sends its users elsewhere")                  \
    X(UNFIT, "unfit", "the server answers what this client cannot use")        \
    X(LOST, "lost", "the connection is lost")                                  \
    X(SILENT, "silent", "the server does not answer in time")                  \
    X(MALFORMED, "malformed", "the server sends what cannot be read")          \
    X(NO_MEMORY, "no_memory", "out of memory")

#define CLIENT_CAUSE_ENUM(name, word, text) CLIENT_CAUSE_##name,
enum client_cause { CLIENT_CAUSE_LIST(CLIENT_CAUSE_ENUM) CLIENT_CAUSES };
#undef CLIENT_CAUSE_ENUM

/** Tell the word for a cause. Static. */
const char *client_cause_word(enum client_cause cause);

/** Say in words what a cause means. Static. */
const char *client_cause_text(enum client_cause cause);

#endif
