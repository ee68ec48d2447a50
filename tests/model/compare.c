#include "tests/model/compare.h"

#include <string.h>

#include "node/chat/access.h"
#include "node/chat/addins.h"
#include "node/chat/filters.h"
#include "node/chat/invited.h"
#include "node/chat/query.h"
#include "node/chat/view.h"
#include "tests/model/script.h"

/* Give up on the first difference, saying where it was seen. */
#define SAME(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            return #condition;                                                 \
        }                                                                      \
    } while (0)

static bool same_text(struct slice slice, const struct twin_text *text)
{
    return slice_equal(slice, slice_of(text->bytes, text->len));
}

static bool same_session(struct session_id a, struct session_id b)
{
    return a.node == b.node && a.epoch == b.epoch && a.serial == b.serial;
}

static const char *compare_event(const struct event *event,
                                 const struct event *twin)
{
    SAME(event->kind == twin->kind);
    SAME(event->leave == twin->leave);
    SAME(event->edge == twin->edge);
    SAME(event->again == twin->again);
    SAME(event->is_in == twin->is_in);
    SAME(event->group == twin->group);
    SAME(event->roles_before == twin->roles_before);
    SAME(event->roles == twin->roles);
    SAME(event->changed == twin->changed);
    SAME(event->room == twin->room);
    SAME(event->user == twin->user);
    SAME(event->position == twin->position);
    SAME(guid_compare(&event->guid, &twin->guid) == 0);
    SAME(event->message_id == twin->message_id);
    SAME(event->outcome == twin->outcome);
    SAME(same_session(event->session, twin->session));
    return NULL;
}

static const char *compare_message(const struct message *message,
                                   const struct message *twin)
{
    SAME(message->room == twin->room);
    SAME(message->message_id == twin->message_id);
    SAME(message->log_index == twin->log_index);
    SAME(message->sent_at_us == twin->sent_at_us);
    SAME(slice_equal(message->author_uri, twin->author_uri));
    SAME(slice_equal(message->display_name, twin->display_name));
    SAME(message->hidden == twin->hidden);
    SAME(message->post == twin->post);
    return NULL;
}

const char *compare_effects(const struct effects *effects,
                            const struct twin *twin)
{
    SAME(effects->sent_at_us == twin->now);
    SAME(effects->n_events == twin->n_events);
    for (size_t i = 0; i < twin->n_events; i++) {
        const char *difference =
            compare_event(&effects->events[i], &twin->events[i]);

        if (difference != NULL) {
            return difference;
        }
    }
    SAME(effects->revised.kind == twin->revised);
    SAME(effects->purged_room == twin->purged);
    SAME(effects->n_ids == twin->n_ids);
    for (size_t i = 0; i < twin->n_ids; i++) {
        SAME(effects->ids[i] == twin->ids[i]);
    }
    SAME(effects->has_message == twin->has_message);
    return twin->has_message
               ? compare_message(&effects->message, &twin->message)
               : NULL;
}

static const char *compare_pool(const struct machine *machine,
                                const struct twin *twin)
{
    struct pool_view view;
    uint64_t rooms = 0, roles = 0, sessions = 0, groups = 0, memberships = 0;
    uint64_t places = 0, principals = 0;

    for (uint32_t i = 1; i <= twin->n_places; i++) {
        places += !twin->places[i].gone;
        rooms += twin->places[i].is_room;
        for (uint32_t j = 1; j <= twin->n_users; j++) {
            roles += twin->places[i].roles[j] != 0;
        }
    }
    for (int i = 0; i < TWIN_SESSIONS; i++) {
        sessions += twin->sessions[i].open;
    }
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        principals += !twin->users[i].gone;
        groups += twin->users[i].is_group;
        for (uint32_t j = 1; j <= twin->n_users; j++) {
            memberships += twin->users[i].members[j];
        }
    }
    query_pool(machine, &view);
    SAME(view.rules_version == twin->rules);
    SAME(same_text(view.domain, &twin->domain));
    SAME(same_text(view.pool_uri, &twin->pool_uri));
    SAME(same_text(view.web_url, &twin->web_url));
    SAME(view.sent_at_us == twin->now);
    SAME(view.users == principals - groups);
    SAME(view.groups == groups);
    SAME(view.memberships == memberships);
    SAME(view.rooms == rooms);
    SAME(view.categories == places - rooms);
    SAME(view.roles == roles);
    SAME(view.sessions == sessions);
    for (int i = 0; i < SETTINGS; i++) {
        SAME(machine_setting(machine, (enum setting)i) == twin->settings[i]);
    }
    return NULL;
}

