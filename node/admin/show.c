#include "node/admin/show.h"

#include <inttypes.h>

#include "node/chat/addins.h"
#include "node/chat/query.h"

static struct slice guid_text(struct answer *answer, const struct guid *guid)
{
    char *text = answer_alloc(answer, GUID_TEXT_BYTES + 1);

    guid_write(guid, text);
    return slice_of(text, GUID_TEXT_BYTES);
}

static struct slice place_uri(struct answer *answer, const char *scheme,
                              struct slice id)
{
    struct pool_view pool;

    query_pool(answer->machine, &pool);
    return answer_printf(answer, "%s://%.*s/%.*s", scheme,
                         SLICE_PRINT(pool.domain), SLICE_PRINT(id));
}

/* What both kinds of place have, under the same names. */
#define FILL_PLACE(answer, message, view, scheme)                              \
    do {                                                                       \
        struct slice id_ = guid_text(answer, &(view)->guid);                   \
        ANSWER_TEXT(message, id, id_);                                         \
        ANSWER_TEXT(message, uri, place_uri(answer, scheme, id_));             \
        ANSWER_TEXT(message, name, (view)->name);                              \
        ANSWER_TEXT(message, description, (view)->description);                \
        CODEC_SET(message, version, (view)->version);                          \
        CODEC_SET(message, created_at_us, (view)->created_at_us);              \
        CODEC_SET(message, changed_at_us, (view)->changed_at_us);              \
    } while (0)

/* What users and groups have, under the same names. */
#define FILL_PRINCIPAL(message, view)                                          \
    do {                                                                       \
        ANSWER_TEXT(message, uri, (view)->uri);                                \
        ANSWER_TEXT(message, display_name, (view)->display_name);              \
        CODEC_SET(message, chat, (view)->chat);                                \
        CODEC_SET(message, version, (view)->version);                          \
        CODEC_SET(message, created_at_us, (view)->created_at_us);              \
        CODEC_SET(message, changed_at_us, (view)->changed_at_us);              \
    } while (0)

Perch__Admin__Room *show_room(struct answer *answer, const struct room *room)
{
    Perch__Admin__Room *shown =
        answer_new(answer, &perch__admin__room__descriptor);
    struct category_view category;
    struct addin_view addin;
    struct room_view view;

    view_room(room, &view);
    view_category(view.category, &category);
    FILL_PLACE(answer, shown, &view.place, "ma-chan");
    ANSWER_TEXT(shown, category, category.place.name);
    ANSWER_TEXT(shown, category_id, guid_text(answer, &category.place.guid));
    CODEC_SET(shown, visibility, view.visibility);
    CODEC_SET(shown, disabled, view.disabled);
    CODEC_SET(shown, users_present, view.users_present);
    CODEC_SET(shown, endpoints_present, view.endpoints_present);
    CODEC_SET(shown, users_with_role, view.users_with_role);
    CODEC_SET(shown, messages, view.message_id_last);
    CODEC_SET(shown, behavior, view.behavior);
    CODEC_SET(shown, invitations, view.invitations);
    CODEC_SET(shown, file_upload, view.file_upload);
    CODEC_SET(shown, history, view.history);
    CODEC_SET(shown, retention_days, view.retention_days);
    CODEC_SET(shown, retention_own, view.has_retention);
    CODEC_SET(shown, holds, view.holds);
    CODEC_SET(shown, cleared_upto, view.cleared_upto);
    CODEC_SET(shown, purged_upto, view.purged_upto);
    if (view.addin != NULL) {
        view_addin(view.addin, &addin);
        ANSWER_TEXT(shown, addin, addin.name);
        ANSWER_TEXT(shown, addin_url, addin.url);
    }
    return shown;
}

Perch__Admin__Category *show_category(struct answer *answer,
                                      const struct category *category)
{
    Perch__Admin__Category *shown =
        answer_new(answer, &perch__admin__category__descriptor);
    struct category_view view;

    view_category(category, &view);
    FILL_PLACE(answer, shown, &view.place, "ma-cat");
    CODEC_SET(shown, everyone, !view.restricted);
    CODEC_SET(shown, invitations, view.invitations);
    CODEC_SET(shown, file_upload, view.file_upload);
    CODEC_SET(shown, history, view.history);
    CODEC_SET(shown, rooms, view.rooms);
    CODEC_SET(shown, retention_days, view.retention_days);
    return shown;
}

Perch__Admin__User *show_user(struct answer *answer, const struct user *user)
{
    Perch__Admin__User *shown =
        answer_new(answer, &perch__admin__user__descriptor);
    struct user_view view;

    view_user(user, &view);
    FILL_PRINCIPAL(shown, &view);
    CODEC_SET(shown, disabled, view.disabled);
    CODEC_SET(shown, has_password, view.has_password);
    CODEC_SET(shown, sessions, view.sessions);
    CODEC_SET(shown, chat_enabled, query_chat_enabled(answer->machine, user));
    return shown;
}

Perch__Admin__Group *show_group(struct answer *answer,
                                const struct group *group)
{
    Perch__Admin__Group *shown =
        answer_new(answer, &perch__admin__group__descriptor);
    struct group_view view;

    view_group(group, &view);
    FILL_PRINCIPAL(shown, &view);
    CODEC_SET(shown, members, view.members);
    return shown;
}

Perch__Admin__Addin *show_addin(struct answer *answer,
                                const struct addin *addin)
{
    Perch__Admin__Addin *shown =
        answer_new(answer, &perch__admin__addin__descriptor);
    struct addin_view view;

    view_addin(addin, &view);
    ANSWER_TEXT(shown, id, guid_text(answer, &view.guid));
    ANSWER_TEXT(shown, name, view.name);
    ANSWER_TEXT(shown, url, view.url);
    CODEC_SET(shown, rooms, view.rooms);
    CODEC_SET(shown, version, view.version);
    CODEC_SET(shown, created_at_us, view.created_at_us);
    CODEC_SET(shown, changed_at_us, view.changed_at_us);
    return shown;
}

Perch__Admin__Session *show_session(struct answer *answer,
                                    const struct session *session)
{
    Perch__Admin__Session *shown =
        answer_new(answer, &perch__admin__session__descriptor);
    struct session_view view;
    struct user_view user;

    view_session(session, &view);
    view_user(view.user, &user);
    ANSWER_TEXT(shown, id,
                answer_printf(answer, "%u/%" PRIu64 "/%" PRIu64,
                              (unsigned)view.id.node, view.id.epoch,
                              view.id.serial));
    ANSWER_TEXT(shown, user, user.uri);
    CODEC_SET(shown, node, view.id.node);
    ANSWER_TEXT(shown, endpoint_id, view.endpoint_id);
    CODEC_SET(shown, opened_at_us, view.opened_at_us);
    CODEC_SET(shown, opened_index, view.opened_index);
    CODEC_SET(shown, rooms, view.rooms);
    return shown;
}
