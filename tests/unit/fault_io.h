/* A disk that fails: stands before the C library's calls that change files, in
 * a test program that links it, and lets them fail from a chosen one on.
 *
 * RocksDB's calls too, for a program's own functions come before those of the
 * libraries it loads.
 */
#ifndef TESTS_UNIT_FAULT_IO_H
#define TESTS_UNIT_FAULT_IO_H

#include <stdint.h>

/**
 * Let every change to files below a directory fail, after some more.
 *
 * @prefix  What the names of those files begin with; may be empty.
 * @after   Changes that still succeed: writes, syncs, renames, links.
 * @number  The errno they fail with.
 */
void fault_io_arm(const char *directory, const char *prefix, uint64_t after,
                  int number);

/** Count the changes that have succeeded since it was armed. */
uint64_t fault_io_passed(void);

/**
 * Let everything succeed again.
 *
 * Returns how many calls have failed.
 */
uint64_t fault_io_disarm(void);

#endif