static const char *compare_owners(const struct machine *machine,
                                  const struct twin *twin)
{
    struct owner_view view;

    for (size_t i = 0; i < twin->n_owners; i++) {
        const struct twin_owner *owner = &twin->owners[i];

        SAME(query_owner(machine, i, &view));
        SAME(same_text(view.name, &owner->name));
        SAME(same_text(view.holder, &owner->holder));
        SAME(same_text(view.run, &owner->run));
        SAME(same_text(view.text, &owner->text));
        SAME(same_text(view.held, &owner->held));
        SAME(same_text(view.confirmed, &owner->confirmed));
        SAME((int)view.phase == owner->phase);
        SAME(view.lease_until_us == owner->lease_until);
        SAME(view.reported_at_us == owner->reported);
        SAME(view.done_at_us == owner->done);
        SAME(view.users == owner->users && view.groups == owner->groups);
        SAME(view.changes == owner->changes && view.leaving == owner->leaving);
    }
    SAME(!query_owner(machine, twin->n_owners, &view));
    return NULL;
}

static const char *compare_user(const struct machine *machine,
                                const struct twin *twin, uint32_t number)
{
    const struct twin_user *other = &twin->users[number];
    const struct user *user =
        query_user(machine, slice_of(other->uri.bytes, other->uri.len));
    struct user_view view;
    uint32_t sessions = 0;

    for (int i = 0; i < TWIN_SESSIONS; i++) {
        sessions += twin->sessions[i].open && twin->sessions[i].user == number;
    }
    SAME(user != NULL);
    view_user(user, &view);
    SAME(view.number == number);
    SAME(same_text(view.uri, &other->uri));
    SAME(same_text(view.display_name, &other->name));
    SAME(view.has_password == (other->ha1.len > 0));
    SAME(!view.has_password || view.ha1[1] - '0' == other->ha1.bytes[0] % 16);
    SAME((view.ha1_user[0] != '\0') == (other->ha1_user.len > 0));
    SAME(view.ha1_user[0] == '\0' ||
         view.ha1_user[1] - '0' == other->ha1_user.bytes[0] % 16);
    SAME(view.disabled == other->disabled);
    SAME((int)view.chat == other->chat);
    SAME(same_text(view.owner, &other->owner));
    SAME(query_chat_enabled(machine, user) == twin_chats(twin, number));
    SAME(view.version == other->version);
    SAME(view.created_at_us == other->created);
    SAME(view.changed_at_us == other->changed);
    SAME(view.sessions == sessions);
    return NULL;
}

static const char *compare_invited(const struct machine *machine,
                                   const struct twin *twin, uint32_t number)
{
    const struct user *user = query_user_numbered(machine, number);
    struct invitation list[TWIN_PLACES];
    uint64_t ids[TWIN_PLACES];
    size_t n = twin_invited(twin, number, 0, ids);

    SAME(invited_shown(user) == twin->users[number].shown);
    SAME(invited_list(machine, user, 0, list, TWIN_PLACES) == n);
    for (size_t i = 0; i < n; i++) {
        SAME(list[i].id == ids[i]);
    }
    return NULL;
}

static const char *compare_group(const struct machine *machine,
                                 const struct twin *twin, uint32_t number)
{
    const struct twin_user *other = &twin->users[number];
    const struct group *group =
        query_group(machine, slice_of(other->uri.bytes, other->uri.len));
    struct group_view view;
    uint32_t members = 0;

    for (uint32_t i = 1; i <= twin->n_users; i++) {
        members += other->members[i];
    }
    SAME(group != NULL);
    view_group(group, &view);
    SAME(view.number == number);
    SAME(same_text(view.uri, &other->uri));
    SAME(same_text(view.display_name, &other->name));
    SAME(view.version == other->version);
    SAME(view.members == members);
    SAME((int)view.chat == other->chat);
    SAME(same_text(view.owner, &other->owner));
    SAME(view.created_at_us == other->created);
    SAME(view.changed_at_us == other->changed);
    return NULL;
}

