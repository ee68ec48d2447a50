/* What is deleted, and who may administer. */
#include "tests/model/twin.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"

static void bury_place(struct twin *twin, uint32_t number, enum event_kind kind)
{
    struct guid guid = twin->places[number].guid;
    struct event *event = twin_event(twin, kind);

    event->room = number;
    event->guid = guid;
    memset(&twin->places[number], 0, sizeof(twin->places[number]));
    twin->places[number].gone = true;
    twin->places[number].guid = guid;
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        twin->reads[i][number] = 0;
    }
    for (size_t i = 0; i < twin->n_items; i++) {
        twin->items[i].room =
            twin->items[i].room == number ? 0 : twin->items[i].room;
    }
}

/* Zero whatever anyone has by or of the principal. */
static void forget_principal(struct twin *twin, uint32_t number)
{
    for (uint32_t i = 1; i <= twin->n_places; i++) {
        twin->places[i].roles[number] = 0;
        twin->places[i].invited[number] = 0;
    }
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        twin->users[i].members[number] = false;
        twin->users[i].since[number] = 0;
    }
    memset(twin->reads[number], 0, sizeof(twin->reads[number]));
    for (size_t i = 0; i < twin->n_items; i++) {
        while (i < twin->n_items && twin->items[i].user == number) {
            twin->items[i] = twin->items[--twin->n_items];
        }
    }
    memset(&twin->users[number], 0, sizeof(twin->users[number]));
    twin->users[number].gone = true;
}

/* The participant who leaves next: lowest user, node, serial. */
static long next_in(const struct twin *twin, uint32_t room)
{
    long next = -1;

    for (size_t i = 0; i < twin->n_present; i++) {
        const struct twin_session *a =
            &twin->sessions[twin->present[i].session];
        const struct twin_session *b;

        if (twin->present[i].room != room) {
            continue;
        }
        b = next < 0 ? NULL : &twin->sessions[twin->present[next].session];
        if (b == NULL || a->user < b->user ||
            (a->user == b->user &&
             (a->node < b->node ||
              (a->node == b->node && a->serial < b->serial)))) {
            next = (long)i;
        }
    }
    return next;
}

enum outcome twin_room_delete(struct twin *twin, const Perch__RoomDelete *c)
{
    uint32_t number = twin_place(twin, c->room, true);
    long next;

    if (number == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != twin->places[number].version) {
        return OUTCOME_VERSION_STALE;
    }
    for (size_t i = 0; i < twin->n_holds; i++) {
        if (twin->holds[i].room == number) {
            return OUTCOME_ROOM_HELD;
        }
    }
    while ((next = next_in(twin, number)) >= 0) {
        twin_leave(twin, (size_t)next, LEAVE_ROOM_DELETED);
    }
    bury_place(twin, number, EVENT_ROOM_DELETED);
    return OUTCOME_DONE;
}

enum outcome twin_category_delete(struct twin *twin,
                                  const Perch__CategoryDelete *c)
{
    uint32_t number = twin_place(twin, c->category, false);

    if (number == 0) {
        return OUTCOME_CATEGORY_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != twin->places[number].version) {
        return OUTCOME_VERSION_STALE;
    }
    for (uint32_t i = 1; i <= twin->n_places; i++) {
        if (twin->places[i].is_room && twin->places[i].category == number) {
            return OUTCOME_CATEGORY_NOT_EMPTY;
        }
    }
    twin_filters_lose(twin, &twin->places[number].guid);
    bury_place(twin, number, EVENT_CATEGORY_DELETED);
    return OUTCOME_DONE;
}

enum outcome twin_group_delete(struct twin *twin, const Perch__GroupDelete *c)
{
    uint32_t number = twin_principal(twin, c->uri);
    bool members[TWIN_USERS + 1];

    if (number == 0 || !twin->users[number].is_group) {
        return OUTCOME_GROUP_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != twin->users[number].version) {
        return OUTCOME_VERSION_STALE;
    }
    memcpy(members, twin->users[number].members, sizeof(members));
    forget_principal(twin, number);
    twin_enforce(twin, members);
    twin_event(twin, EVENT_GROUP_DELETED)->group = number;
    return OUTCOME_DONE;
}

static void forget_memos(struct twin_memos *memos, uint32_t user)
{
    size_t kept = 0;

    for (size_t i = 0; i < memos->n; i++) {
        if (memos->memo[i].user != user) {
            memos->memo[kept++] = memos->memo[i];
        }
    }
    memos->n = kept;
}

enum outcome twin_user_delete(struct twin *twin, const Perch__UserDelete *c)
{
    uint32_t number = twin_user(twin, c->uri);

    if (number == 0) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != twin->users[number].version) {
        return OUTCOME_VERSION_STALE;
    }
    for (size_t i = 0; i < twin->n_holds; i++) {
        if (twin->holds[i].user == number) {
            return OUTCOME_USER_HELD;
        }
    }
    twin_end_all(twin, number, 0, LEAVE_USER_DELETED);
    forget_memos(&twin->retries, number);
    forget_memos(&twin->endpoints, number);
    forget_principal(twin, number);
    twin_event(twin, EVENT_USER_DELETED)->user = number;
    return OUTCOME_DONE;
}

