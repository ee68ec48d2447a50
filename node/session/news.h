/* getnews: what is unread in the rooms a user follows, or in those asked for.
 *
 * Asked at a read index, so that it is the same on every node; counts are
 * those of message ids, which withdrawn messages keep. Mentions and feeds are
 * looked for by the worker that reads histories (scanning.h). Of a room the
 * user may not read, or that keeps no history, nothing is told: not when it is
 * asked, and not any more when it is answered.
 *
 * Spec: perch's own, proto/xccos/profile.md.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_NEWS_H
#define NODE_SESSION_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/xccos/envelope.h"

struct room;
struct user;
struct visit;
struct xccos_request;

enum { NEWS_WAITING_MAX = 1024 }; /* Questions on the worker. */

/** Serve getnews. */
void news_serve(struct visit *visit, const struct xccos_primitive *command,
                const struct xccos_request *request);

/** Tell whether a user is to know what is new in a room: the user may read it,
 * and it keeps what is said. */
bool news_may_know(const struct user *user, const struct room *room);

/** Fill in how far a user has read a room. */
void news_describe(const struct user *user, const struct room *room,
                   struct xccos_news *news_out);

#endif
