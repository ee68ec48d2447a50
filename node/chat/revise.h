/* The rules of taking back: authors correct and withdraw what they said,
 * administrators redact it, replace it and clear rooms.
 *
 *   posted --correct--> corrected --correct--> corrected ...
 *     |  \                 |
 *     |   +--withdraw------+--> withdrawn --redact--> redacted, replaced
 *     +------redact, replace--> redacted <--> replaced
 *
 * A message's own row never changes: each step is a revision, a row beside it.
 * What may be decided without looking the message up is decided first.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_REVISE_H
#define NODE_CHAT_REVISE_H

#include "node/chat/state.h"

/**
 * Put the author's new text in the place of the old one.
 *
 * The same text again changes nothing.
 *
 * Returns as a post, CORRECTION_OFF, MESSAGE_UNKNOWN, NOT_THE_AUTHOR,
 * MESSAGE_TAKEN_BACK, or CORRECTION_TOO_LATE. The value is the message id.
 */
enum outcome message_correct(struct turn *turn, const Perch__Command *command);

/**
 * Take a message back: its author, while there is time, or an administrator.
 *
 * What is withdrawn stays so.
 *
 * Returns a refusal of the session or the room, of the reason,
 * CORRECTION_OFF, MESSAGE_UNKNOWN, NOT_THE_AUTHOR, MESSAGE_TAKEN_BACK, or
 * CORRECTION_TOO_LATE. The value is the message id.
 */
enum outcome message_withdraw(struct turn *turn, const Perch__Command *command);

/**
 * Take messages out of sight, or put a text in their place.
 *
 * All or nothing: one that is unknown refuses all. Those that are as asked
 * already stay as they are.
 *
 * Returns ROOM_UNKNOWN, REASON_MISSING or another refusal of the reason,
 * REPLACEMENT_TOO_LONG or a refusal of the text, REDACTIONS_NONE,
 * REDACTIONS_TOO_MANY, or MESSAGE_UNKNOWN. The value is how many changed; of
 * MESSAGE_UNKNOWN the position in the list.
 */
enum outcome message_redact(struct turn *turn,
                            const Perch__MessageRedact *command);

/**
 * Take all of a room out of sight up to a message.
 *
 * Returns ROOM_UNKNOWN, a refusal of the reason, or MESSAGE_UNKNOWN for one
 * that is not there yet. The value is up to where the room is cleared then.
 */
enum outcome room_clear(struct turn *turn, const Perch__RoomClear *command);

/**
 * Check why something is done.
 *
 * Returns REASON_MISSING when there must be one, REASON_CHARACTER or
 * REASON_TOO_LONG.
 */
enum outcome reason_check(struct slice reason, bool must_be);

#endif
