/* File descriptors: how many the process may have, and who goes without when
 * they run out.
 *
 * Anybody may connect; log, store and peers must be able to open a file at any
 * time. So the last descriptors of a process are never given to callers.
 *
 * Thread: any.
 */
#ifndef NODE_DESCRIPTORS_H
#define NODE_DESCRIPTORS_H

#include "proto/base/error.h"

enum {
    DESCRIPTORS_KEPT = 256, /* Not for callers: files, peers, web, admin. */
    DESCRIPTORS_MIN = 512,  /* With fewer a node does not start. */
};

/**
 * Raise this process's limit (ulimit -n) as far as it may.
 *
 * Returns TOO_LARGE, with a journal line, when less than DESCRIPTORS_MIN is
 * allowed.
 */
enum error descriptors_claim(void);

/** Tell below which number a descriptor may be a caller's. */
unsigned descriptors_for_callers(void);

#endif
