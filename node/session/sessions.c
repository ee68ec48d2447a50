#include "node/session/sessions.h"

#include <stdlib.h>

#include "node/session/announcing.h"
#include "node/session/hub.h"
#include "node/session/serving.h"
#include "proto/base/check.h"

enum { HUB_ARENA_BYTES = 4096 };

static uint64_t lag_of(const struct sessions *hub)
{
    uint64_t committed = hub->duties.status.commit_index;

    return committed > hub->applied_index ? committed - hub->applied_index : 0;
}

static void on_tick(void *context)
{
    struct sessions *hub = context;
    uint64_t now_us = loop_now_us(hub->settings.loop);

    if (hub->stopped) {
        return;
    }
    pressure_commit(&hub->pressure, visits_overdue(hub), now_us);
    pressure_judge(&hub->pressure, now_us,
                   &(struct pressure_measures){
                       .lag = lag_of(hub),
                       .waiting = proposer_waiting(hub->proposer),
                       .backlog = outbox_backlog(hub->outbox),
                   });
    meter_set(&hub->meters.reads_waiting, (int64_t)reads_waiting(hub->reads));
    meter_set(&hub->meters.seats, (int64_t)hub->audiences.seats);
    callers_retry(hub);
    recordings_tick(hub, now_us);
    history_go_on(hub);
    tidings_tick(hub, now_us);
    shown_tick(hub, now_us);
    if (now_us - hub->duties_us >= DUTIES_TICK_MS * 1000ull) {
        hub->duties_us = now_us;
        duties_tick(hub);
    }
}

static void init_meters(struct session_meters *meters)
{
    meter_histogram_init(&meters->intake_us, &meter_seconds);
    meter_histogram_init(&meters->post_us, &meter_seconds);
    meter_histogram_init(&meters->history_us, &meter_seconds);
}

static void make_cataloging(struct sessions *hub)
{
    const struct sessions_settings *settings = &hub->settings;

    if (settings->catalog != NULL) {
        hub->cataloging = cataloging_new(&(struct cataloging_settings){
            .loop = settings->loop,
            .directory = settings->catalog,
            .directory_id = settings->directory_id,
            .unsound = settings->unsound,
            .context = settings->context,
        });
    }
}

static size_t salted_above(void *context)
{
    const struct sessions *hub = context;

    return hub_keeps_archive(hub)
               ? machine_setting(hub->machine, SETTING_ARCHIVE_INLINE_BYTES_MAX)
               : SIZE_MAX;
}

/* What has to be made, and can fail to be. */
static void make_parts(struct sessions *hub)
{
    const struct sessions_settings *settings = &hub->settings;

    hub->intake =
        letters_new(settings->loop, INTAKES_WAITING_MAX, serving_take, hub);
    hub->proposer = proposer_new(&(struct proposer_settings){
        .loop = settings->loop,
        .node = settings->node,
        .raft_id = settings->raft_id,
        .directory_id = settings->directory_id,
        .rules_known = settings->rules_known,
        .salted_above = salted_above,
        .context = hub,
    });
    hub->reads = reads_new(settings->loop);
    hub->outbox = outbox_new(&hub->meters.outbox);
    hub->timer = timer_new(settings->loop, on_tick, hub);
    hub->arena = arena_new(HUB_ARENA_BYTES);
    CHECK(hub->intake != NULL && hub->timer != NULL && hub->arena != NULL);
    history_init(&hub->history, settings->loop);
    looks_init(hub);
    make_cataloging(hub);
    screening_init(hub);
}

struct sessions *sessions_new(const struct sessions_settings *settings)
{
    struct sessions *hub = calloc(1, sizeof(*hub));

    CHECK(hub != NULL);
    hub->settings = *settings;
    /* No client sees an envid again after a restart. */
    hub->envid = (uint64_t)loop_wall_us(settings->loop);
    callers_init(&hub->callers);
    audiences_init(&hub->audiences);
    TAILQ_INIT(&hub->visits);
    TAILQ_INIT(&hub->waiting);
    TAILQ_INIT(&hub->greetings);
    recordings_init(&hub->recordings);
    resuming_init(&hub->resumption);
    folding_init(&hub->folding);
    duties_init(&hub->duties);
    shown_init(&hub->shown);
    tidings_init(&hub->tidings);
    following_init(&hub->following);
    pressure_init(&hub->pressure);
    init_meters(&hub->meters);
    make_parts(hub);
    return hub;
}

static void drop_intakes(struct sessions *hub)
{
    struct letter_list left;
    struct letter *letter;

    letters_close(hub->intake, &left);
    while ((letter = STAILQ_FIRST(&left)) != NULL) {
        STAILQ_REMOVE_HEAD(&left, link);
        intake_free((struct intake *)letter);
    }
    letters_free(hub->intake);
}

void sessions_free(struct sessions *hub)
{
    if (hub == NULL) {
        return;
    }
    history_deinit(&hub->history);    /* Its jobs point at visits. */
    cataloging_free(hub->cataloging); /* Likewise. */
    looks_deinit(hub);
    screening_deinit(hub); /* And these. */
    timer_free(hub->timer);
    drop_intakes(hub);
    visits_deinit(hub);
    identity_deinit(hub);
    following_deinit(&hub->following);
    resuming_deinit(hub);
    callers_deinit(&hub->callers);
    audiences_deinit(&hub->audiences);
    shown_deinit(&hub->shown);
    tidings_deinit(&hub->tidings);
    folding_deinit(&hub->folding);
    recordings_deinit(&hub->recordings);
    reads_free(hub->reads);
    proposer_free(hub->proposer);
    outbox_free(hub->outbox);
    arena_free(hub->arena);
    buffer_deinit(&hub->body);
    free(hub);
}

