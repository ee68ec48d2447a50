/* Commit notes: followers learn of a commit at once.
 *
 * libraft tells them with the next AppendEntries, up to a heartbeat later when
 * the pool is idle. A leader therefore sends its commit index as soon as it has
 * advanced; the follower hands its core an empty AppendEntries that ends at
 * what it knows to be the leader's and has stored: a message that the leader
 * could have sent. The leader commits by its fastest majority, so the slowest
 * node's write is as a rule still under way when the note comes; the note is
 * kept, and followed as far as the disk is at every step.
 */
#include "raft/guard/internal.h"
#include "raft/guard/status.h"
#include "raft/guard/view.h"

void guard_follow_note(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);
    raft_term term = raft->current_term;
    raft_index end = guard->verified < raft->last_stored ? guard->verified
                                                         : raft->last_stored;
    raft_term end_term = guard_term_of(guard, end);
    raft_index commit = guard->noted < end ? guard->noted : end;
    struct raft_message message = {.type = RAFT_IO_APPEND_ENTRIES};

    if (guard->dead || raft->state != RAFT_FOLLOWER ||
        guard->noted_term != term || guard->verified_term != term ||
        guard_leader(guard) == 0 || end_term == 0 ||
        commit <= raft->commit_index) {
        return;
    }
    message.server_id = raft->follower_state.current_leader.id;
    message.server_address = raft->follower_state.current_leader.address;
    message.append_entries = (struct raft_append_entries){
        .term = term,
        .prev_log_index = end,
        .prev_log_term = end_term,
        .leader_commit = commit,
    };
    guard->reply_mute = true;
    guard_deliver(guard, &message);
    guard->reply_mute = false;
}

void guard_commit_note(struct guard *guard, raft_term term,
                       raft_index commit_index)
{
    if (term > guard->noted_term) {
        guard->noted_term = term;
        guard->noted = 0;
    }
    if (term == guard->noted_term && commit_index > guard->noted) {
        guard->noted = commit_index;
    }
    guard_step(guard);
}
