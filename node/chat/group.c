#include "node/chat/group.h"

#include <stdlib.h>

#include "node/chat/enforce.h"
#include "node/chat/membership.h"
#include "node/chat/policy.h"
#include "node/chat/principal.h"
#include "proto/base/check.h"

static int compare_uris(const struct group *a, const struct group *b)
{
    return slice_compare(text_slice(a->uri), text_slice(b->uri));
}

TREE_GENERATE(group_uris, group, by_uri, compare_uris)

void group_free(struct group *group)
{
    if (group == NULL) {
        return;
    }
    principal_deinit(&group->principal);
    number_map_deinit(&group->members);
    text_free(group->uri);
    text_free(group->display_name);
    free(group);
}

bool group_adopt(struct machine *machine, struct group *group)
{
    struct directory *directory = &machine->directory;
    uint32_t number = group->principal.number;

    if (RB_INSERT(group_uris, &directory->by_uri, group) != NULL) {
        return false;
    }
    CHECK(principal_at(machine, number) == NULL);
    table_put(&directory->groups, number, group);
    machine->counts[ROW_GROUP] += 1;
    return true;
}

void group_drop(struct machine *machine, struct group *group)
{
    CHECK(group->members.n == 0 && group->principal.groups.n == 0);
    CHECK(machine->counts[ROW_GROUP] > 0);
    RB_REMOVE(group_uris, &machine->directory.by_uri, group);
    table_put(&machine->directory.groups, group->principal.number, NULL);
    machine->counts[ROW_GROUP] -= 1;
}

/* Kept URIs are lower case, so folding one side is enough. */
struct group *group_find(const struct machine *machine, struct slice uri)
{
    struct group *group = RB_ROOT(&machine->directory.by_uri);

    while (group != NULL) {
        int order = text_compare_nocase(uri, text_slice(group->uri));

        if (order == 0) {
            return group;
        }
        group = order < 0 ? RB_LEFT(group, by_uri) : RB_RIGHT(group, by_uri);
    }
    return NULL;
}

struct group *group_after(const struct machine *machine, struct slice uri)
{
    struct group *group = RB_ROOT(&machine->directory.by_uri), *found = NULL;

    while (group != NULL) {
        if (text_compare_nocase(uri, text_slice(group->uri)) < 0) {
            found = group;
            group = RB_LEFT(group, by_uri);
        } else {
            group = RB_RIGHT(group, by_uri);
        }
    }
    return found;
}

bool group_is_uri(struct slice text)
{
    static const char *const kinds[] = {"group:", "unit:", "site:"};
    uint64_t characters;

    if (text.len > GROUP_URI_BYTES_MAX ||
        text_check(text, &characters) != TEXT_FINE) {
        return false;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct slice kind = slice_of_text(kinds[i]);

        if (text.len > kind.len &&
            slice_equal_nocase(slice_of(text.data, kind.len), kind)) {
            return text_check_line(text, GROUP_URI_BYTES_MAX,
                                   OUTCOME_GROUP_URI_INVALID) == OUTCOME_DONE;
        }
    }
    return false;
}

static enum outcome check_fields(bool has_name, ProtobufCBinaryData name,
                                 bool has_chat, int chat)
{
    enum outcome outcome = OUTCOME_DONE;

    if (has_name) {
        outcome = text_check_line(codec_slice(name), NAME_CHARACTERS_MAX,
                                  OUTCOME_NAME_TOO_LONG);
    }
    return outcome == OUTCOME_DONE ? policy_check(has_chat, chat) : outcome;
}

static bool is_full(const struct machine *machine)
{
    return machine->counts[ROW_GROUP] >=
               machine->settings[SETTING_GROUPS_MAX] ||
           machine->principal_last == NUMBERS_MAX;
}

static enum outcome check_create(struct turn *turn,
                                 const Perch__GroupCreate *command,
                                 const struct member_list *members)
{
    struct slice uri = codec_slice(command->uri);
    enum outcome outcome;

    if (!group_is_uri(uri)) {
        return OUTCOME_GROUP_URI_INVALID;
    }
    if (group_find(turn->machine, uri) != NULL) {
        return OUTCOME_GROUP_EXISTS;
    }
    outcome = check_fields(command->has_display_name, command->display_name,
                           command->has_chat, command->chat);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (is_full(turn->machine)) {
        return OUTCOME_GROUPS_FULL;
    }
    return membership_check(turn, NULL, members, 1);
}

