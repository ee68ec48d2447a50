#include "tests/model/twin.h"

#include <string.h>

static const uint64_t us_per_s = 1000000;

uint32_t twin_since(const struct twin *twin)
{
    uint64_t second = (uint64_t)twin->now / us_per_s;

    if (twin->rules < 3 || second < 1) {
        second = 1;
    }
    if (second > 0xfffffffe) {
        second = 0xfffffffe;
    }
    if (twin->rules >= 3 && twin->next_second > second) {
        second = twin->next_second;
    }
    return (uint32_t)second;
}

bool twin_invites(const struct twin *twin, uint32_t room)
{
    const struct twin_place *place = &twin->places[room];

    return twin->places[place->category].invitations && !place->invitations_off;
}

/* Whether a user was in a principal by way of memberships that old. */
static bool was_in(const struct twin *twin, uint32_t user, uint32_t principal,
                   uint32_t by)
{
    bool in[TWIN_USERS + 1] = {false};
    bool more = true;

    in[user] = true;
    while (more) {
        more = false;
        for (uint32_t g = 1; g <= twin->n_users; g++) {
            for (uint32_t m = 1; m <= twin->n_users; m++) {
                if (in[m] && !in[g] && twin->users[g].members[m] &&
                    twin->users[g].since[m] <= by) {
                    in[g] = more = true;
                }
            }
        }
    }
    return in[principal];
}

/* The earliest second by which a user was invited to a room; 0: never. Only
 * seconds at which something began can be it. */
static uint32_t invited_since(const struct twin *twin, uint32_t user,
                              uint32_t room)
{
    const struct twin_place *place = &twin->places[room];
    uint32_t best = 0;

    for (uint32_t p = 1; p <= twin->n_users; p++) {
        uint32_t last = place->invited[p];

        for (uint32_t g = 0; last != 0 && g <= twin->n_users; g++) {
            for (uint32_t m = 1; m <= twin->n_users; m++) {
                uint32_t by = g == 0 ? last : twin->users[g].since[m];

                if ((g == 0 || twin->users[g].members[m]) && by >= last &&
                    (best == 0 || by < best) && was_in(twin, user, p, by)) {
                    best = by;
                }
            }
        }
    }
    return best;
}

size_t twin_invited(const struct twin *twin, uint32_t user, uint64_t after,
                    uint64_t ids[TWIN_PLACES])
{
    size_t n = 0;

    for (uint32_t room = 1; room <= twin->n_places; room++) {
        uint32_t since;
        uint64_t id;
        size_t at;

        if (!twin->places[room].is_room || !twin_invites(twin, room) ||
            twin_may(twin, user, room) != OUTCOME_DONE) {
            continue;
        }
        since = invited_since(twin, user, room);
        id = (uint64_t)since * (1 << 25) + room;
        if (since == 0 || id <= after) {
            continue;
        }
        for (at = n; at > 0 && ids[at - 1] > id; at--) {
            ids[at] = ids[at - 1];
        }
        ids[at] = id;
        n++;
    }
    return n;
}

enum outcome twin_invitations_take(struct twin *twin, const Perch__Command *c)
{
    uint64_t ids[TWIN_PLACES], after = c->invitations_take->after;
    uint64_t most = (uint64_t)twin_since(twin) * (1 << 25) - 1;
    uint32_t number = 0;
    enum outcome outcome = twin_acting(twin, c, &number);
    struct twin_user *user = &twin->users[number];
    size_t n;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (after > most) {
        after = most;
    }
    if (after < user->shown) {
        after = user->shown;
    }
    n = twin_invited(twin, number, after, ids);
    user->shown = n == 0 ? after : ids[n - 1];
    /* What is given in the same second must come behind. */
    if (n > 0 && ids[n - 1] / (1 << 25) == twin_since(twin) &&
        twin_since(twin) < 0xfffffffe) {
        twin->next_second = twin_since(twin) + 1;
    }
    twin->value = after;
    return OUTCOME_DONE;
}
