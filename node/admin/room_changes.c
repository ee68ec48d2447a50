/* Creating and changing rooms: what was asked as a command of the rules, unless
 * it is so already. */
#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/chat/view.h"

/* Write users' names as URIs. Returns false, and refuses, when there are too
 * many, or one is of no domain. */
static bool write_uris(struct answer *answer, size_t n,
                       const ProtobufCBinaryData *names,
                       ProtobufCBinaryData **uris_out)
{
    ProtobufCBinaryData *uris;

    if (n > ADMIN_USERS_LISTED_MAX) {
        answer_refuse(answer, REFUSAL_USERS_LISTED);
        return false;
    }
    uris = answer_alloc(answer, (n + 1) * sizeof(*uris));
    for (size_t i = 0; i < n; i++) {
        uris[i] = codec_bytes(find_user_uri(answer, names[i]));
    }
    *uris_out = uris;
    return !answer_refused(answer);
}

/* Whether all of these have the role by name, or none of them. */
static bool all_have(struct answer *answer, const struct room *room, size_t n,
                     const ProtobufCBinaryData *uris, unsigned role, bool have)
{
    for (size_t i = 0; i < n; i++) {
        const struct principal *principal =
            query_principal(answer->machine, codec_slice(uris[i]));

        if (principal == NULL ||
            ((view_roles_own(room, principal) & role) != 0) != have) {
            return false;
        }
    }
    return true;
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

static bool is_created(struct answer *answer, const struct room *room,
                       const struct category *category,
                       const Perch__Admin__RoomsCreate *asked,
                       const Perch__RoomCreate *create)
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
           all_have(answer, room, create->n_members, create->members,
                    ROLE_MEMBER, true) &&
           all_have(answer, room, create->n_managers, create->managers,
                    ROLE_MANAGER, true);
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
    create->n_members = asked->n_members;
    create->n_managers = asked->n_managers;
    return create;
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__RoomsCreate *asked = answer->asked;
    const struct category *category = find_category(answer, asked->category);
    const struct room *room =
        query_room_named(answer->machine, codec_slice(asked->name));
    Perch__RoomCreate *create;
    struct room_view view;

    if (category == NULL) {
        return;
    }
    create = plan_create(answer, asked, category);
    if (!write_uris(answer, asked->n_members, asked->members,
                    &create->members) ||
        !write_uris(answer, asked->n_managers, asked->managers,
                    &create->managers)) {
        return;
    }
    answer_tells(answer, "created", "room \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->name)));
    if (room != NULL && is_created(answer, room, category, asked, create)) {
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
                       const Perch__RoomChange *change)
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
           all_have(answer, room, change->n_members_add, change->members_add,
                    ROLE_MEMBER, true) &&
           all_have(answer, room, change->n_managers_add, change->managers_add,
                    ROLE_MANAGER, true) &&
           all_have(answer, room, change->n_members_remove,
                    change->members_remove, ROLE_MEMBER, false) &&
           all_have(answer, room, change->n_managers_remove,
                    change->managers_remove, ROLE_MANAGER, false);
}

static bool write_lists(struct answer *answer,
                        const Perch__Admin__RoomsChange *asked,
                        Perch__RoomChange *change)
{
    change->n_members_add = asked->n_members_add;
    change->n_members_remove = asked->n_members_remove;
    change->n_managers_add = asked->n_managers_add;
    change->n_managers_remove = asked->n_managers_remove;
    return write_uris(answer, asked->n_members_add, asked->members_add,
                      &change->members_add) &&
           write_uris(answer, asked->n_members_remove, asked->members_remove,
                      &change->members_remove) &&
           write_uris(answer, asked->n_managers_add, asked->managers_add,
                      &change->managers_add) &&
           write_uris(answer, asked->n_managers_remove, asked->managers_remove,
                      &change->managers_remove);
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
    return write_lists(answer, asked, change) ? change : NULL;
}

/* What a change comes to in a word, when it is one thing. */
static const char *deed_of(const Perch__Admin__RoomsChange *asked)
{
    bool other = asked->has_name || asked->has_category ||
                 asked->has_description || asked->has_visibility ||
                 asked->n_members_add + asked->n_members_remove +
                         asked->n_managers_add + asked->n_managers_remove >
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
    if (change == NULL) {
        return;
    }
    view_room(room, &view);
    answer->guid = view.place.guid;
    CODEC_SET(change, room,
              codec_bytes(slice_of(answer->guid.bytes, GUID_BYTES)));
    answer_tells(answer, deed_of(asked), "room \"%.*s\"",
                 SLICE_PRINT(view.place.name));
    if (is_changed(answer, room, category, asked, change)) {
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
