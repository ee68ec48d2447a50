/* When a leader learns that its own writes are on disk.
 *
 * Rule HOLD: replicationQuorum is only ever asked about the leader's last
 * stored index. While proposals keep coming, that index is always one that the
 * followers have not acknowledged yet, and nothing is committed at all. So the
 * core is told of an own write only when enough others have acknowledged it:
 * then its one question is asked at the one index where the answer is yes. A
 * new leader's first entry is never held, for rule FIG8 waits for it.
 *
 * The price, which is the library's: nothing is committed before the leader's
 * own disk has it.
 */
#include "raft/guard/hold.h"

#include "raft/guard/disk.h"
#include "raft/guard/view.h"

static unsigned others_that_have(const struct guard *guard, raft_index index)
{
    const struct raft *raft = guard_raft(guard);
    unsigned n = 0;

    for (unsigned i = 0; i < raft->configuration.n; i++) {
        const struct raft_server *server = &raft->configuration.servers[i];

        n += server->role == RAFT_VOTER && server->id != raft->id &&
             raft->leader_state.progress[i].match_index >= index;
    }
    return n;
}

/* A majority, less the leader where it has a vote itself. */
static unsigned others_needed(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);
    unsigned self = guard_server_index(guard, raft->id);
    bool votes = self < raft->configuration.n &&
                 raft->configuration.servers[self].role == RAFT_VOTER;

    return guard_voters(guard) / 2 + (votes ? 0 : 1);
}

static bool must_hold(struct guard *guard, struct guard_write *write)
{
    const struct raft *raft = guard_raft(guard);

    if (!guard_on(guard, GUARD_HOLD) || raft->state != RAFT_LEADER ||
        write->term != raft->current_term || write->status != 0 ||
        guard_term_of(guard, raft->last_stored) != raft->current_term ||
        others_that_have(guard, write->last) >= others_needed(guard)) {
        return false;
    }
    if (!write->held) {
        write->held = true;
        guard_acted(guard, GUARD_HOLD);
    }
    return true;
}

static bool release_first(struct guard *guard, bool all)
{
    struct guard_write *write = TAILQ_FIRST(&guard->writes);

    if (guard->dead || write == NULL || !write->done ||
        (!all && must_hold(guard, write))) {
        return false;
    }
    guard_deliver_write(guard);
    guard->step_again = true;
    return true;
}

void guard_release(struct guard *guard)
{
    while (release_first(guard, false)) {
    }
}

void guard_release_all(struct guard *guard)
{
    while (release_first(guard, true)) {
    }
}
