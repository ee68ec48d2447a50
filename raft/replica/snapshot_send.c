#include "raft/replica/snapshot_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_send_inner.h"

enum { TICK_MS = 1000 };

/* Time has passed: drop what nobody asks for. */
static void on_tick(void *context)
{
    struct snapshot_send *send = context;
    uint64_t now_us = loop_now_us(send->loop);
    bool any = false;

    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        struct offer *offer = &send->offers[i];

        offer_tick(offer);
        if (offer->state == OFFER_READY &&
            now_us - offer->used_us >= (uint64_t)send->idle_ms * 1000) {
            journal_info("snapshot_idle", "id=%016" PRIx64 " idle_ms=%u",
                         offer->id, (unsigned)send->idle_ms);
            offer_remove(offer);
        }
        any |= offer->state != OFFER_FREE;
    }
    if (!any) {
        timer_stop(send->tick);
    }
}

static void on_again(void *context)
{
    struct snapshot_send *send = context;

    send->again_us = 0;
    for (size_t i = 0; i < SNAPSHOT_SEND_NODES_MAX; i++) {
        if (send->followers[i].node != 0) {
            follower_go_on(&send->followers[i]);
        }
    }
}

void snapshot_send_again(struct snapshot_send *send, uint64_t delay_us)
{
    uint64_t due_us = loop_now_us(send->loop) + delay_us;

    if (send->again_us == 0 || due_us < send->again_us) {
        send->again_us = due_us;
        timer_start(send->again, delay_us / 1000 + 1, 0);
    }
}

static enum error make_parts(struct snapshot_send *send)
{
    send->worker = worker_new(send->loop, "snapshot-send");
    send->tick = timer_new(send->loop, on_tick, send);
    send->again = timer_new(send->loop, on_again, send);
    return send->worker != NULL && send->tick != NULL && send->again != NULL
               ? ERROR_NONE
               : ERROR_NO_MEMORY;
}

/* Each offer has a directory of its own, empty at first. */
static enum error make_places(struct snapshot_send *send, const char *path)
{
    struct device *above;

    TRY(device_open(path, &above));
    device_close(above);
    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        struct offer *offer = &send->offers[i];
        int n = snprintf(offer->path, sizeof(offer->path), "%s/%zu", path, i);

        offer->send = send;
        if (n < 0 || (size_t)n >= sizeof(offer->path)) {
            return ERROR_TOO_LARGE;
        }
        TRY(snapshot_files_remove_all(offer->path));
    }
    return ERROR_NONE;
}

enum error snapshot_send_open(struct loop *loop,
                              const struct snapshot_send_settings *settings,
                              const struct snapshot_send_events *events,
                              struct snapshot_send **send_out)
{
    struct snapshot_send *send = calloc(1, sizeof(*send));
    enum error error;

    if (send == NULL) {
        return ERROR_NO_MEMORY;
    }
    send->loop = loop;
    send->events = *events;
    send->idle_ms =
        settings->idle_ms != 0 ? settings->idle_ms : SNAPSHOT_SEND_IDLE_MS;
    send->bytes_per_s = settings->bytes_per_s;
    error = make_parts(send);
    if (error == ERROR_NONE) {
        error = make_places(send, settings->path);
    }
    if (error != ERROR_NONE) {
        snapshot_send_close(send);
        return error;
    }
    *send_out = send; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void snapshot_send_close(struct snapshot_send *send)
{
    if (send == NULL) {
        return;
    }
    send->closing = true;
    worker_free(send->worker);
    timer_free(send->tick);
    timer_free(send->again);
    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        device_close(send->offers[i].device);
        offer_deinit(&send->offers[i]);
    }
    for (size_t i = 0; i < SNAPSHOT_SEND_NODES_MAX; i++) {
        free(send->followers[i].bytes);
    }
    free(send);
}

bool snapshot_send_find(struct snapshot_send *send, uint64_t index,
                        uint64_t *id_out, struct slice *manifest_out)
{
    struct offer *best = NULL;

    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        struct offer *offer = &send->offers[i];

        if (offer->state == OFFER_READY && offer->manifest->index >= index &&
            (best == NULL || offer->manifest->index > best->manifest->index)) {
            best = offer;
        }
    }
    if (best == NULL) {
        return false;
    }
    best->used_us = loop_now_us(send->loop);
    *id_out = best->id;
    *manifest_out = buffer_slice(&best->bytes);
    return true;
}

/* A place begins anew; only what belongs to the place stays. */
static void offer_begin(struct snapshot_send *send, struct offer *offer)
{
    struct offer fresh = {.send = send, .state = OFFER_BEGUN};

    memcpy(fresh.path, offer->path, sizeof(fresh.path));
    loop_random(send->loop, &fresh.id, sizeof(fresh.id));
    *offer = fresh;
    timer_start(send->tick, TICK_MS, TICK_MS);
}

enum error snapshot_send_begin(struct snapshot_send *send, uint64_t *id_out,
                               const char **directory_out)
{
    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        struct offer *offer = &send->offers[i];

        if (offer->state == OFFER_FREE) {
            offer_begin(send, offer);
            *id_out = offer->id;
            *directory_out = offer->path;
            return ERROR_NONE;
        }
    }
    return ERROR_BUSY;
}

/* The offer of an id, in any state but FREE; NULL when there is none. */
static struct offer *any_offer(struct snapshot_send *send, uint64_t id)
{
    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        struct offer *offer = &send->offers[i];

        if (offer->state != OFFER_FREE && offer->id == id) {
            return offer;
        }
    }
    return NULL;
}

void snapshot_send_made(struct snapshot_send *send, uint64_t id,
                        enum error error, uint64_t index)
{
    struct offer *offer = any_offer(send, id);

    CHECK(offer != NULL && offer->state == OFFER_BEGUN);
    offer->error = error;
    if (error == ERROR_NONE && !offer->unwanted) {
        offer->manifest = snapshot_manifest_new(id, index);
        offer->error = offer->manifest != NULL ? ERROR_NONE : ERROR_NO_MEMORY;
    }
    if (offer->error != ERROR_NONE || offer->unwanted) {
        offer_remove(offer);
    } else {
        offer_list(offer);
    }
}

void snapshot_send_drop(struct snapshot_send *send, uint64_t id)
{
    struct offer *offer = any_offer(send, id);

    if (offer == NULL) {
        return;
    }
    offer->unwanted = true;
    if (offer->state == OFFER_READY) {
        offer_remove(offer);
    }
}

struct snapshot_send_status snapshot_send_status(
    const struct snapshot_send *send)
{
    struct snapshot_send_status status = send->counts;
    uint64_t now_us = loop_now_us(send->loop);

    for (size_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        status.offers += send->offers[i].state != OFFER_FREE;
    }
    for (size_t i = 0; i < SNAPSHOT_SEND_NODES_MAX; i++) {
        const struct follower *follower = &send->followers[i];

        status.followers +=
            follower->node != 0 && now_us - follower->asked_us < 1000000;
        status.held_bytes += follower->bytes != NULL ? follower->len : 0;
    }
    return status;
}
