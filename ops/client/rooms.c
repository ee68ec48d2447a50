#include "ops/client/rooms.h"

#include <stdlib.h>

#include "ops/client/catch_up.h"
#include "ops/client/errand.h"
#include "ops/client/posts.h"

enum { REJOIN_MS = 1000 }; /* Before a join that a busy pool put off. */

struct seat *rooms_find(struct client *client, struct slice uri)
{
    struct xccos_name name;

    return xccos_room_uri_read(uri, &name) == ERROR_NONE
               ? rooms_find_guid(client, &name.guid)
               : NULL;
}

struct seat *rooms_find_guid(struct client *client, const struct guid *guid)
{
    struct seat *seat;

    TAILQ_FOREACH (seat, &client->seats, link) {
        if (guid_compare(&seat->guid, guid) == 0) {
            return seat;
        }
    }
    return NULL;
}

static void seat_free(struct seat *seat)
{
    people_deinit(&seat->people);
    timeline_deinit(&seat->timeline);
    buffer_deinit(&seat->name);
    buffer_deinit(&seat->description);
    free(seat->uri);
    free(seat);
}

static struct seat *seat_new(struct slice uri, uint32_t history_n)
{
    struct seat *seat = calloc(1, sizeof(*seat));
    struct xccos_name name;

    if (seat == NULL) {
        return NULL;
    }
    seat->uri = strndup((const char *)uri.data, uri.len);
    if (seat->uri == NULL ||
        xccos_room_uri_read(slice_of_text(seat->uri), &name) != ERROR_NONE) {
        free(seat->uri);
        free(seat);
        return NULL;
    }
    seat->guid = name.guid;
    seat->domain = name.domain;
    TAILQ_INIT(&seat->posts);
    people_init(&seat->people);
    timeline_init(&seat->timeline, history_n);
    return seat;
}

/* Take a room that is to be joined when it is asked next. */
static enum error add_seat(struct client *client, struct slice room_uri,
                           uint32_t history_n)
{
    struct xccos_name name;
    struct seat *seat;

    if (client_is_over(client)) {
        return ERROR_CLOSED;
    }
    if (xccos_room_uri_read(room_uri, &name) != ERROR_NONE ||
        history_n > CLIENT_HISTORY_MAX) {
        return ERROR_INVALID;
    }
    if (rooms_find_guid(client, &name.guid) != NULL) {
        return ERROR_EXISTS;
    }
    if (client->seats_n >= CLIENT_ROOMS_MAX) {
        return ERROR_BUSY;
    }
    seat = seat_new(room_uri, history_n);
    if (seat == NULL) {
        return ERROR_NO_MEMORY;
    }
    TAILQ_INSERT_TAIL(&client->seats, seat, link);
    client->seats_n++;
    return ERROR_NONE;
}

static void join_wanted(struct client *client)
{
    client_hold(client);
    rooms_join_wanted(client);
    client_release(client);
}

enum error client_join(struct client *client, struct slice room_uri,
                       uint32_t history_n)
{
    enum error error = add_seat(client, room_uri, history_n);

    if (error == ERROR_NONE) {
        join_wanted(client);
    }
    return error;
}

/* What is followed and is no room of a pool is left out: others may follow what
 * is not ours. */
enum error client_join_followed(struct client *client, uint32_t history_n)
{
    const struct roaming_item *item = client->followed.items;
    enum error error = ERROR_NONE;

    for (; item != NULL && error == ERROR_NONE; item = item->next) {
        error = add_seat(client, item->url, history_n);
        if (error == ERROR_EXISTS || error == ERROR_INVALID) {
            error = ERROR_NONE;
        }
    }
    join_wanted(client);
    return error;
}

void rooms_leave(struct client *client, struct seat *seat, enum client_left why,
                 unsigned code, struct slice sentence)
{
    struct client_event event = {.kind = CLIENT_EVENT_LEFT};

    if (seat->state == SEAT_GONE) {
        return;
    }
    seat->state = SEAT_GONE;
    TAILQ_REMOVE(&client->seats, seat, link);
    TAILQ_INSERT_TAIL(&client->gone, seat, link);
    client->seats_n--;
    errand_forget_seat(client, seat);
    posts_end_seat(client, seat, code == 0 ? 412 : code,
                   code == 0 ? SLICE_LITERAL("the room was left") : sentence);
    event.left.why = why;
    event.left.code = code;
    event.left.sentence = sentence;
    client_tell(client, seat, &event);
}

