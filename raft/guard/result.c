/* Results of AppendEntries and InstallSnapshot: what a follower vouches for,
 * and what a leader makes of it. */
#include "raft/guard/result.h"

#include "raft/guard/transfer.h"
#include "raft/guard/view.h"

/* Rule STALEDONE: appendFollowerCb answers with the term of now and to the
 * leader of now, whatever leader asked for the write. */
static bool is_stale(const struct guard *guard)
{
    return guard_on(guard, GUARD_STALEDONE) && guard->delivering != NULL &&
           guard->delivering->term != guard_raft(guard)->current_term;
}

/* Rule ACKCLAMP: recvAppendEntries and appendFollowerCb vouch for all that is
 * stored. Behind what this leader has checked may lie entries of an older one,
 * which it then counts as copies of its own. */
static void clamp(struct guard *guard,
                  struct raft_append_entries_result *result)
{
    raft_term term = guard_raft(guard)->current_term;
    raft_index limit = guard->verified_term == term ? guard->verified : 0;

    if (guard->reply_blank) {
        result->last_log_index = 0;
        return;
    }
    if (guard_on(guard, GUARD_ACKCLAMP) && result->last_log_index > limit) {
        result->last_log_index = limit;
        guard_acted(guard, GUARD_ACKCLAMP);
    }
}

/* Rule FASTBACK, the follower's half: recvAppendEntries hints at the end of its
 * log, so that the leader goes back one entry per heartbeat through all that
 * differs. Hint at the end of the term before the one that differs. */
static void hint(struct guard *guard, struct raft_append_entries_result *result)
{
    struct raft *raft = guard_raft(guard);
    raft_index index = result->rejected;
    raft_term wrong = guard_term_of(guard, index);

    if (!guard_on(guard, GUARD_FASTBACK) || raft->state != RAFT_FOLLOWER ||
        wrong == 0) {
        return;
    }
    while (index > raft->commit_index && guard_term_of(guard, index) == wrong) {
        index--;
    }
    if (index < result->last_log_index) {
        result->last_log_index = index;
        guard_acted(guard, GUARD_FASTBACK);
    }
}

bool guard_send_result(struct guard *guard, struct raft_message *message)
{
    struct raft_append_entries_result *result = &message->append_entries_result;

    /* Rule NOBODY: sendAppendEntriesResult does not ask whether a leader is
     * known; nobody is server 0, without an address. */
    if (message->server_id == 0 && guard_on(guard, GUARD_NOBODY)) {
        guard_acted(guard, GUARD_NOBODY);
        return false;
    }
    if (guard->reply_mute) {
        return false;
    }
    if (result->rejected != 0) {
        hint(guard, result);
        return true;
    }
    if (is_stale(guard)) {
        guard_acted(guard, GUARD_STALEDONE);
        return false;
    }
    clamp(guard, result);
    return true;
}

/* Remember what the peer vouches for until it may count. */
static void remember_early(struct guard *guard, raft_id peer,
                           raft_index last_index)
{
    unsigned i = 0;

    while (i < guard->n_early && guard->early[i].peer != peer) {
        i++;
    }
    if (i == GUARD_EARLY_ACKS_MAX) {
        return; /* The peer's next acknowledgement will do. */
    }
    if (i == guard->n_early) {
        guard->early[guard->n_early++] = (struct guard_early_ack){peer, 0};
    }
    if (last_index > guard->early[i].last_index) {
        guard->early[i].last_index = last_index;
    }
}

static bool no_entry_of_own_term(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    return guard_term_of(guard, raft->last_stored) != raft->current_term;
}

/* Rule FIG8: replicationQuorum commits whatever a majority holds at the
 * leader's last stored index, also an entry of an earlier term (Figure 8 of the
 * Raft paper). Until an entry of this term is stored no peer counts for that
 * index. Dropping the result instead would leave snapshots without an end. */
static void clip_early(struct guard *guard, raft_id peer,
                       struct raft_append_entries_result *result)
{
    raft_index stored = guard_raft(guard)->last_stored;

    if (!guard_on(guard, GUARD_FIG8) || stored == 0 ||
        result->last_log_index < stored || !no_entry_of_own_term(guard)) {
        return;
    }
    guard_acted(guard, GUARD_FIG8);
    remember_early(guard, peer, result->last_log_index);
    result->last_log_index = stored - 1;
}

void guard_early_acks(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);

    if (guard->n_early == 0 || raft->state != RAFT_LEADER ||
        no_entry_of_own_term(guard)) {
        return;
    }
    while (guard->n_early > 0 && !guard->dead && raft->state == RAFT_LEADER) {
        struct guard_early_ack *early = &guard->early[--guard->n_early];
        unsigned i = guard_server_index(guard, early->peer);
        struct raft_message message = {
            .type = RAFT_IO_APPEND_ENTRIES_RESULT,
            .server_id = early->peer,
            .server_address = raft->address,
            .append_entries_result = {.term = raft->current_term,
                                      .last_log_index = early->last_index}};

        if (i < raft->configuration.n) {
            guard->step_again = true;
            guard_deliver(guard, &message);
        }
    }
}

/* Rule FASTBACK, the leader's half: replicationProgress waits for the next
 * heartbeat before it tries the earlier entry that a refusal asks for. */
static void retry_at_once(struct guard *guard, struct raft_progress *progress,
                          raft_index rejected)
{
    bool heeded = progress->state == GUARD_PROGRESS_PROBE
                      ? rejected == progress->next_index - 1
                      : rejected > progress->match_index;

    if (guard_on(guard, GUARD_FASTBACK) && heeded) {
        progress->last_send = 0;
        guard_acted(guard, GUARD_FASTBACK);
    }
}

/* Rule OLDSNAP: replicationUpdate ends a transfer when the peer has reached the
 * snapshot last offered. A peer that was copying an older one does not take the
 * newer offer, and once it has installed what it had, nothing is on its way to
 * it. Whatever it has then, look on from there. */
static void receive_in_transfer(struct guard *guard,
                                struct raft_message *message,
                                const struct raft_progress *progress)
{
    raft_index last_index = message->append_entries_result.last_log_index;
    bool older = last_index > progress->match_index &&
                 last_index < progress->snapshot_index;

    guard_deliver(guard, message);
    if (older && guard_on(guard, GUARD_OLDSNAP)) {
        guard_acted(guard, GUARD_OLDSNAP);
        guard_probe_from(guard, message->server_id, last_index);
    }
}

void guard_receive_result(struct guard *guard, struct raft_message *message)
{
    struct raft_append_entries_result *result = &message->append_entries_result;
    struct raft_progress *progress = guard_progress(guard, message->server_id);

    if (progress == NULL || result->term != guard_raft(guard)->current_term) {
        guard_deliver(guard, message);
        return;
    }
    if (result->rejected == 0) {
        clip_early(guard, message->server_id, result);
        if (progress->state == GUARD_PROGRESS_SNAPSHOT) {
            receive_in_transfer(guard, message, progress);
            return;
        }
    } else if (progress->state != GUARD_PROGRESS_SNAPSHOT) {
        retry_at_once(guard, progress, result->rejected);
    } else if (guard_on(guard, GUARD_SNAPREJ)) {
        /* Rule SNAPREJ: heartbeats to a peer that is being sent a snapshot end
         * at the leader's last index and are refused. When that is the
         * snapshot's, progressMaybeDecrement takes it for a refused snapshot
         * and sends it again. */
        progress->recent_recv = true;
        guard_acted(guard, GUARD_SNAPREJ);
        return;
    }
    guard_deliver(guard, message);
}
