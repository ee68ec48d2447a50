/* What each event and command says in a record of the archive.
 *
 *   record_fill.c    which event and command has which record
 *   record_talk.c    what is said, and made of it
 *   record_rooms.c   rooms, categories, add-ins, filters, holds, retention
 *   record_people.c  users, groups, roles, sessions, administrators
 *   record_present.c who is in which room where the archive begins or ends
 *   record_pool.c    the pool, its nodes and directories
 *   record_archive.c the archive itself
 *   record_shown.c   what is shown, and what is refused
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_RECORD_FILL_H
#define NODE_CHAT_RECORD_FILL_H

#include "node/chat/record_draft.h"

/** Make the records of an event, in the draft of its entry: none, one or
 * several. */
void record_event(struct draft *draft, const struct event *event);

/** Make the records of a command that brought about no event: by what it is,
 * or that it was refused. */
void record_command(struct draft *draft);

/** One event's, by its kind. */
typedef void record_of_event(struct draft *draft, const struct event *event);

/* record_talk.c */
record_of_event record_posted, record_revised, record_cleared, record_purged,
    record_imported;
/* record_people.c */
record_of_event record_joined, record_parted, record_session_opened,
    record_session_closed, record_user_created, record_user_changed,
    record_user_deleted, record_group_created, record_group_changed,
    record_group_deleted, record_membership, record_administrator,
    record_published;
/* record_rooms.c */
record_of_event record_room_created, record_room_changed, record_room_deleted,
    record_category_created, record_category_changed, record_category_deleted,
    record_role, record_addin, record_filter, record_hold, record_retention;
/* record_pool.c */
record_of_event record_pool_changed, record_node, record_rules;
/* record_archive.c */
record_of_event record_archive_begun, record_compliance, record_key,
    record_witness, record_adapter, record_cut, record_delivered,
    record_rollback, record_refilled;
/* record_shown.c */
record_of_event record_join_refused;

/** A command's, by its kind, when it was done and brought about no event. */
typedef void record_of_command(struct draft *draft);

/* record_shown.c */
record_of_command record_invitations, record_history_read, record_searched,
    record_post_denied, record_messages_read, record_file_up, record_file_down,
    record_canary, record_refused;
/* record_people.c */
record_of_command record_feeds;

/* record_present.c */

/** Make a JOIN for everyone who is in a room: where the archive begins, or goes
 * on behind what it was not told of. As many records as there are endpoints in
 * rooms, as the loss of the nodes that hold them would make PARTs. */
record_of_command record_present_in;

/** Make a PART for each of them: where the archive is switched off. */
record_of_command record_present_out;

/* record_pool.c */
record_of_command record_directory;

#endif
