#include "tests/sim/town/town.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/chat/archive.h"
#include "proto/base/check.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/store_sim.h"

enum {
    STREAM_TOWN = 51,
    STREAM_NETWORK,
    STREAM_COUNCIL,
    STEP_US = 100 * TOWN_MS,
    GUESTS_AFTER_US = 20 * TOWN_SECOND, /* They go on after the mishaps. */
    CALM_STEP_US = 500 * TOWN_MS,
    NEVER_CUT = 100000, /* Entries: no run has as many. */
    CLUB_TRIES = 4,
    DAYS_BEFORE = 30, /* So that something can be of long ago. */
};

#define TOWN_DAY (UINT64_C(86400) * TOWN_SECOND)

void town_trace(const struct town *town, const char *format, ...)
{
    va_list arguments;

    if (town->settings.trace) {
        fprintf(stderr, "%10.6f ",
                (double)(schedule_now_us(town->schedule) - SCHEDULE_START_US) /
                    TOWN_SECOND);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
    }
}

void town_skip_days(struct town *town, unsigned days)
{
    town_trace(town, "%u days go by", days);
    schedule_skip(town->schedule, days * TOWN_DAY);
    ledger_forget_retries(&town->ledger);
    for (unsigned i = 0; i < town->n_guests; i++) {
        town->guests[i].left_us = 0;
        town->guests[i].counts_on_marks = false;
    }
}

unsigned town_club(const struct town *town, struct random *random)
{
    unsigned club = 0;

    for (unsigned i = 0; i < CLUB_TRIES; i++) {
        club = LEDGER_SQUARES + (unsigned)random_below(random, LEDGER_CLUBS);
        if (town->witness == NULL ||
            witness_room(town->witness, club).is_there) {
            break;
        }
    }
    return club;
}

void town_later(struct town *town, uint64_t us, void (*run)(void *context),
                void *context)
{
    schedule_after(town->schedule, NULL, us, run, NULL, context);
}

/* --- Making one --- */

static bool has(const struct town *town, enum mishap mishap)
{
    return town->mishaps >> mishap & 1;
}

static void draw_settings(struct town *town)
{
    struct random *random = &town->random;
    bool cuts = has(town, MISHAP_SNAPSHOT);

    town->snapshot_entries =
        cuts ? (uint32_t)random_scale(random, 8, 300) : NEVER_CUT;
    town->trailing_entries =
        cuts ? (uint32_t)random_scale(random, 8, 300) : NEVER_CUT;
    town->job_us =
        (uint32_t)(has(town, MISHAP_SLOW)
                       ? random_scale(random, 10 * TOWN_MS, 300 * TOWN_MS)
                       : random_scale(random, 50, 2 * TOWN_MS));
    town->guest_us =
        (uint32_t)random_scale(random, 20 * TOWN_MS, 500 * TOWN_MS);
    town->strike_us =
        (uint32_t)random_scale(random, 500 * TOWN_MS, 8 * TOWN_SECOND);
    town->n_guests = (unsigned)random_between(random, 4, 10);
    store_sim_flush_every(has(town, MISHAP_FLUSH) ? random_scale(random, 1, 64)
                                                  : 0);
}

struct town *town_new(const struct town_settings *settings)
{
    struct town *town = calloc(1, sizeof(*town));

    CHECK(town != NULL && settings->hosts <= TOWN_HOSTS_MAX);
    town->settings = *settings;
    town->random = random_stream(settings->seed, STREAM_TOWN);
    town->mishaps = settings->always | (settings->sometimes &
                                        (uint32_t)random_next(&town->random));
    draw_settings(town);
    town->council.random = random_stream(settings->seed, STREAM_COUNCIL);
    if (!settings->guests_only && settings->hosts <= WITNESS_HOSTS_MAX) {
        town->witness = witness_new(&town->ledger);
    }
    if (has(town, MISHAP_ARCHIVE)) {
        town->auditor = auditor_new(&town->ledger);
        town->sinks = sinks_new(settings->seed, &town->ledger, town->auditor);
    }
    town->schedule = schedule_new();
    if (town->auditor != NULL) {
        town->observer = observer_new(settings->seed, town->schedule,
                                      &town->ledger, town->auditor);
    }
    schedule_skip(town->schedule, DAYS_BEFORE * TOWN_DAY);
    town->network = network_new(town->schedule, settings->hosts,
                                random_mix(settings->seed + STREAM_NETWORK));
    for (unsigned i = 0; i < settings->hosts; i++) {
        host_init(&town->hosts[i], town, i + 1);
    }
    for (unsigned i = 0; i < town->n_guests; i++) {
        guest_init(&town->guests[i], town, i);
    }
    return town;
}

void town_free(struct town *town)
{
    if (town == NULL) {
        return;
    }
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        host_kill(&town->hosts[i]);
        host_deinit(&town->hosts[i]);
    }
    schedule_free(town->schedule);
    network_free(town->network);
    for (size_t i = 0; i < town->n_buried; i++) {
        loop_sim_free(town->buried[i]);
    }
    witness_end(town->witness);
    observer_end(town->observer);
    sinks_end(town->sinks);
    auditor_end(town->auditor);
    ledger_end(&town->ledger);
    free(town);
}

/* --- What is asked of it --- */

struct host *town_leader(struct town *town)
{
    struct host *leader = NULL;

