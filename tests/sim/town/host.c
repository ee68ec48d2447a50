#include "tests/sim/town/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/replica_meters.h"
#include "storage/catalog.h"
#include "storage/files.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/town/town.h"
#include "tests/sim/transport_sim.h"

enum {
    PORT = 7000,
    SEGMENT_BYTES = 1024 * 1024,
    FLOOR_BYTES = 1024 * 1024,
    EDGE_LETTERS_MAX = 1 << 20,
    RESTART_US = 200 * TOWN_MS,
    STREAM_HOSTS = 200,
    STREAM_PROGRAMS = 300,
    LOG_KEY = 1,        /* Each byte of the private one. */
    RENEWED_ONE_IN = 4, /* Starts, of older programs. */
};

static const struct guid pool_id = {.bytes = {7}};

static uint64_t disk_random(void *context)
{
    struct host *host = context;

    return random_next(&host->random);
}

void host_log_key(uint8_t public_out[NOTE_KEY_BYTES])
{
    uint8_t key[NOTE_KEY_BYTES];

    memset(key, LOG_KEY, sizeof(key));
    note_public_key(key, public_out);
}

/* All have the log's key; each has one of its own. */
static void make_keys(struct host *host)
{
    static const bool has[SIGNER_KEYS] = {true, true};

    memset(host->seeds.keys[SIGNER_LOG], LOG_KEY, NOTE_KEY_BYTES);
    memset(host->seeds.keys[SIGNER_NODE], 100 + (int)host->number,
           NOTE_KEY_BYTES);
    signer_of_seeds(&host->signer, &host->seeds, has);
}

void host_init(struct host *host, struct town *town, unsigned number)
{
    host->town = town;
    host->number = number;
    host->random = random_stream(town->settings.seed, STREAM_HOSTS + number);
    host->programs =
        random_stream(town->settings.seed, STREAM_PROGRAMS + number);
    host->rules_known =
        town->mishaps >> MISHAP_VERSIONS & 1
            ? (uint32_t)random_between(&host->programs, 1, COMMAND_RULES_KNOWN)
            : COMMAND_RULES_KNOWN;
    snprintf(host->path, sizeof(host->path), "/n%u", number);
    snprintf(host->archive, sizeof(host->archive), "%s/" BACKEND_ARCHIVE_NAME,
             host->path);
    make_keys(host);
    host->disk = disk_new(host->path, disk_random, host);
    CHECK(host->disk != NULL);
}

/* It lies beside the disk, by name, and would be there in another run. */
void host_drop_catalog(struct host *host)
{
    char path[FILES_PATH_BYTES_MAX];

    CHECK(files_path(path, host->path, BACKEND_CATALOG_NAME) == ERROR_NONE);
    catalog_discard(path);
}

void host_deinit(struct host *host)
{
    host_drop_catalog(host);
    disk_free(host->disk);
}

bool host_is_up(const struct host *host)
{
    return host->backend != NULL && !host->dying;
}

const struct replica_status *host_status(const struct host *host)
{
    return replica_status(backend_replica(host->backend));
}

/* --- What the backend tells --- */

static void on_domain(void *context, const char *domain)
{
    (void)domain;
    ((struct host *)context)->serves = true;
}

static void on_load(void *context, enum load load)
{
    (void)context;
    (void)load;
}

static void on_fresh(void *context, bool fresh)
{
    (void)context;
    (void)fresh;
}

static void on_entry(void *context, const struct applied_entry *entry,
                     const struct applied *applied,
                     const struct effects *effects)
{
    struct host *host = context;
    struct town *town = host->town;

    if (town->auditor != NULL) {
        const struct machine *machine =
            applier_machine(backend_applier(host->backend));

        auditor_entry(town->auditor, host->number, machine, entry, applied,
                      effects);
        sinks_check(town->sinks, host->number, machine);
    }
    if (town->witness != NULL) {
        witness_entry(town->witness, entry, applied, effects);
    }
}

static void on_changed(void *context, const struct replica_status *status)
{
    struct host *host = context;

    town_trace(host->town, "host %u role %d term %llu leader %u members %zu",
               host->number, status->role, (unsigned long long)status->term,
               status->leader, status->n);
}

static void on_start_due(void *context)
{
    host_start(context);
}

static void on_kill_due(void *context)
{
    struct host *host = context;

    host_kill(host);
    town_later(host->town, RESTART_US, on_start_due, host);
}

