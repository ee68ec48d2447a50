/* What is on disk: the tables, the layout of their keys, what a row's value
 * is, who writes a row and who deletes it.
 *
 * A key is a row of numbers, big-endian and fixed in width, so that order in
 * bytes is order in numbers and all rows of a room or a node lie together.
 * Values are opaque here: protobuf messages of proto/store.proto unless said
 * otherwise. What is kept in memory too (all but META_APPLIED and messages) is
 * written by apply whenever it has changed, once per batch.
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
#include "proto/base/slice.h"

/* X(NAME, "column family", parts of the key in order) */
#define TABLE_LIST(X)                                                          \
    /* One row per fact of the whole store, by enum meta_key. Never deleted.   \
     */                                                                        \
    X(META, "meta", PART_META)                                                 \
    /* A person. Written when created or changed, deleted with it. */          \
    X(USERS, "users", PART_PRINCIPAL)                                          \
    /* A category. Written when created or changed, deleted with it. */        \
    X(CATEGORIES, "categories", PART_PLACE)                                    \
    /* A room without its messages and roles. Written when created, changed or \
     * posted in, deleted with it. */                                          \
    X(ROOMS, "rooms", PART_PLACE)                                              \
    /* That a principal has roles in a room. Written when they change, deleted \
     * when none is left. */                                                   \
    X(ROLES, "roles", PART_PLACE, PART_PRINCIPAL)                              \
    /* A room's messages in order. Written by apply of a post, deleted when    \
     * retention has ended for them, not with the room. */                     \
    X(MESSAGES, "messages", PART_PLACE, PART_MESSAGE)                          \
    /* A client's session and the rooms it is in. Written when it opens, joins \
     * or parts, deleted when it closes. */                                    \
    X(SESSIONS, "sessions", PART_NODE, PART_EPOCH, PART_SERIAL)                \
    /* A proposing node: its epoch and last number. Written with each of its   \
     * entries; never deleted. */                                              \
    X(ORIGINS, "origins", PART_NODE)                                           \
    /* A chunk of a node's ring of recent outcomes. Written with each of its   \
     * entries, deleted when the node begins another epoch. */                 \
    X(OUTCOMES, "outcomes", PART_NODE, PART_CHUNK)                             \
    /* The message that an author's retry id got, by age. Written by apply of  \
     * a post, deleted when it leaves the window. */                           \
    X(RETRIES, "retries", PART_MEMO)                                           \
    /* How far a closed endpoint had been told, by age. Written when a session \
     * closes, deleted when it is remembered long enough. */                   \
    X(ENDPOINTS, "endpoints", PART_MEMO)                                       \
    /* A probe. Written by apply of one; its slot is written over. */          \
    X(PROBES, "probes", PART_SLOT)                                             \
    /* A group of people. Written when created or changed, deleted with it. */ \
    X(GROUPS, "groups", PART_PRINCIPAL)                                        \
    /* That a principal is in a group. Written when it is put in, deleted when \
     * it is taken out. */                                                     \
    X(MEMBERSHIPS, "memberships", PART_GROUP, PART_PRINCIPAL)                  \
    /* What a message was made after it was posted, each time it was. Written  \
     * by apply, deleted with the message. */                                  \
    X(REVISIONS, "revisions", PART_PLACE, PART_MESSAGE, PART_INDEX)            \
    /* A legal hold. Written when placed, deleted when lifted. */              \
    X(HOLDS, "holds", PART_HOLD)                                               \
    /* An item of a user's presence document: a room that is followed. Written \
     * when it is published, deleted when it is taken back or with the user.   \
     */                                                                        \
    X(PUBLICATIONS, "publications", PART_PRINCIPAL, PART_CONTAINER,            \
      PART_INSTANCE)                                                           \
    /* How far a user has read a room. Written when that moves, deleted with   \
     * either. */                                                              \
    X(READS, "reads", PART_PRINCIPAL, PART_PLACE)                              \
    /* A user's feeds. Written when they change, deleted with the user. */     \
    X(FEEDS, "feeds", PART_PRINCIPAL)                                          \
    /* An add-in. Written when registered or changed, deleted when it is. */   \
    X(ADDINS, "addins", PART_ADDIN)                                            \
    /* A room or category that was deleted. Written then and when what was     \
     * said in it is purged; never deleted. */                                 \
    X(TOMBSTONES, "tombstones", PART_PLACE)                                    \
    /* Who may administer. Written when roles are given or taken, deleted with \
     * the last. */                                                            \
    X(ADMINISTRATORS, "administrators", PART_SLOT)                             \
    /* A list of expressions that posts are looked through for. Written when   \
     * created or changed, deleted with it. */                                 \
    X(FILTERS, "filters", PART_SLOT)                                           \
    /* RECORDS_OF_ROW records of the archive (proto/record.h, verbatim), by    \
     * the first one's CSN; the last row has fewer. Written by apply,          \
     * deleted when this node's archive has it in its files. */                \
    X(RECORDS, "records", PART_CSN)                                            \
    /* The command of a record that carries only its digest. Likewise. */      \
    X(PAYLOADS, "payloads", PART_CSN)                                          \
    /* A compliance adapter: what it is, its cuts, its cursor. Written when    \
     * that changes, deleted with it. */                                       \
    X(ADAPTERS, "adapters", PART_SLOT)                                         \
    /* A witness of the archive. Written when it has cosigned, deleted when it \
     * is removed. */                                                          \
    X(WITNESSES, "witnesses", PART_SLOT)

