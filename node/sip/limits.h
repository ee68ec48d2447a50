/* How much an edge takes from the world, and how long it waits for it.
 *
 * What the wire may carry is fixed here; what depends on the size of a pool is
 * a setting with a default. wire.md has both as one table, with what happens
 * when a limit is met.
 */
#ifndef NODE_SIP_LIMITS_H
#define NODE_SIP_LIMITS_H

#include <limits.h>

/* Fixed: what one message may be. */
enum {
    START_LINE_BYTES_MAX = 2 * 1024, /* Else 414, and the connection ends. */
    HEAD_BYTES_MAX = 16 * 1024,      /* Else 400, and the connection ends. */
    HEAD_LINES_MAX = 128,            /* The same; counts folded lines. */
    BODY_SKIPPED_BYTES_MAX = 16 * 1024 * 1024, /* A body too large is read
                                       past up to here after the 413. */
};

/* Fixed: what one connection may try. */
enum {
    CHALLENGES_MAX = 8,       /* 407s before sign-in succeeds, then 403. */
    SIGN_IN_FAILURES_MAX = 3, /* Wrong passwords, then it ends. */
    MALFORMED_MAX = 10,       /* 400s for what cannot be read, then it ends. */
    DIALOGS_PER_CONNECTION_MAX = 8, /* Else 486. */
    NONCE_LIFE_MS = 60 * 1000,
    INVITE_T1_MS = 500, /* RFC 3261 17.1.1.1, for 2xx until ACK. */
    INVITE_T2_MS = 4000,
};

/* Fixed: the edge's own rhythm. */
enum {
    TICK_MS = 250,   /* Delivered marks, unacknowledged INVITEs. */
    SWEEP_TICKS = 4, /* Each connection is looked at every so many ticks. */
    DEFER_MS = 1,    /* A command's 200 waits so long for the reply. */
    READ_BYTES = 64 * 1024,        /* Most that one read takes. */
    OUTPUT_FIRST_BYTES = 2 * 1024, /* An output buffer's first size. */
    LISTEN_BACKLOG = 1024,
    LISTENERS_MAX = 16,
};

/* Settings. One edge_limits serves one edge (one thread). */
struct edge_limits {
    unsigned connections_max;
    unsigned connections_per_address_max;
    unsigned descriptors_max;      /* A caller gets one below it, or is turned
                                      away: the rest is for files. */
    unsigned handshakes_max;       /* At once; the others wait their turn. */
    unsigned body_bytes_max;       /* Once signed in; else 413. */
    unsigned body_bytes_first_max; /* Before that; else 413 and the end. */
    unsigned partial_bytes_max; /* Of unfinished messages, all connections. */

    unsigned handshake_ms;
    unsigned first_request_ms;   /* From open to the first whole request. */
    unsigned partial_ms;         /* From a message's first byte to its last. */
    unsigned unauthenticated_ms; /* From open or sign-out to sign-in. */
    unsigned sign_in_ms;         /* What the state loop may take; else 503. */
    unsigned no_ack_ms;          /* From an INVITE's 200 to its ACK. */
    unsigned stuck_ms;  /* Without progress in what is sent, or answers. */
    unsigned linger_ms; /* From our FIN to the peer's. */

    unsigned keep_alive_s; /* Announced; 2.5 times this silent is the end. */
    unsigned expires_min_s;
    unsigned expires_default_s;
    unsigned expires_max_s;
    unsigned expires_grace_s; /* A refresh may be that late. */
    unsigned session_s;       /* Session-Expires granted at most. */
    unsigned session_min_s;   /* Less is answered 422. */
    unsigned crlf_after_ms;   /* Quiet for so long after output: send CRLF. */
    unsigned retry_after_s;   /* In a 503; jittered upwards by as much. */

    unsigned in_flight_max;     /* Server INFOs unanswered per dialog. */
    unsigned queue_max;         /* Bodies waiting behind them. */
    unsigned queue_bytes_max;   /* The same, in bytes. */
    unsigned infos_waiting_max; /* Client INFOs waiting for commit, per
                                   dialog; else 503. */
    unsigned infos_per_s_max;   /* Per connection; more is read later. */
    unsigned fanout_chunk;      /* Dialogs served per loop turn. */
    unsigned output_high_bytes; /* Above: no more is pulled from queues. */
    unsigned send_buffer_bytes; /* SO_SNDBUF. */
    unsigned tcp_user_timeout_ms;
};

#define EDGE_LIMITS_DEFAULT                                                    \
    ((struct edge_limits){                                                     \
        .connections_max = 20000,                                              \
        .connections_per_address_max = 1000,                                   \
        .descriptors_max = INT_MAX,                                            \
        .handshakes_max = 128,                                                 \
        .body_bytes_max = 1024 * 1024,                                         \
        .body_bytes_first_max = 64 * 1024,                                     \
        .partial_bytes_max = 64 * 1024 * 1024,                                 \
        .handshake_ms = 10 * 1000,                                             \
        .first_request_ms = 15 * 1000,                                         \
        .partial_ms = 30 * 1000,                                               \
        .unauthenticated_ms = 60 * 1000,                                       \
        .sign_in_ms = 10 * 1000,                                               \
        .no_ack_ms = 64 * INVITE_T1_MS,                                        \
        .stuck_ms = 30 * 1000,                                                 \
        .linger_ms = 2 * 1000,                                                 \
        .keep_alive_s = 120,                                                   \
        .expires_min_s = 60,                                                   \
        .expires_default_s = 600,                                              \
        .expires_max_s = 7200,                                                 \
        .expires_grace_s = 32,                                                 \
        .session_s = 720,                                                      \
        .session_min_s = 90,                                                   \
        .crlf_after_ms = 3000,                                                 \
        .retry_after_s = 5,                                                    \
        .in_flight_max = 32,                                                   \
        .queue_max = 1024,                                                     \
        .queue_bytes_max = 8 * 1024 * 1024,                                    \
        .infos_waiting_max = 32,                                               \
        .infos_per_s_max = 500,                                                \
        .fanout_chunk = 256,                                                   \
        .output_high_bytes = 256 * 1024,                                       \
        .send_buffer_bytes = 192 * 1024,                                       \
        .tcp_user_timeout_ms = 45 * 1000,                                      \
    })

#endif
