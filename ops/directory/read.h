/* Reading a directory whole: users, groups and units, or nothing.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_READ_H
#define OPS_DIRECTORY_READ_H

#include "ops/directory/roster.h"
#include "ops/directory/server.h"

/**
 * Read what the settings name.
 *
 * @wanted  Finished on success.
 * @why     On an error, what went wrong.
 *
 * Returns an error of server.h.
 */
enum error read_directory(const struct directory_settings *settings,
                          struct roster *wanted, char why[SERVER_WHY_BYTES]);

#endif
