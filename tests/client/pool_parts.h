/* What the parts of the test pool share: pool.c has nodes and connections,
 * pool_sip.c SIP, pool_chat.c XCCOS.
 */
#ifndef TESTS_CLIENT_POOL_PARTS_H
#define TESTS_CLIENT_POOL_PARTS_H

#include <bsd/sys/queue.h>

#include "tests/client/pool.h"

struct guest_room {
    bool is_in;
    bool is_fresh;    /* The first bccontext after the join is due. */
    uint64_t join_id; /* Which tells up to here. */
};

struct guest {
    LIST_ENTRY(guest) link;
    struct pool *pool;
    struct pool_node *node;
    uint64_t number;
    uv_tcp_t tcp;
    bool is_closing;
    SSL *ssl;
    BIO *from_net, *to_net;
    bool byte_by_byte;
    struct buffer in;
    char room[4096]; /* What libuv reads into. */

    char user[POOL_TEXT_MAX]; /* Signed in as; empty: not. */
    char claimed[POOL_TEXT_MAX];
    char nonce[40];
    bool in_chat;
    char call_id[128], from[256], to[256], contact[256];
    uint32_t cseq; /* Of our requests. */
    struct guest_room rooms[POOL_ROOMS_MAX];
};

/* A request, cut up. */
struct ask {
    struct guest *guest;
    char *text; /* The whole head, NUL terminated. */
    struct slice body;
    char method[16];
    char what[48];
    uint32_t cseq;
    struct xccos_envelope *envelope;
    struct arena *arena;
};

/** Send bytes. */
void guest_send(struct guest *guest, struct slice bytes);

/** Close a connection. */
void guest_close(struct guest *guest);

/** Take what was read: requests and answers. */
void sip_receive(struct guest *guest);

/** Answer a request. */
void sip_answer(const struct ask *ask, int status, const char *lines,
                const char *type, struct slice body);

/** Send an INFO in the guest's chat. */
void sip_send_info(struct guest *guest, struct slice body);

/** Send a BYE in the guest's chat. */
void sip_send_bye(struct guest *guest);

/** Name what an INFO asks, for rules: cmd:join, grpchat. */
void chat_name(struct ask *ask);

/** Note what a request was about. */
void chat_note(const struct ask *ask, char *note, size_t room);

/** Do what an INFO asks, as a rule says; NULL: as it should be. */
void chat_serve(const struct ask *ask, const struct pool_rule *rule);

/** A guest is gone from all rooms. */
void chat_leave_all(struct guest *guest);

/** Find a user. NULL when there is none. */
const struct pool_user *pool_find_user(const struct pool *pool,
                                       const char *name);

#endif
