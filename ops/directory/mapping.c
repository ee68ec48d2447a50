#include "ops/directory/mapping.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/chat/limits.h"
#include "node/chat/text.h"
#include "ops/directory/values.h"
#include "proto/base/check.h"

enum { ACCOUNT_DISABLE = 2 }; /* Of userAccountControl. */

/* The moment that stands for "locked until someone unlocks it". */
#define LOCKED_FOR_GOOD "000001010000Z"

/* Whom an entry's name stands for. */
struct known {
    const char *key; /* Folded DN, or "uid:" and a login. */
    const char *uri;
};

struct making {
    const struct mapping *mapping;
    struct roster *roster;
    size_t n_known, room;
    struct known *known; /* Sorted when users, groups and units are named. */
};

static void ask_for(const char **asked, size_t *n, const char *name)
{
    for (size_t i = 0; name != NULL && i < *n; i++) {
        if (strcasecmp(asked[i], name) == 0) {
            return;
        }
    }
    if (name != NULL) {
        CHECK(*n < MAPPING_ATTRIBUTES_MAX);
        asked[(*n)++] = name;
    }
}

static void ask_for_all(const char **asked, size_t *n,
                        const struct mapping_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        ask_for(asked, n, names->all[i]);
    }
}

void mapping_ask_users(const struct mapping *mapping,
                       const char *asked_out[MAPPING_ATTRIBUTES_MAX + 1])
{
    size_t n = 0;

    ask_for(asked_out, &n, "userAccountControl");
    ask_for(asked_out, &n, "pwdAccountLockedTime");
    ask_for(asked_out, &n, "nsAccountLock");
    ask_for(asked_out, &n, mapping->login);
    ask_for(asked_out, &n, mapping->site);
    ask_for_all(asked_out, &n, &mapping->address);
    ask_for_all(asked_out, &n, &mapping->name);
    asked_out[n] = NULL;
}

void mapping_ask_groups(const struct mapping *mapping,
                        const char *asked_out[MAPPING_ATTRIBUTES_MAX + 1])
{
    size_t n = 0;

    ask_for(asked_out, &n, mapping->group_name);
    ask_for_all(asked_out, &n, &mapping->group_display);
    ask_for_all(asked_out, &n, &mapping->member);
    asked_out[n] = NULL;
}

bool mapping_is_disabled(const struct entry *entry)
{
    const char *control = entry_value(entry, "userAccountControl");
    const char *locked = entry_value(entry, "pwdAccountLockedTime");
    const char *lock = entry_value(entry, "nsAccountLock");

    return (control != NULL &&
            (strtol(control, NULL, 10) & ACCOUNT_DISABLE) != 0) ||
           (locked != NULL && strcmp(locked, LOCKED_FOR_GOOD) == 0) ||
           (lock != NULL && strcasecmp(lock, "TRUE") == 0);
}

static void know(struct making *making, const char *key, const char *uri)
{
    making->known = roster_grow(making->known, making->n_known, &making->room,
                                sizeof(*making->known));
    making->known[making->n_known++] = (struct known){key, uri};
}

static void know_entry(struct making *making, const struct entry *entry,
                       const char *uri)
{
    const char *dn = entry_fold_dn(making->roster->arena, entry->dn);

    if (dn != NULL) {
        know(making, dn, uri);
    }
}

static const char *login_key(struct roster *roster, const char *login)
{
    size_t bytes = strlen(login) + sizeof("uid:");
    char *key = arena_alloc(roster->arena, bytes);

    CHECK(key != NULL);
    snprintf(key, bytes, "uid:%s", login);
    return value_fold(roster, key);
}

static void make_user(struct making *making, const struct entry *entry)
{
    const char *uri =
        value_address(making->roster, &making->mapping->address, entry);
    const char *login = making->mapping->login == NULL
                            ? NULL
                            : entry_value(entry, making->mapping->login);
    struct roster_user *user;

    if (uri == NULL) {
        return;
    }
    user = roster_add_user(making->roster);
    user->uri = uri;
    user->name =
        value_first_name(making->roster, entry, &making->mapping->name);
    user->disabled = mapping_is_disabled(entry);
    know_entry(making, entry, uri);
    if (login != NULL) {
        know(making, login_key(making->roster, login), uri);
    }
}

