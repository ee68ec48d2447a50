#include "raft/replica/snapshot_fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/journal.h"
#include "proto/base/worker.h"
#include "raft/replica/snapshot_stage.h"

/* What the worker is to do. */
enum work { WORK_NONE, WORK_BEGIN, WORK_STEP, WORK_WRITE, WORK_CLEAR };

/* A chunk that came and is not yet on disk. */
struct piece {
    uint8_t *bytes;
    size_t len;
    uint64_t offset;
};

struct snapshot_fetch {
    struct loop *loop;
    struct snapshot_fetch_events events;
    struct snapshot_fetch_settings settings; /* No 0 but free_bytes_min's. */
    struct worker *worker;
    struct timer *timer;          /* Runs while copying. */
    struct snapshot_stage *stage; /* The worker's while a job runs. */
    bool closing;

    enum snapshot_fetch_state state;
    uint8_t node;
    struct snapshot_manifest *manifest; /* NULL when idle. */
    struct buffer bytes;                /* Its encoding. */

    uint32_t file;     /* The file being copied; */
    bool copying;      /* whether there is one. */
    uint64_t at;       /* The next byte to come, */
    uint64_t asked;    /* and the first not asked for. */
    unsigned bad;      /* Damaged chunks in a row. */
    uint64_t heard_us; /* When something last went on. */
    uint64_t asked_us; /* When something was last asked for. */
    struct piece pieces[SNAPSHOT_FETCH_AHEAD]; /* Oldest first. */
    size_t n_pieces;
    uint64_t bad_files; /* Copies of files thrown away since the start. */
    struct snapshot_fetch_status counts; /* Only what is counted. */

    /* Of the job, while it runs. What it was for may be over by its end. */
    struct job job;
    bool job_runs;
    enum work work;
    uint64_t life;       /* Counts what begins and ends; */
    uint64_t job_life;   /* this was when the job was given. */
    struct buffer begun; /* The manifest it begins with. */
    struct piece piece;
    struct snapshot_stage_step step;
    enum error error;
    enum work due; /* Next, before all else. */
};

/* --- The worker --- */

static struct snapshot_fetch *fetch_of(struct job *job)
{
    return (struct snapshot_fetch *)((char *)job -
                                     offsetof(struct snapshot_fetch, job));
}

static void work_run(struct job *job)
{
    struct snapshot_fetch *fetch = fetch_of(job);

    switch (fetch->work) {
    case WORK_BEGIN:
        fetch->error =
            snapshot_stage_begin(fetch->stage, buffer_slice(&fetch->begun),
                                 fetch->settings.free_bytes_min);
        break;
    case WORK_STEP:
        fetch->error = snapshot_stage_step(fetch->stage, &fetch->step);
        break;
    case WORK_WRITE:
        fetch->error =
            snapshot_stage_write(fetch->stage, fetch->piece.offset,
                                 fetch->piece.bytes, fetch->piece.len);
        break;
    case WORK_CLEAR:
        fetch->error = snapshot_stage_clear(fetch->stage);
        break;
    default:
        CHECK(false);
    }
}

static void work_done(struct job *job);

static void submit(struct snapshot_fetch *fetch, enum work work)
{
    CHECK(!fetch->job_runs);
    fetch->work = work;
    fetch->job_runs = true;
    fetch->job_life = fetch->life;
    fetch->job = (struct job){.run = work_run, .done = work_done};
    worker_submit(fetch->worker, &fetch->job);
}

/* Begin or clear, as soon as the job under way is done. */
static void submit_first(struct snapshot_fetch *fetch, enum work work)
{
    fetch->due = work;
    if (!fetch->job_runs) {
        fetch->due = WORK_NONE;
        if (work == WORK_BEGIN) {
            buffer_clear(&fetch->begun);
            buffer_append_slice(&fetch->begun, buffer_slice(&fetch->bytes));
        }
        submit(fetch, work);
    }
}

/* --- Ends --- */

static void drop_pieces(struct snapshot_fetch *fetch)
{
    for (size_t i = 0; i < fetch->n_pieces; i++) {
        free(fetch->pieces[i].bytes);
    }
    fetch->n_pieces = 0;
}

