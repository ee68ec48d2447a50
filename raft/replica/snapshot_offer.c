#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_send_inner.h"

#define TO(state) (1u << OFFER_##state)

static const unsigned may_follow[OFFER_STATES] = {
    [OFFER_FREE] = TO(BEGUN),
    [OFFER_BEGUN] = TO(LISTING) | TO(REMOVING),
    [OFFER_LISTING] = TO(READY) | TO(REMOVING),
    [OFFER_READY] = TO(REMOVING),
    [OFFER_REMOVING] = TO(FREE),
};

/* The one place an offer changes state, but for snapshot_send_begin, which
 * makes one of nothing. */
static void offer_move(struct offer *offer, enum offer_state next)
{
    CHECK(may_follow[offer->state] & (1u << next));
    CHECK(!offer->job_runs);
    offer->state = next;
}

static void submit(struct offer *offer, void (*run)(struct job *job),
                   void (*done)(struct job *job))
{
    CHECK(!offer->job_runs);
    offer->job_runs = true;
    offer->job = (struct job){.run = run, .done = done};
    worker_submit(offer->send->worker, &offer->job);
}

static struct offer *offer_of(struct job *job)
{
    return (struct offer *)((char *)job - offsetof(struct offer, job));
}

/* One step: the list first, then a piece of one file after the other. */
static enum error list_step(struct offer *offer)
{
    struct snapshot_file *file;

    if (!offer->listed) {
        TRY(device_open(offer->path, &offer->device));
        TRY(snapshot_files_list(offer->device, offer->manifest));
        snapshot_files_sum_begin(&offer->sum);
        offer->listed = true;
        return ERROR_NONE;
    }
    file = &offer->manifest->files[offer->at];
    TRY(snapshot_files_sum(offer->device, file->name, &offer->sum));
    if (!offer->sum.ended) {
        return ERROR_NONE;
    }
    if (offer->sum.offset != file->bytes) {
        journal_error("snapshot_file_changes", "path=%s file=%s", offer->path,
                      file->name);
        return ERROR_ROTTEN;
    }
    file->checksum = offer->sum.checksum;
    snapshot_files_sum_begin(&offer->sum);
    offer->at++;
    return ERROR_NONE;
}

static void list_run(struct job *job)
{
    struct offer *offer = offer_of(job);

    offer->error = list_step(offer);
}

static void offer_ready(struct offer *offer)
{
    struct snapshot_send *send = offer->send;

    offer_move(offer, OFFER_READY);
    offer->used_us = loop_now_us(send->loop);
    journal_info("snapshot_offered",
                 "id=%016" PRIx64 " log_index=%" PRIu64 " files=%zu "
                 "bytes=%" PRIu64,
                 offer->id, offer->manifest->index, offer->manifest->n,
                 snapshot_manifest_bytes(offer->manifest));
    send->events.ready(send->events.context, offer->id, ERROR_NONE,
                       buffer_slice(&offer->bytes));
}

static void list_done(struct job *job)
{
    struct offer *offer = offer_of(job);

    offer->job_runs = false;
    if (offer->send->closing) {
        return;
    }
    if (offer->error == ERROR_NONE && !offer->unwanted &&
        offer->at < offer->manifest->n) {
        submit(offer, list_run, list_done);
        return;
    }
    if (offer->error == ERROR_NONE) {
        offer->error = snapshot_manifest_write(offer->manifest, &offer->bytes);
    }
    if (offer->error != ERROR_NONE || offer->unwanted) {
        offer_remove(offer);
    } else {
        offer_ready(offer);
    }
}

void offer_list(struct offer *offer)
{
    offer_move(offer, OFFER_LISTING);
    submit(offer, list_run, list_done);
}

static void remove_run(struct job *job)
{
    struct offer *offer = offer_of(job);

    device_close(offer->device);
    offer->device = NULL;
    offer->error = snapshot_files_remove_all(offer->path);
}

static void tell_gone(struct offer *offer, uint64_t id, enum error why)
{
    const struct snapshot_send_events *events = &offer->send->events;

    if (why != ERROR_NONE && !offer->unwanted) {
        events->ready(events->context, id, why, SLICE_NONE);
    }
    events->dropped(events->context, id);
}

static void remove_done(struct job *job)
{
    struct offer *offer = offer_of(job);

    offer->job_runs = false;
    if (offer->send->closing) {
        return;
    }
    if (offer->error != ERROR_NONE) {
        journal_warning("snapshot_not_removed", "path=%s error=%s", offer->path,
                        error_name(offer->error));
        return; /* offer_tick tries again. */
    }
    offer_move(offer, OFFER_FREE);
    tell_gone(offer, offer->id, offer->failed);
}

static void remove_now(struct offer *offer)
{
    if (offer->readers == 0 && !offer->job_runs) {
        offer_deinit(offer); /* Readers use the names in it. */
        submit(offer, remove_run, remove_done);
    }
}

void offer_remove(struct offer *offer)
{
    offer_move(offer, OFFER_REMOVING);
    offer->failed = offer->error;
    remove_now(offer);
}

void offer_release(struct offer *offer)
{
    CHECK(offer->readers > 0);
    offer->readers--;
    if (offer->state == OFFER_REMOVING) {
        remove_now(offer);
    }
}

void offer_tick(struct offer *offer)
{
    if (offer->state == OFFER_REMOVING) {
        remove_now(offer);
    }
}

void offer_deinit(struct offer *offer)
{
    snapshot_manifest_free(offer->manifest);
    offer->manifest = NULL;
    buffer_deinit(&offer->bytes);
}

struct offer *offer_find(struct snapshot_send *send, uint64_t id)
{
    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        struct offer *offer = &send->offers[i];

        if (offer->state == OFFER_READY && offer->id == id) {
            return offer;
        }
    }
    return NULL;
}
