#include "node/chat/load_people.h"

#include <limits.h>
#include <stdlib.h>

#include "node/chat/group.h"
#include "node/chat/invitation.h"
#include "node/chat/membership.h"
#include "node/chat/policy.h"
#include "node/chat/principal.h"
#include "node/chat/user.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

static bool is_free_principal(const struct machine *machine, uint64_t number)
{
    return number > 0 && number <= machine->principal_last &&
           principal_at(machine, number) == NULL;
}

static bool is_policy(uint32_t chat)
{
    return chat <= INT_MAX && policy_check(true, (int)chat) == OUTCOME_DONE;
}

enum error load_user(struct machine *machine, const struct row_key *key,
                     const void *message)
{
    const Perch__Stored__User *row = message;
    uint64_t number = key->part[0];
    struct user *user;

    REQUIRE(is_free_principal(machine, number) && row->uri.len > 0);
    REQUIRE(is_policy(row->chat));
    REQUIRE(!row->has_ha1 || row->ha1.len == HA1_BYTES);
    REQUIRE(!row->has_ha1_user ||
            (row->has_ha1 && row->ha1_user.len == HA1_BYTES));

    user = calloc(1, sizeof(*user));
    CHECK(user != NULL);
    principal_init(machine, &user->principal, (uint32_t)number, false);
    user->uri = text_new(codec_slice(row->uri));
    user->display_name = text_new(codec_slice(row->display_name));
    if (row->has_ha1) {
        memcpy(user->ha1, row->ha1.data, HA1_BYTES);
    }
    if (row->has_ha1_user) {
        memcpy(user->ha1_user, row->ha1_user.data, HA1_BYTES);
    }
    user->has_password = row->has_ha1;
    user->has_ha1_user = row->has_ha1_user;
    user->disabled = row->disabled;
    user->version = row->version;
    user->created_at_us = row->created_at_us;
    user->changed_at_us = row->changed_at_us;
    user->principal.chat = (uint8_t)row->chat;
    user->invitations_shown = row->invitations_shown;
    if (!user_adopt(machine, user)) {
        user_free(user);
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

enum error load_group(struct machine *machine, const struct row_key *key,
                      const void *message)
{
    const Perch__Stored__Group *row = message;
    uint64_t number = key->part[0];
    struct group *group;

    REQUIRE(is_free_principal(machine, number) && row->uri.len > 0);
    REQUIRE(is_policy(row->chat));

    group = calloc(1, sizeof(*group));
    CHECK(group != NULL);
    principal_init(machine, &group->principal, (uint32_t)number, true);
    group->uri = text_new(codec_slice(row->uri));
    group->display_name = text_new(codec_slice(row->display_name));
    group->version = row->version;
    group->created_at_us = row->created_at_us;
    group->changed_at_us = row->changed_at_us;
    group->principal.chat = (uint8_t)row->chat;
    if (!group_adopt(machine, group)) {
        group_free(group);
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

enum error load_membership(struct machine *machine, const struct row_key *key,
                           const void *message)
{
    const Perch__Stored__Membership *row = message;
    struct group *group = table_at(&machine->directory.groups, key->part[0]);
    struct principal *member = principal_at(machine, key->part[1]);

    REQUIRE(group != NULL && member != NULL &&
            number_map_get(&group->members, member->number) == 0);
    membership_set(machine, group, member,
                   row->since == 0 ? INVITATION_SINCE_FIRST : row->since);
    return ERROR_NONE;
}