static void renew(struct host *host)
{
    if (host->rules_known < COMMAND_RULES_KNOWN) {
        host->rules_known = COMMAND_RULES_KNOWN;
        host->town->result.upgrades++;
        town_trace(host->town, "host %u has a newer program", host->number);
    }
}

/* A program that is too old for what the pool has come to stops by itself. */
static bool is_too_old(struct host *host, enum error error)
{
    bool too_old =
        error == ERROR_UNSUPPORTED && host->rules_known < COMMAND_RULES_KNOWN;

    if (too_old && host->town->witness != NULL &&
        !witness_gave_up(host->town->witness, host->number)) {
        return false; /* The raise should have waited for it. */
    }
    if (too_old) {
        renew(host);
    }
    return too_old;
}

/* A log that was cut on purpose asks for a start, and so does a state that was
 * found rotten; else only a disk that fails may end a host. */
static void on_fatal(void *context, enum error error, const char *reason)
{
    struct host *host = context;
    bool damaged = error == ERROR_ROTTEN && (host->lost_disk || host->tampered);

    town_trace(host->town, "host %u fatal %s: %s", host->number,
               error_name(error), reason);
    if (error != ERROR_FORGOTTEN && !damaged && !host->full && !host->fails &&
        !is_too_old(host, error)) {
        ledger_break(&host->town->ledger, "dead", "host %u: %s: %s",
                     host->number, error_name(error), reason);
    }
    if (error == ERROR_ROTTEN && host->tampered) {
        host->tampered = false;
        disk_knobs(host->disk)->bent = NULL;
        host->town->result.rebuilt++;
    }
    if (!host->dying) {
        host->dying = true;
        town_later(host->town, 0, on_kill_due, host);
    }
}

/* --- A life --- */

static void on_deliveries(void *context, struct letter_list *list)
{
    guests_take(context, list);
}

static struct loop *make_loop(struct host *host, uint64_t which)
{
    struct loop_sim_traits traits = {
        .id = host->number * 10 + which,
        .seed = random_next(&host->random),
        .wall_offset_us =
            (int64_t)random_between(&host->random, 1, 100 * TOWN_MS),
        .now_offset_us = random_below(&host->random, TOWN_SECOND),
        .job_us_max = host->town->job_us};

    return loop_sim_new(host->town->schedule, &traits);
}

static struct replica_settings replica_of(
    struct host *host, const struct transport_node *addresses)
{
    const struct town *town = host->town;

    return (struct replica_settings){.directory = host->path,
                                     .pool = pool_id,
                                     .node = (uint8_t)host->number,
                                     .founding = !host->founded,
                                     .nodes = addresses,
                                     .n_nodes = town->settings.hosts,
                                     .listen_host = "127.0.0.1",
                                     .listen_port =
                                         (uint16_t)(PORT + host->number),
                                     .plain = true,
                                     .software = "sim",
                                     .snapshot_entries = town->snapshot_entries,
                                     .trailing_entries = town->trailing_entries,
                                     .segment_bytes = SEGMENT_BYTES,
                                     .floor_bytes = FLOOR_BYTES,
                                     .owner_loop = host->state_loop,
                                     .raft_loop = host->raft_loop};
}

static enum error open_backend(struct host *host)
{
    struct transport_node addresses[TOWN_HOSTS_MAX];
    const struct backend_events events = {.context = host,
                                          .domain = on_domain,
                                          .load = on_load,
                                          .changed = on_changed,
                                          .fresh = on_fresh,
                                          .entry = on_entry,
                                          .fatal = on_fatal};
    struct backend_settings settings = {
        .store = STORE_OPTIONS_DEFAULT,
        .searches = true,
        .rules_known = host->rules_known,
        .signer = host->town->auditor == NULL ? NULL : &host->signer,
        .witnesses = host->town->observer == NULL
                         ? NULL
                         : observer_port(host->town->observer),
        .exporting = host->town->sinks == NULL ? NULL : sinks_settings()};

    for (unsigned i = 0; i < host->town->settings.hosts; i++) {
        addresses[i] = (struct transport_node){(uint8_t)(i + 1), "127.0.0.1",
                                               (uint16_t)(PORT + i + 1)};
    }
    settings.replica = replica_of(host, addresses);
    TRY(backend_open(&host->backend, &settings, &events));
    host->founded = true;
    return backend_start(host->backend);
}

