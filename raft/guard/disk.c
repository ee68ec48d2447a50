/* The node's own writes to its log, from the core's asking to its being told.
 */
#include "raft/guard/disk.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "raft/guard/status.h"
#include "raft/guard/view.h"

/* Rule FAILSTOP: after a failed write appendLeaderCb leads on and gives the
 * same (index, term) to other entries, appendFollowerCb keeps in memory what is
 * not on disk, and a failed truncate leaves on disk what is not in memory. A
 * node that cannot write stops before the core hears of it.
 *
 * Returns whether the node stops. */
static bool write_failed(struct guard *guard, const char *what, int rv)
{
    if (rv == 0 || !guard_on(guard, GUARD_FAILSTOP)) {
        return false;
    }
    guard_acted(guard, GUARD_FAILSTOP);
    guard_fatal(guard, GUARD_FATAL_DISK, "%s failed: %s", what,
                raft_strerror(rv));
    return true;
}

static void on_written(struct raft_io_append *inner, int status)
{
    struct guard_write *write = inner->data;
    struct guard *guard = write->guard;

    write->done = true;
    write->status = status;
    if (guard->dead || write_failed(guard, "append", status)) {
        return;
    }
    if (write == guard->cut_proof) {
        guard->cutting = false;
    }
    guard_step(guard);
}

static struct guard_write *new_write(struct guard *guard,
                                     struct raft_io_append *req, unsigned n,
                                     raft_io_append_cb cb)
{
    struct guard_write *write = calloc(1, sizeof(*write));

    if (write == NULL) {
        return NULL;
    }
    write->inner.data = write;
    write->guard = guard;
    write->outer = req;
    write->cb = cb;
    write->term = guard_raft(guard)->current_term;
    write->asked_ms = guard->inner->time(guard->inner);
    /* appendLeader and replicationAppend write the log's tail. */
    write->last = guard_last_index(guard);
    write->first = write->last - n + 1;
    TAILQ_INSERT_TAIL(&guard->writes, write, link);
    return write;
}

int guard_append(struct raft_io *io, struct raft_io_append *req,
                 const struct raft_entry entries[], unsigned n,
                 raft_io_append_cb cb)
{
    struct guard *guard = io->impl;
    struct guard_write *write = new_write(guard, req, n, cb);
    int rv;

    if (write == NULL) {
        guard_fatal(guard, GUARD_FATAL_MEMORY, "no memory for an append");
        return RAFT_NOMEM;
    }
    if (guard->dead) {
        return 0; /* Abandoned when the core is closed. */
    }
    if (guard->cutting && guard->cut_proof == NULL) {
        guard->cut_proof = write;
    }
    rv = guard->inner->append(guard->inner, &write->inner, entries, n,
                              on_written);
    if (rv == 0 || write_failed(guard, "append", rv)) {
        return 0;
    }
    TAILQ_REMOVE(&guard->writes, write, link);
    if (write == guard->cut_proof) {
        guard->cut_proof = NULL;
    }
    free(write);
    return rv;
}

int guard_truncate(struct raft_io *io, raft_index index)
{
    struct guard *guard = io->impl;
    int rv;

    if (guard->dead) {
        return 0;
    }
    rv = guard->inner->truncate(guard->inner, index);
    if (write_failed(guard, "truncate", rv)) {
        return 0;
    }
    guard->cutting = true;
    guard->cut_proof = NULL;
    return rv;
}

bool guard_writing(const struct guard *guard)
{
    /* Completions come in order, so the last write is the last to be done. */
    const struct guard_write *last = TAILQ_LAST(&guard->writes, guard_writes);

    return last != NULL && !last->done;
}

uint64_t guard_write_wait_ms(const struct guard *guard)
{
    const struct guard_write *write;

    TAILQ_FOREACH (write, &guard->writes, link) {
        if (!write->done) {
            return guard->inner->time(guard->inner) - write->asked_ms;
        }
    }
    return 0;
}

bool guard_writing_before(const struct guard *guard, raft_term term)
{
    const struct guard_write *write;

    TAILQ_FOREACH (write, &guard->writes, link) {
        if (!write->done && write->term < term) {
            return true;
        }
    }
    return false;
}

void guard_deliver_write(struct guard *guard)
{
    struct guard_write *write = TAILQ_FIRST(&guard->writes);

    CHECK(write != NULL && write->done && guard->delivering == NULL);
    TAILQ_REMOVE(&guard->writes, write, link);
    if (write == guard->cut_proof) {
        guard->cut_proof = NULL;
    }
    guard->delivering = write;
    write->cb(write->outer, write->status);
    guard->delivering = NULL;
    free(write);
}

void guard_abandon_writes(struct guard *guard)
{
    struct guard_write *write;

    while ((write = TAILQ_FIRST(&guard->writes)) != NULL) {
        TAILQ_REMOVE(&guard->writes, write, link);
        /* The core is unavailable: told of success it lets go of the entries
         * and does no more; an error would make it cut its log once more. */
        write->cb(write->outer, 0);
        free(write);
    }
}
