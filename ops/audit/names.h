/* Names in a folder in their order, files beside the archive, lines of texts.
 *
 * Thread: any.
 */
#ifndef OPS_AUDIT_NAMES_H
#define OPS_AUDIT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/merkle.h"

enum { NAMES_PATH_BYTES = 4096 };

struct names {
    char **names; /* Sorted by their bytes. */
    size_t n;
};

/** List what is in a folder of a directory ("" for the directory itself), but
 * for names that begin with a dot. NOT_FOUND, IO, NO_MEMORY. */
enum error names_list(const char *directory, const char *folder,
                      struct names *names_out);

/** Free a list. */
void names_deinit(struct names *names);

/** Read a file into a buffer, in place of what is there; "-" is standard
 * input. TOO_LARGE beyond bytes_max. */
enum error names_read_file(const char *path, size_t bytes_max,
                           struct buffer *to);

/** Hash a file and count its bytes, in pieces. */
enum error names_hash_file(const char *path, struct merkle_hash *hash_out,
                           uint64_t *bytes_out);

/** Write a hash as 64 hex digits and a NUL. */
void names_hex(const struct merkle_hash *hash, char text[65]);

/** Cut the next line off; the last may lack its newline. */
bool names_next_line(struct slice *rest, struct slice *line_out);

#endif
