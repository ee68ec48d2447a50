/* Sign-in: an edge asks who a user is, and gets what proves a password.
 *
 * Answered from the state at a read index, so that a password that was changed
 * or an account that was disabled anywhere counts everywhere. Without a leader
 * the answer is NOT_READY.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_IDENTITY_H
#define NODE_SESSION_IDENTITY_H

#include <bsd/sys/queue.h>

struct sessions;
struct intake;
struct greeting;

TAILQ_HEAD(greeting_list, greeting);

/** Answer an INTAKE_SIGN_IN. Takes the intake. */
void identity_serve(struct sessions *hub, struct intake *intake);

/** Free all that wait, answering nobody. */
void identity_deinit(struct sessions *hub);

#endif
