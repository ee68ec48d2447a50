/* A node's state loop as a whole -- applier, sessions, the store's twin in
 * memory -- between a scripted replica and edges that write down what they
 * are given.
 *
 * Node 1 is ours. Node 2 has proposed what the pool begins with: alice, bob and
 * carol; the category Trade with the open room lobby and the closed room desk,
 * of which alice is manager and bob member.
 *
 * Time stands still but for stage_pass, and nothing is committed but by
 * stage_commit and what is said to call it.
 */
#ifndef TESTS_UNIT_STAGE_H
#define TESTS_UNIT_STAGE_H

#include "node/session/delivery.h"
#include "node/session/intake.h"
#include "node/session/proposer.h"
#include "node/state_loop.h"
#include "storage/files.h"
#include "tests/unit/fake_replica.h"

#define ALICE    "sip:alice@example.com"
#define BOB      "sip:bob@example.com"
#define CAROL    "sip:carol@example.com"
#define POOL_URI "sip:GC-1-PersistentChatService-1@example.com"
#define LOBBY    "ma-chan://example.com/11111111-1111-1111-1111-111111111111"
#define DESK     "ma-chan://example.com/22222222-2222-2222-2222-222222222222"
#define LOBBY_ID "11111111-1111-1111-1111-111111111111"
#define DESK_ID  "22222222-2222-2222-2222-222222222222"

enum { STAGE_EDGES = 3, STAGE_TOLD_MAX = 65536 };

/* What an edge was given: one for each dialog it goes to. */
struct given {
    enum delivery_kind kind;
    edge_ref dialog;
    uint64_t token;
    int status;
    unsigned retry_after_s;
    enum sign_in_result sign_in;
    char hashes[2][33]; /* Hex of a user's ha1 and ha1_user. */
    char *text;         /* A body, a reason, a user's URI. */
    const void *body;   /* Which body, to tell whether it is shared. */
    uint64_t log_index;
    uint32_t reply; /* 0: it goes to all in a room. */
    bool seen;
};

struct stage {
    struct loop *loop;
    char data[FILES_PATH_BYTES_MAX];
    char catalog[FILES_PATH_BYTES_MAX];
    struct state_loop *state;
    struct sessions *sessions;
    struct replica *replica;
    struct letters *edges[STAGE_EDGES];
    struct given *given;
    size_t n_given;
    bool count_only; /* For measurements: what edges are given is only counted.
                      */
    bool emit_nothing; /* For the grammar. */
    size_t bodies;     /* Times dialogs. */
    size_t answers;
    atomic_size_t *backlogs[STAGE_EDGES]; /* By which their bodies count. */
    unsigned fatals;
    enum error fatal;
    uint64_t admin_epoch, admin_number; /* Of node 2. */
    uint64_t tokens, slots;
    uint64_t waited_us; /* How long letters of edges have waited. */
};

/** cmocka's setup and teardown; setup has the pool's beginning committed and
 * the node's epoch begun. */
int stage_setup(void **state);
int stage_teardown(void **state);

/** Set up without a pool: nothing is committed, nothing is started. */
int stage_setup_bare(void **state);

/** Open the state on the data directory as it is, and start. */
void stage_start(struct stage *s);

/* In good order, as a crash of the process, or of the machine. */
enum stage_end { STAGE_CLOSED, STAGE_KILLED, STAGE_POWER_CUT };

/** End the process. */
void stage_end(struct stage *s, enum stage_end how);

/** Commit and apply all that is proposed, until nothing is. */
void stage_commit(struct stage *s);

/** Let time pass. */
void stage_pass(struct stage *s, uint64_t ms);

/** Open a dialog on edge 0. */
edge_ref stage_dial(struct stage *s, const char *user, const char *endpoint);

/** Open one on an edge and connection, which may resume a broken dialog. */
edge_ref stage_dial_on(struct stage *s, uint8_t edge, edge_ref connection,
                       const char *user, const char *endpoint, bool resumes);

/** Open a dialog on edge 0 by a letter that has waited so long. */
void stage_dial_late(struct stage *s, const char *user, const char *endpoint,
                     uint64_t waited_us);

