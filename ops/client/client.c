#include "ops/client/client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/client/client_parts.h"
#include "ops/client/errand.h"
#include "ops/client/followed.h"
#include "ops/client/hear.h"
#include "ops/client/posts.h"
#include "ops/client/rooms.h"
#include "ops/client/settings.h"
#include "proto/base/check.h"

#define TO(state) (1u << CLIENT_##state)

/* Which states may follow which. CONNECTING and WAITING may follow themselves:
 * the next attempt. */
static const unsigned may_follow[CLIENT_STATES] = {
    [CLIENT_IDLE] = TO(CONNECTING) | TO(WAITING) | TO(LEAVING),
    [CLIENT_CONNECTING] =
        TO(CONNECTING) | TO(ONLINE) | TO(WAITING) | TO(DENIED) | TO(LEAVING),
    [CLIENT_ONLINE] = TO(CONNECTING) | TO(WAITING) | TO(DENIED) | TO(LEAVING),
    [CLIENT_WAITING] = TO(CONNECTING) | TO(WAITING) | TO(LEAVING),
    [CLIENT_DENIED] = TO(LEAVING),
    [CLIENT_LEAVING] = TO(STOPPED),
    [CLIENT_STOPPED] = 0,
};

void client_hold(struct client *client)
{
    client->holds++;
}

void client_release(struct client *client)
{
    CHECK(client->holds > 0);
    client->holds--;
    if (client->holds == 0) {
        rooms_sweep(client);
    }
}

void client_tell(struct client *client, const struct seat *seat,
                 struct client_event *event)
{
    if (seat != NULL) {
        event->room_uri = slice_of_text(seat->uri);
        event->room_name = buffer_slice(&seat->name);
    }
    client_hold(client);
    client->tell(client->context, event);
    client_release(client);
}

void client_problem(struct client *client, const char *text)
{
    struct client_event event = {.kind = CLIENT_EVENT_PROBLEM};

    event.problem = slice_of_text(text);
    client_tell(client, NULL, &event);
}

bool client_is_over(const struct client *client)
{
    return client->state == CLIENT_DENIED || client->state == CLIENT_LEAVING ||
           client->state == CLIENT_STOPPED;
}

/* Where we are, or mean to go. */
static const struct server *server_of(const struct client *client)
{
    return client->is_redirected ? &client->redirect
                                 : servers_current(&client->servers);
}

/* The one place a client changes state; what is told has the details. */
static void move(struct client *client, enum client_state next,
                 struct client_event_state *state)
{
    struct client_event event = {.kind = CLIENT_EVENT_STATE};
    char server[SERVER_TEXT_BYTES_MAX + 1];

    CHECK((may_follow[client->state] & (1u << next)) != 0);
    client->state = next;
    server_write(server_of(client), server);
    event.state = *state;
    event.state.state = next;
    event.state.server = server;
    event.state.failures = client->servers.failures;
    if (event.state.text == NULL) {
        event.state.text = "";
    }
    client_pace(client);
    client_tell(client, NULL, &event);
}

void client_pace(struct client *client)
{
    bool is_busy = client->errands_n > 0 || client->state != CLIENT_ONLINE ||
                   client->rejoin_us != 0 || client->followed.retry_us != 0 ||
                   !TAILQ_EMPTY(&client->waiting) ||
                   !TAILQ_EMPTY(&client->underway);
    uint32_t tick_ms = is_busy ? CLIENT_TICK_MS : CLIENT_IDLE_TICK_MS;

    if (client->state == CLIENT_STOPPED) {
        timer_stop(client->tick);
    } else if (tick_ms != client->tick_ms) {
        client->tick_ms = tick_ms;
        timer_start(client->tick, tick_ms, tick_ms);
    }
}

static void stopped(struct client *client)
{
    struct client_event_state state = {.cause = CLIENT_CAUSE_LEFT};

    move(client, CLIENT_STOPPED, &state);
}

static void drop_visit(struct client *client)
{
    visit_close(client->visit);
    client->visit = NULL;
    client->online_us = 0;
}

