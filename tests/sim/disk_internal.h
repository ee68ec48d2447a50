/* The state of a simulated disk, for its own two files. */
#ifndef TESTS_SIM_DISK_INTERNAL_H
#define TESTS_SIM_DISK_INTERNAL_H

#include <bsd/sys/queue.h>

#include "tests/sim/disk.h"

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

/** Ask for a write; it takes effect when the ones before it have. */
struct op *disk_queue_op(struct disk *disk, enum op_kind kind,
                         struct core_write *write);

/** If the disk is idle, begin to write what waits. */
void disk_begin(struct disk *disk);

/** Let the first n records of an append take effect, or all of another op. */
void disk_take_effect(struct disk *disk, struct op *op, size_t n);

/** Forget what waits. */
void disk_drop_queue(struct disk *disk);

/** Drop the durable records from index on. */
void disk_truncate_records(struct disk *disk, uint64_t index);

/** Copy bytes to the heap. */
uint8_t *disk_copy_of(struct slice bytes);

/** Tell the watcher of a write that no sane core asks for. */
void disk_tell_broken(struct disk *disk, const char *what);

#endif