enum { EVERYTHING = 1u << 5 };

static int slot_of(const struct twin *twin, const char *name, size_t len)
{
    for (int i = 0; i < ADMINISTRATORS_MAX; i++) {
        if (twin->administrators[i].roles != 0 &&
            twin_same(name, len, twin->administrators[i].name,
                      twin->administrators[i].len)) {
            return i;
        }
    }
    return -1;
}

static int count_of(const struct twin *twin, unsigned roles)
{
    int n = 0;

    for (int i = 0; i < ADMINISTRATORS_MAX; i++) {
        n += (twin->administrators[i].roles & roles) != 0;
    }
    return n;
}

/* As the list has it; 0 when there is none. */
static size_t name_of(const Perch__Command *c, char to[320])
{
    const char *kind = c->credential == 1 ? "local:" : "certificate:";

    if (!c->has_credential || (c->credential != 1 && c->credential != 2)) {
        return 0;
    }
    return (size_t)snprintf(to, 320, "%s%.*s", kind, (int)c->administrator.len,
                            (const char *)c->administrator.data);
}

bool twin_covers(const struct twin *twin, const Perch__Command *c,
                 unsigned roles)
{
    char name[320];
    size_t len = name_of(c, name);
    int slot;

    if (count_of(twin, ~0u) == 0) {
        return true;
    }
    slot = len == 0 ? -1 : slot_of(twin, name, len);
    return slot >= 0 &&
           (twin->administrators[slot].roles & (roles | EVERYTHING)) != 0;
}

static void set_roles(struct twin *twin, int slot, unsigned roles)
{
    struct twin_administrator *one = &twin->administrators[slot];
    struct event *event;

    if (one->roles == roles) {
        return;
    }
    event = twin_event(twin, EVENT_ADMINISTRATOR_CHANGED);
    event->position = (uint32_t)slot;
    event->roles_before = (uint8_t)one->roles;
    event->roles = (uint8_t)roles;
    one->roles = roles;
}

static void give(struct twin *twin, const char *name, size_t len, unsigned role)
{
    int slot = slot_of(twin, name, len);

    for (int i = 0; slot < 0 && i < ADMINISTRATORS_MAX; i++) {
        if (twin->administrators[i].roles == 0) {
            slot = i;
        }
    }
    CHECK(slot >= 0);
    memcpy(twin->administrators[slot].name, name, len);
    twin->administrators[slot].len = len;
    set_roles(twin, slot, twin->administrators[slot].roles | role);
}

static bool is_name(ProtobufCBinaryData name)
{
    size_t kind = 0;

    if (name.len > 6 && memcmp(name.data, "local:", 6) == 0) {
        kind = 6;
    } else if (name.len > 12 && memcmp(name.data, "certificate:", 12) == 0) {
        kind = 12;
    }
    return kind > 0 &&
           twin_is_visible(
               (ProtobufCBinaryData){name.len - kind, name.data + kind}, 255);
}

enum outcome twin_grant(struct twin *twin, const Perch__Command *command)
{
    const Perch__AdministratorGrant *c = command->administrator_grant;
    const char *name = (const char *)c->name.data;
    char giver[320];
    size_t len;

    if (!is_name(c->name)) {
        return OUTCOME_ADMINISTRATOR_NAME_INVALID;
    }
    if (!c->has_role || (int)c->role < 1 || (int)c->role > 5) {
        return OUTCOME_ADMINISTRATOR_ROLE_INVALID;
    }
    if (slot_of(twin, name, c->name.len) < 0 &&
        count_of(twin, ~0u) == ADMINISTRATORS_MAX) {
        return OUTCOME_ADMINISTRATORS_FULL;
    }
    if (count_of(twin, ~0u) == 0) {
        give(twin, "local:root", 10, EVERYTHING);
        len = name_of(command, giver);
        if (len > 0) {
            give(twin, giver, len, EVERYTHING);
        }
    }
    give(twin, name, c->name.len, 1u << c->role);
    twin->value = twin->administrators[slot_of(twin, name, c->name.len)].roles;
    return OUTCOME_DONE;
}

enum outcome twin_revoke(struct twin *twin, const Perch__AdministratorRevoke *c)
{
    int slot = slot_of(twin, (const char *)c->name.data, c->name.len);
    unsigned before, after = 0;

    if (c->has_role && ((int)c->role < 1 || (int)c->role > 5)) {
        return OUTCOME_ADMINISTRATOR_ROLE_INVALID;
    }
    if (slot < 0) {
        return OUTCOME_ADMINISTRATOR_UNKNOWN;
    }
    before = twin->administrators[slot].roles;
    if (c->has_role) {
        after = before & ~(1u << c->role);
    }
    if (((before & EVERYTHING) > (after & EVERYTHING)) &&
        count_of(twin, EVERYTHING) == 1) {
        return OUTCOME_ADMINISTRATOR_LAST;
    }
    set_roles(twin, slot, after);
    twin->value = after;
    return OUTCOME_DONE;
}