/** Let an edge that was given a body before owe so many more. */
void stage_owe(struct stage *s, uint8_t edge, long bodies);

/** Close a dialog; the client has confirmed all up to an index, and so many
 * replies. */
void stage_hang_up(struct stage *s, edge_ref dialog, enum dialog_end end,
                   uint64_t delivered_index, uint32_t replies);

/** Tell that a client has confirmed all up to an index, and so many replies. */
void stage_confirm(struct stage *s, edge_ref dialog, uint64_t index,
                   uint32_t replies);

/** A sign-in is asked about on edge 0; returns its token. */
uint64_t stage_sign_in(struct stage *s, const char *user);

/** Send a body of a client; returns its token, 0 when it is no post. Nothing is
 * committed. */
uint64_t stage_send(struct stage *s, edge_ref dialog, const char *body);

/** Send, commit, answer reads. */
uint64_t stage_say(struct stage *s, edge_ref dialog, const char *body);

/** Answer the reads that wait. */
void stage_reads(struct stage *s, enum error error);

/** Join rooms (URIs, NULL at the end) and take the reply. */
void stage_join(struct stage *s, edge_ref dialog, const char *room, ...)
    __attribute__((sentinel));

/** Send a post without committing it. */
uint64_t stage_post(struct stage *s, edge_ref dialog, const char *author,
                    const char *room, const char *text);

/** Post, commit, and check that it was answered 200. */
void stage_talk(struct stage *s, edge_ref dialog, const char *author,
                const char *room, const char *text);

/** Take the next thing a dialog was given; fails the test without one. */
const struct given *stage_next(struct stage *s, edge_ref dialog);

/** Take the next, which must be a body with this in it; gives the body. */
const char *stage_expect(struct stage *s, edge_ref dialog, const char *part);

/** Check that a dialog was given nothing more. */
void stage_expect_none(struct stage *s, edge_ref dialog);

/** Take the next, which must be the answer to a post. */
const struct given *stage_answer(struct stage *s, edge_ref dialog,
                                 uint64_t token);

/** Take the next, which must close the dialog's connection. */
void stage_expect_close(struct stage *s, edge_ref dialog, const char *reason);

/** Have what was given so far count as seen. */
void stage_forget(struct stage *s);

/** Commit a command of an administrator. */
void stage_administer(struct stage *s, Perch__Command *command);

/** Commit a command of node 2. */
void stage_other(struct stage *s, Perch__Command *command);

/** Make a directory's files durable, as those of a snapshot are that was
 * received. */
void stage_sync(const char *directory);

/** Have the state of another node, that has applied the whole log, take the
 * place of ours; returns before what is asked for is done. */
void stage_snapshot(struct stage *s);

/* Commands of administrators. */

/** Make a user. */
void stage_user(struct stage *s, const char *uri);

/** Make a room. */
void stage_room(struct stage *s, const char *guid, const char *name,
                const char *description, bool is_open);

/** Make somebody a member of a room, or no longer one. */
void stage_member(struct stage *s, const char *guid, const char *user,
                  bool remove);

/** Disable a room. */
void stage_disable(struct stage *s, const char *guid);

/** Give a setting of the pool a value. */
void stage_set(struct stage *s, enum setting setting, uint32_t value);

/** Raise the pool's rules to the version this source knows. */
void stage_raise(struct stage *s);

/** Switch the archive; the log gets a key before. */
void stage_archive(struct stage *s, Perch__ArchiveMode mode);

/** Change the category of all rooms; its guid is filled in. */
void stage_category(struct stage *s, Perch__CategoryChange *change);

/** Make a group of one member; the display name may be NULL. */
void stage_group(struct stage *s, const char *uri, const char *display_name,
                 const char *member);

/** Register an add-in. */
void stage_addin(struct stage *s, const char *guid, const char *name,
                 const char *url);

/** Change a room; its guid is filled in. */
void stage_change(struct stage *s, const char *guid, Perch__RoomChange *change);

/** Open a session of a user of node 2, and join a room. */
void stage_other_join(struct stage *s, const char *user, uint64_t serial,
                      const char *guid);

/** Post as that session. */
void stage_other_post(struct stage *s, const char *user, uint64_t serial,
                      const char *guid, const char *text);

#endif
