/* A directory of its own for one test program.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_TEMP_DIRECTORY_H
#define TESTS_UNIT_TEMP_DIRECTORY_H

enum { TEMP_DIRECTORY_BYTES = 256 };

/** Make a new, empty directory below TMPDIR or /tmp and write its path. */
void temp_directory_make(char path[TEMP_DIRECTORY_BYTES]);

/** Remove a directory and all in it. */
void temp_directory_remove(const char *path);

#endif
