#include "tests/client/scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"

int scene_setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->loop = loop_new();
    scene->pool = pool_new(scene->loop);
    scene->limits = CLIENT_LIMITS_DEFAULT;
    scene->limits.connect_ms = 1000;
    scene->limits.sign_in_ms = 1500;
    scene->limits.answer_ms = 600;
    scene->limits.reply_ms = 600;
    scene->limits.backoff_min_ms = 5;
    scene->limits.backoff_max_ms = 40;
    scene->limits.copy_ms = 200;
    scene->limits.sign_out_ms = 300;
    *state = scene;
    return 0;
}

int scene_teardown(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < scene->owners_n; i++) {
        client_free(scene->owners[i]->client);
        free(scene->owners[i]);
    }
    timer_free(scene->watch);
    pool_free(scene->pool);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

void scene_name_servers(struct scene *scene, const char *host)
{
    size_t len = 0;

    for (int i = 0; i < scene->pool->nodes_n; i++) {
        len += (size_t)snprintf(
            scene->servers + len, sizeof(scene->servers) - len, "%s%s:%u",
            i == 0 ? "" : ",", host, scene->pool->nodes[i].port);
    }
}

void scene_nodes(struct scene *scene, int n)
{
    for (int i = 0; i < n; i++) {
        pool_add_node(scene->pool, NULL, NULL);
    }
    scene_name_servers(scene, "127.0.0.1");
}

static void put(char *to, size_t room, struct slice text)
{
    snprintf(to, room, "%.*s", SLICE_PRINT(text));
}

static void append(char *to, size_t room, struct slice text)
{
    size_t len = strlen(to);

    snprintf(to + len, room - len, "%s%.*s", len == 0 ? "" : " ",
             SLICE_PRINT(text));
}

static void list_data(struct told *told, const struct xccos_data *data)
{
    for (const struct xccos_room *room = data->rooms; room != NULL;
         room = room->next) {
        if (room->messages == NULL) {
            told->n++;
            append(told->list, sizeof(told->list), room->name);
        }
        for (const struct xccos_message *message = room->messages;
             message != NULL; message = message->next) {
            char id[24];

            told->n++;
            snprintf(id, sizeof(id), "%" PRIu64, message->message_id.value);
            append(told->list, sizeof(told->list), slice_of_text(id));
        }
    }
}

static void list_people(struct told *told, struct people *people)
{
    struct person *person;

    for (person = people_first(people); person != NULL;
         person = people_next(person)) {
        told->n++;
        append(told->list, sizeof(told->list), person->uri);
    }
}

static void copy_state(struct told *told, const struct client_event *event)
{
    told->state = event->state.state;
    told->cause = event->state.cause;
    told->code = (unsigned)event->state.status;
    told->retry_in_ms = event->state.retry_in_ms;
    snprintf(told->text, sizeof(told->text), "%s", event->state.text);
    snprintf(told->list, sizeof(told->list), "%s", event->state.server);
}

static void copy_more(struct told *told, const struct client_event *event)
{
    switch (event->kind) {
    case CLIENT_EVENT_POSTED:
        told->token = event->posted.token;
        told->result = event->posted.result;
        told->id = event->posted.message_id;
        told->code = (unsigned)event->posted.status;
        put(told->text, sizeof(told->text), event->posted.reason);
        put(told->retry_id, sizeof(told->retry_id), event->posted.retry_id);
        break;
    case CLIENT_EVENT_REPLY:
        told->token = event->reply.token;
        told->result = event->reply.result;
        told->code = event->reply.code;
        put(told->text, sizeof(told->text), event->reply.sentence);
        list_data(told, event->reply.data);
        break;
    case CLIENT_EVENT_LEFT:
        told->why = event->left.why;
        told->code = event->left.code;
        put(told->text, sizeof(told->text), event->left.sentence);
        break;
    case CLIENT_EVENT_JOINED:
        told->is_again = event->joined.is_again;
        put(told->text, sizeof(told->text), event->room_name);
        list_people(told, event->joined.people);
        break;
    case CLIENT_EVENT_CHANGED:
        put(told->text, sizeof(told->text), event->room_name);
        break;
    case CLIENT_EVENT_PROBLEM:
        put(told->text, sizeof(told->text), event->problem);
        break;
    default:
        break;
    }
}