/* The address of a group: its kind and a name. NULL when that is none. */
static const char *group_uri(struct roster *roster, const char *kind,
                             const char *name, const char *dn)
{
    char uri[GROUP_URI_BYTES_MAX + 2];
    int len = snprintf(uri, sizeof(uri), "%s:%s", kind, name);

    if (len < 0 || len > GROUP_URI_BYTES_MAX || name[0] == '\0' ||
        text_check_line(slice_of_text(uri), GROUP_URI_BYTES_MAX,
                        OUTCOME_GROUP_URI_INVALID) != OUTCOME_DONE) {
        roster_complain(roster, "%.400s: \"%.300s\" cannot name a group", dn,
                        name);
        return NULL;
    }
    return value_fold(roster, uri);
}

static int compare_known(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->key,
                  ((const struct known *)b)->key);
}

/* A name that two entries have names neither. */
static void sort_known(struct making *making)
{
    if (making->n_known > 0) {
        qsort(making->known, making->n_known, sizeof(*making->known),
              compare_known);
    }
    for (size_t i = 1; i < making->n_known; i++) {
        struct known *a = &making->known[i - 1], *b = &making->known[i];

        if (strcmp(a->key, b->key) == 0 &&
            (a->uri == NULL || strcmp(a->uri, b->uri) != 0)) {
            a->uri = b->uri = NULL;
        }
    }
}

static const char *find_known(const struct making *making, const char *key)
{
    const struct known wanted = {.key = key};
    const struct known *found =
        making->n_known == 0 ? NULL
                             : bsearch(&wanted, making->known, making->n_known,
                                       sizeof(*making->known), compare_known);

    return found == NULL ? NULL : found->uri;
}

/* Whom a value of a member attribute names. */
static const char *find_member(struct making *making, const char *attribute,
                               const char *value)
{
    struct roster *roster = making->roster;
    const char *key = strcasecmp(attribute, "memberUid") == 0
                          ? login_key(roster, value)
                          : entry_fold_dn(roster->arena, value);

    return key == NULL ? NULL : find_known(making, key);
}

static void fill_group(struct making *making, const struct entry *entry)
{
    const struct mapping_names *names = &making->mapping->member;

    for (size_t i = 0; i < names->n; i++) {
        const struct attribute *attribute =
            entry_attribute(entry, names->all[i]);

        for (size_t j = 0; attribute != NULL && j < attribute->n; j++) {
            const char *uri =
                find_member(making, names->all[i], attribute->values[j]);

            if (uri != NULL) {
                roster_add_member(making->roster, uri);
            }
        }
    }
}

/* Groups and units are known by name before any is filled, since they may hold
 * each other. */
static const char **name_groups(struct making *making,
                                const struct entries *entries, bool units)
{
    const char **uris = calloc(entries->n + 1, sizeof(*uris));

    CHECK(uris != NULL);
    for (size_t i = 0; i < entries->n; i++) {
        const struct entry *entry = &entries->all[i];
        const char *name =
            units ? entry_path(making->roster->arena, entry->dn)
                  : entry_value(entry, making->mapping->group_name);

        if (name != NULL) {
            uris[i] = group_uri(making->roster, units ? "unit" : "group", name,
                                entry->dn);
        }
        if (uris[i] != NULL) {
            know_entry(making, entry, uris[i]);
        }
    }
    return uris;
}

static void make_groups(struct making *making, const struct entries *entries,
                        const char *const *uris)
{
    for (size_t i = 0; i < entries->n; i++) {
        struct roster_group *group;

        if (uris[i] == NULL) {
            continue;
        }
        group = roster_add_group(making->roster);
        group->uri = uris[i];
        group->name = value_first_name(making->roster, &entries->all[i],
                                       &making->mapping->group_display);
        fill_group(making, &entries->all[i]);
    }
}

