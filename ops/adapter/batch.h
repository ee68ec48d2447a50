/* The records of a cut: read once, checked, kept in a file without a name, so
 * that memory holds an index alone, and walked in any order.
 *
 * Records fall into conversations: one for each room, in the order in which
 * rooms first come, after the pool's own (of what happened in no room).
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_BATCH_H
#define OPS_ADAPTER_BATCH_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ops/adapter/cut.h"
#include "proto/base/guid.h"

enum {
    BATCH_LINE_BYTES_MAX = 16 * 1024 * 1024,
    BATCH_RECORDS_MAX = 50 * 1000 * 1000, /* 24 bytes of memory each. */
    BATCH_POOL = 0,                       /* The pool's own conversation. */
};
#define BATCH_NOWHERE     UINT32_MAX
#define BATCH_TIME_US_MAX INT64_C(253402300799999999) /* The year 9999. */

/* The id of the pool's own conversation, which no room has. */
#define BATCH_POOL_ROOM "00000000-0000-0000-0000-000000000000"

/* One record. */
struct entry {
    uint64_t offset; /* In the spool. */
    uint32_t bytes;  /* Of its line. */
    uint32_t next;   /* The conversation's next record, or BATCH_NOWHERE. */
    uint32_t leader; /* The record that has the command: csn - ordinal. */
    uint32_t place;  /* Its conversation. */
};

struct conversation {
    char room[GUID_TEXT_BYTES + 1];
    char *name; /* The last one that a record has; "" for none. Owned. */
    char *category;
    uint32_t first, last; /* Records; BATCH_NOWHERE when there are none. */
    uint32_t records;
    uint32_t talk; /* Those that Persistent Chat's XML has a type for. */
};

struct batch {
    struct cut cut;
    FILE *spool;
    const char *lines; /* The spool, mapped. */
    size_t lines_bytes;
    struct entry *entries;
    size_t n, capacity;
    struct conversation *conversations;
    size_t n_conversations, conversations_capacity;
    json_t *rooms;  /* Guid text -> index. */
    json_t *counts; /* Kind -> number. */
    int64_t last_us;
};

/**
 * Read all input: the cut's line, the records' lines, the end's line.
 *
 * Returns FAILED, having named line and member, when anything is missing or
 * wrong: the sink is not to be touched then. batch_deinit is due in any case.
 */
enum fault batch_read(FILE *from, struct batch *batch_out);

/** Free what it holds. */
void batch_deinit(struct batch *batch);

#endif
