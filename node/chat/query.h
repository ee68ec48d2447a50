/* Questions to the machine's memory: who and what there is, and who may.
 *
 * Answers hold, and what they borrow stays valid, until the next
 * machine_apply.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_QUERY_H
#define NODE_CHAT_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/access.h"
#include "node/chat/effects.h"
#include "node/chat/machine.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"

struct user;
struct room;
struct category;
struct session;

struct pool_view {
    uint32_t rules_version;
    struct slice domain;   /* Empty until set. */
    struct slice pool_uri; /* Empty until set. */
    int64_t sent_at_us;    /* Commit time of the last entry applied. */
    uint64_t users, categories, rooms, roles, sessions; /* How many. */
};

struct user_view {
    uint32_t number;
    uint32_t version;
    struct slice uri; /* Lower case. */
    struct slice display_name;
    bool disabled;
    bool has_password;
    char ha1[2 * HA1_BYTES + 1]; /* Lower-case hex and NUL; empty without. */
    uint32_t sessions;
    int64_t created_at_us, changed_at_us;
};

/* What a room and a category have in common. */
struct place_view {
    uint32_t number;
    uint32_t version;
    struct guid guid;
    struct slice name;
    struct slice description;
    int64_t created_at_us, changed_at_us;
};

struct room_view {
    struct place_view place;
    const struct category *category;
    Perch__Visibility visibility;
    bool disabled;
    uint32_t users_present;
    uint32_t endpoints_present;
    uint32_t users_with_role;
    uint64_t message_id_last; /* 0: nothing was said yet. */
};

struct session_view {
    struct session_id id;
    const struct user *user;
    struct slice endpoint_id;
    uint64_t opened_index;
    int64_t opened_at_us;
    uint32_t rooms; /* How many it is in. */
};

/** Say what holds for the whole pool. */
void query_pool(const struct machine *machine, struct pool_view *view_out);

/** Find a user by URI, ASCII case aside. NULL when there is none. */
const struct user *query_user(const struct machine *machine, struct slice uri);

/** Find a user by principal number, as events have it. */
const struct user *query_user_numbered(const struct machine *machine,
                                       uint32_t number);

/** Find a room by guid. NULL when there is none. */
const struct room *query_room(const struct machine *machine,
                              const struct guid *guid);

/** Find a room by place number, as events have it. */
const struct room *query_room_numbered(const struct machine *machine,
                                       uint32_t number);

/** Find a category by guid. NULL when there is none. */
const struct category *query_category(const struct machine *machine,
                                      const struct guid *guid);

/** Find a session. NULL when it is not open. */
const struct session *query_session(const struct machine *machine,
                                    const struct session_id *id);

/** Describe a user. */
void query_user_view(const struct user *user, struct user_view *view_out);

/** Describe a room. */
void query_room_view(const struct room *room, struct room_view *view_out);

/** Describe a category. */
void query_category_view(const struct category *category,
                         struct place_view *view_out);

/** Describe a session. */
void query_session_view(const struct session *session,
                        struct session_view *view_out);

/** Tell a user's roles in a room, a set of enum role. */
unsigned query_roles(const struct room *room, const struct user *user);

/**
 * Tell where a session joined a room: live copies are of later log indexes,
 * history up to it.
 *
 * Returns false when it has not joined it.
 */
bool query_join_index(const struct room *room, const struct session *session,
                      uint64_t *index_out);

/**
 * Tell up to which log index a user's endpoint had confirmed all it was sent
 * when its last session closed.
 *
 * Returns false when no such session closed within ENDPOINT_MEMORY_S, or it
 * has been pushed out by newer ones.
 */
bool query_delivered(const struct machine *machine, const struct user *user,
                     struct slice endpoint_id, uint64_t *index_out);

#endif
