#include "tests/model/twin.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"

/* The ranges of the settings, written again. */
static bool in_range(uint32_t setting, uint32_t value)
{
    switch (setting) {
    case SETTING_PARTICIPANTS_LISTED_MAX:
        return value <= 1000000;
    case SETTING_REJOIN_POLICY:
    case SETTING_CHAT_ENABLED:
        return value <= 1;
    case SETTING_HISTORY_DEFAULT:
        return value >= 1 && value <= 500;
    case SETTING_CORRECTION_WINDOW_S:
        return value <= 31536000;
    case SETTING_MESSAGE_CHARACTERS_MAX:
    case SETTING_STORY_CHARACTERS_MAX:
    case SETTING_SESSION_ROOMS_MAX:
    case SETTING_USER_SESSIONS_MAX:
        return value >= 1 && value <= 65536;
    case SETTING_RETRY_WINDOW_S:
        return value >= 1 && value <= 86400;
    case SETTING_RETRIES_MAX:
    case SETTING_ENDPOINTS_MAX:
    case SETTING_FILE_KIB_MAX:
        return value >= 1 && value <= 1048576;
    case SETTING_JOIN_ROOMS_MAX:
        return value >= 1 && value <= 1024;
    case SETTING_CATEGORIES_MAX:
    case SETTING_HOLDS_MAX:
        return value >= 1 && value <= 1000000;
    case SETTING_ADDINS_MAX:
        return value >= 1 && value <= 10000;
    case SETTING_ARCHIVE_INLINE_BYTES_MAX:
        return value <= 60000;
    case SETTING_ARCHIVE_CHECKPOINT_S:
        return value >= 1 && value <= 5;
    case SETTING_ARCHIVE_HEARTBEAT_S:
        return value >= 5 && value <= 3600;
    case SETTING_ARCHIVE_BEHIND_RECORDS:
        return value >= 100 && value <= 10000000;
    case SETTING_ARCHIVE_CANARY_S:
    case SETTING_ARCHIVE_BEHIND_S:
        return value >= 10 && value <= 86400;
    default:
        return value >= 1 && value <= 10000000;
    }
}

static bool has_fixed_domain(const struct twin *twin)
{
    uint32_t people = 0;

    for (uint32_t i = 1; i <= twin->n_users; i++) {
        people += !twin->users[i].is_group && !twin->users[i].gone;
    }
    return twin->domain.len > 0 &&
           (twin->n_places > 0 || (twin->rules > 1 && people > 0));
}

static enum outcome check_pool(struct twin *twin, const Perch__PoolPut *c)
{
    if (c->has_domain) {
        if (!twin_is_domain((const char *)c->domain.data, c->domain.len)) {
            return OUTCOME_DOMAIN_INVALID;
        }
        if (has_fixed_domain(twin) &&
            !twin_same_nocase(c->domain.data, c->domain.len, twin->domain.bytes,
                              twin->domain.len)) {
            return OUTCOME_DOMAIN_FIXED;
        }
    }
    if (c->has_pool_uri && !twin_is_sip(c->pool_uri)) {
        return OUTCOME_POOL_URI_INVALID;
    }
    if (c->web_url.len > 0 && !twin_is_web_url(c->web_url)) {
        return OUTCOME_WEB_URL_INVALID;
    }
    for (size_t i = 0; i < c->n_settings; i++) {
        twin->value = i;
        if (!c->settings[i]->has_number ||
            c->settings[i]->number >= (twin->rules < 2   ? 15
                                       : twin->rules < 3 ? 18
                                       : twin->rules < 4 ? 23
                                                         : SETTINGS)) {
            return OUTCOME_SETTING_UNKNOWN;
        }
        if (!in_range(c->settings[i]->number, c->settings[i]->value)) {
            return OUTCOME_SETTING_OUT_OF_RANGE;
        }
    }
    twin->value = 0;
    return OUTCOME_DONE;
}

