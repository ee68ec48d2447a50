/* Proposals on their way into the log: by this node when it leads, else by way
 * of the leader. */
#include "raft/replica/lead.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/entry.h"

/* What goes together: into the log, or into a frame. */
struct part {
    size_t n, bytes;
    struct slice entries[ENGINE_PART_ENTRIES_MAX];
};

static bool part_add(struct part *part, uint8_t *bytes, size_t len)
{
    if (part->n == ENGINE_PART_ENTRIES_MAX ||
        (part->n > 0 && part->bytes + len > ENGINE_PART_BYTES_MAX)) {
        return false;
    }
    part->entries[part->n++] = slice_of(bytes, len);
    part->bytes += len;
    return true;
}

/* --- Leading --- */

/* How many entries of each source a batch holds. */
struct batch {
    struct part part;
    size_t of_node[REPLICA_NODES_MAX]; /* As engine->nodes. */
    int64_t sent_at_us;
};

static size_t add_own(struct engine *engine, struct batch *batch)
{
    struct proposal *proposal;
    size_t n = 0;

    while ((proposal = submit_peek(&engine->submit, n)) != NULL &&
           part_add(&batch->part, proposal->bytes, proposal->len)) {
        entry_stamp(proposal->bytes, batch->sent_at_us);
        n++;
    }
    return n;
}

static size_t add_gathered(struct engine *engine, uint8_t node,
                           struct batch *batch)
{
    struct gather_walk walk = gather_begin(&engine->gather, node);
    struct gather_entry *entry;
    size_t n = 0;

    while ((entry = gather_next(&walk)) != NULL &&
           part_add(&batch->part, entry->bytes, entry->len)) {
        entry_stamp(entry->bytes, batch->sent_at_us);
        n++;
    }
    return n;
}

/* Each batch begins with another node's, so that none waits for the others. */
static void fill(struct engine *engine, struct batch *batch)
{
    batch->part.n = 0;
    batch->part.bytes = 0;
    batch->sent_at_us = loop_wall_us(engine->loop);
    for (size_t i = 0; i < engine->n_nodes; i++) {
        size_t at = (engine->first_source + i) % engine->n_nodes;
        uint8_t node = engine->nodes[at];

        batch->of_node[at] = node == engine->identity.node
                                 ? add_own(engine, batch)
                                 : add_gathered(engine, node, batch);
    }
    engine->first_source =
        (uint8_t)((engine->first_source + 1u) % engine->n_nodes);
}

static void mark_proposed(struct engine *engine, const struct batch *batch)
{
    for (size_t i = 0; i < engine->n_nodes; i++) {
        if (engine->nodes[i] == engine->identity.node) {
            submit_mark_sent(&engine->submit, batch->of_node[i]);
        } else {
            gather_drop(&engine->gather, engine->nodes[i], batch->of_node[i]);
        }
    }
    meter_add(&engine->meters.led, batch->part.n);
    meter_add(&engine->meters.batches, 1);
}

/* Whether what waits goes into the log now. What one batch costs three nodes
 * hardly depends on its entries, so the next one goes when the last has ended,
 * and beside it only when it is a large one itself. */
static bool worth_a_batch(struct engine *engine)
{
    unsigned under_way = core_status(engine->core).batches;
    size_t n = submit_unsent(&engine->submit) + engine->gather.n;

    return n > 0 && under_way < engine->core_settings.batches_max &&
           (under_way == 0 || n >= ENGINE_SECOND_BATCH_ENTRIES);
}

/* What is not taken now waits for a batch to end, or for another leader. */
static void lead(struct engine *engine)
{
    struct batch batch;
    uint64_t first_index;

    while (worth_a_batch(engine)) {
        fill(engine, &batch);
        if (core_propose(engine->core, batch.part.entries, batch.part.n,
                         &first_index) != ERROR_NONE) {
            return;
        }
        mark_proposed(engine, &batch);
    }
}

