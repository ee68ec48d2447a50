/* Raft ids that are no members: what the leader tells their nodes, and what a
 * node does that is told.
 *
 * Nothing of raft goes to a server that is no member, so one that was removed
 * while it was away would wait for a leader for ever. The leader knows who it
 * is by its log: only members get one (reconcile.h).
 *
 *   new, policy lets it in       reconcile adds it; nothing is told
 *   new, policy does not         "no member": its status asks for an operator
 *   removed, policy lets it in   "no member, may return": it sets its log aside
 *                                and begins a new incarnation
 *   removed, policy does not     "no member": its status asks for an operator
 *
 * A removed raft id is told when its node has been there under it for a while
 * (ENGINE_RETURN_MS), and under no other. Two machines that both take
 * themselves for the node break each other's connections more often than that:
 * they would otherwise displace one another for ever, by a copy each time.
 *
 * What is told counts from a term that is not behind the node's own: such a
 * leader has in its log whatever made the node a member, so what it does not
 * have in its configuration was removed.
 */
#include <inttypes.h>

#include "proto/base/journal.h"
#include "raft/replica/engine_parts.h"
#include "raft/replica/home.h"
#include "raft/replica/membership.h"

/* --- The leader --- */

static const struct reconcile_node *configured(
    const struct reconcile_input *input, uint8_t node, size_t *at_out)
{
    for (size_t i = 0; i < input->n_nodes; i++) {
        if (input->nodes[i].node == node) {
            *at_out = i;
            return &input->nodes[i];
        }
    }
    return NULL;
}

void engine_outside_there(struct engine *engine, uint8_t node)
{
    for (size_t i = 0; i < engine->n_nodes; i++) {
        if (engine->nodes[i] == node) {
            engine->outside.there_us[i] = loop_now_us(engine->loop);
        }
    }
}

/* Is there something to be told to a node that is connected, and what? */
static bool is_told(const struct engine *engine,
                    const struct reconcile_input *input,
                    const struct peer_hello *hello, bool *may_return_out)
{
    uint64_t now_us = loop_now_us(engine->loop);
    const struct reconcile_node *node;
    bool has_successor = reconcile_has_member(input, hello->node);
    size_t at = 0;

    node = configured(input, hello->node, &at);
    if (node == NULL || reconcile_is_member(input, hello->raft_id)) {
        return false;
    }
    *may_return_out = node->may_rejoin || !has_successor;
    if (hello->last_log_index == 0) {
        return !*may_return_out;
    }
    return !has_successor ||
           now_us - engine->outside.there_us[at] >= ENGINE_RETURN_MS * 1000ull;
}

void engine_outside_tell(struct engine *engine,
                         const struct reconcile_input *input)
{
    uint64_t now_us = loop_now_us(engine->loop);
    struct peer_message message = {.kind = PEER_NO_MEMBER};

    if (!input->may_change ||
        now_us - engine->outside.told_us < ENGINE_TELL_MS * 1000ull) {
        return;
    }
    engine->outside.told_us = now_us;
    message.no_member.term = core_status(engine->core).term;
    for (size_t i = 0; i < input->n_hellos; i++) {
        const struct peer_hello *hello = &input->hellos[i];

        if (hello->node != engine->identity.node &&
            is_told(engine, input, hello, &message.no_member.may_return)) {
            /* Lost, it is told again. */
            (void)peers_send(engine->peers, hello->node, &message);
        }
    }
}

/* --- The node that is told --- */

/* The next start takes another raft id: what this one has promised and voted
 * stays with its log, aside. */
static void come_back(struct engine *engine)
{
    enum error error = home_mark_removed(engine->directory, &engine->identity);

    if (error != ERROR_NONE) {
        engine_die(engine, error,
                   "it cannot be noted that the node's raft id "
                   "was removed from the pool");
        return;
    }
    engine_die(engine, ERROR_FORGOTTEN,
               "the node's raft id was removed from the pool, so the node "
               "comes back under another");
}

static void ask_for_operator(struct engine *engine)
{
    unsigned node = engine->identity.node;

    if (engine->outside.needs_operator) {
        return;
    }
    engine->outside.needs_operator = true;
    engine->links_changed = true;
    journal_warning("not_a_member",
                    "node=%u raft_id=%" PRIu64 " removed=%s why=\"the pool's "
                    "policy leaves it to an operator to let the node in\" "
                    "do=\"perchctl nodes replace %u\"",
                    node, engine->identity.raft_id,
                    engine->outside.removed ? "yes" : "no", node);
}

void engine_outside_hear(struct engine *engine,
                         const struct peer_no_member *told)
{
    struct core_status status = core_status(engine->core);

    if (told->term < status.term) {
        return;
    }
    engine->outside.heard_us = loop_now_us(engine->loop);
    engine->outside.removed = status.last_index > 0;
    if (!told->may_return) {
        ask_for_operator(engine);
    } else if (engine->outside.removed) {
        come_back(engine);
    }
}

void engine_outside_tick(struct engine *engine)
{
    struct engine_outside *outside = &engine->outside;

    if (outside->needs_operator &&
        loop_now_us(engine->loop) - outside->heard_us >=
            ENGINE_TOLD_MS * 1000ull) {
        outside->needs_operator = false;
        engine->links_changed = true;
    }
}
