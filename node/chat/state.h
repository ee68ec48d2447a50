/* What the machine remembers: the structs that the rules of node/chat share.
 *
 * Only files of node/chat include this. Each struct is changed by the module
 * named with it and read by all. Order of everything that is walked is a
 * function of the state, never of addresses: replicas tell events in one order
 * whether or not they have been restarted.
 *
 *   user --roles--> room <--category-- category         (both places)
 *     |               |
 *   session --participant                               (both ends own a list)
 *     |
 *   origin (node) ring of outcomes, epoch, delivery mark
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_STATE_H
#define NODE_CHAT_STATE_H

#include <bsd/sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/archive.h"
#include "node/chat/changes.h"
#include "node/chat/effects.h"
#include "node/chat/lag.h"
#include "node/chat/limits.h"
#include "node/chat/machine.h"
#include "node/chat/number_map.h"
#include "node/chat/rows.h"
#include "node/chat/said.h"
#include "node/chat/text.h"
#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/guid.h"
#include "proto/base/tree.h"
#include "proto/record.h"
#include "proto/tlog/merkle.h"

/* closure.c: the groups that a principal is in, directly or by way of others.
 * Made anew when memberships have changed since; no part of the state. */
struct closure {
    uint64_t generation; /* directory.generation when it was made; 0: never. */
    uint32_t n;
    uint32_t capacity;
    uint32_t *groups; /* Principal numbers, each once. */
};

/* principal.c: what a user and a group have in common. */
struct principal {
    uint32_t number; /* From Counters.principal. */
    bool is_group;
    uint8_t chat;                  /* Perch__ChatPolicy */
    struct number_map places;      /* Place number -> set of enum role. */
    struct number_map groups;      /* Those it is directly in -> since when. */
    struct number_map invitations; /* Place number -> since when:
                                      invitation.h. */
    struct text *owner;            /* The directory; NULL: administrators. */
    struct directory *directory;
    struct closure closure;
};

/* group.c, membership.c */
struct group {
    struct principal principal;
    RB_ENTRY(group) by_uri;
    struct text *uri; /* Lower case. */
    struct text *display_name;
    struct number_map members; /* Principal numbers -> since when. */
    int64_t created_at_us;
    int64_t changed_at_us;
    uint64_t walk; /* The last walk that came by; no part of the state. */
    uint32_t version;
};

/* All groups by URI. */
RB_HEAD(group_uris, group);

/* The groups there are. */
struct directory {
    struct table groups; /* Numbered by Counters.principal. */
    struct group_uris by_uri;
    /* No part of the state: memberships changed so often, from 1; walks so far.
     */
    uint64_t generation;
    uint64_t walks;
};

/* place.c: what a room and a category have in common. */
struct place {
    RB_ENTRY(place) by_guid;
    struct guid guid; /* Beside its links: a search reads both. */
    RB_ENTRY(place) by_name;
    struct text *name; /* Unique in the pool, ASCII case aside. */
    struct text *description;
    struct number_map roles; /* Principal number -> set of enum role. */
    int64_t created_at_us;
    int64_t changed_at_us;
    uint32_t number;  /* From Counters.place; never used again. */
    uint32_t version; /* Counts changes, from 1. */
    bool is_room;
};

/* The same places by name. */
RB_HEAD(place_names, place);
/* And by guid. */
RB_HEAD(place_guids, place);

/* category.c */
struct category {
    struct place place;
    struct number_map rooms; /* Place numbers -> 1. */
    bool restricted;         /* To those allowed, not open to everyone. */
    bool invitations;
    bool file_upload;
    bool history_off;        /* What is said is not shown later. */
    uint32_t retention_days; /* 0: for ever. */
};

/* One endpoint's presence in one room: presence.c. */
struct participant {
    RB_ENTRY(participant) in_room; /* By user, then session. */
    struct session *session;
    struct room *room;
    TAILQ_ENTRY(participant) in_session;
    uint64_t join_index; /* Log index of the join. */
};

/* Those in one room. */
RB_HEAD(participants, participant);
/* Those of one session. */
TAILQ_HEAD(joined_rooms, participant);

/* addin.c */
struct addin {
    struct guid guid;
    struct text *name; /* Unique among add-ins, ASCII case aside. */
    struct text *url;
    int64_t created_at_us;
    int64_t changed_at_us;
    uint32_t number;  /* From Counters.addin. */
    uint32_t version; /* Counts changes, from 1. */
    uint32_t rooms;   /* That carry it. */
};

/* retention.c: how far purging has come in what was said in a room. */
struct sweep {
    uint64_t purged_upto; /* Message ids: rows may be missing, */
    uint64_t swept_upto;  /* purging goes on after it. */
    uint32_t kept;        /* Messages that it has passed over. */
};

