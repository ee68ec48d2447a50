#include "ops/directory/difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { ARENA_BYTES = 64 * 1024 };

/* What is compared, by one name. */
struct comparing {
    struct difference *to;
    const char *owner;
    const struct roster *wanted, *held;
};

static struct change *add_change(struct difference *to, enum change_kind kind,
                                 const char *uri)
{
    to->changes = roster_grow(to->changes, to->n, &to->changes_room,
                              sizeof(*to->changes));
    to->changes[to->n] = (struct change){.kind = kind, .uri = uri};
    return &to->changes[to->n++];
}

static void add_leaving(struct difference *to, const char *kind,
                        const char *group, const char *uri)
{
    size_t bytes = strlen(kind) + strlen(group) + strlen(uri) + 3;
    char *fact = arena_alloc(to->arena, bytes);

    CHECK(fact != NULL);
    snprintf(fact, bytes, "%s%s%s %s", kind, group[0] == '\0' ? "" : " ", group,
             uri);
    to->leaving = roster_grow(to->leaving, to->n_leaving, &to->leaving_room,
                              sizeof(fact));
    to->leaving[to->n_leaving++] = fact;
}

static void add_shrink(struct difference *to, const char *what, size_t had,
                       size_t goes)
{
    if (goes == 0) {
        return;
    }
    to->shrinks = roster_grow(to->shrinks, to->n_shrinks, &to->shrinks_room,
                              sizeof(*to->shrinks));
    to->shrinks[to->n_shrinks++] = (struct shrink){what, had, goes};
}

static bool is_ours(const struct comparing *c, const char *owner)
{
    return strcmp(owner, c->owner) == 0;
}

/* Who was never in the pool and may not sign in is not brought into it. */
static void create_user(struct comparing *c, const struct roster_user *wanted)
{
    struct change *change;

    if (wanted->disabled) {
        return;
    }
    change = add_change(c->to, CHANGE_CREATE_USER, wanted->uri);
    change->name = wanted->name;
    c->to->users_created++;
}

static void change_user(struct comparing *c, const struct roster_user *wanted,
                        const struct roster_user *held)
{
    bool renames = strcmp(wanted->name, held->name) != 0;
    bool enables = held->disabled && !wanted->disabled;
    struct change *change;

    if (!renames && !enables) {
        return;
    }
    change = add_change(c->to, CHANGE_USER, held->uri);
    change->name = renames ? wanted->name : NULL;
    change->enables = enables;
    change->if_version = held->version;
    c->to->users_changed++;
}

static void compare_wanted_users(struct comparing *c)
{
    for (size_t i = 0; i < c->wanted->n_users; i++) {
        const struct roster_user *wanted = &c->wanted->users[i];
        const struct roster_user *held = roster_user(c->held, wanted->uri);

        if (wanted->unclear) {
            continue;
        }
        if (held == NULL) {
            create_user(c, wanted);
        } else if (is_ours(c, held->owner)) {
            change_user(c, wanted, held);
        } else {
            c->to->foreign++;
        }
    }
}

/* A user goes who is missing, or disabled, in the directory; a name that is to
 * change at the same time is given by the change before. */
static bool user_goes(const struct comparing *c, const struct roster_user *held)
{
    const struct roster_user *wanted = roster_user(c->wanted, held->uri);

    return !held->disabled &&
           (wanted == NULL || (wanted->disabled && !wanted->unclear));
}

static bool is_renamed(const struct comparing *c,
                       const struct roster_user *held)
{
    const struct roster_user *wanted = roster_user(c->wanted, held->uri);

    return wanted != NULL && !wanted->unclear &&
           strcmp(wanted->name, held->name) != 0;
}

static void compare_held_users(struct comparing *c)
{
    size_t had = 0;

    for (size_t i = 0; i < c->held->n_users; i++) {
        const struct roster_user *held = &c->held->users[i];

        if (!is_ours(c, held->owner)) {
            continue;
        }
        had += !held->disabled;
        if (user_goes(c, held)) {
            struct change *change =
                add_change(c->to, CHANGE_DISABLE_USER, held->uri);

            change->if_version = held->version + is_renamed(c, held);
            c->to->users_disabled++;
            add_leaving(c->to, "user", "", held->uri);
        }
    }
    add_shrink(c->to, "users", had, c->to->users_disabled);
}

/* Whether a name will be known to the pool when groups are changed. */
static bool will_be_there(const struct comparing *c, const char *uri)
{
    const struct roster_user *user = roster_user(c->wanted, uri);
    const struct roster_group *group = roster_group(c->wanted, uri);

    return roster_user(c->held, uri) != NULL ||
           roster_group(c->held, uri) != NULL ||
           (user != NULL && !user->disabled && !user->unclear) ||
           (group != NULL && !group->unclear);
}

