/* What the parts of posts share.
 *
 *   posts.c      sending, answers, copies
 *   posts_end.c  connections lost, rooms left, deadlines
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_POSTS_PARTS_H
#define OPS_CLIENT_POSTS_PARTS_H

#include "ops/client/posts.h"

/** End a post that was accepted, and is in no list. */
void posts_finish_done(struct client *client, struct errand *errand);

#endif