enum outcome twin_pool_put(struct twin *twin, const Perch__PoolPut *c)
{
    enum outcome outcome = check_pool(twin, c);
    uint32_t before = twin->settings[SETTING_CHAT_ENABLED];

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_pool_uri) {
        twin_copy(&twin->pool_uri, c->pool_uri, false);
    }
    if (c->has_web_url) {
        twin_copy(&twin->web_url, c->web_url, false);
    }
    if (c->has_domain && !has_fixed_domain(twin)) {
        twin_copy(&twin->domain, c->domain, true);
        if (twin->pool_uri.len == 0) {
            twin->pool_uri.len =
                (size_t)snprintf(twin->pool_uri.bytes, TWIN_TEXT,
                                 "sip:GC-1-PersistentChatService-1@%.*s",
                                 (int)twin->domain.len, twin->domain.bytes);
        }
    }
    for (size_t i = 0; i < c->n_settings; i++) {
        twin->settings[c->settings[i]->number] = c->settings[i]->value;
    }
    if (before == 1 && twin->settings[SETTING_CHAT_ENABLED] == 0) {
        twin_enforce(twin, NULL);
    }
    twin_event(twin, EVENT_POOL_CHANGED);
    return OUTCOME_DONE;
}

static bool is_guid(ProtobufCBinaryData guid)
{
    static const uint8_t nil[16];

    return guid.len == 16 && memcmp(guid.data, nil, 16) != 0;
}

uint32_t twin_place(const struct twin *twin, ProtobufCBinaryData guid,
                    bool room)
{
    for (uint32_t i = 1; i <= twin->n_places; i++) {
        if (!twin->places[i].gone && twin->places[i].is_room == room &&
            twin_same(guid.data, guid.len, twin->places[i].guid.bytes, 16)) {
            return i;
        }
    }
    return 0;
}

static enum outcome check_texts(const struct twin *twin, uint32_t self,
                                bool has_name, ProtobufCBinaryData name,
                                bool has_description,
                                ProtobufCBinaryData description)
{
    enum outcome outcome;
    size_t blanks = 0;

    if (has_name) {
        outcome = twin_check_line(name, OUTCOME_NAME_TOO_LONG);
        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        for (size_t i = 0; i < name.len; i++) {
            blanks += name.data[i] == ' ';
        }
        if (blanks == name.len) {
            return OUTCOME_NAME_EMPTY;
        }
        for (uint32_t i = 1; i <= twin->n_places; i++) {
            if (i != self && !twin->places[i].gone &&
                twin_same_nocase(name.data, name.len,
                                 twin->places[i].name.bytes,
                                 twin->places[i].name.len)) {
                return OUTCOME_NAME_TAKEN;
            }
        }
    }
    return has_description
               ? twin_check_line(description, OUTCOME_DESCRIPTION_TOO_LONG)
               : OUTCOME_DONE;
}

static enum outcome check_new(const struct twin *twin, ProtobufCBinaryData guid,
                              ProtobufCBinaryData name,
                              ProtobufCBinaryData description)
{
    if (twin->domain.len == 0) {
        return OUTCOME_POOL_NOT_SET;
    }
    if (!is_guid(guid)) {
        return OUTCOME_GUID_INVALID;
    }
    for (uint32_t i = 1; i <= twin->n_places; i++) {
        if (memcmp(guid.data, twin->places[i].guid.bytes, 16) == 0) {
            return OUTCOME_GUID_TAKEN; /* Also of one that is gone. */
        }
    }
    return check_texts(twin, 0, true, name, true, description);
}

static struct twin_place *add_place(struct twin *twin, ProtobufCBinaryData guid,
                                    ProtobufCBinaryData name,
                                    ProtobufCBinaryData description)
{
    struct twin_place *place = &twin->places[++twin->n_places];

    CHECK(twin->n_places <= TWIN_PLACES);
    memcpy(place->guid.bytes, guid.data, 16);
    twin_copy(&place->name, name, false);
    twin_copy(&place->description, description, false);
    place->version = 1;
    place->created = place->changed = twin->now;
    twin->value = twin->n_places;
    return place;
}

static void tell_place(struct twin *twin, uint32_t number, enum event_kind kind,
                       unsigned changed)
{
    struct event *event = twin_event(twin, kind);

    event->room = number;
    event->guid = twin->places[number].guid;
    event->changed = (uint16_t)changed;
}

static uint32_t count(const struct twin *twin, bool rooms)
{
    uint32_t n = 0;

    for (uint32_t i = 1; i <= twin->n_places; i++) {
        n += twin->places[i].is_room == rooms && !twin->places[i].gone;
    }
    return n;
}

struct list {
    size_t n;
    ProtobufCBinaryData *users;
    unsigned role;
    bool removes;
};

