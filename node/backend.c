#include "node/backend.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/query.h"
#include "node/session/reads.h"
#include "node/state_loop.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/command.h"
#include "raft/device.h"
#include "storage/files.h"

struct backend {
    struct backend_settings settings;
    struct backend_events events;
    struct replica *replica;
    struct state_loop *state;
    struct compliance *compliance;
    char catalog[FILES_PATH_BYTES_MAX];
    char archive[FILES_PATH_BYTES_MAX];
    struct buffer noop; /* The command of a number that was taken back. */

    struct timer *tick;
    struct read probe;
    bool probing;
    uint64_t probe_due_us, fresh_at_us;
    bool fresh;
    enum load load;
    bool has_domain;
    bool stopped;
};

void backend_stop(struct backend *backend)
{
    backend->stopped = true;
    if (backend->compliance != NULL) {
        compliance_stop(backend->compliance);
    }
    state_loop_stop(backend->state);
}

/* What the state loop's parts tell. */

/* What a mark says. */
#define ROTTEN_STATE   "rotten state\n"
#define ROTTEN_ARCHIVE "rotten archive\n"
#define ROTTEN_BOTH    "rotten state and archive\n"

/* Where it stands that the state was found rotten while the node ran. */
static enum error mark_path(const struct backend *backend,
                            char path[FILES_PATH_BYTES_MAX])
{
    return files_path(path, backend->settings.replica.directory,
                      BACKEND_ROTTEN_NAME);
}

/* So that the next start does not believe what this one has found rotten. */
static void mark_rotten(const struct backend *backend, const char *what)
{
    char path[FILES_PATH_BYTES_MAX];
    enum error error = mark_path(backend, path);

    if (error == ERROR_NONE) {
        error = files_write(path, 0, what, strlen(what));
    }
    if (error == ERROR_NONE) {
        error = files_sync(path); /* What it says counts. */
    }
    if (error == ERROR_NONE) {
        error = files_sync(backend->settings.replica.directory);
    }
    if (error != ERROR_NONE) {
        journal_error("not_marked", "path=%s error=%s", path,
                      error_name(error));
    }
}

/* Which of both is marked. A mark that says anything else is of both. */
static void read_mark(const struct backend *backend, bool *state_out,
                      bool *archive_out)
{
    char path[FILES_PATH_BYTES_MAX], what[sizeof(ROTTEN_BOTH)] = "";
    size_t got = 0;

    *archive_out = false;
    *state_out =
        mark_path(backend, path) == ERROR_NONE &&
        files_read(path, 0, what, sizeof(ROTTEN_BOTH) - 1, &got) == ERROR_NONE;
    if (*state_out) {
        *archive_out = strcmp(what, ROTTEN_STATE) != 0;
        *state_out = strcmp(what, ROTTEN_ARCHIVE) != 0;
    }
}

static enum error unmark(const struct backend *backend)
{
    char path[FILES_PATH_BYTES_MAX];
    enum error error;

    TRY(mark_path(backend, path));
    error = files_remove(path);
    return error == ERROR_NOT_FOUND
               ? ERROR_NONE
               : files_sync(backend->settings.replica.directory);
}

static void stop_for(struct backend *backend, enum error error,
                     const char *reason, const char *what)
{
    backend->stopped = true;
    compliance_stop(backend->compliance);
    if (error == ERROR_ROTTEN) {
        mark_rotten(backend, what);
    }
    journal_error("node_stops", "node=%u error=%s reason=\"%s\"",
                  backend->settings.replica.node, error_name(error), reason);
    backend->events.fatal(backend->events.context, error, reason);
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    stop_for(context, error, reason, ROTTEN_STATE);
}

static void on_faulty(void *context, bool is_faulty)
{
    struct backend *backend = context;

    sessions_set_archive_fault(backend_sessions(backend), is_faulty);
}

/* The archive's files contradict the state, or the state the other nodes. */
static void on_unsound(void *context, bool is_state, const char *reason)
{
    struct backend *backend = context;

    state_loop_stop(backend->state);
    stop_for(backend, ERROR_ROTTEN, reason,
             is_state ? ROTTEN_BOTH : ROTTEN_ARCHIVE);
}

static void on_changed(void *context, const struct replica_status *status)
{
    struct backend *backend = context;

    compliance_changed(backend->compliance, status);
    backend->events.changed(backend->events.context, status);
}

