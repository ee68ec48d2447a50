/* Who belongs to the pool: reconcile.h decides, the core does, on the leader
 * alone, one step at a time. */
#include "raft/replica/membership.h"

#include <inttypes.h>
#include <string.h>

#include "proto/base/journal.h"

/* The state answers for the next steps, not for this one. */
static void ask_policy(struct engine *engine)
{
    uint64_t now_us = loop_now_us(engine->loop);

    if (now_us - engine->membership.asked_us < ENGINE_POLICY_MS * 1000ull) {
        return;
    }
    engine->membership.asked_us = now_us;
    for (size_t i = 0; i < engine->n_nodes; i++) {
        struct memo *memo = memo_new(MEMO_ASK_REJOIN);

        memo->question.node = engine->nodes[i];
        engine_tell(engine, memo);
    }
}

/* What an earlier leadership was answered may be true no longer. */
void engine_membership_begin(struct engine *engine)
{
    engine->membership.answered = false;
    engine->membership.asked_us = 0;
    for (size_t i = 0; i < engine->n_nodes; i++) {
        engine->membership.nodes[i].may_rejoin = false;
    }
}

void engine_membership_take(struct engine *engine, const struct memo *memo)
{
    engine->membership.answered = true;
    for (size_t i = 0; i < engine->n_nodes; i++) {
        if (engine->membership.nodes[i].node == memo->question.node) {
            engine->membership.nodes[i].may_rejoin = memo->question.yes;
        }
    }
}

static size_t collect_hellos(const struct engine *engine,
                             struct peer_hello hellos[REPLICA_NODES_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < engine->n_nodes; i++) {
        const struct peer_hello *hello;

        if (engine->nodes[i] == engine->identity.node) {
            hellos[n++] = engine->hello;
        } else if (peers_is_there(engine->peers, engine->nodes[i], &hello)) {
            hellos[n++] = *hello;
        }
    }
    return n;
}

static enum error take_step(struct engine *engine,
                            const struct reconcile_step *step)
{
    switch (step->action) {
    case RECONCILE_ADD:
        return core_add(engine->core, step->raft_id);
    case RECONCILE_STANDBY:
        return core_assign(engine->core, step->raft_id, CORE_STANDBY);
    case RECONCILE_VOTER:
        return core_assign(engine->core, step->raft_id, CORE_VOTER);
    case RECONCILE_REMOVE:
        return core_remove(engine->core, step->raft_id);
    default:
        return ERROR_NONE;
    }
}

static void tell_step(const struct reconcile_step *step, enum error error)
{
    journal_notice("membership_step",
                   "raft_id=%" PRIu64 " node=%u action=%s reason=%s error=%s",
                   step->raft_id, (unsigned)(step->raft_id & 0xff),
                   reconcile_action_name(step->action),
                   reconcile_reason_name(step->reason), error_name(error));
}

/* One line when it becomes another. What passes by itself is not told. */
static void tell_reason(struct engine *engine,
                        const struct reconcile_step *step)
{
    struct engine_membership *membership = &engine->membership;

    if (step->reason == RECONCILE_FOR_IN_FLIGHT ||
        (membership->reason == step->reason &&
         membership->reason_about == step->raft_id)) {
        return;
    }
    membership->reason = step->reason;
    membership->reason_about = step->raft_id;
    journal_info("membership_stands", "raft_id=%" PRIu64 " why=\"%s\"",
                 step->raft_id, reconcile_reason_text(step->reason));
}

void engine_membership_step(struct engine *engine)
{
    struct peer_hello hellos[REPLICA_NODES_MAX];
    struct core_status status = core_status(engine->core);
    struct core_peers members;
    struct reconcile_input input;
    struct reconcile_step step;

    if (status.state != CORE_LEADER || engine->disk.full) {
        return;
    }
    ask_policy(engine);
    if (!engine->membership.answered) {
        return;
    }
    members = core_peers(engine->core);
    input =
        (struct reconcile_input){.self = engine->identity.raft_id,
                                 .may_change = core_may_change(engine->core),
                                 .peers = &members,
                                 .last_index = status.last_index,
                                 .hellos = hellos,
                                 .n_hellos = collect_hellos(engine, hellos),
                                 .nodes = engine->membership.nodes,
                                 .n_nodes = engine->n_nodes};
    engine_outside_tell(engine, &input);
    step = reconcile(&input);
    if (step.action == RECONCILE_NOTHING) {
        tell_reason(engine, &step);
        return;
    }
    tell_step(&step, take_step(engine, &step));
    engine->links_changed = true;
}