void rooms_sweep(struct client *client)
{
    struct seat *seat;

    while ((seat = TAILQ_FIRST(&client->gone)) != NULL) {
        TAILQ_REMOVE(&client->gone, seat, link);
        seat_free(seat);
    }
}

void rooms_forget_all(struct client *client)
{
    TAILQ_CONCAT(&client->gone, &client->seats, link);
    client->seats_n = 0;
    rooms_sweep(client);
}

/* What the pool says of a room that was joined. */
static void take_facts(struct seat *seat, const struct xccos_room *room)
{
    buffer_clear(&seat->name);
    buffer_append_slice(&seat->name, room->name);
    buffer_clear(&seat->description);
    buffer_append_slice(&seat->description, room->description);
}

static void part(struct client *client, struct seat *seat);

static void joined(struct client *client, struct seat *seat,
                   const struct xccos_room *room,
                   const struct xccos_user *users)
{
    bool is_parting = seat->state == SEAT_PARTING;

    seat->join_token = 0;
    if (is_parting) {
        part(client, seat);
        return;
    }
    seat->state = SEAT_IN;
    take_facts(seat, room);
    people_take_list(&seat->people, room, users);
    seat->owes_joined = true;
    timeline_join(&seat->timeline, room->logged != XCCOS_FLAG_FALSE);
    catch_up_look(client, seat);
}

void rooms_tell_joined(struct client *client, struct seat *seat)
{
    struct client_event event = {.kind = CLIENT_EVENT_JOINED};
    const struct timeline *timeline = &seat->timeline;

    if (!seat->owes_joined || seat->state != SEAT_IN ||
        (!timeline->is_based && !timeline->is_blind)) {
        return;
    }
    event.joined.is_again = seat->was_in;
    event.joined.description = buffer_slice(&seat->description);
    event.joined.people = &seat->people;
    seat->owes_joined = false;
    seat->was_in = true;
    client_tell(client, seat, &event);
}

static const struct xccos_room *find_room(const struct xccos_data *data,
                                          const struct seat *seat)
{
    const struct xccos_room *room = data->rooms;

    while (room != NULL && !slice_equal_text(room->uri, seat->uri)) {
        room = room->next;
    }
    return room;
}

/* Next room that waits for the end of this errand. */
static struct seat *find_joining(struct client *client, uint64_t token)
{
    struct seat *seat;

    TAILQ_FOREACH (seat, &client->seats, link) {
        if (seat->join_token == token) {
            return seat;
        }
    }
    return NULL;
}

/* A room that a bjoin leaves out, or names as failed, is one we may not be
 * in. */
static void join_finished(struct client *client, struct errand *errand,
                          const struct errand_end *end)
{
    struct seat *seat;

    while ((seat = find_joining(client, errand->token)) != NULL) {
        const struct xccos_room *room =
            end->result == CLIENT_DONE ? find_room(end->data, seat) : NULL;

        seat->join_token = 0;
        if (room != NULL) {
            joined(client, seat, room, end->data->users);
        } else if (seat->state == SEAT_PARTING) {
            rooms_leave(client, seat, CLIENT_LEFT_ASKED, 0, SLICE_NONE);
        } else {
            rooms_leave(client, seat, CLIENT_LEFT_REFUSED,
                        end->code == 200 ? 403 : end->code,
                        end->code == 200
                            ? SLICE_LITERAL("the pool does not let this user "
                                            "into the room")
                            : end->sentence);
        }
    }
}

/* Put the next wanted rooms into a join. Returns how many. */
static size_t gather(struct client *client, struct errand *errand)
{
    struct xccos_room_id **tail = &errand->primitive.data.room_ids;
    struct seat *seat;
    size_t n = 0;

    TAILQ_FOREACH (seat, &client->seats, link) {
        struct xccos_room_id *id;

        if (seat->state != SEAT_WANTED || n == CLIENT_BJOIN_ROOMS_MAX) {
            continue;
        }
        id = arena_alloc(errand->arena, sizeof(*id));
        if (id == NULL) {
            return n;
        }
        id->key = XCCOS_NUMBER(n);
        id->domain = arena_copy_slice(errand->arena, seat->domain);
        id->guid = seat->guid;
        id->revisions = XCCOS_FLAG_TRUE;
        seat->state = SEAT_JOINING;
        seat->join_token = errand->token;
        *tail = id;
        tail = &id->next;
        n++;
    }
    return n;
}

