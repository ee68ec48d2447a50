/* A record of the compliance archive: one thing that happened, as a leaf of the
 * archive's tree. Written once, when its log entry is applied, and never again
 * serialised: what is hashed, kept, exported and proved are these bytes.
 *
 *   offset bytes
 *        0     1  format, RECORD_FORMAT
 *        1     1  kind, enum record_kind
 *        2     1  node that took the command, 1-255
 *        3     1  flags, RECORD_WITHHELD or 0
 *        4     4  outcome (node/chat/outcome.h): 0 is done
 *        8     8  CSN: the leaf's index, from 0
 *       16     8  log index of the entry
 *       24     8  term of the entry
 *       32     8  commit time, microseconds since 1970 UTC; never less than the
 *                 record's before
 *       40     4  ordinal among the records of its entry, from 0
 *       44     4  bytes of fields
 *       48     4  bytes of the command
 *       52     n  fields: tag (1), length (2), value; rising tags, of which one
 *                 may come again
 *     52+n     m  the command (proto/command.proto), as it was committed.
 *                 Records of ordinal 1 and up have none: it is that of
 *                 CSN - ordinal. With RECORD_WITHHELD, 32 bytes: the SHA-256 of
 *                 the command, which lies beside the archive as its payload.
 *
 * Numbers are big-endian. Texts are UTF-8.
 *
 * Pure. Thread: any.
 */
#ifndef PROTO_RECORD_H
#define PROTO_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    RECORD_FORMAT = 1,
    RECORD_HEADER_BYTES = 52,
    RECORD_DIGEST_BYTES = 32,
    /* C2SP tlog-tiles gives an entry's length 16 bits. */
    RECORD_BYTES_MAX = 65535,
    /* Of fields; what would not fit goes into records of higher ordinals. */
    RECORD_FIELDS_BYTES_MAX = 5000,
    /* Of a command that a record carries itself. */
    RECORD_INLINE_BYTES_MAX = 60000,
};

enum { RECORD_WITHHELD = 1 << 0 };

/* Every kind: NAME, number, "name", what it is called in Persistent Chat's XML
 * ("" where it has no name there). Numbers are in archives: append only. */
