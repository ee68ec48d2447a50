#include "ops/client/hear.h"

#include <stdio.h>

#include "ops/client/catch_up.h"
#include "ops/client/errand.h"
#include "ops/client/posts.h"
#include "ops/client/rooms.h"
#include "proto/xccos/read.h"

enum { BODY_ARENA_BYTES = 4096 };

static bool is_self(const struct client *client, struct slice uri)
{
    return slice_equal_nocase(uri, slice_of_text(client->uri));
}

/* JOINED has the people of before. */
static void tell_person(struct client *client, struct seat *seat,
                        enum client_event_kind kind,
                        const struct xccos_user *user)
{
    struct client_event event = {.kind = kind};

    if (!seat->was_in) {
        return;
    }
    event.person.uri = user->uri;
    event.person.name = user->display_name;
    client_tell(client, seat, &event);
}

/* ntc:join, ntc:bjoin: users, each with the rooms he entered. */
static void people_came(struct client *client,
                        const struct xccos_primitive *notice)
{
    for (const struct xccos_user *user = notice->data.users; user != NULL;
         user = user->next) {
        for (const struct xccos_presence *presence = user->presences;
             presence != NULL; presence = presence->next) {
            struct guid guid;
            struct seat *seat = guid_read(presence->value, &guid) == ERROR_NONE
                                    ? rooms_find_guid(client, &guid)
                                    : NULL;

            if (seat != NULL && seat->state == SEAT_IN &&
                people_add(&seat->people, user->uri, user->display_name,
                           XCCOS_ROLE_UNSET)) {
                tell_person(client, seat, CLIENT_EVENT_ENTERED, user);
            }
        }
    }
}

/* ntc:part: rooms, each with the users who left. */
static void people_went(struct client *client,
                        const struct xccos_primitive *notice)
{
    for (const struct xccos_room *room = notice->data.rooms; room != NULL;
         room = room->next) {
        struct seat *seat = rooms_find(client, room->uri);

        for (const struct xccos_user *user = room->users;
             seat != NULL && user != NULL; user = user->next) {
            if (people_remove(&seat->people, user->uri)) {
                tell_person(client, seat, CLIENT_EVENT_GONE, user);
            }
        }
    }
}

/* ntc:kick names who lost the room. */
static void kicked(struct client *client, const struct xccos_primitive *notice)
{
    for (const struct xccos_room *room = notice->data.rooms; room != NULL;
         room = room->next) {
        struct seat *seat = rooms_find(client, room->uri);
        bool is_us = false;

        for (const struct xccos_user *user = room->users; user != NULL;
             user = user->next) {
            is_us = is_us || is_self(client, user->uri);
        }
        if (seat != NULL && is_us) {
            rooms_leave(client, seat, CLIENT_LEFT_KICKED, 403,
                        SLICE_LITERAL("no longer a member of the room"));
        }
    }
}

static void disabled(struct client *client,
                     const struct xccos_primitive *notice)
{
    for (const struct xccos_room *room = notice->data.rooms; room != NULL;
         room = room->next) {
        struct seat *seat = rooms_find(client, room->uri);

        if (seat != NULL) {
            rooms_leave(client, seat, CLIENT_LEFT_DISABLED, 423,
                        SLICE_LITERAL("the room is disabled"));
        }
    }
}

static void changed(struct client *client, const struct xccos_primitive *notice)
{
    for (const struct xccos_room *room = notice->data.rooms; room != NULL;
         room = room->next) {
        struct client_event event = {.kind = CLIENT_EVENT_CHANGED};
        struct seat *seat = rooms_find(client, room->uri);

        if (seat == NULL) {
            continue;
        }
        if (room->name.len > 0) {
            buffer_clear(&seat->name);
            buffer_append_slice(&seat->name, room->name);
        }
        if (room->description.len > 0) {
            buffer_clear(&seat->description);
            buffer_append_slice(&seat->description, room->description);
        }
        event.changed.description = buffer_slice(&seat->description);
        if (seat->was_in) {
            client_tell(client, seat, &event);
        }
    }
}

