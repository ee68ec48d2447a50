/* Creating and changing rooms: what was asked as a command of the rules, unless
 * it is so already. */
#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/lists.h"
#include "node/chat/view.h"

static unsigned roles_of(const void *of, const struct principal *principal)
{
    return view_roles_own(of, principal);
}

enum { LISTS_OF_CREATE = 3, LISTS_OF_CHANGE = 6 };

static void lists_of_create(const Perch__Admin__RoomsCreate *asked,
                            Perch__RoomCreate *create,
                            struct listed lists[LISTS_OF_CREATE])
{
    lists[0] = LISTED(asked, create, members, ROLE_MEMBER, false);
    lists[1] = LISTED(asked, create, managers, ROLE_MANAGER, false);
    lists[2] = LISTED(asked, create, presenters, ROLE_PRESENTER, false);
}

static void lists_of_change(const Perch__Admin__RoomsChange *asked,
                            Perch__RoomChange *change,
                            struct listed lists[LISTS_OF_CHANGE])
{
    lists[0] = LISTED(asked, change, members_remove, ROLE_MEMBER, true);
    lists[1] = LISTED(asked, change, managers_remove, ROLE_MANAGER, true);
    lists[2] = LISTED(asked, change, presenters_remove, ROLE_PRESENTER, true);
    lists[3] = LISTED(asked, change, members_add, ROLE_MEMBER, false);
    lists[4] = LISTED(asked, change, managers_add, ROLE_MANAGER, false);
    lists[5] = LISTED(asked, change, presenters_add, ROLE_PRESENTER, false);
}

static ProtobufCBinaryData id_of(const struct category *category,
                                 struct answer *answer)
{
    struct guid *guid = answer_alloc(answer, sizeof(*guid));
    struct category_view view;

    view_category(category, &view);
    *guid = view.place.guid;
    return (ProtobufCBinaryData){GUID_BYTES, guid->bytes};
}

/* Whether a room carries the add-in that a command names; empty: none. */
static bool carries(const struct room_view *view, ProtobufCBinaryData addin)
{
    struct addin_view carried;

    if (view->addin == NULL || addin.len == 0) {
        return view->addin == NULL && addin.len == 0;
    }
    view_addin(view->addin, &carried);
    return slice_equal(codec_slice(addin),
                       slice_of(carried.guid.bytes, GUID_BYTES));
}

/* Give the command the add-in that is named; "none" is none. Returns false, and
 * the answer refused, when there is none such. */
#define GIVE_ADDIN(answer, asked, command)                                     \
    (!(asked)->has_addin ||                                                    \
     give_addin(answer, (asked)->addin, &(command)->has_addin,                 \
                &(command)->addin))

static bool give_addin(struct answer *answer, ProtobufCBinaryData name,
                       protobuf_c_boolean *has_out,
                       ProtobufCBinaryData *addin_out)
{
    struct guid *guid = answer_alloc(answer, sizeof(*guid));
    const struct addin *addin;
    struct addin_view view;

    *has_out = true;
    *addin_out = codec_bytes(SLICE_NONE);
    if (slice_equal_nocase(codec_slice(name), SLICE_LITERAL("none"))) {
        return true;
    }
    addin = find_addin(answer, name);
    if (addin == NULL) {
        return false;
    }
    view_addin(addin, &view);
    *guid = view.guid;
    *addin_out = (ProtobufCBinaryData){GUID_BYTES, guid->bytes};
    return true;
}

static bool is_created(struct answer *answer, const struct room *room,
                       const struct category *category,
                       const Perch__Admin__RoomsCreate *asked,
                       const Perch__RoomCreate *create,
                       const struct listed *lists)
{
    struct room_view view;

    view_room(room, &view);
    return view.category == category &&
           (!asked->has_id ||
            slice_equal(codec_slice(create->room),
                        slice_of(view.place.guid.bytes, GUID_BYTES))) &&
           slice_equal(view.place.name, codec_slice(asked->name)) &&
           (!asked->has_description ||
            slice_equal(view.place.description,
                        codec_slice(asked->description))) &&
           view.visibility == create->visibility &&
           view.disabled == (create->disabled != 0) &&
           (!create->has_addin || carries(&view, create->addin)) &&
           (!asked->has_behavior || asked->behavior == view.behavior) &&
           (!asked->has_invitations ||
            (asked->invitations != 0) != view.invitations_off) &&
           (!asked->has_file_upload ||
            (asked->file_upload != 0) != view.files_off) &&
           lists_are_so(answer, lists, LISTS_OF_CREATE, roles_of, room);
}