static enum outcome check_lists(struct twin *twin, uint32_t room,
                                const struct list *lists, int n)
{
    uint64_t roles = 0, added = 0;

    twin->value = 0;
    for (int i = 0; i < n; i++) {
        enum outcome outcome =
            twin_check_names(twin, lists[i].n, lists[i].users);

        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        for (size_t j = 0; !lists[i].removes && j < lists[i].n; j++) {
            uint32_t who = twin_principal(twin, lists[i].users[j]);

            added += room == 0 || twin->places[room].roles[who] == 0;
        }
    }
    twin->value = 0;
    for (uint32_t i = 1; room != 0 && i <= twin->n_users; i++) {
        roles += twin->places[room].roles[i] != 0;
    }
    return added > 0 && roles + added > twin->settings[SETTING_ROOM_ROLES_MAX]
               ? OUTCOME_ROOM_ROLES_FULL
               : OUTCOME_DONE;
}

/* Whoever is given a role must be one the category allows. */
static enum outcome check_scope(struct twin *twin, uint32_t category,
                                const struct list *lists, int n)
{
    uint64_t position = 0;

    for (int i = 0; i < n; i++) {
        for (size_t j = 0; j < lists[i].n; j++, position++) {
            uint32_t who = twin_principal(twin, lists[i].users[j]);

            if (!lists[i].removes && !twin_in_scope(twin, category, who)) {
                twin->value = position;
                return OUTCOME_PRINCIPAL_OUT_OF_SCOPE;
            }
        }
    }
    return OUTCOME_DONE;
}

static bool becomes_member(const struct twin *twin, const struct list *lists,
                           int n, uint32_t who)
{
    for (int i = 0; i < n; i++) {
        for (size_t j = 0; j < lists[i].n; j++) {
            if (lists[i].role == ROLE_MEMBER && !lists[i].removes &&
                twin_principal(twin, lists[i].users[j]) == who) {
                return true;
            }
        }
    }
    return false;
}

/* Presenters are of auditoriums, and members of them unless they are open. */
static enum outcome check_presenters(struct twin *twin, uint32_t room,
                                     int visibility, int behavior,
                                     const struct list *lists, int n)
{
    uint64_t position = 0;

    for (int i = 0; i < n; i++) {
        for (size_t j = 0; j < lists[i].n; j++, position++) {
            uint32_t who = twin_principal(twin, lists[i].users[j]);

            if (lists[i].role != ROLE_PRESENTER || lists[i].removes) {
                continue;
            }
            twin->value = position;
            if (behavior != 5) {
                return OUTCOME_NOT_AN_AUDITORIUM;
            }
            if (visibility != 6 && !becomes_member(twin, lists, n, who) &&
                (room == 0 ||
                 (twin_roles(twin, room, who) & ROLE_MEMBER) == 0)) {
                return OUTCOME_PRESENTER_NOT_MEMBER;
            }
            twin->value = 0;
        }
    }
    return OUTCOME_DONE;
}

static bool is_visibility(const struct twin *twin, int visibility)
{
    return visibility == 3 || visibility == 6 ||
           (visibility == 2 && twin->rules > 1);
}

static bool apply_lists(struct twin *twin, uint32_t room,
                        const struct list *lists, int n)
{
    bool changed = false;

    for (int i = 0; i < n; i++) {
        for (size_t j = 0; j < lists[i].n; j++) {
            uint32_t user = twin_principal(twin, lists[i].users[j]);
            unsigned *roles = &twin->places[room].roles[user];
            unsigned before = *roles;
            struct event *event;

            *roles = lists[i].removes ? before & ~lists[i].role
                                      : before | lists[i].role;
            if (*roles == before) {
                continue;
            }
            changed = true;
            if ((*roles & ROLE_MEMBER) == 0) {
                twin->places[room].invited[user] = 0;
            } else if ((before & ROLE_MEMBER) == 0 && twin->rules >= 3 &&
                       twin->places[room].is_room && twin_invites(twin, room)) {
                twin->places[room].invited[user] = twin_since(twin);
            }
            event = twin_event(twin, EVENT_ROLE_CHANGED);
            event->room = room;
            event->guid = twin->places[room].guid;
            event->user = user;
            event->roles_before = (uint8_t)before;
            event->roles = (uint8_t)*roles;
        }
    }
    return changed;
}

/* By user number, then node, then serial. */
static bool comes_before(const struct twin *twin, size_t a, size_t b)
{
    const struct twin_session *x = &twin->sessions[twin->present[a].session];
    const struct twin_session *y = &twin->sessions[twin->present[b].session];

    if (x->user != y->user) {
        return x->user < y->user;
    }
    return x->node != y->node ? x->node < y->node : x->serial < y->serial;
}

