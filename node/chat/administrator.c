#include "node/chat/administrator.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"

/* What stands before a name, by Perch__Credential. */
static const char *const credentials[] = {
    [PERCH__CREDENTIAL__LOCAL] = "local:",
    [PERCH__CREDENTIAL__CERTIFICATE] = "certificate:",
};

enum {
    CREDENTIALS = sizeof(credentials) / sizeof(credentials[0]),
    ALL_ROLES = ADMINISTRATOR_BIT(VIEWER) |
                ADMINISTRATOR_BIT(ROOM_ADMINISTRATOR) |
                ADMINISTRATOR_BIT(COMPLIANCE_OFFICER) |
                ADMINISTRATOR_BIT(OPERATOR) | ADMINISTRATOR_BIT(ADMINISTRATOR),
};

#define FOUNDER "local:root"

void administrator_free(struct administrator *administrator)
{
    if (administrator != NULL) {
        text_free(administrator->name);
        free(administrator);
    }
}

struct slice administrator_name(const Perch__Command *command,
                                char to[ADMINISTRATOR_BYTES_MAX])
{
    struct slice name = codec_slice(command->administrator);
    unsigned credential = command->credential;
    int len;

    if (!command->has_credential || credential >= CREDENTIALS ||
        credentials[credential] == NULL || name.len > ACTOR_BYTES_MAX) {
        return SLICE_NONE;
    }
    len = snprintf(to, ADMINISTRATOR_BYTES_MAX, "%s%.*s",
                   credentials[credential], SLICE_PRINT(name));
    CHECK(len > 0 && len < ADMINISTRATOR_BYTES_MAX);
    return slice_of(to, (size_t)len);
}

/* The slot of a name; ADMINISTRATORS_MAX when it has none. */
static uint32_t find(const struct machine *machine, struct slice name)
{
    uint32_t slot = 0;

    while (
        slot < ADMINISTRATORS_MAX &&
        (machine->administrators[slot] == NULL ||
         !slice_equal(text_slice(machine->administrators[slot]->name), name))) {
        slot += 1;
    }
    return slot;
}

static uint32_t free_slot(const struct machine *machine)
{
    uint32_t slot = 0;

    while (slot < ADMINISTRATORS_MAX && machine->administrators[slot] != NULL) {
        slot += 1;
    }
    return slot;
}

static bool is_open(const struct machine *machine)
{
    return machine->counts[ROW_ADMINISTRATOR] == 0;
}

uint32_t administrator_roles(const struct machine *machine, struct slice name)
{
    uint32_t slot;

    if (is_open(machine)) {
        return ALL_ROLES;
    }
    slot = find(machine, name);
    return slot < ADMINISTRATORS_MAX ? machine->administrators[slot]->roles : 0;
}

enum outcome administrator_check(const struct machine *machine,
                                 const Perch__Command *command, uint32_t roles)
{
    char name[ADMINISTRATOR_BYTES_MAX];
    uint32_t has =
        administrator_roles(machine, administrator_name(command, name));

    return (has & (roles | ADMINISTRATOR_BIT(ADMINISTRATOR))) != 0
               ? OUTCOME_DONE
               : OUTCOME_ADMINISTRATOR_ROLE_MISSING;
}

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < CREDENTIALS; i++) {
        if (credentials[i] != NULL &&
            slice_begins(name, slice_of_text(credentials[i]))) {
            return text_is_visible(
                slice_after(name, slice_of_text(credentials[i]).len),
                ACTOR_BYTES_MAX);
        }
    }
    return false;
}

static bool is_role(int role)
{
    return role >= PERCH__ADMINISTRATOR_ROLE__VIEWER &&
           role <= PERCH__ADMINISTRATOR_ROLE__ADMINISTRATOR;
}

void administrator_put(struct machine *machine, uint32_t slot,
                       struct administrator *administrator)
{
    CHECK(slot < ADMINISTRATORS_MAX);
    CHECK(machine->administrators[slot] == NULL);
    machine->administrators[slot] = administrator;
    machine->counts[ROW_ADMINISTRATOR] += 1;
}

static void drop(struct machine *machine, uint32_t slot)
{
    CHECK(machine->counts[ROW_ADMINISTRATOR] > 0);
    administrator_free(machine->administrators[slot]);
    machine->administrators[slot] = NULL;
    machine->counts[ROW_ADMINISTRATOR] -= 1;
}

