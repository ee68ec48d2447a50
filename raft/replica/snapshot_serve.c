#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_send_inner.h"

static void answer_gone(struct snapshot_send *send, uint8_t node, uint64_t id)
{
    struct peer_message message = {.kind = PEER_SNAPSHOT_GONE,
                                   .snapshot_gone = {.id = id}};

    send->counts.gone++;
    /* Lost for want of room: the follower asks again. */
    (void)send->events.send(send->events.context, node, &message);
}

/* The place of a node, or a free one, or that of one which wants nothing. */
static struct follower *place_for(struct snapshot_send *send, uint8_t node)
{
    struct follower *place = NULL;

    for (size_t i = 0; i < SNAPSHOT_SEND_NODES_MAX; i++) {
        struct follower *follower = &send->followers[i];

        if (follower->node == node) {
            return follower;
        }
        if (follower->n == 0 && !follower->job_runs &&
            follower->bytes == NULL && (place == NULL || follower->node == 0)) {
            place = follower;
        }
    }
    if (place != NULL) {
        *place = (struct follower){.send = send, .node = node};
    }
    return place;
}

static void drop_chunk(struct follower *follower)
{
    free(follower->bytes);
    follower->bytes = NULL;
}

/* Forget what a follower asked for. */
static void follower_forget(struct follower *follower)
{
    follower->n = 0;
    follower->forgotten = follower->job_runs;
    if (!follower->job_runs) {
        drop_chunk(follower);
    }
}

static struct follower *follower_of(struct job *job)
{
    return (struct follower *)((char *)job - offsetof(struct follower, job));
}

static void read_run(struct job *job)
{
    struct follower *follower = follower_of(job);

    follower->error = snapshot_files_read(
        follower->offer->device, follower->name, follower->chunk.offset,
        follower->bytes, follower->len);
    follower->chunk.data = slice_of(follower->bytes, follower->len);
    follower->chunk.crc32c = checksum_of(follower->bytes, follower->len);
}

/* A checkpoint that cannot be read is of no use to anybody. */
static void give_up(struct follower *follower, struct offer *offer)
{
    journal_error("snapshot_unreadable",
                  "id=%016" PRIx64 " file=%s offset=%" PRIu64 " error=%s",
                  offer->id, follower->name, follower->chunk.offset,
                  error_name(follower->error));
    answer_gone(follower->send, follower->node, follower->chunk.id);
    drop_chunk(follower);
    if (offer->state == OFFER_READY) {
        offer_remove(offer);
    }
}

static void read_done(struct job *job)
{
    struct follower *follower = follower_of(job);
    struct offer *offer = follower->offer;

    follower->job_runs = false;
    if (follower->send->closing) {
        return;
    }
    if (follower->forgotten) {
        follower->forgotten = false;
        drop_chunk(follower);
    } else if (follower->error != ERROR_NONE) {
        give_up(follower, offer);
    }
    offer_release(offer);
    follower_go_on(follower);
}

static size_t chunk_len(const struct peer_snapshot_fetch *ask,
                        const struct snapshot_file *file)
{
    uint64_t left = file->bytes - ask->offset;

    return left < ask->bytes ? (size_t)left : ask->bytes;
}

/* Begin to read what was asked for first. */
static void read_next(struct follower *follower)
{
    struct peer_snapshot_fetch ask = follower->asked[0];
    struct offer *offer = offer_find(follower->send, ask.id);
    const struct snapshot_file *file;

    follower->n--;
    memmove(&follower->asked[0], &follower->asked[1],
            follower->n * sizeof(follower->asked[0]));
    if (offer == NULL) {
        answer_gone(follower->send, follower->node, ask.id);
        return;
    }
    file = &offer->manifest->files[ask.file];
    follower->offer = offer;
    follower->name = file->name;
    follower->len = chunk_len(&ask, file);
    follower->bytes = malloc(follower->len + 1); /* Some for an empty file. */
    if (follower->bytes == NULL) {
        return; /* It asks again. */
    }
    follower->chunk = (struct peer_snapshot_chunk){
        .id = ask.id,
        .file = ask.file,
        .offset = ask.offset,
        .last = ask.offset + follower->len == file->bytes};
    offer->readers++;
    follower->job_runs = true;
    follower->job = (struct job){.run = read_run, .done = read_done};
    worker_submit(follower->send->worker, &follower->job);
}