/* What stands in one sorted list and not in the other. */
static size_t take_missing(struct arena *arena, const char **from, size_t n,
                           const char **other, size_t n_other,
                           const char ***missing_out)
{
    const char **missing = arena_alloc(arena, (n + 1) * sizeof(*missing));
    size_t found = 0, j = 0;

    CHECK(missing != NULL);
    for (size_t i = 0; i < n; i++) {
        while (j < n_other && strcmp(other[j], from[i]) < 0) {
            j++;
        }
        if (j == n_other || strcmp(other[j], from[i]) != 0) {
            missing[found++] = from[i];
        }
    }
    *missing_out = missing;
    return found;
}

static void keep_those_there(const struct comparing *c, struct change *change)
{
    size_t kept = 0;

    for (size_t i = 0; i < change->n_add; i++) {
        if (will_be_there(c, change->add[i])) {
            change->add[kept++] = change->add[i];
        }
    }
    change->n_add = kept;
}

static void change_group(struct comparing *c, const struct roster_group *wanted,
                         const struct roster_group *held)
{
    static const struct roster_group nothing = {.uri = ""};
    struct change change = {.kind = CHANGE_GROUP};
    struct difference *to = c->to;

    if (held == NULL) {
        held = &nothing;
    }
    change.uri = wanted->uri;
    change.if_version = held->version;
    if (held != &nothing && strcmp(wanted->name, held->name) != 0) {
        change.name = wanted->name;
    }
    change.n_add = take_missing(to->arena, wanted->members, wanted->n,
                                held->members, held->n, &change.add);
    keep_those_there(c, &change);
    change.n_remove = take_missing(to->arena, held->members, held->n,
                                   wanted->members, wanted->n, &change.remove);
    if (change.name == NULL && change.n_add == 0 && change.n_remove == 0) {
        return;
    }
    *add_change(to, CHANGE_GROUP, wanted->uri) = change;
    to->groups_changed += held != &nothing;
    to->members_added += change.n_add;
    to->members_removed += change.n_remove;
    for (size_t i = 0; i < change.n_remove; i++) {
        add_leaving(to, "member", held->uri, change.remove[i]);
    }
    add_shrink(to, held->uri, held->n, change.n_remove);
}

/* All groups are there before any is filled: they may hold each other. */
static void create_groups(struct comparing *c)
{
    for (size_t i = 0; i < c->wanted->n_groups; i++) {
        const struct roster_group *wanted = &c->wanted->groups[i];

        if (!wanted->unclear && roster_group(c->held, wanted->uri) == NULL) {
            add_change(c->to, CHANGE_CREATE_GROUP, wanted->uri)->name =
                wanted->name;
            c->to->groups_created++;
        }
    }
}

static void compare_wanted_groups(struct comparing *c)
{
    for (size_t i = 0; i < c->wanted->n_groups; i++) {
        const struct roster_group *wanted = &c->wanted->groups[i];
        const struct roster_group *held = roster_group(c->held, wanted->uri);

        if (wanted->unclear) {
            continue;
        }
        if (held == NULL || is_ours(c, held->owner)) {
            change_group(c, wanted, held);
        } else {
            c->to->foreign++;
        }
    }
}

/* A group that the directory has no more is emptied. */
static void compare_held_groups(struct comparing *c)
{
    size_t had = 0, goes = 0;

    for (size_t i = 0; i < c->held->n_groups; i++) {
        const struct roster_group *held = &c->held->groups[i];
        struct roster_group emptied = *held;

        if (!is_ours(c, held->owner)) {
            continue;
        }
        had += held->n > 0;
        if (roster_group(c->wanted, held->uri) == NULL && held->n > 0) {
            emptied.n = 0;
            emptied.members = NULL;
            change_group(c, &emptied, held);
            goes++;
        }
    }
    add_shrink(c->to, "groups", had, goes);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a, *y = b;

    return x->kind != y->kind ? (int)x->kind - (int)y->kind
                              : strcmp(x->uri, y->uri);
}

void difference_init(struct difference *difference, const char *owner,
                     const struct roster *wanted, const struct roster *held)
{
    struct comparing c = {difference, owner, wanted, held};

    memset(difference, 0, sizeof(*difference));
    difference->arena = arena_new(ARENA_BYTES);
    CHECK(difference->arena != NULL);
    compare_wanted_users(&c);
    compare_held_users(&c);
    create_groups(&c);
    compare_wanted_groups(&c);
    compare_held_groups(&c);
    if (difference->n > 0) {
        qsort(difference->changes, difference->n, sizeof(struct change),
              compare_changes);
    }
    if (difference->n_leaving > 0) {
        qsort(difference->leaving, difference->n_leaving, sizeof(char *),
              compare_texts);
    }
}

void difference_deinit(struct difference *difference)
{
    free(difference->changes);
    free(difference->leaving);
    free(difference->shrinks);
    arena_free(difference->arena);
    memset(difference, 0, sizeof(*difference));
}
