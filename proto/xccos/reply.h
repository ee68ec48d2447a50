/* Composing what the server answers: the reply that goes with a command, and
 * the roster of a room in it.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_REPLY_H
#define PROTO_XCCOS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/xccos/code.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/error.h"

/**
 * Begin the reply to a command: its verb and ids, 200 SUCCESS_OK, no data.
 *
 * The verb is the one the client used, also where it is an alias or unknown; in
 * other capitals it is answered in its own. Both file tokens are answered as
 * getftok.
 *
 * @envelope  The one the command came in.
 * @command   Its verb's text must outlive the reply.
 */
void xccos_reply_init(struct xccos_primitive *reply,
                      const struct xccos_envelope *envelope,
                      const struct xccos_primitive *command);

/**
 * Make a reply the refusal "TOKEN: sentence", without data.
 *
 * @sentence  One plain sentence, fit for the user's eyes; may be empty.
 *
 * Returns NO_MEMORY.
 */
enum xccos_error xccos_reply_refuse(struct xccos_primitive *reply,
                                    struct arena *arena, enum xccos_code code,
                                    struct slice sentence);

/* What stands for a role in the key of an aib. pidgin-sipe shows an operator
 * for the manager's default alone; other clients want other numbers. */
struct xccos_masks {
    uint32_t manager;
    uint32_t member;
    uint32_t presenter_bit; /* Added to member's. */
};

#define XCCOS_MASKS_DEFAULT ((struct xccos_masks){12276, 3984, 4096})

/** Tell the mask of a role; XCCOS_ROLE_UNSET counts as member. */
uint32_t xccos_mask(const struct xccos_masks *masks, enum xccos_role role);

/**
 * Tell the role a mask stands for, as a client of ours reads it.
 *
 * Returns XCCOS_ROLE_UNSET for a mask that is none of the table's.
 */
enum xccos_role xccos_role_of(const struct xccos_masks *masks, uint64_t mask);

struct xccos_participant {
    uint32_t user_id; /* The id of its uib in the same reply. */
    enum xccos_role role;
};

/**
 * Make the roster of a room: one presence for each role that occurs, managers
 * first, each with the ids of its users in the order given.
 *
 * @roster_out  NULL when there are no participants.
 *
 * Returns NO_MEMORY.
 */
enum xccos_error xccos_roster_make(struct arena *arena,
                                   const struct xccos_masks *masks,
                                   const struct xccos_participant *participants,
                                   size_t n,
                                   struct xccos_presence **roster_out);

/**
 * Take the next user's id from the value of a roster's presence.
 *
 * @rest_io  Starts as the value; what is left after the call.
 *
 * Returns false at the end and at anything that is no id.
 */
bool xccos_roster_next(struct slice *rest_io, uint32_t *user_id_out);

#endif
