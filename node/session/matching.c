#include "node/session/matching.h"

#include "node/chat/access.h"
#include "node/chat/addins.h"
#include "node/chat/invited.h"
#include "node/chat/list.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"

static bool is_by_text(enum xccos_search search)
{
    switch (search) {
    case XCCOS_SEARCH_BYCATEGORY:
    case XCCOS_SEARCH_BYMEMBER:
    case XCCOS_SEARCH_BYMANAGER:
    case XCCOS_SEARCH_BYJOINED:
        return false;
    default:
        return true;
    }
}

void matching_init(struct matching *matching, struct sessions *hub,
                   struct arena *arena, const struct xccos_room_query *query)
{
    struct buffer folded = BUFFER_EMPTY;

    *matching = (struct matching){.hub = hub, .query = query};
    if (is_by_text(query->search)) {
        folding_text(query->criteria, &folded);
        matching->n_words = folding_words(
            arena_copy_slice(arena, buffer_slice(&folded)),
            query->exact == XCCOS_FLAG_TRUE, matching->words, SEARCH_WORDS_MAX);
        buffer_deinit(&folded);
    }
}

static const struct category *named(const struct sessions *hub,
                                    struct slice uri)
{
    struct xccos_name name;

    return xccos_category_uri_read(uri, &name) == ERROR_NONE &&
                   hub_is_ours(hub, &name)
               ? query_category(hub->machine, &name.guid)
               : NULL;
}

/* By name or guid. */
static const struct addin *find_addin(const struct machine *machine,
                                      struct slice named)
{
    struct guid guid;

    return guid_read(named, &guid) == ERROR_NONE ? addins_find(machine, &guid)
                                                 : addins_named(machine, named);
}

bool matching_look_up(struct matching *matching, const struct user *user)
{
    const struct xccos_room_query *query = matching->query;
    struct slice uri = query->category_uri;

    matching->user = user;
    matching->other = NULL;
    if (query->search == XCCOS_SEARCH_BYCATEGORY && uri.len == 0) {
        uri = query->criteria;
    } else if (!is_by_text(query->search)) {
        matching->other = query_user(matching->hub->machine, query->criteria);
    }
    matching->category = uri.len == 0 ? NULL : named(matching->hub, uri);
    matching->addin = find_addin(matching->hub->machine, query->addin);
    return (uri.len == 0 || matching->category != NULL) &&
           (query->addin.len == 0 || matching->addin != NULL);
}

static bool has_words(struct matching *matching, const struct room_view *view)
{
    const struct folding_room room = {view->place.number, view->place.version,
                                      view->place.name,
                                      view->place.description};
    bool all = matching->query->match_all != XCCOS_FLAG_FALSE;
    bool extended = matching->query->extended == XCCOS_FLAG_TRUE;

    for (size_t i = 0; i < matching->n_words; i++) {
        bool has = folding_has(&matching->hub->folding, &room,
                               matching->words[i], extended);

        if (has != all) {
            return has;
        }
    }
    return all || matching->n_words == 0;
}

struct being_in {
    const struct room *room;
    bool is_so;
};

static bool look_for_room(void *context, const struct session *session)
{
    struct being_in *being_in = context;
    uint64_t join_index;

    being_in->is_so = view_join_index(being_in->room, session, &join_index);
    return !being_in->is_so;
}

static bool is_in(const struct room *room, const struct user *user)
{
    struct being_in being_in = {room, false};

    list_sessions_of(user, look_for_room, &being_in);
    return being_in.is_so;
}

static bool has_role(const struct room *room, const struct user *user,
                     unsigned role)
{
    return user != NULL && (view_roles(room, user) & role) != 0;
}

static bool has_people(const struct matching *matching, const struct room *room)
{
    switch (matching->query->search) {
    case XCCOS_SEARCH_BYMEMBER:
        return has_role(room, matching->other, ROLE_MEMBER);
    case XCCOS_SEARCH_BYMANAGER:
        return has_role(room, matching->other, ROLE_MANAGER);
    case XCCOS_SEARCH_BYJOINED:
        return matching->other != NULL && is_in(room, matching->other);
    case XCCOS_SEARCH_MINE:
        return has_role(room, matching->user, ROLE_MEMBER);
    case XCCOS_SEARCH_MANAGED:
        return has_role(room, matching->user, ROLE_MANAGER);
    case XCCOS_SEARCH_INVITED:
        return invited_to(matching->hub->machine, matching->user, room);
    default:
        return true;
    }
}

static bool is_of_kind(const struct matching *matching,
                       const struct room_view *view)
{
    const struct xccos_room_query *query = matching->query;

    return (query->privacy == XCCOS_VISIBILITY_UNSET ||
            query->privacy == describe_visibility(view->visibility)) &&
           (query->behavior == XCCOS_BEHAVIOR_UNSET ||
            query->behavior == describe_behavior(view->behavior)) &&
           (query->invite == XCCOS_FLAG_UNSET ||
            (query->invite == XCCOS_FLAG_TRUE) == view->invitations) &&
           (matching->addin == NULL || view->addin == matching->addin) &&
           (matching->category == NULL || view->category == matching->category);
}

static bool is_shown(const struct matching *matching, const struct room *room)
{
    enum outcome outcome = access_find(matching->user, room);

    if (matching->query->disabled != XCCOS_FLAG_TRUE) {
        return outcome == OUTCOME_DONE;
    }
    return outcome == OUTCOME_ROOM_DISABLED &&
           has_role(room, matching->user, ROLE_MANAGER);
}

bool matching_wants(struct matching *matching, const struct room *room)
{
    struct room_view view;

    if (!is_shown(matching, room)) {
        return false;
    }
    view_room(room, &view);
    return is_of_kind(matching, &view) && has_people(matching, room) &&
           has_words(matching, &view);
}
