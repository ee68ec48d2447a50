#include "ops/adapter/details.h"

#include <string.h>

enum fault details_init(struct details *details, const struct cut *cut)
{
    details->rooms = cut->room_details ? json_object() : NULL;
    details->users = cut->user_details ? json_object() : NULL;
    if ((cut->room_details && details->rooms == NULL) ||
        (cut->user_details && details->users == NULL)) {
        return fault_memory();
    }
    return FAULT_NONE;
}

void details_deinit(struct details *details)
{
    json_decref(details->rooms);
    json_decref(details->users);
}

/* Find a room or user, or begin it. Borrowed; NULL without memory. */
static json_t *find(json_t *all, const char *key, uint64_t csn)
{
    json_t *one = json_object_get(all, key);

    if (one != NULL) {
        return one;
    }
    one = json_pack("{s:I, s:I, s:i, s:{}}", "first_csn", (json_int_t)csn,
                    "last_csn", (json_int_t)csn, "records", 0, "kinds");
    if (one == NULL || json_object_set_new(all, key, one) != 0) {
        return NULL;
    }
    return one;
}

static void add_one(json_t *to, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(to, key));

    json_object_set_new(to, key, json_integer(n + 1));
}

static void count(json_t *one, const struct event *event)
{
    json_object_set_new(one, "last_csn", json_integer((json_int_t)event->csn));
    add_one(one, "records");
    add_one(json_object_get(one, "kinds"), event->kind);
}

/* Take over what the record says of it, the newest last. */
static void take(json_t *one, const struct event *event, const char *field,
                 const char *name)
{
    json_t *value = json_object_get(event->line, field);

    if (value != NULL) {
        json_object_set(one, name, value);
    }
}

static enum fault add_room(struct details *details, const struct batch *batch,
                           size_t index, const struct event *event)
{
    uint32_t place = batch->entries[index].place;
    json_t *room;

    if (place == BATCH_POOL) {
        return FAULT_NONE;
    }
    room = find(details->rooms, batch->conversations[place].room, event->csn);
    if (room == NULL) {
        return fault_memory();
    }
    count(room, event);
    take(room, event, "room_name", "name");
    take(room, event, "category", "category");
    take(room, event, "category_name", "category_name");
    return FAULT_NONE;
}

static enum fault add_user(struct details *details, const struct batch *batch,
                           const struct event *event)
{
    struct slice uri = event_text(event, "user");
    json_t *user;

    if (uri.len == 0 || strlen((const char *)uri.data) != uri.len) {
        return FAULT_NONE;
    }
    user = find(details->users, (const char *)uri.data, event->csn);
    if (user == NULL) {
        return fault_memory();
    }
    count(user, event);
    take(user, event, "display_name", "display_name");
    take(user, event, "principal", "principal");
    json_object_set_new(
        user, "internal",
        json_boolean(event_is_internal(uri, batch->cut.domain)));
    return FAULT_NONE;
}

enum fault details_add(struct details *details, const struct batch *batch,
                       size_t index, const struct event *event)
{
    if (details->rooms != NULL) {
        TAKE(add_room(details, batch, index, event));
    }
    if (details->users != NULL) {
        TAKE(add_user(details, batch, event));
    }
    return FAULT_NONE;
}