#define RECORD_KIND_LIST(X)                                                    \
    X(ORIGIN, 1, "origin", "")         /* The archive begins, or anew. */      \
    X(COMPLIANCE, 2, "compliance", "") /* Off, on, required. */                \
    X(POST, 3, "post", "CHAT")                                                 \
    X(ALERT, 4, "alert", "CHAT")                                               \
    X(STORY, 5, "story", "CHAT")                                               \
    X(CORRECT, 6, "correct", "")                                               \
    X(WITHDRAW, 7, "withdraw", "")                                             \
    X(REDACT, 8, "redact", "") /* With or without a replacement. */            \
    X(CLEAR, 9, "clear", "")                                                   \
    X(PURGE, 10, "purge", "") /* The tombstone of what retention ended. */     \
    X(IMPORT, 11, "import", "")                                                \
    X(JOIN, 12, "join", "JOIN")                                                \
    X(PART, 13, "part", "PART")                                                \
    X(HISTORY_READ, 14, "history_read", "BACKCHAT")                            \
    X(SEARCH, 15, "search", "BACKCHAT")                                        \
    X(FILE_UP, 16, "file_up", "FILEUPLOAD")                                    \
    X(FILE_DOWN, 17, "file_down", "FILEDOWNLOAD")                              \
    X(DENIED, 18, "denied", "") /* The command says what was refused. */       \
    X(SESSION_OPENED, 19, "session_opened", "")                                \
    X(SESSION_CLOSED, 20, "session_closed", "")                                \
    X(ROOM_CREATED, 21, "room_created", "")                                    \
    X(ROOM_CHANGED, 22, "room_changed", "")                                    \
    X(ROOM_DELETED, 23, "room_deleted", "")                                    \
    X(CATEGORY_CREATED, 24, "category_created", "")                            \
    X(CATEGORY_CHANGED, 25, "category_changed", "")                            \
    X(CATEGORY_DELETED, 26, "category_deleted", "")                            \
    X(USER_CREATED, 27, "user_created", "")                                    \
    X(USER_CHANGED, 28, "user_changed", "")                                    \
    X(USER_DELETED, 29, "user_deleted", "")                                    \
    X(GROUP_CREATED, 30, "group_created", "")                                  \
    X(GROUP_CHANGED, 31, "group_changed", "")                                  \
    X(GROUP_DELETED, 32, "group_deleted", "")                                  \
    X(MEMBERSHIP, 33, "membership", "") /* Of a group. */                      \
    X(ROLE, 34, "role", "")             /* In a room or category. */           \
    X(ADMINISTRATOR, 35, "administrator", "")                                  \
    X(POLICY, 36, "policy", "")               /* Who may chat at all. */       \
    X(CONFIGURATION, 37, "configuration", "") /* Of the pool. */               \
    X(FILTER, 38, "filter", "")                                                \
    X(ADDIN, 39, "addin", "")                                                  \
    X(INVITATION, 40, "invitation", "") /* Shown to whom it was for. */        \
    X(HOLD, 41, "hold", "")                                                    \
    X(RETENTION, 42, "retention", "")                                          \
    X(EXPORT, 43, "export", "") /* By an administrator. */                     \
    X(KEY, 44, "key", "")       /* Of the log or a node. */                    \
    X(RULES, 45, "rules", "")   /* The pool's rules version. */                \
    X(CUT, 46, "cut", "")                                                      \
    X(DELIVERED, 47, "delivered", "") /* A sink has a cut. */                  \
    X(CANARY, 48, "canary", "")                                                \
    X(NODE_STARTED, 49, "node_started", "")                                    \
    X(NODE_LOST, 50, "node_lost", "")                                          \
    X(NODE_ADMITTED, 51, "node_admitted", "")                                  \
    X(WITNESS, 52, "witness", "")                                              \
    X(ADAPTER, 53, "adapter", "")                                              \
    X(DIRECTORY, 54, "directory", "") /* What a directory's adapter says. */   \
    X(ROLLBACK, 55, "rollback", "")   /* A witness has seen more. */           \
    X(REFILL, 56, "refill", "")                                                \
    X(PROFILE, 57, "profile", "") /* Followed rooms, feeds of a user. */       \
    X(MESSAGES_READ, 58, "messages_read", "") /* By an administrator. */

#define RECORD_KIND_ENUM(name, number, text, pchat) RECORD_##name = (number),
enum record_kind { RECORD_KIND_LIST(RECORD_KIND_ENUM) };
#undef RECORD_KIND_ENUM

/* What a field says and how its value is written. Numbers are in archives:
 * append only. X(NAME, tag, "name", form) */
#define RECORD_FIELD_LIST(X)                                                   \
    X(ROOM, 1, "room", GUID)                                                   \
    X(ROOM_NAME, 2, "room_name", TEXT)                                         \
    X(CATEGORY, 3, "category", GUID)                                           \
    X(CATEGORY_NAME, 4, "category_name", TEXT)                                 \
    X(USER, 5, "user", TEXT) /* SIP URI: who it happened to or by. */          \
    X(DISPLAY_NAME, 6, "display_name", TEXT)                                   \
    X(PRINCIPAL, 7, "principal", NUMBER)                                       \
    X(SESSION, 8, "session", SESSION) /* node (1), epoch (8), serial (8) */    \
    X(MESSAGE_ID, 9, "message_id", NUMBER)                                     \
    X(UPTO_ID, 10, "upto_id", NUMBER)                                          \
    X(COUNT, 11, "count", NUMBER)                                              \
    X(REASON, 12, "reason", TEXT) /* Why someone left; why refused. */         \
    X(EDGE, 13, "edge", NUMBER)   /* 1: the user's first endpoint in the room, \
                                     or last out. */                           \
    X(ROLES_BEFORE, 14, "roles_before", NUMBER) /* Set of enum role. */        \
    X(ROLES, 15, "roles", NUMBER)                                              \
    X(GROUP, 16, "group", TEXT)                                                \
    X(BEFORE, 17, "before", TEXT) /* Lines of name=value that changed. */      \
    X(AFTER, 18, "after", TEXT)                                                \
    X(NAME, 19, "name", TEXT) /* Of what has no place among the others. */     \
    X(NUMBER, 20, "number", NUMBER)                                            \
    X(WITHHOLDS, 21, "withholds", NUMBERS) /* CSNs whose payloads are gone. */ \
    X(AUTHOR, 22, "author", TEXT) /* Of the message that is spoken of. */      \
    X(OF_CSN, 23, "of_csn", NUMBER)                                            \
    X(DIGEST, 24, "digest", BYTES)                                             \
    X(BYTES, 25, "bytes", NUMBER)                                              \
    X(FIRST_CSN, 26, "first_csn", NUMBER)                                      \
    X(LAST_CSN, 27, "last_csn", NUMBER)                                        \
    X(ENDPOINT, 28, "endpoint", TEXT)                                          \
    X(ORIGIN, 29, "origin", TEXT)                                              \
    X(MODE, 30, "mode", TEXT)                                                  \
    X(SENT_AT, 31, "sent_at", NUMBER) /* Microseconds: said elsewhere. */      \
    X(TITLE, 32, "title", TEXT)                                                \
    X(PRINCIPALS, 33, "principals", TEXT) /* URIs, one a line. */              \
    X(ACTOR, 34, "actor", TEXT) /* The administrator whose doing it is. */

