/* Our own disk's part in snapshots: when to take one, and writing it. */
#include "raft/guard/snapshot.h"

#include "proto/base/check.h"
#include "raft/guard/append.h"
#include "raft/guard/configuration.h"
#include "raft/guard/status.h"
#include "raft/guard/view.h"

bool guard_installing(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    return raft->snapshot.put.data != NULL && raft->snapshot.pending.term == 0;
}

static void end_put(struct guard *guard, int status)
{
    raft_io_snapshot_put_cb cb = guard->put.cb;

    guard->put.cb = NULL;
    cb(guard->put.outer, status);
}

/* Rule FAILSTOP: installSnapshotCb goes on with a log that it has emptied in
 * memory before. A snapshot of our own that could not be written is only not
 * taken, but the disk that refused it is the log's. */
static bool put_failed(struct guard *guard, int rv)
{
    if (rv == 0 || !guard_on(guard, GUARD_FAILSTOP)) {
        return false;
    }
    guard_acted(guard, GUARD_FAILSTOP);
    guard_fatal(guard, GUARD_FATAL_DISK, "write of snapshot failed: %s",
                raft_strerror(rv));
    return true;
}

static void on_put(struct raft_io_snapshot_put *inner, int status)
{
    struct guard *guard = inner->data;

    if (guard->dead || put_failed(guard, status)) {
        return;
    }
    if (guard->put.installs) {
        /* What it holds is committed, so any later leader has it as well. */
        guard_verify(guard, guard_raft(guard)->current_term, guard->put.index);
    }
    end_put(guard, status);
    if (guard->put.installs) {
        guard_configuration_installed(guard);
    }
    guard_step(guard);
}

int guard_snapshot_put(struct raft_io *io, unsigned trailing,
                       struct raft_io_snapshot_put *req,
                       const struct raft_snapshot *snapshot,
                       raft_io_snapshot_put_cb cb)
{
    struct guard *guard = io->impl;
    int rv;

    CHECK(guard->put.cb == NULL);
    guard->put.inner.data = guard;
    guard->put.outer = req;
    guard->put.cb = cb;
    guard->put.installs = guard_installing(guard);
    guard->put.index = snapshot->index;
    if (guard->dead) {
        return 0; /* Abandoned when the core is closed. */
    }
    rv = guard->inner->snapshot_put(guard->inner, trailing, &guard->put.inner,
                                    snapshot, on_put);
    if (rv == 0 || put_failed(guard, rv)) {
        return 0;
    }
    guard->put.cb = NULL;
    return rv;
}

/* A log compacted while a peer is being sent a snapshot outruns the transfer:
 * what the peer needs next is gone when it is done. Bounded, for a peer may
 * take for ever. */
static bool peer_needs_log(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);
    raft_index grown = raft->last_applied - raft->log.snapshot.last_index;
    raft_index most = (raft_index)raft->snapshot.threshold +
                      guard->settings.snapshot_wait_entries_max;

    if (raft->state != RAFT_LEADER || grown >= most) {
        return false;
    }
    for (unsigned i = 0; i < raft->configuration.n; i++) {
        if (raft->leader_state.progress[i].state == GUARD_PROGRESS_SNAPSHOT) {
            return true;
        }
    }
    return false;
}

bool guard_may_snapshot(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    if (guard->dead || peer_needs_log(guard)) {
        return false;
    }
    if (guard_on(guard, GUARD_CONF) &&
        (raft->configuration_uncommitted_index != 0 ||
         raft->configuration_index > raft->last_applied)) {
        return false;
    }
    return !guard_on(guard, GUARD_TRUNCBUSY) || !guard->cutting;
}

/* --- The part of taking one that runs beside the loop --- */

static int run_work(struct raft_io_async_work *inner)
{
    struct guard *guard = inner->data;

    return guard->work.outer->work(guard->work.outer);
}

static void on_worked(struct raft_io_async_work *inner, int status)
{
    struct guard *guard = inner->data;
    raft_io_async_work_cb cb = guard->work.cb;

    if (guard->dead) {
        return;
    }
    guard->work.cb = NULL;
    cb(guard->work.outer, status);
    guard_step(guard);
}

int guard_async_work(struct raft_io *io, struct raft_io_async_work *req,
                     raft_io_async_work_cb cb)
{
    struct guard *guard = io->impl;
    int rv;

    if (guard->dead) {
        return RAFT_SHUTDOWN;
    }
    /* takeSnapshot is the only one who asks, and not before it is done. */
    CHECK(guard->work.cb == NULL);
    guard->work.inner.data = guard;
    guard->work.inner.work = run_work;
    guard->work.outer = req;
    guard->work.cb = cb;
    rv = guard->inner->async_work(guard->inner, &guard->work.inner, on_worked);
    if (rv != 0) {
        guard->work.cb = NULL;
    }
    return rv;
}

void guard_abandon_snapshots(struct guard *guard)
{
    if (guard->put.cb != NULL) {
        end_put(guard, RAFT_CANCELED);
    }
    if (guard->work.cb != NULL) {
        guard->work.cb(guard->work.outer, RAFT_CANCELED);
        guard->work.cb = NULL;
    }
}