/* Put out one after the other, the first in order each time. */
void twin_put_out(struct twin *twin, uint32_t room)
{
    for (;;) {
        size_t first = twin->n_present;
        enum outcome reason;

        for (size_t i = 0; i < twin->n_present; i++) {
            uint32_t user = twin->sessions[twin->present[i].session].user;

            if (twin->present[i].room == room &&
                twin_may(twin, user, room) != OUTCOME_DONE &&
                (first == twin->n_present || comes_before(twin, i, first))) {
                first = i;
            }
        }
        if (first == twin->n_present) {
            return;
        }
        reason = twin_may(
            twin, twin->sessions[twin->present[first].session].user, room);
        twin_leave(twin, first,
                   reason == OUTCOME_ROOM_DISABLED ? LEAVE_ROOM_DISABLED
                                                   : LEAVE_EVICTED);
    }
}

enum outcome twin_category_create(struct twin *twin,
                                  const Perch__CategoryCreate *c)
{
    const struct list lists[] = {
        {c->n_allowed, c->allowed, ROLE_ALLOWED, false},
        {c->n_denied, c->denied, ROLE_DENIED, false},
        {c->n_creators, c->creators, ROLE_CREATOR, false}};
    enum outcome outcome =
        check_new(twin, c->category, c->name, c->description);
    struct twin_place *place;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (count(twin, false) >= twin->settings[SETTING_CATEGORIES_MAX]) {
        return OUTCOME_CATEGORIES_FULL;
    }
    outcome = check_lists(twin, 0, lists, 3);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    place = add_place(twin, c->category, c->name, c->description);
    place->restricted = c->has_everyone ? !c->everyone : c->n_allowed != 0;
    place->invitations = c->invitations;
    place->file_upload = c->file_upload;
    place->history_off = c->has_history ? !c->history : false;
    tell_place(twin, twin->n_places, EVENT_CATEGORY_CREATED, 0);
    apply_lists(twin, twin->n_places, lists, 3);
    return OUTCOME_DONE;
}

static unsigned put_texts(struct twin_place *place, bool has_name,
                          ProtobufCBinaryData name, bool has_description,
                          ProtobufCBinaryData description)
{
    unsigned changed = 0;

    if (has_name &&
        !twin_same(name.data, name.len, place->name.bytes, place->name.len)) {
        twin_copy(&place->name, name, false);
        changed |= CHANGED_NAME;
    }
    if (has_description &&
        !twin_same(description.data, description.len, place->description.bytes,
                   place->description.len)) {
        twin_copy(&place->description, description, false);
        changed |= CHANGED_DESCRIPTION;
    }
    return changed;
}

