#include "ops/client/errand.h"

#include "ops/client/posts.h"
#include "proto/base/check.h"
#include "proto/xccos/write.h"

enum {
    ERRAND_ARENA_BYTES = 1024,
    PUT_OFF_MS = 500, /* After a 503 that does not say how long. */
};

static const struct xccos_data no_data;

struct errand *errand_new(struct client *client)
{
    struct arena *arena = arena_new(ERRAND_ARENA_BYTES);
    struct errand *errand =
        arena == NULL ? NULL : arena_alloc(arena, sizeof(*errand));

    if (errand == NULL) {
        arena_free(arena);
        return NULL;
    }
    errand->arena = arena;
    errand->token = ++client->token;
    errand->deadline_us = UINT64_MAX;
    return errand;
}

void errand_queue(struct client *client, struct errand *errand)
{
    TAILQ_INSERT_TAIL(&client->waiting, errand, link);
    client->errands_n += errand->finish == NULL;
    client_pace(client);
}

struct errand_end errand_give_up(const struct errand *errand)
{
    struct errand_end end = {.code = errand->last_code, .data = &no_data};

    if (errand->is_in_doubt) {
        end.result = CLIENT_UNKNOWN;
    } else if (errand->last_code != 0) {
        end.result = CLIENT_REFUSED;
        end.sentence = SLICE_LITERAL("the pool is busy");
    } else {
        end.result = CLIENT_UNSENT;
    }
    return end;
}

static void tell_posted(struct client *client, const struct errand *errand,
                        const struct errand_end *end)
{
    struct client_event event = {.kind = CLIENT_EVENT_POSTED};

    event.posted.token = errand->token;
    event.posted.result = end->result;
    event.posted.message_id =
        end->result == CLIENT_DONE ? errand->message_id : 0;
    event.posted.retry_id = errand->primitive.message.retry_id;
    event.posted.status = (int)end->code;
    event.posted.reason = end->sentence;
    client_tell(client, errand->seat, &event);
}

static void tell_reply(struct client *client, const struct errand *errand,
                       const struct errand_end *end)
{
    struct client_event event = {.kind = CLIENT_EVENT_REPLY};

    event.reply.token = errand->token;
    event.reply.result = end->result;
    event.reply.code = end->code;
    event.reply.sentence = end->sentence;
    event.reply.data = end->data;
    client_tell(client, NULL, &event);
}

void errand_finish(struct client *client, struct errand *errand,
                   const struct errand_end *end)
{
    if (errand->finish != NULL) {
        errand->finish(client, errand, end);
    } else {
        client->errands_n--;
        if (errand->is_post) {
            tell_posted(client, errand, end);
        } else {
            tell_reply(client, errand, end);
        }
    }
    arena_free(errand->arena);
}

void errand_refuse(struct client *client, struct errand *errand, unsigned code,
                   struct slice sentence)
{
    struct errand_end end = {.result = errand->is_in_doubt ? CLIENT_UNKNOWN
                                                           : CLIENT_REFUSED,
                             .code = code,
                             .sentence = sentence,
                             .data = &no_data};

    errand_finish(client, errand, &end);
}

bool errand_encode(struct client *client, struct errand *errand,
                   struct buffer *body)
{
    struct xccos_message *message = &errand->primitive.message;
    enum xccos_error error;

    errand->envid = ++client->envid;
    if (errand->is_post) {
        message->sent_at = XCCOS_MOMENT(loop_wall_us(client->loop));
        error = xccos_write_message(body, errand->envid, message);
    } else {
        error = xccos_write_primitive(body, errand->envid, &errand->primitive);
    }
    if (error != XCCOS_ERROR_NONE) {
        buffer_deinit(body);
        errand_refuse(client, errand, 400,
                      slice_of_text(xccos_error_text(error)));
    }
    return error == XCCOS_ERROR_NONE;
}

void errand_send(struct client *client, struct errand *errand,
                 struct buffer *body)
{
    errand->state = ERRAND_SENT;
    errand->sent_us = loop_now_us(client->loop);
    visit_send(client->visit, buffer_slice(body), errand->token);
    buffer_deinit(body);
}

