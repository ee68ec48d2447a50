#include "node/session/tidings.h"

#include <stdlib.h>

#include "node/chat/attending.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/news.h"
#include "proto/base/check.h"

struct fresh_room {
    RB_ENTRY(fresh_room) link;
    uint32_t number; /* Place number. */
};

static int compare(const struct fresh_room *a, const struct fresh_room *b)
{
    return (a->number > b->number) - (a->number < b->number);
}

TREE_GENERATE(fresh_rooms, fresh_room, link, compare)

void tidings_init(struct tidings *tidings)
{
    *tidings = (struct tidings){.any_owed = false};
    RB_INIT(&tidings->rooms);
}

void tidings_deinit(struct tidings *tidings)
{
    struct fresh_room *fresh;

    while ((fresh = RB_ROOT(&tidings->rooms)) != NULL) {
        RB_REMOVE(fresh_rooms, &tidings->rooms, fresh);
        free(fresh);
    }
}

void tidings_posted(struct sessions *hub, const struct event *event,
                    const struct room *room)
{
    struct fresh_room *fresh, key = {.number = event->room};

    if (!attending_anyone(room) ||
        RB_FIND(fresh_rooms, &hub->tidings.rooms, &key) != NULL) {
        return;
    }
    fresh = calloc(1, sizeof(*fresh));
    CHECK(fresh != NULL);
    fresh->number = event->room;
    RB_INSERT(fresh_rooms, &hub->tidings.rooms, fresh);
}

static struct body *write(struct sessions *hub, enum xccos_verb verb,
                          struct xccos_room *room)
{
    struct xccos_primitive notice = {.kind = XCCOS_KIND_NOTICE,
                                     .seqid = 1,
                                     .verb = verb,
                                     .data = {.rooms = room}};

    return hub_write(hub, &notice);
}

/* A user and what the user's endpoints are told. */
struct telling_all {
    struct sessions *hub;
    const struct room *room;
    uint32_t number;
    struct body *body; /* Written when the first is told. */
    size_t looked;     /* At so many followers. */
};

static struct body *write_news(struct telling_all *all)
{
    struct xccos_news news = {.hits = NULL};
    struct xccos_room *told;
    struct room_view view;

    view_room(all->room, &view);
    news.last = XCCOS_NUMBER(view.message_id_last);
    told = describe_room_uri(all->hub, all->hub->arena, &view.place.guid);
    CHECK(told != NULL);
    told->name = view.place.name;
    told->news = &news;
    return write(all->hub, XCCOS_VERB_NEWS, told);
}

static void owe(struct caller *caller)
{
    caller->is_owed_news = true;
    caller->hub->tidings.any_owed = true;
}

static bool is_slow(const struct caller *caller)
{
    return caller->replies_given - caller->replies_confirmed >=
           TIDINGS_OWED_MAX;
}

static void tell_one(struct telling_all *all, struct caller *caller)
{
    if (!caller_is_served(caller) || caller->is_owed_news ||
        seat_find(caller, all->number) != NULL) {
        return;
    }
    if (is_slow(caller)) {
        owe(caller);
        return;
    }
    if (all->body == NULL) {
        all->body = write_news(all);
    }
    if (all->body != NULL) {
        caller_give(caller, all->body, 0);
    }
}

static bool tell_follower(void *context, const struct user *user)
{
    struct telling_all *all = context;
    struct callers *callers = &all->hub->callers;
    struct caller *caller = NULL;
    struct user_view view;

    all->looked += 1;
    view_user(user, &view);
    caller = callers_next_of(callers, view.uri, NULL);
    if (caller == NULL || !news_may_know(user, all->room)) {
        return true;
    }
    for (; caller != NULL;
         caller = callers_next_of(callers, view.uri, caller)) {
        tell_one(all, caller);
    }
    return true;
}

