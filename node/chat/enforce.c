#include "node/chat/enforce.h"

#include "node/chat/closure.h"
#include "node/chat/policy.h"
#include "node/chat/presence.h"
#include "node/chat/session.h"

static void enforce(struct turn *turn, struct user *user)
{
    if (policy_allows(turn->machine, user)) {
        presence_put_out_user(turn, user);
    } else {
        session_end_user(turn, user, LEAVE_NOT_ENABLED);
    }
}

/* Who is told first does not depend on how the command named them. */
void enforce_below(struct turn *turn, const struct number_map *principals)
{
    struct number_map people = {0};

    closure_signed_in(turn->machine, principals, &people);
    for (uint32_t i = 0; i < people.n; i++) {
        enforce(turn, table_at(&turn->machine->users, people.pairs[i].number));
    }
    number_map_deinit(&people);
}

void enforce_all(struct turn *turn)
{
    const struct machine *machine = turn->machine;

    for (uint32_t number = 1; number <= machine->principal_last; number++) {
        struct user *user = table_at(&machine->users, number);

        if (user != NULL && user->n_sessions > 0) {
            enforce(turn, user);
        }
    }
}
