/* The rules of what is told for the archive's sake alone: what people are shown
 * or were refused by the node they speak to, files, canaries.
 *
 * These change nothing: the ledger makes a record of each. Whether somebody may
 * see what they say was seen is decided by who shows it, before.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_SHOWN_H
#define NODE_CHAT_SHOWN_H

#include "node/chat/state.h"

enum {
    SHOWN_ROOMS_MAX = 1024,         /* READING_INVALID */
    SHOWN_BYTES_MAX = 16 * 1024,    /* likewise; of what, words, notice */
    CANARY_BYTES = 16,              /* CANARY_INVALID */
    FILE_NAME_CHARACTERS_MAX = 256, /* FILE_INVALID; also of a verdict */
};

/** A user is about to be shown what was said. Returns ARCHIVE_IS_OFF,
 * USER_UNKNOWN or READING_INVALID. */
enum outcome history_read(struct turn *turn, const Perch__Command *command);

/** A user is about to be shown what was found. Likewise. */
enum outcome searched(struct turn *turn, const Perch__Command *command);

/** A user's post was refused before it was proposed. Likewise. */
enum outcome post_denied(struct turn *turn, const Perch__Command *command);

/** An administrator is about to be shown what was said, or takes it away.
 * Likewise. */
enum outcome messages_read(struct turn *turn,
                           const Perch__MessagesRead *command);

/** A file was given to a room. Returns ARCHIVE_IS_OFF, USER_UNKNOWN,
 * ROOM_UNKNOWN, FILE_INVALID, or what archive_gate says. */
enum outcome file_up(struct turn *turn, const Perch__Command *command);

/** A file of a room was fetched. Likewise, without the gate. */
enum outcome file_down(struct turn *turn, const Perch__Command *command);

/** Show that what a node says reaches the archive. Returns ARCHIVE_IS_OFF or
 * CANARY_INVALID. */
enum outcome canary(struct turn *turn, const Perch__Canary *command);

#endif