/* What is under way is over: whatever its job still reports is of no matter. */
static void end(struct snapshot_fetch *fetch)
{
    fetch->life++;
    fetch->state = SNAPSHOT_FETCH_IDLE;
    fetch->copying = false;
    fetch->due = WORK_NONE;
    drop_pieces(fetch);
    timer_stop(fetch->timer);
    snapshot_manifest_free(fetch->manifest);
    fetch->manifest = NULL;
    buffer_deinit(&fetch->bytes);
}

/* On a full disk the copy makes room: the log needs it more. */
static void fail(struct snapshot_fetch *fetch, enum error error,
                 const char *reason)
{
    journal_warning("snapshot_failed",
                    "id=%016" PRIx64 " from_node=%u error=%s reason=\"%s\"",
                    fetch->manifest->id, (unsigned)fetch->node,
                    error_name(error), reason);
    end(fetch);
    if (error == ERROR_NO_SPACE) {
        submit_first(fetch, WORK_CLEAR);
    }
    fetch->events.failed(fetch->events.context, error, reason);
}

/* --- Asking --- */

static const struct snapshot_file *file_now(const struct snapshot_fetch *fetch)
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

/* Ask for as much as there is room for. What cannot be sent now is asked for
 * again by the clock. */
static void ask(struct snapshot_fetch *fetch)
{
    while (fetch->copying && fetch->asked < file_now(fetch)->bytes &&
           chunks_under_way(fetch) < SNAPSHOT_FETCH_AHEAD) {
        uint64_t left = file_now(fetch)->bytes - fetch->asked;
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
    ask(fetch);
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
        (void)send_ask(fetch, file_now(fetch)->bytes, 1);
    }
}

static void on_timer(void *context)
{
    struct snapshot_fetch *fetch = context;
    uint64_t now_us = loop_now_us(fetch->loop);

    if (!fetch->copying || fetch->n_pieces > 0 || fetch->job_runs) {
        touch(fetch, now_us);
    } else if (is_past(now_us, fetch->heard_us, fetch->settings.silent_ms)) {
        fail(fetch, ERROR_TIMED_OUT, "nothing came for too long");
    } else if (is_past(now_us, fetch->asked_us, fetch->settings.retry_ms)) {
        ask_again(fetch);
    }
}

/* --- Working --- */

/* Give the worker what is next for it, if anything. */
static void go_on(struct snapshot_fetch *fetch)
{
    if (fetch->job_runs) {
        return;
    }
    if (!fetch->copying) {
        submit(fetch, WORK_STEP);
    } else if (fetch->n_pieces > 0) {
        fetch->piece = fetch->pieces[0];
        fetch->n_pieces--;
        for (size_t i = 0; i < fetch->n_pieces; i++) {
            fetch->pieces[i] = fetch->pieces[i + 1];
        }
        submit(fetch, WORK_WRITE);
    }
}

static void copy_whole(struct snapshot_fetch *fetch)
{
    fetch->state = SNAPSHOT_FETCH_WHOLE;
    timer_stop(fetch->timer);
    journal_info("snapshot_copied",
                 "id=%016" PRIx64 " from_node=%u log_index=%" PRIu64
                 " files=%zu bytes=%" PRIu64,
                 fetch->manifest->id, (unsigned)fetch->node,
                 fetch->manifest->index, fetch->manifest->n,
                 snapshot_manifest_bytes(fetch->manifest));
    fetch->events.ready(fetch->events.context,
                        snapshot_stage_directory(fetch->stage),
                        fetch->manifest->index);
}

static void step_done(struct snapshot_fetch *fetch)
{
    const struct snapshot_stage_step *step = &fetch->step;

    fetch->counts.bytes_here = step->bytes_here;
    fetch->counts.files_here = step->files_here;
    switch (step->need) {
    case SNAPSHOT_STAGE_AGAIN:
        if (step->files_here == fetch->manifest->n) {
            fetch->state = SNAPSHOT_FETCH_FINISHING;
        }
        go_on(fetch);
        break;
    case SNAPSHOT_STAGE_COPY:
        fetch->state = SNAPSHOT_FETCH_COPYING;
        fetch->copying = true;
        fetch->file = step->file;
        fetch->at = fetch->asked = step->offset;
        fetch->heard_us = loop_now_us(fetch->loop);
        ask(fetch);
        break;
    case SNAPSHOT_STAGE_WHOLE:
        copy_whole(fetch);
        break;
    }
}

