/* Groups of people: security groups, organisational units and sites. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/holders.h"
#include "node/admin/lists.h"
#include "node/admin/page.h"
#include "node/admin/show.h"
#include "node/chat/page.h"
#include "node/chat/text.h"

struct group_list {
    struct page page;
    struct slice match;
    struct slice mark;
};

static bool take_group(void *context, const struct group *group)
{
    struct group_list *list = context;
    struct group_view view;

    if (!page_look(&list->page)) {
        return false;
    }
    view_group(group, &view);
    list->mark = view.uri;
    if (text_contains_nocase(view.uri, list->match) ||
        text_contains_nocase(view.display_name, list->match)) {
        page_add(&list->page, &show_group(list->page.answer, group)->base);
    }
    return true;
}

static void decide_list(struct answer *answer)
{
    const Perch__Admin__GroupsList *asked = answer->asked;
    Perch__Admin__GroupsListReply *body =
        answer_new(answer, &perch__admin__groups_list_reply__descriptor);
    struct group_list list = {.match = codec_slice(asked->match)};

    page_begin(&list.page, answer);
    page_groups(answer->machine, codec_slice(answer->ask->request.head->after),
                take_group, &list);
    page_end(&list.page, list.mark);
    body->n_groups = list.page.n;
    body->groups = (Perch__Admin__Group **)list.page.items;
    answer->body = &body->base;
}

static void put_group(struct answer *answer, const struct group *group)
{
    Perch__Admin__GroupsShowReply *body =
        answer_new(answer, &perch__admin__groups_show_reply__descriptor);

    body->group = show_group(answer, group);
    answer->body = &body->base;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__GroupsShow *asked = answer->asked;
    const struct group *group = find_group(answer, asked->group);

    if (group != NULL) {
        put_group(answer, group);
    }
}

static void show_changed(struct answer *answer)
{
    const struct group *group = query_group(answer->machine, answer->uri);

    if (group != NULL) {
        put_group(answer, group);
    }
}

static ProtobufCMessage *show_member(struct answer *answer,
                                     const struct principal_view *view,
                                     unsigned roles)
{
    Perch__Admin__GroupMember *member =
        answer_new(answer, &perch__admin__group_member__descriptor);

    (void)roles;
    ANSWER_TEXT(member, uri, view->uri);
    ANSWER_TEXT(member, display_name, view->display_name);
    CODEC_SET(member, is_group, view->is_group);
    CODEC_SET(member, disabled, view->disabled);
    return &member->base;
}

static void walk_members(const struct machine *machine, const void *group,
                         uint32_t after, list_role *each, void *context)
{
    page_members(machine, group, after, each, context);
}

static void decide_members(struct answer *answer)
{
    const Perch__Admin__GroupsMembers *asked = answer->asked;
    Perch__Admin__GroupsMembersReply *body =
        answer_new(answer, &perch__admin__groups_members_reply__descriptor);
    const struct group *group = find_group(answer, asked->group);
    const struct holders holders = {~0u, show_member, walk_members, group};

    if (group != NULL) {
        body->members = (Perch__Admin__GroupMember **)holders_list(
            answer, &holders, &body->n_members);
        answer->body = body->members == NULL ? NULL : &body->base;
    }
}

static unsigned is_in(const void *of, const struct principal *principal)
{
    return view_is_member(of, principal);
}

static bool is_created(struct answer *answer, const struct group *group,
                       const Perch__Admin__GroupsCreate *asked,
                       const struct listed *members)
{
    struct group_view view;

    view_group(group, &view);
    return (!asked->has_display_name ||
            slice_equal(view.display_name, codec_slice(asked->display_name))) &&
           (!asked->has_chat || asked->chat == view.chat) &&
           lists_are_so(answer, members, 1, is_in, group);
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__GroupsCreate *asked = answer->asked;
    const struct group *group =
        query_group(answer->machine, codec_slice(asked->group));
    Perch__GroupCreate *create =
        answer_new(answer, &perch__group_create__descriptor);
    const struct listed members = LISTED(asked, create, members, 1, false);

    answer->uri = codec_slice(asked->group);
    if (!lists_write(answer, &members, 1)) {
        return;
    }
    answer_tells(answer, "created", "%.*s", SLICE_PRINT(answer->uri));
    if (group != NULL && is_created(answer, group, asked, &members)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(create, uri, asked->group);
    create->has_display_name = asked->has_display_name;
    create->display_name = asked->display_name;
    create->has_chat = asked->has_chat;
    create->chat = asked->chat;
    answer_proposes(answer, PERCH__COMMAND__KIND_GROUP_CREATE)->group_create =
        create;
}

static bool is_changed(struct answer *answer, const struct group *group,
                       const Perch__Admin__GroupsChange *asked,
                       const struct listed *lists)
{
    struct group_view view;

    view_group(group, &view);
    return (!asked->has_if_version || asked->if_version == view.version) &&
           (!asked->has_display_name ||
            slice_equal(view.display_name, codec_slice(asked->display_name))) &&
           (!asked->has_chat || asked->chat == view.chat) &&
           lists_are_so(answer, lists, 2, is_in, group);
}

static Perch__GroupChange *plan_change(struct answer *answer,
                                       const Perch__Admin__GroupsChange *asked)
{
    Perch__GroupChange *change =
        answer_new(answer, &perch__group_change__descriptor);

    CODEC_SET(change, uri, asked->group);
    change->has_if_version = asked->has_if_version;
    change->if_version = asked->if_version;
    change->has_display_name = asked->has_display_name;
    change->display_name = asked->display_name;
    change->has_chat = asked->has_chat;
    change->chat = asked->chat;
    return change;
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__GroupsChange *asked = answer->asked;
    const struct group *group = find_group(answer, asked->group);
    Perch__GroupChange *change = plan_change(answer, asked);
    const struct listed lists[] = {
        LISTED(asked, change, members_remove, 1, true),
        LISTED(asked, change, members_add, 1, false)};

    if (group == NULL) {
        return;
    }
    answer->uri = codec_slice(asked->group);
    if (!asked->has_display_name && !asked->has_chat &&
        lists_are_empty(lists, 2)) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    if (!lists_write(answer, lists, 2)) {
        return;
    }
    answer_tells(answer, "changed", "%.*s", SLICE_PRINT(answer->uri));
    if (is_changed(answer, group, asked, lists)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_GROUP_CHANGE)->group_change =
        change;
}

const struct answer_row groups_rows[] = {
    {ADMIN_GROUPS_LIST, decide_list, NULL},
    {ADMIN_GROUPS_SHOW, decide_show, NULL},
    {ADMIN_GROUPS_MEMBERS, decide_members, NULL},
    {ADMIN_GROUPS_CREATE, decide_create, show_changed},
    {ADMIN_GROUPS_CHANGE, decide_change, show_changed},
    {.decide = NULL},
};