static void tell_domain(struct backend *backend)
{
    struct pool_view pool;
    char domain[BACKEND_DOMAIN_BYTES];

    query_pool(applier_machine(backend_applier(backend)), &pool);
    if (pool.domain.len == 0) {
        return;
    }
    backend->has_domain = true;
    CHECK(pool.domain.len < sizeof(domain));
    memcpy(domain, pool.domain.data, pool.domain.len);
    domain[pool.domain.len] = '\0';
    backend->events.domain(backend->events.context, domain);
}

static void on_applied(void *context)
{
    struct backend *backend = context;

    compliance_committed(backend->compliance);
    if (!backend->has_domain) {
        tell_domain(backend);
    }
}

static void on_fill(void *context, struct batch *batch)
{
    struct backend *backend = context;

    compliance_fill(backend->compliance, batch);
}

static void on_released(void *context)
{
    struct backend *backend = context;

    state_loop_released(backend->state);
}

static void on_release(void *context)
{
    struct backend *backend = context;

    compliance_release(backend->compliance, on_released, backend);
}

static struct compliance_state state_of(const struct backend *backend)
{
    const struct applier *applier = state_loop_applier(backend->state);

    return (struct compliance_state){
        .machine = applier_machine(applier),
        .store = applier_store(applier),
    };
}

static void on_archive(void *context, uint8_t node,
                       const struct peer_message *message)
{
    struct backend *backend = context;

    compliance_received(backend->compliance, node, message);
}

static void on_restored(void *context)
{
    struct backend *backend = context;
    struct compliance_state now = state_of(backend);

    compliance_restored(backend->compliance, &now);
}

static void on_entry(void *context, const struct applied_entry *entry,
                     const struct applied *applied,
                     const struct effects *effects)
{
    struct backend *backend = context;

    compliance_entry(backend->compliance, entry, applied, effects);
    if (backend->events.entry != NULL) {
        backend->events.entry(backend->events.context, entry, applied, effects);
    }
}

/* Freshness: a read index that the state has reached. */

static void on_probed(struct read *read, enum error error)
{
    struct backend *backend =
        (struct backend *)((char *)read - offsetof(struct backend, probe));

    backend->probing = false;
    if (error == ERROR_NONE) {
        backend->fresh_at_us =
            loop_now_us(backend->settings.replica.owner_loop);
    }
}

static void probe(struct backend *backend, uint64_t now_us)
{
    if (backend->probing || now_us < backend->probe_due_us) {
        return;
    }
    backend->probe_due_us = now_us + BACKEND_PROBE_MS * 1000;
    backend->probe.tell = on_probed;
    backend->probing = reads_ask(sessions_reads(backend_sessions(backend)),
                                 &backend->probe) == ERROR_NONE;
}

static void judge_freshness(struct backend *backend, uint64_t now_us)
{
    bool fresh = backend->fresh_at_us != 0 &&
                 now_us - backend->fresh_at_us < BACKEND_STALE_MS * 1000;

    if (fresh != backend->fresh) {
        backend->fresh = fresh;
        backend->events.fresh(backend->events.context, fresh);
    }
}

static void on_tick(void *context)
{
    struct backend *backend = context;
    uint64_t now_us = loop_now_us(backend->settings.replica.owner_loop);
    enum load load = sessions_load(backend_sessions(backend));

    if (backend->stopped) {
        return;
    }
    probe(backend, now_us);
    judge_freshness(backend, now_us);
    if (load != backend->load) {
        backend->load = load;
        backend->events.load(backend->events.context, load);
    }
}

/* Opening. */

static enum error open_replica(struct backend *backend)
{
    struct replica_settings settings = backend->settings.replica;

    settings.state = BACKEND_STATE_NAME;
    settings.rules_version = backend->settings.rules_known;
    settings.noop = buffer_slice(&backend->noop);
    settings.events = *state_loop_events(backend->state);
    return replica_open(&settings, &backend->replica);
}