static void on_ready(void *context)
{
    struct client *client = context;
    struct client_event_state state = {.cause = CLIENT_CAUSE_NONE};

    client_hold(client);
    client->online_us = loop_now_us(client->loop);
    move(client, CLIENT_ONLINE, &state);
    rooms_join_wanted(client);
    if (client->state == CLIENT_ONLINE) {
        followed_online(client);
    }
    client_release(client);
}

static void on_document(void *context, struct slice body)
{
    struct client *client = context;

    client_hold(client);
    followed_document(client, body);
    client_release(client);
}

static void on_unpublished(void *context, const struct visit_answer *answer)
{
    struct client *client = context;

    client_hold(client);
    followed_refused(client, answer);
    client_release(client);
}

static void on_body(void *context, struct slice body)
{
    struct client *client = context;

    client_hold(client);
    hear_body(client, body);
    client_release(client);
}

static void on_answered(void *context, uint64_t token,
                        const struct visit_answer *answer)
{
    struct client *client = context;

    client_hold(client);
    errand_answered(client, token, answer);
    client_release(client);
}

/* Not from within a visit's event: its successor begins later. */
static void try_again(struct client *client, const struct visit_end *end)
{
    struct client_event_state state = {
        .cause = end->cause, .status = end->status, .text = end->text};
    uint64_t wait_us = 0;
    uint32_t random;

    if (!client->is_redirected) {
        loop_random(client->loop, &random, sizeof(random));
        wait_us = servers_choose(&client->servers, &client->limits,
                                 loop_now_us(client->loop), random);
    }
    state.retry_in_ms = (uint32_t)((wait_us + 999) / 1000);
    timer_start(client->wake, state.retry_in_ms, 0);
    move(client, CLIENT_WAITING, &state);
}

/* Decide what the end of a stay means for the next. */
static void learn(struct client *client, const struct visit_end *end)
{
    if (end->cause == CLIENT_CAUSE_MOVED && !client->is_redirected) {
        client->redirect = end->moved_to;
        client->is_redirected = true;
        return;
    }
    client->is_redirected = false;
    if (end->retry_after_ms > 0) {
        servers_hold(&client->servers,
                     loop_now_us(client->loop) +
                         (uint64_t)end->retry_after_ms * 1000);
    }
    servers_fail(&client->servers);
}

static void denied(struct client *client, const struct visit_end *end)
{
    struct client_event_state state = {
        .cause = end->cause, .status = end->status, .text = end->text};
    unsigned code = end->status == 0 ? 403 : (unsigned)end->status;

    move(client, CLIENT_DENIED, &state);
    errand_end_all(client, code, end->text);
    posts_end_all(client, code, end->text);
}

static void on_over(void *context, const struct visit_end *end)
{
    struct client *client = context;

    client_hold(client);
    drop_visit(client);
    errand_lose_all(client);
    posts_lose_all(client);
    rooms_lose_all(client);
    client->followed.retry_us = 0; /* It is asked again when online. */
    if (client->state == CLIENT_LEAVING) {
        stopped(client);
    } else if (end->cause == CLIENT_CAUSE_DENIED) {
        denied(client, end);
    } else {
        learn(client, end);
        try_again(client, end);
    }
    client_release(client);
}

static const struct visit_events visit_events = {
    .ready = on_ready,
    .body = on_body,
    .answered = on_answered,
    .over = on_over,
    .document = on_document,
    .unpublished = on_unpublished,
};

static void connect_now(struct client *client)
{
    struct client_event_state state = {.cause = CLIENT_CAUSE_NONE};
    struct visit_end end = {.cause = CLIENT_CAUSE_NO_MEMORY};

    move(client, CLIENT_CONNECTING, &state);
    if (client->state != CLIENT_CONNECTING) {
        return; /* The owner has stopped it when he was told. */
    }
    client->visit = visit_open(client->loop, &client->visitor,
                               server_of(client), &visit_events, client);
    if (client->visit == NULL) {
        client->is_redirected = false;
        servers_fail(&client->servers);
        try_again(client, &end);
    }
}

