/* Searches that wait for the catalog, are run by its worker, or refused. */
#include "node/session/cataloging_parts.h"
#include "proto/base/check.h"

static void end_lookup(struct cataloging *cataloging, struct lookup *lookup)
{
    cataloging->n_lookups -= 1;
    meter_add(lookup->error == ERROR_NONE ? &cataloging->meters.searches
                                          : &cataloging->meters.refused,
              1);
    lookup->told(lookup);
}

void cataloging_refuse_waiting(struct cataloging *cataloging, enum error error)
{
    struct lookup *lookup;

    while ((lookup = TAILQ_FIRST(&cataloging->waiting)) != NULL) {
        TAILQ_REMOVE(&cataloging->waiting, lookup, link);
        lookup->error = error;
        end_lookup(cataloging, lookup);
    }
}

void cataloging_on_tick(void *context)
{
    struct cataloging *cataloging = context;
    uint64_t now_us = loop_now_us(cataloging->settings.loop);
    struct lookup *lookup;

    while ((lookup = TAILQ_FIRST(&cataloging->waiting)) != NULL &&
           now_us - lookup->asked_us >= CATALOGING_PATIENCE_MS * 1000ull) {
        TAILQ_REMOVE(&cataloging->waiting, lookup, link);
        lookup->error = ERROR_TIMED_OUT;
        end_lookup(cataloging, lookup);
    }
    if (TAILQ_EMPTY(&cataloging->waiting)) {
        timer_stop(cataloging->tick);
    }
}

void cataloging_tell_released(struct cataloging *cataloging)
{
    void (*released)(void *) = cataloging->released;

    if (released != NULL && !cataloging->is_feeding &&
        cataloging->n_running == 0) {
        cataloging->released = NULL;
        released(cataloging->released_context);
    }
}

void cataloging_tell_unsound(const struct cataloging *cataloging,
                             enum error error)
{
    if ((error == ERROR_ROTTEN || error == ERROR_STORE_IO) &&
        cataloging->settings.unsound != NULL) {
        cataloging->settings.unsound(cataloging->settings.context, error);
    }
}

/* On the worker: nothing of the state loop's is touched. */
static void run_lookup(struct job *job)
{
    struct lookup *lookup =
        (struct lookup *)((char *)job - offsetof(struct lookup, job));

    lookup->error = lookup_run(lookup, lookup->cataloging->catalog);
    if (lookup->error == ERROR_NONE && lookup->finish != NULL) {
        lookup->finish(lookup);
    }
}

static void lookup_done(struct job *job)
{
    struct lookup *lookup =
        (struct lookup *)((char *)job - offsetof(struct lookup, job));
    struct cataloging *cataloging = lookup->cataloging;
    enum error store_error = lookup->store_failed ? lookup->error : ERROR_NONE;

    cataloging->n_running -= 1;
    meter_observe(&cataloging->meters.search_us,
                  loop_now_us(cataloging->settings.loop) - lookup->asked_us);
    if (lookup->error == ERROR_ROTTEN && !lookup->store_failed) {
        lookup->error = ERROR_FORGOTTEN;
        cataloging->is_damaged = true;
    }
    end_lookup(cataloging, lookup); /* It may be gone now. */
    cataloging_go_on(cataloging);
    cataloging_tell_released(cataloging);
    cataloging_tell_unsound(cataloging, store_error);
}

static void run(struct cataloging *cataloging, struct lookup *lookup)
{
    lookup->store = cataloging->store;
    lookup->messages = cataloging->messages_said;
    lookup->asked_us = loop_now_us(cataloging->settings.loop);
    lookup->job = (struct job){.run = run_lookup, .done = lookup_done};
    cataloging->n_running += 1;
    worker_submit(cataloging->worker, &lookup->job);
}

static bool may_run(const struct cataloging *cataloging,
                    const struct lookup *lookup)
{
    return cataloging->store != NULL && !cataloging->is_damaged &&
           lookup->index <= cataloging->level_index;
}

void cataloging_run_waiting(struct cataloging *cataloging)
{
    struct lookup *lookup = TAILQ_FIRST(&cataloging->waiting), *next;

    for (; lookup != NULL; lookup = next) {
        next = TAILQ_NEXT(lookup, link);
        if (may_run(cataloging, lookup)) {
            TAILQ_REMOVE(&cataloging->waiting, lookup, link);
            run(cataloging, lookup);
        }
    }
}

/* Why a lookup had better not wait. */
static enum error refusal_of(const struct cataloging *cataloging)
{
    if (cataloging->n_lookups >= CATALOGING_WAITING_MAX) {
        return ERROR_BUSY;
    }
    if (cataloging->is_closing) {
        return ERROR_CLOSED;
    }
    if (cataloging->state == CATALOGING_STALLED) {
        return cataloging->stall;
    }
    return cataloging->is_damaged ||
                   cataloging->messages_behind > CATALOGING_BEHIND_MAX
               ? ERROR_FORGOTTEN
               : ERROR_NONE;
}

void cataloging_ask(struct cataloging *cataloging, struct lookup *lookup,
                    uint64_t index)
{
    CHECK(lookup->told != NULL);
    lookup->cataloging = cataloging;
    lookup->index = index;
    lookup->asked_us = loop_now_us(cataloging->settings.loop);
    lookup->error = refusal_of(cataloging);
    cataloging->n_lookups += 1;
    if (lookup->error != ERROR_NONE) {
        cataloging->is_wanted |= lookup->error == ERROR_FORGOTTEN;
        end_lookup(cataloging, lookup);
        cataloging_go_on(cataloging); /* A rest is over. */
        return;
    }
    if (TAILQ_EMPTY(&cataloging->waiting)) {
        timer_start(cataloging->tick, CATALOGING_TICK_MS, CATALOGING_TICK_MS);
    }
    TAILQ_INSERT_TAIL(&cataloging->waiting, lookup, link);
    cataloging_go_on(cataloging);
}

const char *cataloging_why(enum error error)
{
    switch (error) {
    case ERROR_FORGOTTEN:
        return "this server is making its search index anew, try again later";
    case ERROR_TIMED_OUT:
        return "the search index of this server is behind, try again";
    case ERROR_NO_SPACE:
        return "the search index of this server cannot be written, its disk "
               "is full: try again later";
    case ERROR_UNSUPPORTED:
        return "this server does not search what was said";
    case ERROR_IO:
    case ERROR_ROTTEN:
    case ERROR_STORE_IO:
        return "the search index of this server cannot be read or written";
    default:
        return "too many searches at once, try again";
    }
}
