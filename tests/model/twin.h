/* The naive twin of the machine: the same rules written again from their
 * descriptions, with arrays that are searched from end to end, so that it is
 * slow and obvious. It shares no code with node/chat but the lists of names.
 *
 * A twin is a value: copying the struct copies the pool.
 */
#ifndef TESTS_MODEL_TWIN_H
#define TESTS_MODEL_TWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/effects.h"
#include "node/chat/limits.h"
#include "node/chat/machine.h"
#include "proto/tlog/merkle.h"

enum {
    TWIN_TEXT = 64,   /* Texts are cut to this; the random ones are shorter. */
    TWIN_USERS = 40,  /* Ever: numbers are not used again. */
    TWIN_PLACES = 80, /* Likewise; the script has fewer guids. */
    TWIN_PRINCIPALS = 12, /* At a time; the script has fewer URIs. */
    TWIN_SESSIONS = 64,
    TWIN_PRESENT = 512,
    TWIN_MEMOS = 4096,
    TWIN_EVENTS = 2048,
    TWIN_NODES = 6,
    TWIN_NUMBERS = 16384,
    TWIN_EXPRESSIONS = 16,
    TWIN_ITEMS = TWIN_USERS * 8, /* The script knows so many keys. */
    TWIN_FEEDS = 32,
    TWIN_SAID = 12000,
    TWIN_HOLDS = 256,
    TWIN_IDS = 128,
    TWIN_ADDINS = 512, /* Ever. */
};

struct twin_text {
    size_t len;
    char bytes[TWIN_TEXT];
};

/* A user or a group. */
struct twin_user {
    struct twin_text uri, name, ha1, ha1_user;
    bool gone; /* Deleted: all else is zero. */
    bool is_group;
    bool members[TWIN_USERS + 1];   /* By number. */
    uint32_t since[TWIN_USERS + 1]; /* A group's members: since when. */
    uint64_t shown;                 /* Invitations up to this id. */
    int chat;                       /* 0: unset, 1: enabled, 2: disabled. */
    struct twin_text owner;         /* Empty: administrators. */
    bool disabled;
    uint32_t version;
    int64_t created, changed;
    uint32_t feeds_version;
    size_t n_feeds;
    struct twin_text feeds[TWIN_FEEDS]; /* Their names. */
};

/* An item of a presence document. */
struct twin_item {
    uint32_t user, container, instance, version;
    uint32_t room; /* Number; 0: of none. */
    struct twin_text expire_type, xml;
};

struct twin_place {
    bool gone; /* Deleted: all but the guid is zero, and of a room how long
                  messages are kept and how far purging is. */
    bool is_room;
    struct guid guid;
    struct twin_text name, description;
    uint32_t version;
    int64_t created, changed;
    /* Rooms only. */
    bool has_days;
    uint64_t cleared, purged, swept;
    uint32_t kept;
    uint32_t category; /* Number. */
    uint32_t addin;    /* Number; 0: none. */
    Perch__Visibility visibility;
    bool disabled;
    uint64_t message_id;
    Perch__Behavior behavior;
    bool invitations_off, files_off;
    /* Categories only. */
    bool restricted, invitations, file_upload, history_off;
    /* Both. */
    unsigned roles[TWIN_USERS + 1];   /* By user number. */
    uint32_t invited[TWIN_USERS + 1]; /* Since when; 0: not. */
    uint32_t days;                    /* Of retention. */
};

/* Of a room, by rising id. */
struct twin_said {
    uint32_t room;
    uint64_t id;
    uint32_t user;
    struct twin_text author; /* Whatever becomes of the user. */
    int64_t at;
    bool story, gone;
    enum revision state;
    struct twin_text text, extra; /* As it is now. */
    size_t records;  /* Of the archive: of it and of what it was made. */
    bool is_first;   /* Of what was imported together. */
    uint64_t import; /* Its import, by log index, while that has a record. */
};

/* On a room or a user. */
struct twin_hold {
    uint64_t number;
    struct twin_text name; /* Lower case. */
    uint32_t room, user;
};

struct twin_addin {
    bool is_there;
    struct guid guid;
    struct twin_text name, url;
    uint32_t version;
    int64_t created, changed;
};

struct twin_session {
    bool open;
    int node;
    uint64_t serial;
    uint32_t user;
    struct twin_text endpoint;
    uint64_t opened_index;
    int64_t opened_at;
    bool entered;
};

/* In the order of joining. */
struct twin_present {
    int session; /* Place in sessions. */
    uint32_t room;
    uint64_t join_index;
};

