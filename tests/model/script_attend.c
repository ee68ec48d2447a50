/* The script's sayings of what people follow and have read. */
#include "tests/model/script_attend.h"

#include "tests/model/script_parts.h"

static ProtobufCBinaryData room(struct script *s, struct arena *arena)
{
    uint32_t place = 1 + script_below(s, TWIN_PLACES);

    if (place > s->twin->n_places || script_rarely(s, 20)) {
        return script_fill(arena, 16 - script_rarely(s, 2), 'r');
    }
    return (ProtobufCBinaryData){
        16, (uint8_t *)(uintptr_t)s->twin->places[place].guid.bytes};
}

/* The version the item has, mostly. */
static uint32_t version_of(struct script *s, const Perch__Command *c,
                           const Perch__Publish__Item *item)
{
    uint32_t user = twin_user(s->twin, c->user);

    if (script_rarely(s, 8)) {
        return script_below(s, 3);
    }
    for (size_t i = 0; i < s->twin->n_items; i++) {
        const struct twin_item *now = &s->twin->items[i];

        if (now->user == user && now->container == item->container &&
            now->instance == item->instance) {
            return now->version;
        }
    }
    return 0;
}

static Perch__Publish__Item *say_item(struct script *s, struct arena *arena,
                                      const Perch__Command *c)
{
    Perch__Publish__Item *item = MAKE(arena, publish__item);

    CODEC_SET(item, container, script_below(s, 2));
    CODEC_SET(item, instance, script_below(s, 4));
    CODEC_SET(item, version, version_of(s, c, item));
    CODEC_SET(item, xml, script_text(script_rarely(s, 30) ? "\x01" : "<a/>"));
    if (script_rarely(s, 100)) {
        item->xml = script_fill(arena, 4090 + script_below(s, 12), 'x');
        item->xml.data[0] = '\x02'; /* Never one that the twin would keep. */
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(item, expire_type,
                  script_rarely(s, 30) ? script_fill(arena, 17, 'e')
                                       : script_text("static"));
    }
    if (!script_rarely(s, 5)) {
        CODEC_SET(item, room, room(s, arena));
    }
    if (script_rarely(s, 5)) {
        CODEC_SET(item, remove, true);
    }
    return item;
}

void say_publish(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__Publish *publish = c->publish = MAKE(arena, publish);
    size_t n =
        script_rarely(s, 200) ? 60 + script_below(s, 8) : script_below(s, 4);

    publish->items = arena_alloc(arena, (n + 1) * sizeof(*publish->items));
    for (size_t i = 0; publish->items != NULL && i < n; i++) {
        publish->items[publish->n_items++] = say_item(s, arena, c);
    }
}

static uint64_t message_of(struct script *s, ProtobufCBinaryData guid)
{
    uint32_t place = twin_place(s->twin, guid, true);

    return script_below(
        s, (uint32_t)(place == 0 ? 3 : s->twin->places[place].message_id + 2));
}

void say_read_mark(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__ReadMark *mark = c->read_mark = MAKE(arena, read_mark);

    CODEC_SET(mark, room, room(s, arena));
    if (!script_rarely(s, 4)) {
        CODEC_SET(mark, message_id, message_of(s, mark->room));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(mark, back, true);
    }
}

void say_read_marks(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__ReadMarks *marks = c->read_marks = MAKE(arena, read_marks);
    size_t n =
        script_rarely(s, 300) ? 1023 + script_below(s, 3) : script_below(s, 5);
    Perch__ReadMarks__Mark *one = NULL;

    marks->marks = arena_alloc(arena, (n + 1) * sizeof(*marks->marks));
    for (size_t i = 0; marks->marks != NULL && i < n; i++) {
        if (i < 8) { /* The rest of a long one says the same again. */
            one = MAKE(arena, read_marks__mark);
            CODEC_SET(one, user, script_uri(s));
            CODEC_SET(one, room, room(s, arena));
            CODEC_SET(one, message_id, message_of(s, one->room));
        }
        marks->marks[marks->n_marks++] = one;
    }
}

static Perch__FeedsPut__Feed *say_feed(struct script *s, struct arena *arena)
{
    static const char *const words[] = {"tide", "ferry", "\xc3\xa5", "", "a\n"};
    Perch__FeedsPut__Feed *feed = MAKE(arena, feeds_put__feed);
    size_t n = script_rarely(s, 60) ? 17 : 1 + script_below(s, 2);

    CODEC_SET(feed, name,
              script_text(words[script_below(s, script_rarely(s, 9) ? 5 : 3)]));
    feed->words = arena_alloc(arena, n * sizeof(*feed->words));
    feed->authors = arena_alloc(arena, n * sizeof(*feed->authors));
    if (feed->words == NULL || feed->authors == NULL) {
        return feed;
    }
    for (size_t i = 0; i < n && !script_rarely(s, 6); i++) {
        feed->words[feed->n_words++] =
            script_text(words[script_below(s, script_rarely(s, 20) ? 5 : 3)]);
    }
    for (size_t i = 0; i < n && script_rarely(s, 3); i++) {
        feed->authors[feed->n_authors++] = script_uri(s);
    }
    return feed;
}

void say_feeds_put(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__FeedsPut *put = c->feeds_put = MAKE(arena, feeds_put);
    size_t n = script_rarely(s, 100) ? 33 : script_below(s, 4);

    if (script_rarely(s, 3)) {
        CODEC_SET(put, if_version, script_below(s, 4));
    }
    put->feeds = arena_alloc(arena, (n + 1) * sizeof(*put->feeds));
    for (size_t i = 0; put->feeds != NULL && i < n; i++) {
        put->feeds[put->n_feeds++] = say_feed(s, arena);
    }
}