/* room.c, role.c, presence.c */
struct room {
    struct place place;
    struct category *category;
    struct addin *addin; /* NULL: none. */
    struct participants participants;
    /* Who follows it or has a mark in it: principal number -> set of
     * ATTENDS_*; made from their rows. */
    struct number_map attendants;
    uint32_t endpoints_present;
    uint32_t users_present;
    uint64_t message_id_last;
    uint8_t visibility; /* Perch__Visibility */
    uint8_t behavior;   /* Perch__Behavior */
    bool disabled;
    bool invitations_off; /* Whatever the category has. */
    bool files_off;
    bool has_retention; /* Its own, whatever the category has. */
    uint32_t retention_days;
    uint32_t holds;        /* That lie on it; follows from the holds. */
    uint64_t cleared_upto; /* Message id: not shown any more. */
    struct sweep sweep;
};

/* hold.c: on a room or on a user. */
struct hold {
    TAILQ_ENTRY(hold) link;
    uint64_t number;
    struct text *name;
    struct room *room; /* One of both is NULL. */
    struct user *user;
    struct text *reason;
    struct text *administrator;
    int64_t placed_at_us;
};

/* Those of the pool, by number. */
TAILQ_HEAD(hold_list, hold);

/* What is remembered of a user for a while: memory.c. */
enum memory_kind { MEMORY_RETRY, MEMORY_ENDPOINT, MEMORIES };

struct memo {
    RB_ENTRY(memo) by_age;
    uint64_t number; /* Row key; the newer, the higher. */
    struct user *user;
    int64_t at_us;
    uint64_t value;         /* Message id, or delivered index. */
    RB_ENTRY(memo) in_user; /* By id. */
    uint32_t room;          /* Place number, or 0. */
    uint32_t id_len;
    uint8_t id[];
};

/* Those of one user. */
RB_HEAD(memo_ids, memo);
/* Those of the pool, oldest first. */
RB_HEAD(memo_ages, memo);

struct memory {
    struct memo_ages by_age;
    uint64_t number_last;
};

/* publication.c: an item of a user's presence document. */
struct publication {
    RB_ENTRY(publication) by_key; /* By container, then instance. */
    uint32_t container;
    uint32_t instance;
    uint32_t version; /* Counts publications, from 1. */
    uint32_t room;    /* Place number of the room it speaks of; 0: of none. */
    struct text *expire_type;
    struct text *xml;
};

/* Those of one user. */
RB_HEAD(publications, publication);

/* reading.c: up to where a user has read a room. */
struct read_mark {
    uint32_t room; /* Place number. */
    uint64_t message_id;
};

/* What a user follows and has read; most have none. */
struct attention {
    struct publications publications;
    uint32_t n_publications;
    uint32_t document_bytes; /* Of all items' content. */
    uint32_t n_marks;
    uint32_t marks_capacity;
    struct read_mark *marks; /* By room. */
    struct text *feeds;      /* feed.c: the row perch.stored.Feeds. */
    uint32_t feeds_version;  /* 0: never set. */
};

/* user.c */
struct user {
    struct principal principal; /* First. */
    RB_ENTRY(user) by_uri;
    struct text *uri; /* Lower case. */
    struct text *display_name;
    LIST_HEAD(user_sessions, session) sessions; /* By session_id. */
    struct memo_ids memos[MEMORIES];
    struct attention *attention; /* NULL: it follows and has read nothing. */
    int64_t created_at_us;
    int64_t changed_at_us;
    uint32_t version;
    uint32_t n_sessions;
    uint32_t holds;             /* That lie on what the user says. */
    uint64_t invitations_shown; /* Up to this id. */
    bool disabled;
    bool has_password;
    bool has_ha1_user; /* Only with a password. */
    uint8_t ha1[HA1_BYTES];
    uint8_t ha1_user[HA1_BYTES];
};

/* All users by URI. */
RB_HEAD(user_uris, user);

/* session.c */
struct session {
    RB_ENTRY(session) by_serial;
    uint64_t serial;
    struct origin *origin;
    uint32_t user_number; /* The user's, near at hand for ordering. */
    uint32_t n_rooms;
    struct user *user;
    LIST_ENTRY(session) in_user;
    struct joined_rooms rooms; /* In the order of joining. */
    struct text *endpoint_id;
    uint64_t opened_index;
    int64_t opened_at_us;
    bool entered; /* Has ever joined a room. */
};

/* Those of one node. */
RB_HEAD(session_serials, session);

struct kept_outcome {
    uint64_t value;
    uint16_t outcome;
};

struct mark_exception {
    uint64_t serial;
    uint64_t delivered_index;
};

/* origin.c: one node as a source of proposals and a holder of sessions. All
 * its sessions are of its current epoch. */
