/* What a guest's own files ask of each other: to say, to hear, to do.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_GUEST_INNER_H
#define TESTS_SIM_TOWN_GUEST_INNER_H

#include "proto/xccos/envelope.h"
#include "tests/sim/town/guest.h"

struct buffer;
struct intake;

/* guest_talk.c */

/** Open a dialog; join all rooms and ask for what was said there. */
void guest_enter(struct guest *guest, struct host *host);

/**
 * Open a dialog in place of one that broke on the same connection, taking
 * himself to be in its rooms: he must miss nothing, or be cut.
 */
void guest_resume(struct guest *guest);

/** End the dialog. */
void guest_leave(struct guest *guest, enum dialog_end end);

/** Send what he wants to say, once more perhaps. */
void guest_post(struct guest *guest);

/** Ask for the newest messages of a room. */
void guest_read(struct guest *guest, unsigned room);

/** Ask to be let into a club. */
void guest_call(struct guest *guest, unsigned room);

/** Ask for what was said in a club, whether he is in or not. */
void guest_peek(struct guest *guest, unsigned room);

/** Confirm all that was given. */
void guest_confirm(struct guest *guest);

/** Send a body; a post's token is not 0. */
void guest_say(struct guest *guest, uint64_t token, struct buffer *body);

/** Hand something over to the host. */
void guest_hand_over(struct guest *guest, struct intake *intake);

/* guest_tend.c */

/** Do one of the things that nobody waits for: better or take back a post, mark
 * what is read, follow a room, say what is to be told, ask for invitations. */
void guest_tend(struct guest *guest);

/* guest_hear.c */

/** Take a body; what it says has been read. */
void guest_hear(struct guest *guest, const struct xccos_envelope *envelope);

/** Take a message that is shown to who asked when this was the newest entry:
 * as it was posted, or as its author or the administrators made it. */
void guest_hear_text(struct guest *guest, unsigned room, uint64_t asked,
                     const struct xccos_message *message);

/** Tell which of the ledger's rooms a URI names; false: none. */
bool guest_finds_room(struct slice uri, unsigned *room_out);

/* guest_audit.c */

/** Hold what he is given against the archive. */
void guest_audit(const struct guest *guest,
                 const struct xccos_primitive *primitive);

/* guest_search.c */

/** Search all his rooms for what was corrected. */
void guest_search(struct guest *guest);

/** Take what was found. */
void guest_hear_search(struct guest *guest,
                       const struct xccos_primitive *reply);

#endif
