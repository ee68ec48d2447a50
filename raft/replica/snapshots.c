/* Snapshots: what the core asks for, and who does it.
 *
 *   our own    flush_wanted -> owner -> flushed; the log is cut behind it
 *   going out  checkpoint_wanted -> owner -> made -> manifest for the core;
 *              then the follower copies the files (snapshot_send)
 *   coming in  the core offers -> files are copied (snapshot_fetch) -> core
 *              -> restore -> owner -> restored; entries wait meanwhile
 *
 * raft's own entries are not given to the owner, so its state may end before
 * the index that the core means. `needs` is the last entry that it was given.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_manifest.h"
#include "raft/replica/snapshots.h"

uint64_t engine_snapshot_needs(const struct log_snapshot *snapshot)
{
    struct snapshot_manifest *manifest = NULL;
    uint64_t index = snapshot->index;

    if (snapshot_manifest_read(snapshot->data, &manifest) == ERROR_NONE &&
        manifest->index < index) {
        index = manifest->index;
    }
    snapshot_manifest_free(manifest);
    return index;
}

/* --- Our own --- */

/* Only where the owner's state ends too: a start then finds no gap. */
static bool may_snapshot(void *context, uint64_t index)
{
    const struct engine *engine = context;

    return !engine->snapshots.restoring &&
           index == commits_given(engine->commits);
}

static void want_flush(struct engine *engine)
{
    struct memo *memo = memo_new(MEMO_FLUSH_WANTED);

    memo->index = engine->snapshots.flush_index;
    engine_tell(engine, memo);
}

static void snapshot_flush(void *context, uint64_t index)
{
    struct engine *engine = context;

    commits_flush(engine->commits);
    engine->snapshots.flushing = true;
    engine->snapshots.flush_index = index;
    want_flush(engine);
}

/* An owner that was behind has flushed what it had: it is asked again when it
 * has applied the rest. */
static void take_flushed(struct engine *engine, uint64_t index)
{
    struct engine_snapshots *snapshots = &engine->snapshots;

    if (!snapshots->flushing) {
        return;
    }
    snapshots->flush_again = index < snapshots->flush_index;
    if (!snapshots->flush_again) {
        snapshots->flushing = false;
        core_snapshot_flushed(engine->core, ERROR_NONE);
    }
}

/* --- Going out --- */

static struct engine_get *get_of(struct engine *engine, uint64_t id)
{
    for (size_t i = 0; i < ENGINE_GETS_MAX; i++) {
        if (engine->snapshots.gets[i].used &&
            engine->snapshots.gets[i].id == id) {
            return &engine->snapshots.gets[i];
        }
    }
    return NULL;
}

static struct engine_get *free_get(struct engine *engine)
{
    for (size_t i = 0; i < ENGINE_GETS_MAX; i++) {
        if (!engine->snapshots.gets[i].used) {
            return &engine->snapshots.gets[i];
        }
    }
    return NULL;
}

static void want_checkpoint(struct engine *engine, uint64_t id,
                            const char *directory)
{
    struct memo *memo = memo_new(MEMO_CHECKPOINT_WANTED);

    memo->checkpoint.id = id;
    memo->checkpoint.directory = strdup(directory);
    CHECK(memo->checkpoint.directory != NULL);
    engine_tell(engine, memo);
}

/* The core asks also for a peer that is not there. Then nothing is made: what
 * the core sends goes nowhere, and it asks again until the peer has come. To
 * tell it of an error would make it wait, and keep all of the log meanwhile. */
static bool is_awaited(const struct engine *engine)
{
    struct core_peers members = core_peers(engine->core);

    for (size_t i = 0; i < members.n; i++) {
        if (members.list[i].in_snapshot &&
            peers_is_member_there(engine->peers, members.list[i].id)) {
            return true;
        }
    }
    return false;
}

/* Whoever asked for it may have gone. */
static void drop_unused(struct engine *engine)
{
    uint64_t now_us = loop_now_us(engine->loop);

    for (size_t i = 0; i < ENGINE_GETS_MAX; i++) {
        const struct engine_get *get = &engine->snapshots.gets[i];

        if (get->used && get->ready &&
            now_us - get->asked_us >= ENGINE_OFFER_MS * 1000ull) {
            snapshot_send_drop(engine->snapshots.send, get->id);
            return;
        }
    }
}

void engine_snapshots_asked(struct engine *engine, uint8_t node,
                            const struct peer_snapshot_fetch *fetch)
{
    struct engine_get *get = get_of(engine, fetch->id);

    if (get != NULL) {
        get->asked_us = loop_now_us(engine->loop);
    }
    snapshot_send_asked(engine->snapshots.send, node, fetch);
}

