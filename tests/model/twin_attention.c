/* The twin's rules of what people follow and have read. */
#include <string.h>

#include "proto/base/check.h"
#include "tests/model/twin.h"

static enum outcome actor(const struct twin *twin, const Perch__Command *c,
                          uint32_t *user)
{
    *user = twin_user(twin, c->user);
    if (*user == 0) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (twin->users[*user].disabled) {
        return OUTCOME_USER_DISABLED;
    }
    return twin_chats(twin, *user) ? OUTCOME_DONE : OUTCOME_CHAT_NOT_ENABLED;
}

static long find(const struct twin *twin, uint32_t user, uint32_t container,
                 uint32_t instance)
{
    for (size_t i = 0; i < twin->n_items; i++) {
        const struct twin_item *item = &twin->items[i];

        if (item->user == user && item->container == container &&
            item->instance == instance) {
            return (long)i;
        }
    }
    return -1;
}

static enum outcome check_item(const struct twin *twin, uint32_t user,
                               const Perch__Publish *c, size_t i)
{
    const Perch__Publish__Item *item = c->items[i];
    long now = find(twin, user, item->container, item->instance);

    if (item->xml.len > 4096) {
        return OUTCOME_PUBLICATION_TOO_LONG;
    }
    if (twin_characters(item->xml) < 0 ||
        (item->expire_type.len > 0 &&
         !twin_is_visible(item->expire_type, 16)) ||
        (item->has_room && item->room.len != 16)) {
        return OUTCOME_PUBLICATION_INVALID;
    }
    for (size_t j = 0; j < i; j++) {
        if (c->items[j]->container == item->container &&
            c->items[j]->instance == item->instance) {
            return OUTCOME_PUBLICATION_INVALID;
        }
    }
    return item->version == (now < 0 ? 0 : twin->items[now].version)
               ? OUTCOME_DONE
               : OUTCOME_PUBLICATION_STALE;
}

static void put(struct twin *twin, uint32_t user,
                const Perch__Publish__Item *item)
{
    long now = find(twin, user, item->container, item->instance);
    uint32_t room = item->has_room ? twin_place(twin, item->room, true) : 0;
    struct twin_item *to;

    if (item->remove) {
        if (now >= 0) {
            twin->items[now] = twin->items[--twin->n_items];
        }
        return;
    }
    if (now < 0) {
        CHECK(twin->n_items < TWIN_ITEMS);
        now = (long)twin->n_items++;
        twin->items[now] = (struct twin_item){.user = user,
                                              .container = item->container,
                                              .instance = item->instance};
    }
    to = &twin->items[now];
    to->version += 1;
    to->room = room;
    twin_copy(&to->expire_type, item->expire_type, false);
    twin_copy(&to->xml, item->xml, false);
    if (room != 0 && twin->reads[user][room] == 0) {
        twin->reads[user][room] = twin->places[room].message_id + 1;
    }
}

enum outcome twin_publish(struct twin *twin, const Perch__Command *c)
{
    const Perch__Publish *publish = c->publish;
    uint32_t user;
    enum outcome outcome = actor(twin, c, &user);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (publish->n_items == 0 || publish->n_items > 64) {
        return OUTCOME_PUBLICATIONS_TOO_MANY;
    }
    for (size_t i = 0; i < publish->n_items; i++) {
        outcome = check_item(twin, user, publish, i);
        if (outcome != OUTCOME_DONE) {
            twin->value = i;
            return outcome;
        }
    }
    for (size_t i = 0; i < publish->n_items; i++) {
        put(twin, user, publish->items[i]);
    }
    twin->value = publish->n_items;
    twin_event(twin, EVENT_PUBLISHED)->user = user;
    return OUTCOME_DONE;
}

static void move(struct twin *twin, uint32_t user, uint32_t room, uint64_t id)
{
    struct event *event = twin_event(twin, EVENT_READ);

    twin->reads[user][room] = id + 1;
    event->user = user;
    event->room = room;
    event->guid = twin->places[room].guid;
    event->message_id = id;
}

