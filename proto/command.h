/* Commands as bytes: the envelope of everything proposed to the log.
 *
 * The messages themselves are generated from proto/command.proto; a command is
 * a Perch__Command with one kind set. This header has what generated code
 * cannot know: the name of each kind and the rules version it came with.
 *
 * Thread: any.
 */
#ifndef PROTO_COMMAND_H
#define PROTO_COMMAND_H

#include <stdint.h>

#include "proto/codec.h"
#include "proto/command.pb-c.h"

/* Every kind: its name in command.proto, upper and lower case, and the rules
 * version from which on it is understood. A kind or field of a later version
 * is refused until the pool has raised its rules that far. */
#define COMMAND_KIND_LIST(X)                                                   \
    X(POST, post, 1)                                                           \
    X(JOIN, join, 1)                                                           \
    X(PART, part, 1)                                                           \
    X(SESSION_OPEN, session_open, 1)                                           \
    X(SESSION_CLOSE, session_close, 1)                                         \
    X(NODE_MARK, node_mark, 1)                                                 \
    X(NOOP, noop, 1)                                                           \
    X(PROBE, probe, 1)                                                         \
    X(NODE_STARTED, node_started, 1)                                           \
    X(NODE_LOST, node_lost, 1)                                                 \
    X(RULES_RAISE, rules_raise, 1)                                             \
    X(POOL_PUT, pool_put, 1)                                                   \
    X(USER_CREATE, user_create, 1)                                             \
    X(USER_CHANGE, user_change, 1)                                             \
    X(CATEGORY_CREATE, category_create, 1)                                     \
    X(CATEGORY_CHANGE, category_change, 1)                                     \
    X(ROOM_CREATE, room_create, 1)                                             \
    X(ROOM_CHANGE, room_change, 1)                                             \
    X(SESSION_EXPEL, session_expel, 1)                                         \
    X(NODE_ADMIT, node_admit, 1)                                               \
    X(MESSAGES_IMPORT, messages_import, 3)                                     \
    X(FILTER_CREATE, filter_create, 3)                                         \
    X(FILTER_CHANGE, filter_change, 3)                                         \
    X(FILTER_DELETE, filter_delete, 3)                                         \
    X(GROUP_CREATE, group_create, 2)                                           \
    X(GROUP_CHANGE, group_change, 2)                                           \
    X(MESSAGE_CORRECT, message_correct, 3)                                     \
    X(MESSAGE_WITHDRAW, message_withdraw, 3)                                   \
    X(MESSAGE_REDACT, message_redact, 3)                                       \
    X(ROOM_CLEAR, room_clear, 3)                                               \
    X(ROOM_PURGE, room_purge, 3)                                               \
    X(HOLD_PLACE, hold_place, 3)                                               \
    X(HOLD_LIFT, hold_lift, 3)                                                 \
    X(RETENTION_SET, retention_set, 3)                                         \
    X(PUBLISH, publish, 3)                                                     \
    X(READ_MARK, read_mark, 3)                                                 \
    X(READ_MARKS, read_marks, 3)                                               \
    X(FEEDS_PUT, feeds_put, 3)                                                 \
    X(INVITATIONS_TAKE, invitations_take, 3)                                   \
    X(ADDIN_CREATE, addin_create, 3)                                           \
    X(ADDIN_CHANGE, addin_change, 3)                                           \
    X(ADDIN_DELETE, addin_delete, 3)                                           \
    X(ROOM_DELETE, room_delete, 3)                                             \
    X(CATEGORY_DELETE, category_delete, 3)                                     \
    X(GROUP_DELETE, group_delete, 3)                                           \
    X(USER_DELETE, user_delete, 3)                                             \
    X(ADMINISTRATOR_GRANT, administrator_grant, 3)                             \
    X(ADMINISTRATOR_REVOKE, administrator_revoke, 3)                           \
    X(OWNER_REPORT, owner_report, 3)                                           \
    X(OWNER_CONFIRM, owner_confirm, 3)                                         \
    X(ARCHIVE_PUT, archive_put, 4)                                             \
    X(ARCHIVE_KEY_PUT, archive_key_put, 4)                                     \
    X(ARCHIVE_MARK, archive_mark, 4)                                           \
    X(CHECKPOINT_BEGIN, checkpoint_begin, 4)                                   \
    X(COSIGN, cosign, 4)                                                       \
    X(WITNESS_PUT, witness_put, 4)                                             \
    X(WITNESS_REMOVE, witness_remove, 4)                                       \
    X(WITNESSED, witnessed, 4)                                                 \
    X(ADAPTER_PUT, adapter_put, 4)                                             \
    X(ADAPTER_REMOVE, adapter_remove, 4)                                       \
    X(CUT, cut, 4)                                                             \
    X(CUT_DONE, cut_done, 4)                                                   \
    X(ADAPTER_REPORT, adapter_report, 4)                                       \
    X(ARCHIVE_HALT, archive_halt, 4)                                           \
    X(ARCHIVE_REFILL, archive_refill, 4)                                       \
    X(ARCHIVE_REOPEN, archive_reopen, 4)                                       \
    X(CANARY, canary, 4)                                                       \
    X(HISTORY_READ, history_read, 4)                                           \
    X(SEARCHED, searched, 4)                                                   \
    X(POST_DENIED, post_denied, 4)                                             \
    X(MESSAGES_READ, messages_read, 4)                                         \
    X(FILE_UP, file_up, 4)                                                     \
    X(FILE_DOWN, file_down, 4)