static void on_event(void *context, const struct client_event *event)
{
    struct owner *owner = context;
    struct told *told = &owner->told[owner->n];

    assert_true(owner->n < TOLD_MAX);
    owner->n++;
    memset(told, 0, sizeof(*told));
    told->kind = event->kind;
    put(told->room, sizeof(told->room), event->room_uri);
    switch (event->kind) {
    case CLIENT_EVENT_STATE:
        copy_state(told, event);
        break;
    case CLIENT_EVENT_MESSAGE:
        told->id = event->message.message->message_id.value;
        told->is_live = event->message.is_live;
        told->is_own = event->message.is_own;
        put(told->text, sizeof(told->text), event->message.message->text);
        break;
    case CLIENT_EVENT_GAP:
        told->id = event->gap.first_id;
        told->last_id = event->gap.last_id;
        break;
    case CLIENT_EVENT_ENTERED:
    case CLIENT_EVENT_GONE:
        put(told->text, sizeof(told->text), event->person.uri);
        break;
    default:
        copy_more(told, event);
        break;
    }
    if (owner->on_event != NULL) {
        owner->on_event(owner, event);
    }
}

struct owner *scene_client(struct scene *scene, const char *user,
                           const struct client_settings *settings)
{
    struct owner *owner = calloc(1, sizeof(*owner));
    struct client_settings own = {0};
    char full[128];
    const char *why;

    if (settings != NULL) {
        own = *settings;
    }
    snprintf(full, sizeof(full), "%s@" POOL_DOMAIN, user);
    own.user = full;
    own.limits = scene->limits;
    if (own.servers == NULL) {
        own.servers = scene->servers;
    }
    owner->scene = scene;
    assert_true(scene->owners_n < OWNERS_MAX);
    assert_int_equal(
        client_new(scene->loop, &own, on_event, owner, &owner->client, &why),
        ERROR_NONE);
    scene->owners[scene->owners_n++] = owner;
    return owner;
}

struct owner *scene_online(struct scene *scene, const char *user)
{
    struct owner *owner = scene_client(scene, user, NULL);

    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
    return owner;
}

static void on_watch(void *context)
{
    struct scene *scene = context;

    scene->was_met = scene->is_met(scene, scene->by);
    if (scene->was_met || loop_now_us(scene->loop) >= scene->give_up_us) {
        timer_stop(scene->watch);
        loop_stop(scene->loop);
    }
}

struct owner *scene_in_room(struct scene *scene, int nodes, uint32_t history_n,
                            int *room_out)
{
    struct owner *owner;

    scene_nodes(scene, nodes);
    *room_out = pool_add_room(scene->pool, "Tide Desk");
    owner = scene_online(scene, "ingrid");
    scene_join(owner, *room_out, history_n);
    return owner;
}

void scene_fault(struct scene *scene, const char *what, int node,
                 unsigned times, enum pool_fault kind, int status)
{
    pool_add_rule(scene->pool, (struct pool_rule){.what = what,
                                                  .node = node,
                                                  .times = times,
                                                  .fault = kind,
                                                  .status = status});
}

bool scene_until(struct scene *scene,
                 bool (*is_met)(struct scene *scene, const void *by),
                 const void *by)
{
    if (scene->watch == NULL) {
        scene->watch = timer_new(scene->loop, on_watch, scene);
    }
    scene->is_met = is_met;
    scene->by = by;
    scene->give_up_us = loop_now_us(scene->loop) + WAIT_MS * 1000;
    timer_start(scene->watch, 0, 1);
    loop_run(scene->loop);
    return scene->was_met;
}

static bool is_time(struct scene *scene, const void *by)
{
    const uint64_t *until_us = by;

    return loop_now_us(scene->loop) >= *until_us;
}

void scene_run(struct scene *scene, uint32_t ms)
{
    uint64_t until_us = loop_now_us(scene->loop) + (uint64_t)ms * 1000;

    scene_until(scene, is_time, &until_us);
}

struct wish {
    struct owner *owner;
    enum client_event_kind kind;
    int n;
    enum client_state state;
    uint64_t token;
    int room;
    const char *ids;
};

/* Is it now, or was it since: a state may be over between two looks. */
static bool was_in_state(struct scene *scene, const void *by)
{
    const struct wish *wish = by;
    bool was = client_state(wish->owner->client) == wish->state;

    (void)scene;
    for (int i = wish->n; i < wish->owner->n; i++) {
        const struct told *told = &wish->owner->told[i];

        was |= told->kind == CLIENT_EVENT_STATE && told->state == wish->state;
    }
    return was;
}

static void print_told(const struct owner *owner)
{
    for (int i = owner->n > 40 ? owner->n - 40 : 0; i < owner->n; i++) {
        const struct told *told = &owner->told[i];

        print_message("  kind=%d state=%s cause=%s room=%s id=%" PRIu64
                      " token=%" PRIu64 " result=%d code=%u text=%s list=%s\n",
                      told->kind, client_state_word(told->state),
                      client_cause_word(told->cause), told->room, told->id,
                      told->token, told->result, told->code, told->text,
                      told->list);
    }
}