static void count_chunk(struct follower *follower)
{
    struct snapshot_send *send = follower->send;
    uint64_t now_us = loop_now_us(send->loop);

    send->counts.chunks++;
    send->counts.bytes += follower->len;
    if (send->bytes_per_s != 0) {
        send->next_us = send->next_us > now_us ? send->next_us : now_us;
        send->next_us += follower->len * 1000000 / send->bytes_per_s;
    }
}

/* Send the chunk that is read. Returns whether it is gone. */
static bool send_chunk(struct follower *follower)
{
    struct snapshot_send *send = follower->send;
    struct peer_message message = {.kind = PEER_SNAPSHOT_CHUNK,
                                   .snapshot_chunk = follower->chunk};
    enum error error =
        send->events.send(send->events.context, follower->node, &message);

    if (error == ERROR_BUSY) {
        snapshot_send_again(send, SNAPSHOT_SEND_BUSY_MS * 1000);
        return false;
    }
    if (error != ERROR_NONE) {
        follower_forget(follower); /* It is not there any more. */
        return false;
    }
    count_chunk(follower);
    drop_chunk(follower);
    return true;
}

/* Does the limit on all sending allow a chunk now? */
static bool may_send(struct snapshot_send *send)
{
    uint64_t now_us = loop_now_us(send->loop);

    if (send->next_us <= now_us) {
        return true;
    }
    snapshot_send_again(send, send->next_us - now_us);
    return false;
}

void follower_go_on(struct follower *follower)
{
    while (!follower->job_runs &&
           (follower->bytes != NULL || follower->n > 0)) {
        if (follower->bytes == NULL) {
            read_next(follower);
        } else if (!may_send(follower->send) || !send_chunk(follower)) {
            return;
        }
    }
}

/* Is it waited for, or being read already? */
static bool has_asked(const struct follower *follower,
                      const struct peer_snapshot_fetch *ask)
{
    const struct peer_snapshot_chunk *chunk = &follower->chunk;

    if (follower->bytes != NULL && !follower->forgotten &&
        chunk->id == ask->id && chunk->file == ask->file &&
        chunk->offset == ask->offset) {
        return true;
    }
    for (size_t i = 0; i < follower->n; i++) {
        const struct peer_snapshot_fetch *other = &follower->asked[i];

        if (other->id == ask->id && other->file == ask->file &&
            other->offset == ask->offset) {
            return true;
        }
    }
    return false;
}

/* Does the manifest have what is asked for? */
static bool is_there(const struct offer *offer,
                     const struct peer_snapshot_fetch *ask)
{
    return offer != NULL && ask->file < offer->manifest->n &&
           ask->offset <= offer->manifest->files[ask->file].bytes;
}

void snapshot_send_asked(struct snapshot_send *send, uint8_t node,
                         const struct peer_snapshot_fetch *fetch)
{
    struct offer *offer = offer_find(send, fetch->id);
    struct follower *follower = place_for(send, node);

    if (!is_there(offer, fetch)) {
        answer_gone(send, node, fetch->id);
        return;
    }
    offer->used_us = loop_now_us(send->loop);
    if (follower == NULL || follower->n == SNAPSHOT_SEND_ASKED_MAX) {
        send->counts.refused++;
        return;
    }
    follower->asked_us = offer->used_us;
    if (!has_asked(follower, fetch)) {
        follower->asked[follower->n++] = *fetch;
        follower_go_on(follower);
    }
}

void snapshot_send_disconnected(struct snapshot_send *send, uint8_t node)
{
    for (size_t i = 0; i < SNAPSHOT_SEND_NODES_MAX; i++) {
        if (send->followers[i].node == node) {
            follower_forget(&send->followers[i]);
        }
    }
}
