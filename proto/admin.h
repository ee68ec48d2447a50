/* What administrators' tools ask of a node and what it answers: the kinds of
 * requests, and the codec between messages (proto/admin.proto) and frames.
 *
 * A request is a frame of its kind; its reply is a frame of the same kind with
 * ADMIN_REPLY added. A tool sends one request at a time on a connection. A new
 * kind is a line at the end of the list, its messages, one row where the node
 * answers (node/admin) and one where the tool asks (ops/perchctl).
 *
 * A reader believes nothing: kinds and lengths are judged by the frame's header
 * and a message costs no more memory than it may. What texts may be is for
 * whoever uses them.
 *
 * Thread: any.
 */
#ifndef PROTO_ADMIN_H
#define PROTO_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/admin.pb-c.h"
#include "proto/codec.h"
#include "proto/frame.h"

/* The local socket's name in the node's run_dir, and where a tool looks when it
 * is told nothing. */
#define ADMIN_SOCKET_NAME    "admin.sock"
#define ADMIN_SOCKET_DEFAULT "/run/perch/" ADMIN_SOCKET_NAME

enum {
    ADMIN_REPLY = 0x80, /* Added to a request's kind. */

    ADMIN_SHORT_BYTES_MAX = 16 * 1024,      /* A request. */
    ADMIN_LONG_BYTES_MAX = 512 * 1024,      /* One that lists users. */
    ADMIN_REPLY_BYTES_MAX = 256 * 1024,     /* A reply. */
    ADMIN_PAGE_BYTES_MAX = 4 * 1024 * 1024, /* The page of metrics. */
    /* Memory to read a request, and a reply. */
    ADMIN_DECODE_BYTES_MAX = 2 * 1024 * 1024,
    ADMIN_DECODE_REPLY_BYTES_MAX = 16 * 1024 * 1024,

    ADMIN_PAGE_ITEMS_MAX = 500,     /* Items of a list on one page. */
    ADMIN_PAGE_ITEMS_DEFAULT = 100, /* When the request says nothing. */
    ADMIN_USERS_LISTED_MAX = 1024,  /* In one list of a request. */

    ADMIN_WAIT_MS_DEFAULT = 10000, /* When the request says nothing. */
    ADMIN_WAIT_MS_MAX = 300000,    /* What is more is taken as this. */
};

/* What an answer rests on. */
enum admin_access {
    ADMIN_EDGE,   /* Answered without asking the state. */
    ADMIN_LOCAL,  /* What this node knows, with or without a leader. */
    ADMIN_LOOK,   /* The state, up to date unless the request is for stale. */
    ADMIN_CHANGE, /* A committed command, or a deed of the pool. */
};

/* Kind: its number on the wire, request, reply, most bytes of a request and of
 * a reply, what it rests on. */
