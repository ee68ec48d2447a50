/* Words for what XCCOS has numbers and flags for: the same on the screen and
 * in JSON.
 *
 * Thread: any.
 */
#ifndef OPS_PERCH_WORDS_H
#define OPS_PERCH_WORDS_H

#include "proto/xccos/envelope.h"

/** "member", "presenter", "manager". NULL: not told. Static. */
const char *word_of_role(enum xccos_role role);

/** "normal", "auditorium". NULL: not told. Static. */
const char *word_of_behavior(enum xccos_behavior behavior);

/** What a message was made: "corrected", "withdrawn", "redacted", "replaced".
 * NULL: nothing. Static. */
const char *word_of_state(enum xccos_message_state state);

/** Whom a room lets in: "open", "closed", "secret". NULL: not told. Static. */
const char *word_of_visibility(const struct xccos_room *room);

#endif
