#include "tests/sim/disk.h"

#include <bsd/sys/queue.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

/* What is durable of one entry. */
struct record {
    uint64_t term;
    enum core_entry_kind kind;
    size_t len;
    uint8_t *bytes;
};

enum op_kind { OP_APPEND, OP_TRUNCATE, OP_MARK };

/* A write asked for and not yet in effect. */
struct op {
    enum op_kind kind;
    uint64_t index;
    struct record *records;
    size_t n;
    struct core_snapshot snapshot; /* With bytes of its own. */
    uint64_t trailing;
    bool replace;
    struct core_write *write;
    STAILQ_ENTRY(op) link;
};

STAILQ_HEAD(ops, op);

struct disk {
    struct schedule *schedule;
    struct random random;
    struct disk_faults faults;
    void (*broken)(void *context, const char *what);
    void *broken_context;
    struct actor *actor; /* Of the node's life; NULL when it is down. */

    uint64_t term, vote;
    struct core_snapshot snapshot; /* With bytes of its own. */
    uint64_t first_index;          /* Of records. */
    struct record *records;
    size_t n, capacity;

    struct ops queue;
    uint64_t queue_last; /* Last index once the queue is in effect. */
    struct event *due;
    size_t in_service; /* How many of the queue are being written. */
    uint64_t stall_us;
    bool fail_next, fail_meta_next;
    bool failed;
};

enum { STREAM_DISK = 3 };

struct disk *disk_new(struct schedule *schedule, uint64_t seed, uint64_t id)
{
    struct disk *disk = calloc(1, sizeof(*disk));

    CHECK(disk != NULL);
    disk->schedule = schedule;
    disk->random = random_stream(seed, STREAM_DISK + (id << 8));
    disk->faults = (struct disk_faults){.write_us = 100, .jitter_us = 200};
    disk->first_index = 1;
    STAILQ_INIT(&disk->queue);
    return disk;
}

static void free_records(struct record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(records[i].bytes);
    }
}

static void free_op(struct op *op)
{
    free_records(op->records, op->n);
    free(op->records);
    free((void *)(uintptr_t)op->snapshot.bytes.data);
    free(op);
}

static void drop_queue(struct disk *disk)
{
    struct op *op;

    while ((op = STAILQ_FIRST(&disk->queue)) != NULL) {
        STAILQ_REMOVE_HEAD(&disk->queue, link);
        free_op(op);
    }
    disk->queue_last = disk->first_index + disk->n - 1;
}

void disk_free(struct disk *disk)
{
    if (disk == NULL) {
        return;
    }
    drop_queue(disk);
    free_records(disk->records, disk->n);
    free(disk->records);
    free((void *)(uintptr_t)disk->snapshot.bytes.data);
    free(disk);
}

void disk_set_faults(struct disk *disk, const struct disk_faults *faults)
{
    disk->faults = *faults;
}

void disk_watch(struct disk *disk,
                void (*broken)(void *context, const char *what), void *context)
{
    disk->broken = broken;
    disk->broken_context = context;
}

static void tell_broken(struct disk *disk, const char *what)
{
    if (disk->broken != NULL) {
        disk->broken(disk->broken_context, what);
    }
}

static uint8_t *copy_of(struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);

    CHECK(copy != NULL);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return copy;
}

/* --- What takes effect --- */

static void put_record(struct disk *disk, struct record record)
{
    if (disk->n == disk->capacity) {
        disk->capacity = disk->capacity * 2 + 64;
        disk->records =
            realloc(disk->records, disk->capacity * sizeof(*disk->records));
        CHECK(disk->records != NULL);
    }
    disk->records[disk->n++] = record;
}

static void truncate_records(struct disk *disk, uint64_t index)
{
    size_t keep;

    if (index < disk->first_index) {
        index = disk->first_index;
    }
    keep = (size_t)(index - disk->first_index);
    if (keep < disk->n) {
        free_records(&disk->records[keep], disk->n - keep);
        disk->n = keep;
    }
}

