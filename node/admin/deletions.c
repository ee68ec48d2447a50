/* Deleting rooms, categories, groups and users. What is not there needs no
 * deletion, so that one that is asked for again is done. */
#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/show.h"
#include "node/chat/view.h"

void deletions_tell_gone(struct answer *answer, const char *what,
                         ProtobufCBinaryData name)
{
    struct slice text =
        answer_printf(answer, "there is no %s \"%.*s\"; nothing was changed",
                      what, SLICE_PRINT(codec_slice(name)));

    if (!answer_refused(answer)) {
        answer_tells(answer, "deleted", "%s \"%.*s\"", what,
                     SLICE_PRINT(codec_slice(name)));
        ANSWER_TEXT(&answer->reply, text, text);
        answer->does = ANSWER_ALREADY;
    }
}

/* What is deleted is shown as it was, which nobody can see when the reply is
 * sent. */
static void keep(struct answer *answer, const ProtobufCMessage *body)
{
    answer->body = body;
    answer_keep_body(answer);
}

static ProtobufCBinaryData guid_of(struct answer *answer,
                                   const struct place_view *place)
{
    answer->guid = place->guid;
    return codec_bytes(slice_of(answer->guid.bytes, GUID_BYTES));
}

static void decide_room(struct answer *answer)
{
    const Perch__Admin__RoomsDelete *asked = answer->asked;
    const struct room *room = find_room_if(answer, asked->room);
    Perch__Admin__RoomsShowReply *body =
        answer_new(answer, &perch__admin__rooms_show_reply__descriptor);
    Perch__RoomDelete *delete =
        answer_new(answer, &perch__room_delete__descriptor);
    struct room_view view;

    if (room == NULL) {
        deletions_tell_gone(answer, "room", asked->room);
        return;
    }
    view_room(room, &view);
    CODEC_SET(delete, room, guid_of(answer, &view.place));
    delete->has_if_version = asked->has_if_version;
    delete->if_version = asked->if_version;
    body->room = show_room(answer, room);
    keep(answer, &body->base);
    answer_tells(answer, "deleted", "room \"%.*s\"",
                 SLICE_PRINT(view.place.name));
    answer_proposes(answer, PERCH__COMMAND__KIND_ROOM_DELETE)->room_delete =
        delete;
}

static void decide_category(struct answer *answer)
{
    const Perch__Admin__CategoriesDelete *asked = answer->asked;
    const struct category *category = find_category_if(answer, asked->category);
    Perch__Admin__CategoriesShowReply *body =
        answer_new(answer, &perch__admin__categories_show_reply__descriptor);
    Perch__CategoryDelete *delete =
        answer_new(answer, &perch__category_delete__descriptor);
    struct category_view view;

    if (category == NULL) {
        deletions_tell_gone(answer, "category", asked->category);
        return;
    }
    view_category(category, &view);
    CODEC_SET(delete, category, guid_of(answer, &view.place));
    delete->has_if_version = asked->has_if_version;
    delete->if_version = asked->if_version;
    body->category = show_category(answer, category);
    keep(answer, &body->base);
    answer_tells(answer, "deleted", "category \"%.*s\"",
                 SLICE_PRINT(view.place.name));
    answer_proposes(answer, PERCH__COMMAND__KIND_CATEGORY_DELETE)
        ->category_delete = delete;
}

static void decide_group(struct answer *answer)
{
    const Perch__Admin__GroupsDelete *asked = answer->asked;
    const struct group *group = find_group_if(answer, asked->group);
    Perch__Admin__GroupsShowReply *body =
        answer_new(answer, &perch__admin__groups_show_reply__descriptor);
    Perch__GroupDelete *delete =
        answer_new(answer, &perch__group_delete__descriptor);

    if (group == NULL) {
        deletions_tell_gone(answer, "group", asked->group);
        return;
    }
    CODEC_SET(delete, uri, asked->group);
    delete->has_if_version = asked->has_if_version;
    delete->if_version = asked->if_version;
    body->group = show_group(answer, group);
    keep(answer, &body->base);
    answer_tells(answer, "deleted", "%.*s",
                 SLICE_PRINT(codec_slice(asked->group)));
    answer_proposes(answer, PERCH__COMMAND__KIND_GROUP_DELETE)->group_delete =
        delete;
}

static void decide_user(struct answer *answer)
{
    const Perch__Admin__UsersDelete *asked = answer->asked;
    const struct user *user = find_user_if(answer, asked->user);
    Perch__Admin__UsersShowReply *body =
        answer_new(answer, &perch__admin__users_show_reply__descriptor);
    Perch__UserDelete *delete =
        answer_new(answer, &perch__user_delete__descriptor);

    if (user == NULL) {
        deletions_tell_gone(answer, "user", asked->user);
        return;
    }
    answer->uri = find_user_uri(answer, asked->user);
    CODEC_SET(delete, uri, codec_bytes(answer->uri));
    delete->has_if_version = asked->has_if_version;
    delete->if_version = asked->if_version;
    body->user = show_user(answer, user);
    keep(answer, &body->base);
    answer_tells(answer, "deleted", "user %.*s", SLICE_PRINT(answer->uri));
    answer_proposes(answer, PERCH__COMMAND__KIND_USER_DELETE)->user_delete =
        delete;
}

const struct answer_row deletions_rows[] = {
    {ADMIN_ROOMS_DELETE, decide_room, NULL},
    {ADMIN_CATEGORIES_DELETE, decide_category, NULL},
    {ADMIN_GROUPS_DELETE, decide_group, NULL},
    {ADMIN_USERS_DELETE, decide_user, NULL},
    {.decide = NULL},
};
