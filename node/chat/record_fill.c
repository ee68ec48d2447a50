#include "node/chat/record_fill.h"

#include "node/chat/ledger.h"
#include "node/chat/machine.h"
#include "proto/base/check.h"

/* NULL: it makes no record. */
static record_of_event *const of_events[EVENT_KINDS] = {
    [EVENT_POSTED] = record_posted,
    [EVENT_JOINED] = record_joined,
    [EVENT_JOIN_REFUSED] = record_join_refused,
    [EVENT_PARTED] = record_parted,
    [EVENT_SESSION_OPENED] = record_session_opened,
    [EVENT_SESSION_CLOSED] = record_session_closed,
    [EVENT_ROOM_CREATED] = record_room_created,
    [EVENT_ROOM_CHANGED] = record_room_changed,
    [EVENT_ROLE_CHANGED] = record_role,
    [EVENT_CATEGORY_CREATED] = record_category_created,
    [EVENT_CATEGORY_CHANGED] = record_category_changed,
    [EVENT_USER_CREATED] = record_user_created,
    [EVENT_USER_CHANGED] = record_user_changed,
    [EVENT_POOL_CHANGED] = record_pool_changed,
    [EVENT_NODE_STARTED] = record_node,
    [EVENT_NODE_LOST] = record_node,
    [EVENT_RULES_RAISED] = record_rules,
    [EVENT_NODE_ADMITTED] = record_node,
    [EVENT_GROUP_CREATED] = record_group_created,
    [EVENT_GROUP_CHANGED] = record_group_changed,
    [EVENT_MEMBERSHIP_CHANGED] = record_membership,
    [EVENT_MESSAGES_REVISED] = record_revised,
    [EVENT_ROOM_CLEARED] = record_cleared,
    [EVENT_ROOM_PURGED] = record_purged,
    [EVENT_HOLD_CHANGED] = record_hold,
    [EVENT_RETENTION_CHANGED] = record_retention,
    [EVENT_PUBLISHED] = record_published,
    [EVENT_ADDIN_CREATED] = record_addin,
    [EVENT_ADDIN_CHANGED] = record_addin,
    [EVENT_ADDIN_DELETED] = record_addin,
    [EVENT_ROOM_DELETED] = record_room_deleted,
    [EVENT_CATEGORY_DELETED] = record_category_deleted,
    [EVENT_GROUP_DELETED] = record_group_deleted,
    [EVENT_USER_DELETED] = record_user_deleted,
    [EVENT_ADMINISTRATOR_CHANGED] = record_administrator,
    [EVENT_MESSAGES_IMPORTED] = record_imported,
    [EVENT_FILTER_CHANGED] = record_filter,
    [EVENT_ARCHIVE_BEGUN] = record_archive_begun,
    [EVENT_COMPLIANCE_CHANGED] = record_compliance,
    [EVENT_ARCHIVE_KEY_CHANGED] = record_key,
    [EVENT_WITNESS_CHANGED] = record_witness,
    [EVENT_ADAPTER_CHANGED] = record_adapter,
    [EVENT_CUT] = record_cut,
    [EVENT_DELIVERED] = record_delivered,
    [EVENT_ROLLBACK_ENDED] = record_rollback,
    [EVENT_ARCHIVE_REFILLED] = record_refilled,
};

void record_event(struct draft *draft, const struct event *event)
{
    CHECK(event->kind < EVENT_KINDS);
    if (of_events[event->kind] != NULL) {
        of_events[event->kind](draft, event);
    }
}

/* What is not told in events. */
static record_of_command *of_command(const Perch__Command *command)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_FEEDS_PUT:
        return record_feeds;
    case PERCH__COMMAND__KIND_INVITATIONS_TAKE:
        return record_invitations;
    case PERCH__COMMAND__KIND_OWNER_REPORT:
    case PERCH__COMMAND__KIND_OWNER_CONFIRM:
        return record_directory;
    case PERCH__COMMAND__KIND_HISTORY_READ:
        return record_history_read;
    case PERCH__COMMAND__KIND_SEARCHED:
        return record_searched;
    case PERCH__COMMAND__KIND_POST_DENIED:
        return record_post_denied;
    case PERCH__COMMAND__KIND_MESSAGES_READ:
        return record_messages_read;
    case PERCH__COMMAND__KIND_FILE_UP:
        return record_file_up;
    case PERCH__COMMAND__KIND_FILE_DOWN:
        return record_file_down;
    case PERCH__COMMAND__KIND_CANARY:
        return record_canary;
    default:
        return NULL;
    }
}

/* Whether a refusal is a record: of what people say and enter, of what is to be
 * taken back or erased, and of all that administrators give. What nodes say of
 * themselves is their housekeeping; so is the lease of a directory. */
static bool is_telling(const Perch__Command *command)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_POST:
    case PERCH__COMMAND__KIND_POST_DENIED: /* Of a room that is none. */
    case PERCH__COMMAND__KIND_JOIN:
    case PERCH__COMMAND__KIND_MESSAGE_CORRECT:
    case PERCH__COMMAND__KIND_MESSAGE_WITHDRAW:
    case PERCH__COMMAND__KIND_MESSAGE_REDACT:
    case PERCH__COMMAND__KIND_ROOM_PURGE:
        return true;
    case PERCH__COMMAND__KIND_OWNER_REPORT:
        return false;
    default:
        return command->administrator.len > 0 &&
               machine_is_administrators(command);
    }
}

void record_command(struct draft *draft)
{
    record_of_command *of = of_command(draft->command);

    if (!outcome_is_success(draft->applied.outcome)) {
        if (is_telling(draft->command)) {
            record_refused(draft);
        }
    } else if (draft->applied.outcome == OUTCOME_DONE && of != NULL) {
        of(draft);
    }
}
