/* Putting a client back into the rooms of a dialog that broke.
 *
 * A client that got a 481 invites anew on its connection and takes itself to
 * be in its rooms still (pidgin-sipe neither joins nor asks for history
 * again). So rooms of dialogs that closed are remembered for a while, and
 * joined for the dialog that resumes.
 *
 * Nothing may be missing in between. When the broken dialog had not confirmed
 * all it was given, or something was said before the new one is in, the
 * connection is closed instead: then clients come back and ask.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_RESUMING_H
#define NODE_SESSION_RESUMING_H

#include <bsd/sys/queue.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Dialogs that closed with rooms; older ones are forgotten first. */
    MEMENTOS_MAX = 4096,
    /* A client that was told 481 comes back at once. */
    MEMENTO_MS = 60 * 1000,
};

struct sessions;
struct caller;
struct memento;
struct resume;

/* What is kept of broken dialogs, the oldest first. */
TAILQ_HEAD(memento_list, memento);
/* Dialogs that are being put back. */
TAILQ_HEAD(resume_list, resume);

struct resumption {
    struct memento_list mementos; /* Oldest first. */
    size_t n;
    struct resume_list resumes; /* Under way. */
};

/** Start with nothing remembered. */
void resuming_init(struct resumption *resumption);

/** Free all. */
void resuming_deinit(struct sessions *hub);

/** Remember the rooms of a caller whose dialog has closed, while it is still in
 * them; also that it was in none. */
void resuming_remember(struct caller *caller);

/** Join the rooms of the broken dialog, for a caller that resumes it. */
void resuming_begin(struct caller *caller);

#endif
