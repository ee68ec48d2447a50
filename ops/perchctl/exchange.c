#include "ops/perchctl/exchange.h"

#include <stdio.h>
#include <string.h>

#include "ops/client/ask.h"
#include "ops/client/client.h"
#include "proto/base/check.h"
#include "proto/base/os/loop_uv.h"
#include "proto/xccos/names.h"

enum { URI_BYTES_MAX = 512, WORDS_BYTES = 64, RANDOM_BYTES = 8 };

struct exchange;

/* One of the two. */
struct speaking {
    struct exchange *exchange;
    struct client *client;
    bool is_there; /* Has done its part of the step. */
};

struct exchange {
    const struct exchange_settings *settings;
    struct exchange_result *result;
    struct loop *loop;
    struct timer *patience;
    struct speaking speaking[EXCHANGE_USERS];
    enum exchange_step_kind step; /* STEPS: it is over. */
    uint64_t since_us;
    uint64_t question;
    char uri[URI_BYTES_MAX];
    char words[EXCHANGE_USERS][WORDS_BYTES]; /* No other run says the same. */
};

const char *exchange_step_word(enum exchange_step_kind step)
{
    static const char *const words[STEPS] = {
#define WORD(name, word) [STEP_##name] = word,
        EXCHANGE_STEP_LIST(WORD)
#undef WORD
    };

    CHECK((unsigned)step < STEPS);
    return words[step];
}

static void fail(struct exchange *exchange, const char *who, const char *why,
                 struct slice more)
{
    struct exchange_result *result = exchange->result;

    if (exchange->step == STEPS) {
        return; /* The first trouble is what to tell. */
    }
    if (more.data == NULL) {
        more = SLICE_LITERAL("");
    }
    snprintf(result->text, sizeof(result->text), "%s: %s%s%s%.*s",
             exchange_step_word(exchange->step), who == NULL ? "" : who,
             who == NULL ? "" : ": ", why, SLICE_PRINT(more));
    exchange->step = STEPS;
    loop_stop(exchange->loop);
}

static void begin_step(struct exchange *exchange);

/* The step is done when both have done their part. */
static void advance(struct exchange *exchange)
{
    uint64_t now_us = loop_now_us(exchange->loop);

    for (int i = 0; i < EXCHANGE_USERS; i++) {
        if (!exchange->speaking[i].is_there) {
            return;
        }
    }
    exchange->result->step_us[exchange->step] = now_us - exchange->since_us;
    exchange->result->steps += 1;
    exchange->step += 1;
    if (exchange->step == STEPS) {
        exchange->result->done = true;
        loop_stop(exchange->loop);
        return;
    }
    begin_step(exchange);
}

static void part_done(struct speaking *one)
{
    one->is_there = true;
    advance(one->exchange);
}

static void find_room(struct exchange *exchange)
{
    struct slice name = slice_of_text(exchange->settings->room);
    struct client_question question = {
        .kind = CLIENT_FIND_ROOMS,
        .text = name,
        .is_exact = true,
        .within_ms = exchange->settings->timeout_ms,
    };
    struct xccos_name uri;

    if (xccos_room_uri_read(name, &uri) == ERROR_NONE &&
        name.len < URI_BYTES_MAX) {
        snprintf(exchange->uri, sizeof(exchange->uri), "%.*s",
                 SLICE_PRINT(name));
        part_done(&exchange->speaking[0]);
    } else if (client_ask(exchange->speaking[0].client, &question,
                          &exchange->question) != ERROR_NONE) {
        fail(exchange, NULL, "that cannot be a room's name", SLICE_NONE);
    }
}

static void say(struct exchange *exchange, int who)
{
    struct client_post post = {
        .room_uri = slice_of_text(exchange->uri),
        .text = slice_of_text(exchange->words[who]),
        .within_ms = exchange->settings->timeout_ms,
    };
    uint64_t token;

    if (client_post(exchange->speaking[who].client, &post, &token) !=
        ERROR_NONE) {
        fail(exchange, exchange->settings->users[who], "cannot post",
             SLICE_NONE);
    }
}

static void each(struct exchange *exchange,
                 void (*act)(struct speaking *speaking))
{
    for (int i = 0; i < EXCHANGE_USERS && exchange->step != STEPS; i++) {
        act(&exchange->speaking[i]);
    }
}

static void join(struct speaking *one)
{
    if (client_join(one->client, slice_of_text(one->exchange->uri), 0) !=
        ERROR_NONE) {
        fail(one->exchange, NULL, "that is no room's URI", SLICE_NONE);
    }
}

static void leave(struct speaking *one)
{
    (void)client_part(one->client, slice_of_text(one->exchange->uri));
}

static void sign_in(struct speaking *one)
{
    client_start(one->client);
}

static void sign_out(struct speaking *one)
{
    client_stop(one->client);
}

/* Who has nothing to do in a step is done with it. */
static void begin_step(struct exchange *exchange)
{
    struct speaking *speaking = exchange->speaking;

    speaking[0].is_there = exchange->step == STEP_MESSAGE_THERE;
    speaking[1].is_there =
        exchange->step == STEP_MESSAGE_BACK || exchange->step == STEP_FIND;
    exchange->since_us = loop_now_us(exchange->loop);
    switch (exchange->step) {
    case STEP_SIGN_IN:
        each(exchange, sign_in);
        return;
    case STEP_FIND:
        find_room(exchange);
        return;
    case STEP_JOIN:
        each(exchange, join);
        return;
    case STEP_MESSAGE_THERE:
        say(exchange, 0);
        return;
    case STEP_MESSAGE_BACK:
        say(exchange, 1);
        return;
    case STEP_LEAVE:
        each(exchange, leave);
        return;
    default:
        each(exchange, sign_out);
        return;
    }
}

