#include "node/chat/attention.h"
#include "node/chat/ledger.h"
#include "node/chat/principal.h"
#include "node/chat/query.h"
#include "node/chat/record_fill.h"
#include "node/chat/record_lines.h"
#include "node/chat/session.h"
#include "proto/base/check.h"

static void put_presence(struct draft *draft, const struct event *event)
{
    draft_place(draft, event->room);
    draft_user(draft, event->user);
    draft_session(draft, &event->session);
}

/* An endpoint that was in the room already has not joined it. */
void record_joined(struct draft *draft, const struct event *event)
{
    if (event->again) {
        return;
    }
    draft_begin(draft, RECORD_JOIN);
    put_presence(draft, event);
    draft_number(draft, RECORD_FIELD_EDGE, event->edge);
    ledger_add(draft);
}

void record_parted(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_PART);
    put_presence(draft, event);
    draft_text(draft, RECORD_FIELD_REASON,
               slice_of_text(leave_text((enum leave)event->leave)));
    draft_number(draft, RECORD_FIELD_EDGE, event->edge);
    ledger_add(draft);
}

void record_session_opened(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_SESSION_OPENED);
    draft_user(draft, event->user);
    draft_session(draft, &event->session);
    draft_foreign(draft, RECORD_FIELD_ENDPOINT,
                  draft->command->session_open->endpoint_id);
    ledger_add(draft);
}

void record_session_closed(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_SESSION_CLOSED);
    draft_user(draft, event->user);
    draft_session(draft, &event->session);
    draft_text(draft, RECORD_FIELD_REASON,
               slice_of_text(leave_text((enum leave)event->leave)));
    ledger_add(draft);
}

static void add_user(struct draft *draft, const struct event *event,
                     enum record_kind kind)
{
    draft_begin(draft, kind);
    draft_user(draft, event->user);
    record_lines_put(draft);
    ledger_add(draft);
}

void record_user_created(struct draft *draft, const struct event *event)
{
    add_user(draft, event, RECORD_USER_CREATED);
}

void record_user_changed(struct draft *draft, const struct event *event)
{
    add_user(draft, event, RECORD_USER_CHANGED);
}

void record_user_deleted(struct draft *draft, const struct event *event)
{
    add_user(draft, event, RECORD_USER_DELETED);
}

/* Among what is, and what the entry has deleted. */
static const struct group *find_group(const struct draft *draft,
                                      uint32_t number)
{
    const struct machine *machine = draft->turn->machine;
    const struct group *group = table_at(&machine->directory.groups, number);

    return group == NULL ? machine->departed.group : group;
}

static void add_group(struct draft *draft, const struct event *event,
                      enum record_kind kind)
{
    const struct group *group = find_group(draft, event->group);

    CHECK(group != NULL && group->principal.number == event->group);
    draft_begin(draft, kind);
    draft_text(draft, RECORD_FIELD_DISPLAY_NAME,
               text_slice(group->display_name));
    draft_number(draft, RECORD_FIELD_PRINCIPAL, event->group);
    draft_text(draft, RECORD_FIELD_GROUP, text_slice(group->uri));
    record_lines_put(draft);
    ledger_add(draft);
}

void record_group_created(struct draft *draft, const struct event *event)
{
    add_group(draft, event, RECORD_GROUP_CREATED);
}

void record_group_changed(struct draft *draft, const struct event *event)
{
    add_group(draft, event, RECORD_GROUP_CHANGED);
}

void record_group_deleted(struct draft *draft, const struct event *event)
{
    add_group(draft, event, RECORD_GROUP_DELETED);
}

/* A member that is a group has its URI as NAME. */
void record_membership(struct draft *draft, const struct event *event)
{
    const struct group *group = find_group(draft, event->group);
    const struct group *member =
        table_at(&draft->turn->machine->directory.groups, event->user);

    CHECK(group != NULL);
    draft_begin(draft, RECORD_MEMBERSHIP);
    draft_user(draft, event->user);
    draft_text(draft, RECORD_FIELD_GROUP, text_slice(group->uri));
    if (member != NULL) {
        draft_text(draft, RECORD_FIELD_NAME, text_slice(member->uri));
    }
    draft_text(draft, RECORD_FIELD_MODE,
               event->is_in ? SLICE_LITERAL("added")
                            : SLICE_LITERAL("removed"));
    ledger_add(draft);
}

/* Of one who has no role any more the command has the name. */
static struct slice administrator_name(const struct draft *draft,
                                       const struct event *event)
{
    const struct administrator *administrator =
        draft->turn->machine->administrators[event->position];

    if (administrator != NULL && event->roles != 0) {
        return text_slice(administrator->name);
    }
    CHECK(draft->command->kind_case ==
          PERCH__COMMAND__KIND_ADMINISTRATOR_REVOKE);
    return codec_slice(draft->command->administrator_revoke->name);
}

void record_administrator(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_ADMINISTRATOR);
    draft_number(draft, RECORD_FIELD_ROLES_BEFORE, event->roles_before);
    draft_number(draft, RECORD_FIELD_ROLES, event->roles);
    draft_text(draft, RECORD_FIELD_NAME, administrator_name(draft, event));
    ledger_add(draft);
}

void record_published(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_PROFILE);
    draft_user(draft, event->user);
    draft_number(draft, RECORD_FIELD_COUNT, draft->command->publish->n_items);
    draft_text(draft, RECORD_FIELD_NAME, SLICE_LITERAL("presence document"));
    ledger_add(draft);
}

void record_feeds(struct draft *draft)
{
    draft_begin(draft, RECORD_PROFILE);
    draft_actor(draft);
    draft_number(draft, RECORD_FIELD_COUNT, draft->command->feeds_put->n_feeds);
    draft_text(draft, RECORD_FIELD_NAME, SLICE_LITERAL("feeds"));
    ledger_add(draft);
}
