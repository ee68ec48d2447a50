#include "tests/sim/town/mishap.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/store_sim.h"
#include "tests/sim/town/town.h"

enum {
    FULL_ROOM_BYTES = 512 * 1024, /* Below the log's floor, left to others. */
    ROT_OFFSET = 4096 + 40, /* In the first record of a segment's first batch.
                             */
    PATHS_MAX = 256,
    PATH_BYTES = 128,
    ERRORS_WITHIN = 50, /* Steps of the disk. */
    DAYS_BEGIN_US = 5 * TOWN_SECOND,
    DAYS_MAX = 3,
};

#define MISHAP_WORD(name, word, what) word,
#define MISHAP_WHAT(name, word, what) what,
static const char *const words[] = {MISHAP_LIST(MISHAP_WORD)};
static const char *const whats[] = {MISHAP_LIST(MISHAP_WHAT)};

#define BIT(name) (UINT32_C(1) << MISHAP_##name)
#define BASE                                                                   \
    (BIT(LOSS) | BIT(DELAY) | BIT(ONEWAY) | BIT(PARTITION) | BIT(CRASH) |      \
     BIT(RESTART) | BIT(OUTAGE) | BIT(PAUSE) | BIT(SLOW) | BIT(TRANSFER) |     \
     BIT(SNAPSHOT) | BIT(FLUSH) | BIT(CHANGE))
#define DISKS (BIT(FULL) | BIT(ERRORS) | BIT(ROT) | BIT(STALE) | BIT(EMPTY))

#define PEOPLE (BIT(PEOPLE) | BIT(VERSIONS) | BIT(CLOCK))

#define ARCHIVES (BIT(SHELVES) | BIT(OBSERVER) | BIT(TILES))

static const struct mix_named mixes[] = {
    {"calm", {0, 0}},
    {"base", {0, BASE}},
    {"disks", {DISKS, BASE}},
    {"people", {BIT(PEOPLE), PEOPLE | BASE}},
    {"archive", {BIT(ARCHIVE), BASE | BIT(FULL) | BIT(PEOPLE) | ARCHIVES}},
    {"all", {0, BASE | DISKS | PEOPLE | BIT(ARCHIVE) | ARCHIVES}}};
const struct mix_names mishap_names = {MISHAPS, words, whats,
                                       sizeof(mixes) / sizeof(mixes[0]), mixes};

static bool has(const struct town *town, enum mishap mishap)
{
    return town->mishaps >> mishap & 1;
}

static uint64_t draw(struct town *town, uint64_t low, uint64_t high)
{
    return random_between(&town->random, low, high);
}

static struct host *any_host(struct town *town)
{
    return &town->hosts[random_below(&town->random, town->settings.hosts)];
}

/* --- The network --- */

static void set_network(struct town *town)
{
    struct random *random = &town->random;
    struct network_faults faults = {
        .delay_us = (uint32_t)random_scale(random, 50, 10 * TOWN_MS),
        .jitter_us = (uint32_t)random_scale(random, 50, 10 * TOWN_MS),
        .in_order = true};

    if (has(town, MISHAP_LOSS)) {
        faults.loss = (uint32_t)random_scale(random, 100, 10000);
    }
    if (has(town, MISHAP_DELAY)) {
        faults.late = (uint32_t)random_scale(random, 1000, 50000);
        faults.late_us =
            (uint32_t)random_scale(random, 10 * TOWN_MS, 2 * TOWN_SECOND);
    }
    network_set_faults(town->network, &faults);
}

static void mend(void *context)
{
    struct town *town = context;

    network_mend(town->network);
}

static void mend_later(struct town *town)
{
    town_later(town, draw(town, 50 * TOWN_MS, 8 * TOWN_SECOND), mend, town);
}

static void cut_one_way(struct town *town)
{
    unsigned from = any_host(town)->number - 1;
    unsigned to = any_host(town)->number - 1;

    if (from != to) {
        town_trace(town, "cut %u to %u", from + 1, to + 1);
        network_cut(town->network, from, to, true);
        mend_later(town);
    }
}

static void divide(struct town *town)
{
    uint64_t group = random_next(&town->random);

    town_trace(
        town, "hosts fall apart: %llx",
        (unsigned long long)(group & ((1u << town->settings.hosts) - 1)));
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        for (unsigned j = 0; j < town->settings.hosts; j++) {
            if ((group >> i & 1) != (group >> j & 1)) {
                network_cut(town->network, i, j, true);
            }
        }
    }
    mend_later(town);
}

/* --- Hosts --- */

static void revive(void *context)
{
    host_start(context);
}

static void revive_later(struct host *host)
{
    town_later(host->town, draw(host->town, 10 * TOWN_MS, 14 * TOWN_SECOND / 2),
               revive, host);
}

static void crash(struct host *host)
{
    if (host->backend != NULL) {
        host_kill(host);
        revive_later(host);
    }
}

