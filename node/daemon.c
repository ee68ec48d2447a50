#include "node/daemon.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/daemon_parts.h"
#include "node/descriptors.h"
#include "node/exports.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/scheduling.h"

enum { KEPT_BYTES = 1024 }; /* More where it is not enough. */

/* What a configuration means. */

void daemon_replica_settings(const struct config *config,
                             const struct plan *plan,
                             struct replica_settings *settings_out)
{
    static struct transport_node nodes[CONFIG_LIST_MAX];

    for (size_t i = 0; i < plan->n_nodes; i++) {
        nodes[i] = (struct transport_node){.node = plan->nodes[i].node,
                                           .host = plan->nodes[i].at.host,
                                           .port = plan->nodes[i].at.port};
    }
    *settings_out = (struct replica_settings){
        .directory = config->data_dir,
        .pool = plan->pool,
        .node = plan->node,
        .nodes = nodes,
        .n_nodes = plan->n_nodes,
        .listen_host = plan->peer_listen.host,
        .listen_port = plan->peer_listen.port,
        .plain = config->peer_plain,
        .tls = {.certificate = config->peer_certificate,
                .key = config->peer_key,
                .authority = config->peer_authorities},
        .software = DAEMON_SOFTWARE,
        .sip_address = config->sip_redirect == NULL ? "" : config->sip_redirect,
        .rules_version = COMMAND_RULES_KNOWN,
        .state = BACKEND_STATE_NAME,
        .election_ms = (uint32_t)config->raft_election_ms,
        .heartbeat_ms = (uint32_t)config->raft_heartbeat_ms,
        .snapshot_entries = (uint32_t)config->raft_snapshot_entries,
        .trailing_entries = (uint32_t)config->raft_trailing_entries,
        .segment_bytes = config->raft_segment_bytes,
        .floor_bytes = config->disk_floor_bytes,
    };
}

/* Beginning: the backend is opened beside main's loop, which can take as long
 * as a state is large; then the threads start. */

/* Where perch-adapter is installed. */
static void find_beside(char *path, size_t room)
{
    char self[DAEMON_PATH_BYTES] = "";
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash = len > 0 ? strrchr(self, '/') : NULL;

    snprintf(path, room, "%.*s/perch-adapter",
             slash == NULL ? 0 : (int)(slash - self), self);
}

static const char *keep(struct daemon *daemon, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = arena_alloc(daemon->kept, bytes);

    CHECK(copy != NULL);
    memcpy(copy, text, bytes);
    return copy;
}

static const char *const *keep_list(struct daemon *daemon,
                                    const struct config_list *list)
{
    const char **copy =
        arena_alloc(daemon->kept, (list->n + 1) * sizeof(*copy));

    CHECK(copy != NULL);
    for (size_t i = 0; i < list->n; i++) {
        copy[i] = keep(daemon, list->values[i]);
    }
    return copy;
}

/* What the node's adapters may be. Copies: a reload frees the configuration's
 * texts, and adapters run on threads of their own. */
static void set_exporting(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    struct exporting_settings *exporting = &daemon->exporting;
    struct config_list outputs = config->archive_outputs;
    char path[DAEMON_PATH_BYTES + 16];

    daemon->kept = arena_new(KEPT_BYTES);
    CHECK(daemon->kept != NULL);
    if (outputs.n == 0) {
        snprintf(path, sizeof(path), "%s/export", config->data_dir);
        outputs.values[outputs.n++] = path;
    }
    *exporting = (struct exporting_settings){
        .programs = keep_list(daemon, &config->archive_programs),
        .n_programs = config->archive_programs.n,
        .outputs = keep_list(daemon, &outputs),
        .n_outputs = outputs.n,
        .at_once = (unsigned)config->archive_adapters_at_once,
        .deadline_ms = config->archive_adapter_deadline_ms,
    };
    if (config->archive_adapter_program == NULL) {
        find_beside(path, sizeof(path));
    } else {
        snprintf(path, sizeof(path), "%s", config->archive_adapter_program);
    }
    exporting->adapter_program = keep(daemon, path);
}

static void run_opening(struct job *job)
{
    struct daemon *daemon =
        (struct daemon *)((char *)job - offsetof(struct daemon, opening));
    struct backend_settings settings = {
        .store = {.memtable_bytes = daemon->config->store_memtable_bytes,
                  .cache_bytes = daemon->config->store_cache_bytes},
        .rules_known = COMMAND_RULES_KNOWN,
        .exporting = &daemon->exporting,
        .searches = true,
    };
    const struct backend_events events = daemon_backend_events(daemon);

    set_exporting(daemon);
    daemon_replica_settings(daemon->config, daemon->plan, &settings.replica);
    settings.replica.owner_loop = daemon->state_loop;
    settings.replica.raft_loop = daemon->raft_loop;
    daemon->opened = daemon_archive_open(daemon, &settings);
    if (daemon->opened == ERROR_NONE) {
        daemon->opened = backend_open(&daemon->backend, &settings, &events);
    }
}

static enum error start_threads(struct daemon *daemon)
{
    daemon->pulses[1] = pulse_new(daemon->health, daemon->state_loop, "state");
    daemon->pulses[2] = pulse_new(daemon->health, daemon->raft_loop, "raft");
    if (daemon->pulses[1] == NULL || daemon->pulses[2] == NULL) {
        return ERROR_NO_MEMORY;
    }
    daemon->raft_thread = loop_thread_start(daemon->raft_loop, "raft");
    daemon->state_thread = loop_thread_start(daemon->state_loop, "state");
    if (daemon->raft_thread == NULL || daemon->state_thread == NULL) {
        return ERROR_NO_MEMORY;
    }
    return web_start(daemon->web);
}

