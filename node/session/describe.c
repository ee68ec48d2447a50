#include "node/session/describe.h"

#include <string.h>

#include "node/chat/addins.h"
#include "node/chat/view.h"
#include "node/session/hub.h"
#include "proto/xccos/names.h"
#include "proto/xccos/text.h"

enum {
    USER_MARKUP_BYTES = 160, /* Names, numbers, the role. */
    USER_TYPE = 5, /* Of principals, as Persistent Chat numbers them. */
    /* Element and attribute names, flags, counts, the two URIs. */
    ROOM_MARKUP_BYTES = 1400,
};

static struct slice domain_of(const struct sessions *hub)
{
    struct pool_view pool;

    query_pool(hub->machine, &pool);
    return pool.domain;
}

static struct slice category_uri(const struct sessions *hub,
                                 struct arena *arena,
                                 const struct category *category)
{
    struct category_view view;

    view_category(category, &view);
    return xccos_category_uri(
        arena, &(struct xccos_name){domain_of(hub), view.place.guid});
}

enum xccos_visibility describe_visibility(Perch__Visibility visibility)
{
    switch (visibility) {
    case PERCH__VISIBILITY__OPEN:
        return XCCOS_VISIBILITY_OPEN;
    case PERCH__VISIBILITY__SECRET:
        return XCCOS_VISIBILITY_PRIVATE;
    default:
        return XCCOS_VISIBILITY_SCOPED;
    }
}

enum xccos_behavior describe_behavior(Perch__Behavior behavior)
{
    return behavior == PERCH__BEHAVIOR__AUDITORIUM ? XCCOS_BEHAVIOR_AUDITORIUM
                                                   : XCCOS_BEHAVIOR_NORMAL;
}

static enum xccos_flag flag_of(bool is_so)
{
    return is_so ? XCCOS_FLAG_TRUE : XCCOS_FLAG_FALSE;
}

/* Returns false when memory is out. */
static bool fill_addin(struct arena *arena, struct xccos_room *block,
                       const struct addin *addin)
{
    char id[GUID_TEXT_BYTES + 1];
    struct addin_view view;

    view_addin(addin, &view);
    guid_write(&view.guid, id);
    block->addin_id = arena_copy_slice(arena, slice_of_text(id));
    block->addin_name = view.name;
    block->addin_url = view.url;
    return block->addin_id.len > 0;
}

struct xccos_room *describe_room(const struct sessions *hub,
                                 struct arena *arena, const struct room *room)
{
    struct xccos_room *block = arena_alloc(arena, sizeof(*block));
    struct room_view view;

    if (block == NULL) {
        return NULL;
    }
    view_room(room, &view);
    block->uri = hub_room_uri(hub, arena, &view.place.guid);
    block->name = view.place.name;
    block->description = view.place.description;
    block->topic = view.place.description; /* Pidgin shows it. */
    block->parent = category_uri(hub, arena, view.category);
    block->behavior = describe_behavior(view.behavior);
    block->visibility = describe_visibility(view.visibility);
    block->disabled = flag_of(view.disabled);
    block->version = XCCOS_NUMBER(view.place.version);
    block->user_count = XCCOS_NUMBER(view.users_present);
    block->shown_visibility = block->visibility;
    block->file_post = flag_of(view.file_upload);
    block->invite = flag_of(view.invitations);
    block->logged = flag_of(view.history);
    if (view.addin != NULL && !fill_addin(arena, block, view.addin)) {
        return NULL;
    }
    return block->uri.len == 0 || block->parent.len == 0 ? NULL : block;
}

struct xccos_category *describe_category(const struct sessions *hub,
                                         struct arena *arena,
                                         const struct category *category)
{
    struct xccos_category *block = arena_alloc(arena, sizeof(*block));
    struct category_view view;

    if (block == NULL) {
        return NULL;
    }
    view_category(category, &view);
    block->uri = category_uri(hub, arena, category);
    block->name = view.place.name;
    block->description = view.place.description;
    block->file_post = flag_of(view.file_upload);
    block->invite = flag_of(view.invitations);
    block->logged = flag_of(view.history);
    return block->uri.len == 0 ? NULL : block;
}

struct xccos_room *describe_room_uri(const struct sessions *hub,
                                     struct arena *arena,
                                     const struct guid *guid)
{
    struct xccos_room *block = arena_alloc(arena, sizeof(*block));

    if (block != NULL) {
        block->uri = hub_room_uri(hub, arena, guid);
    }
    return block == NULL || block->uri.len == 0 ? NULL : block;
}

/* What stands between "sip:" and "@". */
static struct slice login_of(struct slice uri)
{
    struct slice login = slice_after(uri, strlen("sip:"));
    const uint8_t *at =
        login.len == 0 ? NULL : memchr(login.data, '@', login.len);

    if (at != NULL) {
        login.len = (size_t)(at - login.data);
    }
    return login;
}

struct xccos_user *describe_user(struct arena *arena, const struct user *user)
{
    struct xccos_user *block = arena_alloc(arena, sizeof(*block));
    struct user_view view;

    if (block == NULL) {
        return NULL;
    }
    view_user(user, &view);
    block->uri = view.uri;
    block->name = login_of(view.uri);
    block->display_name = view.display_name;
    block->type = XCCOS_NUMBER(USER_TYPE);
    block->disabled = view.disabled ? XCCOS_FLAG_TRUE : XCCOS_FLAG_FALSE;
    return block;
}

struct xccos_user *describe_principal(const struct sessions *hub,
                                      struct arena *arena,
                                      const struct principal *principal)
{
    struct xccos_user *block;
    struct principal_view view;

    view_principal(principal, &view);
    if (!view.is_group) {
        return describe_user(arena,
                             query_user_numbered(hub->machine, view.number));
    }
    block = arena_alloc(arena, sizeof(*block));
    if (block != NULL) {
        block->uri = view.uri;
        block->display_name = view.display_name;
    }
    return block;
}

size_t describe_user_bytes_max(const struct xccos_user *user)
{
    return USER_MARKUP_BYTES + 2 * xccos_text_escaped_bytes(user->uri, true) +
           xccos_text_escaped_bytes(user->display_name, true);
}

enum xccos_role describe_role(unsigned roles)
{
    if ((roles & ROLE_MANAGER) != 0) {
        return XCCOS_ROLE_MANAGER;
    }
    return (roles & ROLE_PRESENTER) != 0 ? XCCOS_ROLE_PRESENTER
                                         : XCCOS_ROLE_MEMBER;
}

bool describe_is_large(const struct sessions *hub, uint32_t users_present)
{
    uint32_t max =
        machine_setting(hub->machine, SETTING_PARTICIPANTS_LISTED_MAX);

    return max > 0 && users_present > max;
}

size_t describe_bytes_max(const struct xccos_room *room)
{
    return ROOM_MARKUP_BYTES + xccos_text_escaped_bytes(room->name, true) +
           xccos_text_escaped_bytes(room->description, true) +
           xccos_text_escaped_bytes(room->topic, true) +
           xccos_text_escaped_bytes(room->addin_name, true) +
           xccos_text_escaped_bytes(room->addin_url, true);
}
