#include "raft/replica/engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/entry.h"
#include "raft/replica/engine_parts.h"
#include "raft/replica/lead.h"
#include "raft/replica/membership.h"
#include "raft/replica/snapshots.h"

void engine_tell(struct engine *engine, struct memo *memo)
{
    if (letters_send_reply(engine->owner, &memo->letter) != ERROR_NONE) {
        memo_free(&memo->letter);
    }
}

void engine_die(struct engine *engine, enum error error, const char *reason)
{
    struct memo *memo = memo_new(MEMO_FATAL);

    if (engine->dead) {
        memo_free(&memo->letter);
        return;
    }
    engine->dead = true;
    memo->fatal.error = error;
    memo->fatal.reason = strdup(reason);
    CHECK(memo->fatal.reason != NULL);
    engine_tell(engine, memo);
}

/* --- Hooks of the core --- */

static void on_apply(void *context, uint64_t index, uint64_t term,
                     struct slice bytes)
{
    struct engine *engine = context;
    struct entry entry;

    commits_entry(engine->commits, index, term, bytes);
    meter_add(&engine->meters.committed, 1);
    if (entry_read(bytes, &entry) == ERROR_NONE &&
        entry.origin_node == engine->identity.node &&
        submit_committed(&engine->submit, entry.origin_epoch, entry.number,
                         loop_now_us(engine->loop))) {
        meter_add(&engine->meters.resent_gap, 1);
    }
}

static void on_role(void *context, const struct core_role *role)
{
    struct engine *engine = context;

    engine->role = *role;
    engine->role_changed = true;
}

/* The term or the role has changed too, and all is sent again for that. */
static void on_batch_failed(void *context, uint64_t first_index, size_t n,
                            enum error error)
{
    struct engine *engine = context;

    (void)error;
    engine->role_changed = true;
    journal_info("batch_failed", "first_index=%" PRIu64 " n=%zu", first_index,
                 n);
}

static void on_fatal(void *context, enum core_fatal why, const char *text)
{
    static const enum error errors[] = {[CORE_FATAL_DISK] = ERROR_IO,
                                        [CORE_FATAL_CUT] = ERROR_FORGOTTEN,
                                        [CORE_FATAL_BROKEN] = ERROR_INVALID};
    struct engine *engine = context;
    struct log_store_status log;
    enum error error = errors[why];

    log_seam_status(engine->log, &log);
    if (why == CORE_FATAL_DISK && log.error != ERROR_NONE) {
        error = log.error;
    }
    engine_die(engine, error, text);
}

void engine_core_hooks(struct engine *engine, struct core_hooks *hooks)
{
    *hooks = (struct core_hooks){.context = engine,
                                 .apply = on_apply,
                                 .role_changed = on_role,
                                 .batch_failed = on_batch_failed,
                                 .fatal = on_fatal};
    engine_snapshot_hooks(hooks);
}

/* --- Events of the peers --- */

static void to_archive(struct engine *engine, uint8_t node,
                       const struct peer_message *message)
{
    struct memo *memo = memo_of_archive(node, message);

    if (memo != NULL) {
        engine_tell(engine, memo);
    }
}

static void on_there(void *context, uint8_t node, uint64_t raft_id)
{
    struct engine *engine = context;

    if (engine->dead) {
        return;
    }
    core_peer_reset(engine->core, raft_id);
    gather_reset(&engine->gather, node);
    snapshot_fetch_connected(engine->snapshots.fetch, node);
    engine_outside_there(engine, node);
    engine->links_changed = true;
    if (engine->role.leader != 0 && (engine->role.leader & 0xff) == node) {
        read_index_restart(engine->reads);
        engine->forward_after_us = 0;
        engine->late_since_us = loop_now_us(engine->loop);
        if (submit_restart(&engine->submit)) {
            meter_add(&engine->meters.resent_link, 1);
        }
    }
}

static void on_lost(void *context, uint8_t node)
{
    struct engine *engine = context;

    if (engine->dead) {
        return;
    }
    snapshot_send_disconnected(engine->snapshots.send, node);
    engine->links_changed = true;
    if ((engine->role.leader & 0xff) == node) {
        read_index_restart(engine->reads);
    }
}

static enum error to_core(struct engine *engine, uint64_t raft_id,
                          const struct peer_message *message)
{
    struct core_message read;
    enum error error = wire_read(message, raft_id, &engine->scratch, &read);

    if (error != ERROR_NONE) {
        return error;
    }
    if (engine->outside.removed || !engine_disk_lets_pass(engine, &read)) {
        return ERROR_NONE;
    }
    return core_receive(engine->core, &read);
}