/* Oldest first. */
struct twin_memo {
    uint32_t user;
    struct twin_text id;
    int64_t at;
    uint64_t value;
    uint32_t room;
};

struct twin_memos {
    size_t n;
    struct twin_memo memo[TWIN_MEMOS];
};

struct twin_origin {
    bool known;
    bool lost;
    bool admitted;
    uint64_t raft_id;
    uint64_t epoch;
    uint64_t number;
    uint32_t rules;
    uint64_t delivered;
    size_t n_exceptions;
    struct mark_pair {
        uint64_t serial, index;
    } exceptions[8];
    struct applied outcomes[TWIN_NUMBERS]; /* By number. */
    /* All starts there were; what is above is forgotten at each. */
    size_t n_starts;
    char starts[4096][16];
};

/* One who may administer. */
struct twin_administrator {
    size_t len;
    char name[320];
    unsigned roles; /* 0: nobody. */
};

/* A directory that keeps users and groups. */
struct twin_owner {
    struct twin_text name, holder, run, text, held, confirmed;
    int phase;
    int64_t lease_until, reported, done;
    uint32_t users, groups, changes, leaving;
};

struct twin_filter {
    bool exists, disabled;
    struct twin_text name, notice;
    int action;
    uint32_t version;
    int64_t created, changed;
    size_t n_expressions, n_categories;
    struct twin_text expressions[TWIN_EXPRESSIONS];
    struct guid categories[TWIN_PLACES];
};

struct twin_lag {
    int64_t since, heard;
    uint64_t size;
};

struct twin_keeper {
    bool exists, has_key;
    uint64_t records, epoch, diverged;
    int64_t marked, keyed;
    int state;
    uint8_t key[32];
    struct twin_lag lag;
};

struct twin_checkpoint {
    bool is, is_signed;
    uint64_t size, index;
    int64_t begun;
    struct merkle_hash root;
    bool words[TWIN_NODES];
    uint64_t times[TWIN_NODES];
};

struct twin_witness {
    bool exists;
    struct twin_text name, url;
    uint8_t key[32];
    uint64_t size, time;
    int64_t put, at;
    struct twin_lag lag;
};

struct twin_adapter {
    bool exists, disabled;
    bool switches[4]; /* Rooms apart, room, user details, attachments. */
    struct twin_text name, output, transform, program, error;
    int type;
    int64_t interval;
    uint32_t version, attempts;
    uint64_t cut, acked, past;
    int64_t cut_at, acked_at, enabled, lacking;
    uint8_t sheet; /* Its first byte. */
    size_t n_cuts;
    uint64_t ends[64]; /* One past each one's last. */
    int64_t at[64];
};

struct twin_archive {
    int mode;
    struct twin_text origin; /* Empty: never on. */
    uint32_t origins;
    uint64_t begun;
    int64_t required;
    bool has_log_key;
    uint8_t log_key[32];
    struct merkle_frontier tree;
    uint64_t talk; /* One past the last that is to be cut. */
    int64_t record_us;
    struct twin_keeper keepers[TWIN_NODES];
    struct twin_checkpoint open, published;
    struct twin_witness witnesses[16];
    struct twin_adapter adapters[16];
    bool halted, forked;
    uint64_t seen;
    int64_t halted_at;
};

struct twin {
    struct twin_archive archive;
    uint32_t rules_known, rules;
    struct twin_text domain, pool_uri, web_url;
    uint32_t settings[SETTINGS];
    int64_t now;
    uint32_t n_users, n_places;
    uint32_t next_second; /* Of invitations to come, at least. */
    struct twin_user users[TWIN_USERS + 1]; /* By number, from 1. */
    struct twin_place places[TWIN_PLACES + 1];
    uint32_t n_addins;
    struct twin_addin addins[TWIN_ADDINS + 1];
    struct twin_session sessions[TWIN_SESSIONS];
    size_t n_present;
    struct twin_present present[TWIN_PRESENT];
    struct twin_memos retries, endpoints;
    struct twin_origin origins[TWIN_NODES];
    struct twin_filter filters[FILTERS_MAX]; /* By slot. */
    uint64_t probes[PROBE_SLOTS];            /* Log index. */
    struct twin_administrator administrators[ADMINISTRATORS_MAX];
    size_t n_items;
    struct twin_item items[TWIN_ITEMS];
    /* By user and room: the message read up to, and one; 0: no mark. */
    uint64_t reads[TWIN_USERS + 1][TWIN_PLACES + 1];
    size_t n_said;
    struct twin_said said[TWIN_SAID];
    size_t n_holds;
    struct twin_hold holds[TWIN_HOLDS];
    uint64_t hold_last;
    size_t n_owners;
    struct twin_owner owners[16];