#define ADMIN_KIND_LIST(X)                                                     \
    X(PING, 1, nothing, ping_reply, SHORT, REPLY, EDGE)                        \
    X(STATUS, 2, nothing, status_reply, SHORT, REPLY, LOCAL)                   \
    X(METRICS, 3, nothing, metrics_reply, SHORT, PAGE, EDGE)                   \
    X(NODES_LIST, 4, nothing, nodes_list_reply, SHORT, REPLY, LOCAL)           \
    X(NODES_TRANSFER, 5, nodes_transfer, nodes_transfer_reply, SHORT, REPLY,   \
      CHANGE)                                                                  \
    X(NODES_REPLACE, 6, nodes_replace, nodes_replace_reply, SHORT, REPLY,      \
      CHANGE)                                                                  \
    X(NODES_POLICY, 7, nodes_policy, nodes_policy_reply, SHORT, REPLY, CHANGE) \
    X(ROOMS_LIST, 8, rooms_list, rooms_list_reply, SHORT, REPLY, LOOK)         \
    X(ROOMS_SHOW, 9, rooms_show, rooms_show_reply, SHORT, REPLY, LOOK)         \
    X(ROOMS_CREATE, 10, rooms_create, rooms_show_reply, LONG, REPLY, CHANGE)   \
    X(ROOMS_CHANGE, 11, rooms_change, rooms_show_reply, LONG, REPLY, CHANGE)   \
    X(ROOMS_ROLES, 12, rooms_roles, rooms_roles_reply, SHORT, REPLY, LOOK)     \
    X(CATEGORIES_LIST, 13, categories_list, categories_list_reply, SHORT,      \
      REPLY, LOOK)                                                             \
    X(CATEGORIES_SHOW, 14, categories_show, categories_show_reply, SHORT,      \
      REPLY, LOOK)                                                             \
    X(CATEGORIES_CREATE, 15, categories_create, categories_show_reply, LONG,   \
      REPLY, CHANGE)                                                           \
    X(CATEGORIES_CHANGE, 16, categories_change, categories_show_reply, LONG,   \
      REPLY, CHANGE)                                                           \
    X(USERS_LIST, 17, users_list, users_list_reply, SHORT, REPLY, LOOK)        \
    X(USERS_SHOW, 18, users_show, users_show_reply, SHORT, REPLY, LOOK)        \
    X(USERS_CREATE, 19, users_create, users_show_reply, SHORT, REPLY, CHANGE)  \
    X(USERS_CHANGE, 20, users_change, users_show_reply, SHORT, REPLY, CHANGE)  \
    X(SESSIONS_LIST, 21, sessions_list, sessions_list_reply, SHORT, REPLY,     \
      LOOK)                                                                    \
    X(SESSIONS_CLOSE, 22, sessions_close, sessions_close_reply, SHORT, REPLY,  \
      CHANGE)                                                                  \
    X(SETTINGS_LIST, 23, settings_list, settings_list_reply, SHORT, REPLY,     \
      LOOK)                                                                    \
    X(SETTINGS_SET, 24, settings_set, settings_list_reply, SHORT, REPLY,       \
      CHANGE)                                                                  \
    X(POOL_RULES, 25, pool_rules, pool_rules_reply, SHORT, REPLY, CHANGE)      \
    X(CATEGORIES_ROLES, 26, categories_roles, categories_roles_reply, SHORT,   \
      REPLY, LOOK)                                                             \
    X(GROUPS_LIST, 27, groups_list, groups_list_reply, SHORT, REPLY, LOOK)     \
    X(GROUPS_SHOW, 28, groups_show, groups_show_reply, SHORT, REPLY, LOOK)     \
    X(GROUPS_MEMBERS, 29, groups_members, groups_members_reply, SHORT, REPLY,  \
      LOOK)                                                                    \
    X(GROUPS_CREATE, 30, groups_create, groups_show_reply, LONG, REPLY,        \
      CHANGE)                                                                  \
    X(GROUPS_CHANGE, 31, groups_change, groups_show_reply, LONG, REPLY,        \
      CHANGE)                                                                  \
    X(ADDINS_LIST, 32, addins_list, addins_list_reply, SHORT, REPLY, LOOK)     \
    X(ADDINS_SHOW, 33, addins_show, addins_show_reply, SHORT, REPLY, LOOK)     \
    X(ADDINS_CREATE, 34, addins_create, addins_show_reply, SHORT, REPLY,       \
      CHANGE)                                                                  \
    X(ADDINS_CHANGE, 35, addins_change, addins_show_reply, SHORT, REPLY,       \
      CHANGE)                                                                  \
    X(ADDINS_DELETE, 36, addins_delete, addins_show_reply, SHORT, REPLY,       \
      CHANGE)                                                                  \
    X(CATEGORIES_ELIGIBLE, 37, categories_eligible, categories_eligible_reply, \
      SHORT, REPLY, LOOK)                                                      \
    X(MESSAGES_LIST, 38, messages_list, messages_list_reply, SHORT, REPLY,     \
      LOOK)                                                                    \
    X(MESSAGES_SHOW, 39, messages_show, messages_show_reply, SHORT, REPLY,     \
      LOOK)                                                                    \
    X(MESSAGES_REDACT, 40, messages_redact, messages_list_reply, SHORT, REPLY, \
      CHANGE)                                                                  \
    X(MESSAGES_WITHDRAW, 41, messages_withdraw, messages_show_reply, SHORT,    \
      REPLY, CHANGE)                                                           \
    X(ROOMS_CLEAR, 42, rooms_clear, rooms_show_reply, SHORT, REPLY, CHANGE)    \
    X(ROOMS_PURGE, 43, rooms_purge, rooms_show_reply, SHORT, REPLY, CHANGE)    \
    X(ROOMS_RETENTION, 44, rooms_retention, rooms_show_reply, SHORT, REPLY,    \
      CHANGE)                                                                  \
    X(CATEGORIES_RETENTION, 45, categories_retention, categories_show_reply,   \
      SHORT, REPLY, CHANGE)                                                    \
    X(HOLDS_LIST, 46, holds_list, holds_list_reply, SHORT, REPLY, LOOK)        \
    X(HOLDS_PLACE, 47, holds_place, holds_place_reply, SHORT, REPLY, CHANGE)   \
    X(HOLDS_LIFT, 48, holds_lift, holds_place_reply, SHORT, REPLY, CHANGE)     \
    X(ROOMS_DELETE, 70, rooms_delete, rooms_show_reply, SHORT, REPLY, CHANGE)  \
    X(CATEGORIES_DELETE, 71, categories_delete, categories_show_reply, SHORT,  \
      REPLY, CHANGE)                                                           \
    X(GROUPS_DELETE, 72, groups_delete, groups_show_reply, SHORT, REPLY,       \
      CHANGE)                                                                  \
    X(USERS_DELETE, 73, users_delete, users_show_reply, SHORT, REPLY, CHANGE)  \
    X(ADMINISTRATORS_LIST, 74, administrators_list, administrators_list_reply, \
      SHORT, REPLY, LOOK)                                                      \
    X(ADMINISTRATORS_GRANT, 75, administrators_grant,                          \
      administrators_show_reply, SHORT, REPLY, CHANGE)                         \
    X(ADMINISTRATORS_REVOKE, 76, administrators_revoke,                        \
      administrators_show_reply, SHORT, REPLY, CHANGE)                         \
    X(MESSAGES_SEARCH, 96, messages_search, messages_search_reply, SHORT,      \
      REPLY, LOOK)                                                             \
    X(DIRECTORY_STATUS, 65, directory_status, directory_status_reply, SHORT,   \
      REPLY, LOOK)                                                             \
    X(DIRECTORY_CONFIRM, 66, directory_confirm, directory_show_reply, SHORT,   \
      REPLY, CHANGE)                                                           \
    X(DIRECTORY_REPORT, 67, directory_report, directory_show_reply, SHORT,     \
      REPLY, CHANGE)                                                           \
    X(FILTERS_LIST, 80, filters_list, filters_list_reply, SHORT, REPLY, LOOK)  \
    X(FILTERS_SHOW, 81, filters_show, filters_show_reply, SHORT, REPLY, LOOK)  \
    X(FILTERS_CREATE, 82, filters_create, filters_show_reply, LONG, REPLY,     \
      CHANGE)                                                                  \
    X(FILTERS_CHANGE, 83, filters_change, filters_show_reply, LONG, REPLY,     \
      CHANGE)                                                                  \
    X(FILTERS_DELETE, 84, filters_delete, filters_show_reply, SHORT, REPLY,    \
      CHANGE)                                                                  \
    X(FILTERS_TEST, 85, filters_test, filters_test_reply, LONG, REPLY, LOOK)   \
    X(MESSAGES_EXPORT, 86, messages_export, messages_export_reply, SHORT,      \
      REPLY, LOOK)                                                             \
    X(MESSAGES_IMPORT, 87, messages_import, messages_import_reply, LONG,       \
      REPLY, CHANGE)                                                           \
    X(ARCHIVE_STATUS, 100, nothing, archive_status_reply, SHORT, REPLY, LOOK)  \
    X(ARCHIVE_SET, 101, archive_set, archive_status_reply, SHORT, REPLY,       \
      CHANGE)                                                                  \
    X(ARCHIVE_KEYS, 102, nothing, archive_keys_reply, SHORT, REPLY, LOOK)      \
    X(ARCHIVE_KEY_PUT, 103, archive_key_put, archive_keys_reply, SHORT, REPLY, \
      CHANGE)                                                                  \
    X(ARCHIVE_KEY_REMOVE, 104, archive_key_remove, archive_keys_reply, SHORT,  \
      REPLY, CHANGE)                                                           \
    X(ARCHIVE_WITNESSES, 105, nothing, archive_witnesses_reply, SHORT, REPLY,  \
      LOOK)                                                                    \
    X(ARCHIVE_WITNESS_PUT, 106, archive_witness_put, archive_witnesses_reply,  \
      SHORT, REPLY, CHANGE)                                                    \
    X(ARCHIVE_WITNESS_REMOVE, 107, archive_witness_remove,                     \
      archive_witnesses_reply, SHORT, REPLY, CHANGE)                           \
    X(ARCHIVE_ADAPTERS_LIST, 108, archive_adapters_list,                       \
      archive_adapters_list_reply, SHORT, REPLY, LOOK)                         \
    X(ARCHIVE_ADAPTERS_SHOW, 109, archive_adapters_show,                       \
      archive_adapters_show_reply, SHORT, PAGE, LOOK)                          \
    X(ARCHIVE_ADAPTERS_ADD, 110, archive_adapters_put,                         \
      archive_adapters_show_reply, LONG, PAGE, CHANGE)                         \
    X(ARCHIVE_ADAPTERS_CHANGE, 111, archive_adapters_put,                      \
      archive_adapters_show_reply, LONG, PAGE, CHANGE)                         \
    X(ARCHIVE_ADAPTERS_REMOVE, 112, archive_adapters_remove,                   \
      archive_adapters_show_reply, SHORT, REPLY, CHANGE)                       \
    X(ARCHIVE_CHECKPOINT, 113, nothing, archive_checkpoint_reply, SHORT, PAGE, \
      LOOK)                                                                    \
    X(ARCHIVE_REFILL, 114, archive_refill, archive_refill_reply, LONG, REPLY,  \
      CHANGE)                                                                  \
    X(ARCHIVE_REOPEN, 115, archive_reopen, archive_status_reply, SHORT, REPLY, \
      CHANGE)                                                                  \
    X(ARCHIVE_CANARY, 116, nothing, archive_canary_reply, SHORT, REPLY,        \
      CHANGE)                                                                  \
    X(ARCHIVE_ADAPTERS_RUN, 117, archive_adapters_show,                        \
      archive_adapters_show_reply, SHORT, PAGE, CHANGE)

