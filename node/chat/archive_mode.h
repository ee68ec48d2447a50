/* The rules of whether there is an archive: off, on, required, and under which
 * origin.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ARCHIVE_MODE_H
#define NODE_CHAT_ARCHIVE_MODE_H

#include "node/chat/state.h"

/**
 * Switch compliance off, on, or to required. The first time it is on the
 * origin is fixed; one that the command does not name is made of the pool's
 * domain and the log's key, "example.com/perch/1a2b3c4d".
 *
 * Returns ARCHIVE_MODE_INVALID, ARCHIVE_ORIGIN_INVALID, ARCHIVE_ORIGIN_FIXED,
 * ARCHIVE_KEY_MISSING, POOL_NOT_SET when the origin would be made of it,
 * REPEATED when it is so already. The value is the mode.
 */
enum outcome archive_put(struct turn *turn, const Perch__ArchivePut *command);

/** Note that the archive's row has changed. */
void archive_mark_row(struct machine *machine);

/** Tell whether records are made of what happens: compliance is not off, and
 * nothing is missing that would have to come before them. */
bool archive_records(const struct machine *machine);

/** Begin an origin; the tree is empty. @origin  Empty: make one. */
void archive_begin_origin(struct turn *turn, struct slice origin);

/** Check an origin that a command names, or, when that is empty, whether one
 * can be made: ARCHIVE_ORIGIN_INVALID, ARCHIVE_KEY_MISSING, POOL_NOT_SET. */
enum outcome archive_check_origin(const struct machine *machine,
                                  struct slice origin);

/** Free what the archive holds. */
void archive_deinit(struct machine *machine);

#endif
