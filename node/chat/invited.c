#include "node/chat/invited.h"

#include <stdlib.h>

#include "node/chat/access.h"
#include "node/chat/closure.h"
#include "node/chat/group.h"
#include "node/chat/invitation.h"
#include "node/chat/principal.h"
#include "proto/base/check.h"

enum { ID_PLACE_BITS = 25 }; /* Numbers go up to NUMBERS_MAX. */

_Static_assert(NUMBERS_MAX < 1 << ID_PLACE_BITS, "numbers fit into ids");

#define US_PER_S INT64_C(1000000)

/* A way to a room: its place number, and since when it is complete. */
struct way {
    uint32_t place;
    uint32_t since;
};

struct ways {
    struct way *way;
    size_t n, capacity;
};

static uint64_t id_of(const struct way *way)
{
    return (uint64_t)way->since << ID_PLACE_BITS | way->place;
}

uint64_t invitation_id_before(uint32_t second)
{
    return ((uint64_t)second << ID_PLACE_BITS) - 1;
}

static uint32_t later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void add(struct ways *ways, uint32_t place, uint32_t since)
{
    if (ways->n == ways->capacity) {
        size_t capacity = ways->capacity == 0 ? 64 : ways->capacity * 2;
        struct way *way = realloc(ways->way, capacity * sizeof(*way));

        CHECK(way != NULL);
        ways->way = way;
        ways->capacity = capacity;
    }
    ways->way[ways->n++] = (struct way){place, since};
}

/* Add what a principal was invited to, for one who has it since then. */
static void add_all(struct ways *ways, const struct principal *principal,
                    uint32_t since)
{
    for (uint32_t i = 0; i < principal->invitations.n; i++) {
        const struct number_pair *pair = &principal->invitations.pairs[i];

        add(ways, pair->number, later(pair->bits, since));
    }
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Lower a group's second to one that another way leads there by. */
static bool lower(const struct closure *closure, uint32_t *since,
                  uint32_t group, uint32_t by)
{
    const uint32_t *at = bsearch(&group, closure->groups, closure->n,
                                 sizeof(group), compare_numbers);

    CHECK(at != NULL); /* What is above one of them is one of them. */
    if (since[at - closure->groups] <= by) {
        return false;
    }
    since[at - closure->groups] = by;
    return true;
}

/* Lower the groups directly above a principal that is in by a second. */
static bool lower_above(const struct closure *closure, uint32_t *since,
                        const struct principal *principal, uint32_t by)
{
    bool lowered = false;

    for (uint32_t i = 0; i < principal->groups.n; i++) {
        const struct number_pair *pair = &principal->groups.pairs[i];

        lowered |= lower(closure, since, pair->number, later(pair->bits, by));
    }
    return lowered;
}

/* Since when a user is in each of the groups above: by the way that was
 * complete first. Seconds only sink, as often as groups are nested. */
static uint32_t *since_when(const struct machine *machine,
                            const struct user *user,
                            const struct closure *closure)
{
    uint32_t *since = malloc((closure->n + 1) * sizeof(*since));
    bool more = true;

    CHECK(since != NULL);
    for (uint32_t i = 0; i < closure->n; i++) {
        since[i] = UINT32_MAX;
    }
    lower_above(closure, since, &user->principal, 0);
    while (more) {
        more = false;
        for (uint32_t i = 0; i < closure->n; i++) {
            more |= since[i] < UINT32_MAX &&
                    lower_above(closure, since,
                                principal_at(machine, closure->groups[i]),
                                since[i]);
        }
    }
    return since;
}

static void gather(const struct machine *machine, const struct user *user,
                   struct ways *ways)
{
    const struct closure *closure = closure_of(&user->principal);
    uint32_t *since = NULL;

    add_all(ways, &user->principal, 0);
    if (closure->n == 0) {
        return;
    }
    since = since_when(machine, user, closure);
    for (uint32_t i = 0; i < closure->n; i++) {
        add_all(ways, principal_at(machine, closure->groups[i]), since[i]);
    }
    free(since);
}

/* By place, the first way there first. */
static int compare_ways(const void *a, const void *b)
{
    const struct way *x = a, *y = b;

    return x->place != y->place ? (x->place > y->place) - (x->place < y->place)
                                : (x->since > y->since) - (x->since < y->since);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = id_of(a), y = id_of(b);

    return (x > y) - (x < y);
}

/* Keep one way to each place, of those after an id, in the order of ids. */
static void settle(struct ways *ways, uint64_t after)
{
    uint32_t place = 0; /* No place has this number. */
    size_t n = 0;

    if (ways->n == 0) {
        return;
    }
    qsort(ways->way, ways->n, sizeof(*ways->way), compare_ways);
    for (size_t i = 0; i < ways->n; i++) {
        struct way way = ways->way[i];

        if (way.place != place && id_of(&way) > after) {
            ways->way[n++] = way;
        }
        place = way.place;
    }
    ways->n = n;
    qsort(ways->way, ways->n, sizeof(*ways->way), compare_ids);
}

size_t invited_list(const struct machine *machine, const struct user *user,
                    uint64_t after, struct invitation *list, size_t max)
{
    struct ways ways = {.way = NULL};
    size_t n = 0;

    gather(machine, user, &ways);
    settle(&ways, after);
    for (size_t i = 0; i < ways.n && n < max; i++) {
        const struct way *way = &ways.way[i];
        const struct room *room = table_at(&machine->rooms, way->place);

        if (room != NULL && invitation_is_sent(room) &&
            access_enter(user, room) == OUTCOME_DONE) {
            list[n++] =
                (struct invitation){id_of(way), way->since * US_PER_S, room};
        }
    }
    free(ways.way);
    return n;
}

uint64_t invited_shown(const struct user *user)
{
    return user->invitations_shown;
}

bool invited_to(const struct machine *machine, const struct user *user,
                const struct room *room)
{
    const struct closure *closure = closure_of(&user->principal);
    uint32_t place = room->place.number;
    bool is = number_map_get(&user->principal.invitations, place) != 0;

    for (uint32_t i = 0; !is && i < closure->n; i++) {
        const struct principal *group =
            principal_at(machine, closure->groups[i]);

        is = number_map_get(&group->invitations, place) != 0;
    }
    return is && invitation_is_sent(room);
}
