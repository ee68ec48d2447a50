/* Reads of what was said, put on record before they are answered.
 *
 * While the pool keeps an archive a read is a command: it is committed, and
 * served when that is applied and stored here -- which makes it as new as a
 * read index would. Without an archive it waits for a read index (reads.h).
 *
 *   asked --archive off--> read index --still off--> told
 *     |                        |
 *     |                        +--on by then--+
 *     +--archive on--> proposed <-------------+
 *                         +--applied, stored--> told
 *                         +--withdrawn, unknown, out of patience--> refused
 *
 * A read that is refused shows nothing, though it may be on record: rather too
 * much is recorded than too little.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_RECORDING_H
#define NODE_SESSION_RECORDING_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/limits.h"
#include "node/chat/outcome.h"
#include "node/session/reads.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"
#include "proto/command.h"

enum {
    /* Proposed and not settled: a quarter of REPLICA_PROPOSALS_MAX, so that
     * those who read do not keep those who post from the log. */
    RECORDINGS_WAITING_MAX = 1024,
    /* Then nobody waits for it any more, whatever becomes of it. */
    RECORDING_PATIENCE_MS = 2 * READ_PATIENCE_MS,
    /* Of what is said of a search beside its words; authors beyond it are
     * "and others". */
    RECORDING_WHAT_BYTES_MAX = DISCLOSURE_BYTES_MAX - 16,
};

struct arena;
struct caller;
struct recorded;
struct sessions;

/**
 * Tell that the read may be served from the state and the store, or why not:
 * NO_LEADER, TIMED_OUT or BUSY. It is the caller's again.
 *
 * With NONE, recorded->outcome says what the rules said of it: unless DONE it
 * is to be refused so.
 */
typedef void recorded_told(struct recorded *recorded, enum error error);

/* Embedded by whoever reads, who fills in the first part and keeps it until
 * told. */
struct recorded {
    recorded_told *tell;
    struct caller *caller; /* Who reads; held by whoever reads. */
    bool is_search;
    size_t n_rooms; /* Of a search, 0: in all that may be read. */
    ProtobufCBinaryData *rooms;
    struct slice words; /* Of a search. */
    struct slice what;  /* The rest of what is asked, for people. */

    enum outcome outcome;

    /* The recording's own. */
    struct read read;
    struct recording *recording; /* NULL: it is not proposed. */
};

/* Those that are proposed, the longest waiting first. */
TAILQ_HEAD(recording_list, recording);

struct recordings {
    struct recording_list list;
    size_t n; /* Also of those that nobody waits for. */
};

/** Start with none. */
void recordings_init(struct recordings *recordings);

/** Free all; nobody is told. */
void recordings_deinit(struct recordings *recordings);

/** End the patience of those who have waited too long. */
void recordings_tick(struct sessions *hub, uint64_t now_us);

/**
 * Name the rooms that are read, in the arena.
 *
 * Returns false when memory is out.
 */
bool recording_rooms(struct recorded *recorded, struct arena *arena,
                     const struct guid *guids, size_t n);

/**
 * Ask: recorded->tell is called, later.
 *
 * Returns BUSY when too many wait; it is then not kept.
 */
enum error recording_ask(struct recorded *recorded);

#endif
