#include "ops/client/followed.h"

#include <stdlib.h>
#include <string.h>

#include "proto/xccos/text.h"

enum {
    CONTAINER = 1, /* The user's own eyes. */
    RETRY_MS = 1000,
    ARENA_BYTES = 4096,
};

#define PROPERTIES "http://schemas.microsoft.com/2010/12/sip/propertyList"
#define RICH       "http://schemas.microsoft.com/2006/09/sip/rich-presence"

/* Forget the first n changes. */
static void forget_changes(struct followed *followed, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(followed->changes[i].uri);
        free(followed->changes[i].name);
    }
    followed->n_changes -= n;
    memmove(followed->changes, followed->changes + n,
            followed->n_changes * sizeof(*followed->changes));
}

void followed_deinit(struct client *client)
{
    forget_changes(&client->followed, client->followed.n_changes);
    arena_free(client->followed.arena);
    client->followed.arena = NULL;
}

void followed_online(struct client *client)
{
    if (client->followed.is_asked) {
        visit_watch(client->visit);
    }
}

static const struct roaming_item *find(const struct followed *followed,
                                       const char *uri)
{
    const struct roaming_item *item = followed->items;

    while (item != NULL && !slice_equal_text(item->url, uri)) {
        item = item->next;
    }
    return item;
}

static bool is_taken(const struct followed *followed, uint32_t instance)
{
    const struct roaming_item *item = followed->items;

    while (item != NULL &&
           (item->container != CONTAINER || item->instance != instance)) {
        item = item->next;
    }
    return item != NULL;
}

/* By the room's id, so that two devices which think of it at once choose the
 * same, and one of them is told. */
static uint32_t instance_for(const struct followed *followed, const char *uri)
{
    struct xccos_name name;
    uint32_t instance = 1;

    if (xccos_room_uri_read(slice_of_text(uri), &name) == ERROR_NONE) {
        memcpy(&instance, name.guid.bytes, sizeof(instance));
    }
    while (instance == 0 || is_taken(followed, instance)) {
        instance += 1;
    }
    return instance;
}

static struct slice content(struct arena *arena,
                            const struct followed_change *change)
{
    struct buffer xml = BUFFER_EMPTY;
    struct slice copy = SLICE_NONE;

    buffer_append_text(&xml,
                       "<roomSetting xmlns=\"" RICH "\" xmlns:p=\"" PROPERTIES
                       "\"><p:property name=\"url\">");
    buffer_append_text(&xml, change->uri);
    buffer_append_text(&xml, "</p:property><p:property name=\"name\">");
    if (xccos_text_escape(&xml, slice_of_text(change->name)) ==
        XCCOS_ERROR_NONE) {
        buffer_append_text(&xml, "</p:property></roomSetting>");
        copy = arena_copy_slice(arena, buffer_slice(&xml));
    }
    buffer_deinit(&xml);
    return copy;
}

/* The item that makes a change true; NULL when memory is out. */
static struct roaming_item *item_for(const struct followed *followed,
                                     struct arena *arena,
                                     const struct followed_change *change)
{
    const struct roaming_item *now = find(followed, change->uri);
    struct roaming_item *item = arena_alloc(arena, sizeof(*item));

    if (item == NULL) {
        return NULL;
    }
    item->category = SLICE_LITERAL(ROAMING_ROOM_SETTING);
    item->expire_type = SLICE_LITERAL("static");
    item->container = CONTAINER;
    if (now != NULL) {
        item->container = now->container;
        item->instance = now->instance;
        item->version = now->version;
        item->remove = true;
    } else {
        item->instance = instance_for(followed, change->uri);
        item->xml = content(arena, change);
    }
    return item;
}

/* Forget what is true already. Returns whether something is not. */
static bool has_change(struct followed *followed)
{
    while (followed->n_changes > 0) {
        const struct followed_change *first = &followed->changes[0];

        if ((find(followed, first->uri) != NULL) != first->follows) {
            return true;
        }
        forget_changes(followed, 1);
    }
    return false;
}

