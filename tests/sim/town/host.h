/* A node's machine: its disk outlives the processes on it.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_HOST_H
#define TESTS_SIM_TOWN_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "node/backend.h"
#include "node/compliance/signer.h"
#include "proto/base/letters.h"
#include "tests/sim/block_disk.h"
#include "tests/sim/random.h"

struct town;

enum { HOST_PATH_BYTES = 16 };

struct host {
    struct town *town;
    unsigned number; /* From 1. */
    char path[HOST_PATH_BYTES];
    char archive[HOST_PATH_BYTES + sizeof("/" BACKEND_ARCHIVE_NAME)];
    struct disk *disk;
    struct random random, programs;

    /* Of the process that runs, if one does. */
    struct loop *state_loop, *raft_loop;
    struct backend *backend; /* NULL: down. */
    struct letters *edge;    /* Takes deliveries; NULL with backend. */
    uint64_t life;           /* Counts processes. */
    uint64_t raft_id;
    bool serves; /* The pool has a domain. */
    bool dying;  /* Its end is on the schedule. */

    bool founded;
    bool full;                 /* Its disk. */
    bool fails;                /* Its disk refuses writes. */
    bool lost_disk;            /* It may come back as another. */
    bool tampered;             /* Its archive was changed. */
    uint32_t rules_known;      /* Of its program. */
    struct signer_seeds seeds; /* Of its keys, and of the log's. */
    struct signer signer;
};

/** Set up with an empty disk, down. */
void host_init(struct host *host, struct town *town, unsigned number);

/** Tell the public key of the archive's log. */
void host_log_key(uint8_t public_out[NOTE_KEY_BYTES]);

/** Free; the host is down. */
void host_deinit(struct host *host);

/** Take away what it keeps for searches, as with its disk; it is down. */
void host_drop_catalog(struct host *host);

/** Bring it up, if it is down. */
void host_start(struct host *host);

/** Cut its power, if it is up: the write under way is torn. */
void host_kill(struct host *host);

/** Let its disk write again, by a restart if it is up. */
void host_mend(struct host *host);

/** Give it the newest program, by a restart if it is up. */
void host_renew(struct host *host);

/** End its process in good order, if it is up. */
void host_close(struct host *host);

/** Tell whether it is up and stays so for now. */
bool host_is_up(const struct host *host);

/** Borrow its view of the pool. It is up. */
const struct replica_status *host_status(const struct host *host);

#endif
