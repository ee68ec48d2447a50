/* A snapshot on its way out to a peer. */
#include "raft/guard/transfer.h"

#include <stdlib.h>

#include "raft/guard/view.h"

void guard_probe_from(struct guard *guard, raft_id peer, raft_index index)
{
    struct raft_progress *progress = guard_progress(guard, peer);

    if (guard->dead || progress == NULL ||
        progress->state != GUARD_PROGRESS_SNAPSHOT) {
        return;
    }
    progress->next_index = progress->match_index + 1;
    if (progress->next_index <= index) {
        progress->next_index = index + 1;
    }
    progress->snapshot_index = 0;
    progress->state = GUARD_PROGRESS_PROBE;
}

/* Look from the snapshot on whether the peer has it; a refusal makes the leader
 * send it again. Otherwise it would wait for the install timeout, which is as
 * long as the longest transfer. */
void guard_peer_reset(struct guard *guard, raft_id peer)
{
    const struct raft_progress *progress = guard_progress(guard, peer);

    if (progress != NULL) {
        guard_probe_from(guard, peer, progress->snapshot_index);
    }
}

static void free_snapshot(struct raft_snapshot *snapshot)
{
    raft_configuration_close(&snapshot->configuration);
    for (unsigned i = 0; i < snapshot->n_bufs; i++) {
        raft_free(snapshot->bufs[i].base);
    }
    raft_free(snapshot->bufs);
    raft_free(snapshot);
}

static bool still_wanted(const struct guard_get *get)
{
    const struct raft *raft = guard_raft(get->guard);

    return raft->state == RAFT_LEADER && raft->current_term == get->term;
}

static void end_get(struct guard_get *get, struct raft_snapshot *snapshot,
                    int status)
{
    LIST_REMOVE(get, link);
    get->cb(get->outer, snapshot, status);
    free(get);
}

/* Rule GETAGAIN: sendSnapshotGetCb means to end the transfer when it is given
 * an error, but looks for the peer only after that point. The peer stays in
 * snapshot state, with nothing on its way to it, until the install timeout; so
 * the library is told only of the snapshot that could be made in the end. */
static void on_got(struct raft_io_snapshot_get *inner,
                   struct raft_snapshot *snapshot, int status)
{
    struct guard_get *get = inner->data;
    struct guard *guard = get->guard;

    if (guard->dead) {
        if (status == 0) {
            free_snapshot(snapshot);
        }
        return;
    }
    if (status != 0 && guard_on(guard, GUARD_GETAGAIN) && still_wanted(get)) {
        guard_acted(guard, GUARD_GETAGAIN);
        get->failed = true;
        return;
    }
    end_get(get, snapshot, status);
    guard_step(guard);
}

void guard_retry_gets(struct guard *guard)
{
    struct guard_get *get, *next;

    for (get = LIST_FIRST(&guard->gets); get != NULL; get = next) {
        next = LIST_NEXT(get, link);
        if (get->failed && !still_wanted(get)) {
            end_get(get, NULL, RAFT_CANCELED);
        } else if (get->failed) {
            get->failed = guard->inner->snapshot_get(guard->inner, &get->inner,
                                                     on_got) != 0;
        }
    }
}

int guard_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                       raft_io_snapshot_get_cb cb)
{
    struct guard *guard = io->impl;
    struct guard_get *get;
    int rv;

    if (guard->dead) {
        return RAFT_SHUTDOWN;
    }
    get = calloc(1, sizeof(*get));
    if (get == NULL) {
        return RAFT_NOMEM;
    }
    *get = (struct guard_get){.guard = guard,
                              .outer = req,
                              .cb = cb,
                              .term = guard_raft(guard)->current_term};
    get->inner.data = get;
    rv = guard->inner->snapshot_get(guard->inner, &get->inner, on_got);
    if (rv != 0) {
        free(get);
        return rv;
    }
    LIST_INSERT_HEAD(&guard->gets, get, link);
    return 0;
}

void guard_abandon_gets(struct guard *guard)
{
    struct guard_get *get;

    while ((get = LIST_FIRST(&guard->gets)) != NULL) {
        end_get(get, NULL, RAFT_CANCELED);
    }
}