/* @applied  What the state held before its thread, whose it is from then. */
static enum error begin_serving(struct daemon *daemon, uint64_t *applied)
{
    TRY(daemon->opened);
    TRY(daemon_state_open(daemon));
    TRY(backend_start(daemon->backend));
    *applied = applier_applied(backend_applier(daemon->backend));
    return start_threads(daemon);
}

static void done_opening(struct job *job)
{
    struct daemon *daemon =
        (struct daemon *)((char *)job - offsetof(struct daemon, opening));
    uint64_t applied = 0;
    enum error error = begin_serving(daemon, &applied);

    timer_stop(daemon->extend);
    if (error != ERROR_NONE) {
        journal_error("not_started", "node=%u error=%s", daemon->plan->node,
                      error_name(error));
        daemon->exit_code = DAEMON_EXIT_FATAL;
        loop_stop(daemon->main_loop);
        return;
    }
    health_set(daemon->health, HEALTH_APPLYING, true);
    timer_start(daemon->tick, 0, DAEMON_TICK_MS);
    journal_notice(
        "started", "node=%u software=\"%s\" raft_id=%llx applied=%llu",
        daemon->plan->node, DAEMON_SOFTWARE,
        (unsigned long long)replica_identity(backend_replica(daemon->backend))
            .raft_id,
        (unsigned long long)applied);
    notify_ready(daemon->notify, "started");
}

/* Making and unmaking. */

static enum error open_web(struct daemon *daemon)
{
    const struct web_options options = {.host = daemon->plan->web_listen.host,
                                        .port = daemon->plan->web_listen.port,
                                        .metrics = daemon->metrics,
                                        .health = daemon->health};

    return web_open(&daemon->web, &options);
}

static enum error open_parts(struct daemon *daemon)
{
    scheduling_gather();
    TRY(descriptors_claim());
    daemon->main_loop = loop_new();
    daemon->state_loop = loop_new();
    daemon->raft_loop = loop_new();
    daemon->health = health_new();
    daemon->metrics = metrics_new();
    daemon->status = board_new(sizeof(struct replica_status));
    if (daemon->main_loop == NULL || daemon->state_loop == NULL ||
        daemon->raft_loop == NULL || daemon->health == NULL ||
        daemon->metrics == NULL || daemon->status == NULL) {
        return ERROR_NO_MEMORY;
    }
    health_set(daemon->health, HEALTH_LISTENING,
               daemon->plan->n_listeners == 0);
    snprintf(daemon->socket_path, sizeof(daemon->socket_path), "%s/admin.sock",
             daemon->config->run_dir);
    TRY(notify_open(&daemon->notify));
    TRY(daemon_main_open(daemon));
    return open_web(daemon);
}

enum error daemon_new(struct daemon **daemon_out, const char *config_path,
                      const struct config *config, const struct plan *plan)
{
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    enum error error;

    if (daemon == NULL) {
        return ERROR_NO_MEMORY;
    }
    daemon->config_path = config_path;
    daemon->config = config;
    daemon->plan = plan;
    error = open_parts(daemon);
    if (error != ERROR_NONE) {
        journal_error("not_started", "node=%u error=%s", plan->node,
                      error_name(error));
        daemon_free(daemon);
        return error;
    }
    *daemon_out = daemon;
    return ERROR_NONE;
}

int daemon_run(struct daemon *daemon)
{
    daemon->opening = (struct job){.run = run_opening, .done = done_opening};
    timer_start(daemon->extend, 0, DAEMON_EXTEND_MS);
    worker_submit(daemon->opener, &daemon->opening);
    loop_run(daemon->main_loop);
    return daemon->exit_code;
}

static void stop_threads(struct daemon *daemon)
{
    if (daemon->web != NULL) {
        web_stop(daemon->web);
    }
    loop_thread_stop(daemon->state_thread);
    loop_thread_stop(daemon->raft_thread);
}

/* The sessions tell edges nothing any more; what edges still tell the sessions
 * stays in their queue. */
static void close_edges(struct daemon *daemon)
{
    struct edges *edges = atomic_load(&daemon->edges);

    for (size_t i = 0; edges != NULL && i < edges_count(edges); i++) {
        sessions_set_edge(backend_sessions(daemon->backend), (uint8_t)i, NULL);
    }
    edges_close(edges);
}

/* What looks at the backend ends before it, and loops end last. */
void daemon_free(struct daemon *daemon)
{
    if (daemon == NULL) {
        return;
    }
    stop_threads(daemon);
    close_edges(daemon);
    if (daemon->backend != NULL) { /* Not of a node that did not come up. */
        sessions_set_program(backend_sessions(daemon->backend), NULL, false);
    }
    program_close(daemon->program);
    daemon_state_close(daemon);
    backend_close(daemon->backend);
    daemon_archive_close(daemon);
    arena_free(daemon->kept);
    bridge_free(daemon->bridge);
    web_close(daemon->web);
    for (size_t i = 0; i < DAEMON_PULSES; i++) {
        pulse_free(daemon->pulses[i]);
    }
    daemon_main_close(daemon);
    notify_close(daemon->notify);
    metrics_free(daemon->metrics);
    health_free(daemon->health);
    board_free(daemon->status);
    loop_free(daemon->raft_loop);
    loop_free(daemon->state_loop);
    loop_free(daemon->main_loop);
    free(daemon);
}
