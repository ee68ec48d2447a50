#include "tests/sim/disk_internal.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

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

void disk_drop_queue(struct disk *disk)
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
    disk_drop_queue(disk);
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

void disk_tell_broken(struct disk *disk, const char *what)
{
    if (disk->broken != NULL) {
        disk->broken(disk->broken_context, what);
    }
}

uint8_t *disk_copy_of(struct slice bytes)
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

void disk_truncate_records(struct disk *disk, uint64_t index)
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
void disk_take_effect(struct disk *disk, struct op *op, size_t n)
{
    switch (op->kind) {
    case OP_APPEND:
        if (op->index != disk->first_index + disk->n) {
            disk_tell_broken(disk, "an append leaves a gap in the log");
            return;
        }
        for (size_t i = 0; i < n; i++) {
            put_record(disk, op->records[i]);
            op->records[i].bytes = NULL;
        }
        break;
    case OP_TRUNCATE:
        disk_truncate_records(disk, op->index);
        break;
    case OP_MARK:
        mark(disk, op);
        break;
    }
}

/* --- The queue --- */

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
            disk_take_effect(disk, op,
                             (size_t)random_below(&disk->random, op->n + 1));
        }
        fail_queue(disk);
        return false;
    }
    STAILQ_REMOVE_HEAD(&disk->queue, link);
    disk_take_effect(disk, op, op->n);
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
        disk_begin(disk);
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
void disk_begin(struct disk *disk)
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

struct op *disk_queue_op(struct disk *disk, enum op_kind kind,
                         struct core_write *write)
{
    struct op *op = calloc(1, sizeof(*op));

    CHECK(op != NULL && disk->actor != NULL);
    op->kind = kind;
    op->write = write;
    STAILQ_INSERT_TAIL(&disk->queue, op, link);
    return op;
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
            disk_take_effect(disk, op, op->n);
            whole--;
            continue;
        }
        if (op->kind == OP_APPEND) {
            disk_take_effect(disk, op,
                             (size_t)random_below(&disk->random, op->n));
        }
        break;
    }
    disk_drop_queue(disk);
    disk->due = NULL;
    disk->actor = NULL;
    disk_calm(disk);
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
                                     disk_copy_of(members)});
    disk->queue_last = 1;
}

void disk_calm(struct disk *disk)
{
    disk->stall_us = 0;
    disk->fail_next = disk->fail_meta_next = false;
}

uint64_t disk_last_index(const struct disk *disk)
{
    return disk->first_index + disk->n - 1;
}

bool disk_has_failed(const struct disk *disk)
{
    return disk->failed;
}