static void manifest_make(void *context, uint64_t ticket, uint64_t index)
{
    struct engine *engine = context;
    struct engine_get *get;
    const char *directory;
    struct slice manifest;
    uint64_t id;

    (void)index;
    if (!is_awaited(engine)) {
        core_manifest_made(engine->core, ticket, ERROR_NONE, SLICE_NONE);
        return;
    }
    commits_flush(engine->commits);
    if (snapshot_send_find(engine->snapshots.send,
                           commits_given(engine->commits), &id, &manifest)) {
        core_manifest_made(engine->core, ticket, ERROR_NONE, manifest);
        return;
    }
    get = free_get(engine);
    if (get == NULL || snapshot_send_begin(engine->snapshots.send, &id,
                                           &directory) != ERROR_NONE) {
        drop_unused(engine);
        core_manifest_made(engine->core, ticket, ERROR_BUSY, SLICE_NONE);
        return;
    }
    *get = (struct engine_get){.used = true,
                               .ticket = ticket,
                               .id = id,
                               .needs = commits_given(engine->commits),
                               .asked_us = loop_now_us(engine->loop)};
    want_checkpoint(engine, id, directory);
}

static void on_send_ready(void *context, uint64_t id, enum error error,
                          struct slice manifest)
{
    struct engine *engine = context;
    struct engine_get *get = get_of(engine, id);

    if (get != NULL && !get->ready) {
        get->ready = true;
        core_manifest_made(engine->core, get->ticket, error, manifest);
    }
}

static void on_send_dropped(void *context, uint64_t id)
{
    struct engine *engine = context;
    struct memo *memo = memo_new(MEMO_CHECKPOINT_DROPPED);
    struct engine_get *get = get_of(engine, id);

    if (get != NULL) {
        get->used = false;
    }
    memo->checkpoint.id = id;
    engine_tell(engine, memo);
}

/* --- Coming in --- */

static void begin_fetch(struct engine *engine, uint8_t node,
                        struct slice manifest)
{
    enum error error =
        snapshot_fetch_begin(engine->snapshots.fetch, node, manifest);

    if (error != ERROR_NONE) {
        journal_error("snapshot_offer_unusable", "from_node=%u error=%s", node,
                      error_name(error));
        engine->snapshots.failed = true;
    }
}

/* As long as the owner reads the last copy nothing is put in its place. */
static void snapshot_offered(void *context, uint64_t from, uint64_t index,
                             struct slice manifest)
{
    struct engine *engine = context;
    struct engine_snapshots *snapshots = &engine->snapshots;

    (void)index;
    snapshots->offer_node = 0;
    if (!snapshots->restoring) {
        begin_fetch(engine, (uint8_t)(from & 0xff), manifest);
        return;
    }
    buffer_clear(&snapshots->offer);
    buffer_append_slice(&snapshots->offer, manifest);
    CHECK(!buffer_failed(&snapshots->offer));
    snapshots->offer_node = (uint8_t)(from & 0xff);
}

static void snapshot_dropped(void *context)
{
    struct engine *engine = context;

    engine->snapshots.offer_node = 0;
    snapshot_fetch_stop(engine->snapshots.fetch);
}

static void on_fetch_ready(void *context, const char *directory, uint64_t index)
{
    struct engine *engine = context;

    (void)directory;
    (void)index; /* restore brings them, when the core has taken it. */
    core_snapshot_ready(engine->core);
}

static void on_fetch_failed(void *context, enum error error, const char *reason)
{
    struct engine *engine = context;

    journal_warning("snapshot_not_copied", "error=%s why=\"%s\"",
                    error_name(error), reason);
    core_snapshot_failed(engine->core);
}

/* The copy may be ahead of the snapshot's place in the log: who takes it over
 * must know how far, or a later start takes that for a log that has lost its
 * end. */
static void want_restore(struct engine *engine, uint64_t needs,
                         uint64_t copied_index)
{
    struct memo *memo = memo_new(MEMO_RESTORE);

    engine->snapshots.restoring = true;
    commits_hold(engine->commits, needs);
    memo->checkpoint.index = copied_index;
    memo->checkpoint.directory =
        strdup(snapshot_fetch_directory(engine->snapshots.fetch));
    CHECK(memo->checkpoint.directory != NULL);
    engine_tell(engine, memo);
}

/* The state has gone on without it. */
static void forget_copy(struct engine *engine)
{
    struct snapshot_fetch *fetch = engine->snapshots.fetch;

    if (!engine->snapshots.restoring &&
        snapshot_fetch_status(fetch).state == SNAPSHOT_FETCH_WHOLE) {
        snapshot_fetch_forget(fetch);
    }
}

/* The log begins behind the snapshot: the state must hold it, or its copy must
 * be whole. */
static enum error restore_from(struct engine *engine, uint64_t needs,
                               struct slice bytes)
{
    if (engine->applied_index >= needs) {
        forget_copy(engine);
        return ERROR_NONE;
    }
    if (bytes.len > 0 && snapshot_fetch_holds(engine->snapshots.fetch, bytes)) {
        want_restore(engine, needs,
                     snapshot_fetch_status(engine->snapshots.fetch).index);
        return ERROR_NONE;
    }
    journal_error("state_lost",
                  "applied=%" PRIu64 " log_begins_behind=%" PRIu64,
                  engine->applied_index, needs);
    return ERROR_FORGOTTEN;
}

