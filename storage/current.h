/* The names of generations, and the file CURRENT that says which one counts.
 *
 * Private to storage/generation.c. Thread: the caller's.
 */
#ifndef STORAGE_CURRENT_H
#define STORAGE_CURRENT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "storage/generation.h"

enum { GENERATION_NAME_BYTES_MAX = 64 };

/* Of a directory below store/. Number 0 stands for none. */
struct generation_name {
    uint64_t number;
    uint64_t index; /* Log index it began at. */
};

/** Write the name of the directory, "store-<number>-<index>". */
void generation_name_write(char text[GENERATION_NAME_BYTES_MAX],
                           struct generation_name name);

/**
 * Read the name of a directory.
 *
 * Returns false when it names no generation.
 */
bool generation_name_read(const char *text, struct generation_name *name_out);

/** Call the hook of a test, when there is one. */
void generation_step(const struct generation_options *options,
                     enum generation_step done);

/**
 * Read CURRENT of a directory.
 *
 * @name_out  Number 0 while the store is being founded.
 *
 * Returns NOT_FOUND when there is none, ROTTEN (and a journal line) when it
 * is not what current_write wrote.
 */
enum error current_read(const char *directory,
                        struct generation_name *name_out);

/**
 * Write CURRENT so that a crash leaves the old one or the new one. Durable
 * when it returns.
 *
 * @name  Number 0 says that the store is being founded.
 */
enum error current_write(const char *directory, struct generation_name name,
                         const struct generation_options *options);

/** Tell the journal what is wrong with CURRENT. Returns ROTTEN. */
enum error current_rotten(const char *directory, const char *reason);

#endif