static struct group *begin(struct turn *turn, struct slice uri,
                           struct slice display_name)
{
    struct machine *machine = turn->machine;
    struct group *group = calloc(1, sizeof(*group));
    bool adopted;

    CHECK(group != NULL);
    machine->principal_last += 1;
    principal_init(machine, &group->principal, machine->principal_last, true);
    group->version = 1;
    group->created_at_us = turn->sent_at_us;
    group->changed_at_us = turn->sent_at_us;
    group->uri = text_new(uri);
    text_fold(group->uri->bytes, uri);
    group->display_name = text_new(display_name);
    adopted = group_adopt(machine, group);
    CHECK(adopted);
    return group;
}

static void tell(struct turn *turn, const struct group *group,
                 enum event_kind kind, unsigned changed)
{
    struct event *event = effects_event(turn->effects, kind);

    event->group = group->principal.number;
    event->changed = (uint16_t)changed;
    changes_mark(&turn->machine->changes, ROW_GROUP, group->principal.number, 0,
                 0);
}

enum outcome group_create(struct turn *turn, const Perch__GroupCreate *command)
{
    const struct member_list members = {command->n_members, command->members,
                                        false};
    enum outcome outcome = check_create(turn, command, &members);
    struct group *group;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    group = begin(turn, codec_slice(command->uri),
                  codec_slice(command->display_name));
    policy_put(&group->principal, command->has_chat, command->chat);
    /* The group is told before its members, who name it. */
    tell(turn, group, EVENT_GROUP_CREATED, 0);
    membership_apply(turn, group, &members, 1);
    turn->value = group->principal.number;
    return OUTCOME_DONE;
}

static unsigned put(struct turn *turn, struct group *group,
                    const Perch__GroupChange *command,
                    const struct member_list *lists)
{
    struct slice name = codec_slice(command->display_name);
    struct number_map self = {0};
    unsigned changed = 0;

    if (command->has_display_name &&
        !slice_equal(name, text_slice(group->display_name))) {
        text_replace(&group->display_name, name);
        changed |= CHANGED_NAME;
    }
    changed |= policy_put(&group->principal, command->has_chat, command->chat);
    if (membership_apply(turn, group, lists, 2)) {
        changed |= CHANGED_MEMBERS;
    }
    if ((changed & CHANGED_POLICY) != 0) {
        number_map_set(&self, group->principal.number, 1);
        enforce_below(turn, &self);
        number_map_deinit(&self);
    }
    return changed;
}

static enum outcome check_change(struct turn *turn, const struct group *group,
                                 const Perch__GroupChange *command,
                                 const struct member_list *lists)
{
    enum outcome outcome;

    if (group == NULL) {
        return OUTCOME_GROUP_UNKNOWN;
    }
    if (command->has_if_version && command->if_version != group->version) {
        return OUTCOME_VERSION_STALE;
    }
    outcome = check_fields(command->has_display_name, command->display_name,
                           command->has_chat, command->chat);
    return outcome == OUTCOME_DONE ? membership_check(turn, group, lists, 2)
                                   : outcome;
}

enum outcome group_change(struct turn *turn, const Perch__GroupChange *command)
{
    const struct member_list lists[] = {
        {command->n_members_remove, command->members_remove, true},
        {command->n_members_add, command->members_add, false},
    };
    struct group *group = group_find(turn->machine, codec_slice(command->uri));
    enum outcome outcome = check_change(turn, group, command, lists);
    unsigned changed;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    changed = put(turn, group, command, lists);
    if (changed != 0) {
        CHECK(group->version < UINT32_MAX);
        group->version += 1;
        group->changed_at_us = turn->sent_at_us;
        tell(turn, group, EVENT_GROUP_CHANGED, changed);
    }
    turn->value = group->version;
    return OUTCOME_DONE;
}