static enum error restore(void *context, uint64_t index, struct slice bytes)
{
    struct engine *engine = context;
    struct log_snapshot snapshot = {.index = index, .data = bytes};

    return restore_from(engine, engine_snapshot_needs(&snapshot), bytes);
}

static void take_restored(struct engine *engine)
{
    if (engine->snapshots.restoring) {
        engine->snapshots.restoring = false;
        snapshot_fetch_forget(engine->snapshots.fetch);
        commits_release(engine->commits);
    }
    if (engine->snapshots.offer_node != 0) {
        begin_fetch(engine, engine->snapshots.offer_node,
                    buffer_slice(&engine->snapshots.offer));
        engine->snapshots.offer_node = 0;
    }
}

/* An owner that is behind makes a checkpoint of too early a state. */
static void take_checkpoint(struct engine *engine, const struct memo *memo)
{
    const struct engine_get *get = get_of(engine, memo->checkpoint.id);
    enum error error = memo->checkpoint.error;

    if (error == ERROR_NONE && get != NULL &&
        memo->checkpoint.index < get->needs) {
        error = ERROR_BUSY;
    }
    snapshot_send_made(engine->snapshots.send, memo->checkpoint.id, error,
                       memo->checkpoint.index);
}

/* --- For the engine --- */

void engine_snapshots_take(struct engine *engine, const struct memo *memo)
{
    switch ((enum memo_kind)memo->letter.kind) {
    case MEMO_FLUSHED:
        take_flushed(engine, memo->index);
        return;
    case MEMO_CHECKPOINT_MADE:
        take_checkpoint(engine, memo);
        return;
    case MEMO_RESTORED:
        take_restored(engine);
        return;
    default:
        CHECK_UNREACHABLE();
    }
}

void engine_snapshots_step(struct engine *engine)
{
    struct engine_snapshots *snapshots = &engine->snapshots;

    if (snapshots->failed) {
        snapshots->failed = false;
        core_snapshot_failed(engine->core);
    }
    if (snapshots->flush_again &&
        engine->applied_index >= snapshots->flush_index) {
        snapshots->flush_again = false;
        want_flush(engine);
    }
}

void engine_snapshot_hooks(struct core_hooks *hooks)
{
    hooks->may_snapshot = may_snapshot;
    hooks->snapshot_flush = snapshot_flush;
    hooks->manifest_make = manifest_make;
    hooks->snapshot_offered = snapshot_offered;
    hooks->snapshot_dropped = snapshot_dropped;
    hooks->restore = restore;
}

static enum error send_to(void *context, uint8_t node,
                          const struct peer_message *message)
{
    struct engine *engine = context;

    return peers_send(engine->peers, node, message);
}

static enum error open_send(struct engine *engine, const char *directory)
{
    struct snapshot_send_events events = {.context = engine,
                                          .send = send_to,
                                          .ready = on_send_ready,
                                          .dropped = on_send_dropped};
    struct snapshot_send_settings settings = {.path = directory};

    return snapshot_send_open(engine->loop, &settings, &events,
                              &engine->snapshots.send);
}

static enum error open_fetch(struct engine *engine, const char *directory,
                             uint64_t floor_bytes)
{
    struct snapshot_fetch_events events = {.context = engine,
                                           .send = send_to,
                                           .ready = on_fetch_ready,
                                           .failed = on_fetch_failed};
    struct snapshot_fetch_settings settings = {.path = directory,
                                               .free_bytes_min = floor_bytes};

    return snapshot_fetch_open(engine->loop, &settings, &events,
                               &engine->snapshots.fetch);
}

/* What a crash left between the copy and the owner's switch. */
static void note_staged(struct engine *engine)
{
    const struct log_snapshot *snapshot = log_seam_snapshot(engine->log);

    if (snapshot->data.len > 0 &&
        snapshot_fetch_holds(engine->snapshots.fetch, snapshot->data)) {
        engine->staged_index = engine_snapshot_needs(snapshot);
    }
}

enum error engine_snapshots_open(struct engine *engine,
                                 const struct replica_settings *settings)
{
    uint64_t floor_bytes =
        settings->floor_bytes == 0 ? LOG_FLOOR_BYTES : settings->floor_bytes;
    char path[ENGINE_PATH_BYTES_MAX];

    if ((size_t)snprintf(path, sizeof(path), "%s/checkpoint",
                         settings->directory) >= sizeof(path)) {
        return ERROR_TOO_LARGE;
    }
    TRY(open_send(engine, path));
    snprintf(path, sizeof(path), "%s/staging", settings->directory);
    TRY(open_fetch(engine, path, floor_bytes));
    note_staged(engine);
    return ERROR_NONE;
}
