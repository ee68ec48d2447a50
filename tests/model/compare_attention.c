/* Whether machine and twin hold the same of what users follow and have read. */
#include <string.h>

#include "node/chat/attending.h"
#include "node/chat/query.h"
#include "node/chat/view.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"
#include "tests/model/compare.h"

#define SAME(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            return #condition;                                                 \
        }                                                                      \
    } while (0)

struct comparing {
    const struct machine *machine;
    const struct twin *twin;
    uint32_t user;
    size_t n; /* Of what is listed. */
    bool differs;
};

static bool same_text(struct slice text, const struct twin_text *other)
{
    return slice_equal(text, slice_of(other->bytes, other->len));
}

static uint32_t number_of(const struct room *room)
{
    struct room_view view;

    if (room == NULL) {
        return 0;
    }
    view_room(room, &view);
    return view.place.number;
}

static bool compare_item(void *context, const struct publication_view *view)
{
    struct comparing *comparing = context;
    const struct twin *twin = comparing->twin;

    for (size_t i = 0; i < twin->n_items; i++) {
        const struct twin_item *item = &twin->items[i];

        if (item->user == comparing->user &&
            item->container == view->container &&
            item->instance == view->instance &&
            item->version == view->version &&
            item->room == number_of(view->room) &&
            same_text(view->xml, &item->xml) &&
            same_text(view->expire_type, &item->expire_type)) {
            comparing->n += 1;
            return true;
        }
    }
    comparing->differs = true;
    return false;
}

static size_t items_of(const struct twin *twin, uint32_t user, uint32_t room)
{
    size_t n = 0;

    for (size_t i = 0; i < twin->n_items; i++) {
        n += twin->items[i].user == user &&
             (room == 0 || twin->items[i].room == room);
    }
    return n;
}

static bool compare_mark(void *context, const struct attended *attended)
{
    struct comparing *comparing = context;
    const struct twin *twin = comparing->twin;
    uint32_t room = number_of(attended->room);

    comparing->n += 1;
    comparing->differs |=
        !attended->has_mark ||
        twin->reads[comparing->user][room] != attended->read_id + 1 ||
        attended->follows != (items_of(twin, comparing->user, room) > 0);
    return true;
}

static bool find_follower(void *context, const struct user *user)
{
    struct comparing *comparing = context;
    struct user_view view;

    view_user(user, &view);
    comparing->n += view.number == comparing->user;
    return true;
}

static const char *compare_marks(struct comparing *comparing)
{
    const struct twin *twin = comparing->twin;
    const struct machine *machine = comparing->machine;
    size_t marks = 0;

    comparing->n = 0;
    attending_rooms(machine, query_user_numbered(machine, comparing->user),
                    compare_mark, comparing);
    SAME(!comparing->differs);
    for (uint32_t room = 1; room <= twin->n_places; room++) {
        marks += twin->reads[comparing->user][room] > 0;
    }
    SAME(comparing->n == marks);
    for (uint32_t room = 1; room <= twin->n_places; room++) {
        if (twin->places[room].is_room) {
            comparing->n = 0;
            attending_followers(machine, query_room_numbered(machine, room),
                                find_follower, comparing);
            SAME(comparing->n == (items_of(twin, comparing->user, room) > 0));
        }
    }
    return NULL;
}

static const char *compare_names(const struct twin_user *other,
                                 const Perch__Stored__Feeds *feeds)
{
    SAME(feeds->version == other->feeds_version);
    SAME(feeds->n_feeds == other->n_feeds);
    for (size_t i = 0; i < feeds->n_feeds; i++) {
        SAME(same_text(codec_slice(feeds->feeds[i]->name), &other->feeds[i]));
    }
    return NULL;
}

static const char *compare_feeds(const struct comparing *comparing)
{
    const struct twin_user *other = &comparing->twin->users[comparing->user];
    struct arena *arena;
    Perch__Stored__Feeds *feeds = NULL;
    const char *difference = "feeds are not readable";
    uint32_t version;
    struct slice bytes = attending_feeds(
        query_user_numbered(comparing->machine, comparing->user), &version);

    SAME(version == other->feeds_version);
    if (version == 0) {
        return NULL;
    }
    arena = arena_new(4096);
    if (arena != NULL && codec_read(arena, &perch__stored__feeds__descriptor,
                                    bytes, &feeds) == ERROR_NONE) {
        difference = compare_names(other, feeds);
    }
    arena_free(arena);
    return difference;
}

const char *compare_attention(const struct machine *machine,
                              const struct twin *twin, uint32_t number)
{
    struct comparing comparing = {machine, twin, number, 0, false};
    const char *difference;

    attending_publications(machine, query_user_numbered(machine, number),
                           compare_item, &comparing);
    SAME(!comparing.differs);
    SAME(comparing.n == items_of(twin, number, 0));
    difference = compare_marks(&comparing);
    return difference != NULL ? difference : compare_feeds(&comparing);
}
