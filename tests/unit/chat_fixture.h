/* A small pool for tests of the rules: node 1 and 2 have started; alice, bob
 * and carol exist; the category Trade has the open room lobby and the closed
 * room desk, of which alice is manager and bob is member.
 *
 * Commands go through their bytes, as they would through the log, and are
 * numbered for their node.
 */
#ifndef TESTS_UNIT_CHAT_FIXTURE_H
#define TESTS_UNIT_CHAT_FIXTURE_H

#include "node/chat/access.h"
#include "node/chat/list.h"
#include "node/chat/machine.h"
#include "node/chat/query.h"
#include "node/chat/rows.h"
#include "node/chat/view.h"
#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/record.h"
#include "proto/tlog/note.h"
#include "tests/unit/said_book.h"

#define ALICE "sip:alice@example.com"
#define BOB   "sip:bob@example.com"
#define CAROL "sip:carol@example.com"

enum { FIXTURE_NODES = 4 };

struct chat_fixture {
    struct machine *machine;
    struct effects effects; /* Of the last entry. */
    struct applied applied; /* The last entry's. */
    struct arena *arena;    /* The last entry's command. */
    struct buffer bytes;
    struct said_book *book; /* What commands are told of messages. */
    uint64_t index;         /* Of the last entry. */
    int64_t now_us;         /* The next entry is stamped so; moves by 1 s. */
    uint64_t hash;          /* Of the state before the last entry. */
    uint32_t starts;        /* Nodes started so far, for their ids. */
    uint32_t needs;         /* When not 0: the next commands' needs_rules. */
    uint64_t epochs[FIXTURE_NODES];
    uint64_t numbers[FIXTURE_NODES];
    struct guid trade, lobby, desk;
};

/** cmocka's setup and teardown. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** A guid made of one byte. */
struct guid fixture_guid(uint8_t byte);

/** A C string, or a guid, as a field of a command. */
ProtobufCBinaryData fixture_text(const char *text);
ProtobufCBinaryData fixture_guid_bytes(const struct guid *guid);

/** Apply a command as the next of a node. */
enum outcome fixture_apply(struct chat_fixture *f, uint8_t node,
                           Perch__Command *command);

/** Apply a command with an entry header of the test's own. */
enum outcome fixture_apply_entry(struct chat_fixture *f,
                                 struct applied_entry entry,
                                 Perch__Command *command);

/** Apply a command as administrator, on node 1. */
enum outcome fixture_administer(struct chat_fixture *f,
                                Perch__Command *command);

/** Begin an epoch of a node, under a new start id. */
enum outcome fixture_start(struct chat_fixture *f, uint8_t node);

/** Raise the pool's rules to the version this source knows. */
void fixture_raise(struct chat_fixture *f);

/** Switch the archive on, off or to required, with a key for its log. */
enum outcome fixture_archive(struct chat_fixture *f, Perch__ArchiveMode mode);

/** Let the archive begin anew, under an origin that is made. */
enum outcome fixture_reopen(struct chat_fixture *f);

/** Read a record of the last entry, at a place from 0; fails the test without.
 */
struct record fixture_record(const struct chat_fixture *f, size_t at);

/** Create a group without members. */
enum outcome fixture_group(struct chat_fixture *f, const char *uri);

/** Put a user or group into a group, or take it out. */
enum outcome fixture_member(struct chat_fixture *f, const char *group,
                            const char *member, bool is_in);

/** Register an add-in. */
enum outcome fixture_addin(struct chat_fixture *f, const struct guid *guid,
                           const char *name, const char *url);

/** Create a filter that blocks one expression, in the whole pool. */
enum outcome fixture_filter(struct chat_fixture *f, const char *name,
                            const char *expression);

/** Create a user. */
enum outcome fixture_user(struct chat_fixture *f, const char *uri);

/** Disable or enable a user. */
enum outcome fixture_disable_user(struct chat_fixture *f, const char *uri,
                                  bool disabled);

/** Create a room in Trade; manager may be NULL. */
enum outcome fixture_room(struct chat_fixture *f, const struct guid *guid,
                          const char *name, Perch__Visibility visibility,
                          const char *manager);

/** Open a session; its endpoint is "<serial>". */
enum outcome fixture_open(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial);

/** Open a session of a named endpoint. */
enum outcome fixture_open_at(struct chat_fixture *f, uint8_t node,
                             const char *user, uint64_t serial,
                             const char *endpoint_id);

/** Close a session. */
enum outcome fixture_close(struct chat_fixture *f, uint8_t node,
                           uint64_t serial, uint64_t delivered_index);

/** Join one room. */
enum outcome fixture_join(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial,
                          const struct guid *room);

/** Part a room. */
enum outcome fixture_part(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial,
                          const struct guid *room);

/** Post; retry_id may be NULL. */
enum outcome fixture_post(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial,
                          const struct guid *room, const char *text,
                          const char *retry_id);

/** Change one setting. */
enum outcome fixture_set(struct chat_fixture *f, enum setting setting,
                         uint32_t value);

/** Add or remove one user's role in a room. */
enum outcome fixture_role(struct chat_fixture *f, const struct guid *room,
                          const char *user, enum role role, bool remove);

/** Count the events of a kind of the last entry. */
size_t fixture_count(const struct chat_fixture *f, enum event_kind kind);

/** The first event of a kind of the last entry; fails the test without. */
const struct event *fixture_event(const struct chat_fixture *f,
                                  enum event_kind kind);

/** Describe a room. */
struct room_view fixture_view(const struct chat_fixture *f,
                              const struct guid *room);

/** Whether the last entry changed nothing but its number and the time: no
 * event, no message, no row of rooms, users or sessions. */
void assert_no_trace(struct chat_fixture *f);

/** Assert an outcome by name, for readable failures. */
#define assert_outcome(given, wanted)                                          \
    assert_string_equal(outcome_name(given), outcome_name(OUTCOME_##wanted))

#endif