void scene_state(struct owner *owner, enum client_state state)
{
    struct wish wish = {.owner = owner, .state = state, .n = owner->n};

    if (!scene_until(owner->scene, was_in_state, &wish)) {
        print_told(owner);
        fail_msg("not %s but %s", client_state_word(state),
                 client_state_word(client_state(owner->client)));
    }
}

int told_count(const struct owner *owner, enum client_event_kind kind)
{
    int n = 0;

    for (int i = 0; i < owner->n; i++) {
        n += owner->told[i].kind == kind;
    }
    return n;
}

const struct told *told_nth(const struct owner *owner,
                            enum client_event_kind kind, int n)
{
    for (int i = 0; i < owner->n; i++) {
        if (owner->told[i].kind == kind && n-- == 0) {
            return &owner->told[i];
        }
    }
    return NULL;
}

static bool is_told(struct scene *scene, const void *by)
{
    const struct wish *wish = by;

    (void)scene;
    return told_nth(wish->owner, wish->kind, wish->n) != NULL;
}

const struct told *scene_told(struct owner *owner, enum client_event_kind kind,
                              int n)
{
    struct wish wish = {.owner = owner, .kind = kind, .n = n};

    if (!scene_until(owner->scene, is_told, &wish)) {
        print_told(owner);
        fail_msg("event %d of kind %d does not come", n, kind);
    }
    return told_nth(owner, kind, n);
}

static const struct told *find_end(const struct owner *owner, uint64_t token)
{
    for (int i = 0; i < owner->n; i++) {
        if ((owner->told[i].kind == CLIENT_EVENT_POSTED ||
             owner->told[i].kind == CLIENT_EVENT_REPLY) &&
            owner->told[i].token == token) {
            return &owner->told[i];
        }
    }
    return NULL;
}

static bool is_ended(struct scene *scene, const void *by)
{
    const struct wish *wish = by;

    (void)scene;
    return find_end(wish->owner, wish->token) != NULL;
}

const struct told *scene_end(struct owner *owner, uint64_t token)
{
    struct wish wish = {.owner = owner, .token = token};

    if (!scene_until(owner->scene, is_ended, &wish)) {
        print_told(owner);
        fail_msg("errand %" PRIu64 " does not end", token);
    }
    return find_end(owner, token);
}

uint64_t scene_post(struct owner *owner, int room, const char *text,
                    uint32_t within_ms)
{
    struct client_post post = {.room_uri = room_uri(owner->scene, room),
                               .text = slice_of_text(text),
                               .within_ms = within_ms};
    uint64_t token = 0;

    assert_int_equal(client_post(owner->client, &post, &token), ERROR_NONE);
    return token;
}

const char *told_ids(const struct owner *owner, int room)
{
    static char ids[65536];
    size_t len = 0;

    ids[0] = '\0';
    for (int i = 0; i < owner->n; i++) {
        const struct told *told = &owner->told[i];

        if (strcmp(told->room, owner->scene->pool->rooms[room].uri) != 0) {
            continue;
        }
        if (told->kind == CLIENT_EVENT_MESSAGE) {
            len += (size_t)snprintf(ids + len, sizeof(ids) - len, "%s%" PRIu64,
                                    len == 0 ? "" : " ", told->id);
        } else if (told->kind == CLIENT_EVENT_GAP) {
            len += (size_t)snprintf(
                ids + len, sizeof(ids) - len, "%s%" PRIu64 "-%" PRIu64,
                len == 0 ? "" : " ", told->id, told->last_id);
        }
    }
    return ids;
}

static bool are_ids(struct scene *scene, const void *by)
{
    const struct wish *wish = by;

    (void)scene;
    return strcmp(told_ids(wish->owner, wish->room), wish->ids) == 0;
}

void scene_ids(struct owner *owner, int room, const char *ids)
{
    struct wish wish = {.owner = owner, .room = room, .ids = ids};

    if (!scene_until(owner->scene, are_ids, &wish)) {
        print_told(owner);
        assert_string_equal(told_ids(owner, room), ids);
    }
}

struct slice room_uri(const struct scene *scene, int room)
{
    return slice_of_text(scene->pool->rooms[room].uri);
}

static bool is_settled(struct scene *scene, const void *by)
{
    const struct wish *wish = by;
    struct client_room view;

    return client_look(wish->owner->client, room_uri(scene, wish->room),
                       &view) == ERROR_NONE &&
           view.is_in && view.is_current;
}

void scene_join(struct owner *owner, int room, uint32_t history_n)
{
    struct wish wish = {.owner = owner, .room = room};

    assert_int_equal(
        client_join(owner->client, room_uri(owner->scene, room), history_n),
        ERROR_NONE);
    assert_true(scene_until(owner->scene, is_settled, &wish));
}