struct origin {
    uint8_t node;
    bool lost;
    bool admitted; /* May come back once under another raft id. */
    uint32_t rules_known;
    uint64_t epoch;
    uint64_t number_last;
    struct guid start_ids[STARTS_KEPT]; /* Newest first; unused ones nil. */
    uint64_t raft_id;
    uint64_t directory_id;
    uint64_t delivered_index;
    size_t n_exceptions;
    struct mark_exception *exceptions; /* Rising serials. */
    struct session_serials sessions;
    struct kept_outcome kept[OUTCOMES_KEPT]; /* Number n at (n - 1) % KEPT. */
};

enum { NODES = 256 };

/* owner.c: a directory that keeps users and groups. */
struct owner {
    struct text *name; /* NULL: none is in this place, or in those behind. */
    struct text *holder, *run, *text;
    struct text *held;      /* The run that waits for a word; or NULL. */
    struct text *confirmed; /* The run that may go through; or NULL. */
    int64_t lease_until_us;
    int64_t reported_at_us;
    int64_t done_at_us; /* 0: never. */
    uint32_t phase;     /* Perch__OwnerReport__Phase */
    uint32_t users, groups, changes, leaving;
};

/* checkpoint.c, archive_key.c: a node as a keeper of the archive. */
struct keeper {
    uint64_t records;  /* In its files. */
    int64_t marked_us; /* 0: never. */
    uint8_t state;     /* Perch__ArchiveMark__State */
    bool has_key;
    uint8_t public_key[NOTE_KEY_BYTES];
    int64_t keyed_us;       /* Since when it has one. */
    uint64_t diverged_size; /* 0: its roots are the pool's. */
    uint64_t epoch;         /* Of the node, at its last mark. */
    struct lag lag;
};

/* checkpoint.c */
struct checkpoint {
    bool is;
    bool is_signed;
    uint64_t size;
    struct merkle_hash root;
    int64_t begun_us;
    uint64_t index;
    uint8_t log_signature[NOTE_SIGNATURE_BYTES];
    size_t n; /* By rising node. */
    struct archive_cosignature cosignatures[ARCHIVE_NODES];
};

/* rollback.c: what a witness has seen more than there was. */
struct halt {
    struct text *witness; /* NULL: there is no halt. */
    uint64_t size;        /* It has seen, */
    bool forked;          /* of another history. */
    int64_t at_us;
    uint64_t records; /* There were. */
};

/* rollback.c: the origin before this one. */
struct past {
    struct text *origin; /* NULL: there was none. */
    uint64_t records;    /* It had, */
    struct merkle_hash root;
    uint64_t seen; /* and of which a witness had seen so many; 0: no more. */
};

/* archive_mode.c */
struct archive {
    uint8_t mode;        /* Perch__ArchiveMode */
    struct text *origin; /* NULL until it was first on. */
    uint32_t origins;    /* There were. */
    int64_t required_us; /* Since when it is. */
    bool has_log_key;
    uint8_t log_key[NOTE_KEY_BYTES];
    struct keeper *keepers[ARCHIVE_NODES]; /* NULL: neither mark nor key. */
    struct checkpoint open, published;
    struct halt halt;
    struct halt ended; /* The last, that is over. */
    struct past past;
    uint64_t begun_index; /* Log index of the origin's beginning. */
};

/* witness.c */
struct witness {
    struct text *name; /* Unique among witnesses. */
    struct text *url;
    uint8_t public_key[NOTE_KEY_BYTES];
    int64_t put_us;
    uint64_t size; /* 0: it has cosigned nothing. */
    uint64_t time_s;
    int64_t at_us;
    struct lag lag;
    uint8_t cosignature[NOTE_SIGNATURE_BYTES];
};

/* adapter.c */
struct adapter {
    uint32_t slot;
    uint32_t version;  /* Counts changes, from 1. */
    struct text *name; /* Unique among adapters, ASCII case aside. */
    uint8_t type;      /* Perch__AdapterType */
    bool one_room_per_file;
    bool room_details;
    bool user_details;
    bool attachments_manifest;
    bool disabled;
    uint32_t run_interval_s;
    struct text *output;
    struct text *transform;
    struct text *program;
    int64_t enabled_us; /* Since when it is. */
    uint64_t from_csn, cut_csn, acked_csn;
    int64_t cut_us, acked_us;
    int64_t lacking_us;  /* Since when its sink lacks talk; 0: it does not. */
    uint64_t past_acked; /* As acked_csn, of the origin before. */
    uint8_t sheet[RECORD_DIGEST_BYTES];
    size_t n_cuts; /* Not acknowledged, oldest first. */
    struct cut_view cuts[ARCHIVE_CUTS_MAX];
    struct text *error;
    uint32_t attempts;
};