    /* What the last entry brought about. */
    const struct applied_entry *entry;
    uint64_t value;
    size_t n_events;
    struct event events[TWIN_EVENTS];
    bool has_message;
    struct message message;
    enum revision revised;
    uint32_t purged; /* Room. */
    size_t n_ids;
    uint64_t ids[TWIN_IDS];
    enum outcome outcome;
    bool was_on;                    /* The archive, before it. */
    struct twin_owner owner_before; /* That it is about. */
    size_t n_made;                  /* Records. */
    enum record_kind made[TWIN_EVENTS];
    size_t withheld; /* Numbers that they withhold. */
};

/** Make a pool to which nothing happened. */
void twin_init(struct twin *twin, uint32_t rules_known);

/** Apply one entry; the events and the message are in the twin. */
struct applied twin_apply(struct twin *twin, const struct applied_entry *entry,
                          const Perch__Command *command);

/** Let the archive's tree grow by the records that the machine made of the same
 * entry: which those are is no matter of the twin's. */
void twin_grow(struct twin *twin, const struct effects *effects);

/** Read a record's time. */
int64_t twin_record_time(struct slice record);
/** Apply one entry whose outcome is decided elsewhere, by rules that the twin
 * does not have and that change nothing it knows of. */
struct applied twin_follow(struct twin *twin, const struct applied_entry *entry,
                           const Perch__Command *command,
                           struct applied decided);

/* Between the twin's own files. */

/** Whether records are made of what happens. */
bool twin_keeps_records(const struct twin *twin);

/** Whether what is said can be archived. */
enum outcome twin_gate(const struct twin *twin);

/** Take what a node that starts says of a witness. */
void twin_archive_started(struct twin *twin, const Perch__NodeStarted *c);

/** Check a reason that must be there. */
enum outcome twin_check_reason(ProtobufCBinaryData reason);

/** The archive's rules. */
enum outcome twin_archive_put(struct twin *twin, const Perch__ArchivePut *c);
enum outcome twin_archive_key(struct twin *twin, const Perch__Command *c);
enum outcome twin_archive_mark(struct twin *twin, const Perch__ArchiveMark *c);
enum outcome twin_checkpoint_begin(struct twin *twin);
enum outcome twin_cosign(struct twin *twin, const Perch__Cosign *c);
enum outcome twin_witness_put(struct twin *twin, const Perch__WitnessPut *c);
enum outcome twin_witness_remove(struct twin *twin,
                                 const Perch__WitnessRemove *c);
enum outcome twin_witnessed(struct twin *twin, const Perch__Witnessed *c);
enum outcome twin_adapter_put(struct twin *twin, const Perch__AdapterPut *c);
enum outcome twin_adapter_remove(struct twin *twin,
                                 const Perch__AdapterRemove *c);
enum outcome twin_cut(struct twin *twin, const Perch__Cut *c);
enum outcome twin_cut_done(struct twin *twin, const Perch__CutDone *c);
enum outcome twin_adapter_report(struct twin *twin,
                                 const Perch__AdapterReport *c);
enum outcome twin_archive_halt(struct twin *twin, const Perch__ArchiveHalt *c);
enum outcome twin_archive_refill(struct twin *twin,
                                 const Perch__ArchiveRefill *c);
enum outcome twin_archive_reopen(struct twin *twin,
                                 const Perch__ArchiveReopen *c);

/** Append an event. */
struct event *twin_event(struct twin *twin, enum event_kind kind);

/** Find a user by URI, case aside. 0 when there is none. */
uint32_t twin_user(const struct twin *twin, ProtobufCBinaryData uri);

/** Find a place by guid. 0 when there is none of that kind. */
uint32_t twin_place(const struct twin *twin, ProtobufCBinaryData guid,
                    bool room);

/** Find a user or group by URI, case aside. 0 when there is none. */
uint32_t twin_principal(const struct twin *twin, ProtobufCBinaryData uri);

/** Mark a principal and every group that holds it, by whatever way. */
void twin_above(const struct twin *twin, uint32_t principal,
                bool above[TWIN_USERS + 1]);

/** The roles a principal has in a place, by name or by group. */
unsigned twin_roles(const struct twin *twin, uint32_t place,
                    uint32_t principal);