/* Open the state and see that it and the log fit. */
static enum error open_state(struct backend *backend)
{
    const struct replica_settings *settings = &backend->settings.replica;
    const struct replica_status *status = replica_status(backend->replica);
    struct replica_identity identity = replica_identity(backend->replica);
    bool searches = backend->settings.searches;
    const struct applier_settings applier = {
        .loop = settings->owner_loop,
        .data = settings->directory,
        .rules_known = backend->settings.rules_known,
        .store = &backend->settings.store,
    };
    const struct sessions_settings sessions = {
        .loop = settings->owner_loop,
        .node = identity.node,
        .raft_id = identity.raft_id,
        .directory_id = identity.directory_id,
        .rules_known = backend->settings.rules_known,
        .masks = XCCOS_MASKS_DEFAULT,
        .catalog = searches ? backend->catalog : NULL,
    };

    TRY(files_path(backend->catalog, settings->directory,
                   BACKEND_CATALOG_NAME));
    TRY(state_loop_open(backend->state, &applier, &sessions));
    if (replica_staged_index(backend->replica) >= status->snapshot_index &&
        status->snapshot_index > applier_applied(backend_applier(backend))) {
        return ERROR_NONE; /* What lies between is staged, to be restored. */
    }
    return applier_reconcile(backend_applier(backend), status->snapshot_index,
                             status->last_index);
}

static enum error archive_directory(struct backend *backend,
                                    const char **directory_out)
{
    const char *set = backend->settings.archive;
    size_t len = set == NULL ? 0 : strlen(set);

    *directory_out = backend->archive;
    if (set == NULL) {
        return files_path(backend->archive, backend->settings.replica.directory,
                          BACKEND_ARCHIVE_NAME);
    }
    while (len > 1 && set[len - 1] == '/') {
        len -= 1;
    }
    if (len >= sizeof(backend->archive)) {
        return ERROR_TOO_LARGE;
    }
    memcpy(backend->archive, set, len);
    backend->archive[len] = '\0';
    return ERROR_NONE;
}

/* The directory that a name, the last part of a path, is in: without the slash
 * between, but for that of the root. */
static bool write_parent(char parent[FILES_PATH_BYTES_MAX], const char *path,
                         const char *name)
{
    int len = (int)(name - path) - 1;

    if (name == path) {
        return (size_t)snprintf(parent, FILES_PATH_BYTES_MAX, ".") <
               FILES_PATH_BYTES_MAX;
    }
    return (size_t)snprintf(parent, FILES_PATH_BYTES_MAX, "%.*s",
                            len == 0 ? 1 : len, path) < FILES_PATH_BYTES_MAX;
}

/* Kept beside itself, for whoever wants to know what happened. */
static enum error set_archive_aside(struct backend *backend)
{
    int64_t now_us = loop_wall_us(backend->settings.replica.owner_loop);
    char parent[FILES_PATH_BYTES_MAX], aside[DEVICE_NAME_BYTES_MAX + 1];
    const char *directory, *name;
    struct device *device;
    enum error error;

    TRY(archive_directory(backend, &directory));
    name = strrchr(directory, '/');
    name = name == NULL ? directory : name + 1;
    if ((size_t)snprintf(aside, sizeof(aside), "%.200s.rotted-%" PRId64, name,
                         now_us / 1000000) >= sizeof(aside) ||
        !write_parent(parent, directory, name)) {
        return ERROR_TOO_LARGE;
    }
    TRY(device_open(parent, &device));
    error = device_rename(device, name, aside);
    if (error == ERROR_NONE) {
        error = device_sync(device);
        journal_notice("archive_set_aside", "directory=%s as=%s", directory,
                       aside);
    }
    device_close(device);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error open_archive(struct backend *backend)
{
    const struct replica_settings *replica = &backend->settings.replica;
    const char *directory;

    TRY(archive_directory(backend, &directory));
    return compliance_open(&backend->compliance,
                           &(struct compliance_settings){
                               .loop = replica->owner_loop,
                               .directory = directory,
                               .node = replica->node,
                               .signer = backend->settings.signer,
                               .witnesses = backend->settings.witnesses,
                               .unsound = on_unsound,
                               .faulty = on_faulty,
                               .context = backend,
                               .exporting = backend->settings.exporting,
                           });
}

static enum error open_parts(struct backend *backend)
{
    const struct state_loop_owner owner = {
        .context = backend,
        .fatal = on_fatal,
        .changed = on_changed,
        .applied = on_applied,
        .fill = on_fill,
        .release = on_release,
        .restored = on_restored,
        .archive = on_archive,
        .entry = on_entry,
    };

