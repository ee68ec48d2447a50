/* What one entry brought about, for people and for the history: the message it
 * added and the events to tell of. (What it changed in the store's other rows
 * is collected apart, over many entries: rows.h.)
 *
 * Effects are of one entry, whatever batch it is applied in. All slices and
 * pointers borrow from the command and the machine until the next
 * machine_apply.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_EFFECTS_H
#define NODE_CHAT_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/outcome.h"
#include "node/chat/said.h"
#include "proto/base/buffer.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"
#include "proto/command.h"
#include "proto/record.h"

/* Names a session for ever: the node that holds it, the node's epoch, and a
 * serial the node gave it. */
struct session_id {
    uint8_t node;
    uint64_t epoch;
    uint64_t serial;
};

/* The roles of a principal in a room or category, a set. The bits lie in rows.
 */
enum role {
    ROLE_MEMBER = 1 << 0,
    ROLE_MANAGER = 1 << 1,
    ROLE_PRESENTER = 1 << 2, /* Of an auditorium. */
    ROLE_ALLOWED = 1 << 3,
    ROLE_DENIED = 1 << 4,
    ROLE_CREATOR = 1 << 5, /* Of rooms in a category. */
    ROLES_ENTERING = ROLE_MEMBER | ROLE_MANAGER,
    ROLES_OF_ROOM = ROLES_ENTERING | ROLE_PRESENTER,
    ROLES_OF_CATEGORY = ROLE_ALLOWED | ROLE_DENIED | ROLE_CREATOR,
};

/* Why someone left a room, and why a session ended. */
#define LEAVE_LIST(X)                                                          \
    X(ASKED, "left")                    /* part, or signed out */              \
    X(DROPPED, "dropped")               /* connection lost */                  \
    X(DRAINED, "drained")               /* the node is leaving the pool */     \
    X(NODE_LOST, "node lost")           /* the pool gave the node up */        \
    X(NODE_RESTARTED, "node restarted") /* it began another epoch */           \
    X(EVICTED, "evicted")               /* lost the right to be in the room */ \
    X(ROOM_DISABLED, "room disabled")                                          \
    X(USER_DISABLED, "user disabled")                                          \
    X(EXPELLED, "closed by an administrator")                                  \
    X(NOT_ENABLED, "not enabled for persistent chat") /* By policy. */         \
    X(ROOM_DELETED, "room deleted")                                            \
    X(USER_DELETED, "user deleted")

#define LEAVE_ENUM(name, text) LEAVE_##name,
enum leave { LEAVE_LIST(LEAVE_ENUM) LEAVES };
#undef LEAVE_ENUM

/* What may have changed in a room, category or user: a set. */
enum changed {
    CHANGED_NAME = 1 << 0, /* A user's: the display name. */
    CHANGED_DESCRIPTION = 1 << 1,
    CHANGED_CATEGORY = 1 << 2,
    CHANGED_VISIBILITY = 1 << 3,
    CHANGED_DISABLED = 1 << 4,
    CHANGED_ROLES = 1 << 5,
    CHANGED_PASSWORD = 1 << 6,
    CHANGED_MEMBERS = 1 << 7, /* A group's. */
    CHANGED_SCOPE = 1 << 8,   /* A category's: everyone, or those allowed. */
    CHANGED_BEHAVIOR = 1 << 9,
    CHANGED_SWITCHES = 1 << 10, /* Invitations, file upload, history; a room's
                                   add-in. */
    CHANGED_POLICY = 1 << 11,   /* A user's or group's: who may chat. */
    CHANGED_OWNER = 1 << 14,    /* A user's or group's: the directory. */
};

