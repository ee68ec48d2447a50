/* What must be done after each call into the core, which tells nobody of its
 * changes. */
#include "proto/base/check.h"
#include "raft/guard/configuration.h"
#include "raft/guard/hold.h"
#include "raft/guard/internal.h"
#include "raft/guard/offer.h"
#include "raft/guard/result.h"
#include "raft/guard/send.h"
#include "raft/guard/status.h"
#include "raft/guard/view.h"
#include "raft/guard/votes.h"

bool guard_settled(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    return raft->state == RAFT_LEADER &&
           guard->settled_term == raft->current_term;
}

static void on_barrier(struct raft_barrier *barrier, int status)
{
    struct guard *guard = barrier->data;

    if (status == 0) {
        guard->settled_term = guard_raft(guard)->current_term;
    }
}

/* The library has no no-op at the start of a term (its defect 2), without which
 * a new leader neither commits nor knows what is committed. Refused while a
 * transfer of an earlier term is still open; the next step tries again. */
static void submit_barrier(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);

    if (raft->state != RAFT_LEADER ||
        guard->barrier_term == raft->current_term) {
        return;
    }
    guard->barrier.data = guard;
    if (raft_barrier(raft, &guard->barrier, on_barrier) == 0) {
        guard->barrier_term = raft->current_term;
        guard->step_again = true;
    }
}

raft_id guard_leader(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    if (raft->state == RAFT_LEADER) {
        return raft->transfer == NULL ? raft->id : 0;
    }
    if (raft->state != RAFT_FOLLOWER ||
        guard->heard_term != raft->current_term) {
        return 0;
    }
    return raft->follower_state.current_leader.id;
}

static struct guard_role role_now(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    return (struct guard_role){.state = raft->state,
                               .term = raft->current_term,
                               .leader = guard_leader(guard)};
}

static void notice_role(struct guard *guard)
{
    struct guard_role role = role_now(guard);
    struct guard_role *told = &guard->role;
    bool led = told->state == RAFT_LEADER;

    if (role.state == told->state && role.term == told->term &&
        role.leader == told->leader) {
        return;
    }
    if (role.term != told->term || role.state != told->state) {
        guard->n_early = 0;
    }
    *told = role;
    if (led && role.state != RAFT_LEADER) {
        guard_release_all(guard);
    }
    if (guard->hooks.role_changed != NULL && !guard->dead) {
        guard->hooks.role_changed(guard->hooks.context, &role);
    }
}

static void tell_commit(struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    if (raft->state != RAFT_LEADER ||
        raft->commit_index <= guard->commit_told) {
        return;
    }
    guard->commit_told = raft->commit_index;
    if (guard->hooks.commit_advanced != NULL) {
        guard->hooks.commit_advanced(guard->hooks.context, raft->current_term,
                                     raft->commit_index);
    }
}

static void step_once(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);

    if (raft->state == RAFT_UNAVAILABLE) {
        guard_fatal(guard, GUARD_FATAL_CORE, "libraft gave up: %s",
                    raft_errmsg(raft));
        return;
    }
    guard_own_term(guard);
    if (guard->dead) {
        return;
    }
    notice_role(guard);
    submit_barrier(guard);
    guard_release(guard);
    if (!guard->dead) {
        guard_follow_note(guard);
    }
    if (!guard->dead) {
        guard_early_acks(guard);
        guard_hand_over(guard);
        guard_offer_step(guard);
    }
    guard_finish_unsent(guard);
    if (!guard->dead) {
        tell_commit(guard);
    }
}

void guard_step(struct guard *guard)
{
    guard->step_again = true;
    if (guard->stepping) {
        return; /* The step that called us goes round once more. */
    }
    guard->stepping = true;
    while (guard->step_again && !guard->dead) {
        guard->step_again = false;
        step_once(guard);
    }
    guard->stepping = false;
}

void guard_started(struct guard *guard)
{
    guard_configuration_started(guard);
    guard_step(guard);
}