enum outcome twin_read_mark(struct twin *twin, const Perch__Command *c)
{
    const Perch__ReadMark *mark = c->read_mark;
    uint32_t room = twin_place(twin, mark->room, true), user;
    enum outcome outcome = actor(twin, c, &user);
    uint64_t now, next;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (room == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = twin_may(twin, user, room);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    next =
        mark->has_message_id ? mark->message_id : twin->places[room].message_id;
    if (next > twin->places[room].message_id) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    now = twin->reads[user][room];
    if (now > 0 && (next + 1 == now || (next + 1 < now && !mark->back))) {
        twin->value = now - 1;
        return OUTCOME_REPEATED;
    }
    move(twin, user, room, next);
    twin->value = next;
    return OUTCOME_DONE;
}

static bool attends(const struct twin *twin, uint32_t user, uint32_t room)
{
    for (size_t i = 0; i < twin->n_items; i++) {
        if (twin->items[i].user == user && twin->items[i].room == room) {
            return true;
        }
    }
    return twin->reads[user][room] > 0;
}

enum outcome twin_read_marks(struct twin *twin, const Perch__ReadMarks *c)
{
    if (c->n_marks > 1024) {
        return OUTCOME_READS_TOO_MANY;
    }
    for (size_t i = 0; i < c->n_marks; i++) {
        const Perch__ReadMarks__Mark *mark = c->marks[i];
        uint32_t user = twin_user(twin, mark->user);
        uint32_t room = twin_place(twin, mark->room, true);

        if (user != 0 && room != 0 && attends(twin, user, room) &&
            twin_chats(twin, user) &&
            twin_may(twin, user, room) == OUTCOME_DONE &&
            mark->message_id <= twin->places[room].message_id &&
            mark->message_id + 1 > twin->reads[user][room]) {
            move(twin, user, room, mark->message_id);
            twin->value += 1;
        }
    }
    return OUTCOME_DONE;
}

static bool is_word(ProtobufCBinaryData word)
{
    return word.len > 0 && twin_characters(word) <= 64 &&
           twin_check_line(word, OUTCOME_FEED_INVALID) == OUTCOME_DONE;
}

static bool is_feed(const Perch__FeedsPut *c, size_t at)
{
    const Perch__FeedsPut__Feed *feed = c->feeds[at];
    bool good = is_word(feed->name) && feed->n_words <= 16 &&
                feed->n_authors <= 16 && feed->n_words + feed->n_authors > 0;

    for (size_t i = 0; i < at; i++) {
        good =
            good && !twin_same(feed->name.data, feed->name.len,
                               c->feeds[i]->name.data, c->feeds[i]->name.len);
    }
    for (size_t i = 0; good && i < feed->n_words; i++) {
        good = is_word(feed->words[i]);
    }
    for (size_t i = 0; good && i < feed->n_authors; i++) {
        good = twin_is_sip(feed->authors[i]);
    }
    return good;
}

enum outcome twin_feeds_put(struct twin *twin, const Perch__Command *c)
{
    const Perch__FeedsPut *put = c->feeds_put;
    uint32_t user;
    enum outcome outcome = actor(twin, c, &user);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (put->has_if_version &&
        put->if_version != twin->users[user].feeds_version) {
        return OUTCOME_VERSION_STALE;
    }
    if (put->n_feeds > 32) {
        return OUTCOME_FEEDS_TOO_MANY;
    }
    for (size_t i = 0; i < put->n_feeds; i++) {
        if (!is_feed(put, i)) {
            twin->value = i;
            return OUTCOME_FEED_INVALID;
        }
    }
    twin->users[user].feeds_version += 1;
    twin->users[user].n_feeds = put->n_feeds;
    for (size_t i = 0; i < put->n_feeds; i++) {
        twin_copy(&twin->users[user].feeds[i], put->feeds[i]->name, false);
    }
    twin->value = twin->users[user].feeds_version;
    return OUTCOME_DONE;
}
