#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_fetch_inner.h"

const struct snapshot_file *fetch_file(const struct snapshot_fetch *fetch)
{
    return &fetch->manifest->files[fetch->file];
}

static enum error send_ask(struct snapshot_fetch *fetch, uint64_t offset,
                           uint32_t bytes)
{
    struct peer_message message = {.kind = PEER_SNAPSHOT_FETCH,
                                   .snapshot_fetch = {.id = fetch->manifest->id,
                                                      .file = fetch->file,
                                                      .offset = offset,
                                                      .bytes = bytes}};

    fetch->asked_us = loop_now_us(fetch->loop);
    return fetch->events.send(fetch->events.context, fetch->node, &message);
}

static size_t chunks_under_way(const struct snapshot_fetch *fetch)
{
    uint64_t bytes = fetch->asked - fetch->at;

    return fetch->n_pieces + (fetch->piece.bytes != NULL ? 1 : 0) +
           (bytes + fetch->settings.chunk_bytes - 1) /
               fetch->settings.chunk_bytes;
}

void fetch_ask(struct snapshot_fetch *fetch)
{
    while (fetch->copying && fetch->asked < fetch_file(fetch)->bytes &&
           chunks_under_way(fetch) < SNAPSHOT_FETCH_AHEAD) {
        uint64_t left = fetch_file(fetch)->bytes - fetch->asked;
        uint32_t bytes = left < fetch->settings.chunk_bytes
                             ? (uint32_t)left
                             : fetch->settings.chunk_bytes;

        if (send_ask(fetch, fetch->asked, bytes) != ERROR_NONE) {
            return;
        }
        fetch->asked += bytes;
    }
}

static void ask_again(struct snapshot_fetch *fetch)
{
    fetch->asked = fetch->at;
    fetch_ask(fetch);
}

static bool is_past(uint64_t now_us, uint64_t since_us, uint32_t ms)
{
    return now_us - since_us >= (uint64_t)ms * 1000;
}

/* While this side is busy with its disk for long, the other must not take its
 * silence for a farewell: it is asked for what lies behind a file's end. */
static void touch(struct snapshot_fetch *fetch, uint64_t now_us)
{
    fetch->heard_us = now_us;
    if (fetch->state != SNAPSHOT_FETCH_WHOLE && fetch->manifest->n > 0 &&
        is_past(now_us, fetch->asked_us, SNAPSHOT_FETCH_TOUCH_MS)) {
        (void)send_ask(fetch, fetch_file(fetch)->bytes, 1);
    }
}

void fetch_tick(struct snapshot_fetch *fetch)
{
    uint64_t now_us = loop_now_us(fetch->loop);

    if (!fetch->copying || fetch->n_pieces > 0 || fetch->job_runs) {
        touch(fetch, now_us);
    } else if (is_past(now_us, fetch->heard_us, fetch->settings.silent_ms)) {
        fetch_fail(fetch, ERROR_TIMED_OUT, "nothing came for too long");
    } else if (is_past(now_us, fetch->asked_us, fetch->settings.retry_ms)) {
        ask_again(fetch);
    }
}

/* --- Chunks --- */

/* A chunk that is not what its checksum says, or not as long as it should be:
 * asked for again, but not for ever. */
static void take_bad(struct snapshot_fetch *fetch,
                     const struct peer_snapshot_chunk *chunk)
{
    fetch->counts.bad++;
    fetch->bad++;
    journal_warning("snapshot_chunk_bad",
                    "id=%016" PRIx64 " from_node=%u file=%s offset=%" PRIu64
                    " bytes=%zu crc32c=%08x",
                    chunk->id, (unsigned)fetch->node, fetch_file(fetch)->name,
                    chunk->offset, chunk->data.len, chunk->crc32c);
    if (fetch->bad >= SNAPSHOT_FETCH_BAD_MAX) {
        fetch_fail(fetch, ERROR_MALFORMED,
                   "chunks were damaged again and again");
    } else {
        ask_again(fetch);
    }
}

static void take_good(struct snapshot_fetch *fetch,
                      const struct peer_snapshot_chunk *chunk)
{
    struct piece piece = {malloc(chunk->data.len), chunk->data.len,
                          chunk->offset};

    if (piece.bytes == NULL) {
        return; /* It is asked for again. */
    }
    memcpy(piece.bytes, chunk->data.data, piece.len);
    fetch->pieces[fetch->n_pieces++] = piece;
    fetch->at += piece.len;
    fetch->bad = 0;
    fetch->counts.fetched += piece.len;
    fetch->heard_us = loop_now_us(fetch->loop);
    fetch_work_on(fetch);
    fetch_ask(fetch);
}

/* Is it the very next one? Others are late: they were asked for twice. */
static bool is_next(const struct snapshot_fetch *fetch, uint8_t node,
                    const struct peer_snapshot_chunk *chunk)
{
    return fetch->copying && node == fetch->node &&
           chunk->id == fetch->manifest->id && chunk->file == fetch->file &&
           chunk->offset == fetch->at && fetch->asked > fetch->at;
}

static void take_chunk(struct snapshot_fetch *fetch, uint8_t node,
                       const struct peer_snapshot_chunk *chunk)
{
    uint64_t wanted;

    if (!is_next(fetch, node, chunk)) {
        return;
    }
    wanted = fetch_file(fetch)->bytes - fetch->at;
    if (wanted > fetch->settings.chunk_bytes) {
        wanted = fetch->settings.chunk_bytes;
    }
    if (chunk->data.len != wanted ||
        checksum_of(chunk->data.data, chunk->data.len) != chunk->crc32c) {
        take_bad(fetch, chunk);
    } else {
        take_good(fetch, chunk);
    }
}

void snapshot_fetch_received(struct snapshot_fetch *fetch, uint8_t node,
                             const struct peer_message *message)
{
    if (message->kind == PEER_SNAPSHOT_CHUNK) {
        take_chunk(fetch, node, &message->snapshot_chunk);
    } else if (message->kind == PEER_SNAPSHOT_GONE &&
               fetch->state != SNAPSHOT_FETCH_IDLE &&
               fetch->state != SNAPSHOT_FETCH_WHOLE && node == fetch->node &&
               message->snapshot_gone.id == fetch->manifest->id) {
        fetch_fail(fetch, ERROR_NOT_FOUND, "the other node has given it up");
    }
}

void snapshot_fetch_connected(struct snapshot_fetch *fetch, uint8_t node)
{
    if (fetch->copying && node == fetch->node) {
        ask_again(fetch);
    }
}
