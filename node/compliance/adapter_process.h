/* Runs a compliance adapter's program once: gives it lines on standard input,
 * waits for what it acknowledges, and ends it when it hangs or is not wanted
 * any more.
 *
 *   started --all input taken, end--> what it said
 *      |------no byte taken, or no end, for deadline_ms--> killed: TIMED_OUT
 *      +------cancelled--> killed: CLOSED
 *
 * The program inherits the three standard streams and the environment it is
 * given, nothing else. It is the leader of a process group of its own, which is
 * killed as a whole, and always reaped: no run leaves a process behind.
 *
 * Two implementations, chosen when a program is linked: node/compliance/os, and
 * tests/sim, where an adapter is a few lines of C that may fail.
 *
 * Protocol: ops/adapter/interface.md.
 *
 * Thread: a worker's; the calls block. cancelled may be set by any thread.
 */
#ifndef NODE_COMPLIANCE_ADAPTER_PROCESS_H
#define NODE_COMPLIANCE_ADAPTER_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"

enum {
    ADAPTER_WORDS_MAX = 17, /* Program and arguments. */
    /* Of one line of its own; what is longer is cut there. */
    ADAPTER_LINE_BYTES_MAX = 4096,
    /* Lines of standard error that go into the journal; the rest is counted. */
    ADAPTER_LINES_JOURNALED_MAX = 50,
    /* How soon a cancelled run is noticed. */
    ADAPTER_POLL_MS = 100,
    ADAPTER_WHY_BYTES = 500,
};

struct adapter_order {
    const char *name;               /* For the journal: the adapter's. */
    const char *const *words;       /* The program's path, arguments, NULL. */
    const char *const *environment; /* NAME=VALUE, NULL. */
    const char *directory; /* Made first, with those above; NULL: none. */
    uint64_t deadline_ms;
    const atomic_bool *cancelled;

    /**
     * Append what comes next of the input, some lines; nothing at its end.
     *
     * An error ends the run with it.
     */
    enum error (*feed)(void *context, struct buffer *to);
    void *context;
};

/* What became of a run. */
struct adapter_result {
    char line[ADAPTER_LINE_BYTES_MAX + 1]; /* The last of standard output. */
    char why[ADAPTER_WHY_BYTES]; /* Unless it went well: for people. */
};

/**
 * Run the program to its end.
 *
 * @result_out  Filled in whatever comes back.
 *
 * Returns NONE when it took all input and exited with 0; NOT_FOUND when it
 * could not be started; IO when its directory could not be made; REFUSED when
 * it exited otherwise or was killed by another; TIMED_OUT, CLOSED; or what feed
 * returned.
 */
enum error adapter_process_run(const struct adapter_order *order,
                               struct adapter_result *result_out);

#endif