static void drop_first(struct disk *disk, size_t n)
{
    free_records(disk->records, n);
    memmove(disk->records, &disk->records[n],
            (disk->n - n) * sizeof(*disk->records));
    disk->n -= n;
    disk->first_index += n;
}

static void mark(struct disk *disk, struct op *op)
{
    uint64_t index = op->snapshot.index;

    free((void *)(uintptr_t)disk->snapshot.bytes.data);
    disk->snapshot = op->snapshot;
    op->snapshot.bytes = SLICE_NONE;
    if (op->replace) {
        free_records(disk->records, disk->n);
        disk->n = 0;
        disk->first_index = index + 1;
    } else if (index > op->trailing &&
               index - op->trailing >= disk->first_index) {
        drop_first(disk,
                   (size_t)(index - op->trailing + 1 - disk->first_index));
    }
}

/* The first n records of an append take effect, or all of another op. */
static void take_effect(struct disk *disk, struct op *op, size_t n)
{
    switch (op->kind) {
    case OP_APPEND:
        if (op->index != disk->first_index + disk->n) {
            tell_broken(disk, "an append leaves a gap in the log");
            return;
        }
        for (size_t i = 0; i < n; i++) {
            put_record(disk, op->records[i]);
            op->records[i].bytes = NULL;
        }
        break;
    case OP_TRUNCATE:
        truncate_records(disk, op->index);
        break;
    case OP_MARK:
        mark(disk, op);
        break;
    }
}

/* --- The queue --- */

static void begin(struct disk *disk);

/* After a failed write nothing that was asked for before takes effect any more:
 * a log with a hole would be worse than a short one. Each write is told so, one
 * after the other. */
static void fail_queue(struct disk *disk)
{
    struct ops failed = STAILQ_HEAD_INITIALIZER(failed);
    struct op *op;

    disk->failed = true;
    disk->fail_next = false;
    STAILQ_CONCAT(&failed, &disk->queue);
    disk->queue_last = disk->first_index + disk->n - 1;
    while ((op = STAILQ_FIRST(&failed)) != NULL) {
        struct core_write *write = op->write;

        STAILQ_REMOVE_HEAD(&failed, link);
        free_op(op);
        if (write != NULL && disk->actor != NULL && !disk->actor->dead) {
            write->done(write, ERROR_IO);
        }
    }
}

/* Put the first op into effect and tell so; false when the write fails. */
static bool finish_first(struct disk *disk)
{
    struct op *op = STAILQ_FIRST(&disk->queue);
    struct core_write *write = op->write;

    if (disk->fail_next ||
        (write != NULL && random_chance(&disk->random, disk->faults.error))) {
        if (op->kind == OP_APPEND) {
            take_effect(disk, op,
                        (size_t)random_below(&disk->random, op->n + 1));
        }
        fail_queue(disk);
        return false;
    }
    STAILQ_REMOVE_HEAD(&disk->queue, link);
    take_effect(disk, op, op->n);
    free_op(op);
    if (write != NULL) {
        write->done(write, ERROR_NONE);
    }
    return true;
}

static void on_due(void *context)
{
    struct disk *disk = context;
    size_t n = disk->in_service;

    disk->due = NULL;
    while (n > 0 && !disk->actor->dead && finish_first(disk)) {
        n--;
    }
    if (!disk->actor->dead) {
        begin(disk);
    }
}

static uint64_t service_us(struct disk *disk)
{
    const struct disk_faults *faults = &disk->faults;
    uint64_t us = disk->stall_us;

    disk->stall_us = 0;
    us += faults->write_us + random_below(&disk->random, faults->jitter_us);
    if (random_chance(&disk->random, faults->stall)) {
        us += random_below(&disk->random, faults->stall_us);
    }
    return us;
}

/* If the disk is idle, schedule all that waits to be written at one go. */
static void begin(struct disk *disk)
{
    struct op *op;

    if (STAILQ_EMPTY(&disk->queue) || disk->due != NULL) {
        return;
    }
    disk->in_service = 0;
    STAILQ_FOREACH (op, &disk->queue, link) {
        disk->in_service++;
    }
    disk->due = schedule_after(disk->schedule, disk->actor, service_us(disk),
                               on_due, NULL, disk);
}

