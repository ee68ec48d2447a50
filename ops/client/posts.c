#include "ops/client/posts_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "ops/client/errand.h"
#include "ops/client/rooms.h"
#include "proto/xccos/limits.h"
#include "proto/xccos/text.h"

static const struct xccos_data no_data;

/* Visible ASCII, as the pool wants it. */
static bool is_retry_id(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (id.data[i] <= ' ' || id.data[i] >= 0x7f) {
            return false;
        }
    }
    return id.len <= XCCOS_RETRY_ID_BYTES_MAX;
}

static enum error check(const struct client *client,
                        const struct client_post *post)
{
    if (client_is_over(client)) {
        return ERROR_CLOSED;
    }
    if (post->text.len > CLIENT_TEXT_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    if (post->text.len == 0 || !is_retry_id(post->retry_id) ||
        xccos_text_check(post->text, NULL) != XCCOS_ERROR_NONE) {
        return ERROR_INVALID;
    }
    return client->errands_n >= CLIENT_ERRANDS_MAX ? ERROR_BUSY : ERROR_NONE;
}

static struct slice make_retry_id(struct client *client, struct arena *arena)
{
    uint64_t random[2];
    char text[33];

    loop_random(client->loop, random, sizeof(random));
    snprintf(text, sizeof(text), "%016" PRIx64 "%016" PRIx64, random[0],
             random[1]);
    return arena_copy_slice(arena, slice_of_text(text));
}

static bool lay_out(struct client *client, struct errand *errand,
                    struct seat *seat, const struct client_post *post)
{
    struct xccos_message *message = &errand->primitive.message;

    errand->is_post = true;
    errand->is_once = post->is_once;
    errand->seat = seat;
    errand->deadline_us =
        loop_now_us(client->loop) + (uint64_t)post->within_ms * 1000;
    errand->primitive.kind = XCCOS_KIND_MESSAGE;
    errand->primitive.seqid = 1;
    message->room_uri = slice_of_text(seat->uri);
    message->author = slice_of_text(client->uri);
    message->alert = post->is_alert ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET;
    message->story = post->is_story ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET;
    message->text = arena_copy_slice(errand->arena, post->text);
    message->retry_id = post->retry_id.len == 0
                            ? make_retry_id(client, errand->arena)
                            : arena_copy_slice(errand->arena, post->retry_id);
    return message->text.len > 0 && message->retry_id.len > 0;
}

enum error client_post(struct client *client, const struct client_post *post,
                       uint64_t *token_out)
{
    struct seat *seat = rooms_find(client, post->room_uri);
    struct errand *errand;

    TRY(check(client, post));
    if (seat == NULL || seat->state == SEAT_PARTING) {
        return ERROR_NOT_FOUND;
    }
    errand = errand_new(client);
    if (errand == NULL) {
        return ERROR_NO_MEMORY;
    }
    if (!lay_out(client, errand, seat, post)) {
        arena_free(errand->arena);
        return ERROR_NO_MEMORY;
    }
    *token_out = errand->token;
    client->errands_n++;
    TAILQ_INSERT_TAIL(&seat->posts, errand, link);
    client_pace(client);
    errand_pump(client);
    return ERROR_NONE;
}

/* The next post of a room, if the room is ready for it. */
static struct errand *head_of(const struct seat *seat, uint64_t now_us)
{
    struct errand *head = TAILQ_FIRST(&seat->posts);
    bool past_is_known = seat->timeline.is_based || seat->timeline.is_blind;

    if (head == NULL || seat->state != SEAT_IN || seat->posting != NULL ||
        !past_is_known || head->not_before_us > now_us) {
        return NULL;
    }
    return head;
}

bool posts_send_one(struct client *client)
{
    uint64_t now_us = loop_now_us(client->loop);
    struct buffer body = BUFFER_EMPTY;
    struct errand *errand = NULL;
    struct seat *seat;

    TAILQ_FOREACH (seat, &client->seats, link) {
        errand = head_of(seat, now_us);
        if (errand != NULL) {
            break;
        }
    }
    if (errand == NULL) {
        return false;
    }
    /* The next turn is another room's. */
    TAILQ_REMOVE(&client->seats, seat, link);
    TAILQ_INSERT_TAIL(&client->seats, seat, link);
    TAILQ_REMOVE(&seat->posts, errand, link);
    if (!errand->is_in_doubt) {
        errand->after_id = seat->timeline.seen;
    }
    if (errand_encode(client, errand, &body)) {
        seat->posting = errand;
        errand_send(client, errand, &body);
    }
    return true;
}

void posts_finish_done(struct client *client, struct errand *errand)
{
    struct errand_end end = {
        .result = CLIENT_DONE, .code = 200, .data = &no_data};

    errand_finish(client, errand, &end);
}

static void accepted(struct client *client, struct errand *errand)
{
    errand->seat->posting = NULL;
    if (errand->message_id != 0) {
        posts_finish_done(client, errand);
        return;
    }
    errand->state = ERRAND_ACCEPTED;
    errand->sent_us = loop_now_us(client->loop);
    TAILQ_INSERT_TAIL(&client->settling, errand, link);
    client_pace(client);
}

/* The pool does not know that we are in the room: go in again, and post
 * then. */
static void rejoin(struct client *client, struct errand *errand)
{
    errand->rejoins++;
    errand->state = ERRAND_WAITING;
    TAILQ_INSERT_HEAD(&errand->seat->posts, errand, link);
    rooms_join_again(client, errand->seat);
}

static void refused(struct client *client, struct errand *errand,
                    const struct visit_answer *answer)
{
    errand->seat->posting = NULL;
    if (answer->status == 503) {
        errand_put_off(client, errand, answer->retry_after_ms);
    } else if (answer->status == 412 && !errand->is_once &&
               errand->rejoins < CLIENT_REJOINS_MAX) {
        rejoin(client, errand);
    } else {
        errand_refuse(client, errand, (unsigned)answer->status, answer->reason);
    }
}

void posts_answered(struct client *client, uint64_t token,
                    const struct visit_answer *answer)
{
    struct seat *seat;

    TAILQ_FOREACH (seat, &client->seats, link) {
        if (seat->posting != NULL && seat->posting->token == token) {
            break;
        }
    }
    if (seat == NULL) {
        return; /* It was given up. */
    }
    if (answer->status == 200) {
        accepted(client, seat->posting);
    } else {
        refused(client, seat->posting, answer);
    }
}

/* The message id is known. A post that is accepted is finished by it; one that
 * is not keeps it until it is. */
static void know(struct client *client, struct errand *errand, uint64_t id)
{
    errand->message_id = id;
    if (errand->state == ERRAND_ACCEPTED) {
        TAILQ_REMOVE(&client->settling, errand, link);
        posts_finish_done(client, errand);
    }
}

bool posts_replied(struct client *client, const struct xccos_primitive *reply)
{
    const struct xccos_room *room = reply->data.rooms;
    struct errand *errand;
    struct seat *seat;

    if (!slice_equal_nocase(reply->verb_text, SLICE_LITERAL("grpchat"))) {
        return false;
    }
    if (reply->code.value != 200 || room == NULL || room->messages == NULL ||
        !room->messages->message_id.set) {
        return true;
    }
    TAILQ_FOREACH (errand, &client->settling, link) {
        if (errand->envid == reply->command_envid.value) {
            know(client, errand, room->messages->message_id.value);
            return true;
        }
    }
    TAILQ_FOREACH (seat, &client->seats, link) {
        if (seat->posting != NULL &&
            seat->posting->envid == reply->command_envid.value) {
            know(client, seat->posting, room->messages->message_id.value);
            return true;
        }
    }
    return true;
}

static bool is_copy(const struct errand *errand, const struct seat *seat,
                    const struct xccos_message *message)
{
    return errand->seat == seat && errand->message_id == 0 &&
           message->message_id.value > errand->after_id &&
           slice_equal(errand->primitive.message.text, message->text);
}

void posts_heard(struct client *client, struct seat *seat,
                 const struct xccos_message *message)
{
    struct errand *head = TAILQ_FIRST(&seat->posts);
    struct errand *errand;

    if (!message->message_id.set ||
        !slice_equal_nocase(message->author, slice_of_text(client->uri))) {
        return;
    }
    TAILQ_FOREACH (errand, &client->settling, link) {
        if (is_copy(errand, seat, message)) {
            know(client, errand, message->message_id.value);
            return;
        }
    }
    if (seat->posting != NULL && is_copy(seat->posting, seat, message)) {
        know(client, seat->posting, message->message_id.value);
    } else if (head != NULL && head->is_in_doubt &&
               is_copy(head, seat, message)) {
        know(client, head, message->message_id.value);
    }
}
