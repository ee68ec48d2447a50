#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_fetch_inner.h"

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
    fetch->job = (struct job){.run = work_run, .done = work_done};
    worker_submit(fetch->worker, &fetch->job);
}

void fetch_work_first(struct snapshot_fetch *fetch, enum work work)
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

/* --- What follows --- */

void fetch_work_on(struct snapshot_fetch *fetch)
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
        fetch_work_on(fetch);
        break;
    case SNAPSHOT_STAGE_COPY:
        fetch->state = SNAPSHOT_FETCH_COPYING;
        fetch->copying = true;
        fetch->file = step->file;
        fetch->at = fetch->asked = step->offset;
        fetch->heard_us = loop_now_us(fetch->loop);
        fetch_ask(fetch);
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
    if (fetch->at == fetch_file(fetch)->bytes && fetch->n_pieces == 0) {
        fetch->copying = false; /* All of it is written. */
    }
    fetch_work_on(fetch);
    fetch_ask(fetch);
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
        fetch_fail(fetch, fetch->error, reason_of(fetch->error));
        return;
    }
    if (fetch->work == WORK_STEP) {
        step_done(fetch);
    } else if (fetch->work == WORK_WRITE) {
        write_done(fetch, len);
    } else if (fetch->work == WORK_BEGIN) {
        fetch_work_on(fetch);
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
        fetch_work_first(fetch, fetch->due);
    } else if (fetch->state != SNAPSHOT_FETCH_IDLE) {
        take_result(fetch, len);
    } else if (fetch->error != ERROR_NONE) {
        journal_warning("snapshot_leftover", "path=%s error=%s",
                        snapshot_stage_directory(fetch->stage),
                        error_name(fetch->error));
    }
}
