/* Directories in memory that forget what was not synced: storage/files.h for
 * perch-sim, where a power cut is a function call.
 *
 * A file's bytes last when it was synced, a name when its directory was. A
 * crash drops the rest, or, with a seed, as much of the rest as a real disk
 * might: each unsynced name and file by the toss of a coin, files torn.
 *
 * One world per process, a node's files below a directory of its own. The same
 * calls and seeds give the same bytes. Thread: any; one lock holds it all.
 */
#ifndef TESTS_SIM_FILES_SIM_H
#define TESTS_SIM_FILES_SIM_H

#include <stdint.h>

#include "proto/base/error.h"

/* What another twin keeps in a directory instead of files: embedded first in
 * a struct of its own. It goes when the directory goes. */
struct files_sim_object {
    void (*crash)(struct files_sim_object *object); /* Forget the unsynced. */
    void (*free)(struct files_sim_object *object);
};

/** Forget everything, as if the process began. */
void files_sim_reset(void);

/**
 * Cut the power: drop what is not synced below a directory, and fail every
 * call there with IO until files_sim_restart.
 *
 * @seed  0 drops all that is not synced; another decides what of it stays.
 */
void files_sim_crash(const char *path, uint64_t seed);

/** Bring the directory back, also from files_sim_fail. */
void files_sim_restart(const char *path);

/**
 * Let the disk below a directory go bad: after some more changes, every change
 * fails.
 *
 * @changes  That still succeed: writes, syncs, renames, removals, flushes.
 */
void files_sim_fail(const char *path, uint64_t changes, enum error error);

/**
 * Find where a directory keeps its object, for the twin of the store.
 *
 * @slot_out  Valid until the directory goes.
 *
 * Returns NOT_FOUND when there is no such directory.
 */
enum error files_sim_object(const char *path,
                            struct files_sim_object ***slot_out);

/** Count a change below a path that is none of a file's, such as a flush. */
enum error files_sim_change(const char *path);

#endif