enum error engine_take_propose(struct engine *engine, uint8_t node,
                               const struct peer_propose *propose)
{
    struct gather_refusal refusal;
    struct peer_message busy = {.kind = PEER_PROPOSE_BUSY};
    enum error error;

    if (core_status(engine->core).state != CORE_LEADER) {
        return ERROR_NONE; /* The node will hear who leads, and send again. */
    }
    error = gather_take(
        &engine->gather, node, propose,
        atomic_load_explicit(&engine->closed, memory_order_relaxed), &refusal);
    if (error == ERROR_NONE) {
        meter_add(&engine->meters.gathered, propose->n);
    }
    if (error == ERROR_NONE && refusal.refused) {
        busy.propose_busy = (struct peer_propose_busy){
            refusal.epoch, refusal.number, ENGINE_BUSY_RETRY_MS};
        meter_add(&engine->meters.turned_away, 1);
        /* Lost, the node sends again when it has heard nothing for long. */
        (void)peers_send(engine->peers, node, &busy);
    }
    return error;
}

/* --- Following --- */

static void retry_in(struct engine *engine, uint64_t delay_ms)
{
    timer_start(engine->retry, delay_ms, 0);
}

void engine_take_busy(struct engine *engine, uint8_t node,
                      const struct peer_propose_busy *busy)
{
    if ((engine->role.leader & 0xff) != node) {
        return;
    }
    meter_add(&engine->meters.resent_busy, 1);
    submit_refused(&engine->submit, busy->origin_epoch, busy->first_refused);
    engine->forward_after_us =
        loop_now_us(engine->loop) + busy->retry_ms * 1000ull;
    retry_in(engine, busy->retry_ms + 1);
}

static size_t fill_frame(struct engine *engine, struct part *part)
{
    struct proposal *proposal;

    part->n = 0;
    part->bytes = 0;
    while ((proposal = submit_peek(&engine->submit, part->n)) != NULL &&
           part_add(part, proposal->bytes, proposal->len)) {
    }
    return part->n;
}

static void forward(struct engine *engine, uint8_t leader)
{
    struct part part;
    struct peer_message message = {.kind = PEER_PROPOSE};

    if (loop_now_us(engine->loop) < engine->forward_after_us) {
        return;
    }
    while (fill_frame(engine, &part) > 0) {
        message.propose = (struct peer_propose){part.entries, part.n};
        if (peers_send(engine->peers, leader, &message) != ERROR_NONE) {
            retry_in(engine, ENGINE_RETRY_MS);
            return;
        }
        submit_mark_sent(&engine->submit, part.n);
        meter_add(&engine->meters.forwarded, part.n);
    }
}

void engine_send_proposals(struct engine *engine)
{
    struct core_status status;
    uint8_t leader;

    if (submit_peek(&engine->submit, 0) == NULL && engine->gather.n == 0) {
        return;
    }
    status = core_status(engine->core);
    leader = (uint8_t)(status.leader & 0xff);
    if (status.state == CORE_LEADER) {
        lead(engine);
    } else if (leader != 0 && peers_is_there(engine->peers, leader, NULL)) {
        forward(engine, leader);
    }
}

/* Every loss is noticed by a change of role or of a connection; should one not
 * be, this mends it. */
void engine_watch_proposals(struct engine *engine)
{
    const struct submit *submit = &engine->submit;
    uint64_t now_us = loop_now_us(engine->loop);
    uint64_t number =
        submit->committed > submit->first ? submit->committed : submit->first;

    if (submit->first == submit->sent || number != engine->late_number ||
        engine->role.leader == 0) {
        engine->late_number = number;
        engine->late_since_us = now_us;
    } else if (now_us - engine->late_since_us >= ENGINE_LATE_MS * 1000) {
        engine->late_since_us = now_us;
        if (submit_restart(&engine->submit)) {
            meter_add(&engine->meters.resent_late, 1);
        }
    }
}
