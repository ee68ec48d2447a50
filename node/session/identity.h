/* Sign-in: an edge asks who a user is, and gets what proves a password.
 *
 * Answered from the state at a read index, so that a password that was changed
 * or an account that was disabled anywhere counts everywhere.
 *
 * Without a leader who signs in is held for READ_PATIENCE_MS: an election takes
 * a second or two, and from a 503 clients come back late. Where there has been
 * none for ELECTION_MS_MAX the answer is NOT_READY at once, so that who knows
 * other nodes goes there: they may be those that have one.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_IDENTITY_H
#define NODE_SESSION_IDENTITY_H

#include <bsd/sys/queue.h>

enum { ELECTION_MS_MAX = 5 * 1000 };

struct sessions;
struct intake;
struct greeting;

/* Sign-ins that wait for a read index. */
TAILQ_HEAD(greeting_list, greeting);

/** Answer an INTAKE_SIGN_IN. Takes the intake. */
void identity_serve(struct sessions *hub, struct intake *intake);

/** Free all that wait, answering nobody. */
void identity_deinit(struct sessions *hub);

#endif
