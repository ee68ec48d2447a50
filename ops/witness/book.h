/* What a witness has cosigned: the last checkpoint of each log, in one file.
 *
 * The file is the witness's promise never to sign another history, so it is
 * replaced whole (temporary file, sync, rename, sync of the directory) before
 * anyone is told of a change, and one process alone has it open.
 *
 *   perch-witness book 1
 *   checkpoint BYTES       then the cosigned note, as many bytes
 *   ...
 *   end SHA256             of all before this line, in hex
 *
 * Thread: one.
 */
#ifndef OPS_WITNESS_BOOK_H
#define OPS_WITNESS_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

enum {
    BOOK_PAGES_MAX = 64, /* Logs. */
    BOOK_FILE_BYTES_MAX = BOOK_PAGES_MAX * (NOTE_BYTES_MAX + 64) + 256,
};

/* A log's last checkpoint. Borrowed until the next book_put. */
struct book_page {
    struct slice note; /* With the log's and the witness's signatures. */
    struct slice origin;
    uint64_t size;
    struct merkle_hash root;
};

struct book;

/** Make an empty book's file, durably. EXISTS when there is one: a witness that
 * forgets would sign a second history. */
enum error book_make(const char *path);

/**
 * Open a book for writing.
 *
 * Returns NOT_FOUND when there is no file, BUSY when another process has it,
 * ROTTEN when it is not what was written, or what the system reports.
 */
enum error book_open(const char *path, struct book **book_out);

/** Open a book to look into it, beside a witness that runs. Likewise. */
enum error book_look(const char *path, struct book **book_out);

/** Close. Accepts NULL. */
void book_close(struct book *book);

/** Find a log's page. NULL when none of it was cosigned. */
const struct book_page *book_find(const struct book *book, struct slice origin);

/** Borrow the page at a place, NULL after the last. */
const struct book_page *book_at(const struct book *book, size_t place);

/**
 * Put a cosigned checkpoint in place of its log's last. Durable when this
 * returns NONE; else the book is as it was, though the file may already be the
 * new one: nobody may be told of the cosignature.
 *
 * Returns TOO_LARGE for one log too many, MALFORMED for a note that is no
 * checkpoint, or what the system reports.
 */
enum error book_put(struct book *book, struct slice note);

#endif