    for (unsigned i = 0; i < town->settings.hosts; i++) {
        struct host *host = &town->hosts[i];

        if (host_is_up(host) && host_status(host)->role == REPLICA_LEADER &&
            (leader == NULL ||
             host_status(host)->term > host_status(leader)->term)) {
            leader = host;
        }
    }
    return leader;
}

static bool all_up(const struct town *town)
{
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        if (!host_is_up(&town->hosts[i])) {
            return false;
        }
    }
    return true;
}

bool town_is_whole(struct town *town)
{
    struct host *leader = town_leader(town);
    const struct replica_status *status;

    if (leader == NULL || !all_up(town)) {
        return false; /* Who is down may come back as another. */
    }
    status = host_status(leader);
    for (size_t i = 0; i < status->n; i++) {
        const struct replica_member *member = &status->members[i];

        if (member->role != REPLICA_VOTER || !member->connected ||
            member->raft_id != town->hosts[member->node - 1].raft_id) {
            return false;
        }
    }
    return status->n == town->settings.hosts;
}

static uint64_t applied(const struct host *host)
{
    return applier_applied(backend_applier(host->backend));
}

/* Sinks have all that was cut, and posts are let through. */
static bool is_served(const struct host *host)
{
    const struct machine *machine =
        applier_machine(backend_applier(host->backend));

    return sinks_are_level(machine) &&
           archive_gate(machine, loop_wall_us(host->state_loop)) ==
               OUTCOME_DONE;
}

/* Nobody waits for anything, and all hosts are level. */
static bool is_calm(struct town *town)
{
    if (!town_is_whole(town)) {
        return false;
    }
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        struct host *host = &town->hosts[i];

        if (applied(host) != applied(&town->hosts[0]) || !is_served(host) ||
            proposer_waiting(
                sessions_proposer(backend_sessions(host->backend))) > 0) {
            return false;
        }
    }
    for (unsigned i = 0; i < town->n_guests; i++) {
        if (!guest_is_calm(&town->guests[i])) {
            return false;
        }
    }
    return true;
}

/* --- A run --- */

static bool is_broken(const struct town *town)
{
    return town->ledger.violation.kind[0] != '\0';
}

/* In steps, so that a run ends soon after it was found wrong. */
static void pass(struct town *town, uint64_t us)
{
    uint64_t end_us = schedule_now_us(town->schedule) + us;

    while (schedule_now_us(town->schedule) < end_us && !is_broken(town)) {
        uint64_t step_us = schedule_now_us(town->schedule) + STEP_US;

        schedule_run_until(town->schedule, step_us < end_us ? step_us : end_us);
    }
}

static void tell_stuck(struct town *town)
{
    struct ledger *ledger = &town->ledger;

    if (!town_is_whole(town)) {
        ledger_break(ledger, "members", "not all hosts are up and voters");
    }
    for (unsigned i = 0; i < town->n_guests; i++) {
        const struct guest *guest = &town->guests[i];

        if (!guest_is_calm(guest)) {
            ledger_break(ledger, "stuck",
                         "guest %u is at %d on host %u, post %llu token %llu",
                         i, guest->at,
                         guest->host == NULL ? 0 : guest->host->number,
                         (unsigned long long)guest->post.number,
                         (unsigned long long)guest->post.token);
        }
    }
    if (!shelves_are_full(town)) {
        ledger_break(ledger, "shelves", "archives' files lack records");
    }
    ledger_break(ledger, "behind",
                 "hosts are at different indexes, cuts wait, or the archive "
                 "keeps posts away");
}

static void heal(struct town *town)
{
    bool calm = false;
    uint64_t end_us;

    town_trace(town, "--- healing");
    mishaps_end(town);
    sinks_calm(town->sinks);
    observer_calm(town->observer);
    town->calmed_us = schedule_now_us(town->schedule);
    pass(town, GUESTS_AFTER_US);
    town->closing = true;
    end_us = schedule_now_us(town->schedule) + town->settings.heal_us;
    while (!calm && schedule_now_us(town->schedule) < end_us &&
           !is_broken(town)) {
        pass(town, CALM_STEP_US);
        calm = is_calm(town) && shelves_are_full(town);
    }
    if (!calm) {
        tell_stuck(town);
    }
}

struct town_result town_run(struct town *town)
{
    mishaps_begin(town);
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        host_start(&town->hosts[i]);
    }
    founder_begin(town);
    if (!town->settings.guests_only) {
        inspect_begin(town);
    }
    for (unsigned i = 0; i < town->n_guests; i++) {
        guest_begin(&town->guests[i]);
    }
    pass(town, town->settings.fault_us);
    if (!is_broken(town)) {
        heal(town);
    }
    if (!is_broken(town)) {
        inspect_end(town);
        shelves_check(town);
        ledger_close(&town->ledger);
    }
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        host_kill(&town->hosts[i]);
    }
    town->result.violation = town->ledger.violation;
    town->result.sums = town->ledger.sums;
    if (town->auditor != NULL) {
        town->result.archive = *auditor_sums(town->auditor);
        town->result.sinks = *sinks_sums(town->sinks);
        town->result.cosigned = observer_count(town->observer);
    }
    town->result.trace_hash = schedule_trace_hash(town->schedule);
    return town->result;
}