static const char *user_of(const struct speaking *one)
{
    return one->exchange->settings->users[one - one->exchange->speaking];
}

/* A server that is lost is a finding: another would hide it. */
static void on_state(struct speaking *one, const struct client_event *event)
{
    struct exchange *exchange = one->exchange;
    const struct client_event_state *state = &event->state;

    switch (state->state) {
    case CLIENT_ONLINE:
        if (exchange->step == STEP_SIGN_IN) {
            part_done(one);
        }
        return;
    case CLIENT_DENIED:
        exchange->result->reached = true;
        fail(exchange, user_of(one), "refused: ", slice_of_text(state->text));
        return;
    case CLIENT_WAITING:
        exchange->result->reached =
            exchange->step != STEP_SIGN_IN || state->status != 0;
        fail(exchange, state->server,
             "cannot be reached or was lost: ", slice_of_text(state->text));
        return;
    case CLIENT_STOPPED:
        if (exchange->step == STEP_SIGN_OUT) {
            part_done(one);
        }
        return;
    default:
        return;
    }
}

static void on_reply(struct exchange *exchange,
                     const struct client_event *event)
{
    const struct xccos_room *room = event->reply.data->rooms;

    if (exchange->step != STEP_FIND ||
        event->reply.token != exchange->question) {
        return;
    }
    if (event->reply.result != CLIENT_DONE) {
        fail(exchange, NULL, "refused: ", event->reply.sentence);
    } else if (room == NULL || room->uri.len >= URI_BYTES_MAX) {
        fail(exchange, NULL, "there is no such room, or it is not for the user",
             SLICE_NONE);
    } else {
        snprintf(exchange->uri, sizeof(exchange->uri), "%.*s",
                 SLICE_PRINT(room->uri));
        part_done(&exchange->speaking[0]);
    }
}

/* What the other has said just now, and nothing else that is said there. */
static void on_message(struct speaking *one, const struct client_event *event)
{
    struct exchange *exchange = one->exchange;
    int other = one == &exchange->speaking[0] ? 1 : 0;
    enum exchange_step_kind awaited =
        other == 0 ? STEP_MESSAGE_THERE : STEP_MESSAGE_BACK;

    if (exchange->step == awaited &&
        slice_equal_text(event->message.message->text,
                         exchange->words[other])) {
        part_done(one);
    }
}

static void on_left(struct speaking *one, const struct client_event *event)
{
    if (event->left.why == CLIENT_LEFT_ASKED) {
        if (one->exchange->step == STEP_LEAVE) {
            part_done(one);
        }
        return;
    }
    fail(one->exchange, user_of(one),
         "is not in the room: ", event->left.sentence);
}

static void tell(void *context, const struct client_event *event)
{
    struct speaking *one = context;
    struct exchange *exchange = one->exchange;

    if (exchange->step == STEPS) {
        return;
    }
    switch (event->kind) {
    case CLIENT_EVENT_STATE:
        on_state(one, event);
        return;
    case CLIENT_EVENT_REPLY:
        on_reply(exchange, event);
        return;
    case CLIENT_EVENT_JOINED:
        if (exchange->step == STEP_JOIN) {
            part_done(one);
        }
        return;
    case CLIENT_EVENT_LEFT:
        on_left(one, event);
        return;
    case CLIENT_EVENT_MESSAGE:
        on_message(one, event);
        return;
    case CLIENT_EVENT_POSTED:
        if (event->posted.result != CLIENT_DONE) {
            fail(exchange, user_of(one),
                 "the post was refused: ", event->posted.reason);
        }
        return;
    default:
        return;
    }
}

static void on_patience(void *context)
{
    fail(context, NULL, "no answer in time", SLICE_NONE);
}

static bool open_user(struct exchange *exchange, int i)
{
    const struct exchange_settings *settings = exchange->settings;
    struct speaking *one = &exchange->speaking[i];
    struct client_settings wanted = {
        .user = settings->users[i],
        .password = settings->password,
        .servers = settings->servers[i],
        .trust = settings->trust,
        .limits = CLIENT_LIMITS_DEFAULT,
    };
    const char *why = "";
    uint8_t random[RANDOM_BYTES];
    char *to = exchange->words[i];

    loop_random(exchange->loop, random, sizeof(random));
    to += snprintf(to, WORDS_BYTES, "perchctl messages test %d ", i + 1);
    for (size_t j = 0; j < sizeof(random); j++) {
        to += snprintf(to, 3, "%02x", random[j]);
    }
    one->exchange = exchange;
    if (client_new(exchange->loop, &wanted, tell, one, &one->client, &why) !=
        ERROR_NONE) {
        fail(exchange, settings->users[i], why, SLICE_NONE);
        return false;
    }
    return true;
}

void exchange_run(const struct exchange_settings *settings,
                  struct exchange_result *result_out)
{
    struct exchange exchange = {.settings = settings, .result = result_out};

    memset(result_out, 0, sizeof(*result_out));
    exchange.loop = loop_new();
    CHECK(exchange.loop != NULL);
    exchange.patience = timer_new(exchange.loop, on_patience, &exchange);
    CHECK(exchange.patience != NULL);
    timer_start(exchange.patience, settings->timeout_ms, 0);
    if (open_user(&exchange, 0) && open_user(&exchange, 1)) {
        result_out->reached = true; /* Until one is not. */
        begin_step(&exchange);
        loop_run(exchange.loop);
    }
    for (int i = 0; i < EXCHANGE_USERS; i++) {
        client_free(exchange.speaking[i].client);
    }
    timer_free(exchange.patience);
    loop_free(exchange.loop);
}
