/* Looking at rooms. What changes them is room_changes.c. */
#include <inttypes.h>
#include <stdlib.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/holders.h"
#include "node/admin/page.h"
#include "node/admin/show.h"
#include "node/chat/page.h"
#include "node/chat/text.h"

struct room_list {
    struct page page;
    const Perch__Admin__RoomsList *asked;
    const struct category *category; /* Those asked for, or NULL. */
    const struct addin *addin;       /* Likewise. */
    const struct user *member, *manager;
    struct slice mark;
};

static bool has_role(const struct room *room, const struct user *user,
                     unsigned role)
{
    return user == NULL || (view_roles(room, user) & role) != 0;
}

static bool is_wanted(const struct room_list *list, const struct room *room,
                      const struct room_view *view)
{
    const Perch__Admin__RoomsList *asked = list->asked;

    return text_contains_nocase(view->place.name, codec_slice(asked->match)) &&
           (list->category == NULL || list->category == view->category) &&
           (!asked->has_visibility || asked->visibility == view->visibility) &&
           (!asked->has_disabled || (asked->disabled != 0) == view->disabled) &&
           (list->addin == NULL || list->addin == view->addin) &&
           has_role(room, list->member, ROLE_MEMBER) &&
           has_role(room, list->manager, ROLE_MANAGER);
}

static bool take_room(void *context, const struct room *room)
{
    struct room_list *list = context;
    struct room_view view;

    if (!page_look(&list->page)) {
        return false;
    }
    view_room(room, &view);
    list->mark = view.place.name;
    if (is_wanted(list, room, &view)) {
        page_add(&list->page, &show_room(list->page.answer, room)->base);
    }
    return true;
}

/* What the list is narrowed to must exist. */
static void find_narrowing(struct room_list *list, struct answer *answer)
{
    if (list->asked->has_category) {
        list->category = find_category(answer, list->asked->category);
    }
    if (!answer_refused(answer) && list->asked->has_addin) {
        list->addin = find_addin(answer, list->asked->addin);
    }
    if (!answer_refused(answer) && list->asked->has_member) {
        list->member = find_user(answer, list->asked->member);
    }
    if (!answer_refused(answer) && list->asked->has_manager) {
        list->manager = find_user(answer, list->asked->manager);
    }
}

static void decide_list(struct answer *answer)
{
    Perch__Admin__RoomsListReply *body =
        answer_new(answer, &perch__admin__rooms_list_reply__descriptor);
    struct room_list list = {.asked = answer->asked};

    find_narrowing(&list, answer);
    if (answer_refused(answer)) {
        return;
    }
    page_begin(&list.page, answer);
    page_rooms(answer->machine, codec_slice(answer->ask->request.head->after),
               take_room, &list);
    page_end(&list.page, list.mark);
    body->n_rooms = list.page.n;
    body->rooms = (Perch__Admin__Room **)list.page.items;
    answer->body = &body->base;
}

static void put_room(struct answer *answer, const struct room *room)
{
    Perch__Admin__RoomsShowReply *body =
        answer_new(answer, &perch__admin__rooms_show_reply__descriptor);

    body->room = show_room(answer, room);
    answer->body = &body->base;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__RoomsShow *asked = answer->asked;
    const struct room *room = find_room(answer, asked->room);

    if (room != NULL) {
        put_room(answer, room);
    }
}

void rooms_show(struct answer *answer)
{
    const struct room *room = query_room(answer->machine, &answer->guid);

    if (room != NULL) {
        put_room(answer, room);
    }
}

static ProtobufCMessage *show_holder(struct answer *answer,
                                     const struct principal_view *view,
                                     unsigned roles)
{
    Perch__Admin__RoleHolder *holder =
        answer_new(answer, &perch__admin__role_holder__descriptor);

    ANSWER_TEXT(holder, uri, view->uri);
    ANSWER_TEXT(holder, display_name, view->display_name);
    CODEC_SET(holder, member, (roles & ROLE_MEMBER) != 0);
    CODEC_SET(holder, manager, (roles & ROLE_MANAGER) != 0);
    CODEC_SET(holder, presenter, (roles & ROLE_PRESENTER) != 0);
    CODEC_SET(holder, is_group, view->is_group);
    CODEC_SET(holder, disabled, view->disabled);
    return &holder->base;
}

static void walk_roles(const struct machine *machine, const void *room,
                       uint32_t after, list_role *each, void *context)
{
    page_roles(machine, room, after, each, context);
}

static unsigned role_of(const Perch__Admin__RoomsRoles *asked)
{
    if (!asked->has_role) {
        return ROLES_OF_ROOM;
    }
    switch (asked->role) {
    case PERCH__ADMIN__ROOM_ROLE__MANAGER:
        return ROLE_MANAGER;
    case PERCH__ADMIN__ROOM_ROLE__PRESENTER:
        return ROLE_PRESENTER;
    default:
        return ROLE_MEMBER;
    }
}

static void decide_roles(struct answer *answer)
{
    const Perch__Admin__RoomsRoles *asked = answer->asked;
    Perch__Admin__RoomsRolesReply *body =
        answer_new(answer, &perch__admin__rooms_roles_reply__descriptor);
    const struct room *room = find_room(answer, asked->room);
    const struct holders holders = {role_of(asked), show_holder, walk_roles,
                                    room};

    if (room != NULL) {
        body->users = (Perch__Admin__RoleHolder **)holders_list(
            answer, &holders, &body->n_users);
        answer->body = body->users == NULL ? NULL : &body->base;
    }
}

const struct answer_row rooms_rows[] = {
    {ADMIN_ROOMS_LIST, decide_list, NULL},
    {ADMIN_ROOMS_SHOW, decide_show, NULL},
    {ADMIN_ROOMS_ROLES, decide_roles, NULL},
    {.decide = NULL},
};
