#include "tests/model/twin.h"

#include <string.h>

#include "proto/base/check.h"

static bool starts_with(ProtobufCBinaryData uri, const char *kind)
{
    size_t len = strlen(kind);

    return uri.len > len && twin_same_nocase(uri.data, len, kind, len);
}

static bool is_group_uri(ProtobufCBinaryData uri)
{
    return uri.len <= 1024 &&
           (starts_with(uri, "group:") || starts_with(uri, "unit:") ||
            starts_with(uri, "site:")) &&
           twin_check_line(uri, OUTCOME_DONE) == OUTCOME_DONE &&
           twin_characters(uri) >= 0;
}

uint32_t twin_principal(const struct twin *twin, ProtobufCBinaryData uri)
{
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        if (!twin->users[i].gone &&
            twin_same_nocase(uri.data, uri.len, twin->users[i].uri.bytes,
                             twin->users[i].uri.len)) {
            return i;
        }
    }
    return 0;
}

/* Add whoever holds one that is held, until nobody is added. */
void twin_above(const struct twin *twin, uint32_t principal,
                bool above[TWIN_USERS + 1])
{
    bool more = true;

    memset(above, 0, TWIN_USERS + 1);
    above[principal] = true;
    while (more) {
        more = false;
        for (uint32_t g = 1; g <= twin->n_users; g++) {
            for (uint32_t m = 1; twin->users[g].is_group && m <= twin->n_users;
                 m++) {
                if (!above[g] && above[m] && twin->users[g].members[m]) {
                    above[g] = true;
                    more = true;
                }
            }
        }
    }
}

unsigned twin_roles(const struct twin *twin, uint32_t place, uint32_t principal)
{
    bool above[TWIN_USERS + 1];
    unsigned roles = 0;

    twin_above(twin, principal, above);
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        roles |= above[i] ? twin->places[place].roles[i] : 0;
    }
    return roles;
}

bool twin_in_scope(const struct twin *twin, uint32_t category,
                   uint32_t principal)
{
    const struct twin_place *place = &twin->places[category];
    unsigned roles = twin_roles(twin, category, principal);

    if (roles & ROLE_DENIED) {
        return false;
    }
    return place->restricted ? (roles & ROLE_ALLOWED) != 0 : true;
}

enum outcome twin_check_names(struct twin *twin, size_t n,
                              const ProtobufCBinaryData *names)
{
    if (n > 1024) {
        return OUTCOME_ROLES_TOO_MANY;
    }
    for (size_t i = 0; i < n; i++) {
        if (twin_principal(twin, names[i]) == 0) {
            twin->value += i;
            return twin->rules > 1 && is_group_uri(names[i])
                       ? OUTCOME_GROUP_UNKNOWN
                       : OUTCOME_USER_UNKNOWN;
        }
    }
    twin->value += n;
    return OUTCOME_DONE;
}

struct members {
    size_t n;
    ProtobufCBinaryData *uris;
    bool is_in;
};

static enum outcome check_members(struct twin *twin, uint32_t group,
                                  const struct members *lists, int n)
{
    uint64_t added = 0, there = 0;

    twin->value = 0;
    for (int i = 0; i < n; i++) {
        enum outcome outcome =
            twin_check_names(twin, lists[i].n, lists[i].uris);

        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        for (size_t j = 0; lists[i].is_in && j < lists[i].n; j++) {
            added += group == 0 ||
                     !twin->users[group]
                          .members[twin_principal(twin, lists[i].uris[j])];
        }
    }
    twin->value = 0;
    for (uint32_t i = 1; group != 0 && i <= twin->n_users; i++) {
        there += twin->users[group].members[i];
    }
    return added > 0 &&
                   there + added > twin->settings[SETTING_GROUP_MEMBERS_MAX]
               ? OUTCOME_GROUP_MEMBERS_FULL
               : OUTCOME_DONE;
}

bool twin_chats(const struct twin *twin, uint32_t user)
{
    bool above[TWIN_USERS + 1], enabled = false, disabled = false;

    if (twin->users[user].chat != 0) {
        return twin->users[user].chat == 1;
    }
    twin_above(twin, user, above);
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        enabled = enabled || (above[i] && twin->users[i].chat == 1);
        disabled = disabled || (above[i] && twin->users[i].chat == 2);
    }
    if (disabled) {
        return false;
    }
    return enabled || twin->settings[SETTING_CHAT_ENABLED] == 1;
}

void twin_enforce(struct twin *twin, const bool *moved)
{
    for (uint32_t user = 1; user <= twin->n_users; user++) {
        bool above[TWIN_USERS + 1], touched = false;

        twin_above(twin, user, above);
        for (uint32_t i = 1; i <= twin->n_users; i++) {
            touched = touched || moved == NULL || (above[i] && moved[i]);
        }
        if (!touched || twin->users[user].is_group || twin->users[user].gone) {
            continue;
        }
        if (twin_chats(twin, user)) {
            twin_put_out_user(twin, user);
        } else {
            twin_end_all(twin, user, 0, LEAVE_NOT_ENABLED);
        }
    }
}

