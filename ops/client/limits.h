/* How much a client takes, and how long it waits.
 *
 * What the wire may carry and what memory may be used is fixed here; how long
 * to wait is a setting with a default. README.md has both as one table, with
 * what happens when a limit is met.
 */
#ifndef OPS_CLIENT_LIMITS_H
#define OPS_CLIENT_LIMITS_H

#include <stdint.h>

enum {
    CLIENT_FOLLOWS_MAX = 64, /* Changes of what is followed, at once. */
    /* One SIP message from a server: else the connection ends MALFORMED. */
    PACKET_HEAD_BYTES_MAX = 16 * 1024,
    PACKET_LINES_MAX = 128,
    PACKET_BODY_BYTES_MAX = 1024 * 1024 + 64 * 1024,

    /* Of the settings: else INVALID. */
    CLIENT_SERVERS_MAX = 16,
    CLIENT_HOST_BYTES_MAX = 253,
    CLIENT_USER_BYTES_MAX = 254, /* alice@example */
    CLIENT_PASSWORD_BYTES_MAX = 1024,

    /* Of what the owner asks for: else TOO_LARGE or BUSY. */
    CLIENT_ROOMS_MAX = 1024,
    CLIENT_ERRANDS_MAX = 8192,
    CLIENT_TEXT_BYTES_MAX = 64 * 1024,
    CLIENT_HISTORY_MAX = 500,       /* Messages of one history reply. */
    CLIENT_SEARCH_MAX = 999,        /* Messages of one search's reply. */
    CLIENT_SEARCH_ROOMS_MAX = 16,   /* Named in one search, */
    CLIENT_SEARCH_AUTHORS_MAX = 16, /* likewise. */

    /* Rooms of one bjoin; the pool takes as many. More are joined by several.
     */
    CLIENT_BJOIN_ROOMS_MAX = 256,

    /* INFOs of ours a server may leave unanswered; the others wait here. The
     * pool's edge takes 32. */
    CLIENT_IN_FLIGHT_MAX = 16,

    /* Live messages of one room kept while older ones are fetched. What does
     * not fit is fetched too, from history. */
    TIMELINE_HELD_MAX = 512,
    TIMELINE_HELD_BYTES_MAX = 1024 * 1024,

    /* Attempts to fetch what a gap hides, before it is told. */
    CLIENT_FILLS_MAX = 3,

    /* Times a post is told "not joined" and the room is joined anew. */
    CLIENT_REJOINS_MAX = 3,

    /* People of one room that are kept track of. */
    PEOPLE_MAX = 10000,

    /* Challenges answered in one sign-in. */
    CLIENT_CHALLENGES_MAX = 3,

    /* Bytes on their way to a server: else the connection ends SILENT. */
    LINK_UNSENT_BYTES_MAX = 4 * 1024 * 1024,

    /* How often the clock is looked at: when something is due, and when
     * nothing is but keep-alives. */
    CLIENT_TICK_MS = 100,
    CLIENT_IDLE_TICK_MS = 1000,
};

/* How long to wait, in milliseconds. */
struct client_limits {
    uint32_t connect_ms;     /* For each address: connected, and secured. */
    uint32_t sign_in_ms;     /* From there until chat may begin. */
    uint32_t answer_ms;      /* For a SIP answer; then the server is given up.
                                An election of the pool fits in. */
    uint32_t reply_ms;       /* For an XCCOS reply; the same. */
    uint32_t probe_ms;       /* Silence after which UPDATE asks for life. */
    uint32_t copy_ms;        /* For one's own copy of an accepted post. */
    uint32_t sign_out_ms;    /* For the answer to a sign-out. */
    uint32_t backoff_min_ms; /* Between attempts; doubles with each round */
    uint32_t backoff_max_ms; /* of all servers, up to this. */
    uint32_t retry_after_max_ms; /* A server that asks for more gets this. */
    uint32_t expires_s;          /* Of the sign-in, asked for. */
};

#define CLIENT_LIMITS_DEFAULT                                                  \
    ((struct client_limits){                                                   \
        .connect_ms = 3000,                                                    \
        .sign_in_ms = 15 * 1000,                                               \
        .answer_ms = 10 * 1000,                                                \
        .reply_ms = 15 * 1000,                                                 \
        .probe_ms = 15 * 1000,                                                 \
        .copy_ms = 1000,                                                       \
        .sign_out_ms = 1000,                                                   \
        .backoff_min_ms = 100,                                                 \
        .backoff_max_ms = 5000,                                                \
        .retry_after_max_ms = 60 * 1000,                                       \
        .expires_s = 600,                                                      \
    })

#endif
