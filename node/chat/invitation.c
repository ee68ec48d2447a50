#include "node/chat/invitation.h"

#include "node/chat/invited.h"
#include "node/chat/session.h"

#define US_PER_S INT64_C(1000000)

static uint32_t second_of(int64_t us)
{
    int64_t second = us / US_PER_S;

    if (second < INVITATION_SINCE_FIRST) {
        return INVITATION_SINCE_FIRST;
    }
    return second < UINT32_MAX ? (uint32_t)second : UINT32_MAX - 1;
}

uint32_t invitation_now(const struct turn *turn)
{
    uint32_t now = second_of(turn->sent_at_us);

    if (turn->machine->rules_version < RULES_TALK) {
        return INVITATION_SINCE_FIRST;
    }
    return now > turn->machine->invitation_next
               ? now
               : turn->machine->invitation_next;
}

bool invitation_is_sent(const struct room *room)
{
    return room->category->invitations && !room->invitations_off;
}

void invitation_role_changed(struct turn *turn, const struct place *place,
                             struct principal *principal, uint32_t before,
                             uint32_t after)
{
    const struct room *room = table_at(&turn->machine->rooms, place->number);

    if ((after & ~before & ROLE_MEMBER) != 0 && room != NULL &&
        turn->machine->rules_version >= RULES_TALK &&
        invitation_is_sent(room)) {
        number_map_set(&principal->invitations, place->number,
                       invitation_now(turn));
    }
}

/* What comes after must have greater ids than what was shown, and may come in
 * the same second. */
static void close_second(struct turn *turn, const struct invitation *last)
{
    uint32_t second = second_of(last->created_at_us);

    if (second == invitation_now(turn) && second < UINT32_MAX - 1) {
        turn->machine->invitation_next = second + 1;
        changes_mark(&turn->machine->changes, ROW_COUNTERS, 0, 0, 0);
    }
}

static void show(struct turn *turn, struct user *user, uint64_t shown)
{
    if (shown > user->invitations_shown) {
        user->invitations_shown = shown;
        changes_mark(&turn->machine->changes, ROW_USER, user->principal.number,
                     0, 0);
    }
}

/* What a client says that it has seen counts, as far as it can have. */
static uint64_t after_of(const struct turn *turn, const struct user *user,
                         uint64_t asked)
{
    uint64_t most = invitation_id_before(invitation_now(turn));

    asked = asked < most ? asked : most;
    return asked > user->invitations_shown ? asked : user->invitations_shown;
}

enum outcome invitations_take(struct turn *turn, const Perch__Command *command)
{
    struct invitation list[INVITATIONS_TAKEN_MAX];
    struct session *session = NULL;
    enum outcome outcome = session_acting(turn, command, &session);
    uint64_t after;
    size_t n;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    after = after_of(turn, session->user, command->invitations_take->after);
    n = invited_list(turn->machine, session->user, after, list,
                     INVITATIONS_TAKEN_MAX);
    show(turn, session->user, after);
    if (n > 0) {
        show(turn, session->user, list[n - 1].id);
        close_second(turn, &list[n - 1]);
    }
    turn->value = after;
    return OUTCOME_DONE;
}
