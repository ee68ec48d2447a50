#include "node/chat/hold.h"
#include "node/chat/ledger.h"
#include "node/chat/principal.h"
#include "node/chat/query.h"
#include "node/chat/record_fill.h"
#include "node/chat/record_lines.h"
#include "proto/base/check.h"

/* A room or category, and what of it is other than before. */
static void add_place(struct draft *draft, const struct event *event,
                      enum record_kind kind)
{
    draft_begin(draft, kind);
    draft_place(draft, event->room);
    draft_actor(draft);
    record_lines_put(draft);
    ledger_add(draft);
}

void record_room_created(struct draft *draft, const struct event *event)
{
    add_place(draft, event, RECORD_ROOM_CREATED);
}

void record_room_changed(struct draft *draft, const struct event *event)
{
    add_place(draft, event, RECORD_ROOM_CHANGED);
}

void record_room_deleted(struct draft *draft, const struct event *event)
{
    add_place(draft, event, RECORD_ROOM_DELETED);
}

void record_category_created(struct draft *draft, const struct event *event)
{
    add_place(draft, event, RECORD_CATEGORY_CREATED);
}

void record_category_changed(struct draft *draft, const struct event *event)
{
    add_place(draft, event, RECORD_CATEGORY_CHANGED);
}

void record_category_deleted(struct draft *draft, const struct event *event)
{
    add_place(draft, event, RECORD_CATEGORY_DELETED);
}

void record_retention(struct draft *draft, const struct event *event)
{
    add_place(draft, event, RECORD_RETENTION);
}

/* A user, or a group with its URI as GROUP. */
void record_role(struct draft *draft, const struct event *event)
{
    const struct group *group =
        table_at(&draft->turn->machine->directory.groups, event->user);

    draft_begin(draft, RECORD_ROLE);
    draft_place(draft, event->room);
    draft_user(draft, event->user);
    draft_number(draft, RECORD_FIELD_ROLES_BEFORE, event->roles_before);
    draft_number(draft, RECORD_FIELD_ROLES, event->roles);
    if (group != NULL) {
        draft_text(draft, RECORD_FIELD_GROUP, text_slice(group->uri));
    }
    ledger_add(draft);
}

void record_addin(struct draft *draft, const struct event *event)
{
    const char *mode = event->kind == EVENT_ADDIN_CREATED   ? "created"
                       : event->kind == EVENT_ADDIN_CHANGED ? "changed"
                                                            : "deleted";

    draft_begin(draft, RECORD_ADDIN);
    record_lines_put(draft);
    draft_number(draft, RECORD_FIELD_NUMBER, event->position);
    draft_text(draft, RECORD_FIELD_MODE, slice_of_text(mode));
    ledger_add(draft);
}

/* A filter that is gone has its name in the command. */
void record_filter(struct draft *draft, const struct event *event)
{
    const struct filter *filter =
        draft->turn->machine->filters[event->position];
    const Perch__FilterDelete *gone =
        draft->command->kind_case == PERCH__COMMAND__KIND_FILTER_DELETE
            ? draft->command->filter_delete
            : NULL;

    CHECK(filter != NULL || gone != NULL);
    draft_begin(draft, RECORD_FILTER);
    record_lines_put(draft);
    draft_text(draft, RECORD_FIELD_NAME,
               filter != NULL ? text_slice(filter->name)
                              : codec_slice(gone->filter));
    draft_number(draft, RECORD_FIELD_NUMBER, event->position);
    ledger_add(draft);
}

static struct slice hold_name(const Perch__Command *command)
{
    return command->kind_case == PERCH__COMMAND__KIND_HOLD_PLACE
               ? codec_slice(command->hold_place->name)
               : codec_slice(command->hold_lift->name);
}

static struct slice hold_reason(const Perch__Command *command)
{
    return command->kind_case == PERCH__COMMAND__KIND_HOLD_PLACE
               ? codec_slice(command->hold_place->reason)
               : codec_slice(command->hold_lift->reason);
}

void record_hold(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_HOLD);
    if (event->room != 0) {
        draft_place(draft, event->room);
    }
    draft_user(draft, event->user);
    draft_text(draft, RECORD_FIELD_REASON, hold_reason(draft->command));
    draft_text(draft, RECORD_FIELD_NAME, hold_name(draft->command));
    draft_number(draft, RECORD_FIELD_NUMBER, event->message_id);
    draft_text(draft, RECORD_FIELD_MODE,
               event->is_in ? SLICE_LITERAL("placed")
                            : SLICE_LITERAL("lifted"));
    ledger_add(draft);
}
