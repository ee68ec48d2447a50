/* What can be said of a user, room, category or session that was found.
 *
 * Views borrow from the machine until the next machine_apply.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_VIEW_H
#define NODE_CHAT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/effects.h"
#include "node/chat/limits.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"
#include "proto/command.h"

struct machine;
struct principal;
struct user;
struct group;
struct room;
struct category;
struct addin;
struct session;
struct hold;

struct user_view {
    uint32_t number;
    uint32_t version;
    struct slice uri; /* Lower case. */
    struct slice display_name;
    bool disabled;
    bool has_password;
    Perch__ChatPolicy chat; /* The user's own; query_chat_enabled knows all. */
    /* Digest's HA1 of user@domain and of user alone, lower-case hex and NUL;
     * empty without. */
    char ha1[2 * HA1_BYTES + 1];
    char ha1_user[2 * HA1_BYTES + 1];
    uint32_t sessions;
    int64_t created_at_us, changed_at_us;
};

struct group_view {
    uint32_t number;
    uint32_t version;
    struct slice uri; /* Lower case. */
    struct slice display_name;
    uint32_t members;
    Perch__ChatPolicy chat;
    int64_t created_at_us, changed_at_us;
};

/* What a user and a group have in common. */
struct principal_view {
    uint32_t number;
    bool is_group;
    bool disabled; /* Users only. */
    struct slice uri;
    struct slice display_name;
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

struct category_view {
    struct place_view place;
    bool restricted; /* To those allowed, not open to everyone. */
    bool invitations;
    bool file_upload;
    bool history;            /* What is said is shown later. */
    uint32_t retention_days; /* 0: for ever. */
    uint32_t rooms;
};

struct room_view {
    struct place_view place;
    const struct category *category;
    Perch__Visibility visibility;
    Perch__Behavior behavior;
    bool disabled;
    bool invitations_off, files_off; /* Whatever the category has. */
    bool invitations, file_upload;   /* Of both. */
    bool history;                    /* The category's. */
    bool has_retention;              /* Its own. */
    uint32_t retention_days;         /* In force; 0: for ever. */
    uint32_t holds;                  /* Legal holds on it. */
    uint64_t cleared_upto;           /* Message ids; state.h. */
    uint64_t purged_upto, swept_upto;
    const struct addin *addin; /* NULL: none. */
    uint32_t users_present;
    uint32_t endpoints_present;
    uint32_t users_with_role;
    uint64_t message_id_last; /* 0: nothing was said yet. */
};

/* One of room and user is NULL. */
struct hold_view {
    uint64_t number;
    struct slice name, reason, administrator;
    const struct room *room;
    const struct user *user;
    int64_t placed_at_us;
};

struct session_view {
    struct session_id id;
    const struct user *user;
    struct slice endpoint_id;
    uint64_t opened_index;
    int64_t opened_at_us;
    uint32_t rooms; /* How many it is in. */
};

/** Describe a user. */
void view_user(const struct user *user, struct user_view *view_out);

/** Describe a group. */
void view_group(const struct group *group, struct group_view *view_out);

/** Describe a user or group by what both have. */
void view_principal(const struct principal *principal,
                    struct principal_view *view_out);

/** Describe a room. */
void view_room(const struct room *room, struct room_view *view_out);

/** Describe a category. */
void view_category(const struct category *category,
                   struct category_view *view_out);

/** Describe a hold. */
void view_hold(const struct hold *hold, struct hold_view *view_out);

/** Describe a session. */
void view_session(const struct session *session, struct session_view *view_out);

/** Tell a user's roles in a room, a set of enum role: the user's own and those
 * of all groups above. */
unsigned view_roles(const struct room *room, const struct user *user);

/** Tell the roles that a room gives to a principal by name. */
unsigned view_roles_own(const struct room *room,
                        const struct principal *principal);

/** Tell the roles that a category gives to a principal by name. */
unsigned view_category_roles_own(const struct category *category,
                                 const struct principal *principal);

/** Tell whether a principal is in a group by name. */
bool view_is_member(const struct group *group,
                    const struct principal *principal);

/**
 * Tell where a session joined a room: live copies are of later log indexes,
 * history up to it.
 *
 * Returns false when it has not joined it.
 */
bool view_join_index(const struct room *room, const struct session *session,
                     uint64_t *index_out);

/**
 * Tell up to which log index a user's endpoint had confirmed all it was sent
 * when its last session closed.
 *
 * Returns false when no such session closed within ENDPOINT_MEMORY_S, or it
 * has been pushed out by newer ones.
 */
bool view_delivered(const struct machine *machine, const struct user *user,
                    struct slice endpoint_id, uint64_t *index_out);

/**
 * Tell up to which log index a user's endpoint is known to have been told all
 * before its session `newest`: by its other sessions that are open still,
 * since a node's loss is noticed later than its clients' return, else as
 * view_delivered. The least, when there are several.
 *
 * Returns false when nothing is known.
 */
bool view_told(const struct machine *machine, const struct session *newest,
               uint64_t *index_out);

#endif