static const char *compare_place(const struct place_view *view,
                                 const struct twin_place *place)
{
    SAME(guid_compare(&view->guid, &place->guid) == 0);
    SAME(same_text(view->name, &place->name));
    SAME(same_text(view->description, &place->description));
    SAME(view->version == place->version);
    SAME(view->created_at_us == place->created);
    SAME(view->changed_at_us == place->changed);
    return NULL;
}

static const char *compare_roles(const struct machine *machine,
                                 const struct twin *twin, uint32_t number)
{
    const struct room *room = query_room_numbered(machine, number);

    for (uint32_t i = 1; i <= twin->n_users; i++) {
        const struct user *user = query_user_numbered(machine, i);
        const struct twin_text *uri = &twin->users[i].uri;

        if (twin->users[i].gone) {
            continue;
        }
        SAME(view_roles_own(
                 room,
                 query_principal(machine, slice_of(uri->bytes, uri->len))) ==
             twin->places[number].roles[i]);
        if (twin->users[i].is_group) {
            SAME(user == NULL);
            continue;
        }
        SAME(view_roles(room, user) == twin_roles(twin, number, i));
        SAME(access_enter(user, room) == twin_may(twin, i, number));
        SAME(access_post(user, room) == twin_may_post(twin, i, number));
    }
    return NULL;
}

static const char *compare_room(const struct machine *machine,
                                const struct twin *twin, uint32_t number)
{
    const struct twin_place *place = &twin->places[number];
    const struct room *room = query_room(machine, &place->guid);
    struct category_view category;
    struct room_view view;
    uint32_t endpoints = 0, users = 0;
    const char *difference;

    for (uint32_t user = 1; user <= twin->n_users; user++) {
        uint32_t before = endpoints;

        for (size_t i = 0; i < twin->n_present; i++) {
            endpoints += twin->present[i].room == number &&
                         twin->sessions[twin->present[i].session].user == user;
        }
        users += endpoints > before;
    }
    SAME(room != NULL && room == query_room_numbered(machine, number));
    view_room(room, &view);
    view_category(view.category, &category);
    SAME(category.place.number == place->category);
    SAME((view.addin == NULL) == (place->addin == 0));
    SAME(view.addin == NULL ||
         view.addin == addins_find(machine, &twin->addins[place->addin].guid));
    SAME(view.behavior == place->behavior);
    SAME(view.invitations_off == place->invitations_off);
    SAME(view.files_off == place->files_off);
    SAME(view.invitations == (!place->invitations_off &&
                              twin->places[place->category].invitations));
    SAME(view.history == !twin->places[place->category].history_off);
    SAME(view.visibility == place->visibility);
    SAME(view.disabled == place->disabled);
    SAME(view.has_retention == place->has_days);
    SAME(view.retention_days == twin_days(twin, number));
    SAME(view.cleared_upto == place->cleared);
    SAME(view.purged_upto == place->purged);
    SAME(view.swept_upto == place->swept);
    SAME(view.message_id_last == place->message_id);
    SAME(view.endpoints_present == endpoints);
    SAME(view.users_present == users);
    difference = compare_place(&view.place, place);
    return difference != NULL ? difference
                              : compare_roles(machine, twin, number);
}

static const char *compare_category(const struct machine *machine,
                                    const struct twin *twin, uint32_t number)
{
    const struct twin_place *place = &twin->places[number];
    const struct category *category = query_category(machine, &place->guid);
    struct category_view view;
    uint32_t rooms = 0;

    for (uint32_t i = 1; i <= twin->n_places; i++) {
        rooms += twin->places[i].is_room && twin->places[i].category == number;
    }
    SAME(category != NULL);
    SAME(query_room(machine, &place->guid) == NULL);
    view_category(category, &view);
    SAME(view.place.number == number);
    SAME(view.restricted == place->restricted);
    SAME(view.invitations == place->invitations);
    SAME(view.file_upload == place->file_upload);
    SAME(view.history == !place->history_off);
    SAME(view.retention_days == place->days);
    SAME(view.rooms == rooms);
    return compare_place(&view.place, place);
}

