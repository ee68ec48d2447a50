#include "node/chat/presenter.h"

#include "node/chat/closure.h"
#include "node/chat/principal.h"
#include "proto/base/check.h"

/* Looked up once, not for each presenter: lists may be long. */
static void note_members(const struct machine *machine,
                         const struct presenters *presenters,
                         struct number_map *members)
{
    for (size_t i = 0; i < presenters->n_lists; i++) {
        const struct role_list *list = &presenters->lists[i];
        bool adds = list->role == ROLE_MEMBER && !list->removes;

        for (size_t j = 0; adds && j < list->n; j++) {
            number_map_set(
                members,
                principal_find(machine, codec_slice(list->users[j]))->number,
                1);
        }
    }
}

static bool is_member(const struct presenters *presenters,
                      const struct number_map *made,
                      const struct principal *principal)
{
    const struct place *place = presenters->place;

    CHECK(principal != NULL); /* role_check has found them all. */
    return presenters->visibility == PERCH__VISIBILITY__OPEN ||
           (place != NULL &&
            (closure_bits(&place->roles, principal) & ROLE_MEMBER) != 0) ||
           number_map_get(made, principal->number) != 0;
}

static enum outcome check_list(struct turn *turn,
                               const struct presenters *presenters,
                               const struct number_map *made,
                               const struct role_list *list, uint64_t position)
{
    if (list->n > 0 && presenters->behavior != PERCH__BEHAVIOR__AUDITORIUM) {
        turn->value = position;
        return OUTCOME_NOT_AN_AUDITORIUM;
    }
    for (size_t i = 0; i < list->n; i++) {
        if (!is_member(
                presenters, made,
                principal_find(turn->machine, codec_slice(list->users[i])))) {
            turn->value = position + i;
            return OUTCOME_PRESENTER_NOT_MEMBER;
        }
    }
    return OUTCOME_DONE;
}

enum outcome presenter_check(struct turn *turn,
                             const struct presenters *presenters)
{
    struct number_map made = {0};
    enum outcome outcome = OUTCOME_DONE;
    uint64_t position = 0;

    note_members(turn->machine, presenters, &made);
    for (size_t i = 0; i < presenters->n_lists && outcome == OUTCOME_DONE;
         i++) {
        const struct role_list *list = &presenters->lists[i];

        if (list->role == ROLE_PRESENTER && !list->removes) {
            outcome = check_list(turn, presenters, &made, list, position);
        }
        position += list->n;
    }
    number_map_deinit(&made);
    return outcome;
}
