/* What is run for an adapter, and where it may write: what this node's
 * configuration allows, of what the pool has committed.
 *
 * A committed directory is used only when it is one of [archive] output or
 * below it: whoever may configure adapters for the pool cannot have its nodes
 * write just anywhere.
 *
 * Pure. Thread: any.
 */
#ifndef NODE_COMPLIANCE_EXPORT_ORDER_H
#define NODE_COMPLIANCE_EXPORT_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "node/chat/archive.h"
#include "node/compliance/adapter_process.h"
#include "proto/base/arena.h"

/* Borrowed for the archive's life. */
struct exporting_settings {
    const char *adapter_program; /* Path of perch-adapter. */
    size_t n_programs;
    const char *const *programs; /* "NAME PATH [ARGUMENT]..." */
    size_t n_outputs;
    const char *const *outputs; /* Directories, from "/"; the first also takes
                                   what is said without one. */
    unsigned at_once;           /* Adapters that run. */
    uint64_t deadline_ms;       /* Of an adapter's silence. */
};

struct export_order {
    const char *words[ADAPTER_WORDS_MAX + 1]; /* NULL ends. */
    const char *environment[5];               /* Likewise. */
    struct slice output;
    const char *directory; /* That output is; NULL: it is none. */
};

/**
 * Work out what is run for the oldest cut of an adapter.
 *
 * @why  Says what this node's configuration lacks.
 *
 * Returns NOT_FOUND for a program that it does not name, REFUSED for an output
 * that it does not allow. All is in the arena.
 */
enum error export_order_make(const struct exporting_settings *settings,
                             const struct adapter_view *adapter,
                             const struct cut_view *cut, struct arena *arena,
                             struct export_order *order_out,
                             char why[ADAPTER_WHY_BYTES]);

#endif