static void restart(struct host *host)
{
    if (host_is_up(host)) {
        host_close(host);
        revive_later(host);
    }
}

static void outage(struct town *town)
{
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        crash(&town->hosts[i]);
    }
}

static void pause_host(struct host *host)
{
    uint64_t us = draw(host->town, 10 * TOWN_MS, 4 * TOWN_SECOND);

    if (host->backend != NULL) {
        loop_sim_pause(host->state_loop, us);
        loop_sim_pause(host->raft_loop, us);
    }
}

static void transfer(struct town *town)
{
    struct host *leader = town_leader(town);

    if (leader != NULL) {
        replica_transfer(backend_replica(leader->backend),
                         (uint8_t)draw(town, 0, town->settings.hosts), NULL,
                         NULL);
    }
}

/* --- Disks --- */

static void count_bytes(void *context, const char *path, size_t bytes)
{
    (void)path;
    *(uint64_t *)context += bytes;
}

static void make_room(void *context)
{
    struct host *host = context;

    host->full = false;
    disk_knobs(host->disk)->capacity_bytes = 0;
}

/* Only one at a time: with two, a pool of three may have to wait. */
static bool all_well(const struct town *town)
{
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        if (town->hosts[i].full || town->hosts[i].fails) {
            return false;
        }
    }
    return true;
}

static void fill(struct host *host)
{
    uint64_t used = 0;

    if (!all_well(host->town)) {
        return;
    }
    disk_each(host->disk, count_bytes, &used);
    town_trace(host->town, "host %u disk full", host->number);
    host->full = true;
    disk_knobs(host->disk)->capacity_bytes = used + FULL_ROOM_BYTES;
    town_later(host->town, draw(host->town, TOWN_SECOND, 10 * TOWN_SECOND),
               make_room, host);
}

/* The host ends by it, and its restart ends the errors. */
static void fail(struct host *host)
{
    struct disk_knobs *knobs = disk_knobs(host->disk);

    if (!host_is_up(host) || !all_well(host->town)) {
        return;
    }
    town_trace(host->town, "host %u disk fails", host->number);
    host->fails = true;
    knobs->fail_at_step =
        disk_steps(host->disk) + draw(host->town, 1, ERRORS_WITHIN);
    knobs->fail_error = ERROR_IO;
    knobs->fail_on = true;
}

/* The paths of a disk's files that begin alike. */
struct paths {
    char prefix[64];
    size_t n;
    char list[PATHS_MAX][PATH_BYTES];
};

static void add_path(void *context, const char *path, size_t bytes)
{
    struct paths *paths = context;

    (void)bytes;
    if (strncmp(path, paths->prefix, strlen(paths->prefix)) == 0 &&
        paths->n < PATHS_MAX) {
        snprintf(paths->list[paths->n++], PATH_BYTES, "%s", path);
    }
}

static void rot(struct host *host)
{
    struct paths paths = {.n = 0};
    const char *first = NULL;

    snprintf(paths.prefix, sizeof(paths.prefix), "%s/log/segment-", host->path);
    disk_each(host->disk, add_path, &paths);
    for (size_t i = 0; i < paths.n; i++) {
        if (first == NULL || strcmp(paths.list[i], first) < 0) {
            first = paths.list[i];
        }
    }
    CHECK(first != NULL);
    CHECK(disk_flip_bit(host->disk, first, ROT_OFFSET * 8));
}

/* The store's twin keeps its rows in the directory that is current. */
static void rot_state(struct host *host)
{
    struct paths paths = {.n = 0};

    snprintf(paths.prefix, sizeof(paths.prefix), "%s/store/", host->path);
    disk_each(host->disk, add_path, &paths);
    for (size_t i = 0; i < paths.n; i++) {
        (void)store_sim_rot(paths.list[i]);
    }
}

static void empty(struct host *host)
{
    struct paths paths = {.n = 0};

    snprintf(paths.prefix, sizeof(paths.prefix), "%s/", host->path);
    disk_each(host->disk, add_path, &paths);
    for (size_t i = 0; i < paths.n; i++) {
        CHECK(disk_delete(host->disk, paths.list[i]));
    }
    host_drop_catalog(host);
}

/* Only of one host at a time: more is more than a pool can survive. */
static void damage(struct town *town, const char *what,
                   void (*harm)(struct host *))
{
    struct host *host = any_host(town);

    if (town_is_whole(town) && all_well(town)) {
        host_kill(host);
        town_trace(town, "host %u: %s", host->number, what);
        host->lost_disk = true;
        harm(host);
        revive_later(host);
    }
}

