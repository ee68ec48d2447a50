/* What a run would do, or has done, for people and for scripts.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_SHOW_H
#define OPS_DIRECTORY_SHOW_H

#include "ops/directory/run.h"

/** Print a run: what differs, a line each, and how it ended. */
void show_text(const struct run *run, FILE *to);

/** Print it as one JSON object. Names stay from version to version. */
void show_json(const struct run *run, FILE *to);

#endif