static const char *compare_addin(const struct machine *machine,
                                 const struct twin *twin, uint32_t number)
{
    const struct twin_addin *other = &twin->addins[number];
    const struct addin *addin = addins_find(machine, &other->guid);
    struct addin_view view;

    if (!other->is_there) { /* Another may have its guid by now. */
        return NULL;
    }
    SAME(addin != NULL);
    view_addin(addin, &view);
    SAME(view.number == number);
    SAME(same_text(view.name, &other->name));
    SAME(same_text(view.url, &other->url));
    SAME(view.version == other->version);
    SAME(view.created_at_us == other->created);
    SAME(view.changed_at_us == other->changed);
    return NULL;
}

static const char *compare_session(const struct machine *machine,
                                   const struct twin *twin, int number)
{
    const struct twin_session *other = &twin->sessions[number];
    struct session_id id = {(uint8_t)other->node,
                            twin->origins[other->node].epoch, other->serial};
    const struct session *session = query_session(machine, &id);
    struct session_view view;
    uint32_t rooms = 0;

    SAME(session != NULL);
    view_session(session, &view);
    SAME(same_session(view.id, id));
    SAME(view.user == query_user_numbered(machine, other->user));
    SAME(same_text(view.endpoint_id, &other->endpoint));
    SAME(view.opened_index == other->opened_index);
    SAME(view.opened_at_us == other->opened_at);
    for (size_t i = 0; i < twin->n_present; i++) {
        const struct twin_present *p = &twin->present[i];
        uint64_t index = 0;

        if (p->session == number) {
            rooms += 1;
            SAME(view_join_index(query_room_numbered(machine, p->room), session,
                                 &index));
            SAME(index == p->join_index);
        }
    }
    SAME(view.rooms == rooms);
    return NULL;
}

static const char *compare_endpoints(const struct machine *machine,
                                     const struct twin *twin, uint32_t user)
{
    for (unsigned i = 0; i < SCRIPT_ENDPOINTS; i++) {
        struct slice id = slice_of_text(script_endpoint(i));
        long memo = twin_memo(twin, &twin->endpoints, user, id.data, id.len);
        uint64_t index = 0;
        bool found = view_delivered(machine, query_user_numbered(machine, user),
                                    id, &index);

        SAME(found == (memo >= 0));
        SAME(!found || index == twin->endpoints.memo[memo].value);
    }
    return NULL;
}

static const char *compare_origin(const struct machine *machine,
                                  const struct twin *twin, int node)
{
    const struct twin_origin *origin = &twin->origins[node];
    struct node_view view = {0};
    struct applied applied;
    uint64_t number;

    SAME(query_node(machine, (uint8_t)node, &view) == origin->known);
    SAME(view.epoch == origin->epoch && view.number_last == origin->number);
    SAME(view.lost == origin->lost && view.rules_known == origin->rules);
    SAME(view.delivered_index == origin->delivered);
    SAME(view.admitted == origin->admitted && view.raft_id == origin->raft_id);
    SAME(query_may_rejoin(machine, (uint8_t)node) ==
         (twin->settings[SETTING_REJOIN_POLICY] == 0 || origin->admitted));
    number = view.number_last;
    SAME(!machine_outcome(machine, (uint8_t)node, number + 1, &applied));
    if (number == 0) {
        return NULL;
    }
    number = 1 + twin->entry->index % number; /* Any of them. */
    SAME(machine_outcome(machine, (uint8_t)node, number, &applied) ==
         (origin->number - number < OUTCOMES_KEPT));
    SAME(origin->number - number >= OUTCOMES_KEPT ||
         (applied.outcome == origin->outcomes[number].outcome &&
          applied.value == origin->outcomes[number].value));
    return NULL;
}

