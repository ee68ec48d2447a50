/* Presence documents: who of this node looks at one, what is published, and
 * whom that is told.
 *
 *   INTAKE_PRESENCE  SUBSCRIBE  read index --> the document; changes follow
 *                    FETCH      read index --> the document
 *                    PUBLISH    the log    --> the document, or the conflict
 *                    END        forgotten
 *   EVENT_PUBLISHED  the document, to all who look at it
 *
 * Only the category roomSetting is kept; what a client publishes besides is
 * taken, not kept, and missing in the document it is answered with.
 *
 * Spec: MS-PRES; what perch makes of it, proto/xccos/profile.md.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_FOLLOWING_H
#define NODE_SESSION_FOLLOWING_H

#include <bsd/sys/queue.h>

#include "node/chat/effects.h"
#include "node/session/intake.h"
#include "proto/base/tree.h"

struct sessions;
struct subscriber;
struct presence_errand;

/* By connection. */
RB_HEAD(subscriber_refs, subscriber);
/* By user, then connection. */
RB_HEAD(subscriber_users, subscriber);

struct following {
    struct subscriber_refs by_ref;
    struct subscriber_users by_user;
    TAILQ_HEAD(, presence_errand) errands;
};

/** Start with nobody. */
void following_init(struct following *following);

/** Free all, answering nobody. */
void following_deinit(struct following *following);

/** Serve an INTAKE_PRESENCE. Takes the intake. */
void following_serve(struct sessions *hub, struct intake *intake);

/** Tell those who look at a document that it is another, of EVENT_PUBLISHED. */
void following_published(struct sessions *hub, const struct event *event);

/** Take note that the state is another: all documents may be. */
void following_restored(struct sessions *hub);

#endif