/* One byte of what its archive is computed from; it is to be noticed. */
static void change_tile(struct host *host)
{
    struct paths paths = {.n = 0};

    snprintf(paths.prefix, sizeof(paths.prefix), "%s/archive/tile/",
             host->path);
    disk_each(host->disk, add_path, &paths);
    if (paths.n > 0) {
        const char *path = paths.list[draw(host->town, 0, paths.n - 1)];

        town_trace(host->town, "host %u: %s is changed", host->number, path);
        CHECK(disk_flip_bit(host->disk, path, 0));
    }
    host->lost_disk = false; /* It stays who it is. */
}

/* What is changed while it is down is mended at its start; what it is given to
 * keep, and keeps otherwise, is seen by those who compare roots. One host
 * after the other: a majority must be right. */
static void tamper(struct town *town)
{
    struct host *host = any_host(town);

    for (unsigned i = 0; i < town->settings.hosts; i++) {
        if (town->hosts[i].tampered) {
            host = &town->hosts[i];
        }
    }
    if (!town_is_whole(town) || !all_well(town)) {
        return;
    }
    if (draw(town, 0, 3) == 0) {
        damage(town, "its archive is changed", change_tile);
    } else {
        town_trace(town, "host %u: a tile will be another", host->number);
        disk_knobs(host->disk)->bent = "/tile/0/"; /* A partial. */
        host->tampered = true;
        town->result.tampered++;
    }
}

/* --- All of it --- */

static void strike_network(struct town *town, enum mishap mishap)
{
    if (mishap == MISHAP_ONEWAY) {
        cut_one_way(town);
    } else if (mishap == MISHAP_PARTITION) {
        divide(town);
    }
}

static void strike_disk(struct town *town, enum mishap mishap)
{
    switch (mishap) {
    case MISHAP_FULL:
        fill(any_host(town));
        break;
    case MISHAP_ERRORS:
        fail(any_host(town));
        break;
    case MISHAP_ROT:
        damage(town, "the log rots", rot);
        break;
    case MISHAP_STALE:
        damage(town, "the state rots", rot_state);
        break;
    case MISHAP_EMPTY:
        damage(town, "the disk is emptied", empty);
        break;
    case MISHAP_TILES:
        tamper(town);
        break;
    case MISHAP_SHELVES:
    case MISHAP_OBSERVER:
        mishap_archive(town, mishap);
        break;
    default:
        strike_network(town, mishap); /* Or all along, not now and then. */
    }
}

static void strike(struct town *town, enum mishap mishap)
{
    switch (mishap) {
    case MISHAP_CRASH:
        crash(any_host(town));
        break;
    case MISHAP_RESTART:
        restart(any_host(town));
        break;
    case MISHAP_OUTAGE:
        outage(town);
        break;
    case MISHAP_PAUSE:
        pause_host(any_host(town));
        break;
    case MISHAP_TRANSFER:
        transfer(town);
        break;
    default:
        strike_disk(town, mishap);
    }
}

/* Those that strike now and then; the others are there all along. */
static const enum mishap striking[] = {
    MISHAP_ONEWAY,  MISHAP_PARTITION, MISHAP_CRASH,    MISHAP_RESTART,
    MISHAP_OUTAGE,  MISHAP_PAUSE,     MISHAP_TRANSFER, MISHAP_FULL,
    MISHAP_ERRORS,  MISHAP_ROT,       MISHAP_STALE,    MISHAP_EMPTY,
    MISHAP_SHELVES, MISHAP_OBSERVER,  MISHAP_TILES};

static void on_strike(void *context)
{
    struct town *town = context;
    enum mishap drawn[MISHAPS];
    size_t n = 0;

    if (town->calmed_us > 0) {
        return;
    }
    for (size_t i = 0; i < sizeof(striking) / sizeof(striking[0]); i++) {
        if (has(town, striking[i])) {
            drawn[n++] = striking[i];
        }
    }
    if (n > 0) {
        strike(town, drawn[random_below(&town->random, n)]);
    }
    town_later(town, draw(town, 10 * TOWN_MS, town->strike_us), on_strike,
               town);
}

static void on_days(void *context)
{
    struct town *town = context;

    if (town->calmed_us == 0) {
        town_skip_days(town, (unsigned)draw(town, 1, DAYS_MAX));
    }
}

void mishaps_begin(struct town *town)
{
    set_network(town);
    if (has(town, MISHAP_CLOCK)) { /* Once: it makes other checks weaker. */
        town_later(
            town,
            draw(town, DAYS_BEGIN_US, town->settings.fault_us + DAYS_BEGIN_US),
            on_days, town);
    }
    town_later(town, 2 * TOWN_SECOND, on_strike, town);
}

void mishaps_end(struct town *town)
{
    struct network_faults gentle = {
        .delay_us = 200, .jitter_us = 200, .in_order = true};

    network_mend(town->network);
    mishap_archive_end(town);
    network_set_faults(town->network, &gentle);
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        struct host *host = &town->hosts[i];

        make_room(host);
        host_mend(host);
        host_renew(host);
        host_start(host);
    }
}