    backend->state = state_loop_new(&owner);
    if (backend->state == NULL) {
        return ERROR_NO_MEMORY;
    }
    TRY(open_replica(backend));
    TRY(open_state(backend));
    return open_archive(backend);
}

static void abandon_parts(struct backend *backend)
{
    replica_close(backend->replica);
    compliance_close(backend->compliance);
    backend->compliance = NULL;
    state_loop_abandon(backend->state);
    backend->replica = NULL;
    backend->state = NULL;
}

/* Open log and state; a past that cannot be believed is set aside, once. In a
 * pool of one node nobody could give it another: all stays as it is. */
static enum error open_or_begin_anew(struct backend *backend)
{
    const struct replica_settings *settings = &backend->settings.replica;
    bool state, archive;
    enum error error;

    read_mark(backend, &state, &archive);
    if (archive && settings->n_nodes > 1) {
        TRY(set_archive_aside(backend));
    }
    if (archive && !state) {
        TRY(unmark(backend)); /* Its records are fetched from other nodes. */
    }
    error = state ? ERROR_ROTTEN : open_parts(backend);
    if (error != ERROR_ROTTEN && error != ERROR_FORGOTTEN) {
        return error;
    }
    if (settings->n_nodes == 1) {
        journal_error("past_lost",
                      "node=%u error=%s reason=\"no other node has a copy: all "
                      "files stay, restore them from a backup\"",
                      settings->node, error_name(error));
        return error;
    }
    journal_error("past_lost",
                  "node=%u error=%s reason=\"log and state are set aside, "
                  "the node comes back without them\"",
                  settings->node, error_name(error));
    abandon_parts(backend);
    TRY(replica_set_aside(settings->directory, BACKEND_STATE_NAME,
                          loop_wall_us(settings->owner_loop)));
    TRY(unmark(backend));
    backend->settings.replica.founding = false;
    return open_parts(backend);
}

static void write_noop(struct buffer *to)
{
    Perch__Noop noop = PERCH__NOOP__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_NOOP;
    command.noop = &noop;
    command_write(&command, to);
    CHECK(!buffer_failed(to));
}

/* Free what is not of the parts. */
static void free_shell(struct backend *backend)
{
    timer_free(backend->tick);
    buffer_deinit(&backend->noop);
    free(backend);
}

enum error backend_open(struct backend **backend_out,
                        const struct backend_settings *settings,
                        const struct backend_events *events)
{
    struct backend *backend = calloc(1, sizeof(*backend));
    enum error error;

    if (backend == NULL) {
        return ERROR_NO_MEMORY;
    }
    backend->settings = *settings;
    backend->events = *events;
    write_noop(&backend->noop);
    backend->tick = timer_new(settings->replica.owner_loop, on_tick, backend);
    CHECK(backend->tick != NULL);
    error = open_or_begin_anew(backend);
    if (error != ERROR_NONE) {
        abandon_parts(backend);
        free_shell(backend);
        return error;
    }
    *backend_out = backend;
    return ERROR_NONE;
}

enum error backend_start(struct backend *backend)
{
    struct compliance_state now = state_of(backend);

    TRY(replica_start(backend->replica,
                      applier_applied(backend_applier(backend))));
    if (compliance_asks_first(backend->compliance, &now)) {
        proposer_hold(sessions_proposer(backend_sessions(backend)));
    }
    state_loop_start(backend->state, backend->replica);
    compliance_start(backend->compliance, backend->replica,
                     sessions_proposer(backend_sessions(backend)), &now);
    timer_start(backend->tick, BACKEND_TICK_MS, BACKEND_TICK_MS);
    on_applied(backend);
    return ERROR_NONE;
}

static void close_with(struct backend *backend,
                       void (*end)(struct state_loop *state))
{
    if (backend == NULL) {
        return;
    }
    replica_close(backend->replica);
    compliance_close(backend->compliance); /* It reads the store. */
    end(backend->state);
    free_shell(backend);
}

void backend_close(struct backend *backend)
{
    close_with(backend, state_loop_close);
}

void backend_abandon(struct backend *backend)
{
    close_with(backend, state_loop_abandon);
}

struct sessions *backend_sessions(struct backend *backend)
{
    return state_loop_sessions(backend->state);
}

struct applier *backend_applier(struct backend *backend)
{
    return state_loop_applier(backend->state);
}

struct replica *backend_replica(struct backend *backend)
{
    return backend->replica;
}

struct compliance *backend_compliance(struct backend *backend)
{
    return backend->compliance;
}