enum event_kind {
    EVENT_POSTED,       /* room, user, session, message_id */
    EVENT_JOINED,       /* room, user, session, position; edge, again */
    EVENT_JOIN_REFUSED, /* user, session, position, outcome; guid as asked, all
                           zero when it was none */
    EVENT_PARTED,       /* room, user, session; edge, leave */
    EVENT_SESSION_OPENED, /* user, session */
    EVENT_SESSION_CLOSED, /* user, session, leave; its parts came before */
    EVENT_ROOM_CREATED,
    EVENT_ROOM_CHANGED, /* room, changed */
    EVENT_ROLE_CHANGED, /* room (or category), user (or a group), roles_before,
                           roles */
    EVENT_CATEGORY_CREATED, /* room: the category's number */
    EVENT_CATEGORY_CHANGED, /* the same, and changed */
    EVENT_USER_CREATED,
    EVENT_USER_CHANGED, /* user, changed */
    EVENT_POOL_CHANGED,
    EVENT_NODE_STARTED, /* session.node, session.epoch: the new one */
    EVENT_NODE_LOST,    /* session.node, session.epoch: the lost one */
    EVENT_RULES_RAISED,
    EVENT_NODE_ADMITTED,      /* session.node, session.epoch: its current one */
    EVENT_GROUP_CREATED,      /* group */
    EVENT_GROUP_CHANGED,      /* group, changed */
    EVENT_MEMBERSHIP_CHANGED, /* group, user (or a group), is_in */
    EVENT_MESSAGES_REVISED,  /* room, message_id: the first, position: how many;
                                user: the author, 0: an administrator */
    EVENT_ROOM_CLEARED,      /* room, message_id: up to that one */
    EVENT_ROOM_PURGED,       /* the same, position: how many are gone */
    EVENT_HOLD_CHANGED,      /* room or user, is_in, message_id: its number */
    EVENT_RETENTION_CHANGED, /* room (or category) */
    EVENT_PUBLISHED,         /* user: the presence document is another */
    EVENT_READ,              /* user, room, message_id: read up to it */
    EVENT_ADDIN_CREATED,     /* guid, position: its number */
    EVENT_ADDIN_CHANGED,     /* the same */
    EVENT_ADDIN_DELETED,     /* the same */
    /* Deletions: what the one that is gone has held is gone with it, untold.
     * query.h still finds it by number, until the next entry. */
    EVENT_ROOM_DELETED,          /* room, guid; the parts came before */
    EVENT_CATEGORY_DELETED,      /* room: the category's number; guid */
    EVENT_GROUP_DELETED,         /* group */
    EVENT_USER_DELETED,          /* user; the end of sessions came before */
    EVENT_ADMINISTRATOR_CHANGED, /* position: the slot; roles_before, roles */
    EVENT_MESSAGES_IMPORTED, /* room, message_id: the first, position: how many
                              */
    EVENT_FILTER_CHANGED,    /* position: its slot; created and deleted, too */
    /* The compliance archive. */
    EVENT_ARCHIVE_BEGUN,      /* An origin: position counts them, from 1. */
    EVENT_COMPLIANCE_CHANGED, /* position: Perch__ArchiveMode; roles_before: the
                                 one before */
    EVENT_ARCHIVE_KEY_CHANGED,  /* session.node: whose, 0: the log's; is_in:
                                   false when it was taken away */
    EVENT_CHECKPOINT_BEGUN,     /* message_id: the size */
    EVENT_CHECKPOINT_PUBLISHED, /* the same */
    EVENT_NODE_DIVERGED,        /* session.node, message_id: the size */
    EVENT_WITNESS_CHANGED,  /* position: its slot, is_in: false when removed */
    EVENT_WITNESSED,        /* position: its slot, message_id: the size */
    EVENT_ADAPTER_CHANGED,  /* position: its slot, is_in: false when removed */
    EVENT_CUT,              /* position: its slot, message_id: the last CSN */
    EVENT_DELIVERED,        /* the same */
    EVENT_ARCHIVE_HALTED,   /* message_id: the size that was seen; no record,
                               or what is missing could not come back */
    EVENT_ARCHIVE_REFILLED, /* message_id: the first CSN, position: how many */
    EVENT_ROLLBACK_ENDED,   /* All is back; message_id: the size at which */
    EVENT_KINDS,
};

struct event {
    uint8_t kind;  /* enum event_kind */
    uint8_t leave; /* enum leave */
    bool edge;     /* The user's first endpoint in, or last endpoint out: what
                      rosters and notices count. */
    bool again;    /* The endpoint was in the room already: no notice. */
    bool is_in;    /* Into the group, not out of it. */
    uint8_t roles_before;
    uint8_t roles;
    uint16_t changed;    /* Set of enum changed. */
    uint32_t room;       /* Place number; query.h finds the room. */
    uint32_t user;       /* Principal number. */
    uint32_t group;      /* The same, of a group. */
    uint32_t position;   /* In the join's list of rooms, from 0. */
    struct guid guid;    /* Of the room or category. */
    uint64_t message_id; /* In the room, dense from 1. */
    enum outcome outcome;
    struct session_id session;
};