/* Tell of one room. Returns how many followers it has. */
static size_t tell_room(struct sessions *hub, uint32_t number)
{
    struct audience *audience = audiences_find(&hub->audiences, number);
    struct telling_all all = {
        .hub = hub,
        .room = query_room_numbered(hub->machine, number),
        .number = number,
    };

    if (all.room == NULL) {
        return 0;
    }
    if (audience != NULL) {
        shown_fresh(hub, audience);
    }
    attending_followers(hub->machine, all.room, tell_follower, &all);
    body_release(all.body);
    arena_reset(hub->arena);
    return all.looked;
}

/* "There is news": what it is, the endpoint has to ask. */
static void tell_that_there_is(struct caller *caller)
{
    struct body *body = write(caller->hub, XCCOS_VERB_NEWS, NULL);

    caller->is_owed_news = false;
    if (body != NULL) {
        caller_give(caller, body, 0);
        body_release(body);
    }
}

static void tell_owed(struct sessions *hub)
{
    struct caller *caller = NULL;

    if (!hub->tidings.any_owed) {
        return;
    }
    hub->tidings.any_owed = false;
    while ((caller = callers_next(&hub->callers, caller)) != NULL) {
        if (!caller->is_owed_news || !caller_is_served(caller)) {
            continue;
        }
        if (is_slow(caller)) {
            hub->tidings.any_owed = true;
        } else {
            tell_that_there_is(caller);
        }
    }
}

static struct fresh_room *next_room(struct tidings *tidings)
{
    struct fresh_room key = {.number = tidings->next_room};
    struct fresh_room *fresh = RB_NFIND(fresh_rooms, &tidings->rooms, &key);

    return fresh != NULL ? fresh : RB_MIN(fresh_rooms, &tidings->rooms);
}

void tidings_tick(struct sessions *hub, uint64_t now_us)
{
    struct tidings *tidings = &hub->tidings;
    struct fresh_room *fresh;
    size_t looked = 0;

    if (now_us - tidings->ticked_us < TIDINGS_TICK_MS * 1000ull) {
        return;
    }
    tidings->ticked_us = now_us;
    while (looked < TIDINGS_PER_TICK_MAX &&
           (fresh = next_room(tidings)) != NULL) {
        RB_REMOVE(fresh_rooms, &tidings->rooms, fresh);
        tidings->next_room = fresh->number + 1;
        looked += 1 + tell_room(hub, fresh->number);
        free(fresh);
    }
    tell_owed(hub);
}

void tidings_read(struct sessions *hub, const struct event *event,
                  const struct room *room, uint64_t log_index)
{
    const struct user *user = query_user_numbered(hub->machine, event->user);
    struct caller *caller = NULL;
    struct xccos_news news;
    struct xccos_room *told;
    struct user_view view;
    struct body *body;

    CHECK(user != NULL);
    view_user(user, &view);
    if (callers_next_of(&hub->callers, view.uri, NULL) == NULL) {
        return;
    }
    told = describe_room_uri(hub, hub->arena, &event->guid);
    CHECK(told != NULL);
    news_describe(user, room, &news);
    told->news = &news;
    body = write(hub, XCCOS_VERB_MARKREAD, told);
    while (body != NULL && (caller = callers_next_of(&hub->callers, view.uri,
                                                     caller)) != NULL) {
        if (!is_slow(caller)) { /* Else it asks, when it looks at the room. */
            caller_give(caller, body, log_index);
        }
    }
    body_release(body);
}

static bool note_any(void *context, const struct attended *attended)
{
    bool *follows = context;

    *follows = attended->follows;
    return !*follows;
}

void tidings_restored(struct sessions *hub)
{
    struct caller *caller = NULL;

    while ((caller = callers_next(&hub->callers, caller)) != NULL) {
        const struct user *user = query_user(hub->machine, caller->user_uri);
        bool follows = false;

        if (user != NULL && caller_is_served(caller)) {
            attending_rooms(hub->machine, user, note_any, &follows);
        }
        if (follows) {
            owe(caller);
        }
    }
}