/* probe.c */
struct probe {
    uint64_t log_index;
    struct text *payload;
};

/* tombstone.c: a room or category that was deleted. */
struct tombstone {
    RB_ENTRY(tombstone) by_guid;
    struct guid guid;
    struct text *name;
    uint32_t number;          /* Place number. */
    uint64_t message_id_last; /* 0: none, or a category. */
    int64_t deleted_at_us;
    uint32_t retention_days; /* In force when it was deleted; 0: for ever. */
    struct sweep sweep;
};

/* All of them by guid. */
RB_HEAD(tombstone_guids, tombstone);

/* administrator.c: one who has roles in administration. */
struct administrator {
    struct text *name; /* "local:root" */
    uint32_t roles;    /* Set of bits 1 << Perch__AdministratorRole; not 0. */
    int64_t changed_at_us;
};

/* What the last entry deleted, freed with the next: whoever is told of it still
 * finds it by number. No part of the state. */
struct departed {
    struct room *room;
    struct category *category;
    struct user *user;
    struct group *group;
};

/* filter.c */
struct filter {
    uint32_t slot; /* Its place in machine->filters. */
    uint32_t version;
    uint8_t action; /* Perch__FilterAction */
    bool disabled;
    struct text *name; /* Unique among filters, ASCII case aside. */
    struct text *notice;
    uint32_t n_expressions;
    uint32_t n_categories;
    /* In the order they were added, each once. */
    struct text *expressions[FILTER_EXPRESSIONS_MAX];
    struct guid categories[FILTER_CATEGORIES_MAX];
    int64_t created_at_us;
    int64_t changed_at_us;
};

/* ledger.c: how many records the archive has, and what their tree grows by. */
struct ledger {
    struct merkle_frontier frontier; /* Its size is the next CSN. */
    uint64_t records_talk; /* One past the last neither CUT nor DELIVERED. */
    int64_t record_us;     /* Commit time of the last; 0: there is none. */
    /* While an entry is applied; no part of the state. */
    bool was_on;                 /* Before the entry. */
    struct buffer fields;        /* Of the record that is being made. */
    struct buffer before, after; /* What the command changes: record_lines.h */
};

/* Objects by their number, 1 and up: table_at, table_put in number_map.h. */
struct machine {
    uint32_t rules_known;  /* Of this program; no part of the state. */
    uint64_t index_last;   /* Of the last entry seen; no part of the state. */
    struct arena *scratch; /* While rows are loaded. */
    uint64_t stated[ROW_KINDS]; /* While loading: rows there must be. */

    uint32_t rules_version;
    struct text *domain; /* NULL until set. */
    struct text *pool_uri;
    struct text *web_url; /* Of room management; NULL: none. */
    uint32_t settings[SETTINGS];
    int64_t sent_at_us;         /* Of the last entry applied. */
    uint64_t counts[ROW_KINDS]; /* Rows of each kind. */

    struct table users;      /* Numbered by Counters.principal. */
    struct table rooms;      /* Numbered by Counters.place. */
    struct table categories; /* The same numbers. */
    uint32_t principal_last;
    uint32_t place_last;
    struct table addins; /* Numbered by Counters.addin. */
    uint32_t addin_last;
    uint32_t invitation_next; /* The least second of those to come. */
    struct user_uris by_uri;
    struct directory directory;
    struct place_names by_name;
    struct place_guids by_guid;
    struct memory memories[MEMORIES];
    struct origin *origins[NODES];
    struct probe probes[PROBE_SLOTS];
    struct archive archive;
    struct witness *witnesses[ARCHIVE_WITNESSES_MAX]; /* NULL: a free slot. */
    struct adapter *adapters[ARCHIVE_ADAPTERS_MAX];
    struct hold_list holds;
    uint64_t hold_last;      /* Number. */
    struct table tombstones; /* Numbered as places. */
    struct tombstone_guids tombstones_by_guid;
    struct administrator *administrators[ADMINISTRATORS_MAX]; /* By slot. */
    struct departed departed;
    struct owner owners[OWNERS_MAX];     /* In the order they came. */
    struct filter *filters[FILTERS_MAX]; /* NULL: a free slot. */
    struct ledger ledger;

    struct changes changes;
};

/* One command while it is applied: what every rule gets. */
struct turn {
    struct machine *machine;
    const struct applied_entry *entry;
    int64_t sent_at_us;
    const struct facts *facts; /* NULL: none were wanted, or there are none. */
    struct origin *origin;
    struct effects *effects;
    uint64_t value; /* Becomes applied.value. */
    bool judging;   /* Stop before the change: machine_judge. There are no
                       origin and effects then, and entry may be NULL. */
};

#endif