/* Records of the archive in one row: full bundles, of 256, are full rows. */
enum { RECORDS_OF_ROW = 16 };

#define TABLE_ENUM(name, text, ...) TABLE_##name,
enum table { TABLE_LIST(TABLE_ENUM) TABLE_COUNT };
#undef TABLE_ENUM

/* Rows of the table meta. Numbers are on disk: never reused. */
enum meta_key {
    META_APPLIED = 1,  /* u64, little-endian: highest log index applied.
                          Written by store_commit alone. */
    META_COUNTERS = 2, /* The last numbers given, and how many rows of each
                          kind there are. */
    META_POOL = 3,     /* Domain, settings, rules version. */
    META_DIGEST = 4,   /* u64, little-endian: node/digest.h. Written with each
                          batch. */
    META_LEDGER = 5,   /* How many records there are, and the frontier of their
                          tree. Written with each batch that has any. */
    META_ARCHIVE = 6,  /* Mode, origin, keys, marks, checkpoints. */
};

/* X(NAME, bytes) */
#define PART_LIST(X)                                                           \
    X(META, 1)                                                                 \
    X(NODE, 1)                                                                 \
    X(PRINCIPAL, 4)                                                            \
    X(PLACE, 4) /* Number of a room or category. */                            \
    X(CHUNK, 4)                                                                \
    X(SLOT, 4)                                                                 \
    X(MESSAGE, 8)                                                              \
    X(EPOCH, 8)                                                                \
    X(SERIAL, 8)                                                               \
    X(MEMO, 8)                                                                 \
    X(GROUP, 4)                                                                \
    X(INDEX, 8) /* A log index. */                                             \
    X(HOLD, 8)                                                                 \
    X(CONTAINER, 4) /* Of a presence document. */                              \
    X(INSTANCE, 4)                                                             \
    X(ADDIN, 4)                                                                \
    X(CSN, 8) /* Of a record. */

#define PART_ENUM(name, bytes) PART_##name,
enum part { PART_NONE, PART_LIST(PART_ENUM) PART_COUNT };
#undef PART_ENUM

enum {
    KEY_PARTS_MAX = 3,
    KEY_BYTES_MAX = 24, /* Of the longest that parts can make. */
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
 * @parts  As many numbers as the table's line names, in its order, each no
 *         wider than its part.
 */
void key_build(enum table table, const uint64_t *parts, struct key *key_out);

/**
 * Build what the keys of several rows begin with: the first n parts.
 *
 * @n  1 or more, less than the table has. The lower bound of a cursor; the
 *     upper bound is key_after of it.
 */
void key_prefix(enum table table, size_t n, const uint64_t *parts,
                struct key *key_out);

/**
 * Change a prefix into the first key after all that begin with it.
 *
 * A prefix of 0xff bytes alone has none: the key becomes empty, which as an
 * upper bound means the end of the table.
 */
void key_after(struct key *key);

/**
 * Read a key back into its numbers; those the table does not have are 0.
 *
 * Returns TRUNCATED when bytes end inside a part, MALFORMED when they go on
 * after the last part.
 */
enum error key_read(enum table table, struct slice bytes,
                    uint64_t parts_out[KEY_PARTS_MAX]);

#endif