void rooms_join_wanted(struct client *client)
{
    size_t n = 1;

    while (client->state == CLIENT_ONLINE && n > 0) {
        struct errand *errand = errand_new(client);

        n = errand == NULL ? 0 : gather(client, errand);
        if (n == 0) {
            arena_free(errand == NULL ? NULL : errand->arena);
            break;
        }
        errand->is_bound = true;
        errand->finish = join_finished;
        errand->primitive.kind = XCCOS_KIND_COMMAND;
        errand->primitive.seqid = 1;
        errand->primitive.verb = n == 1 ? XCCOS_VERB_JOIN : XCCOS_VERB_BJOIN;
        errand_queue(client, errand);
    }
    errand_pump(client);
}

void rooms_join_again(struct client *client, struct seat *seat)
{
    if (seat->state == SEAT_IN) {
        seat->state = SEAT_WANTED;
        seat->owes_joined = false;
        timeline_leave(&seat->timeline);
        client->rejoin_us = loop_now_us(client->loop) + REJOIN_MS * 1000;
        client_pace(client);
    }
}

void rooms_lose_all(struct client *client)
{
    struct seat *seat;

    TAILQ_FOREACH (seat, &client->seats, link) {
        timeline_leave(&seat->timeline);
        seat->owes_joined = false;
        seat->join_token = 0;
        if (seat->state != SEAT_PARTING) {
            seat->state = SEAT_WANTED;
        }
    }
    /* Who wanted out is out. */
    do {
        TAILQ_FOREACH (seat, &client->seats, link) {
            if (seat->state == SEAT_PARTING) {
                rooms_leave(client, seat, CLIENT_LEFT_ASKED, 0, SLICE_NONE);
                break;
            }
        }
    } while (seat != NULL);
}

static void part_finished(struct client *client, struct errand *errand,
                          const struct errand_end *end)
{
    (void)end; /* "Not joined" is as good. */
    rooms_leave(client, errand->seat, CLIENT_LEFT_ASKED, 0, SLICE_NONE);
}

static void part(struct client *client, struct seat *seat)
{
    struct errand *errand = errand_new(client);
    struct xccos_room *room =
        errand == NULL ? NULL : arena_alloc(errand->arena, sizeof(*room));

    if (room == NULL) {
        arena_free(errand == NULL ? NULL : errand->arena);
        rooms_leave(client, seat, CLIENT_LEFT_ASKED, 0, SLICE_NONE);
        return;
    }
    room->uri = arena_copy_slice(errand->arena, slice_of_text(seat->uri));
    errand->seat = seat;
    errand->is_bound = true;
    errand->finish = part_finished;
    errand->primitive.kind = XCCOS_KIND_COMMAND;
    errand->primitive.verb = XCCOS_VERB_PART;
    errand->primitive.seqid = 1;
    errand->primitive.data.rooms = room;
    errand_queue(client, errand);
    errand_pump(client);
}

enum error client_part(struct client *client, struct slice room_uri)
{
    struct seat *seat = rooms_find(client, room_uri);
    enum seat_state was;

    if (seat == NULL || seat->state == SEAT_PARTING) {
        return ERROR_NOT_FOUND;
    }
    client_hold(client);
    was = seat->state;
    seat->state = SEAT_PARTING;
    if (was == SEAT_WANTED) {
        rooms_leave(client, seat, CLIENT_LEFT_ASKED, 0, SLICE_NONE);
    } else if (was == SEAT_IN) {
        part(client, seat);
    }
    client_release(client);
    return ERROR_NONE;
}

enum error client_look(struct client *client, struct slice room_uri,
                       struct client_room *view_out)
{
    struct seat *seat = rooms_find(client, room_uri);

    if (seat == NULL) {
        return ERROR_NOT_FOUND;
    }
    *view_out = (struct client_room){
        .uri = slice_of_text(seat->uri),
        .name = buffer_slice(&seat->name),
        .description = buffer_slice(&seat->description),
        .is_in = seat->state == SEAT_IN,
        .is_current = timeline_is_current(&seat->timeline),
        .is_blind = seat->timeline.is_blind,
        .told = seat->timeline.told,
        .people = &seat->people,
    };
    return ERROR_NONE;
}