static void on_wake(void *context)
{
    struct client *client = context;

    client_hold(client);
    if (client->state == CLIENT_LEAVING) {
        stopped(client);
    } else if (!client_is_over(client)) {
        connect_now(client);
    }
    client_release(client);
}

static void on_tick(void *context)
{
    struct client *client = context;
    uint64_t now_us = loop_now_us(client->loop);

    client_hold(client);
    if (client->visit != NULL) {
        visit_tick(client->visit, now_us);
    }
    if (client->online_us != 0 &&
        now_us >= client->online_us +
                      (uint64_t)client->limits.backoff_max_ms * 1000) {
        servers_succeed(&client->servers); /* It has proven itself. */
        client->online_us = 0;
    }
    if (client->rejoin_us != 0 && now_us >= client->rejoin_us) {
        client->rejoin_us = 0;
        rooms_join_wanted(client);
    }
    errand_tick(client, now_us);
    followed_tick(client, now_us);
    client_pace(client);
    client_release(client);
}

void client_start(struct client *client)
{
    CHECK(client->state == CLIENT_IDLE);
    client_hold(client);
    connect_now(client);
    client_release(client);
}

void client_stop(struct client *client)
{
    struct client_event_state state = {.cause = CLIENT_CAUSE_LEFT};

    if (client->state == CLIENT_LEAVING || client->state == CLIENT_STOPPED) {
        return;
    }
    client_hold(client);
    timer_stop(client->wake);
    move(client, CLIENT_LEAVING, &state);
    errand_end_all(client, 0, "");
    posts_end_all(client, 0, "");
    if (client->visit != NULL) {
        visit_leave(client->visit);
    } else {
        timer_start(client->wake, 0, 0);
    }
    client_release(client);
}

enum error client_new(struct loop *loop, const struct client_settings *settings,
                      void (*tell)(void *context,
                                   const struct client_event *event),
                      void *context, struct client **client_out,
                      const char **why_out)
{
    struct client *client = calloc(1, sizeof(*client));
    enum error error = ERROR_NO_MEMORY;

    *why_out = "out of memory";
    if (client == NULL) {
        return error;
    }
    signal(SIGPIPE, SIG_IGN);
    client->loop = loop;
    client->tell = tell;
    client->context = context;
    TAILQ_INIT(&client->seats);
    TAILQ_INIT(&client->gone);
    TAILQ_INIT(&client->waiting);
    TAILQ_INIT(&client->underway);
    TAILQ_INIT(&client->settling);
    client->wake = timer_new(loop, on_wake, client);
    client->tick = timer_new(loop, on_tick, client);
    if (client->wake != NULL && client->tick != NULL) {
        error = settings_take(client, settings, why_out);
    }
    if (error != ERROR_NONE) {
        client_free(client);
        return error;
    }
    *client_out = client;
    return ERROR_NONE;
}

/* Forget without a word what nobody is there to hear of any more. */
static void forget_errands(struct errand_list *list)
{
    struct errand *errand;

    while ((errand = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, errand, link);
        arena_free(errand->arena);
    }
}

void client_free(struct client *client)
{
    struct seat *seat;

    if (client == NULL) {
        return;
    }
    CHECK(client->holds == 0);
    if (client->visit != NULL) {
        drop_visit(client);
    }
    TAILQ_FOREACH (seat, &client->seats, link) {
        if (seat->posting != NULL) {
            TAILQ_INSERT_TAIL(&seat->posts, seat->posting, link);
        }
        forget_errands(&seat->posts);
    }
    forget_errands(&client->waiting);
    forget_errands(&client->underway);
    forget_errands(&client->settling);
    rooms_forget_all(client);
    followed_deinit(client);
    timer_free(client->wake);
    timer_free(client->tick);
    settings_drop(client);
    free(client);
}

enum client_state client_state(const struct client *client)
{
    return client->state;
}

struct slice client_uri(const struct client *client)
{
    return slice_of_text(client->uri);
}
