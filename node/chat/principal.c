#include "node/chat/principal.h"

#include "node/chat/closure.h"
#include "node/chat/group.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

_Static_assert(offsetof(struct user, principal) == 0 &&
                   offsetof(struct group, principal) == 0,
               "a principal is where its user or group is");

void principal_init(struct machine *machine, struct principal *principal,
                    uint32_t number, bool is_group)
{
    CHECK(number > 0 && number <= NUMBERS_MAX);
    principal->number = number;
    principal->is_group = is_group;
    principal->directory = &machine->directory;
}

void principal_deinit(struct principal *principal)
{
    number_map_deinit(&principal->places);
    number_map_deinit(&principal->groups);
    number_map_deinit(&principal->invitations);
    closure_deinit(&principal->closure);
}

struct principal *principal_at(const struct machine *machine, uint64_t number)
{
    struct user *user = table_at(&machine->users, number);
    struct group *group;

    if (user != NULL) {
        return &user->principal;
    }
    group = table_at(&machine->directory.groups, number);
    return group == NULL ? NULL : &group->principal;
}

struct principal *principal_find(const struct machine *machine,
                                 struct slice uri)
{
    struct user *user = user_find(machine, uri);
    struct group *group;

    if (user != NULL) {
        return &user->principal;
    }
    group = group_find(machine, uri);
    return group == NULL ? NULL : &group->principal;
}

struct user *principal_user(struct principal *principal)
{
    return principal->is_group ? NULL : (struct user *)principal;
}

/* Until there are groups, only users are known. */
static enum outcome unknown(const struct machine *machine, struct slice uri)
{
    return machine->rules_version >= RULES_PEOPLE && group_is_uri(uri)
               ? OUTCOME_GROUP_UNKNOWN
               : OUTCOME_USER_UNKNOWN;
}

enum outcome principal_check_list(struct turn *turn, size_t n,
                                  const ProtobufCBinaryData *uris)
{
    if (n > ROLES_PER_COMMAND_MAX) {
        return OUTCOME_ROLES_TOO_MANY;
    }
    for (size_t i = 0; i < n; i++) {
        struct slice uri = codec_slice(uris[i]);

        if (principal_find(turn->machine, uri) == NULL) {
            turn->value += i;
            return unknown(turn->machine, uri);
        }
    }
    turn->value += n;
    return OUTCOME_DONE;
}