#define ADMIN_KIND_ENUM(name, number, ...) ADMIN_##name = number,
/* Not every number below ADMIN_KINDS is a kind. */
enum admin_kind { ADMIN_KIND_LIST(ADMIN_KIND_ENUM) ADMIN_KINDS = ADMIN_REPLY };
#undef ADMIN_KIND_ENUM

/* What is known of a kind. */
struct admin_fact {
    const char *name; /* "ROOMS_LIST" */
    const ProtobufCMessageDescriptor *request, *reply;
    uint32_t request_bytes_max, reply_bytes_max;
    enum admin_access access;
};

/* Messages that were read; in the reader's arena. */
struct admin_request {
    enum admin_kind kind;
    const Perch__Admin__Request *head;
    const ProtobufCMessage *body; /* Of the kind's request descriptor. */
};

struct admin_reply {
    const Perch__Admin__Reply *head;
    const ProtobufCMessage *body; /* Of the reply descriptor; NULL: none. */
};

/** Borrow what is known of a kind; NULL when there is none of that number. */
const struct admin_fact *admin_fact(unsigned kind);

/* For each number that is a kind's. */
#define FOR_EACH_ADMIN_KIND(kind)                                              \
    for (unsigned kind = 1; kind < ADMIN_KINDS; kind++)                        \
        if (admin_fact(kind) != NULL)