static void revised(struct client *client, const struct xccos_primitive *notice)
{
    for (const struct xccos_room *room = notice->data.rooms; room != NULL;
         room = room->next) {
        struct seat *seat = rooms_find(client, room->uri);

        for (const struct xccos_message *message = room->messages;
             seat != NULL && seat->was_in && message != NULL;
             message = message->next) {
            struct client_event event = {.kind = CLIENT_EVENT_REVISED,
                                         .revised = message};

            client_tell(client, seat, &event);
        }
    }
}

static void cleared(struct client *client, const struct xccos_primitive *notice)
{
    for (const struct xccos_room *room = notice->data.rooms; room != NULL;
         room = room->next) {
        struct client_event event = {.kind = CLIENT_EVENT_CLEARED,
                                     .cleared_upto = room->cleared_upto.value};
        struct seat *seat = rooms_find(client, room->uri);

        if (seat != NULL && seat->was_in && room->cleared_upto.set) {
            client_tell(client, seat, &event);
        }
    }
}

/* ntc:news, ntc:markread: of a room that need not have been joined. */
static void told_news(struct client *client,
                      const struct xccos_primitive *notice)
{
    const struct xccos_room *room = notice->data.rooms;
    struct client_event event = {.kind = notice->verb == XCCOS_VERB_NEWS
                                             ? CLIENT_EVENT_NEWS
                                             : CLIENT_EVENT_READ};

    if (room != NULL) {
        event.room_uri = room->uri;
        event.room_name = room->name;
        event.news = room->news;
    }
    client_tell(client, NULL, &event);
}

static void hear_notice(struct client *client,
                        const struct xccos_primitive *notice)
{
    switch (notice->verb) {
    case XCCOS_VERB_JOIN:
    case XCCOS_VERB_BJOIN:
        people_came(client, notice);
        break;
    case XCCOS_VERB_PART:
        people_went(client, notice);
        break;
    case XCCOS_VERB_KICK:
        kicked(client, notice);
        break;
    case XCCOS_VERB_CHANDISABLE:
        disabled(client, notice);
        break;
    case XCCOS_VERB_CHANMODIFY:
        changed(client, notice);
        break;
    case XCCOS_VERB_MODMSG:
        revised(client, notice);
        break;
    case XCCOS_VERB_PURGE:
        cleared(client, notice);
        break;
    case XCCOS_VERB_NEWS:
    case XCCOS_VERB_MARKREAD:
        told_news(client, notice);
        break;
    default:
        break; /* Notices nobody here waits for do no harm. */
    }
}

static void hear_message(struct client *client,
                         const struct xccos_message *message)
{
    struct seat *seat = rooms_find(client, message->room_uri);

    if (seat != NULL && seat->state == SEAT_IN) {
        catch_up_live(client, seat, message);
    }
}

static void hear_primitive(struct client *client,
                           const struct xccos_primitive *primitive)
{
    switch (primitive->kind) {
    case XCCOS_KIND_REPLY:
        if (!posts_replied(client, primitive)) {
            errand_replied(client, primitive);
        }
        break;
    case XCCOS_KIND_NOTICE:
        hear_notice(client, primitive);
        break;
    case XCCOS_KIND_MESSAGE:
        hear_message(client, &primitive->message);
        break;
    case XCCOS_KIND_COMMAND:
        break; /* Servers have none for us. */
    }
}

void hear_body(struct client *client, struct slice body)
{
    struct arena *arena = arena_new(BODY_ARENA_BYTES);
    struct xccos_envelope *envelope = NULL;
    enum xccos_error error = XCCOS_ERROR_NO_MEMORY;
    char text[160];

    if (arena != NULL) {
        error = xccos_read(body, arena, &envelope);
    }
    if (error != XCCOS_ERROR_NONE) {
        snprintf(text, sizeof(text), "a message of the pool cannot be read: %s",
                 xccos_error_text(error));
        client_problem(client, text);
    } else {
        if (client->heard != NULL) {
            client->heard(client->context, envelope);
        }
        for (const struct xccos_primitive *at = envelope->primitives;
             at != NULL; at = at->next) {
            hear_primitive(client, at);
        }
    }
    errand_pump(client);
    arena_free(arena);
}
