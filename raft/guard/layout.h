/* Where libraft 0.15.0 keeps what the guard reads and sets.
 *
 * All of it is declared in <raft.h>; another version may mean something else by
 * the same name, so sizes and places are pinned along with the version in
 * cmake/perch.cmake. A failing line here asks for a new look at every rule.
 */
#ifndef RAFT_GUARD_LAYOUT_H
#define RAFT_GUARD_LAYOUT_H

#include <raft.h>
#include <stddef.h>

_Static_assert(sizeof(struct raft) == 656, "struct raft");
_Static_assert(sizeof(struct raft_io) == 408, "struct raft_io");
_Static_assert(sizeof(struct raft_fsm) == 56, "struct raft_fsm");
_Static_assert(sizeof(struct raft_message) == 88, "struct raft_message");
_Static_assert(sizeof(struct raft_entry) == 40, "struct raft_entry");
_Static_assert(sizeof(struct raft_log) == 72, "struct raft_log");
_Static_assert(sizeof(struct raft_progress) == 56, "struct raft_progress");
_Static_assert(sizeof(struct raft_apply) == 48, "struct raft_apply");

#define GUARD_PIN(field, place)                                                \
    _Static_assert(offsetof(struct raft, field) == (place), #field)
GUARD_PIN(current_term, 48);
GUARD_PIN(voted_for, 56);
GUARD_PIN(log, 64);
GUARD_PIN(configuration, 136);
GUARD_PIN(configuration_index, 152);
GUARD_PIN(configuration_uncommitted_index, 160);
GUARD_PIN(election_timeout, 168);
GUARD_PIN(commit_index, 184);
GUARD_PIN(last_applied, 192);
GUARD_PIN(last_stored, 200);
GUARD_PIN(state, 208);
GUARD_PIN(follower_state, 216);
GUARD_PIN(leader_state, 216);
GUARD_PIN(election_timer_start, 280);
GUARD_PIN(transfer, 288);
GUARD_PIN(snapshot, 296);
#undef GUARD_PIN

/* States of a raft_progress, private to the library (progress.h). */
enum {
    GUARD_PROGRESS_PROBE = 0,
    GUARD_PROGRESS_PIPELINE = 1,
    GUARD_PROGRESS_SNAPSHOT = 2,
};

#endif
