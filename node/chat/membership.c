#include "node/chat/membership.h"

#include "node/chat/closure.h"
#include "node/chat/enforce.h"
#include "node/chat/invitation.h"
#include "node/chat/principal.h"
#include "proto/base/check.h"

static struct principal *named(const struct machine *machine,
                               const struct member_list *list, size_t i)
{
    return principal_find(machine, codec_slice(list->uris[i]));
}

static bool is_in(const struct group *group, const struct principal *member)
{
    return group != NULL && number_map_get(&group->members, member->number);
}

/* Count those a list would bring in; it has been checked. */
static uint64_t count_added(const struct machine *machine,
                            const struct group *group,
                            const struct member_list *list)
{
    uint64_t added = 0;

    for (size_t i = 0; !list->removes && i < list->n; i++) {
        added += !is_in(group, named(machine, list, i));
    }
    return added;
}

enum outcome membership_check(struct turn *turn, const struct group *group,
                              const struct member_list *lists, size_t n_lists)
{
    uint64_t added = 0;
    uint64_t there = group == NULL ? 0 : group->members.n;

    turn->value = 0;
    for (size_t i = 0; i < n_lists; i++) {
        enum outcome outcome =
            principal_check_list(turn, lists[i].n, lists[i].uris);

        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        added += count_added(turn->machine, group, &lists[i]);
    }
    turn->value = 0;
    if (added > 0 &&
        there + added > turn->machine->settings[SETTING_GROUP_MEMBERS_MAX]) {
        return OUTCOME_GROUP_MEMBERS_FULL;
    }
    return OUTCOME_DONE;
}

void membership_set(struct machine *machine, struct group *group,
                    struct principal *member, uint32_t since)
{
    uint32_t before = group->members.n;

    number_map_set(&group->members, member->number, since);
    number_map_set(&member->groups, group->principal.number, since);
    machine->counts[ROW_MEMBERSHIP] += group->members.n;
    machine->counts[ROW_MEMBERSHIP] -= before;
    closure_outdate(&machine->directory);
}

static void change(struct turn *turn, struct group *group,
                   struct principal *member, bool adds)
{
    struct event *event;

    membership_set(turn->machine, group, member,
                   adds ? invitation_now(turn) : 0);
    changes_mark(&turn->machine->changes, ROW_MEMBERSHIP,
                 group->principal.number, member->number, 0);
    event = effects_event(turn->effects, EVENT_MEMBERSHIP_CHANGED);
    event->group = group->principal.number;
    event->user = member->number;
    event->is_in = adds;
}

bool membership_apply(struct turn *turn, struct group *group,
                      const struct member_list *lists, size_t n_lists)
{
    struct number_map moved = {0};
    bool changed;

    for (size_t i = 0; i < n_lists; i++) {
        for (size_t j = 0; j < lists[i].n; j++) {
            struct principal *member = named(turn->machine, &lists[i], j);

            CHECK(member != NULL); /* membership_check has found them all. */
            if (is_in(group, member) == lists[i].removes) {
                change(turn, group, member, !lists[i].removes);
                number_map_set(&moved, member->number, 1);
            }
        }
    }
    changed = moved.n > 0;
    enforce_below(turn, &moved);
    number_map_deinit(&moved);
    return changed;
}
