/* A small pool for tests of clients: several nodes on one loop that share
 * users, rooms and messages, and do wrong what a test tells them to.
 *
 * It reads SIP with its own few lines, not with the client's reader, so that
 * the two do not share a mistake. XCCOS goes through proto/xccos.
 *
 * Thread: the test's.
 */
#ifndef TESTS_CLIENT_POOL_H
#define TESTS_CLIENT_POOL_H

#include <bsd/sys/queue.h>
#include <openssl/ssl.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/os/loop_uv.h"
#include "proto/xccos/names.h"
#include "proto/xccos/request.h"

#define POOL_DOMAIN "fjord.example"
#define POOL_URI    "sip:GC-1-PersistentChatService-1@" POOL_DOMAIN

enum {
    POOL_NODES_MAX = 4,
    POOL_USERS_MAX = 16,
    POOL_ROOMS_MAX = 32,
    POOL_RULES_MAX = 32,
    POOL_SEEN_MAX = 16384,
    POOL_TEXT_MAX = 128,
};

struct pool;
struct guest;

/* What a node does instead of what it should. */
enum pool_fault {
    POOL_REFUSE,     /* Answer status and lines; do nothing. */
    POOL_SILENT,     /* Do and answer nothing. */
    POOL_CLOSE,      /* Close the connection; do nothing. */
    POOL_ACT_CLOSE,  /* Do it, and close without an answer. */
    POOL_ACT_SILENT, /* Do it, and never answer (copies go out). */
    POOL_ACT_REFUSE, /* Do it, and answer as if it was not done. */
    POOL_NO_REPLY,   /* Answer 200, and do nothing more. */
    POOL_RAW,        /* Send lines as they are instead of an answer. */
    POOL_DELAY,      /* Do it right, delay_ms later. */
    POOL_NO_COPY,    /* Accept a post, and send nobody a copy. */
    POOL_TWICE,      /* Send every copy twice. */
    POOL_CODE,       /* Reply with this XCCOS code and no data. */
    POOL_LEAVE_OUT,  /* Reply to a bjoin without its rooms. */
    POOL_SPLIT,      /* Answer byte by byte, a write each. */
};

struct pool_rule {
    const char *what; /* REGISTER, INVITE, ...; cmd:join; grpchat */
    int node;         /* From 0; -1: any. */
    unsigned skip;    /* So many go right first. */
    unsigned times;   /* So many go wrong then. */
    enum pool_fault fault;
    int status;
    const char *lines;
    unsigned delay_ms;
};

struct pool_message {
    uint64_t id;
    int64_t sent_at_us;
    char *author, *text;
};

struct pool_room {
    struct guid guid;
    char uri[128], name[POOL_TEXT_MAX], description[POOL_TEXT_MAX];
    bool is_closed; /* Nobody may enter. */
    bool is_deaf;   /* Keeps no history: logged is False. */
    bool is_unread; /* History is refused with 403. */
    uint64_t last_id;
    struct pool_message *messages;
    size_t n;
};

struct pool_user {
    char name[POOL_TEXT_MAX], password[POOL_TEXT_MAX];
};

/* A request that came, in short. */
struct pool_seen {
    int node;
    uint64_t guest; /* Number of the connection. */
    char what[48];  /* INVITE, cmd:join, grpchat ... */
    char note[96];  /* A post's retry id; the rooms of a join; the URI of an
                       INVITE. */
    uint32_t cseq;
    uint64_t at_us;
};

struct pool_node {
    struct pool *pool;
    int index;
    uv_tcp_t listener;
    bool is_up;
    unsigned short port;
    SSL_CTX *tls;         /* NULL: TCP. */
    const char *redirect; /* Answer every REGISTER 301 to this. */
};

struct pool {
    struct loop *loop;
    struct pool_node nodes[POOL_NODES_MAX];
    int nodes_n;
    struct pool_user users[POOL_USERS_MAX];
    int users_n;
    bool wants_password;
    struct pool_room rooms[POOL_ROOMS_MAX];
    int rooms_n;
    struct pool_rule rules[POOL_RULES_MAX];
    int rules_n;
    struct pool_seen seen[POOL_SEEN_MAX];
    int seen_n;
    LIST_HEAD(guest_list, guest) guests;
    uint64_t guests_made;
    int pings;        /* Keep-alives that came. */
    int answers[700]; /* Answers that came, by status. */
    uint64_t envid;
    struct {
        char key[256];
        int room;
        uint64_t id;
    } retries[POOL_SEEN_MAX];
    int retries_n;

    /* Settings of the whole pool. */
    const char *register_lines;  /* More header lines of REGISTER's 200. */
    const char *expires;         /* NULL: "600". */
    const char *keep_alive;      /* ms-keep-alive timeout; NULL: "120". */
    const char *session_expires; /* NULL: none. */
    const char *provisioning;    /* The document; NULL: the right one. */
    const char *locate;          /* What requri names; NULL: POOL_URI. */
    const char *contact;         /* Of the INVITE's 200; NULL: POOL_URI. */
    unsigned history_max;        /* Messages of one reply. */
    bool replies_to_posts;       /* rpl:grpchat with the message id. */
    bool copies_first;           /* Copies go out before the 200. */
};

/** Make a pool without nodes. */
struct pool *pool_new(struct loop *loop);

/** Close everything and free; the loop must run on a little. */
void pool_free(struct pool *pool);

/** Add a node that listens on a free port, with TLS when there is a
 * certificate. Returns its index. */
int pool_add_node(struct pool *pool, const char *certificate, const char *key);

/** Kill a node: its connections break, its port refuses. */
void pool_kill(struct pool *pool, int node);

/** Start a killed node again, on its port. */
void pool_revive(struct pool *pool, int node);

/** Add a user; a pool with passwords asks for them. */
void pool_add_user(struct pool *pool, const char *name, const char *password);

/** Add a room. Returns its index. */
int pool_add_room(struct pool *pool, const char *name);

/** Commit a message and send its copies. Returns its id. */
uint64_t pool_say(struct pool *pool, int room, const char *author,
                  const char *text);

/** Commit a message that no live copy tells of. */
uint64_t pool_say_unheard(struct pool *pool, int room, const char *author,
                          const char *text);

/** Take a message out of the history, as a purge does. */
void pool_purge(struct pool *pool, int room, uint64_t id);

/** Add a fault. */
void pool_add_rule(struct pool *pool, struct pool_rule rule);

/** Count the requests of a kind that came, to a node or (-1) to any. */
int pool_count(const struct pool *pool, const char *what, int node);

/** The nth request of a kind, from 0; NULL when there are fewer. */
const struct pool_seen *pool_nth(const struct pool *pool, const char *what,
                                 int n);

/** Count the connections. */
int pool_guests(const struct pool *pool);

/** Close all connections of a node, which lives on; -1: of all. */
void pool_drop(struct pool *pool, int node);

/** Send bytes to every guest as they are. */
void pool_send_raw(struct pool *pool, struct slice bytes);

/** Send every guest in a chat an INFO with this body, CSeq as told; 0: the
 * next. */
void pool_info(struct pool *pool, uint32_t cseq, const char *body);

/** Send every guest in a chat a BYE. */
void pool_bye_all(struct pool *pool);

/** Send a notice to everyone who is in a room. */
void pool_notice(struct pool *pool, int room,
                 const struct xccos_primitive *notice);

/** Put someone out of a room, as the loss of membership does. */
void pool_kick(struct pool *pool, int room, const char *user);

#endif