/* Fields that older kinds were given later: kind, the first such field's
 * number (all above it are later too), and the rules version they came with. */
#define COMMAND_FIELD_LIST(X)                                                  \
    X(POST, post, 7, 3)                                                        \
    X(USER_CREATE, user_create, 6, 2)                                          \
    X(USER_CHANGE, user_change, 7, 2)                                          \
    X(CATEGORY_CREATE, category_create, 4, 2)                                  \
    X(CATEGORY_CHANGE, category_change, 5, 2)                                  \
    X(ROOM_CREATE, room_create, 9, 2)                                          \
    X(ROOM_CHANGE, room_change, 12, 2)                                         \
    X(ROOM_CREATE, room_create, 55, 3)                                         \
    X(POOL_PUT, pool_put, 55, 3)                                               \
    X(ROOM_CHANGE, room_change, 55, 3)                                         \
    X(USER_CREATE, user_create, 10, 3)                                         \
    X(USER_CHANGE, user_change, 10, 3)                                         \
    X(GROUP_CREATE, group_create, 10, 3)                                       \
    X(GROUP_CHANGE, group_change, 10, 3)                                       \
    X(NODE_STARTED, node_started, 5, 4)

/* Fields that the envelope was given later, whatever the kind: name, and the
 * rules version they came with. */
#define COMMAND_ENVELOPE_LIST(X)                                               \
    X(reason, 3)                                                               \
    X(credential, 3)                                                           \
    X(salt, 4)

/* The highest rules version this source knows. */
enum { COMMAND_RULES_KNOWN = 4 };

/**
 * Read a command.
 *
 * @arena        Owns the command.
 * @command_out  Set only on success. Its kind may be one that is not set: a
 *               newer binary's.
 *
 * Returns MALFORMED when the bytes are no command, or NO_MEMORY.
 */
enum error command_read(struct arena *arena, struct slice bytes,
                        Perch__Command **command_out);

/**
 * Append a command to a buffer.
 *
 * Sets command->needs_rules as command_needs_rules has it, so that a program
 * that does not know a later field refuses the command as one that does.
 */
void command_write(Perch__Command *command, struct buffer *to);

/** Tell the rules version a command needs: that of its kind, of its fields, or
 * what it says itself. */
uint32_t command_needs_rules(const Perch__Command *command);

/**
 * Name a kind as command.proto does, for instance "room_create".
 *
 * Returns a static string; "unknown" for a kind not known here.
 */
const char *command_kind_name(Perch__Command__KindCase kind);

#endif