static void write_done(struct snapshot_fetch *fetch, size_t len)
{
    fetch->counts.bytes_here += len;
    fetch->heard_us = loop_now_us(fetch->loop);
    if (fetch->at == file_now(fetch)->bytes && fetch->n_pieces == 0) {
        fetch->copying = false; /* All of it is written. */
    }
    go_on(fetch);
    ask(fetch);
}

static const char *reason_of(enum error error)
{
    switch (error) {
    case ERROR_ROTTEN:
        return "a file never came as the manifest says";
    case ERROR_NO_SPACE:
        return "the disk has no room for it";
    default:
        return error_text(error);
    }
}

static void take_result(struct snapshot_fetch *fetch, size_t len)
{
    if (fetch->error != ERROR_NONE) {
        fail(fetch, fetch->error, reason_of(fetch->error));
        return;
    }
    if (fetch->work == WORK_STEP) {
        step_done(fetch);
    } else if (fetch->work == WORK_WRITE) {
        write_done(fetch, len);
    } else if (fetch->work == WORK_BEGIN) {
        go_on(fetch);
    }
}

static void work_done(struct job *job)
{
    struct snapshot_fetch *fetch = fetch_of(job);
    size_t len = fetch->piece.len;

    fetch->job_runs = false;
    fetch->bad_files = fetch->step.bad;
    free(fetch->piece.bytes);
    fetch->piece = (struct piece){NULL, 0, 0};
    if (fetch->closing) {
        return;
    }
    if (fetch->due != WORK_NONE) {
        submit_first(fetch, fetch->due);
    } else if (fetch->job_life == fetch->life &&
               fetch->state != SNAPSHOT_FETCH_IDLE) {
        take_result(fetch, len);
    } else if (fetch->error != ERROR_NONE) {
        journal_warning("snapshot_leftover", "path=%s error=%s",
                        snapshot_stage_directory(fetch->stage),
                        error_name(fetch->error));
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
                    chunk->id, (unsigned)fetch->node, file_now(fetch)->name,
                    chunk->offset, chunk->data.len, chunk->crc32c);
    if (fetch->bad >= SNAPSHOT_FETCH_BAD_MAX) {
        fail(fetch, ERROR_MALFORMED, "chunks were damaged again and again");
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
    go_on(fetch);
    ask(fetch);
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
    wanted = file_now(fetch)->bytes - fetch->at;
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
        fail(fetch, ERROR_NOT_FOUND, "the other node has given it up");
    }
}

void snapshot_fetch_connected(struct snapshot_fetch *fetch, uint8_t node)
{
    if (fetch->copying && node == fetch->node) {
        ask_again(fetch);
    }
}

/* --- What the owner calls --- */

enum error snapshot_fetch_begin(struct snapshot_fetch *fetch, uint8_t node,
                                struct slice manifest)
{
    struct snapshot_manifest *read;
    bool same = fetch->manifest != NULL &&
                slice_equal(manifest, buffer_slice(&fetch->bytes));

    TRY(snapshot_manifest_read(manifest, &read));
    fetch->node = node;
    if (same) {
        snapshot_manifest_free(read);
        if (fetch->state == SNAPSHOT_FETCH_WHOLE) {
            go_on(fetch); /* A step finds it whole once more. */
        }
        return ERROR_NONE;
    }
    end(fetch);
    buffer_append_slice(&fetch->bytes, manifest);
    if (buffer_failed(&fetch->bytes)) {
        snapshot_manifest_free(read);
        buffer_deinit(&fetch->bytes);
        return ERROR_NO_MEMORY;
    }
    fetch->manifest = read;
    fetch->state = SNAPSHOT_FETCH_PREPARING;
    fetch->bad = 0;
    fetch->file = 0;
    fetch->counts.bytes_here = fetch->counts.files_here = 0;
    fetch->heard_us = fetch->asked_us = loop_now_us(fetch->loop);
    timer_start(fetch->timer, fetch->settings.retry_ms / 2 + 1,
                fetch->settings.retry_ms / 2 + 1);
    submit_first(fetch, WORK_BEGIN);
    return ERROR_NONE;
}