/* Publish the first of what is not true yet, over the version that the last
 * answer has shown. */
static void publish(struct client *client)
{
    struct followed *followed = &client->followed;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct roaming_item *item =
        arena == NULL ? NULL : item_for(followed, arena, &followed->changes[0]);
    struct buffer body = BUFFER_EMPTY;

    if (item == NULL ||
        roaming_write_publish(&body, slice_of_text(client->uri), item) !=
            XCCOS_ERROR_NONE ||
        !visit_publish(client->visit, buffer_slice(&body))) {
        followed->retry_us =
            loop_now_us(client->loop) + (uint64_t)RETRY_MS * 1000;
    }
    buffer_deinit(&body);
    arena_free(arena);
}

static void tell(struct client *client, unsigned code, struct slice sentence)
{
    struct client_event event = {.kind = CLIENT_EVENT_FOLLOWED};

    event.followed.rooms = client->followed.items;
    event.followed.waiting = client->followed.n_changes;
    event.followed.code = code;
    event.followed.sentence = sentence;
    client_tell(client, NULL, &event);
}

void followed_document(struct client *client, struct slice body)
{
    struct followed *followed = &client->followed;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct roaming_item *items;

    if (arena == NULL ||
        roaming_read(body, arena, &items) != XCCOS_ERROR_NONE) {
        client_problem(client, "the list of followed rooms cannot be read");
        arena_free(arena);
        return;
    }
    arena_free(followed->arena);
    followed->arena = arena;
    followed->items = items;
    if (has_change(followed)) {
        publish(client);
    }
    tell(client, 0, SLICE_NONE);
}

void followed_refused(struct client *client, const struct visit_answer *answer)
{
    struct followed *followed = &client->followed;
    uint64_t wait_ms = answer->status == 409 ? 0 : RETRY_MS;

    if (answer->status == 409 || answer->status == 503) {
        followed->retry_us = loop_now_us(client->loop) + wait_ms * 1000 + 1;
        client_pace(client);
        return;
    }
    forget_changes(followed, followed->n_changes);
    tell(client, (unsigned)answer->status, answer->reason);
}

/* By way of the document as it is now: another device may have changed it. */
void followed_tick(struct client *client, uint64_t now_us)
{
    if (client->followed.retry_us != 0 && client->state == CLIENT_ONLINE &&
        now_us >= client->followed.retry_us) {
        client->followed.retry_us = 0;
        visit_watch(client->visit);
    }
}

enum error client_watch_followed(struct client *client)
{
    if (client_is_over(client)) {
        return ERROR_CLOSED;
    }
    client_hold(client);
    client->followed.is_asked = true;
    if (client->state == CLIENT_ONLINE) {
        visit_watch(client->visit);
    }
    client_release(client);
    return ERROR_NONE;
}

enum error client_follow(struct client *client, struct slice room_uri,
                         struct slice name, bool follows)
{
    struct followed *followed = &client->followed;
    struct xccos_name read;
    struct followed_change change = {.follows = follows};

    if (client_is_over(client)) {
        return ERROR_CLOSED;
    }
    if (xccos_room_uri_read(room_uri, &read) != ERROR_NONE ||
        xccos_text_check(name, NULL) != XCCOS_ERROR_NONE) {
        return ERROR_INVALID;
    }
    if (followed->n_changes == CLIENT_FOLLOWS_MAX) {
        return ERROR_BUSY;
    }
    change.uri = strndup((const char *)room_uri.data, room_uri.len);
    change.name =
        strndup(name.len == 0 ? "" : (const char *)name.data, name.len);
    if (change.uri == NULL || change.name == NULL) {
        free(change.uri);
        free(change.name);
        return ERROR_NO_MEMORY;
    }
    followed->changes[followed->n_changes++] = change;
    return client_watch_followed(client);
}