/** Whether a category allows a principal. */
bool twin_in_scope(const struct twin *twin, uint32_t category,
                   uint32_t principal);

/** The second from which what is given now holds. */
uint32_t twin_since(const struct twin *twin);

/** Whether a room sends invitations. */
bool twin_invites(const struct twin *twin, uint32_t room);

/** List the ids of a user's invitations after one. Returns how many. */
size_t twin_invited(const struct twin *twin, uint32_t user, uint64_t after,
                    uint64_t ids[TWIN_PLACES]);

/** Find an add-in by guid. 0 when there is none. */
uint32_t twin_addin(const struct twin *twin, ProtobufCBinaryData guid);

/** Take everyone out of a room who may not be in it. */
void twin_put_out(struct twin *twin, uint32_t room);

/** Check one list of URIs, counting them in value. */
enum outcome twin_check_names(struct twin *twin, size_t n,
                              const ProtobufCBinaryData *names);

/** Take a user out of all rooms the user may not be in. */
void twin_put_out_user(struct twin *twin, uint32_t user);

/** Whether a user may have sessions, by policy. */
bool twin_chats(const struct twin *twin, uint32_t user);

/** End what each user may no longer have, of those who have one of these
 * principals above them or are one; NULL: of all. */
void twin_enforce(struct twin *twin, const bool *moved);

/** Whether the user may be in the room. */
enum outcome twin_may(const struct twin *twin, uint32_t user, uint32_t room);

/** Whether the user may post in the room, once in it. */
enum outcome twin_may_post(const struct twin *twin, uint32_t user,
                           uint32_t room);

/** Take a session out of a room. */
void twin_leave(struct twin *twin, size_t present, enum leave leave);

/** End a session. */
void twin_end(struct twin *twin, int session, enum leave leave,
              uint64_t delivered);

/** End the sessions of a user or of a node, in order of node and serial. */
void twin_end_all(struct twin *twin, uint32_t user, int node, enum leave leave);

/** Drop memos that are past their window or too many. */
void twin_expire(struct twin *twin);

/** Find a memo; -1 when there is none within its window. */
long twin_memo(const struct twin *twin, const struct twin_memos *memos,
               uint32_t user, const void *id, size_t len);

/** The rules, by noun. */
enum outcome twin_pool_put(struct twin *twin, const Perch__PoolPut *put);
enum outcome twin_user_create(struct twin *twin, const Perch__UserCreate *c);
enum outcome twin_user_change(struct twin *twin, const Perch__UserChange *c);
enum outcome twin_group_create(struct twin *twin, const Perch__GroupCreate *c);
enum outcome twin_group_change(struct twin *twin, const Perch__GroupChange *c);
enum outcome twin_owner_report(struct twin *twin, const Perch__OwnerReport *c);
enum outcome twin_owner_confirm(struct twin *twin,
                                const Perch__OwnerConfirm *c);
enum outcome twin_import(struct twin *twin, const Perch__MessagesImport *c);
/* When a room's last message was said; 0: there is none, or not any more. */
int64_t twin_last_at(const struct twin *twin, uint32_t room);
void twin_filters_lose(struct twin *twin, const struct guid *category);
enum outcome twin_filter_create(struct twin *twin,
                                const Perch__FilterCreate *c);
enum outcome twin_filter_change(struct twin *twin,
                                const Perch__FilterChange *c);
enum outcome twin_filter_delete(struct twin *twin,
                                const Perch__FilterDelete *c);
enum outcome twin_category_create(struct twin *twin,
                                  const Perch__CategoryCreate *c);
enum outcome twin_category_change(struct twin *twin,
                                  const Perch__CategoryChange *c);
enum outcome twin_room_create(struct twin *twin, const Perch__Command *command);
enum outcome twin_room_change(struct twin *twin, const Perch__Command *command);

enum outcome twin_room_delete(struct twin *twin, const Perch__RoomDelete *c);
enum outcome twin_category_delete(struct twin *twin,
                                  const Perch__CategoryDelete *c);
enum outcome twin_group_delete(struct twin *twin, const Perch__GroupDelete *c);
enum outcome twin_user_delete(struct twin *twin, const Perch__UserDelete *c);
enum outcome twin_grant(struct twin *twin, const Perch__Command *command);
enum outcome twin_revoke(struct twin *twin,
                         const Perch__AdministratorRevoke *c);

