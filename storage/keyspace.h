/* What is on disk: the tables, the layout of their keys, what a row's value
 * is, who writes a row and who deletes it.
 *
 * A key is a row of parts. Numbers are big-endian and fixed in width, text
 * before another part ends in a zero byte, so that order in bytes is order in
 * parts and all rows of a room, a user or a node lie together. Values are
 * opaque here: protobuf messages of proto/store.proto unless said otherwise.
 *
 * A new table is one line at the END of TABLE_LIST, with its parts added to
 * PART_LIST where they are new. A store that lacks the table gets it when it
 * is opened; a store with a table that is not in this list is refused. Lines
 * are never reordered, renamed or taken away: their place counts on disk.
 *
 * Pure. Thread: any.
 */
#ifndef STORAGE_KEYSPACE_H
#define STORAGE_KEYSPACE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"

/* X(NAME, "column family", parts of the key in order) */
#define TABLE_LIST(X)                                                          \
    /* One row per fact of the whole store, by enum meta_key. META_APPLIED is  \
     * written by store_commit alone; the others by apply, when the fact       \
     * changes. Never deleted. */                                              \
    X(META, "meta", PART_META)                                                 \
    /* What rules depend on, by name. Written by apply of a settings command,  \
     * deleted by the one that resets it. */                                   \
    X(SETTINGS, "settings", PART_NAME)                                         \
    /* A person. Key: the canonical user URI. Written by apply of user         \
     * commands, deleted by apply of a removal. */                             \
    X(USERS, "users", PART_USER)                                               \
    /* A category. Written and deleted by apply of category commands. */       \
    X(CATEGORIES, "categories", PART_GUID)                                     \
    /* A room without its messages and roles. Written by apply whenever the    \
     * room is dirty, deleted by apply when it is purged. */                   \
    X(ROOMS, "rooms", PART_GUID)                                               \
    /* That a principal has a role in a room. Written and deleted by apply of  \
     * role commands, deleted with the room. */                                \
    X(ROLES, "roles", PART_GUID, PART_ROLE, PART_PRINCIPAL)                    \
    /* A room's messages in order. Room: the number the room got when it was   \
     * made. Written by apply of a post, deleted by apply of a purge. */       \
    X(MESSAGES, "messages", PART_ROOM, PART_MESSAGE)                           \
    /* A client's session. Written by apply when it opens or is dirty, deleted \
     * when it is closed. */                                                   \
    X(SESSIONS, "sessions", PART_NODE, PART_EPOCH, PART_SERIAL)                \
    /* That a session is in a room. Written by apply of a join, deleted by a   \
     * part or when the session is closed. */                                  \
    X(PARTICIPANTS, "participants", PART_ROOM, PART_NODE, PART_EPOCH,          \
      PART_SERIAL)                                                             \
    /* A proposing node: its epoch and last number. Written by apply whenever  \
     * dirty. Never deleted. */                                                \
    X(ORIGINS, "origins", PART_NODE)                                           \
    /* A chunk of a node's ring of recent outcomes. Written by apply whenever  \
     * dirty; the ring overwrites, nobody deletes. */                          \
    X(OUTCOMES, "outcomes", PART_NODE, PART_CHUNK)                             \
    /* The message that an author's retry id got. Written by apply of a post,  \
     * deleted by apply when it leaves the window. */                          \
    X(RETRIES, "retries", PART_USER, PART_ID)                                  \
    /* How far a closed endpoint had been told. Written by apply when its      \
     * session closes, deleted when it is remembered long enough. */           \
    X(ENDPOINTS, "endpoints", PART_USER, PART_ID)

#define TABLE_ENUM(name, text, ...) TABLE_##name,
enum table { TABLE_LIST(TABLE_ENUM) TABLE_COUNT };
#undef TABLE_ENUM

/* Rows of the table meta. Numbers are on disk: never reused. */
enum meta_key {
    META_APPLIED = 1,  /* u64, little-endian: highest log index applied. */
    META_COUNTERS = 2, /* Room, session, record counters. */
    META_POOL = 3,     /* Pool id, name, rules version. */
};

/* X(NAME, kind, field of struct key_parts) */
#define PART_LIST(X)                                                           \
    X(META, NUMBER_8, meta)                                                    \
    X(NODE, NUMBER_8, node)                                                    \
    X(ROLE, NUMBER_8, role)                                                    \
    X(CHUNK, NUMBER_32, chunk)                                                 \
    X(ROOM, NUMBER_64, room)                                                   \
    X(MESSAGE, NUMBER_64, message)                                             \
    X(EPOCH, NUMBER_64, epoch)                                                 \
    X(SERIAL, NUMBER_64, serial)                                               \
    X(GUID, GUID, guid)                                                        \
    X(NAME, TEXT, name)                                                        \
    X(USER, TEXT, user)                                                        \
    X(PRINCIPAL, TEXT, principal)                                              \
    X(ID, BYTES, id)

#define PART_ENUM(name, kind, field) PART_##name,
enum part { PART_NONE, PART_LIST(PART_ENUM) PART_COUNT };
#undef PART_ENUM

enum {
    KEY_PARTS_MAX = 4,
    KEY_TEXT_BYTES_MAX = 512, /* Of one text part. */
    KEY_ID_BYTES_MAX = 256,   /* Of a retry id or an endpoint id. */
    KEY_BYTES_MAX = 1024,
};

/* The parts of a key; a table uses those its line names. */
struct key_parts {
    uint64_t room;
    uint64_t message;
    uint64_t epoch;
    uint64_t serial;
    uint32_t chunk;
    uint8_t meta; /* enum meta_key. */
    uint8_t node;
    uint8_t role;
    struct guid guid;
    struct slice name;      /* 1 to KEY_TEXT_BYTES_MAX bytes without a zero. */
    struct slice user;      /* Likewise. */
    struct slice principal; /* Likewise. */
    struct slice id;        /* 1 to KEY_ID_BYTES_MAX bytes of any value. */
};

struct key {
    size_t len; /* Bytes in use. */
    uint8_t bytes[KEY_BYTES_MAX];
};

/** Borrow a key's bytes; valid while the key is. */
static inline struct slice key_slice(const struct key *key)
{
    return slice_of(key->bytes, key->len);
}

/**
 * Name a table as its column family is named.
 *
 * Returns a static string.
 */
const char *table_name(enum table table);

/**
 * Build the key of one row.
 *
 * @parts  The fields that the table's line names.
 *
 * Returns INVALID when a text is empty, has a zero byte or, as an id may be,
 * is too long; key_out is then not set.
 */
enum error key_build(enum table table, const struct key_parts *parts,
                     struct key *key_out);

/**
 * Build what the keys of several rows begin with: the first n parts.
 *
 * @n  1 or more, less than the table has. The lower bound of a cursor; the
 *     upper bound is key_after of it.
 *
 * Returns INVALID as key_build does.
 */
enum error key_prefix(enum table table, size_t n, const struct key_parts *parts,
                      struct key *key_out);

/**
 * Change a prefix into the first key after all that begin with it.
 *
 * A prefix of 0xff bytes alone has none: the key becomes empty, which as an
 * upper bound means the end of the table.
 */
void key_after(struct key *key);

/**
 * Read a key back into its parts.
 *
 * Text and ids in parts_out borrow from bytes; fields that the table's line
 * does not name are zero.
 *
 * Returns TRUNCATED when bytes end inside a part, MALFORMED when they go on
 * after the last part or hold a text or id that key_build would refuse.
 */
enum error key_read(enum table table, struct slice bytes,
                    struct key_parts *parts_out);

#endif
