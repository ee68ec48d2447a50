/* Questions to the machine's memory: who and what there is. What can be said
 * of it is view.h, who may do what access.h, lists are list.h.
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

#include "node/chat/machine.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"

struct owner_view;
struct principal;
struct user;
struct group;
struct room;
struct category;
struct session;

struct pool_view {
    uint32_t rules_version;
    struct slice domain;   /* Empty until set. */
    struct slice pool_uri; /* Empty until set. */
    struct slice web_url;  /* Of room management; empty: none. */
    int64_t sent_at_us;    /* Commit time of the last entry applied. */
    uint64_t users, categories, rooms, roles, sessions; /* How many. */
    uint64_t groups, memberships;
};

/* What the pool knows of a node. */
struct node_view {
    uint8_t node;
    bool lost;            /* Given up, and not heard of since. */
    bool admitted;        /* May come back once under another raft id. */
    uint32_t rules_known; /* By its program, as it said at its start. */
    uint64_t epoch;
    struct guid start_id; /* Of the start that began it. */
    uint64_t number_last; /* Of its proposals in this epoch. */
    uint64_t raft_id;
    uint64_t directory_id;
    uint64_t delivered_index; /* Of its last mark. */
};

/* A role in administration as a bit of a set. */
#define ADMINISTRATOR_BIT(role) (1u << PERCH__ADMINISTRATOR_ROLE__##role)

/* One who has roles in administration. */
struct administrator_view {
    struct slice name; /* "local:root" */
    uint32_t roles;    /* Set of bits 1 << Perch__AdministratorRole. */
    int64_t changed_at_us;
};

/* A room or category that was deleted. */
struct tombstone_view {
    uint32_t number; /* Its messages are rows of this place. */
    struct slice name;
    struct guid guid;
    uint64_t message_id_last; /* 0: none, or a category. */
    int64_t deleted_at_us;
    uint32_t retention_days;          /* Of its messages; 0: for ever. */
    uint64_t purged_upto, swept_upto; /* As of a room. */
};

/* The message a retry id stands for. */
struct retry_view {
    uint64_t message_id;
    int64_t sent_at_us; /* Commit time. */
};

/** Describe the directory in a place, from 0. Returns false for the places
 * behind the last. */
bool query_owner(const struct machine *machine, size_t place,
                 struct owner_view *view_out);

/** Say what holds for the whole pool. */
void query_pool(const struct machine *machine, struct pool_view *view_out);

/** Find a user by URI, ASCII case aside. NULL when there is none. */
const struct user *query_user(const struct machine *machine, struct slice uri);

/** Tell whether a user is enabled for persistent chat, by policy. */
bool query_chat_enabled(const struct machine *machine, const struct user *user);

/** Find a user by principal number. */
const struct user *query_user_numbered(const struct machine *machine,
                                       uint32_t number);

/** Find the user of an event: also the one whom its entry, the last, has
 * deleted. Nothing may be done with that one but telling of it. */
const struct user *query_user_told(const struct machine *machine,
                                   uint32_t number);

/** Find a group by URI, ASCII case aside. NULL when there is none. */
const struct group *query_group(const struct machine *machine,
                                struct slice uri);

/** Find a user or group by URI, ASCII case aside. NULL when there is none. */
const struct principal *query_principal(const struct machine *machine,
                                        struct slice uri);

/** Find a room by guid. NULL when there is none. */
const struct room *query_room(const struct machine *machine,
                              const struct guid *guid);

/** Find a room by place number. */
const struct room *query_room_numbered(const struct machine *machine,
                                       uint32_t number);

/** Tell the highest number that a room or category has been given. */
uint32_t query_place_last(const struct machine *machine);

/** Find the room of an event, as query_user_told. */
const struct room *query_room_told(const struct machine *machine,
                                   uint32_t number);

/** Find a room by name, ASCII case aside. NULL when there is none. */
const struct room *query_room_named(const struct machine *machine,
                                    struct slice name);

/** Find a category by name, ASCII case aside. NULL when there is none. */
const struct category *query_category_named(const struct machine *machine,
                                            struct slice name);

/** Find a category by guid. NULL when there is none. */
const struct category *query_category(const struct machine *machine,
                                      const struct guid *guid);

/** Find a session. NULL when it is not open. */
const struct session *query_session(const struct machine *machine,
                                    const struct session_id *id);

/**
 * Say which message a user's retry id stands for.
 *
 * Returns false when that is not remembered, or not any more.
 */
bool query_retry(const struct machine *machine, struct slice user_uri,
                 struct slice retry_id, struct retry_view *view_out);

/**
 * Say who has roles in administration.
 *
 * @slot  From 0 to ADMINISTRATORS_MAX - 1.
 *
 * Returns false when the slot is free.
 */
bool query_administrator(const struct machine *machine, uint32_t slot,
                         struct administrator_view *view_out);

/**
 * Tell which roles the administrator of a command has, a set; all while nobody
 * has one.
 *
 * @command  Its kind does not matter.
 */
uint32_t query_roles_of(const struct machine *machine,
                        const Perch__Command *command);

/** Say what is kept of a deleted room or category; false when there is none of
 * that guid. */
bool query_tombstone(const struct machine *machine, const struct guid *guid,
                     struct tombstone_view *view_out);
/** The same by place number. */
bool query_tombstone_numbered(const struct machine *machine, uint32_t number,
                              struct tombstone_view *view_out);

/**
 * Say what the pool knows of a node.
 *
 * Returns false when it has never started.
 */
bool query_node(const struct machine *machine, uint8_t node,
                struct node_view *view_out);

/**
 * Tell whether a node may come back under another raft id: by the pool's
 * policy, or because an administrator has admitted it.
 */
bool query_may_rejoin(const struct machine *machine, uint8_t node);

#endif
