/* The state as rows: what must be written for the machine to be the same after
 * a restart, and how it is made from rows again.
 *
 * A row is a kind, up to three numbers that are its key, and a value
 * (proto/store.proto). Rows are a function of the state; how entries were
 * batched shows in none of them. storage decides how keys become bytes; their
 * order is by kind, then by number.
 *
 * Rows of messages and of their revisions are not memory's shadow: they are
 * written when their entry is applied (effects.h), and what rules are to know
 * of them they are told (said.h).
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ROWS_H
#define NODE_CHAT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

struct machine;

/* Every kind of row: name, its place in the row of counters, how many numbers
 * its key has, which. Loaded in this order, since later kinds refer to earlier
 * ones; the places are stored: a new kind gets the next one. */
#define ROW_LIST(X)                                                            \
    X(POOL, 0, "pool", 0, "")                                                  \
    X(COUNTERS, 1, "counters", 0, "")                                          \
    X(USER, 2, "user", 1, "principal")                                         \
    X(GROUP, 13, "group", 1, "principal")                                      \
    X(MEMBERSHIP, 14, "membership", 2, "group, principal")                     \
    X(CATEGORY, 3, "category", 1, "place")                                     \
    X(ADDIN, 20, "addin", 1, "number")                                         \
    X(ROOM, 4, "room", 1, "place")                                             \
    X(ROLE, 5, "role", 2, "place, principal")                                  \
    X(PUBLICATION, 15, "publication", 3, "principal, container, instance")     \
    X(READ, 16, "read", 2, "principal, place")                                 \
    X(FEEDS, 17, "feeds", 1, "principal")                                      \
    X(ORIGIN, 6, "origin", 1, "node")                                          \
    X(OUTCOMES, 7, "outcomes", 2, "node, chunk")                               \
    X(SESSION, 8, "session", 3, "node, epoch, serial")                         \
    X(RETRY, 9, "retry", 1, "number")                                          \
    X(ENDPOINT, 10, "endpoint", 1, "number")                                   \
    X(PROBE, 11, "probe", 1, "slot")                                           \
    X(HOLD, 18, "hold", 1, "number")                                           \
    X(ARCHIVE, 25, "archive", 0, "")                                           \
    X(ADAPTER, 26, "adapter", 1, "slot")                                       \
    X(WITNESS, 27, "witness", 1, "slot")                                       \
    X(TOMBSTONE, 21, "tombstone", 1, "place")                                  \
    X(ADMINISTRATOR, 22, "administrator", 1, "slot")                           \
    X(FILTER, 23, "filter", 1, "slot")                                         \
    X(LEDGER, 24, "ledger", 0, "")                                             \
    X(MESSAGE, 12, "message", 2, "place, message id")                          \
    X(REVISION, 19, "revision", 3, "place, message id, log index")

#define ROW_ENUM(name, place, text, parts, which) ROW_##name,
enum row_kind { ROW_LIST(ROW_ENUM) ROW_KINDS };
#undef ROW_ENUM

enum {
    ROW_PARTS_MAX = 3,
    ROW_PLACES = 28, /* One more than the last place of ROW_LIST. */
};

struct row_key {
    enum row_kind kind;
    uint64_t part[ROW_PARTS_MAX]; /* Parts beyond row_parts(kind) are 0. */
};

/**
 * Take one row.
 *
 * @value  Borrowed for the call; NULL: there is no such row any more, remove
 *         it.
 */
typedef void row_sink(void *context, const struct row_key *key,
                      const struct slice *value);

/** Name a kind of row, "room". A static string. */
const char *row_name(enum row_kind kind);

/** Count the numbers that make the key of a kind of row. */
unsigned row_parts(enum row_kind kind);

/** Tell where the row of counters has a kind's count. */
unsigned row_place(enum row_kind kind);

/** Order keys by kind, then number by number, as memcmp orders bytes. */
int row_compare(const struct row_key *a, const struct row_key *b);

/**
 * Hand over each row that has changed since the last call, once, in key order,
 * with the value it has now; then forget that they had changed.
 *
 * Together with the message rows of the entries since, this is what one batch
 * writes.
 */
void machine_write_changes(struct machine *machine, row_sink *sink,
                           void *context);

/** Count the rows that machine_write_changes would hand over. */
size_t machine_changes(const struct machine *machine);

/** Hand over every row of the state, in key order. */
void machine_write_all(const struct machine *machine, row_sink *sink,
                       void *context);

/**
 * Take one row into a new machine.
 *
 * Rows come in key order, before the first machine_apply.
 *
 * Returns MALFORMED when the value is not of its kind or contradicts the rows
 * before it, UNSUPPORTED when the rules it was written under are not known to
 * this program: the node must stop.
 */
enum error machine_load(struct machine *machine, const struct row_key *key,
                        struct slice value);

/**
 * Check, after the last row, that they make a whole.
 *
 * Returns MALFORMED when rows are missing.
 */
enum error machine_load_end(struct machine *machine);

/**
 * Digest the state: equal on replicas that have applied the same entries, in
 * whatever batches, with or without restarts between.
 *
 * 64-bit FNV-1a over all rows: it finds a diverged replica, not a forger.
 */
uint64_t machine_hash(const struct machine *machine);

#endif
