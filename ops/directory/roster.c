#include "ops/directory/roster.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum {
    ARENA_BYTES = 64 * 1024,
    FIRST_ROOM = 64,
    COMPLAINT_BYTES = 1400,
};

void roster_init(struct roster *roster)
{
    memset(roster, 0, sizeof(*roster));
    roster->arena = arena_new(ARENA_BYTES);
    CHECK(roster->arena != NULL);
}

void roster_deinit(struct roster *roster)
{
    for (size_t i = 0; i < roster->n_groups; i++) {
        free(roster->groups[i].members);
    }
    free(roster->users);
    free(roster->groups);
    free(roster->problems);
    arena_free(roster->arena);
    memset(roster, 0, sizeof(*roster));
}

void *roster_grow(void *items, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return items;
    }
    *room = *room == 0 ? FIRST_ROOM : *room * 2;
    items = reallocarray(items, *room, size);
    CHECK(items != NULL);
    return items;
}

struct roster_user *roster_add_user(struct roster *roster)
{
    roster->users = roster_grow(roster->users, roster->n_users,
                                &roster->users_room, sizeof(*roster->users));
    roster->users[roster->n_users] =
        (struct roster_user){.uri = "", .name = "", .owner = ""};
    return &roster->users[roster->n_users++];
}

struct roster_group *roster_add_group(struct roster *roster)
{
    roster->groups = roster_grow(roster->groups, roster->n_groups,
                                 &roster->groups_room, sizeof(*roster->groups));
    roster->groups[roster->n_groups] =
        (struct roster_group){.uri = "", .name = "", .owner = ""};
    return &roster->groups[roster->n_groups++];
}

void roster_add_member(struct roster *roster, const char *uri)
{
    struct roster_group *group;

    CHECK(roster->n_groups > 0);
    group = &roster->groups[roster->n_groups - 1];
    /* Room is a power of two, so it is seen from the number alone. */
    if ((group->n & (group->n - 1)) == 0) {
        size_t room = group->n == 0 ? 1 : group->n * 2;

        group->members =
            reallocarray(group->members, room, sizeof(*group->members));
        CHECK(group->members != NULL);
    }
    group->members[group->n++] = uri;
}

void roster_complain(struct roster *roster, const char *format, ...)
{
    char text[COMPLAINT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    roster->problems =
        roster_grow(roster->problems, roster->n_problems,
                    &roster->problems_room, sizeof(*roster->problems));
    roster->problems[roster->n_problems++] = roster_text(roster, text);
}

static int compare_users(const void *a, const void *b)
{
    return strcmp(((const struct roster_user *)a)->uri,
                  ((const struct roster_user *)b)->uri);
}

static int compare_groups(const void *a, const void *b)
{
    return strcmp(((const struct roster_group *)a)->uri,
                  ((const struct roster_group *)b)->uri);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void finish_members(struct roster_group *group)
{
    size_t kept = 0;

    if (group->n > 0) {
        qsort(group->members, group->n, sizeof(*group->members), compare_texts);
    }
    for (size_t i = 0; i < group->n; i++) {
        if (kept == 0 ||
            strcmp(group->members[kept - 1], group->members[i]) != 0) {
            group->members[kept++] = group->members[i];
        }
    }
    group->n = kept;
}

static void finish_users(struct roster *roster)
{
    size_t kept = 0;

    if (roster->n_users > 0) {
        qsort(roster->users, roster->n_users, sizeof(*roster->users),
              compare_users);
    }
    for (size_t i = 0; i < roster->n_users; i++) {
        struct roster_user *last = kept == 0 ? NULL : &roster->users[kept - 1];

        if (last == NULL || strcmp(last->uri, roster->users[i].uri) != 0) {
            roster->users[kept++] = roster->users[i];
        } else if (!last->unclear) {
            last->unclear = true;
            roster_complain(roster,
                            "two entries have the address %s: it is "
                            "left as it is",
                            last->uri);
        }
    }
    roster->n_users = kept;
}

static void finish_groups(struct roster *roster)
{
    size_t kept = 0;

    if (roster->n_groups > 0) {
        qsort(roster->groups, roster->n_groups, sizeof(*roster->groups),
              compare_groups);
    }
    for (size_t i = 0; i < roster->n_groups; i++) {
        struct roster_group *last =
            kept == 0 ? NULL : &roster->groups[kept - 1];

        if (last == NULL || strcmp(last->uri, roster->groups[i].uri) != 0) {
            finish_members(&roster->groups[i]);
            roster->groups[kept++] = roster->groups[i];
            continue;
        }
        free(roster->groups[i].members);
        if (!last->unclear) {
            last->unclear = true;
            roster_complain(roster,
                            "two entries come to %s: it is left as it "
                            "is",
                            last->uri);
        }
    }
    roster->n_groups = kept;
}

void roster_finish(struct roster *roster)
{
    finish_users(roster);
    finish_groups(roster);
}

const struct roster_user *roster_user(const struct roster *roster,
                                      const char *uri)
{
    const struct roster_user key = {.uri = uri};

    return roster->n_users == 0
               ? NULL
               : bsearch(&key, roster->users, roster->n_users,
                         sizeof(*roster->users), compare_users);
}

const struct roster_group *roster_group(const struct roster *roster,
                                        const char *uri)
{
    const struct roster_group key = {.uri = uri};

    return roster->n_groups == 0
               ? NULL
               : bsearch(&key, roster->groups, roster->n_groups,
                         sizeof(*roster->groups), compare_groups);
}

char *roster_text(struct roster *roster, const char *text)
{
    char *copy = arena_copy(roster->arena, slice_of(text, strlen(text)));

    CHECK(copy != NULL);
    return copy;
}