static struct op *queue_op(struct disk *disk, enum op_kind kind,
                           struct core_write *write)
{
    struct op *op = calloc(1, sizeof(*op));

    CHECK(op != NULL && disk->actor != NULL);
    op->kind = kind;
    op->write = write;
    STAILQ_INSERT_TAIL(&disk->queue, op, link);
    return op;
}

/* --- struct core_log --- */

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
        tell_broken(disk, "the term goes back");
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
        tell_broken(disk, "a second vote in one term");
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
    struct op *op = queue_op(disk, OP_APPEND, write);

    if (first_index != disk->queue_last + 1) {
        tell_broken(disk, "an append does not continue the log");
    }
    disk->queue_last = first_index + n - 1;
    op->index = first_index;
    op->n = n;
    op->records = calloc(n, sizeof(*op->records));
    CHECK(op->records != NULL);
    for (size_t i = 0; i < n; i++) {
        op->records[i] =
            (struct record){entries[i].term, entries[i].kind,
                            entries[i].bytes.len, copy_of(entries[i].bytes)};
    }
    begin(disk);
    return ERROR_NONE;
}

static enum error log_truncate(void *context, uint64_t index)
{
    struct disk *disk = context;

    queue_op(disk, OP_TRUNCATE, NULL)->index = index;
    disk->queue_last = index - 1;
    begin(disk);
    return ERROR_NONE;
}

static enum error log_mark_snapshot(void *context,
                                    const struct core_snapshot *snapshot,
                                    uint64_t trailing, bool replace,
                                    struct core_write *write)
{
    struct disk *disk = context;
    struct op *op = queue_op(disk, OP_MARK, write);

    op->snapshot = *snapshot;
    op->snapshot.bytes =
        slice_of(copy_of(snapshot->bytes), snapshot->bytes.len);
    op->trailing = trailing;
    op->replace = replace;
    if (replace) {
        disk->queue_last = snapshot->index;
    }
    begin(disk);
    return ERROR_NONE;
}

static enum error log_cut(void *context, uint64_t index)
{
    struct disk *disk = context;
    struct op *op;

    STAILQ_FOREACH (op, &disk->queue, link) {
        take_effect(disk, op, op->n);
    }
    drop_queue(disk);
    truncate_records(disk, index);
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

/* --- Faults --- */

/* A random number of the writes not yet reported is there, and of the next one
 * a part, when it can be torn. */
void disk_crash(struct disk *disk)
{
    uint64_t whole = 0;
    struct op *op;

    STAILQ_FOREACH (op, &disk->queue, link) {
        whole++;
    }
    whole = random_below(&disk->random, whole + 1);
    STAILQ_FOREACH (op, &disk->queue, link) {
        if (whole > 0) {
            take_effect(disk, op, op->n);
            whole--;
            continue;
        }
        if (op->kind == OP_APPEND) {
            take_effect(disk, op, (size_t)random_below(&disk->random, op->n));
        }
        break;
    }
    drop_queue(disk);
    disk->due = NULL;
    disk->actor = NULL;
    disk->stall_us = 0;
    disk->fail_next = disk->fail_meta_next = false;
}

void disk_stall(struct disk *disk, uint64_t for_us)
{
    disk->stall_us = for_us;
}

void disk_fail_next(struct disk *disk, bool meta)
{
    if (meta) {
        disk->fail_meta_next = true;
    } else {
        disk->fail_next = true;
    }
}

void disk_found(struct disk *disk, struct slice members)
{
    CHECK(disk->n == 0 && disk->first_index == 1);
    disk->term = 1;
    put_record(disk, (struct record){1, CORE_ENTRY_MEMBERS, members.len,
                                     copy_of(members)});
    disk->queue_last = 1;
}

uint64_t disk_last_index(const struct disk *disk)
{
    return disk->first_index + disk->n - 1;
}

bool disk_has_failed(const struct disk *disk)
{
    return disk->failed;
}
