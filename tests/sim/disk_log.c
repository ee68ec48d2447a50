/* struct core_log on a simulated disk. */
#include <stdlib.h>

#include "proto/base/check.h"
#include "tests/sim/disk_internal.h"

static enum error log_load(void *context, struct core_image *image_out,
                           void (*each)(void *to,
                                        const struct core_entry *entry),
                           void *to)
{
    struct disk *disk = context;

    *image_out = (struct core_image){.term = disk->term,
                                     .vote = disk->vote,
                                     .snapshot = disk->snapshot,
                                     .first_index = disk->first_index};
    for (size_t i = 0; i < disk->n; i++) {
        const struct record *record = &disk->records[i];
        struct core_entry entry = {record->term, record->kind,
                                   slice_of(record->bytes, record->len)};

        each(to, &entry);
    }
    return ERROR_NONE;
}

static bool meta_fails(struct disk *disk)
{
    if (!disk->fail_meta_next &&
        !random_chance(&disk->random, disk->faults.meta_error)) {
        return false;
    }
    disk->fail_meta_next = false;
    disk->failed = true;
    return true;
}

static enum error log_set_term(void *context, uint64_t term)
{
    struct disk *disk = context;
    bool fails = meta_fails(disk);

    if (term < disk->term) {
        disk_tell_broken(disk, "the term goes back");
    }
    if (!fails || random_chance(&disk->random, 500000)) {
        disk->term = term;
        disk->vote = 0;
    }
    return fails ? ERROR_IO : ERROR_NONE;
}

static enum error log_set_vote(void *context, uint64_t vote)
{
    struct disk *disk = context;
    bool fails = meta_fails(disk);

    if (disk->vote != 0 && disk->vote != vote) {
        disk_tell_broken(disk, "a second vote in one term");
    }
    if (!fails || random_chance(&disk->random, 500000)) {
        disk->vote = vote;
    }
    return fails ? ERROR_IO : ERROR_NONE;
}

static enum error log_append(void *context, uint64_t first_index,
                             const struct core_entry *entries, size_t n,
                             struct core_write *write)
{
    struct disk *disk = context;
    struct op *op = disk_queue_op(disk, OP_APPEND, write);

    if (first_index != disk->queue_last + 1) {
        disk_tell_broken(disk, "an append does not continue the log");
    }
    disk->queue_last = first_index + n - 1;
    op->index = first_index;
    op->n = n;
    op->records = calloc(n, sizeof(*op->records));
    CHECK(op->records != NULL);
    for (size_t i = 0; i < n; i++) {
        op->records[i] = (struct record){entries[i].term, entries[i].kind,
                                         entries[i].bytes.len,
                                         disk_copy_of(entries[i].bytes)};
    }
    disk_begin(disk);
    return ERROR_NONE;
}

static enum error log_truncate(void *context, uint64_t index)
{
    struct disk *disk = context;

    disk_queue_op(disk, OP_TRUNCATE, NULL)->index = index;
    disk->queue_last = index - 1;
    disk_begin(disk);
    return ERROR_NONE;
}

static enum error log_mark_snapshot(void *context,
                                    const struct core_snapshot *snapshot,
                                    uint64_t trailing, bool replace,
                                    struct core_write *write)
{
    struct disk *disk = context;
    struct op *op = disk_queue_op(disk, OP_MARK, write);

    op->snapshot = *snapshot;
    op->snapshot.bytes =
        slice_of(disk_copy_of(snapshot->bytes), snapshot->bytes.len);
    op->trailing = trailing;
    op->replace = replace;
    if (replace) {
        disk->queue_last = snapshot->index;
    }
    disk_begin(disk);
    return ERROR_NONE;
}

static enum error log_cut(void *context, uint64_t index)
{
    struct disk *disk = context;
    struct op *op;

    STAILQ_FOREACH (op, &disk->queue, link) {
        disk_take_effect(disk, op, op->n);
    }
    disk_drop_queue(disk);
    disk_truncate_records(disk, index);
    disk->queue_last = disk->first_index + disk->n - 1;
    return ERROR_NONE;
}

/* The node's life ends, which drops the events: disk_crash does the rest. */
static void log_abandon(void *context)
{
    (void)context;
}

struct core_log disk_attach(struct disk *disk, struct actor *actor)
{
    disk->actor = actor;
    disk->failed = false;
    return (struct core_log){.context = disk,
                             .load = log_load,
                             .set_term = log_set_term,
                             .set_vote = log_set_vote,
                             .append = log_append,
                             .truncate = log_truncate,
                             .mark_snapshot = log_mark_snapshot,
                             .cut = log_cut,
                             .abandon = log_abandon};
}
