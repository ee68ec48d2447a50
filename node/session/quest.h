/* bcsearch, and bccontext with conditions: what was said, found by its words,
 * author or time, in one, several or all of one's rooms.
 *
 * A quest waits for a read index, or until it is on record (recording.h), then
 * for the catalog to be as new, is run by the catalog's worker in the rooms
 * that the user may read by then, and is given when that still holds at the
 * moment of the answer: else it is run again. So the answer is the same on
 * every node at the same index.
 *
 * Spec: perch's own, in the grammar of bcq (proto/xccos/profile.md).
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_QUEST_H
#define NODE_SESSION_QUEST_H

#include <stdbool.h>

#include "node/session/visit.h"
#include "proto/xccos/request.h"

enum {
    QUEST_ROOMS_NAMED_MAX = 64, /* By one command. */
    QUEST_TRIES_MAX = 3,        /* While rights change under it. */
};

/** Tell whether a history is asked for by what was said, by whom or when. */
bool quest_is_one(const struct xccos_history_query *query);

/** Serve bcsearch, and what quest_is_one. */
void quest_serve(struct visit *visit, const struct xccos_primitive *command,
                 const struct xccos_request *request);

#endif
