/* The records of the log and the batches they are written in.
 *
 * A record:
 *   offset bytes
 *        0     4  CRC32C of all that follows, payload and zeros included
 *        4     4  length of the payload, bytes
 *        8     4  chain: the CRC32C of the record before (not of a BATCH)
 *       12     1  kind, enum record_kind
 *       13     1  ENTRY: its type, as the owner gave it
 *       14     2  zero
 *       16     8  index
 *       24     8  term
 *       32     n  payload
 *     32+n   0-7  zero, to a multiple of 8
 *
 * A batch is a run of whole blocks, written at once: a BATCH record, then n
 * others, then PAD bytes to the end of the block. BATCH payload:
 *        0     8  serial: 1, 2, 3 ... through the life of the log
 *        8     8  directory id
 *       16     8  number of the segment
 *       24     4  where it begins in the segment, blocks
 *       28     4  how long it is, blocks
 *       32     4  n, records after this one
 *       36     4  sectors of the batch that are all zero
 *
 * Numbers are little-endian.
 *
 * Thread: any.
 */
#ifndef RAFT_LOG_STORE_RECORD_H
#define RAFT_LOG_STORE_RECORD_H

#include "raft/log_store/block.h"

enum {
    RECORD_HEADER_BYTES = 32,
    RECORD_ALIGN_BYTES = 8,
    BATCH_PAYLOAD_BYTES = 40,
    BATCH_HEADER_BYTES = RECORD_HEADER_BYTES + BATCH_PAYLOAD_BYTES,
    BATCH_PAD = 0xff,
    SNAPSHOT_FIXED_BYTES = 40,
};

/* No log gets there; keeps sums of indexes from overflowing. */
#define LOG_INDEX_MAX (UINT64_MAX / 2)

/*            index                   term            payload               */
enum record_kind {
    RECORD_BATCH = 1, /* acknowledged 0               above                 */
    RECORD_ENTRY,     /* its own      its own         the entry             */
    RECORD_TRUNCATE,  /* first cut    0               none                  */
    RECORD_SNAPSHOT,  /* snapshot's   snapshot's      struct marker         */
};

struct record {
    uint32_t checksum;
    uint32_t chain;
    enum record_kind kind;
    uint8_t type;
    uint64_t index;
    uint64_t term;
    struct slice payload; /* Borrows from the bytes read. */
};

struct batch {
    uint64_t acknowledged; /* Highest index that was durable before. */
    uint32_t chain;        /* As that of the first record. */
    uint64_t serial;
    uint64_t directory_id;
    uint64_t segment;
    uint32_t block;
    uint32_t blocks;
    uint32_t records;
    uint32_t blank;
};

/* Payload of a SNAPSHOT record:
 *        0     8  first index kept
 *        8     8  number of the first segment kept
 *       16     8  configuration index
 *       24     4  1 when it replaces the whole log, else 0
 *       28     4  length of the configuration
 *       32     4  length of the data
 *       36     4  zero
 *       40        configuration, then data */
struct marker {
    uint64_t first_index;
    uint64_t keep_from;
    uint64_t configuration_index;
    bool replaces;
    struct slice configuration;
    struct slice data;
};

/** Count the bytes of a record with a payload of that many bytes. */
size_t record_bytes(size_t payload_bytes);

/**
 * Complete a record whose payload is in place at at + RECORD_HEADER_BYTES:
 * header, zeros to its end, checksum.
 *
 * @record  checksum is not read.
 *
 * Returns the checksum.
 */
uint32_t record_seal(uint8_t *at, const struct record *record);

/**
 * Read a record's header and find its payload, without the checksum.
 *
 * Returns false when the bytes are no record or end inside it.
 */
bool record_parse(struct slice bytes, struct record *record_out);

/** Tell whether a parsed record's checksum is that of its bytes. */
bool record_checks(struct slice bytes, const struct record *record);

/** Write a batch's BATCH_HEADER_BYTES, after its records are in place. */
void batch_seal(uint8_t *at, const struct batch *batch);

/** Read and check a batch's header. Returns false when it is none. */
bool batch_read(struct slice bytes, struct batch *batch_out);

/** Count the bytes of a marker as a payload. */
size_t marker_bytes(const struct marker *marker);

/** Write a marker, marker_bytes(marker) long. */
void marker_write(uint8_t *to, const struct marker *marker);

/** Read a marker; borrows from payload. Returns false when it is none. */
bool marker_read(struct slice payload, struct marker *marker_out);

#endif