struct letters *sessions_intake(struct sessions *hub)
{
    return hub->intake;
}

struct letters *sessions_answers(struct sessions *hub)
{
    return hub->screening.answers;
}

void sessions_set_program(struct sessions *hub, struct letters *questions,
                          bool absent_refuses)
{
    hub->screening.program = questions;
    hub->screening.absent_refuses = absent_refuses;
}

void sessions_set_archive_fault(struct sessions *hub, bool is_faulty)
{
    hub->archive_fault = is_faulty;
}

void sessions_set_edge(struct sessions *hub, uint8_t edge,
                       struct letters *deliveries)
{
    outbox_set_edge(hub->outbox, edge, deliveries);
}

static void take_state(struct sessions *hub, const struct sessions_state *state)
{
    hub->machine = state->machine;
    hub->applied_index = state->applied_index;
    hub->entry_index = state->applied_index;
    screening_touch(hub);
    history_use(&hub->history, state->store);
    if (hub->cataloging != NULL) {
        cataloging_use(hub->cataloging, state->machine, state->store,
                       state->applied_index);
    }
}

void sessions_start(struct sessions *hub, struct replica *replica,
                    const struct sessions_state *state)
{
    CHECK(hub->replica == NULL && replica != NULL);
    hub->replica = replica;
    take_state(hub, state);
    reads_start(hub->reads, replica, state->applied_index);
    timer_start(hub->timer, PRESSURE_TICK_MS, PRESSURE_TICK_MS);
    proposer_start(hub->proposer, replica);
}

void sessions_entry(struct sessions *hub, const struct applied_entry *entry,
                    const struct applied *applied,
                    const struct effects *effects)
{
    if (hub->stopped) {
        return;
    }
    hub->entry_index = entry->index;
    outbox_hold(hub->outbox);
    proposer_applied(hub->proposer, entry, applied, effects);
    announce(hub, effects);
    if (hub->cataloging != NULL) {
        cataloging_entry(hub->cataloging, effects);
    }
}

void sessions_committed(struct sessions *hub, uint64_t applied_index)
{
    if (hub->stopped) {
        return;
    }
    hub->applied_index = applied_index;
    hub->entry_index = applied_index;
    outbox_release(hub->outbox);
    proposer_committed(hub->proposer);
    callers_retry(hub);
    history_unpark(hub);
    if (hub->cataloging != NULL) {
        cataloging_committed(hub->cataloging, applied_index);
    }
    reads_applied(hub->reads, applied_index);
}

/* The last to let go of the store tells. */
static void on_released(void *context)
{
    struct sessions *hub = context;

    CHECK(hub->holders > 0);
    hub->holders -= 1;
    if (hub->holders == 0) {
        hub->released(hub->released_context);
    }
}

void sessions_release(struct sessions *hub, void (*released)(void *context),
                      void *context)
{
    CHECK(hub->holders == 0);
    hub->released = released;
    hub->released_context = context;
    hub->holders = hub->cataloging != NULL ? 2 : 1;
    if (hub->cataloging != NULL) {
        cataloging_release(hub->cataloging, on_released, hub);
    }
    history_release(&hub->history, on_released, hub);
}

static bool is_known(const struct sessions *hub, const struct caller *caller)
{
    struct session_id id = {hub->settings.node, caller->epoch, caller->serial};

    return query_session(hub->machine, &id) != NULL;
}

/* Who is in rooms has missed what was said there, and comes back to read it;
 * whose session the pool has ended meanwhile is told so. */
static void settle_callers(struct sessions *hub)
{
    struct caller *caller = NULL;

    while ((caller = callers_next(&hub->callers, caller)) != NULL) {
        if (caller->n_seats > 0) {
            caller_cut(caller, "state_replaced");
        } else if (caller->has_session && !is_known(hub, caller)) {
            caller_ended(caller, LEAVE_NODE_LOST);
        }
    }
}

/* They were told what the state before has told them, and no more. */
static void freeze_callers(struct sessions *hub)
{
    struct caller *caller = NULL;

    while ((caller = callers_next(&hub->callers, caller)) != NULL) {
        if (caller->n_seats > 0) {
            caller_freeze(caller);
        }
    }
}

void sessions_restored(struct sessions *hub, const struct sessions_state *state)
{
    if (hub->stopped) {
        return;
    }
    freeze_callers(hub);
    take_state(hub, state);
    proposer_restored(hub->proposer, hub->machine);
    settle_callers(hub);
    tidings_restored(hub);
    following_restored(hub);
    history_unpark(hub);
    reads_applied(hub->reads, state->applied_index);
}

void sessions_changed(struct sessions *hub, const struct replica_status *status)
{
    const struct replica_status *before = &hub->duties.status;
    uint64_t now_us = loop_now_us(hub->settings.loop);

    if (status->leader != 0) {
        hub->leaderless_since_us = 0;
    } else if (hub->leaderless_since_us == 0) {
        hub->leaderless_since_us = now_us;
    }
    if (status->leader != 0 &&
        (status->leader != before->leader || status->term != before->term)) {
        pressure_elected(&hub->pressure, now_us);
    }
    hub->duties.status = *status;
}

void sessions_stop(struct sessions *hub)
{
    hub->stopped = true;
    outbox_hold(hub->outbox); /* For good. */
}

struct proposer *sessions_proposer(struct sessions *hub)
{
    return hub->proposer;
}

struct reads *sessions_reads(struct sessions *hub)
{
    return hub->reads;
}

struct cataloging *sessions_cataloging(struct sessions *hub)
{
    return hub->cataloging;
}

enum load sessions_load(const struct sessions *hub)
{
    return hub->pressure.load;
}

const struct session_meters *sessions_meters(const struct sessions *hub)
{
    return &hub->meters;
}
