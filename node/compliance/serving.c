#include "node/compliance/serving.h"

#include <inttypes.h>
#include <stdlib.h>

#include "node/compliance/tiles.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/worker.h"

struct serving {
    struct compliance *compliance;
    struct worker *worker;
    struct tiles *tiles; /* The jobs'. */
    uint64_t asked_us;
    bool has_read; /* Since it was last made to forget. */
};

/* One ask on its way. */
struct answer {
    struct job job; /* First. */
    struct serving *serving;
    uint8_t node;
    struct peer_archive_ask ask; /* A width of 0: forget what was read. */
    struct peer_archive_part part;
    struct buffer data;
};

struct serving *serving_new(struct compliance *compliance)
{
    struct serving *serving = calloc(1, sizeof(*serving));

    CHECK(serving != NULL);
    serving->compliance = compliance;
    serving->worker = worker_new(compliance->settings.loop, "archive-serve");
    CHECK(serving->worker != NULL);
    serving->tiles = tiles_open(compliance->directory);
    return serving;
}

void serving_free(struct serving *serving)
{
    if (serving != NULL) {
        worker_free(serving->worker);
        tiles_close(serving->tiles);
        free(serving);
    }
}

/* --- On the worker --- */

static enum error read_all(struct answer *answer, struct buffer *payload,
                           struct slice *all_out)
{
    const struct peer_archive_ask *ask = &answer->ask;
    struct tiles *tiles = answer->serving->tiles;

    switch (ask->level) {
    case PEER_ARCHIVE_PAYLOAD:
        TRY(tiles_payload(tiles, ask->index, payload));
        *all_out = buffer_slice(payload);
        return ERROR_NONE;
    case PEER_ARCHIVE_ENTRIES:
        return tiles_bundle(tiles, ask->index, ask->width, all_out);
    default:
        return tiles_tile(tiles, ask->level, ask->index, ask->width, all_out);
    }
}

static void cut_part(struct answer *answer, struct slice all)
{
    struct peer_archive_part *part = &answer->part;
    struct slice rest = slice_after(all, answer->ask.offset);

    part->bytes = all.len;
    part->offset = all.len - rest.len;
    if (rest.len > PEER_CHUNK_BYTES_MAX) {
        rest.len = PEER_CHUNK_BYTES_MAX;
    }
    buffer_append_slice(&answer->data, rest);
    part->data = buffer_slice(&answer->data);
}

static void run(struct job *job)
{
    struct answer *answer = (struct answer *)job;
    struct buffer payload = BUFFER_EMPTY;
    struct slice all = SLICE_NONE;
    enum error error;

    if (answer->ask.width == 0) {
        tiles_forget(answer->serving->tiles);
        return;
    }
    error = read_all(answer, &payload, &all);
    answer->part.number = answer->ask.number;
    answer->part.absent = error != ERROR_NONE;
    if (error == ERROR_NONE) {
        cut_part(answer, all);
    } else if (error != ERROR_NOT_FOUND) {
        tiles_forget(answer->serving->tiles);
        journal_error("archive_unreadable",
                      "level=%" PRId32 " index=%" PRIu64 " error=%s",
                      answer->ask.level, answer->ask.index, error_name(error));
    }
    buffer_deinit(&payload);
}

/* --- On the state loop --- */

static void done(struct job *job)
{
    struct answer *answer = (struct answer *)job;
    struct compliance *compliance = answer->serving->compliance;
    struct peer_message message = {.kind = PEER_ARCHIVE_PART,
                                   .archive_part = answer->part};

    if (answer->ask.width > 0 && !compliance->stopped &&
        !buffer_failed(&answer->data)) {
        replica_send_archive(compliance->replica, answer->node, &message);
    }
    buffer_deinit(&answer->data);
    free(answer);
}

static void submit(struct serving *serving, uint8_t node,
                   const struct peer_archive_ask *ask)
{
    struct answer *answer = calloc(1, sizeof(*answer));

    CHECK(answer != NULL);
    answer->job = (struct job){.run = run, .done = done};
    answer->serving = serving;
    answer->node = node;
    answer->ask = *ask;
    worker_submit(serving->worker, &answer->job);
}

void serving_ask(struct serving *serving, uint8_t node,
                 const struct peer_archive_ask *ask)
{
    if (serving->compliance->replica == NULL ||
        worker_pending(serving->worker) >= SERVING_ASKS_MAX) {
        return;
    }
    serving->asked_us = loop_now_us(serving->compliance->settings.loop);
    serving->has_read = true;
    submit(serving, node, ask);
}

/* Files may be replaced while nobody asks, and directories need not be open. */
static void on_tick(struct compliance *compliance)
{
    struct serving *serving = compliance->serving;
    uint64_t now_us = loop_now_us(compliance->settings.loop);

    if (serving->has_read &&
        now_us - serving->asked_us >= SERVING_FORGET_MS * 1000ull) {
        serving->has_read = false;
        submit(serving, 0, &(struct peer_archive_ask){.width = 0});
    }
}

const struct compliance_part serving_part = {
    .name = "serving",
    .tick = on_tick,
};