#define RECORD_FIELD_ENUM(name, tag, text, form) RECORD_FIELD_##name = (tag),
enum record_field { RECORD_FIELD_LIST(RECORD_FIELD_ENUM) };
#undef RECORD_FIELD_ENUM

/* How a field's value is written. */
enum record_form {
    RECORD_TEXT,
    RECORD_NUMBER,  /* 8 bytes. */
    RECORD_NUMBERS, /* 8 bytes each. */
    RECORD_GUID,    /* 16 bytes. */
    RECORD_SESSION, /* node (1), epoch (8), serial (8). */
    RECORD_BYTES,
};

/* A record that was read, or the fixed part of one that is to be written.
 * Slices borrow from its bytes. */
struct record {
    enum record_kind kind;
    uint8_t node;
    uint8_t flags;
    uint32_t outcome;
    uint64_t csn;
    uint64_t log_index;
    uint64_t term;
    int64_t time_us;
    uint32_t ordinal;
    struct slice fields;
    struct slice command; /* Its digest with RECORD_WITHHELD; or empty. */
};

/** Append a text, of a length that fits, to the fields of a record. */
void record_put_text(struct buffer *fields, enum record_field field,
                     struct slice text);

/** Append a number to the fields of a record. */
void record_put_number(struct buffer *fields, enum record_field field,
                       uint64_t number);

/**
 * Append a whole record to a buffer.
 *
 * @record  fields and command are written as they are; together with the
 *          header at most RECORD_BYTES_MAX.
 */
void record_write(const struct record *record, struct buffer *to);

/**
 * Read a record; slices borrow from bytes.
 *
 * Returns UNSUPPORTED for another format, MALFORMED or TRUNCATED for bytes that
 * are no record: a length that does not fit, a kind of 0, tags that do not
 * rise, a value not of its tag's form. Unknown kinds and tags are let through:
 * they are a later program's.
 */
enum error record_read(struct slice bytes, struct record *record_out);

/**
 * Step through the fields.
 *
 * @rest  At first record.fields; moved on.
 *
 * Returns false at the end.
 */
bool record_next_field(struct slice *rest, uint8_t *tag_out,
                       struct slice *value_out);

/** Find the first field of a tag. Returns false, and sets nothing, when there
 * is none. */
bool record_find(const struct record *record, enum record_field field,
                 struct slice *value_out);

/** Find a number; fallback when there is none. */
uint64_t record_number(const struct record *record, enum record_field field,
                       uint64_t fallback);

/** Name a kind, "room_created"; "unknown" for a later program's. Static. */
const char *record_kind_name(enum record_kind kind);

/** Name a kind as Persistent Chat's XML does, "CHAT"; "" for none. Static. */
const char *record_kind_pchat(enum record_kind kind);

/** Name a field, "room_name"; NULL for a later program's. Static. */
const char *record_field_name(uint8_t tag);

/** Tell how a field's value is written; BYTES for a later program's. */
enum record_form record_field_form(uint8_t tag);

#endif