void snapshot_fetch_stop(struct snapshot_fetch *fetch)
{
    if (fetch->state != SNAPSHOT_FETCH_WHOLE) {
        end(fetch);
    }
}

void snapshot_fetch_forget(struct snapshot_fetch *fetch)
{
    end(fetch);
    submit_first(fetch, WORK_CLEAR);
}

bool snapshot_fetch_holds(const struct snapshot_fetch *fetch,
                          struct slice manifest)
{
    return fetch->state == SNAPSHOT_FETCH_WHOLE &&
           slice_equal(manifest, buffer_slice(&fetch->bytes));
}

const char *snapshot_fetch_directory(const struct snapshot_fetch *fetch)
{
    return snapshot_stage_directory(fetch->stage);
}

struct snapshot_fetch_status snapshot_fetch_status(
    const struct snapshot_fetch *fetch)
{
    struct snapshot_fetch_status status = fetch->counts;

    status.bad += fetch->bad_files;
    status.state = fetch->state;
    status.node = fetch->node;
    if (fetch->manifest != NULL) {
        status.index = fetch->manifest->index;
        status.bytes = snapshot_manifest_bytes(fetch->manifest);
        status.files = fetch->manifest->n;
    }
    return status;
}

/* --- Open and close --- */

static struct snapshot_fetch_settings settings_of(
    const struct snapshot_fetch_settings *from)
{
    struct snapshot_fetch_settings to = *from;

    to.path = NULL; /* Not ours to keep. */
    if (to.chunk_bytes == 0) {
        to.chunk_bytes = PEER_CHUNK_BYTES_MAX;
    }
    if (to.retry_ms == 0) {
        to.retry_ms = SNAPSHOT_FETCH_RETRY_MS;
    }
    if (to.silent_ms == 0) {
        to.silent_ms = SNAPSHOT_FETCH_SILENT_MS;
    }
    return to;
}

/* A copy that is whole from an earlier run. */
static enum error load(struct snapshot_fetch *fetch, const char *path)
{
    struct slice whole;

    TRY(snapshot_stage_open(path, &fetch->stage));
    whole = snapshot_stage_whole(fetch->stage);
    if (whole.len == 0) {
        return ERROR_NONE;
    }
    TRY(snapshot_manifest_read(whole, &fetch->manifest));
    buffer_append_slice(&fetch->bytes, whole);
    fetch->state = SNAPSHOT_FETCH_WHOLE;
    fetch->counts.bytes_here = snapshot_manifest_bytes(fetch->manifest);
    fetch->counts.files_here = fetch->manifest->n;
    return buffer_failed(&fetch->bytes) ? ERROR_NO_MEMORY : ERROR_NONE;
}

enum error snapshot_fetch_open(struct loop *loop,
                               const struct snapshot_fetch_settings *settings,
                               const struct snapshot_fetch_events *events,
                               struct snapshot_fetch **fetch_out)
{
    struct snapshot_fetch *fetch = calloc(1, sizeof(*fetch));
    enum error error = ERROR_NO_MEMORY;

    if (fetch == NULL) {
        return ERROR_NO_MEMORY;
    }
    fetch->loop = loop;
    fetch->events = *events;
    fetch->settings = settings_of(settings);
    fetch->worker = worker_new(loop, "snapshot_fetch");
    fetch->timer = timer_new(loop, on_timer, fetch);
    if (fetch->worker != NULL && fetch->timer != NULL) {
        error = load(fetch, settings->path);
    }
    if (error != ERROR_NONE) {
        snapshot_fetch_close(fetch);
        return error;
    }
    *fetch_out = fetch; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void snapshot_fetch_close(struct snapshot_fetch *fetch)
{
    if (fetch == NULL) {
        return;
    }
    fetch->closing = true;
    worker_free(fetch->worker);
    timer_free(fetch->timer);
    drop_pieces(fetch);
    snapshot_manifest_free(fetch->manifest);
    buffer_deinit(&fetch->bytes);
    free(fetch->piece.bytes);
    buffer_deinit(&fetch->begun);
    snapshot_stage_close(fetch->stage);
    free(fetch);
}