/* The slot that a name has, or is given. */
static uint32_t slot_for(struct machine *machine, struct slice name)
{
    uint32_t slot = find(machine, name);
    struct administrator *administrator;

    if (slot == ADMINISTRATORS_MAX) {
        administrator = calloc(1, sizeof(*administrator));
        CHECK(administrator != NULL);
        administrator->name = text_new(name);
        slot = free_slot(machine);
        administrator_put(machine, slot, administrator);
    }
    return slot;
}

/* Give an administrator other roles; none takes it off the list. */
static void set(struct turn *turn, uint32_t slot, uint32_t roles)
{
    struct administrator *administrator = turn->machine->administrators[slot];
    struct event *event;

    if (administrator->roles == roles) {
        return;
    }
    event = effects_event(turn->effects, EVENT_ADMINISTRATOR_CHANGED);
    event->position = slot;
    event->roles_before = (uint8_t)administrator->roles;
    event->roles = (uint8_t)roles;
    administrator->roles = roles;
    administrator->changed_at_us = turn->sent_at_us;
    changes_mark(&turn->machine->changes, ROW_ADMINISTRATOR, slot, 0, 0);
    if (roles == 0) {
        drop(turn->machine, slot);
    }
}

static void add(struct turn *turn, struct slice name, uint32_t role)
{
    uint32_t slot = slot_for(turn->machine, name);

    set(turn, slot, turn->machine->administrators[slot]->roles | role);
}

/* The list begins with those who must not lock themselves out by it. */
static void found(struct turn *turn, const Perch__Command *command)
{
    char name[ADMINISTRATOR_BYTES_MAX];
    struct slice giver = administrator_name(command, name);

    add(turn, SLICE_LITERAL(FOUNDER), ADMINISTRATOR_BIT(ADMINISTRATOR));
    if (giver.len > 0) {
        add(turn, giver, ADMINISTRATOR_BIT(ADMINISTRATOR));
    }
}

enum outcome administrator_grant(struct turn *turn,
                                 const Perch__Command *command)
{
    const Perch__AdministratorGrant *grant = command->administrator_grant;
    struct machine *machine = turn->machine;
    struct slice name = codec_slice(grant->name);

    if (!is_name(name)) {
        return OUTCOME_ADMINISTRATOR_NAME_INVALID;
    }
    if (!grant->has_role || !is_role((int)grant->role)) {
        return OUTCOME_ADMINISTRATOR_ROLE_INVALID;
    }
    if (find(machine, name) == ADMINISTRATORS_MAX &&
        free_slot(machine) == ADMINISTRATORS_MAX) {
        return OUTCOME_ADMINISTRATORS_FULL;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    if (is_open(machine)) {
        found(turn, command);
    }
    add(turn, name, 1u << grant->role);
    turn->value = administrator_roles(machine, name);
    return OUTCOME_DONE;
}

static bool is_last(const struct machine *machine, uint32_t slot)
{
    for (uint32_t i = 0; i < ADMINISTRATORS_MAX; i++) {
        if (i != slot && machine->administrators[i] != NULL &&
            (machine->administrators[i]->roles &
             ADMINISTRATOR_BIT(ADMINISTRATOR)) != 0) {
            return false;
        }
    }
    return true;
}

enum outcome administrator_revoke(struct turn *turn,
                                  const Perch__AdministratorRevoke *command)
{
    struct machine *machine = turn->machine;
    uint32_t slot = find(machine, codec_slice(command->name));
    uint32_t roles = 0;

    if (command->has_role && !is_role((int)command->role)) {
        return OUTCOME_ADMINISTRATOR_ROLE_INVALID;
    }
    if (slot == ADMINISTRATORS_MAX) {
        return OUTCOME_ADMINISTRATOR_UNKNOWN;
    }
    if (command->has_role) {
        roles = machine->administrators[slot]->roles & ~(1u << command->role);
    }
    if ((roles & ADMINISTRATOR_BIT(ADMINISTRATOR)) == 0 &&
        is_last(machine, slot)) {
        return OUTCOME_ADMINISTRATOR_LAST;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    set(turn, slot, roles);
    turn->value = roles;
    return OUTCOME_DONE;
}
