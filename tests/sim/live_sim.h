/* What the store of perch-sim keeps in a directory: its rows and where it
 * stands; and how a checkpoint of it looks in (simulated) files.
 *
 * Thread: any, under live->lock; live_load, live_new and live_save without.
 */
#ifndef TESTS_SIM_LIVE_SIM_H
#define TESTS_SIM_LIVE_SIM_H

#include <pthread.h>
#include <stdbool.h>

#include "storage/files.h"
#include "storage/store.h"
#include "tests/sim/files_sim.h"
#include "tests/sim/rows_sim.h"

struct live {
    struct files_sim_object object; /* First: the directory knows only it. */
    pthread_mutex_t lock;
    struct rows *rows;
    uint64_t applied;
    uint64_t persisted; /* What a crash leaves. */
    uint64_t flushed;   /* What store_flushed tells; persisted or less. */
    uint64_t commits;   /* Since it was last persisted. */
    uint64_t bytes;     /* Of their batches. */
    unsigned life;      /* One more with each crash; handles know theirs. */
    unsigned holds;     /* By the directory and by a handle. */
    bool open;
    bool rotten;
    bool copied;   /* It began as a checkpoint's files, which stay. */
    bool doubtful; /* It has crashed, perhaps with those files. */
    enum error failed;
};

/* A handle. It outlives the crash of its store only to be told so. */
struct store {
    struct live *live; /* Held. */
    unsigned life;     /* Of live, when it was opened. */
    unsigned views;
    uint64_t memtable_bytes;
    char path[FILES_PATH_BYTES_MAX];
};

/** Tell whether the store has crashed since. Under the lock. */
bool store_is_dead(const struct store *store);

/** Tell what stands in the way of reading. Under the lock. */
enum error store_read_check(const struct store *store);

/** Make an empty store's state at an index, held once. */
struct live *live_new(uint64_t index);

/** Hold once more. */
void live_hold(struct live *live);

/** Hold once less; the last one frees. */
void live_drop(struct live *live);

/** Drop back to what is persisted, and shut handles out. Under the lock. */
void live_crash(struct live *live);

/** Make all that is committed persist. Under the lock. */
void live_persist(struct live *live);

/**
 * Write the rows as they are at live->applied as the files of a checkpoint.
 *
 * @path       Must exist, empty.
 * @index_out  live->applied when they were written.
 */
enum error live_save(struct live *live, const char *path, uint64_t *index_out);

/**
 * Read a checkpoint's files.
 *
 * Returns ROTTEN, and a journal line, when they are damaged or incomplete.
 */
enum error live_load(const char *path, struct live **live_out);

#endif