/** Borrow the frames a node takes, by the list. */
const struct frame_limits *admin_request_limits(void);

/** Borrow the frames a tool takes; also of kinds this program does not know. */
const struct frame_limits *admin_reply_limits(void);

/**
 * Append a request as a frame.
 *
 * @head  Its body is overwritten.
 *
 * Returns TOO_LARGE when it is more than the kind allows, or NO_MEMORY; the
 * buffer is then as it was.
 */
enum error admin_write_request(enum admin_kind kind,
                               Perch__Admin__Request *head,
                               const ProtobufCMessage *body, struct buffer *to);

/**
 * Read a request.
 *
 * @payload  Of the frame; not borrowed, all is copied to the arena.
 *
 * Returns UNSUPPORTED for a kind that is none, MALFORMED, TOO_LARGE when it
 * would cost more than ADMIN_DECODE_BYTES_MAX to read, or NO_MEMORY.
 */
enum error admin_read_request(unsigned kind, struct slice payload,
                              struct arena *arena,
                              struct admin_request *request_out);

/**
 * Append a reply as a frame.
 *
 * @kind  Of the request; may be one this program does not know.
 * @body  NULL for none. @head's body is overwritten.
 *
 * Returns as admin_write_request.
 */
enum error admin_write_reply(unsigned kind, Perch__Admin__Reply *head,
                             const ProtobufCMessage *body, struct buffer *to);

/** Read a reply to a request of this kind; as admin_read_request. */
enum error admin_read_reply(enum admin_kind kind, struct slice payload,
                            struct arena *arena, struct admin_reply *reply_out);

#endif
