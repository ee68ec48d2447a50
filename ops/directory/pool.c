#include "ops/directory/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/perchctl/ask.h"
#include "proto/base/check.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static uint32_t number_of(const json_t *object, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(object, key));
}

static void read_told(const json_t *reply, struct pool_told *told)
{
    const char *text = text_of(reply, "text");
    const char *advice = text_of(reply, "advice");

    snprintf(told->outcome, sizeof(told->outcome), "%.63s",
             text_of(reply, "outcome"));
    if (told->result != PERCH__ADMIN__RESULT__DONE) {
        snprintf(told->why, sizeof(told->why), "%.180s%s%.100s", text,
                 advice[0] == '\0' ? "" : "; ", advice);
    }
}

/* Have a request answered. The reply is the caller's. */
static struct pool_told put(const struct pool *pool, enum admin_kind kind,
                            const char *list, const char *after,
                            ProtobufCMessage *request, json_t **reply_out)
{
    const struct command command = {.kind = kind, .list = list};
    struct errand errand = {.command = &command, .request = request};
    struct pool_told told = {.version = 0};

    options_init(&errand.options);
    errand.options.n_endpoints = 1;
    errand.options.endpoints[0] = (struct endpoint){false, pool->socket};
    errand.options.timeout_s = pool->timeout_s;
    errand.options.directory = pool->directory;
    errand.options.after = after;
    errand.options.limit = list == NULL ? 0 : ADMIN_PAGE_ITEMS_MAX;
    told.result = ask(&errand, reply_out);
    read_told(*reply_out, &told);
    return told;
}

/* Take the items of one page into a roster. */
typedef void page_taker(struct roster *roster, const json_t *items);

/* Ask for all pages of a list, one after the other, so that none is kept. */
static struct pool_told read_list(const struct pool *pool, enum admin_kind kind,
                                  const char *list, ProtobufCMessage *request,
                                  struct roster *roster, page_taker *take)
{
    char *after = NULL;
    struct pool_told told;
    bool more;

    do {
        json_t *reply;

        told = put(pool, kind, list, after, request, &reply);
        free(after);
        after = NULL;
        more = false;
        if (told.result == PERCH__ADMIN__RESULT__DONE) {
            const char *next = text_of(reply, "next");

            take(roster, json_object_get(reply, list));
            more = next[0] != '\0';
            after = more ? strdup(next) : NULL;
            CHECK(!more || after != NULL);
        }
        json_decref(reply);
    } while (more);
    return told;
}

static void take_users(struct roster *roster, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach (items, i, item) {
        struct roster_user *user = roster_add_user(roster);

        user->uri = roster_text(roster, text_of(item, "uri"));
        user->name = roster_text(roster, text_of(item, "display_name"));
        user->owner = roster_text(roster, text_of(item, "owner"));
        user->version = number_of(item, "version");
        user->disabled = json_is_true(json_object_get(item, "disabled"));
    }
}

static void take_groups(struct roster *roster, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach (items, i, item) {
        struct roster_group *group = roster_add_group(roster);

        group->uri = roster_text(roster, text_of(item, "uri"));
        group->name = roster_text(roster, text_of(item, "display_name"));
        group->owner = roster_text(roster, text_of(item, "owner"));
        group->version = number_of(item, "version");
    }
}

/* Members are added to the last group of a roster: each group is read into one
 * of its own, and handed over. */
static void take_members(struct roster *roster, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach (items, i, item) {
        roster_add_member(roster, roster_text(roster, text_of(item, "uri")));
    }
}

static struct pool_told read_members(const struct pool *pool,
                                     struct roster *roster,
                                     struct roster_group *group)
{
    Perch__Admin__GroupsMembers request = PERCH__ADMIN__GROUPS_MEMBERS__INIT;
    struct roster_group last = *group;
    struct pool_told told;