/* A message just added to a room's history. */
struct message {
    uint32_t room; /* Place number. */
    uint64_t message_id;
    uint64_t log_index;
    int64_t sent_at_us; /* Commit time. */
    struct slice author_uri;
    struct slice display_name;
    bool hidden; /* Kept, but no part of what readers are shown later. */
    const Perch__Post *post; /* Text and all the client sent. */
    struct slice importer;   /* The administrator who imported it; or empty. */
    int64_t imported_at_us;
    bool has_csn; /* There is a record of it in the archive. */
    uint64_t csn;
    bool is_shared; /* With others that were imported: its command, which the */
    uint64_t command_csn; /* record of this CSN has. */
};

/* What messages were made: a row for each id of the effects. */
struct revised {
    uint32_t room;
    enum revision kind; /* NONE: no message was. */
    struct slice reason;
    struct slice text, extra;
    uint64_t upto_id; /* Of a clearing, whose one id is 0. */
    int64_t before_us;
    bool has_csn; /* There are records of it in the archive, */
    uint64_t csn; /* one for each id: the first's. */
};

/* Messages that were put into a room's history as they were said elsewhere:
 * effects_imported makes each of them. */
struct imported {
    const Perch__MessagesImport *import; /* NULL: none. */
    uint32_t room;                       /* Place number. */
    bool hidden;                         /* As a message's. */
    struct slice administrator;          /* Who did it. */
    bool has_csn;                        /* As of what messages were made. */
    uint64_t csn;
};

/* What the entry adds to the archive: records (proto/record.h), numbered
 * densely by CSN. */
struct records {
    uint64_t csn; /* Of the first. */
    size_t n;
    size_t refilled; /* Of them, the first: brought back as they had been, not
                        made of this entry. */
    size_t *ends;    /* Of each, in bytes. */
    size_t capacity;
    struct buffer bytes;  /* One behind the other. */
    struct slice payload; /* The command of the first that is made of this
                             entry, which has only its digest; empty: it has
                             the command itself, or nobody is to have it. */
};

/* A row of a message, or of what it was made, that comes back with missing
 * records of the archive. */
struct brought_row {
    uint32_t room;
    uint64_t message_id;
    bool is_revision;
    size_t end; /* Of its value, in bytes. */
};

struct brought_rows {
    size_t n;
    struct brought_row *rows;
    size_t capacity;
    struct buffer values; /* One behind the other. */
};

struct effects {
    /* The entry, as the rules took it. */
    uint64_t log_index;
    int64_t sent_at_us; /* Commit time: strictly increasing from entry to
                           entry. */
    const Perch__Command *command; /* With its actor; NULL when unreadable. */

    bool has_message;
    struct message message;
    struct imported imported;
    struct revised revised;
    uint32_t purged_room; /* Whose messages of these ids are erased; 0: none. */
    size_t n_ids;
    uint64_t *ids; /* Message ids, by rising id. */
    size_t ids_capacity;
    const struct facts *facts; /* What the rule was told of messages. */
    struct records records;
    struct brought_rows brought;

    size_t n_events;
    struct event *events; /* In the order they are to be told. */
    size_t capacity;
};

/** Start with nothing. */
void effects_init(struct effects *effects);

/** Free what is held. */
void effects_deinit(struct effects *effects);

/** Forget the events and the message but keep the memory. */
void effects_clear(struct effects *effects);

/**
 * Append an event with everything but its kind zero.
 *
 * Returns the event to be filled in, valid until the next is added.
 */
struct event *effects_event(struct effects *effects, enum event_kind kind);

/** Append the id of a message that is revised or erased. */
void effects_id(struct effects *effects, uint64_t message_id);

/** Append the value of a revision's row (perch.stored.Revision) to a buffer:
 * that of the id at a place of the effects' ids. */
void revision_write(const struct effects *effects, size_t at,
                    struct buffer *to);

/** Append a record to those of the effects. */
void effects_record(struct effects *effects, const struct record *record);

/** Borrow the record at a place, from 0. */
struct slice effects_record_at(const struct effects *effects, size_t at);

/** Append the row of a message, or a revision of it, that comes back. */
void effects_brought(struct effects *effects, uint32_t room,
                     uint64_t message_id, bool is_revision, struct slice value);

/** Borrow the value of the row that comes back at a place, from 0. */
struct slice effects_brought_at(const struct effects *effects, size_t at);

/** Make the message at a place of what was imported, from 0. */
void effects_imported(const struct effects *effects, size_t at,
                      struct message *message_out);

/** Append the value of a message's row (perch.stored.Message) to a buffer. */
void message_write(const struct message *message, struct buffer *to);

/** Say in a word or two why someone left, for people and archives. */
const char *leave_text(enum leave leave);

#endif