static const char *compare_principal(const struct machine *machine,
                                     const struct twin *twin, uint32_t number)
{
    const char *difference;

    if (twin->users[number].gone) {
        return NULL;
    }
    if (twin->users[number].is_group) {
        return compare_group(machine, twin, number);
    }
    difference = compare_user(machine, twin, number);
    if (difference == NULL) {
        difference = compare_invited(machine, twin, number);
    }
    if (difference == NULL) {
        difference = compare_endpoints(machine, twin, number);
    }
    return difference != NULL ? difference
                              : compare_attention(machine, twin, number);
}

static const char *compare_gone(const struct machine *machine,
                                const struct twin_place *place)
{
    struct tombstone_view view;

    SAME(query_room(machine, &place->guid) == NULL);
    SAME(query_category(machine, &place->guid) == NULL);
    SAME(query_tombstone(machine, &place->guid, &view));
    SAME(view.message_id_last == place->message_id);
    SAME(view.retention_days == place->days);
    SAME(view.purged_upto == place->purged && view.swept_upto == place->swept);
    return NULL;
}

static const char *compare_any_place(const struct machine *machine,
                                     const struct twin *twin, uint32_t number)
{
    const struct twin_place *place = &twin->places[number];

    if (place->gone) {
        return compare_gone(machine, place);
    }
    return place->is_room ? compare_room(machine, twin, number)
                          : compare_category(machine, twin, number);
}

/* Who is in the list is known by name, in whatever slot. */
static const char *compare_administrator(const struct machine *machine,
                                         const struct twin *twin, uint32_t slot)
{
    const struct twin_administrator *other = &twin->administrators[slot];
    struct administrator_view view;

    SAME(query_administrator(machine, slot, &view) == (other->roles != 0));
    SAME(other->roles == 0 ||
         (slice_equal(view.name, slice_of(other->name, other->len)) &&
          view.roles == other->roles));
    return NULL;
}

static const char *compare_filter(const struct machine *machine,
                                  const struct twin *twin, uint32_t slot)
{
    const struct filter *filter = filters_at(machine, slot);
    const struct twin_filter *other = &twin->filters[slot];
    struct filter_view view;

    SAME((filter != NULL) == other->exists);
    if (filter == NULL) {
        return NULL;
    }
    filters_view(filter, &view);
    SAME(view.slot == slot && view.version == other->version);
    SAME(same_text(view.name, &other->name));
    SAME(same_text(view.notice, &other->notice));
    SAME((int)view.action == other->action);
    SAME(view.disabled == other->disabled);
    SAME(view.created_at_us == other->created);
    SAME(view.changed_at_us == other->changed);
    SAME(view.n_expressions == other->n_expressions);
    SAME(view.n_categories == other->n_categories);
    for (uint32_t i = 0; i < view.n_expressions; i++) {
        SAME(same_text(filters_expression(filter, i), &other->expressions[i]));
    }
    for (uint32_t i = 0; i < view.n_categories; i++) {
        SAME(guid_compare(&view.categories[i], &other->categories[i]) == 0);
    }
    return NULL;
}

#define EACH(first, last, call)                                                \
    for (uint32_t i = first; i <= last; i++) {                                 \
        const char *difference = call;                                         \
                                                                               \
        if (difference != NULL) {                                              \
            return difference;                                                 \
        }                                                                      \
    }

const char *compare_state(const struct machine *machine,
                          const struct twin *twin)
{
    const char *pool = compare_pool(machine, twin);

    if (pool != NULL) {
        return pool;
    }
    EACH(1, twin->n_users, compare_principal(machine, twin, i))
    EACH(1, twin->n_places, compare_any_place(machine, twin, i))
    pool = compare_owners(machine, twin);
    if (pool != NULL) {
        return pool;
    }
    EACH(1, twin->n_addins, compare_addin(machine, twin, i))
    EACH(0, ADMINISTRATORS_MAX - 1, compare_administrator(machine, twin, i))
    EACH(0, FILTERS_MAX - 1, compare_filter(machine, twin, i))
    EACH(0, TWIN_SESSIONS - 1,
         twin->sessions[i].open ? compare_session(machine, twin, (int)i) : NULL)
    EACH(1, TWIN_NODES - 1, compare_origin(machine, twin, (int)i))
    return NULL;
}