static Perch__RoomCreate *plan_create(struct answer *answer,
                                      const Perch__Admin__RoomsCreate *asked,
                                      const struct category *category)
{
    Perch__RoomCreate *create =
        answer_new(answer, &perch__room_create__descriptor);

    CODEC_SET(create, room,
              codec_bytes(find_new_guid(answer, asked->has_id, asked->id)));
    CODEC_SET(create, category, id_of(category, answer));
    CODEC_SET(create, name, asked->name);
    CODEC_SET(create, description, asked->description);
    CODEC_SET(create, visibility,
              asked->has_visibility ? asked->visibility
                                    : PERCH__VISIBILITY__CLOSED);
    CODEC_SET(create, disabled, asked->disabled);
    create->has_behavior = asked->has_behavior;
    create->behavior = asked->behavior;
    create->has_invitations = asked->has_invitations;
    create->invitations = asked->invitations;
    create->has_file_upload = asked->has_file_upload;
    create->file_upload = asked->file_upload;
    return create;
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__RoomsCreate *asked = answer->asked;
    const struct category *category = find_category(answer, asked->category);
    const struct room *room =
        query_room_named(answer->machine, codec_slice(asked->name));
    struct listed lists[LISTS_OF_CREATE];
    Perch__RoomCreate *create;
    struct room_view view;

    if (category == NULL) {
        return;
    }
    create = plan_create(answer, asked, category);
    lists_of_create(asked, create, lists);
    if (!lists_write(answer, lists, LISTS_OF_CREATE) ||
        !GIVE_ADDIN(answer, asked, create)) {
        return;
    }
    answer_tells(answer, "created", "room \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->name)));
    if (room != NULL &&
        is_created(answer, room, category, asked, create, lists)) {
        view_room(room, &view);
        answer->guid = view.place.guid;
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_ROOM_CREATE)->room_create =
        create;
}

static bool is_changed(struct answer *answer, const struct room *room,
                       const struct category *category,
                       const Perch__Admin__RoomsChange *asked,
                       const Perch__RoomChange *change,
                       const struct listed *lists)
{
    struct room_view view;

    view_room(room, &view);
    return (category == NULL || category == view.category) &&
           (!asked->has_if_version ||
            asked->if_version == view.place.version) &&
           (!asked->has_name ||
            slice_equal(view.place.name, codec_slice(asked->name))) &&
           (!asked->has_description ||
            slice_equal(view.place.description,
                        codec_slice(asked->description))) &&
           (!asked->has_visibility || asked->visibility == view.visibility) &&
           (!asked->has_disabled || (asked->disabled != 0) == view.disabled) &&
           (!change->has_addin || carries(&view, change->addin)) &&
           (!asked->has_behavior || asked->behavior == view.behavior) &&
           (!asked->has_invitations ||
            (asked->invitations != 0) != view.invitations_off) &&
           (!asked->has_file_upload ||
            (asked->file_upload != 0) != view.files_off) &&
           lists_are_so(answer, lists, LISTS_OF_CHANGE, roles_of, room);
}

static Perch__RoomChange *plan_change(struct answer *answer,
                                      const Perch__Admin__RoomsChange *asked,
                                      const struct category *category)
{
    Perch__RoomChange *change =
        answer_new(answer, &perch__room_change__descriptor);

    change->has_if_version = asked->has_if_version;
    change->if_version = asked->if_version;
    change->has_name = asked->has_name;
    change->name = asked->name;
    change->has_description = asked->has_description;
    change->description = asked->description;
    change->has_visibility = asked->has_visibility;
    change->visibility = asked->visibility;
    change->has_disabled = asked->has_disabled;
    change->disabled = asked->disabled;
    if (category != NULL) {
        CODEC_SET(change, category, id_of(category, answer));
    }
    change->has_behavior = asked->has_behavior;
    change->behavior = asked->behavior;
    change->has_invitations = asked->has_invitations;
    change->invitations = asked->invitations;
    change->has_file_upload = asked->has_file_upload;
    change->file_upload = asked->file_upload;
    return change;
}

/* What a change comes to in a word, when it is one thing. */
static const char *deed_of(const Perch__Admin__RoomsChange *asked)
{
    bool other = asked->has_name || asked->has_category ||
                 asked->has_description || asked->has_visibility ||
                 asked->has_behavior || asked->has_invitations ||
                 asked->has_file_upload || asked->has_addin ||
                 asked->n_members_add + asked->n_members_remove +
                         asked->n_managers_add + asked->n_managers_remove +
                         asked->n_presenters_add + asked->n_presenters_remove >
                     0;

    if (asked->has_disabled && !other) {
        return asked->disabled ? "disabled" : "enabled";
    }
    return asked->has_disabled || other ? "changed" : NULL;
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__RoomsChange *asked = answer->asked;
    const struct room *room = find_room(answer, asked->room);
    const struct category *category = NULL;
    struct listed lists[LISTS_OF_CHANGE];
    Perch__RoomChange *change;
    struct room_view view;

    if (room != NULL && deed_of(asked) == NULL) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
    }
    if (!answer_refused(answer) && asked->has_category) {
        category = find_category(answer, asked->category);
    }
    if (answer_refused(answer)) {
        return;
    }
    change = plan_change(answer, asked, category);
    lists_of_change(asked, change, lists);
    if (!lists_write(answer, lists, LISTS_OF_CHANGE) ||
        !GIVE_ADDIN(answer, asked, change)) {
        return;
    }
    view_room(room, &view);
    answer->guid = view.place.guid;
    CODEC_SET(change, room,
              codec_bytes(slice_of(answer->guid.bytes, GUID_BYTES)));
    answer_tells(answer, deed_of(asked), "room \"%.*s\"",
                 SLICE_PRINT(view.place.name));
    if (is_changed(answer, room, category, asked, change, lists)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_ROOM_CHANGE)->room_change =
        change;
}

const struct answer_row room_changes_rows[] = {
    {ADMIN_ROOMS_CREATE, decide_create, rooms_show},
    {ADMIN_ROOMS_CHANGE, decide_change, rooms_show},
    {.decide = NULL},
};
