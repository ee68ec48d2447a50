/* How far endpoints are known to have been told what was said in their rooms.
 * One index stands for all rooms of an endpoint; where that is in doubt, the
 * lower one counts: the next history is too long rather than too short.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_TOLD_H
#define NODE_CHAT_TOLD_H

#include <stdint.h>

struct machine;
struct session;

/**
 * Tell up to which log index a session has confirmed all it was sent, going by
 * its node's mark.
 *
 * Returns 0, that nothing is known, when it is in a room that it joined after
 * what the mark holds for: whether that room's past was told the mark cannot
 * say.
 */
uint64_t told_marked(const struct session *session);

/**
 * Tell the same of a session that ends, for what its endpoint leaves in the
 * state: as told_marked from RULES_PEOPLE on, and before it what the mark says,
 * whatever was joined after it.
 */
uint64_t told_at_end(const struct machine *machine,
                     const struct session *session);

/**
 * Tell up to where the session's endpoint has been told all: what the session
 * has confirmed, or, when it has confirmed nothing since it opened, what was
 * known before it.
 *
 * @known  NULL: nothing.
 */
uint64_t told_upto(const struct session *session, uint64_t delivered_index,
                   const uint64_t *known);

#endif