static bool apply_members(struct twin *twin, uint32_t group,
                          const struct members *lists, int n)
{
    bool moved[TWIN_USERS + 1] = {false}, changed = false;

    for (int i = 0; i < n; i++) {
        for (size_t j = 0; j < lists[i].n; j++) {
            uint32_t member = twin_principal(twin, lists[i].uris[j]);
            bool *is_in = &twin->users[group].members[member];
            struct event *event;

            if (*is_in == lists[i].is_in) {
                continue;
            }
            *is_in = lists[i].is_in;
            twin->users[group].since[member] = twin_since(twin);
            moved[member] = changed = true;
            event = twin_event(twin, EVENT_MEMBERSHIP_CHANGED);
            event->group = group;
            event->user = member;
            event->is_in = *is_in;
        }
    }
    twin_enforce(twin, moved);
    return changed;
}

enum outcome twin_group_create(struct twin *twin, const Perch__GroupCreate *c)
{
    const struct members members = {c->n_members, c->members, true};
    enum outcome outcome;
    struct twin_user *group;
    uint32_t groups = 0;

    if (!is_group_uri(c->uri)) {
        return OUTCOME_GROUP_URI_INVALID;
    }
    if (twin_principal(twin, c->uri) != 0) {
        return OUTCOME_GROUP_EXISTS;
    }
    outcome = c->has_display_name
                  ? twin_check_line(c->display_name, OUTCOME_NAME_TOO_LONG)
                  : OUTCOME_DONE;
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_chat && ((int)c->chat < 0 || (int)c->chat > 2)) {
        return OUTCOME_CHAT_POLICY_INVALID;
    }
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        groups += twin->users[i].is_group;
    }
    if (groups >= twin->settings[SETTING_GROUPS_MAX]) {
        return OUTCOME_GROUPS_FULL;
    }
    outcome = check_members(twin, 0, &members, 1);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    group = &twin->users[++twin->n_users];
    CHECK(twin->n_users <= TWIN_USERS);
    group->is_group = true;
    group->chat = (int)c->chat;
    twin_copy(&group->uri, c->uri, true);
    twin_copy(&group->name, c->display_name, false);
    group->version = 1;
    group->created = group->changed = twin->now;
    twin_event(twin, EVENT_GROUP_CREATED)->group = twin->n_users;
    apply_members(twin, twin->n_users, &members, 1);
    twin->value = twin->n_users;
    return OUTCOME_DONE;
}

static enum outcome check_change(struct twin *twin, uint32_t number,
                                 const Perch__GroupChange *c,
                                 const struct members *lists)
{
    enum outcome outcome = OUTCOME_DONE;

    if (number == 0 || !twin->users[number].is_group) {
        return OUTCOME_GROUP_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != twin->users[number].version) {
        return OUTCOME_VERSION_STALE;
    }
    if (c->has_display_name) {
        outcome = twin_check_line(c->display_name, OUTCOME_NAME_TOO_LONG);
    }
    if (outcome == OUTCOME_DONE && c->has_chat &&
        ((int)c->chat < 0 || (int)c->chat > 2)) {
        outcome = OUTCOME_CHAT_POLICY_INVALID;
    }
    return outcome == OUTCOME_DONE ? check_members(twin, number, lists, 2)
                                   : outcome;
}

enum outcome twin_group_change(struct twin *twin, const Perch__GroupChange *c)
{
    const struct members lists[] = {
        {c->n_members_remove, c->members_remove, false},
        {c->n_members_add, c->members_add, true}};
    uint32_t number = twin_principal(twin, c->uri);
    struct twin_user *group = &twin->users[number];
    enum outcome outcome = check_change(twin, number, c, lists);
    unsigned changed = 0;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_display_name &&
        !twin_same(c->display_name.data, c->display_name.len, group->name.bytes,
                   group->name.len)) {
        twin_copy(&group->name, c->display_name, false);
        changed |= CHANGED_NAME;
    }
    if (c->has_chat && (int)c->chat != group->chat) {
        group->chat = (int)c->chat;
        changed |= CHANGED_POLICY;
    }
    if (apply_members(twin, number, lists, 2)) {
        changed |= CHANGED_MEMBERS;
    }
    if (changed & CHANGED_POLICY) {
        bool self[TWIN_USERS + 1] = {false};

        self[number] = true;
        twin_enforce(twin, self);
    }
    if (changed != 0) {
        struct event *event = twin_event(twin, EVENT_GROUP_CHANGED);

        event->group = number;
        event->changed = (uint16_t)changed;
        group->version++;
        group->changed = twin->now;
    }
    twin->value = group->version;
    return OUTCOME_DONE;
}
