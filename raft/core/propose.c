#include "raft/core/propose.h"

#include <string.h>

#include "proto/base/check.h"
#include "raft/guard/log_view.h"

/* The library frees what it took; what it did not take is ours. */
static void free_buffers(struct raft_buffer *buffers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        raft_free(buffers[i].base);
    }
}

static bool copy_entries(const struct slice *entries, size_t n,
                         struct raft_buffer *buffers)
{
    for (size_t i = 0; i < n; i++) {
        CHECK(entries[i].len > 0 && entries[i].len % CORE_ENTRY_ALIGN == 0);
        buffers[i].len = entries[i].len;
        buffers[i].base = raft_malloc(entries[i].len);
        if (buffers[i].base == NULL) {
            free_buffers(buffers, i);
            return false;
        }
        memcpy(buffers[i].base, entries[i].data, entries[i].len);
    }
    return true;
}

static struct core_batch *free_batch(struct core *core)
{
    for (size_t i = 0; i < core->settings.batches_max; i++) {
        if (core->batches[i].first_index == 0) {
            return &core->batches[i];
        }
    }
    return NULL;
}

/* Success is learnt from apply, failure from the term: the library calls back
 * for the first entry of a batch only. */
static void on_applied(struct raft_apply *request, int status, void *result)
{
    (void)request;
    (void)status;
    (void)result;
}

static enum error refused(int rv)
{
    switch (rv) {
    case RAFT_NOTLEADER:
        return ERROR_NOT_LEADER;
    case RAFT_NOMEM:
        return ERROR_NO_MEMORY;
    default:
        return ERROR_IO;
    }
}

enum error core_propose(struct core *core, const struct slice *entries,
                        size_t n, uint64_t *first_index_out)
{
    struct raft_buffer buffers[CORE_BATCH_ENTRIES_MAX];
    struct core_batch *batch = free_batch(core);
    uint64_t first_index = log_view_last(&core->raft) + 1;
    int rv;

    CHECK(n > 0 && n <= CORE_BATCH_ENTRIES_MAX);
    if (core->stopped || core->raft.state != RAFT_LEADER) {
        return ERROR_NOT_LEADER;
    }
    if (batch == NULL) {
        return ERROR_BUSY;
    }
    if (!copy_entries(entries, n, buffers)) {
        return ERROR_NO_MEMORY;
    }
    rv = raft_apply(&core->raft, &batch->request, buffers, (unsigned)n,
                    on_applied);
    if (rv != 0) {
        /* Out of memory half-way, the library keeps what it should not. */
        CHECK(log_view_last(&core->raft) + 1 == first_index);
        free_buffers(buffers, n);
        return refused(rv);
    }
    batch->first_index = first_index;
    batch->n = n;
    batch->term = core->raft.current_term;
    *first_index_out = first_index;
    guard_step(core->guard);
    core_settle(core);
    return ERROR_NONE;
}

void core_settle_batches(struct core *core)
{
    const struct raft *raft = &core->raft;

    for (size_t i = 0; i < CORE_BATCHES_MAX; i++) {
        struct core_batch *batch = &core->batches[i];
        uint64_t first_index = batch->first_index;

        if (first_index == 0) {
            continue;
        }
        if (raft->last_applied >= first_index + batch->n - 1 &&
            raft->current_term == batch->term) {
            batch->first_index = 0;
        } else if (raft->state != RAFT_LEADER ||
                   raft->current_term != batch->term) {
            batch->first_index = 0;
            if (!core->stopped) {
                core->hooks.batch_failed(core->hooks.context, first_index,
                                         batch->n, ERROR_NOT_LEADER);
            }
        }
    }
}
