#include "raft/replica/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/entry.h"
#include "raft/replica/engine_parts.h"
#include "raft/replica/home.h"

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

/* --- Events of the peers --- */

static void on_there(void *context, uint8_t node, uint64_t raft_id)
{
    struct engine *engine = context;

    if (engine->dead) {
        return;
    }
    core_peer_reset(engine->core, raft_id);
    gather_reset(&engine->gather, node);
    snapshot_fetch_connected(engine->snapshots.fetch, node);
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
    if (!engine_disk_lets_pass(engine, &read)) {
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
    default:
        return to_core(engine, raft_id, message);
    }
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

static void engine_turn(void *context)
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

static void on_retry(void *context)
{
    (void)context; /* The end of the turn does it. */
}

/* --- Making and ending --- */

static void set_defaults(struct engine *engine,
                         const struct replica_settings *settings)
{
    engine->loop = settings->raft_loop;
    engine->slow_disk_ms = settings->slow_disk_ms == 0 ? REPLICA_SLOW_DISK_MS
                                                       : settings->slow_disk_ms;
    engine->segment_bytes = settings->segment_bytes == 0
                                ? LOG_SEGMENT_BYTES
                                : settings->segment_bytes;
    engine->n_nodes = settings->n_nodes;
    for (size_t i = 0; i < settings->n_nodes; i++) {
        engine->nodes[i] = settings->nodes[i].node;
        engine->membership.nodes[i].node = settings->nodes[i].node;
    }
    submit_init(&engine->submit);
    gather_init(&engine->gather);
    meter_histogram_init(&engine->meters.write_us, &meter_seconds);
}

struct engine *engine_new(const struct replica_settings *settings,
                          struct letters *owner)
{
    struct peers_events events = {
        .there = on_there, .lost = on_lost, .received = on_received};
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL) {
        return NULL;
    }
    events.context = engine;
    engine->owner = owner;
    set_defaults(engine, settings);
    /* Before those of log and transport: what a turn does goes out in it. */
    loop_on_turn(engine->loop, engine_turn, engine);
    engine->inbox = letters_new(engine->loop, ENGINE_LETTERS_MAX,
                                engine_take_letters, engine);
    engine->tick = timer_new(engine->loop, engine_tick, engine);
    engine->retry = timer_new(engine->loop, on_retry, engine);
    engine->peers = peers_new(owner, &events);
    engine->board = board_new(sizeof(struct replica_status));
    if (engine->inbox == NULL || engine->tick == NULL ||
        engine->retry == NULL || engine->peers == NULL ||
        engine->board == NULL) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

static void free_letters(struct engine *engine)
{
    struct letter_list left = STAILQ_HEAD_INITIALIZER(left);

    if (engine->inbox != NULL) {
        letters_close(engine->inbox, &left);
        memo_free_all(&left);
        letters_free(engine->inbox);
    }
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    engine->dead = true;
    loop_on_turn(engine->loop, NULL, engine);
    timer_free(engine->tick);
    timer_free(engine->retry);
    log_seam_close(engine->log);
    core_free(engine->core);
    snapshot_send_close(engine->snapshots.send);
    snapshot_fetch_close(engine->snapshots.fetch);
    buffer_deinit(&engine->snapshots.offer);
    log_seam_free(engine->log);
    peers_free(engine->peers);
    read_index_free(engine->reads);
    commits_free(engine->commits);
    submit_deinit(&engine->submit);
    gather_clear(&engine->gather);
    wire_scratch_free(&engine->scratch);
    free_letters(engine);
    if (engine->transfer != NULL) {
        memo_free(&engine->transfer->letter);
    }
    board_free(engine->board);
    free(engine);
}

static struct core_settings core_settings_of(
    const struct replica_settings *settings, uint64_t raft_id)
{
    struct core_settings core = core_settings_default(raft_id);

    if (settings->election_ms != 0) {
        core.election_ms = settings->election_ms;
    }
    if (settings->heartbeat_ms != 0) {
        core.heartbeat_ms = settings->heartbeat_ms;
    }
    if (settings->snapshot_entries != 0) {
        core.snapshot_threshold = settings->snapshot_entries;
    }
    if (settings->trailing_entries != 0) {
        core.snapshot_trailing = settings->trailing_entries;
    }
    return core;
}

static void on_stalled(void *context, uint64_t for_ms)
{
    struct engine *engine = context;

    engine->disk.hand_over = true;
    journal_warning("log_write_stalled", "raft_id=%" PRIu64 " for_ms=%" PRIu64,
                    engine->identity.raft_id, for_ms);
}

static void copy_text(char *to, size_t bytes, const char *from)
{
    snprintf(to, bytes, "%s", from == NULL ? "" : from);
}

static void fill_hello(struct engine *engine,
                       const struct replica_settings *settings)
{
    struct peer_hello *hello = &engine->hello;

    *hello = (struct peer_hello){.pool = engine->identity.pool,
                                 .node = engine->identity.node,
                                 .raft_id = engine->identity.raft_id,
                                 .directory_id = engine->identity.directory_id,
                                 .version_min = PEER_VERSION_MIN,
                                 .version_max = PEER_VERSION_MAX,
                                 .rules_version = settings->rules_version};
    copy_text(hello->software, sizeof(hello->software), settings->software);
    copy_text(hello->sip_address, sizeof(hello->sip_address),
              settings->sip_address);
}

/* What can be told before the core has started. */
static void first_status(struct engine *engine, const struct home *home)
{
    const struct log_recovered *log = home->recovered;
    uint64_t end = log->first_index + log->n;

    engine->status = (struct replica_status){
        .role = REPLICA_STOPPED,
        .raft_id = home->identity.raft_id,
        .term = log->term,
        .last_index = log->n > 0 ? end - 1 : log->snapshot.index,
        .first_index = log->first_index,
        .snapshot_index = engine_snapshot_needs(&log->snapshot)};
    board_post(engine->board, &engine->status);
}

/* All other nodes. */
static enum error open_peers(struct engine *engine,
                             const struct replica_settings *settings)
{
    struct transport_node others[REPLICA_NODES_MAX];
    struct transport_settings transport = {.hello = engine->hello,
                                           .nodes = others,
                                           .listen_host = settings->listen_host,
                                           .listen_port = settings->listen_port,
                                           .plain = settings->plain,
                                           .tls = settings->tls,
                                           .limits = settings->limits};

    for (size_t i = 0; i < settings->n_nodes; i++) {
        if (settings->nodes[i].node != engine->identity.node) {
            others[transport.n_nodes++] = settings->nodes[i];
        }
    }
    return peers_open(engine->peers, engine->loop, &transport);
}

enum error engine_open(struct engine *engine,
                       const struct replica_settings *settings)
{
    struct log_store_owner owner = {.stalled = on_stalled, .context = engine};
    struct home home;

    TRY(home_open(settings, &owner, &home));
    engine->identity = home.identity;
    engine->core_settings = core_settings_of(settings, home.identity.raft_id);
    engine->log = log_seam_new(home.log, home.recovered);
    CHECK(engine->log != NULL);
    first_status(engine, &home);
    fill_hello(engine, settings);
    engine->reads = read_index_new(engine->loop, engine->owner, engine->peers,
                                   engine->identity.raft_id);
    CHECK(engine->reads != NULL);
    TRY(engine_snapshots_open(engine, settings));
    return open_peers(engine, settings);
}

static enum error start_core(struct engine *engine)
{
    struct core_hooks hooks = {.context = engine,
                               .apply = on_apply,
                               .role_changed = on_role,
                               .batch_failed = on_batch_failed,
                               .fatal = on_fatal};
    struct core_log log = log_seam_functions(engine->log);
    struct core_network network = peers_network(engine->peers);

    engine_snapshot_hooks(&hooks);
    engine->core =
        core_new(engine->loop, &engine->core_settings, &log, &network, &hooks);
    if (engine->core == NULL) {
        return ERROR_NO_MEMORY;
    }
    read_index_attach(engine->reads, engine->core, engine->commits);
    return core_start(engine->core);
}

enum error engine_start(struct engine *engine, uint64_t applied_index)
{
    CHECK(!engine->started);
    engine->applied_index = applied_index;
    engine->commits = commits_new(engine->owner, applied_index);
    CHECK(engine->commits != NULL);
    TRY(start_core(engine));
    log_seam_loaded(engine->log);
    engine->started = true;
    engine->leaderless_us = loop_now_us(engine->loop);
    engine_post_status(engine, false);
    engine_renew_hello(engine);
    engine->links_changed = true;
    timer_start(engine->tick, ENGINE_TICK_MS, ENGINE_TICK_MS);
    return ERROR_NONE;
}
