/* How far a long piece of work is, on standard error: a line that is written
 * over in a terminal, elsewhere a line every ten seconds.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_PROGRESS_H
#define OPS_AUDIT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "records". */
    bool is_quiet, is_terminal, has_line;
    uint64_t done, total;
    int64_t begun_us, told_us;
};

/** Begin to count to total. Static what. */
void progress_begin(struct progress *progress, const char *what, uint64_t total,
                    bool is_quiet);

/** Count so many, and tell when it is time. */
void progress_add(struct progress *progress, uint64_t n);

/** End the line. */
void progress_end(struct progress *progress);

/** Tell the seconds since the beginning. */
double progress_s(const struct progress *progress);

#endif
