/* How messages are put to clients that may have been taken back since: as they
 * are now, with their state in perch's own namespace, and in words for those
 * who know no states.
 *
 * Thread: any.
 */
#ifndef NODE_SESSION_WORDING_H
#define NODE_SESSION_WORDING_H

#include <stdint.h>

#include "node/chat/said.h"
#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/xccos/envelope.h"

/* Why a message is as it is, and since when; both empty for one as posted. And
 * the number of the archive's record that says so. */
struct wording_change {
    struct slice reason;
    int64_t at_us;
    struct xccos_number csn;
};

/**
 * Put a message as it is now.
 *
 * @arena        Takes what must be written; the rest is borrowed.
 * @message_out  Its room_uri is for the caller to set.
 *
 * Returns NO_MEMORY.
 */
enum error wording_message(const struct said *said,
                           const struct wording_change *change,
                           struct arena *arena,
                           struct xccos_message *message_out);

/**
 * Say in a line what has become of messages, for clients that know no states.
 *
 * @said    The first of them, as it is now.
 * @n       How many; of several none is described.
 *
 * Returns the empty slice when memory is out.
 */
struct slice wording_line(const struct said *said,
                          const struct wording_change *change, size_t n,
                          struct arena *arena);

/** Say in a line that a room was cleared. */
struct slice wording_cleared(struct slice reason, struct arena *arena);

#endif