    CODEC_SET_BYTES(&request, group, slice_of_text(group->uri));
    /* It changes places with the last one while its members come. */
    *group = roster->groups[roster->n_groups - 1];
    roster->groups[roster->n_groups - 1] = last;
    told = read_list(pool, ADMIN_GROUPS_MEMBERS, "members", &request.base,
                     roster, take_members);
    last = roster->groups[roster->n_groups - 1];
    roster->groups[roster->n_groups - 1] = *group;
    *group = last;
    return told;
}

struct pool_told pool_read(const struct pool *pool, struct roster *roster)
{
    Perch__Admin__UsersList users = PERCH__ADMIN__USERS_LIST__INIT;
    Perch__Admin__GroupsList groups = PERCH__ADMIN__GROUPS_LIST__INIT;
    struct pool_told told = read_list(pool, ADMIN_USERS_LIST, "users",
                                      &users.base, roster, take_users);

    if (told.result == PERCH__ADMIN__RESULT__DONE) {
        told = read_list(pool, ADMIN_GROUPS_LIST, "groups", &groups.base,
                         roster, take_groups);
    }
    for (size_t i = 0;
         i < roster->n_groups && told.result == PERCH__ADMIN__RESULT__DONE;
         i++) {
        if (strcmp(roster->groups[i].owner, pool->directory) == 0) {
            told = read_members(pool, roster, &roster->groups[i]);
        }
    }
    if (told.result == PERCH__ADMIN__RESULT__DONE) {
        roster_finish(roster);
    }
    return told;
}

bool pool_is_passing(const struct pool_told *told)
{
    return told->result == PERCH__ADMIN__RESULT__UNREACHABLE ||
           told->result == PERCH__ADMIN__RESULT__NO_LEADER ||
           told->result == PERCH__ADMIN__RESULT__UNKNOWN ||
           strcmp(told->outcome, "VERSION_STALE") == 0 ||
           strcmp(told->outcome, "BUSY") == 0;
}

static struct pool_told create_user(const struct pool *pool,
                                    const struct change *change)
{
    Perch__Admin__UsersCreate request = PERCH__ADMIN__USERS_CREATE__INIT;
    struct pool_told told;
    json_t *reply;

    CODEC_SET_BYTES(&request, user, slice_of_text(change->uri));
    CODEC_SET_BYTES(&request, display_name, slice_of_text(change->name));
    CODEC_SET_BYTES(&request, owner, slice_of_text(pool->directory));
    told = put(pool, ADMIN_USERS_CREATE, NULL, NULL, &request.base, &reply);
    json_decref(reply);
    return told;
}

static struct pool_told change_user(const struct pool *pool,
                                    const struct change *change)
{
    Perch__Admin__UsersChange request = PERCH__ADMIN__USERS_CHANGE__INIT;
    struct pool_told told;
    json_t *reply;

    CODEC_SET_BYTES(&request, user, slice_of_text(change->uri));
    CODEC_SET(&request, if_version, change->if_version);
    if (change->name != NULL) {
        CODEC_SET_BYTES(&request, display_name, slice_of_text(change->name));
    }
    if (change->kind == CHANGE_DISABLE_USER || change->enables) {
        CODEC_SET(&request, disabled, !change->enables);
    }
    told = put(pool, ADMIN_USERS_CHANGE, NULL, NULL, &request.base, &reply);
    json_decref(reply);
    return told;
}

static struct pool_told create_group(const struct pool *pool,
                                     const struct change *change)
{
    Perch__Admin__GroupsCreate request = PERCH__ADMIN__GROUPS_CREATE__INIT;
    struct pool_told told;
    json_t *reply;

    CODEC_SET_BYTES(&request, group, slice_of_text(change->uri));
    CODEC_SET_BYTES(&request, display_name, slice_of_text(change->name));
    CODEC_SET_BYTES(&request, owner, slice_of_text(pool->directory));
    told = put(pool, ADMIN_GROUPS_CREATE, NULL, NULL, &request.base, &reply);
    json_decref(reply);
    return told;
}

