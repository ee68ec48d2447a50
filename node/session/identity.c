#include "node/session/identity.h"

#include <string.h>

#include "node/chat/view.h"
#include "node/session/hub.h"
#include "proto/base/check.h"

/* Lies in the arena of its intake. */
struct greeting {
    TAILQ_ENTRY(greeting) link;
    struct read read;
    struct sessions *hub;
    struct intake *intake;
};

static struct greeting *greeting_of(struct read *read)
{
    return (struct greeting *)((char *)read - offsetof(struct greeting, read));
}

static enum sign_in_result result_for(const struct sessions *hub,
                                      const struct user *user,
                                      const struct user_view *view)
{
    if (view->disabled) {
        return SIGN_IN_DISABLED;
    }
    return query_chat_enabled(hub->machine, user) ? SIGN_IN_FOUND
                                                  : SIGN_IN_NOT_ENABLED;
}

static void fill(struct delivery *delivery, const struct sessions *hub,
                 const struct user *user)
{
    struct delivery_sign_in *sign_in = &delivery->sign_in;
    struct pool_view pool;
    struct user_view view;

    if (user == NULL) {
        sign_in->result = SIGN_IN_UNKNOWN;
        return;
    }
    view_user(user, &view);
    query_pool(hub->machine, &pool);
    sign_in->result = result_for(hub, user, &view);
    memcpy(sign_in->ha1, view.ha1, sizeof(sign_in->ha1));
    memcpy(sign_in->ha1_user, view.ha1_user, sizeof(sign_in->ha1_user));
    sign_in->user_uri = arena_copy_slice(delivery->arena, view.uri);
    sign_in->pool_uri = arena_copy_slice(delivery->arena, pool.pool_uri);
    sign_in->web_url = arena_copy_slice(delivery->arena, pool.web_url);
}

/* A pool without an address has nothing to offer who signs in. */
static bool is_ready(const struct sessions *hub)
{
    struct pool_view pool;

    query_pool(hub->machine, &pool);
    return pool.domain.len > 0 && pool.pool_uri.len > 0;
}

static void answer(struct sessions *hub, struct intake *intake,
                   enum error error)
{
    struct delivery *delivery = delivery_new(DELIVERY_SIGN_IN, intake->ref);

    CHECK(delivery != NULL);
    delivery->sign_in.token = intake->sign_in.token;
    if (error != ERROR_NONE || !is_ready(hub)) {
        delivery->sign_in.result = SIGN_IN_NOT_READY;
    } else {
        fill(delivery, hub, query_user(hub->machine, intake->sign_in.user_uri));
    }
    meter_add(&hub->meters.sign_ins, 1);
    outbox_add(hub->outbox, delivery);
    intake_free(intake);
}

static void read_told_greeting(struct read *read, enum error error)
{
    struct greeting *greeting = greeting_of(read);

    TAILQ_REMOVE(&greeting->hub->greetings, greeting, link);
    answer(greeting->hub, greeting->intake, error);
}

/* Whether it is of no use to wait for a leader. */
static bool is_leaderless(const struct sessions *hub)
{
    uint64_t since_us = hub->leaderless_since_us;

    return since_us != 0 && loop_now_us(hub->settings.loop) - since_us >=
                                ELECTION_MS_MAX * 1000ull;
}

void identity_serve(struct sessions *hub, struct intake *intake)
{
    struct greeting *greeting = arena_alloc(intake->arena, sizeof(*greeting));
    enum error error = greeting == NULL ? ERROR_NO_MEMORY : ERROR_NONE;

    if (is_leaderless(hub)) {
        error = ERROR_NO_LEADER;
    }
    if (error == ERROR_NONE) {
        greeting->hub = hub;
        greeting->intake = intake;
        greeting->read.tell = read_told_greeting;
        error = reads_ask(hub->reads, &greeting->read);
    }
    if (error == ERROR_NONE) {
        TAILQ_INSERT_TAIL(&hub->greetings, greeting, link);
    } else {
        answer(hub, intake, error);
    }
}

void identity_deinit(struct sessions *hub)
{
    struct greeting *greeting;

    while ((greeting = TAILQ_FIRST(&hub->greetings)) != NULL) {
        TAILQ_REMOVE(&hub->greetings, greeting, link);
        intake_free(greeting->intake);
    }
}
