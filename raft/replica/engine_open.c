/* An engine's beginning and end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/engine_parts.h"
#include "raft/replica/home.h"
#include "raft/replica/snapshots.h"

static void on_retry(void *context)
{
    (void)context; /* The end of the turn does it. */
}

static void copy_text(char *to, size_t bytes, const char *from)
{
    snprintf(to, bytes, "%s", from == NULL ? "" : from);
}

static void set_defaults(struct engine *engine,
                         const struct replica_settings *settings)
{
    engine->loop = settings->raft_loop;
    engine->slow_disk_ms = settings->slow_disk_ms == 0 ? REPLICA_SLOW_DISK_MS
                                                       : settings->slow_disk_ms;
    engine->segment_bytes = settings->segment_bytes == 0
                                ? LOG_SEGMENT_BYTES
                                : settings->segment_bytes;
    copy_text(engine->directory, sizeof(engine->directory),
              settings->directory);
    engine->n_nodes = settings->n_nodes;
    for (size_t i = 0; i < settings->n_nodes; i++) {
        engine->nodes[i] = settings->nodes[i].node;
        engine->membership.nodes[i].node = settings->nodes[i].node;
        if (settings->nodes[i].node != settings->node) {
            engine->meters.peers[i].node = settings->nodes[i].node;
        }
    }
    submit_init(&engine->submit);
    gather_init(&engine->gather);
    meter_histogram_init(&engine->meters.write_us, &meter_seconds);
}

struct engine *engine_new(const struct replica_settings *settings,
                          struct letters *owner)
{
    struct peers_events events;
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL) {
        return NULL;
    }
    events = engine_peers_events(engine);
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
    struct core_hooks hooks;
    struct core_log log = log_seam_functions(engine->log);
    struct core_network network = peers_network(engine->peers);

    engine_core_hooks(engine, &hooks);
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
