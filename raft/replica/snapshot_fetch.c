#include "raft/replica/snapshot_fetch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_fetch_inner.h"

/* --- Ends --- */

static void drop_pieces(struct snapshot_fetch *fetch)
{
    for (size_t i = 0; i < fetch->n_pieces; i++) {
        free(fetch->pieces[i].bytes);
    }
    fetch->n_pieces = 0;
}

/* What is under way is over: whatever its job still reports is of no matter. */
static void fetch_end(struct snapshot_fetch *fetch)
{
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
void fetch_fail(struct snapshot_fetch *fetch, enum error error,
                const char *reason)
{
    journal_warning("snapshot_failed",
                    "id=%016" PRIx64 " from_node=%u error=%s reason=\"%s\"",
                    fetch->manifest->id, (unsigned)fetch->node,
                    error_name(error), reason);
    fetch_end(fetch);
    if (error == ERROR_NO_SPACE) {
        fetch_work_first(fetch, WORK_CLEAR);
    }
    fetch->events.failed(fetch->events.context, error, reason);
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
            fetch_work_on(fetch); /* A step finds it whole once more. */
        }
        return ERROR_NONE;
    }
    fetch_end(fetch);
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
    fetch_work_first(fetch, WORK_BEGIN);
    return ERROR_NONE;
}

void snapshot_fetch_stop(struct snapshot_fetch *fetch)
{
    if (fetch->state != SNAPSHOT_FETCH_WHOLE) {
        fetch_end(fetch);
    }
}

void snapshot_fetch_forget(struct snapshot_fetch *fetch)
{
    fetch_end(fetch);
    fetch_work_first(fetch, WORK_CLEAR);
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

static void on_timer(void *context)
{
    fetch_tick(context);
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
    fetch->worker = worker_new(loop, "snapshot-fetch");
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