static enum error on_received(void *context, uint8_t node, uint64_t raft_id,
                              const struct peer_message *message)
{
    struct engine *engine = context;

    if (engine->dead) {
        return ERROR_NONE;
    }
    switch (message->kind) {
    case PEER_NO_MEMBER:
        engine_outside_hear(engine, &message->no_member);
        return ERROR_NONE;
    case PEER_COMMIT_NOTE:
        engine->note = message->commit_note;
        engine->note_stored = UINT64_MAX;
        return ERROR_NONE;
    case PEER_PROPOSE:
        return engine_take_propose(engine, node, &message->propose);
    case PEER_PROPOSE_BUSY:
        engine_take_busy(engine, node, &message->propose_busy);
        return ERROR_NONE;
    case PEER_PING:
    case PEER_PONG:
    case PEER_READ_INDEX_REQUEST:
    case PEER_READ_INDEX_REPLY:
        read_index_received(engine->reads, node, raft_id, message);
        return ERROR_NONE;
    case PEER_SNAPSHOT_FETCH:
        engine_snapshots_asked(engine, node, &message->snapshot_fetch);
        return ERROR_NONE;
    case PEER_SNAPSHOT_CHUNK:
    case PEER_SNAPSHOT_GONE:
        snapshot_fetch_received(engine->snapshots.fetch, node, message);
        return ERROR_NONE;
    case PEER_ARCHIVE_ASK:
    case PEER_ARCHIVE_PART:
        to_archive(engine, node, message);
        return ERROR_NONE;
    default:
        return to_core(engine, raft_id, message);
    }
}

struct peers_events engine_peers_events(struct engine *engine)
{
    return (struct peers_events){.context = engine,
                                 .there = on_there,
                                 .lost = on_lost,
                                 .received = on_received};
}

/* --- The turn --- */

/* A follower can commit no more than its disk holds, so what its leader has
 * noted is told to the core again when that is more. */
static void hear_note(struct engine *engine)
{
    struct core_status status = core_status(engine->core);

    if (engine->note.commit_index <= status.commit_index ||
        engine->note_stored == status.stored_index) {
        return;
    }
    engine->note_stored = status.stored_index;
    core_receive_note(engine->core, engine->note.term,
                      engine->note.commit_index);
}

/* One line when the pool gets another leader, as this node sees it. */
static void tell_role(struct engine *engine)
{
    const struct core_role *role = &engine->role;
    uint64_t now_us = loop_now_us(engine->loop);

    if (role->leader == 0) {
        if (engine->leader != 0) {
            journal_warning("leader_lost", "node=%u term=%" PRIu64,
                            (unsigned)(engine->leader & 0xff), role->term);
            engine->leaderless_us = now_us;
        }
    } else if (role->leader != engine->leader ||
               role->term != engine->leader_term) {
        journal_notice("leader_elected",
                       "node=%u term=%" PRIu64 " log_index=%" PRIu64
                       " took_ms=%" PRIu64,
                       (unsigned)(role->leader & 0xff), role->term,
                       core_status(engine->core).last_index,
                       (now_us - engine->leaderless_us) / 1000);
        meter_add(&engine->meters.elections, role->state == CORE_LEADER);
        engine->leaderless_us = now_us;
    }
    engine->leader = role->leader;
    engine->leader_term = role->term;
}

static void begin_role(struct engine *engine)
{
    bool leads = engine->role.state == CORE_LEADER;

    engine->role_changed = false;
    engine->forward_after_us = 0;
    engine->late_since_us = loop_now_us(engine->loop);
    if (submit_restart(&engine->submit)) {
        meter_add(&engine->meters.resent_role, 1);
    }
    if (!leads) {
        gather_clear(&engine->gather);
    }
    engine_membership_begin(engine);
    tell_role(engine);
    read_index_restart(engine->reads);
    engine_transfer_step(engine);
    engine->links_changed = true; /* The owner is told. */
}

/* A follower whose owner is behind looks slow to its leader; a leader takes no
 * more proposals. */
static void bound_owner(struct engine *engine)
{
    bool is_behind = commits_is_behind(engine->commits);
    bool closed = is_behind || engine->disk.full;

    atomic_store_explicit(&engine->closed, closed, memory_order_relaxed);
    log_seam_hold(engine->log,
                  is_behind && core_status(engine->core).state != CORE_LEADER);
}

void engine_turn(void *context)
{
    struct engine *engine = context;

    if (!engine->started || engine->dead) {
        return;
    }
    engine_watch_full(engine);
    bound_owner(engine);
    engine_snapshots_step(engine);
    hear_note(engine);
    do {
        if (engine->role_changed) {
            begin_role(engine);
        }
        engine_send_proposals(engine);
    } while (engine->role_changed && !engine->dead);
    read_index_run(engine->reads);
    commits_flush(engine->commits);
    peers_flush(engine->peers);
    if (engine->links_changed) {
        engine->links_changed = false;
        engine_post_status(engine, true);
    }
}