static bool may_send(const struct client *client)
{
    return client->visit != NULL && visit_has_room(client->visit);
}

static struct errand *next_waiting(struct client *client, uint64_t now_us)
{
    struct errand *errand;

    TAILQ_FOREACH (errand, &client->waiting, link) {
        if (errand->not_before_us <= now_us) {
            return errand;
        }
    }
    return NULL;
}

static bool send_command(struct client *client)
{
    struct errand *errand = next_waiting(client, loop_now_us(client->loop));
    struct buffer body = BUFFER_EMPTY;

    if (errand == NULL) {
        return false;
    }
    TAILQ_REMOVE(&client->waiting, errand, link);
    if (errand_encode(client, errand, &body)) {
        TAILQ_INSERT_TAIL(&client->underway, errand, link);
        errand_send(client, errand, &body);
    }
    return true;
}

void errand_pump(struct client *client)
{
    if (client->is_pumping) {
        return; /* The one that is under way will see to it. */
    }
    client->is_pumping = true;
    while (may_send(client) && send_command(client)) {
        continue;
    }
    while (may_send(client) && posts_send_one(client)) {
        continue;
    }
    client->is_pumping = false;
}

void errand_put_off(struct client *client, struct errand *errand,
                    uint32_t retry_after_ms)
{
    errand->state = ERRAND_WAITING;
    errand->last_code = 503;
    if (errand->is_once) {
        errand_refuse(client, errand, 503, SLICE_LITERAL("the pool is busy"));
        return;
    }
    if (retry_after_ms == 0) {
        retry_after_ms = PUT_OFF_MS;
    }
    errand->not_before_us =
        loop_now_us(client->loop) + (uint64_t)retry_after_ms * 1000;
    if (errand->is_post) {
        TAILQ_INSERT_HEAD(&errand->seat->posts, errand, link);
    } else {
        TAILQ_INSERT_HEAD(&client->waiting, errand, link);
    }
}

static struct errand *find_sent(struct client *client, uint64_t token)
{
    struct errand *errand;

    TAILQ_FOREACH (errand, &client->underway, link) {
        if (errand->token == token && errand->state == ERRAND_SENT) {
            return errand;
        }
    }
    return NULL;
}

void errand_answered(struct client *client, uint64_t token,
                     const struct visit_answer *answer)
{
    struct errand *errand = find_sent(client, token);

    if (errand == NULL) {
        posts_answered(client, token, answer);
    } else if (answer->status == 200) {
        errand->state = ERRAND_ACCEPTED;
        errand->sent_us = loop_now_us(client->loop);
    } else {
        TAILQ_REMOVE(&client->underway, errand, link);
        if (answer->status == 503) {
            errand_put_off(client, errand, answer->retry_after_ms);
        } else {
            errand_refuse(client, errand, (unsigned)answer->status,
                          answer->reason);
        }
    }
    errand_pump(client);
}

static struct errand *find_asked(struct client *client,
                                 const struct xccos_primitive *reply)
{
    struct errand *errand;

    TAILQ_FOREACH (errand, &client->underway, link) {
        if (reply->command_envid.set &&
            reply->command_envid.value == errand->envid &&
            reply->verb == errand->primitive.verb) {
            return errand;
        }
    }
    return NULL;
}

void errand_replied(struct client *client, const struct xccos_primitive *reply)
{
    struct errand *errand = find_asked(client, reply);
    struct errand_end end = {.result = CLIENT_DONE,
                             .code = (unsigned)reply->code.value,
                             .sentence = reply->sentence,
                             .data = &reply->data};

    if (errand == NULL) {
        return; /* It was given up, or is no answer to us. */
    }
    TAILQ_REMOVE(&client->underway, errand, link);
    if (reply->fault.element != NULL) {
        client_problem(client, "a reply of the pool cannot be read");
        errand_refuse(client, errand, 500, SLICE_NONE);
    } else if (end.code == 503) {
        errand_put_off(client, errand, 0);
    } else if (end.code != 200) {
        errand_refuse(client, errand, end.code, end.sentence);
    } else {
        errand_finish(client, errand, &end);
    }
}

