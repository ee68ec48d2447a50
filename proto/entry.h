/* What one raft log entry of perch holds: who proposed it, its number, when
 * the leader took it, and the command.
 *
 * The header has a fixed layout so that a leader can stamp the time in place
 * and a replica can see a duplicate without decoding the command.
 *
 *   offset bytes
 *        0     1  format, ENTRY_FORMAT
 *        1     1  origin node, 1-255
 *        2     2  zero
 *        4     4  command length, bytes
 *        8     8  origin epoch
 *       16     8  number
 *       24     8  sent at, microseconds since 1970 UTC, by the leader's clock
 *       32     n  command (protobuf, proto/command.proto)
 *     32+n   0-7  zero, so that the length is a multiple of 8 (libraft 0.15.0
 *                 lays out other lengths wrongly)
 *
 * Numbers are little-endian.
 *
 * Thread: any.
 */
#ifndef PROTO_ENTRY_H
#define PROTO_ENTRY_H

#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    ENTRY_FORMAT = 1,
    ENTRY_HEADER_BYTES = 32,
    ENTRY_ALIGN_BYTES = 8,
    ENTRY_COMMAND_BYTES_MAX = 1024 * 1024,
};

struct entry {
    uint8_t origin_node;   /* Who proposed it. */
    uint64_t origin_epoch; /* 0 for node_started, which begins an epoch. */
    uint64_t number;       /* 1-based, dense per origin and epoch; 0 for
                              node_started. */
    int64_t sent_at_us;    /* 0 until the leader stamps it. */
    struct slice command;  /* Borrowed. */
};

/** Count the bytes of an entry with a command of that many bytes. */
size_t entry_bytes(size_t command_bytes);

/**
 * Write an entry.
 *
 * @to  entry_bytes(entry->command.len) bytes; command.len is at most
 *      ENTRY_COMMAND_BYTES_MAX.
 */
void entry_write(uint8_t *to, const struct entry *entry);

/**
 * Read an entry; entry_out->command borrows from bytes.
 *
 * Returns UNSUPPORTED for another format, MALFORMED or TRUNCATED for bytes
 * that are no entry. entry_out is set only on success.
 */
enum error entry_read(struct slice bytes, struct entry *entry_out);

/** Set sent_at_us of an already written entry, in place. */
void entry_stamp(uint8_t *entry, int64_t sent_at_us);

#endif
