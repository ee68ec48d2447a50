#include "node/chat/publication.h"

#include <stdlib.h>

#include "node/chat/attention.h"
#include "node/chat/reading.h"
#include "node/chat/room.h"
#include "proto/base/check.h"

static int compare(const struct publication *a, const struct publication *b)
{
    if (a->container != b->container) {
        return a->container < b->container ? -1 : 1;
    }
    return (a->instance > b->instance) - (a->instance < b->instance);
}

TREE_GENERATE(publications, publication, by_key, compare)

struct publication *publication_find(const struct user *user,
                                     uint32_t container, uint32_t instance)
{
    struct publication key;

    if (user->attention == NULL) {
        return NULL;
    }
    key.container = container;
    key.instance = instance;
    return RB_FIND(publications, &user->attention->publications, &key);
}

struct publication *publication_next(const struct user *user,
                                     const struct publication *after)
{
    if (after != NULL) {
        return RB_NEXT(publications, NULL,
                       (struct publication *)(uintptr_t)after);
    }
    return user->attention == NULL
               ? NULL
               : RB_MIN(publications, &user->attention->publications);
}

struct publication *publication_add(struct machine *machine, struct user *user,
                                    uint32_t container, uint32_t instance,
                                    uint32_t room)
{
    struct attention *attention = attention_of(user);
    struct publication *item = calloc(1, sizeof(*item));

    CHECK(item != NULL);
    item->container = container;
    item->instance = instance;
    item->room = room;
    CHECK(RB_INSERT(publications, &attention->publications, item) == NULL);
    attention->n_publications += 1;
    machine->counts[ROW_PUBLICATION] += 1;
    attention_follow(machine, user, room, true);
    return item;
}

void publication_set_xml(struct user *user, struct publication *item,
                         struct slice xml)
{
    uint32_t *bytes = &user->attention->document_bytes;

    CHECK(*bytes >= text_slice(item->xml).len);
    *bytes -= (uint32_t)text_slice(item->xml).len;
    text_replace(&item->xml, xml);
    *bytes += (uint32_t)xml.len;
}

static void item_free(struct publication *item)
{
    text_free(item->expire_type);
    text_free(item->xml);
    free(item);
}

static void drop(struct machine *machine, struct user *user,
                 struct publication *item)
{
    struct attention *attention = user->attention;

    CHECK(attention->n_publications > 0);
    RB_REMOVE(publications, &attention->publications, item);
    attention->n_publications -= 1;
    machine->counts[ROW_PUBLICATION] -= 1;
    attention_follow(machine, user, item->room, false);
    publication_set_xml(user, item, SLICE_NONE);
    item_free(item);
}

static void mark(struct machine *machine, const struct user *user,
                 const struct publication *item)
{
    changes_mark(&machine->changes, ROW_PUBLICATION, user->principal.number,
                 item->container, item->instance);
}

void publication_drop_all(struct machine *machine, struct user *user)
{
    struct publication *item;

    while ((item = publication_next(user, NULL)) != NULL) {
        mark(machine, user, item);
        drop(machine, user, item);
    }
}

void publication_lose_room(struct machine *machine, struct user *user,
                           uint32_t room)
{
    struct publication *item = NULL;

    while ((item = publication_next(user, item)) != NULL) {
        if (item->room == room) {
            item->room = 0;
            mark(machine, user, item);
        }
    }
}

void publication_free_all(struct attention *attention)
{
    struct publication *item;

    while ((item = RB_MIN(publications, &attention->publications)) != NULL) {
        RB_REMOVE(publications, &attention->publications, item);
        item_free(item);
    }
}

static bool is_text(ProtobufCBinaryData bytes)
{
    uint64_t characters;

    return text_check(codec_slice(bytes), &characters) == TEXT_FINE;
}

/* Whether an earlier item of the command has the same key. */
static bool is_repeated(const Perch__Publish *command, size_t i)
{
    const Perch__Publish__Item *item = command->items[i];

    for (size_t j = 0; j < i; j++) {
        if (command->items[j]->container == item->container &&
            command->items[j]->instance == item->instance) {
            return true;
        }
    }
    return false;
}

static bool is_sound(const Perch__Publish__Item *item)
{
    struct slice expire_type = codec_slice(item->expire_type);

    return (expire_type.len == 0 ||
            text_is_visible(expire_type, EXPIRE_TYPE_BYTES_MAX)) &&
           is_text(item->xml) &&
           (!item->has_room || item->room.len == GUID_BYTES);
}