/* Someone in something: a pair that becomes a membership when sorted. */
struct pair {
    const char *group, *member;
};

struct pairs {
    size_t n;
    struct pair *all;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = strcmp(x->group, y->group);

    return order != 0 ? order : strcmp(x->member, y->member);
}

/* The unit an entry lies in: the nearest above it that was read. */
static const char *unit_above(struct making *making, const char *dn)
{
    const char *at = entry_fold_dn(making->roster->arena, dn);
    const char *uri = NULL;

    while (uri == NULL && at != NULL && (at = entry_parent(at)) != NULL) {
        uri = find_known(making, at);
        if (uri != NULL && strncmp(uri, "unit:", 5) != 0) {
            uri = NULL;
        }
    }
    return uri;
}

static void add_pair(struct pairs *pairs, const char *group, const char *member)
{
    if (group != NULL && member != NULL) {
        pairs->all[pairs->n++] = (struct pair){group, member};
    }
}

static const char *uri_of(struct making *making, const struct entry *entry)
{
    const char *dn = entry_fold_dn(making->roster->arena, entry->dn);

    return dn == NULL ? NULL : find_known(making, dn);
}

static void pair_units(struct making *making, const struct entries *entries,
                       struct pairs *pairs)
{
    for (size_t i = 0; i < entries->n; i++) {
        add_pair(pairs, unit_above(making, entries->all[i].dn),
                 uri_of(making, &entries->all[i]));
    }
}

static void pair_sites(struct making *making, const struct entries *users,
                       struct pairs *pairs)
{
    for (size_t i = 0; i < users->n; i++) {
        const struct entry *entry = &users->all[i];
        const char *site = entry_value(entry, making->mapping->site);
        const char *member = uri_of(making, entry);

        if (site != NULL && member != NULL) {
            add_pair(pairs, group_uri(making->roster, "site", site, entry->dn),
                     member);
        }
    }
}

/* Make a group of each run of pairs of one group. */
static void make_paired(struct making *making, struct pairs *pairs)
{
    const char *last = "";

    if (pairs->n > 0) {
        qsort(pairs->all, pairs->n, sizeof(*pairs->all), compare_pairs);
    }
    for (size_t i = 0; i < pairs->n; i++) {
        const char *uri = pairs->all[i].group;

        if (strcmp(uri, last) != 0) {
            struct roster_group *group = roster_add_group(making->roster);

            group->uri = uri;
            group->name = value_name(making->roster, strchr(uri, ':') + 1);
            last = uri;
        }
        roster_add_member(making->roster, pairs->all[i].member);
    }
    free(pairs->all);
}

static void make_units_and_sites(struct making *making,
                                 const struct mapping_source *source)
{
    size_t most = 2 * source->users->n + source->units->n;
    struct pairs pairs = {0, calloc(most + 1, sizeof(struct pair))};

    CHECK(pairs.all != NULL);
    if (source->units->n > 0) {
        pair_units(making, source->users, &pairs);
        pair_units(making, source->units, &pairs);
    }
    if (making->mapping->site != NULL) {
        pair_sites(making, source->users, &pairs);
    }
    make_paired(making, &pairs);
}

void mapping_make(const struct mapping *mapping,
                  const struct mapping_source *source, struct roster *roster)
{
    struct making making = {.mapping = mapping, .roster = roster};
    const char **groups, **units;

    for (size_t i = 0; i < source->users->n; i++) {
        make_user(&making, &source->users->all[i]);
    }
    groups = name_groups(&making, source->groups, false);
    units = name_groups(&making, source->units, true);
    sort_known(&making);
    make_groups(&making, source->groups, groups);
    make_units_and_sites(&making, source);
    roster_finish(roster);
    free(groups);
    free(units);
    free(making.known);
}
