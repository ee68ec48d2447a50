#include "ops/client/catch_up.h"

#include <stdlib.h>

#include "ops/client/errand.h"
#include "ops/client/posts.h"
#include "ops/client/questions.h"
#include "ops/client/rooms.h"

static void tell_message(struct client *client, struct seat *seat,
                         struct said *said)
{
    struct client_event event = {.kind = CLIENT_EVENT_MESSAGE};

    said->message.room_uri = slice_of_text(seat->uri);
    event.message.message = &said->message;
    event.message.is_live = said->is_live;
    event.message.is_own =
        slice_equal_nocase(said->message.author, slice_of_text(client->uri));
    client_tell(client, seat, &event);
    free(said);
}

static void tell_gap(struct client *client, struct seat *seat,
                     const struct timeline_event *gap)
{
    struct client_event event = {.kind = CLIENT_EVENT_GAP};

    event.gap.first_id = gap->first_id;
    event.gap.last_id = gap->last_id;
    client_tell(client, seat, &event);
}

/* The owner may leave the room when he is told something. */
static void tell_all(struct client *client, struct seat *seat)
{
    enum timeline_next next = TIMELINE_MESSAGE;

    rooms_tell_joined(client, seat);
    while (next != TIMELINE_NOTHING && seat->state != SEAT_GONE) {
        struct timeline_event event;

        next = timeline_next(&seat->timeline, &event);
        if (next == TIMELINE_MESSAGE) {
            tell_message(client, seat, event.said);
        } else if (next == TIMELINE_GAP) {
            tell_gap(client, seat, &event);
        }
    }
}

/* The answer's room; NULL when it tells of no message. */
static const struct xccos_room *room_of(const struct errand_end *end)
{
    return end->result == CLIENT_DONE ? end->data->rooms : NULL;
}

/* Tell what may be told, before what became of the posts among it is. A post
 * in doubt must not be sent again meanwhile, whatever the owner does: its copy
 * may be what was just told. */
static void tell_and_send_nothing(struct client *client, struct seat *seat)
{
    bool was_pumping = client->is_pumping;

    client->is_pumping = true;
    tell_all(client, seat);
    client->is_pumping = was_pumping;
}

/* A page may have the copy of a post whose own copy was lost. */
static void hear_page(struct client *client, struct seat *seat,
                      const struct xccos_room *room)
{
    const struct xccos_message *message = room == NULL ? NULL : room->messages;

    for (; message != NULL; message = message->next) {
        posts_heard(client, seat, message);
    }
}

static void history_finished(struct client *client, struct errand *errand,
                             const struct errand_end *end)
{
    const struct xccos_room *room = room_of(end);
    struct seat *seat = errand->seat;

    if (end->result != CLIENT_DONE) {
        timeline_refuse(&seat->timeline);
    } else if (timeline_page(&seat->timeline, &errand->want, room) ==
               ERROR_NONE) {
        seat->fills = 0;
    } else if (++seat->fills >= CLIENT_FILLS_MAX) {
        timeline_refuse(&seat->timeline);
    }
    tell_and_send_nothing(client, seat);
    hear_page(client, seat, room);
    catch_up_look(client, seat);
}

static void ask(struct client *client, struct seat *seat,
                const struct timeline_want *want)
{
    struct client_question question = {
        .kind = want->is_first ? CLIENT_LAST : CLIENT_AFTER,
        .room_uri = slice_of_text(seat->uri),
        .message_id = want->after_id,
        .most = want->most,
    };
    struct errand *errand = errand_new(client);

    if (errand == NULL) {
        return; /* The next message that comes asks again. */
    }
    if (question_lay_out(errand->arena, client, &question,
                         &errand->primitive) != ERROR_NONE) {
        arena_free(errand->arena);
        return;
    }
    errand->seat = seat;
    errand->is_bound = true;
    errand->finish = history_finished;
    errand->want = *want;
    timeline_asked(&seat->timeline);
    errand_queue(client, errand);
    errand_pump(client);
}

void catch_up_look(struct client *client, struct seat *seat)
{
    struct timeline_want want;

    tell_all(client, seat);
    if (seat->state == SEAT_IN && timeline_wants(&seat->timeline, &want)) {
        ask(client, seat, &want);
    }
    errand_pump(client); /* Posts may have waited for the room's past. */
}

void catch_up_live(struct client *client, struct seat *seat,
                   const struct xccos_message *message)
{
    if (timeline_live(&seat->timeline, message) == ERROR_MALFORMED) {
        client_problem(client, "a message came without a number: it cannot "
                               "be told when, or whether it was told before");
        return;
    }
    tell_and_send_nothing(client, seat);
    posts_heard(client, seat, message);
    catch_up_look(client, seat);
}
