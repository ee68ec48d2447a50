/* What was delivered, line by line, in a file: to be matched with the pool's
 * compliance archive.
 *
 * One JSON object for each message with a text that came from the pool, live,
 * in a history or found by a search, before anything else is done with it:
 * "room" (a guid), "id" or, of a line about a message, "about", "csn" (the
 * number of its record; left out while there is no archive), "author",
 * "sha256" of the text, "state" when it is not as it was posted, and
 * "received_at". No text is in it.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_TRANSCRIPT_H
#define OPS_PERCH_TRANSCRIPT_H

#include <stdio.h>

#include "proto/base/error.h"
#include "proto/xccos/envelope.h"

struct transcript {
    FILE *file; /* NULL: none is kept. */
};

/** Open a file, to be appended to; NULL: none is kept. Returns IO, with errno.
 */
enum error transcript_open(struct transcript *transcript, const char *path);

/**
 * Write down all messages of a body.
 *
 * Returns IO, with errno.
 */
enum error transcript_take(struct transcript *transcript,
                           const struct xccos_envelope *envelope,
                           int64_t now_us);

/** Close. Returns IO, with errno, when what was written is not in the file. */
enum error transcript_close(struct transcript *transcript);

#endif
