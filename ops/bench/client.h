/* One chat client: signs in, opens its dialog, joins its rooms, then sends
 * posts and commands and answers what it is told.
 *
 *   CLOSED -> CONNECTING -> REGISTERING -> INVITING -> JOINING -> READY
 *      ^          |              |             |          |         |
 *      +----------+--------------+-------------+----------+---------+
 *              refused, or the connection was lost (gone)
 *
 * JOINING is skipped by who has no rooms. A newcomer goes when his REGISTER is
 * answered, for good or ill. Many clients share one struct client_shared;
 * ops/bench/crowd.h runs them.
 *
 * Thread: the crowd's.
 */
#ifndef OPS_BENCH_CLIENT_H
#define OPS_BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/bench/messages.h"
#include "ops/bench/wire.h"

enum {
    CLIENT_INFOS_MAX = 64,                /* Unanswered, per client. */
    CLIENT_ROOMS_MAX = 32,                /* Joined by one client. */
    CLIENT_OUTPUT_BYTES_MAX = 256 * 1024, /* Unsent: nothing new is begun. */
};

enum client_state {
    CLIENT_CLOSED,
    CLIENT_CONNECTING,
    CLIENT_REGISTERING,
    CLIENT_INVITING,
    CLIENT_JOINING,
    CLIENT_READY,
};

enum client_ask { CLIENT_NOTHING, CLIENT_POST, CLIENT_COMMAND };

/* An INFO of ours that is not finished. */
struct client_info {
    enum client_ask ask;
    uint32_t cseq;
    uint32_t tag;    /* The caller's. */
    uint64_t due_ns; /* When it was to be sent; latency counts from there. */
};

struct client {
    struct client_shared *shared;
    struct wire wire;
    struct identity *identity;
    unsigned server; /* Index in the pool. */
    enum client_state state;
    bool challenged; /* A 407 has been answered already. */
    bool touched;    /* On the list of those with something to send. */
    uint32_t cseq;   /* Last used in the dialog. */
    uint32_t oldest; /* No INFO before this one is unfinished. */
    struct client_info *infos; /* By cseq % CLIENT_INFOS_MAX; made when used. */
    size_t rooms_n;
    unsigned rooms[CLIENT_ROOMS_MAX]; /* Indexes in the shared list. */
    struct template *post;            /* To the room post_room. */
    unsigned post_room;
    struct template *question; /* The shared one, as this client asks it. */
    uint64_t retry_ns;         /* CLOSED: when the crowd tries again. */
    bool is_newcomer;
    uint64_t knocked_ns; /* When a newcomer was due; 0: he was answered. */
};

/* What a client tells its owner. None may be NULL. */
struct client_handler {
    void *context;
    /* A post was answered with a SIP status. */
    void (*answered)(void *context, struct client *client,
                     const struct client_info *info, int status);
    /* A command's reply came, or (status not 200) never will. */
    void (*replied)(void *context, struct client *client,
                    const struct client_info *info, int status,
                    struct slice body);
    /* A post with a serial of ours was delivered. */
    void (*posted)(void *context, struct client *client, uint32_t serial);
    /* It is READY. */
    void (*ready)(void *context, struct client *client);
    /* It was READY, and its connection is lost. */
    void (*lost)(void *context, struct client *client);
    /* A newcomer's REGISTER was answered with a SIP status, or 0: it was lost
     * with the connection. */
    void (*knocked)(void *context, uint64_t due_ns, int status);
};

/* What all clients of one thread share. */
struct client_shared {
    struct client_handler handler;
    uint8_t *room; /* WIRE_READ_BYTES. */
    const char *password;
    unsigned text_bytes;   /* Of a post. */
    struct slice question; /* What client_question asks; may be empty. */
    char **room_uris;
    size_t room_uris_n;
    uint64_t now_ns; /* Read once per wake-up, before what came is read. */
    struct client **touched;
    size_t touched_n;
    size_t ready;      /* How many clients are. */
    size_t opening;    /* How many are between CLOSED and READY. */
    uint64_t refusals; /* Sign-ins answered 503 or closed; tried again. */
    enum error fatal;  /* A refusal that no retry can mend; complained of. */
};

/** Prepare a client that will sign in as this user. Owns identity from now. */
void client_init(struct client *client, struct client_shared *shared,
                 struct identity *identity, unsigned server);

/** Begin to connect and sign in. Returns what wire_open returns. */
enum error client_open(struct client *client, const struct sockaddr_storage *to,
                       const struct sockaddr_storage *from, SSL_CTX *tls);

/** Tell the owner what became of a newcomer, unless he has been told. */
void client_knocked(struct client *client, int status);

/** Serve a socket event. */
void client_serve(struct client *client);

/**
 * Send a post to a room of the shared list.
 *
 * @serial  SERIAL_FIRST or more; comes back when it is delivered.
 *
 * Returns BUSY when CLIENT_INFOS_MAX or CLIENT_OUTPUT_BYTES_MAX is reached or
 * the client is not READY; nothing is sent then.
 */
enum error client_post(struct client *client, unsigned room, uint32_t serial,
                       uint64_t due_ns);

/** Send the shared question, which is made once. BUSY as with client_post. */
enum error client_question(struct client *client, uint64_t due_ns);

/** Send a command: the inside of its envelope. BUSY as with client_post. */
enum error client_command(struct client *client, struct slice inside,
                          uint32_t tag, uint64_t due_ns);

/** Send the empty lines that keep a quiet connection alive. */
void client_keep_alive(struct client *client);

/** Send what waits; for who is on the touched list. */
void client_flush(struct client *client);

/** Close the connection and free what the client holds. */
void client_deinit(struct client *client);

#endif
