/* What the rules answer: done, or which rule refused.
 *
 * One list gives each outcome its name, the XCCOS result code and token a
 * client gets, and a sentence for people. An outcome's place in the list is
 * stored with the proposals it answers: append only, and a new outcome may be
 * given only under the rules version it came with.
 *
 * Spec: MS-XCCOSIP result codes as perch assigns them (README of proto/xccos).
 *
 * Thread: any.
 */
#ifndef NODE_CHAT_OUTCOME_H
#define NODE_CHAT_OUTCOME_H

#include <stdbool.h>

#define OUTCOME_LIST(X)                                                        \
    X(DONE, 200, "SUCCESS_OK", "done")                                         \
    X(REPEATED, 200, "SUCCESS_OK", "it was done before and is not done twice") \
    /* Of the entry itself. The first five leave no trace in the state. */     \
    X(NODE_NOT_STARTED, 500, "ERROR_SERVER",                                   \
      "the proposing node has not begun an epoch")                             \
    X(EPOCH_STALE, 500, "ERROR_SERVER",                                        \
      "the proposal is of an epoch of its node that is not the current one")   \
    X(DUPLICATE, 500, "ERROR_SERVER", "the proposal was applied before")       \
    X(NUMBER_GAP, 500, "ERROR_SERVER",                                         \
      "the proposal is not the next of its node")                              \
    X(STOP_NODE, 500, "ERROR_SERVER",                                          \
      "the pool raises its rules to what this program does not know")          \
    X(COMMAND_UNKNOWN, 501, "ERROR_NOT_SUPPORTED",                             \
      "the command is malformed or the rules in force do not know it")         \
    /* Who acts. */                                                            \
    X(ACTOR_INVALID, 400, "ERROR_INVALID_ARGUMENT",                            \
      "the command must name one actor, in valid text of some length")         \
    X(NOT_A_USER, 403, "ERROR_PERMISSION", "only a user may do this")          \
    X(NOT_AN_ADMINISTRATOR, 403, "ERROR_PERMISSION",                           \
      "only an administrator may do this")                                     \
    X(NOT_THE_SESSIONS_USER, 403, "ERROR_PERMISSION",                          \
      "the session belongs to another user")                                   \
    /* Texts and ids. */                                                       \
    X(TEXT_NOT_UTF8, 400, "ERROR_INVALID_ARGUMENT", "the text is not UTF-8")   \
    X(TEXT_CHARACTER, 400, "ERROR_INVALID_ARGUMENT",                           \
      "the text has a control character that XML does not allow")              \
    X(TEXT_EMPTY, 400, "ERROR_INVALID_ARGUMENT", "the message is empty")       \
    X(TEXT_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                              \
      "the message has more characters than the pool allows")                  \
    X(EXTRA_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "the message carries more formatting than the pool allows")              \
    X(NAME_EMPTY, 400, "ERROR_INVALID_ARGUMENT", "a name is missing")          \
    X(NAME_CHARACTER, 400, "ERROR_INVALID_ARGUMENT",                           \
      "a name or description has a control character or is not UTF-8")         \
    X(NAME_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                              \
      "a name has more than 256 characters")                                   \
    X(NAME_TAKEN, 409, "ERROR_DUPLICATE_NAME",                                 \
      "a room or category of that name exists")                                \
    X(DESCRIPTION_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                       \
      "the description has more than 256 characters")                          \
    X(GUID_INVALID, 400, "ERROR_INVALID_ARGUMENT",                             \
      "a room or category id must be 16 bytes and not all zero")               \
    X(GUID_TAKEN, 409, "ERROR_COLLISION",                                      \
      "a room or category of that id exists")                                  \
    X(RETRY_ID_INVALID, 400, "ERROR_INVALID_ARGUMENT",                         \
      "a retry id is 1 to 64 visible ASCII characters")                        \
    X(RETRY_ID_REUSED, 409, "ERROR_COLLISION",                                 \
      "the retry id stands for a message in another room")                     \
    X(ENDPOINT_ID_INVALID, 400, "ERROR_INVALID_ARGUMENT",                      \
      "an endpoint id is 1 to 128 visible ASCII characters")                   \
    X(VERSION_STALE, 409, "ERROR_COLLISION",                                   \
      "it was changed by someone else in the meantime")                        \
    /* Users and sessions. */                                                  \
    X(USER_URI_INVALID, 400, "ERROR_INVALID_ARGUMENT",                         \
      "a user is named sip:name@domain, up to 320 characters")                 \
    X(USER_UNKNOWN, 404, "ERROR_NO_SUCH_PRINCIPAL", "there is no such user")   \
    X(USER_EXISTS, 409, "ERROR_COLLISION", "the user exists")                  \
    X(USER_DISABLED, 403, "ERROR_PERMISSION", "the user is disabled")          \
    X(USERS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                                 \
      "the pool has as many users as it allows")                               \
    X(HA1_INVALID, 400, "ERROR_INVALID_ARGUMENT",                              \
      "a password hash is 16 bytes")                                           \
    X(SESSION_UNKNOWN, 405, "ERROR_INVALID_FLOW", "there is no such session")  \
    X(SESSION_EXISTS, 409, "ERROR_COLLISION", "the session exists")            \
    X(USER_SESSIONS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                         \
      "the user has as many sessions as the pool allows")                      \
    X(SESSIONS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                              \
      "the pool has as many sessions as it allows")                            \
    X(REASON_INVALID, 400, "ERROR_INVALID_ARGUMENT",                           \
      "the reason for ending the session is not known")                        \
    /* Rooms and categories. */                                                \
    X(ROOM_UNKNOWN, 404, "ERROR_NO_SUCH_NODE", "there is no such room")        \
    X(ROOM_DISABLED, 423, "ERROR_NODE_DISABLED", "the room is disabled")       \
    X(NOT_A_MEMBER, 403, "ERROR_PERMISSION",                                   \
      "the room is closed and the user is neither member nor manager")         \
    X(NOT_JOINED, 412, "ERROR_USER_NOT_JOINED",                                \
      "the session has not joined the room")                                   \
    X(VISIBILITY_INVALID, 400, "ERROR_INVALID_ARGUMENT",                       \
      "a room is open, closed or secret")                                      \
    X(ROOMS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                                 \
      "the pool has as many rooms as it allows")                               \
    X(ROOM_ROLES_FULL, 413, "ERROR_LIMIT_EXCEEDED",                            \
      "the room or category names as many as the pool allows")                 \
    X(ROLES_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "the command names more than 1024 users in one list")                    \
    X(CATEGORY_UNKNOWN, 404, "ERROR_NO_SUCH_NODE",                             \
      "there is no such category")                                             \
    X(CATEGORIES_FULL, 413, "ERROR_LIMIT_EXCEEDED",                            \
      "the pool has as many categories as it allows")                          \
    X(JOIN_EMPTY, 400, "ERROR_INVALID_ARGUMENT", "the join names no room")     \
    X(JOIN_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                              \
      "the join names more rooms than the pool allows at once")                \
    X(SESSION_ROOMS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                         \
      "the session is in as many rooms as the pool allows")                    \
    /* The pool and its nodes. */                                              \
    X(POOL_NOT_SET, 405, "ERROR_INVALID_FLOW", "the pool has no domain yet")   \
    X(DOMAIN_INVALID, 400, "ERROR_INVALID_ARGUMENT",                           \
      "the domain is not a DNS name of up to 253 characters")                  \
    X(DOMAIN_FIXED, 409, "ERROR_COLLISION",                                    \
      "the domain is part of rooms' addresses and of passwords, and cannot "   \
      "change")                                                                \
    X(POOL_URI_INVALID, 400, "ERROR_INVALID_ARGUMENT",                         \
      "the pool's address is sip:name@domain, up to 320 characters")           \
    X(SETTING_UNKNOWN, 400, "ERROR_INVALID_ARGUMENT",                          \
      "there is no such setting")                                              \
    X(SETTING_OUT_OF_RANGE, 400, "ERROR_INVALID_ARGUMENT",                     \
      "the setting does not take that value")                                  \
    X(START_INVALID, 400, "ERROR_INVALID_ARGUMENT",                            \
      "a start has a random id, the rules it knows, epoch 0 and number 0")     \
    X(NODE_UNKNOWN, 404, "ERROR_NO_SUCH_NODE",                                 \
      "the node has never begun an epoch")                                     \
    X(NODE_EPOCH_STALE, 409, "ERROR_COLLISION",                                \
      "the node has begun another epoch since")                                \
    X(MARK_BACKWARD, 409, "ERROR_COLLISION",                                   \
      "a delivery mark cannot move back")                                      \
    X(MARK_AHEAD, 400, "ERROR_INVALID_ARGUMENT",                               \
      "a delivery mark cannot be ahead of the log")                            \
    X(MARK_EXCEPTIONS_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                   \
      "a delivery mark has more than 1024 exceptions")                         \
    X(RULES_NOT_UPWARD, 409, "ERROR_COLLISION",                                \
      "the rules version can only be raised")                                  \
    X(RULES_NODE_BEHIND, 409, "ERROR_COLLISION",                               \
      "a node of the pool runs a program that does not know those rules")      \
    X(PROBE_SLOT_UNKNOWN, 400, "ERROR_INVALID_ARGUMENT",                       \
      "there is no such probe slot")                                           \
    X(PROBE_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "a probe carries more than 16 KiB")                                      \
    X(NODE_RAFT_ID_STALE, 409, "ERROR_COLLISION",                              \
      "the node has another raft id by now")                                   \
    /* From rules version 2 on. */                                             \
    X(GROUP_URI_INVALID, 400, "ERROR_INVALID_ARGUMENT",                        \
      "a group is named group:, unit: or site: and a name, up to 1024 bytes")  \
    X(GROUP_UNKNOWN, 404, "ERROR_NO_SUCH_PRINCIPAL", "there is no such group") \
    X(GROUP_EXISTS, 409, "ERROR_COLLISION", "the group exists")                \
    X(GROUPS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                                \
      "the pool has as many groups as it allows")                              \
    X(GROUP_MEMBERS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                         \
      "the group has as many members as the pool allows")                      \
    X(NOT_IN_SCOPE, 403, "ERROR_PERMISSION",                                   \
      "the room's category does not allow the user")                           \
    X(PRINCIPAL_OUT_OF_SCOPE, 422, "ERROR_SCOPE",                              \
      "the room's category does not allow one who is named")                   \
    X(NOT_A_PRESENTER, 403, "ERROR_PERMISSION",                                \
      "in an auditorium only presenters post")                                 \
    X(BEHAVIOR_INVALID, 400, "ERROR_INVALID_ARGUMENT",                         \
      "a room is normal or an auditorium")                                     \
    X(NOT_AN_AUDITORIUM, 400, "ERROR_INVALID_ARGUMENT",                        \
      "only an auditorium has presenters")                                     \
    X(PRESENTER_NOT_MEMBER, 424, "ERROR_PRESENTER_NOT_MEMBER",                 \
      "a presenter must be a member of the room")                              \
    X(NOT_A_CREATOR, 403, "ERROR_PERMISSION",                                  \
      "the user may not create rooms in the category")                         \
    X(NOT_A_MANAGER, 403, "ERROR_PERMISSION",                                  \
      "the user does not manage the room")                                     \
    X(CHAT_NOT_ENABLED, 403, "ERROR_PERMISSION",                               \
      "the user is not enabled for persistent chat")                           \
    X(CHAT_POLICY_INVALID, 400, "ERROR_INVALID_ARGUMENT",                      \
      "a policy is enabled, disabled or unset")                                \
    /* From rules version 3 on. */                                             \
    X(FILTER_UNKNOWN, 404, "ERROR_NO_SUCH_NODE", "there is no such filter")    \
    X(FILTER_EXISTS, 409, "ERROR_DUPLICATE_NAME",                              \
      "a filter of that name exists")                                          \
    X(FILTERS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                               \
      "the pool has 64 filters and no more")                                   \
    X(FILTER_ACTION_INVALID, 400, "ERROR_INVALID_ARGUMENT",                    \
      "a filter blocks or warns")                                              \
    X(FILTER_EXPRESSION_INVALID, 400, "ERROR_INVALID_ARGUMENT",                \
      "an expression is word:, like: or regex: and a text of one line, up to " \
      "256 characters")                                                        \
    X(FILTER_EXPRESSIONS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                    \
      "a filter has up to 1024 expressions of 64 KiB together")                \
    X(FILTER_CATEGORIES_FULL, 413, "ERROR_LIMIT_EXCEEDED",                     \
      "a filter names up to 64 categories")                                    \
    X(FILTER_CATEGORY_LAST, 409, "ERROR_COLLISION",                            \
      "without a category the filter is of the whole pool: that must be said") \
    X(IMPORT_EMPTY, 400, "ERROR_INVALID_ARGUMENT",                             \
      "the import has no message")                                             \
    X(IMPORT_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                            \
      "the import has more than 256 messages in one command")                  \
    X(IMPORT_POSITION, 409, "ERROR_COLLISION",                                 \
      "the first of the messages would not be the next of the room")           \
    X(IMPORT_TIME, 400, "ERROR_INVALID_ARGUMENT",                              \
      "the times of imported messages rise from the room's last on, and are "  \
      "past")                                                                  \
    X(ANNOTATION_INVALID, 400, "ERROR_INVALID_ARGUMENT",                       \
      "the annotation of a message is UTF-8 of up to 2048 bytes")              \
    X(STORY_UNTITLED, 400, "ERROR_INVALID_ARGUMENT",                           \
      "the first line of a story is its title")                                \
    X(MESSAGE_UNKNOWN, 404, "ERROR_NO_SUCH_NODE",                              \
      "the room has no such message, or not any more")                         \
    X(NOT_THE_AUTHOR, 403, "ERROR_PERMISSION",                                 \
      "only its author may correct or withdraw a message")                     \
    X(CORRECTION_OFF, 403, "ERROR_PERMISSION",                                 \
      "the pool does not let authors correct or withdraw messages")            \
    X(CORRECTION_TOO_LATE, 403, "ERROR_PERMISSION",                            \
      "the time to correct or withdraw the message is over")                   \
    X(MESSAGE_TAKEN_BACK, 409, "ERROR_COLLISION",                              \
      "the message was withdrawn, removed or replaced")                        \
    X(REASON_MISSING, 400, "ERROR_INVALID_ARGUMENT", "a reason is missing")    \
    X(REASON_CHARACTER, 400, "ERROR_INVALID_ARGUMENT",                         \
      "a reason is one line of UTF-8 without control characters")              \
    X(REASON_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                            \
      "a reason has more than 256 characters")                                 \
    X(REPLACEMENT_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                       \
      "a replacement has more than 1024 characters")                           \
    X(REDACTIONS_NONE, 400, "ERROR_INVALID_ARGUMENT",                          \
      "the command names no message")                                          \
    X(REDACTIONS_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                        \
      "the command names more than 64 messages")                               \
    X(RETENTION_TARGET, 400, "ERROR_INVALID_ARGUMENT",                         \
      "retention is of a room or of a category, and of one")                   \
    X(RETENTION_OUT_OF_RANGE, 400, "ERROR_INVALID_ARGUMENT",                   \
      "retention is up to 36500 days")                                         \
    X(RETENTION_NONE, 409, "ERROR_COLLISION",                                  \
      "what is said in the room is kept for ever")                             \
    X(RETENTION_RUNS, 409, "ERROR_COLLISION",                                  \
      "the time for which messages are kept is not over")                      \
    X(PURGE_STALE, 409, "ERROR_COLLISION",                                     \
      "the room's purging stands elsewhere by now")                            \
    X(PURGE_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "the purge looks at more than 100 messages")                             \
    X(ROOM_HELD, 409, "ERROR_COLLISION",                                       \
      "a legal hold lies on the room: nothing of it is erased")                \
    X(HOLD_TARGET, 400, "ERROR_INVALID_ARGUMENT",                              \
      "a hold lies on a room or on a user, and on one")                        \
    X(HOLD_EXISTS, 409, "ERROR_COLLISION", "a hold of that name lies there")   \
    X(HOLD_UNKNOWN, 404, "ERROR_NO_SUCH_NODE",                                 \
      "no hold of that name lies there")                                       \
    X(HOLDS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                                 \
      "the pool has as many legal holds as it allows")                         \
    X(PUBLICATIONS_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                      \
      "1 to 64 items of a presence document are published at once")            \
    X(PUBLICATION_INVALID, 400, "ERROR_INVALID_ARGUMENT",                      \
      "an item of a presence document is text, once in a command")             \
    X(PUBLICATION_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                       \
      "an item of a presence document has more than 4096 bytes")               \
    X(PUBLICATION_STALE, 409, "ERROR_COLLISION",                               \
      "an item of the presence document is at another version")                \
    X(PUBLICATIONS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                          \
      "the presence document has as many items as it may")                     \
    X(READS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                                 \
      "the user has a mark in as many rooms as may be")                        \
    X(READS_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "the command carries more than 1024 marks")                              \
    X(FEEDS_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "a user has up to 32 feeds")                                             \
    X(FEED_INVALID, 400, "ERROR_INVALID_ARGUMENT",                             \
      "a feed has a name of its own, and words or users as authors, up to 16 " \
      "of each")                                                               \
    X(ADDIN_UNKNOWN, 404, "ERROR_NO_SUCH_NODE", "there is no such add-in")     \
    X(ADDIN_EXISTS, 409, "ERROR_DUPLICATE_NAME",                               \
      "an add-in of that name exists")                                         \
    X(ADDIN_NAME_TOO_LONG, 413, "ERROR_LIMIT_EXCEEDED",                        \
      "an add-in's name has more than 50 characters")                          \
    X(ADDIN_URL_INVALID, 400, "ERROR_INVALID_ARGUMENT",                        \
      "an add-in's address is http:// or https:// and more, up to 255 "        \
      "visible ASCII characters")                                              \
    X(ADDIN_IN_USE, 409, "ERROR_COLLISION", "rooms carry the add-in")          \
    X(ADDINS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                                \
      "the pool has as many add-ins as it allows")                             \
    X(CATEGORY_NOT_EMPTY, 409, "ERROR_COLLISION", "the category has rooms")    \
    X(USER_HELD, 409, "ERROR_COLLISION",                                       \
      "a legal hold lies on what the user says")                               \
    X(ADMINISTRATOR_NAME_INVALID, 400, "ERROR_INVALID_ARGUMENT",               \
      "an administrator is named local: or certificate: and a name of "        \
      "visible ASCII characters")                                              \
    X(ADMINISTRATOR_ROLE_INVALID, 400, "ERROR_INVALID_ARGUMENT",               \
      "there is no such role in administration")                               \
    X(ADMINISTRATOR_UNKNOWN, 404, "ERROR_NO_SUCH_PRINCIPAL",                   \
      "nobody of that name has a role in administration")                      \
    X(ADMINISTRATORS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                        \
      "256 have a role in administration")                                     \
    X(ADMINISTRATOR_LAST, 409, "ERROR_COLLISION",                              \
      "nobody would be left who may do everything")                            \
    X(ADMINISTRATOR_ROLE_MISSING, 403, "ERROR_PERMISSION",                     \
      "the administrator's roles do not cover this")                           \
    X(WEB_URL_INVALID, 400, "ERROR_INVALID_ARGUMENT",                          \
      "the address of room management is http:// or https:// and more, up to " \
      "255 visible ASCII characters")                                          \
    /* Directories that keep users and groups. */                              \
    X(OWNER_INVALID, 400, "ERROR_INVALID_ARGUMENT",                            \
      "a directory is named by 1 to 64 of a-z, 0-9, dot, dash, underscore")    \
    X(OWNER_REPORT_INVALID, 400, "ERROR_INVALID_ARGUMENT",                     \
      "a directory's report has a holder, a phase, a lease of up to an hour, " \
      "and a run when it is held")                                             \
    X(OWNER_BUSY, 409, "ERROR_COLLISION",                                      \
      "another adapter holds the directory")                                   \
    X(OWNERS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                                \
      "the pool has as many directories as it allows")                         \
    X(OWNER_RUN_UNKNOWN, 404, "ERROR_NO_SUCH_NODE",                            \
      "no run of that name is held")                                           \
    X(NOT_A_NODE, 403, "ERROR_PERMISSION",                                     \
      "only a node of the pool does this")                                     \
    /* The compliance archive. */                                              \
    X(ARCHIVE_UNAVAILABLE, 503, "ERROR_BUSY",                                  \
      "what is said cannot be archived at present")                            \
    X(ARCHIVE_ROLLED_BACK, 503, "ERROR_BUSY",                                  \
      "a witness has seen more of the archive than there is: nothing changes " \
      "until it is refilled or begun anew")                                    \
    X(ARCHIVE_IS_OFF, 405, "ERROR_INVALID_FLOW",                               \
      "there is no archive: compliance is off")                                \
    X(ARCHIVE_MODE_INVALID, 400, "ERROR_INVALID_ARGUMENT",                     \
      "compliance is off, on or required")                                     \
    X(ARCHIVE_KEY_MISSING, 405, "ERROR_INVALID_FLOW",                          \
      "the archive's log has no key yet")                                      \
    X(ARCHIVE_KEY_INVALID, 400, "ERROR_INVALID_ARGUMENT",                      \
      "a public key is 32 bytes")                                              \
    X(ARCHIVE_KEY_NEEDED, 409, "ERROR_COLLISION",                              \
      "the archive's log needs its key as long as compliance is on")           \
    X(ARCHIVE_KEY_NOT_OWN, 403, "ERROR_PERMISSION",                            \
      "a node puts a key of its own; a key that is there is the log's until "  \
      "an administrator puts another")                                         \
    X(ARCHIVE_ORIGIN_INVALID, 400, "ERROR_INVALID_ARGUMENT",                   \
      "the archive's origin is 1 to 255 visible ASCII characters without "     \
      "plus")                                                                  \
    X(ARCHIVE_ORIGIN_FIXED, 409, "ERROR_COLLISION",                            \
      "the archive has its origin for good")                                   \
    X(ARCHIVE_STATE_INVALID, 400, "ERROR_INVALID_ARGUMENT",                    \
      "a node's archive is fine, full or failed")                              \
    X(ARCHIVE_MARK_BACKWARD, 409, "ERROR_COLLISION",                           \
      "the node's archive cannot lose records")                                \
    X(ARCHIVE_MARK_AHEAD, 400, "ERROR_INVALID_ARGUMENT",                       \
      "the node's archive cannot have records that there are not")             \
    X(CHECKPOINT_CURRENT, 409, "ERROR_COLLISION",                              \
      "the newest checkpoint says what there is to say")                       \
    X(CHECKPOINT_OPEN, 409, "ERROR_COLLISION", "a checkpoint is under way")    \
    X(CHECKPOINT_UNKNOWN, 409, "ERROR_COLLISION",                              \
      "no checkpoint of that size is under way or published")                  \
    X(COSIGNATURE_INVALID, 400, "ERROR_INVALID_ARGUMENT",                      \
      "a cosignature has a size, a root of 32 bytes, a time, and signatures "  \
      "of 64 bytes")                                                           \
    X(COSIGNER_UNKNOWN, 403, "ERROR_PERMISSION",                               \
      "the node has no key in the archive")                                    \
    X(WITNESS_NAME_INVALID, 400, "ERROR_INVALID_ARGUMENT",                     \
      "a witness is named as its key is, by 1 to 255 visible ASCII "           \
      "characters without plus")                                               \
    X(WITNESS_URL_INVALID, 400, "ERROR_INVALID_ARGUMENT",                      \
      "a witness's address is http:// or https:// and more, up to 500 "        \
      "visible ASCII characters")                                              \
    X(WITNESS_UNKNOWN, 404, "ERROR_NO_SUCH_NODE", "there is no such witness")  \
    X(WITNESSES_FULL, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "the archive has 16 witnesses")                                          \
    X(WITNESS_BACKWARD, 409, "ERROR_COLLISION",                                \
      "the witness has cosigned more already")                                 \
    X(WITNESS_AHEAD, 409, "ERROR_COLLISION",                                   \
      "no checkpoint of that size was published")                              \
    X(ADAPTER_NAME_INVALID, 400, "ERROR_INVALID_ARGUMENT",                     \
      "an adapter is named by 1 to 64 of a-z, A-Z, 0-9, dot, dash, "           \
      "underscore")                                                            \
    X(ADAPTER_EXISTS, 409, "ERROR_DUPLICATE_NAME",                             \
      "an adapter of that name exists")                                        \
    X(ADAPTER_UNKNOWN, 404, "ERROR_NO_SUCH_NODE", "there is no such adapter")  \
    X(ADAPTERS_FULL, 413, "ERROR_LIMIT_EXCEEDED",                              \
      "the archive has 16 adapters")                                           \
    X(ADAPTER_TYPE_INVALID, 400, "ERROR_INVALID_ARGUMENT",                     \
      "there are no adapters of that type")                                    \
    X(ADAPTER_OUTPUT_INVALID, 400, "ERROR_INVALID_ARGUMENT",                   \
      "an adapter's output is one line of up to 1024 bytes; a program has "    \
      "none of need")                                                          \
    X(ADAPTER_INTERVAL_INVALID, 400, "ERROR_INVALID_ARGUMENT",                 \
      "an adapter runs every 60 to 2592000 seconds")                           \
    X(ADAPTER_TRANSFORM_INVALID, 400, "ERROR_INVALID_ARGUMENT",                \
      "an adapter's transform is text of up to 262144 bytes")                  \
    X(ADAPTER_PROGRAM_INVALID, 400, "ERROR_INVALID_ARGUMENT",                  \
      "an adapter of type program, and no other, names a program by 1 to 64 "  \
      "of a-z, A-Z, 0-9, dot, dash, underscore")                               \
    X(ADAPTER_DISABLED, 409, "ERROR_COLLISION", "the adapter is disabled")     \
    X(ADAPTER_REPORT_INVALID, 400, "ERROR_INVALID_ARGUMENT",                   \
      "an adapter's error is text of up to 500 bytes")                         \
    X(CUT_EMPTY, 409, "ERROR_COLLISION",                                       \
      "nothing has happened since the adapter's last cut")                     \
    X(CUTS_FULL, 409, "ERROR_COLLISION",                                       \
      "64 cuts wait for the adapter's output")                                 \
    X(CUT_UNKNOWN, 409, "ERROR_COLLISION",                                     \
      "that is not the oldest cut that waits")                                 \
    X(CUT_SHEET_INVALID, 400, "ERROR_INVALID_ARGUMENT",                        \
      "a reconciliation sheet is named by 32 bytes")                           \
    X(HALT_UNFOUNDED, 409, "ERROR_COLLISION",                                  \
      "the witness has not seen more than there is")                           \
    X(ARCHIVE_NOT_HALTED, 409, "ERROR_COLLISION",                              \
      "the archive lacks nothing that a witness has seen")                     \
    X(REFILL_POSITION, 409, "ERROR_COLLISION",                                 \
      "the first record is not the archive's next")                            \
    X(REFILL_EMPTY, 400, "ERROR_INVALID_ARGUMENT",                             \
      "the command brings no record")                                          \
    X(REFILL_TOO_MANY, 413, "ERROR_LIMIT_EXCEEDED",                            \
      "the command brings more records than 1024 or than are missing")         \
    X(REFILL_INVALID, 400, "ERROR_INVALID_ARGUMENT",                           \
      "what is brought is no record, or not the next")                         \
    X(READING_INVALID, 400, "ERROR_INVALID_ARGUMENT",                          \
      "what is read is told with up to 1024 rooms, in lines of text of up to " \
      "2000 bytes")                                                            \
    X(FILE_INVALID, 400, "ERROR_INVALID_ARGUMENT",                             \
      "a file is told with a name of up to 256 characters and a SHA-256 of "   \
      "32 bytes")                                                              \
    X(CANARY_INVALID, 400, "ERROR_INVALID_ARGUMENT",                           \
      "a canary has 16 random bytes")                                          \
    X(FILES_OFF, 403, "ERROR_PERMISSION", "the room takes no files")           \
    X(FILE_TOO_LARGE, 413, "ERROR_LIMIT_EXCEEDED",                             \
      "the file is larger than the pool allows")                               \
    X(ARCHIVE_ORIGIN_USED, 409, "ERROR_COLLISION",                             \
      "the archive has that origin already")                                   \
    X(ARCHIVE_FORKED, 409, "ERROR_COLLISION",                                  \
      "the witness has seen another history: the archive can only be begun "   \
      "anew")

#define OUTCOME_ENUM(name, code, token, text) OUTCOME_##name,
enum outcome { OUTCOME_LIST(OUTCOME_ENUM) OUTCOMES };
#undef OUTCOME_ENUM

/**
 * Name an outcome as the journal and tests write it, such as "ROOM_DISABLED".
 *
 * Returns a static string; "UNKNOWN" for a number that is no outcome.
 */
const char *outcome_name(enum outcome outcome);

/** Give the XCCOS result code; 500 for a number that is no outcome. */
int outcome_code(enum outcome outcome);

/** Give the XCCOS token, a static string: "ERROR_NODE_DISABLED". */
const char *outcome_token(enum outcome outcome);

/** Say in words which rule refused: a static string, a clause of English. */
const char *outcome_text(enum outcome outcome);

/** Tell whether what was asked for now holds: DONE or REPEATED. */
bool outcome_is_success(enum outcome outcome);

#endif
