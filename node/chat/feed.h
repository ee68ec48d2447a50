/* The rules of feeds: what a user wants to be told of, by words or authors, in
 * the rooms the user follows.
 *
 * Only what a feed may be is a rule. Which messages it picks is found by
 * whoever reads them, by Unicode's tables, on which replicas need not agree.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_FEED_H
#define NODE_CHAT_FEED_H

#include "node/chat/state.h"

/**
 * Replace the actor's feeds; none at all may be given.
 *
 * Returns as attention_actor, VERSION_STALE, FEEDS_TOO_MANY, or FEED_INVALID,
 * the value then being its place. Else the value is the new version.
 */
enum outcome feeds_put(struct turn *turn, const Perch__Command *command);

#endif