static void open_edge(struct host *host)
{
    host->edge =
        letters_new(host->state_loop, EDGE_LETTERS_MAX, on_deliveries, host);
    CHECK(host->edge != NULL);
    sessions_set_edge(backend_sessions(host->backend), 0, host->edge);
}

static void close_edge(struct host *host)
{
    struct letter_list left;
    struct letter *letter;

    if (host->edge == NULL) {
        return;
    }
    sessions_set_edge(backend_sessions(host->backend), 0, NULL);
    letters_close(host->edge, &left);
    while ((letter = STAILQ_FIRST(&left)) != NULL) {
        STAILQ_REMOVE_HEAD(&left, link);
        delivery_free((struct delivery *)letter);
    }
    letters_free(host->edge);
    host->edge = NULL;
}

static void bury(struct town *town, struct loop *loop)
{
    CHECK(town->n_buried < TOWN_LIVES_MAX);
    loop_sim_kill(loop);
    town->buried[town->n_buried++] = loop;
}

static void end_life(struct host *host, void (*end)(struct backend *backend))
{
    close_edge(host);
    transport_sim_leave(host->raft_loop, random_below(&host->random, 2) == 0);
    end(host->backend);
    host->backend = NULL;
    bury(host->town, host->state_loop);
    bury(host->town, host->raft_loop);
    guests_lose(host);
}

static void make_life(struct host *host)
{
    host->state_loop = make_loop(host, 1);
    host->raft_loop = make_loop(host, 2);
    transport_sim_join(host->raft_loop, host->town->network, host->number - 1);
    host->life++;
    host->dying = false;
    host->serves = false;
}

/* It does not come up; only what was done to its disk may be why. */
static void fail_start(struct host *host, enum error error)
{
    town_trace(host->town, "host %u does not start: %s", host->number,
               error_name(error));
    if (!host->full && !host->fails && !is_too_old(host, error)) {
        ledger_break(&host->town->ledger, "start", "host %u: %s", host->number,
                     error_name(error));
    }
    end_life(host, backend_abandon);
    town_later(host->town, RESTART_US, on_start_due, host);
}

/* Who it is now. */
static void learn_name(struct host *host)
{
    uint64_t raft_id = replica_identity(backend_replica(host->backend)).raft_id;

    if (host->raft_id != 0 && raft_id != host->raft_id) {
        host->town->result.incarnations++;
        if (!host->lost_disk) {
            ledger_break(&host->town->ledger, "anew",
                         "host %u has lost its past", host->number);
        }
    }
    host->raft_id = raft_id;
    host->lost_disk = false;
}

void host_start(struct host *host)
{
    enum error error;

    if (host->backend != NULL) {
        return;
    }
    if (random_below(&host->programs, RENEWED_ONE_IN) == 0) {
        renew(host);
    }
    make_life(host);
    error = open_backend(host);
    host->town->result.starts++;
    if (error != ERROR_NONE) {
        fail_start(host, error);
        return;
    }
    open_edge(host);
    learn_name(host);
    town_trace(
        host->town, "host %u up as %llx at %llu", host->number,
        (unsigned long long)host->raft_id,
        (unsigned long long)applier_applied(backend_applier(host->backend)));
}

static void count_life(struct host *host)
{
    struct town_result *result = &host->town->result;

    result->elections +=
        meter_count(&replica_meters(backend_replica(host->backend))->elections);
    if (host_status(host)->commit_index > result->committed) {
        result->committed = host_status(host)->commit_index;
    }
}

void host_kill(struct host *host)
{
    if (host->backend == NULL) {
        return;
    }
    town_trace(host->town, "host %u loses power", host->number);
    count_life(host);
    disk_knobs(host->disk)->stop_at_step =
        disk_steps(host->disk) + 1 + random_below(&host->random, 3);
    end_life(host, backend_abandon);
    disk_stop(host->disk);
    disk_crash(host->disk);
    host->fails = false;
}

void host_mend(struct host *host)
{
    if (host->fails) {
        host_kill(host); /* A process does not trust such a disk again. */
        disk_knobs(host->disk)->fail_at_step = 0;
        disk_knobs(host->disk)->fail_on = false;
        host->fails = false;
    }
}

void host_renew(struct host *host)
{
    if (host->rules_known < COMMAND_RULES_KNOWN) {
        renew(host);
        host_close(host);
    }
}

void host_close(struct host *host)
{
    if (host->backend == NULL) {
        return;
    }
    town_trace(host->town, "host %u ends", host->number);
    count_life(host);
    backend_stop(host->backend);
    end_life(host, backend_close);
}
