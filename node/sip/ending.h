/* Why connections and dialogs end: one list for the journal, whose lines say
 * reason=<text>, and for the level they are written at.
 *
 * Thread: any.
 */
#ifndef NODE_SIP_ENDING_H
#define NODE_SIP_ENDING_H

#include "proto/base/journal.h"

/* X(name, text, level): INFO for what happens every day, NOTICE for what a
 * client has done wrong, WARNING for what went wrong here. */
#define ENDING_LIST(X)                                                         \
    X(NONE, "none", INFO)                                                      \
    X(PEER_CLOSED, "peer_closed", INFO)                                        \
    X(PEER_LOST, "peer_lost", INFO)                                            \
    X(BYE, "bye", INFO)                                                        \
    X(SIGNED_OUT, "signed_out", INFO)                                          \
    X(INVITED_ANEW, "invited_anew", INFO)                                      \
    X(DRAINED, "drained", INFO)                                                \
    X(EDGE_CLOSED, "edge_closed", INFO)                                        \
    X(TOLD_TO_CLOSE, "told_to_close", INFO)                                    \
    X(LINGERED, "lingered", INFO)                                              \
    X(CLIENT_FORGOT, "client_forgot", INFO)                                    \
    X(REGISTRATION_EXPIRED, "registration_expired", INFO)                      \
    X(KEEP_ALIVE, "keep_alive", INFO)                                          \
    X(SESSION_EXPIRED, "session_expired", INFO)                                \
    X(TLS_FAILED, "tls_failed", NOTICE)                                        \
    X(BROKEN_FRAMING, "broken_framing", NOTICE)                                \
    X(MALFORMED_MAX, "malformed_max", NOTICE)                                  \
    X(HANDSHAKE, "handshake_ms", NOTICE)                                       \
    X(FIRST_REQUEST, "first_request_ms", NOTICE)                               \
    X(PARTIAL, "partial_ms", NOTICE)                                           \
    X(UNAUTHENTICATED, "unauthenticated_ms", NOTICE)                           \
    X(CHALLENGES_MAX, "challenges_max", NOTICE)                                \
    X(SIGN_IN_FAILURES, "sign_in_failures_max", NOTICE)                        \
    X(NO_ACK, "no_ack_ms", NOTICE)                                             \
    X(STUCK, "stuck_ms", NOTICE)                                               \
    X(QUEUE_OVERFLOW, "queue_overflow", NOTICE)                                \
    X(PARTIAL_BYTES, "partial_bytes_max", WARNING)                             \
    X(NO_MEMORY, "no_memory", WARNING)

#define ENDING_ENUM(name, text, level) ENDING_##name,
enum ending { ENDING_LIST(ENDING_ENUM) ENDING_COUNT };
#undef ENDING_ENUM

/** Name an ending as the journal does. */
const char *ending_name(enum ending ending);

/** Tell how loudly the journal says it. */
enum journal_level ending_level(enum ending ending);

#endif