static enum outcome check_item(const struct user *user,
                               const Perch__Publish *command, size_t i)
{
    const Perch__Publish__Item *item = command->items[i];
    const struct publication *now =
        publication_find(user, item->container, item->instance);

    if (item->xml.len > PUBLICATION_BYTES_MAX) {
        return OUTCOME_PUBLICATION_TOO_LONG;
    }
    if (!is_sound(item) || is_repeated(command, i)) {
        return OUTCOME_PUBLICATION_INVALID;
    }
    return item->version == (now == NULL ? 0 : now->version)
               ? OUTCOME_DONE
               : OUTCOME_PUBLICATION_STALE;
}

static uint32_t room_of(const struct turn *turn,
                        const Perch__Publish__Item *item)
{
    const struct room *room =
        item->has_room ? room_named(turn->machine, item->room) : NULL;

    return room == NULL ? 0 : room->place.number;
}

/* Whether there is room for what is new: items, and marks. */
static enum outcome check_room(const struct turn *turn, const struct user *user,
                               const Perch__Publish *command)
{
    const struct attention *attention = user->attention;
    size_t items = attention == NULL ? 0 : attention->n_publications;
    size_t marks = attention == NULL ? 0 : attention->n_marks;
    size_t bytes = attention == NULL ? 0 : attention->document_bytes;

    for (size_t i = 0; i < command->n_items; i++) {
        const Perch__Publish__Item *item = command->items[i];
        uint32_t room = item->remove ? 0 : room_of(turn, item);
        uint64_t ignored;

        /* What goes makes no room for what comes in the same command. */
        items += !item->remove && item->version == 0;
        bytes += item->remove ? 0 : item->xml.len;
        marks += room != 0 && !reading_find(user, room, &ignored);
    }
    if (items > PUBLICATIONS_PER_USER_MAX || bytes > DOCUMENT_BYTES_MAX) {
        return OUTCOME_PUBLICATIONS_FULL;
    }
    return marks > READS_PER_USER_MAX ? OUTCOME_READS_FULL : OUTCOME_DONE;
}

static enum outcome check(struct turn *turn, const struct user *user,
                          const Perch__Publish *command)
{
    if (command->n_items == 0 ||
        command->n_items > PUBLICATIONS_PER_COMMAND_MAX) {
        return OUTCOME_PUBLICATIONS_TOO_MANY;
    }
    for (size_t i = 0; i < command->n_items; i++) {
        enum outcome outcome = check_item(user, command, i);

        if (outcome != OUTCOME_DONE) {
            turn->value = i;
            return outcome;
        }
    }
    return check_room(turn, user, command);
}

/* What was said before a room is followed is no news. */
static void begin_reading(struct turn *turn, struct user *user, uint32_t number)
{
    const struct room *room = table_at(&turn->machine->rooms, number);
    uint64_t ignored;

    if (room != NULL && !reading_find(user, number, &ignored)) {
        reading_set(turn->machine, user, number, room->message_id_last);
        changes_mark(&turn->machine->changes, ROW_READ, user->principal.number,
                     number, 0);
    }
}

static void put(struct turn *turn, struct user *user,
                struct publication *publication,
                const Perch__Publish__Item *item)
{
    uint32_t room = room_of(turn, item);

    if (publication == NULL) {
        publication = publication_add(turn->machine, user, item->container,
                                      item->instance, room);
    } else if (publication->room != room) {
        attention_follow(turn->machine, user, publication->room, false);
        attention_follow(turn->machine, user, room, true);
        publication->room = room;
    }
    publication->version += 1;
    text_replace(&publication->expire_type, codec_slice(item->expire_type));
    publication_set_xml(user, publication, codec_slice(item->xml));
    begin_reading(turn, user, room);
}

static void apply_item(struct turn *turn, struct user *user,
                       const Perch__Publish__Item *item)
{
    struct publication *publication =
        publication_find(user, item->container, item->instance);

    if (!item->remove) {
        put(turn, user, publication, item);
    } else if (publication != NULL) {
        drop(turn->machine, user, publication);
    }
    changes_mark(&turn->machine->changes, ROW_PUBLICATION,
                 user->principal.number, item->container, item->instance);
}

enum outcome publish(struct turn *turn, const Perch__Command *command)
{
    const Perch__Publish *publish = command->publish;
    struct user *user = NULL;
    enum outcome outcome = attention_actor(turn, command, &user);

    if (outcome == OUTCOME_DONE) {
        outcome = check(turn, user, publish);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    for (size_t i = 0; i < publish->n_items; i++) {
        apply_item(turn, user, publish->items[i]);
    }
    turn->value = publish->n_items;
    effects_event(turn->effects, EVENT_PUBLISHED)->user =
        user->principal.number;
    return OUTCOME_DONE;
}
