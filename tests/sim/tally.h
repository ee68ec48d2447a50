/* The smallest state that can tell whether a replica keeps its word: it counts
 * commands, each once, in the order of the log, and remembers each node's
 * epoch and last number, as the real state does.
 *
 * A command is a word of 8 bytes and padding; a start is what begins an epoch.
 *
 * Thread: its owner's.
 */
#ifndef TESTS_SIM_TALLY_H
#define TESTS_SIM_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"
#include "raft/replica.h"

enum {
    TALLY_NODES = 16,
    TALLY_BYTES = 16 + TALLY_NODES * 24 + 16,
    TALLY_COMMAND_BYTES_MIN = 16,
};

enum tally_kind { TALLY_START = 1, TALLY_COMMAND, TALLY_NOOP };

struct tally_node {
    uint64_t epoch, start_id, last;
};

struct tally {
    uint64_t index; /* Applied. */
    uint64_t count; /* Commands, noops left out. */
    uint64_t hash;  /* Of all that was accepted, and where. */
    struct tally_node nodes[TALLY_NODES];
};

enum tally_outcome {
    TALLY_ACCEPTED,
    TALLY_DUPLICATE,
    TALLY_GAP,
    TALLY_STALE, /* Of another epoch. */
    TALLY_NONSENSE,
};

/* What came of an entry. */
struct tally_result {
    enum tally_outcome outcome;
    enum tally_kind kind;
    uint8_t node;
    uint64_t epoch, number;
    uint64_t word; /* The command's, or a start's id. */
    int64_t sent_at_us;
};

/** Write a command of that many bytes, at least TALLY_COMMAND_BYTES_MIN. */
void tally_command(enum tally_kind kind, uint64_t word, uint8_t *to,
                   size_t bytes);

/** Apply an entry above index. */
struct tally_result tally_apply(struct tally *tally,
                                const struct replica_entry *entry);

/** Write all of it down. */
void tally_write(const struct tally *tally, uint8_t to[TALLY_BYTES]);

/** Read it back; false for bytes that are none. */
bool tally_read(struct slice from, struct tally *tally_out);

#endif
