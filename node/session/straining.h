/* The strainer that is in force: made anew when the filters have changed,
 * compiled on the worker that looks with it, and kept by the posts that came
 * while its filters were in force.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_STRAINING_H
#define NODE_SESSION_STRAINING_H

#include "node/session/strainer.h"
#include "proto/base/worker.h"

struct sessions;

/* One strainer for all posts that came while its filters were in force. */
struct shared_strainer {
    struct strainer *strainer;
    struct sessions *hub;
    unsigned holds;
    struct job compiling;
    size_t bad;
};

/** Make the strainer of the filters as they are now; none when there are none.
 */
void straining_refresh(struct sessions *hub);

/** Let go of a strainer; the last holder frees. Accepts NULL. */
void straining_drop(struct shared_strainer *shared);

#endif