/* As many of a list as one command takes, from a place on. */
static size_t next_batch(const char *const *names, size_t n, size_t from,
                         ProtobufCBinaryData *batch)
{
    size_t len = n - from < POOL_NAMES_MAX ? n - from : POOL_NAMES_MAX;

    for (size_t i = 0; i < len; i++) {
        batch[i] = codec_bytes(slice_of_text(names[from + i]));
    }
    return len;
}

/* One command of a group's change. @version becomes the group's next one; 0:
 * the group is new, and any will do. */
static struct pool_told send_batch(const struct pool *pool,
                                   Perch__Admin__GroupsChange *request,
                                   uint32_t *version)
{
    struct pool_told told;
    json_t *reply;

    request->has_if_version = *version > 0;
    request->if_version = *version;
    told = put(pool, ADMIN_GROUPS_CHANGE, NULL, NULL, &request->base, &reply);
    if (told.result == PERCH__ADMIN__RESULT__DONE) {
        *version = number_of(json_object_get(reply, "group"), "version");
    }
    json_decref(reply);
    return told;
}

static struct pool_told change_group(const struct pool *pool,
                                     const struct change *change)
{
    ProtobufCBinaryData add[POOL_NAMES_MAX], remove[POOL_NAMES_MAX];
    uint32_t version = change->if_version;
    size_t added = 0, removed = 0;
    struct pool_told told;

    do {
        Perch__Admin__GroupsChange request = PERCH__ADMIN__GROUPS_CHANGE__INIT;

        CODEC_SET_BYTES(&request, group, slice_of_text(change->uri));
        if (change->name != NULL && added + removed == 0) {
            CODEC_SET_BYTES(&request, display_name,
                            slice_of_text(change->name));
        }
        request.members_add = add;
        request.n_members_add =
            next_batch(change->add, change->n_add, added, add);
        request.members_remove = remove;
        request.n_members_remove =
            next_batch(change->remove, change->n_remove, removed, remove);
        told = send_batch(pool, &request, &version);
        added += request.n_members_add;
        removed += request.n_members_remove;
    } while (told.result == PERCH__ADMIN__RESULT__DONE &&
             (added < change->n_add || removed < change->n_remove));
    return told;
}

struct pool_told pool_change(const struct pool *pool,
                             const struct change *change)
{
    switch (change->kind) {
    case CHANGE_CREATE_USER:
        return create_user(pool, change);
    case CHANGE_CREATE_GROUP:
        return create_group(pool, change);
    case CHANGE_GROUP:
        return change_group(pool, change);
    default:
        return change_user(pool, change);
    }
}

static void fill_report(const struct pool *pool,
                        const struct pool_report *report,
                        Perch__Admin__DirectoryReport *request)
{
    CODEC_SET_BYTES(request, directory, slice_of_text(pool->directory));
    CODEC_SET_BYTES(request, holder, slice_of_text(report->holder));
    CODEC_SET(request, lease_s, report->lease_s);
    CODEC_SET(request, phase, report->phase);
    CODEC_SET_BYTES(request, run, slice_of_text(report->run));
    CODEC_SET_BYTES(request, text, slice_of_text(report->text));
    CODEC_SET(request, users, (uint32_t)report->users);
    CODEC_SET(request, groups, (uint32_t)report->groups);
    CODEC_SET(request, changes, (uint32_t)report->changes);
    CODEC_SET(request, leaving, (uint32_t)report->leaving);
}

struct pool_told pool_report(const struct pool *pool,
                             struct pool_report *report)
{
    Perch__Admin__DirectoryReport request =
        PERCH__ADMIN__DIRECTORY_REPORT__INIT;
    const json_t *directory;
    struct pool_told told;
    json_t *reply;

    fill_report(pool, report, &request);
    told = put(pool, ADMIN_DIRECTORY_REPORT, NULL, NULL, &request.base, &reply);
    directory = json_object_get(reply, "directory");
    report->confirmed_out =
        json_is_true(json_object_get(directory, "confirmed"));
    snprintf(report->held_out, sizeof(report->held_out), "%.64s",
             text_of(directory, "held"));
    json_decref(reply);
    return told;
}
