/* The library's state machine, which only hands on, and snapshots.
 *
 * A snapshot of our own is a marker of 64 bytes: the state itself lies in the
 * store, flushed before the marker is written. A snapshot for a peer is a
 * manifest of the files that the peer must copy.
 */
#include "raft/core/machine.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "raft/core/history.h"
#include "raft/core/servers.h"
#include "raft/core_input.h"
#include "raft/guard/log_view.h"
#include "raft/guard/status.h"

enum { MARKER_BYTES = 64 };

static const char marker_word[] = "perch snapshot marker 1\n";

static bool is_marker(const struct raft_buffer *buffer)
{
    return buffer->len == MARKER_BYTES &&
           memcmp(buffer->base, marker_word, sizeof(marker_word)) == 0;
}

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer,
                     void **result)
{
    struct core *core = fsm->data;
    uint64_t index = core->raft.last_applied + 1;

    *result = NULL;
    if (!core->stopped) {
        core->hooks.apply(core->hooks.context, index,
                          log_view_term(&core->raft, index),
                          slice_of(buffer->base, buffer->len));
    }
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[],
                        unsigned *n)
{
    struct core *core = fsm->data;

    *buffers = NULL;
    *n = 0;
    if (core->stopped || !guard_may_snapshot(core->guard) ||
        !core->hooks.may_snapshot(core->hooks.context,
                                  core->raft.last_applied)) {
        return RAFT_BUSY;
    }
    return 0;
}

static int fsm_snapshot_async(struct raft_fsm *fsm,
                              struct raft_buffer *buffers[], unsigned *n)
{
    struct core *core = fsm->data;
    uint8_t *marker = raft_calloc(1, MARKER_BYTES);

    *buffers = raft_malloc(sizeof(**buffers));
    if (marker == NULL || *buffers == NULL) {
        raft_free(marker);
        raft_free(*buffers);
        *buffers = NULL;
        return RAFT_NOMEM;
    }
    memcpy(marker, marker_word, sizeof(marker_word));
    put_le64(marker + 32, core->raft.snapshot.pending.index);
    **buffers = (struct raft_buffer){marker, MARKER_BYTES};
    *n = 1;
    return 0;
}

/* An error stops the node, in core_start or by way of the guard; the library is
 * told nothing of it, for it would go on with half of a snapshot. */
static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buffer)
{
    struct core *core = fsm->data;
    struct slice bytes =
        is_marker(buffer) ? SLICE_NONE : slice_of(buffer->base, buffer->len);
    enum error error =
        core->hooks.restore(core->hooks.context, core->restoring_index, bytes);

    if (error != ERROR_NONE && core->started) {
        guard_stop(core->guard, GUARD_FATAL_DISK,
                   "the snapshot cannot be put in place");
    } else if (error != ERROR_NONE) {
        core->start_error = error;
        core->stopped = true;
    }
    raft_free(buffer->base);
    return 0;
}

void core_machine_init(struct core *core)
{
    core->fsm = (struct raft_fsm){.version = 3,
                                  .data = core,
                                  .apply = fsm_apply,
                                  .snapshot = fsm_snapshot,
                                  .restore = fsm_restore,
                                  .snapshot_async = fsm_snapshot_async};
}

int core_io_async_work(struct raft_io *io, struct raft_io_async_work *req,
                       raft_io_async_work_cb cb)
{
    struct core *core = io->impl;

    CHECK(core->flush == NULL);
    core->flush = req;
    core->flush_cb = cb;
    core->flush_asked = false;
    return 0;
}

void core_snapshot_flushed(struct core *core, enum error error)
{
    struct raft_io_async_work *flush = core->flush;

    CHECK(flush != NULL && core->flush_asked);
    core->flush = NULL;
    core->flush_cb(flush,
                   error == ERROR_NONE ? flush->work(flush) : core_code(error));
    core_settle(core);
}

int core_io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                         raft_io_snapshot_get_cb cb)
{
    struct core *core = io->impl;
    const struct raft *raft = &core->raft;
    const struct core_configuration *applied = core_history_applied(core);
    struct core_get *get;

    if (applied == NULL) {
        return RAFT_BUSY;
    }
    get = calloc(1, sizeof(*get));
    if (get == NULL) {
        return RAFT_NOMEM;
    }
    *get = (struct core_get){.ticket = ++core->tickets,
                             .request = req,
                             .cb = cb,
                             .index = raft->last_applied,
                             .term = log_view_term(raft, raft->last_applied),
                             .members_index = applied->index};
    if (core_servers_of(&applied->members, &get->servers) != 0) {
        raft_configuration_close(&get->servers);
        free(get);
        return RAFT_NOMEM;
    }
    STAILQ_INSERT_TAIL(&core->gets, get, link);
    return 0;
}

static struct raft_snapshot *snapshot_of(struct core_get *get,
                                         struct slice manifest)
{
    struct raft_snapshot *snapshot = raft_calloc(1, sizeof(*snapshot));
    struct raft_buffer *buffer = raft_malloc(sizeof(*buffer));
    void *bytes = raft_malloc(manifest.len + 1);

    if (snapshot == NULL || buffer == NULL || bytes == NULL) {
        raft_free(snapshot);
        raft_free(buffer);
        raft_free(bytes);
        return NULL;
    }
    if (manifest.len > 0) {
        memcpy(bytes, manifest.data, manifest.len);
    }
    *buffer = (struct raft_buffer){bytes, manifest.len};
    *snapshot = (struct raft_snapshot){
        .index = get->index,
        .term = get->term,
        .configuration = get->servers,
        .configuration_index = get->members_index,
        .bufs = buffer,
        .n_bufs = 1,
    };
    raft_configuration_init(&get->servers); /* Ownership has passed. */
    return snapshot;
}

void core_manifest_made(struct core *core, uint64_t ticket, enum error error,
                        struct slice manifest)
{
    struct raft_snapshot *snapshot = NULL;
    struct core_get *get;

    STAILQ_FOREACH (get, &core->gets, link) {
        if (get->ticket == ticket) {
            break;
        }
    }
    CHECK(get != NULL && get->asked);
    STAILQ_REMOVE(&core->gets, get, core_get, link);
    if (error == ERROR_NONE) {
        snapshot = snapshot_of(get, manifest);
        error = snapshot == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
    }
    get->cb(get->request, snapshot, core_code(error));
    raft_configuration_close(&get->servers);
    free(get);
    core_settle(core);
}

static struct core_get *unasked(struct core *core)
{
    struct core_get *get;

    STAILQ_FOREACH (get, &core->gets, link) {
        if (!get->asked) {
            return get;
        }
    }
    return NULL;
}

void core_settle_snapshots(struct core *core)
{
    struct core_get *get;

    if (core->flush != NULL && !core->flush_asked && !core->stopped) {
        core->flush_asked = true;
        core->hooks.snapshot_flush(core->hooks.context,
                                   core->raft.snapshot.pending.index);
    }
    while (!core->stopped && (get = unasked(core)) != NULL) {
        get->asked = true;
        core->hooks.manifest_make(core->hooks.context, get->ticket, get->index);
    }
}

void core_drop_snapshots(struct core *core)
{
    struct core_get *get;

    while ((get = STAILQ_FIRST(&core->gets)) != NULL) {
        STAILQ_REMOVE_HEAD(&core->gets, link);
        raft_configuration_close(&get->servers);
        free(get);
    }
}