/* What was sent on a connection that is gone. */
static void lose(struct client *client, struct errand *errand)
{
    struct errand_end end;

    errand->is_in_doubt = true;
    errand->state = ERRAND_WAITING;
    errand->not_before_us = 0;
    if (errand->is_once) {
        end = errand_give_up(errand);
        errand_finish(client, errand, &end);
        return;
    }
    TAILQ_INSERT_HEAD(&client->waiting, errand, link);
}

/* Forget what is bound to the connection: all of it, or a room's. */
static void forget(struct errand_list *list, const struct seat *seat)
{
    struct errand *errand, *next;

    for (errand = TAILQ_FIRST(list); errand != NULL; errand = next) {
        next = TAILQ_NEXT(errand, link);
        if (errand->is_bound && (seat == NULL || errand->seat == seat)) {
            TAILQ_REMOVE(list, errand, link);
            arena_free(errand->arena);
        }
    }
}

void errand_forget_seat(struct client *client, const struct seat *seat)
{
    forget(&client->waiting, seat);
    forget(&client->underway, seat);
}

void errand_lose_all(struct client *client)
{
    struct errand_list lost = TAILQ_HEAD_INITIALIZER(lost);
    struct errand *errand;

    forget(&client->waiting, NULL);
    forget(&client->underway, NULL);
    TAILQ_CONCAT(&lost, &client->underway, link);
    while ((errand = TAILQ_LAST(&lost, errand_list)) != NULL) {
        TAILQ_REMOVE(&lost, errand, link);
        lose(client, errand);
    }
}

void errand_end_all(struct client *client, unsigned code, const char *reason)
{
    struct errand_list all = TAILQ_HEAD_INITIALIZER(all);
    struct errand *errand;

    forget(&client->waiting, NULL);
    forget(&client->underway, NULL);
    TAILQ_CONCAT(&all, &client->underway, link);
    TAILQ_CONCAT(&all, &client->waiting, link);
    while ((errand = TAILQ_FIRST(&all)) != NULL) {
        struct errand_end end;

        TAILQ_REMOVE(&all, errand, link);
        errand->is_in_doubt |= errand->state != ERRAND_WAITING;
        end = errand_give_up(errand);
        if (code != 0) {
            errand_refuse(client, errand, code, slice_of_text(reason));
        } else {
            errand_finish(client, errand, &end);
        }
    }
}

/* End what is past its deadline in one of the lists. */
static void expire(struct client *client, struct errand_list *list,
                   uint64_t now_us)
{
    struct errand_list over = TAILQ_HEAD_INITIALIZER(over);
    struct errand *errand, *next;

    for (errand = TAILQ_FIRST(list); errand != NULL; errand = next) {
        next = TAILQ_NEXT(errand, link);
        if (now_us >= errand->deadline_us) {
            TAILQ_REMOVE(list, errand, link);
            TAILQ_INSERT_TAIL(&over, errand, link);
        }
    }
    while ((errand = TAILQ_FIRST(&over)) != NULL) {
        struct errand_end end;

        TAILQ_REMOVE(&over, errand, link);
        errand->is_in_doubt |= errand->state != ERRAND_WAITING;
        end = errand_give_up(errand);
        errand_finish(client, errand, &end);
    }
}

/* A server that takes a command and never replies is stuck. */
static bool is_stuck(const struct client *client, uint64_t now_us)
{
    const struct errand *errand;

    TAILQ_FOREACH (errand, &client->underway, link) {
        if (errand->state == ERRAND_ACCEPTED &&
            now_us >=
                errand->sent_us + (uint64_t)client->limits.reply_ms * 1000) {
            return true;
        }
    }
    return false;
}

void errand_tick(struct client *client, uint64_t now_us)
{
    expire(client, &client->waiting, now_us);
    expire(client, &client->underway, now_us);
    posts_tick(client, now_us);
    if (client->visit != NULL && is_stuck(client, now_us)) {
        visit_fail(client->visit, CLIENT_CAUSE_SILENT,
                   "no reply to a command in time");
    }
    errand_pump(client);
}