enum outcome twin_category_change(struct twin *twin,
                                  const Perch__CategoryChange *c)
{
    const struct list lists[] = {
        {c->n_allowed_remove, c->allowed_remove, ROLE_ALLOWED, true},
        {c->n_denied_remove, c->denied_remove, ROLE_DENIED, true},
        {c->n_creators_remove, c->creators_remove, ROLE_CREATOR, true},
        {c->n_allowed_add, c->allowed_add, ROLE_ALLOWED, false},
        {c->n_denied_add, c->denied_add, ROLE_DENIED, false},
        {c->n_creators_add, c->creators_add, ROLE_CREATOR, false}};
    uint32_t number = twin_place(twin, c->category, false);
    struct twin_place *place = &twin->places[number];
    bool before = place->restricted;
    enum outcome outcome;
    unsigned changed;

    if (number == 0) {
        return OUTCOME_CATEGORY_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != place->version) {
        return OUTCOME_VERSION_STALE;
    }
    outcome = check_texts(twin, number, c->has_name, c->name,
                          c->has_description, c->description);
    if (outcome == OUTCOME_DONE) {
        outcome = check_lists(twin, number, lists, 6);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    changed = put_texts(place, c->has_name, c->name, c->has_description,
                        c->description);
    if (c->n_allowed_add != 0) {
        place->restricted = true;
    }
    if (c->has_everyone) {
        place->restricted = !c->everyone;
    }
    changed |= before != place->restricted ? CHANGED_SCOPE : 0;
    if ((c->has_invitations && c->invitations != place->invitations) ||
        (c->has_file_upload && c->file_upload != place->file_upload) ||
        (c->has_history && c->history == place->history_off)) {
        changed |= CHANGED_SWITCHES;
    }
    place->invitations =
        c->has_invitations ? c->invitations != 0 : place->invitations;
    place->file_upload =
        c->has_file_upload ? c->file_upload != 0 : place->file_upload;
    place->history_off = c->has_history ? !c->history : place->history_off;
    changed |= apply_lists(twin, number, lists, 6) ? CHANGED_ROLES : 0;
    for (uint32_t room = 1; room <= twin->n_places; room++) {
        if (twin->places[room].is_room &&
            twin->places[room].category == number) {
            twin_put_out(twin, room);
        }
    }
    if (changed != 0) {
        place->version++;
        place->changed = twin->now;
        tell_place(twin, number, EVENT_CATEGORY_CHANGED, changed);
    }
    twin->value = place->version;
    return OUTCOME_DONE;
}

/* A user creates rooms, or moves them, where the user is a creator. */
static enum outcome may_create(const struct twin *twin, uint32_t user,
                               uint32_t category)
{
    if (user == 0) {
        return OUTCOME_DONE;
    }
    return twin_in_scope(twin, category, user) &&
                   (twin_roles(twin, category, user) & ROLE_CREATOR) != 0
               ? OUTCOME_DONE
               : OUTCOME_NOT_A_CREATOR;
}

/* A user changes rooms that the user finds and manages. */
static enum outcome may_change(const struct twin *twin, uint32_t user,
                               uint32_t room)
{
    enum outcome outcome =
        user == 0 ? OUTCOME_DONE : twin_may(twin, user, room);

    if (user == 0) {
        return OUTCOME_DONE;
    }
    if (outcome != OUTCOME_DONE && outcome != OUTCOME_NOT_A_MEMBER) {
        return outcome;
    }
    return twin_roles(twin, room, user) & ROLE_MANAGER ? OUTCOME_DONE
                                                       : OUTCOME_NOT_A_MANAGER;
}

enum outcome twin_room_create(struct twin *twin, const Perch__Command *command)
{
    const Perch__RoomCreate *c = command->room_create;
    ProtobufCBinaryData creator_uri = {0, NULL};
    const struct list lists[] = {
        {c->n_members, c->members, ROLE_MEMBER, false},
        {c->n_managers, c->managers, ROLE_MANAGER, false},
        {c->n_presenters, c->presenters, ROLE_PRESENTER, false},
        {command->administrator.len == 0, &creator_uri, ROLE_MANAGER, false}};
    uint32_t category = twin_place(twin, c->category, false), user = 0;
    enum outcome outcome = OUTCOME_DONE;
    struct twin_place *place;

    if (command->administrator.len == 0) {
        outcome = twin_acting(twin, command, &user);
        creator_uri = command->user;
        if (outcome == OUTCOME_DONE && category == 0) {
            outcome = OUTCOME_CATEGORY_UNKNOWN;
        }
        if (outcome == OUTCOME_DONE) {
            outcome = may_create(twin, user, category);
        }
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_new(twin, c->room, c->name, c->description);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (category == 0) {
        return OUTCOME_CATEGORY_UNKNOWN;
    }
    if (!is_visibility(twin, c->visibility)) {
        return OUTCOME_VISIBILITY_INVALID;
    }
    if (c->behavior != 4 && c->behavior != 5) {
        return OUTCOME_BEHAVIOR_INVALID;
    }
    if (c->addin.len > 0 && twin_addin(twin, c->addin) == 0) {
        return OUTCOME_ADDIN_UNKNOWN;
    }
    if (count(twin, true) >= twin->settings[SETTING_ROOMS_MAX]) {
        return OUTCOME_ROOMS_FULL;
    }
    outcome = check_lists(twin, 0, lists, 4);
    if (outcome == OUTCOME_DONE) {
        outcome = check_scope(twin, category, lists, 4);
    }
    if (outcome == OUTCOME_DONE) {
        outcome =
            check_presenters(twin, 0, c->visibility, c->behavior, lists, 4);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    place = add_place(twin, c->room, c->name, c->description);
    place->is_room = true;
    place->category = category;
    place->addin = c->addin.len > 0 ? twin_addin(twin, c->addin) : 0;
    place->visibility = c->visibility;
    place->behavior = c->behavior;
    place->disabled = c->disabled;
    place->invitations_off = c->has_invitations && c->invitations == 0;
    place->files_off = c->has_file_upload && c->file_upload == 0;
    tell_place(twin, twin->n_places, EVENT_ROOM_CREATED, 0);
    apply_lists(twin, twin->n_places, lists, 4);
    return OUTCOME_DONE;
}

static enum outcome check_room_change(struct twin *twin, uint32_t user,
                                      uint32_t number,
                                      const Perch__RoomChange *c,
                                      const struct list *lists)
{
    enum outcome outcome;

    if (number == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = may_change(twin, user, number);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_if_version && c->if_version != twin->places[number].version) {
        return OUTCOME_VERSION_STALE;
    }
    if (c->has_category) {
        uint32_t category = twin_place(twin, c->category, false);

        if (category == 0) {
            return OUTCOME_CATEGORY_UNKNOWN;
        }
        if (category != twin->places[number].category &&
            may_create(twin, user, category) != OUTCOME_DONE) {
            return OUTCOME_NOT_A_CREATOR;
        }
    }
    outcome = check_texts(twin, number, c->has_name, c->name,
                          c->has_description, c->description);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_addin && c->addin.len > 0 && twin_addin(twin, c->addin) == 0) {
        return OUTCOME_ADDIN_UNKNOWN;
    }
    if (c->has_visibility && !is_visibility(twin, c->visibility)) {
        return OUTCOME_VISIBILITY_INVALID;
    }
    if (c->has_behavior && c->behavior != 4 && c->behavior != 5) {
        return OUTCOME_BEHAVIOR_INVALID;
    }
    outcome = check_lists(twin, number, lists, 6);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    outcome = check_scope(twin,
                          c->has_category ? twin_place(twin, c->category, false)
                                          : twin->places[number].category,
                          lists, 6);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return check_presenters(
        twin, number,
        c->has_visibility ? c->visibility : twin->places[number].visibility,
        c->has_behavior ? c->behavior : twin->places[number].behavior, lists,
        6);
}

enum outcome twin_room_change(struct twin *twin, const Perch__Command *command)
{
    const Perch__RoomChange *c = command->room_change;
    const struct list lists[] = {
        {c->n_members_remove, c->members_remove, ROLE_MEMBER, true},
        {c->n_managers_remove, c->managers_remove, ROLE_MANAGER, true},
        {c->n_presenters_remove, c->presenters_remove, ROLE_PRESENTER, true},
        {c->n_members_add, c->members_add, ROLE_MEMBER, false},
        {c->n_managers_add, c->managers_add, ROLE_MANAGER, false},
        {c->n_presenters_add, c->presenters_add, ROLE_PRESENTER, false}};
    uint32_t number = twin_place(twin, c->room, true), user = 0;
    struct twin_place *place = &twin->places[number];
    enum outcome outcome = OUTCOME_DONE;
    unsigned changed;

    if (command->administrator.len == 0) {
        outcome = twin_acting(twin, command, &user);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_room_change(twin, user, number, c, lists);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    changed = put_texts(place, c->has_name, c->name, c->has_description,
                        c->description);
    if (c->has_category) {
        uint32_t category = twin_place(twin, c->category, false);

        changed |= category != place->category ? CHANGED_CATEGORY : 0;
        place->category = category;
    }
    if (c->has_visibility) {
        changed |= c->visibility != place->visibility ? CHANGED_VISIBILITY : 0;
        place->visibility = c->visibility;
    }
    if (c->has_disabled) {
        changed |= c->disabled != place->disabled ? CHANGED_DISABLED : 0;
        place->disabled = c->disabled;
    }
    if (c->has_behavior) {
        changed |= c->behavior != place->behavior ? CHANGED_BEHAVIOR : 0;
        place->behavior = c->behavior;
    }
    if (c->has_invitations) {
        changed |=
            c->invitations == place->invitations_off ? CHANGED_SWITCHES : 0;
        place->invitations_off = !c->invitations;
    }
    if (c->has_file_upload) {
        changed |= c->file_upload == place->files_off ? CHANGED_SWITCHES : 0;
        place->files_off = !c->file_upload;
    }
    if (c->has_addin) {
        uint32_t addin = c->addin.len > 0 ? twin_addin(twin, c->addin) : 0;

        changed |= addin != place->addin ? CHANGED_SWITCHES : 0;
        place->addin = addin;
    }
    if (apply_lists(twin, number, lists, 6)) {
        changed |= CHANGED_ROLES;
    }
    if (changed != 0) {
        twin_put_out(twin, number);
        place->version++;
        place->changed = twin->now;
        tell_place(twin, number, EVENT_ROOM_CHANGED, changed);
    }
    twin->value = place->version;
    return OUTCOME_DONE;
}