enum outcome twin_history_read(struct twin *twin, const Perch__Command *c);
enum outcome twin_searched(struct twin *twin, const Perch__Command *c);
enum outcome twin_post_denied(struct twin *twin, const Perch__Command *c);
enum outcome twin_messages_read(struct twin *twin,
                                const Perch__MessagesRead *c);
enum outcome twin_file_up(struct twin *twin, const Perch__Command *c);
enum outcome twin_file_down(struct twin *twin, const Perch__Command *c);
enum outcome twin_canary(const Perch__Command *c);

/** Note which directory a command is about, as it is before it. */
void twin_note_owner(struct twin *twin, const Perch__Command *c);

/** Tell which records the entry makes. */
void twin_records(struct twin *twin, const Perch__Command *c,
                  enum outcome outcome);

/** Whether the administrator has one of these roles, a set, or all. */
bool twin_covers(const struct twin *twin, const Perch__Command *command,
                 unsigned roles);

/** The user of the acting session, or 0. */
enum outcome twin_acting(const struct twin *twin, const Perch__Command *c,
                         uint32_t *user);
enum outcome twin_session_open(struct twin *twin, const Perch__Command *c);
enum outcome twin_session_close(struct twin *twin,
                                const Perch__SessionClose *c);
enum outcome twin_session_expel(struct twin *twin,
                                const Perch__SessionExpel *c);
enum outcome twin_addin_create(struct twin *twin, const Perch__AddinCreate *c);
enum outcome twin_addin_change(struct twin *twin, const Perch__AddinChange *c);
enum outcome twin_addin_delete(struct twin *twin, const Perch__AddinDelete *c);
enum outcome twin_invitations_take(struct twin *twin, const Perch__Command *c);
enum outcome twin_join(struct twin *twin, const Perch__Command *c);
enum outcome twin_part(struct twin *twin, const Perch__Command *c);
enum outcome twin_post(struct twin *twin, const Perch__Command *c);
enum outcome twin_publish(struct twin *twin, const Perch__Command *c);
enum outcome twin_read_mark(struct twin *twin, const Perch__Command *c);
enum outcome twin_read_marks(struct twin *twin, const Perch__ReadMarks *c);
enum outcome twin_feeds_put(struct twin *twin, const Perch__Command *c);
enum outcome twin_correct(struct twin *twin, const Perch__Command *c);
enum outcome twin_withdraw(struct twin *twin, const Perch__Command *c);
enum outcome twin_redact(struct twin *twin, const Perch__MessageRedact *c);
enum outcome twin_clear(struct twin *twin, const Perch__RoomClear *c);
enum outcome twin_purge(struct twin *twin, const Perch__RoomPurge *c);
enum outcome twin_retain(struct twin *twin, const Perch__RetentionSet *c);
enum outcome twin_hold(struct twin *twin, const Perch__HoldPlace *c);
enum outcome twin_lift(struct twin *twin, const Perch__HoldLift *c);

/** Keep the message of a post. */
void twin_remember(struct twin *twin, uint32_t user, const Perch__Post *post);

/** How many days a room's messages are kept. */
uint32_t twin_days(const struct twin *twin, uint32_t room);

/** Whether the acting session may say something in a room. */
enum outcome twin_may_say(const struct twin *twin, const Perch__Command *c,
                          uint32_t room);

/** Whether something may be said. */
enum outcome twin_check_said(const struct twin *twin, ProtobufCBinaryData text,
                             ProtobufCBinaryData extra, bool is_story);

/** What may keep a user or group: nobody, or a directory. */
enum outcome twin_check_owner(bool has, ProtobufCBinaryData name);

/** Put a directory in place of another; whether that is a change. */
bool twin_put_owner(struct twin_user *user, bool has, ProtobufCBinaryData name);

/** Texts. */
bool twin_same(const void *a, size_t a_len, const void *b, size_t b_len);
bool twin_same_nocase(const void *a, size_t a_len, const void *b, size_t b_len);
void twin_copy(struct twin_text *to, ProtobufCBinaryData from, bool lower);
bool twin_is_sip(ProtobufCBinaryData uri);
bool twin_is_domain(const char *bytes, size_t len);
bool twin_is_web_url(ProtobufCBinaryData url);
bool twin_is_visible(ProtobufCBinaryData bytes, size_t max);
/** Count characters: -1 is no UTF-8, -2 is not for XML. */
long twin_characters(ProtobufCBinaryData bytes);
enum outcome twin_check_line(ProtobufCBinaryData line, enum outcome too_long);

#endif
