#include "node/chat/closure.h"

#include <stdlib.h>

#include "node/chat/group.h"
#include "node/chat/principal.h"
#include "proto/base/check.h"

enum { GROUPS_FIRST = 4 };

void closure_outdate(struct directory *directory)
{
    directory->generation += 1;
}

void closure_deinit(struct closure *closure)
{
    free(closure->groups);
    *closure = (struct closure){.groups = NULL};
}

static void append(struct closure *closure, uint32_t number)
{
    if (closure->n == closure->capacity) {
        uint32_t capacity = closure->capacity == 0
                                ? GROUPS_FIRST
                                : closure->capacity + closure->capacity / 2;
        uint32_t *groups = realloc(closure->groups, capacity * sizeof(*groups));

        CHECK(groups != NULL);
        closure->groups = groups;
        closure->capacity = capacity;
    }
    closure->groups[closure->n++] = number;
}

/* Append those groups of a map that this walk has not met. */
static void meet(struct directory *directory, struct closure *met,
                 const struct number_map *groups)
{
    for (uint32_t i = 0; i < groups->n; i++) {
        struct group *group =
            table_at(&directory->groups, groups->pairs[i].number);

        CHECK(group != NULL);
        if (group->walk != directory->walks) {
            group->walk = directory->walks;
            append(met, groups->pairs[i].number);
        }
    }
}

static const struct group *met_at(const struct directory *directory,
                                  const struct closure *met, uint32_t i)
{
    return table_at(&directory->groups, met->groups[i]);
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void make(struct closure *closure, const struct principal *principal)
{
    struct directory *directory = principal->directory;

    directory->walks += 1;
    closure->n = 0;
    meet(directory, closure, &principal->groups);
    for (uint32_t i = 0; i < closure->n; i++) { /* Grows while walked. */
        meet(directory, closure,
             &met_at(directory, closure, i)->principal.groups);
    }
    if (closure->n > 0) { /* qsort takes no NULL, not even of nothing. */
        qsort(closure->groups, closure->n, sizeof(*closure->groups),
              compare_numbers);
    }
    closure->generation = directory->generation;
}

/* What is kept is no part of the state: asking changes nothing that is. */
const struct closure *closure_of(const struct principal *principal)
{
    struct closure *closure =
        &((struct principal *)(uintptr_t)principal)->closure;

    if (closure->generation != principal->directory->generation) {
        make(closure, principal);
    }
    return closure;
}

static bool has(const struct closure *closure, uint32_t number)
{
    return bsearch(&number, closure->groups, closure->n, sizeof(number),
                   compare_numbers) != NULL;
}

static uint32_t bits_by_map(const struct number_map *map,
                            const struct closure *closure)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < map->n; i++) {
        bits |= has(closure, map->pairs[i].number) ? map->pairs[i].bits : 0;
    }
    return bits;
}

static uint32_t bits_by_group(const struct number_map *map,
                              const struct closure *closure)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < closure->n; i++) {
        bits |= number_map_get(map, closure->groups[i]);
    }
    return bits;
}

uint32_t closure_bits(const struct number_map *map,
                      const struct principal *principal)
{
    const struct closure *closure;
    uint32_t bits;

    if (map->n == 0) {
        return 0;
    }
    bits = number_map_get(map, principal->number);
    if (principal->groups.n == 0) {
        return bits;
    }
    closure = closure_of(principal);
    /* A search asks every room's category: short maps are walked, long ones
     * looked into. */
    return bits | (map->n < closure->n ? bits_by_map(map, closure)
                                       : bits_by_group(map, closure));
}

static void take_users(const struct machine *machine,
                       const struct number_map *members,
                       struct number_map *people)
{
    for (uint32_t i = 0; i < members->n; i++) {
        const struct user *user =
            table_at(&machine->users, members->pairs[i].number);

        if (user != NULL && user->n_sessions > 0) {
            number_map_set(people, members->pairs[i].number, 1);
        }
    }
}

/* Append the groups among members that this walk has not met. */
static void meet_below(struct directory *directory, struct closure *met,
                       const struct number_map *members)
{
    for (uint32_t i = 0; i < members->n; i++) {
        uint32_t number = members->pairs[i].number;
        struct group *group = table_at(&directory->groups, number);

        if (group != NULL && group->walk != directory->walks) {
            group->walk = directory->walks;
            append(met, number);
        }
    }
}

void closure_signed_in(struct machine *machine,
                       const struct number_map *principals,
                       struct number_map *people)
{
    struct directory *directory = &machine->directory;
    struct closure met = {.groups = NULL};

    directory->walks += 1;
    take_users(machine, principals, people);
    meet_below(directory, &met, principals);
    for (uint32_t i = 0; i < met.n; i++) { /* Grows while walked. */
        const struct group *group = met_at(directory, &met, i);

        take_users(machine, &group->members, people);
        meet_below(directory, &met, &group->members);
    }
    closure_deinit(&met);
}
