#include "node/sip/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/sip/connection.h"
#include "node/sip/control.h"
#include "node/sip/dialog.h"
#include "node/sip/info.h"
#include "node/sip/marks.h"
#include "node/sip/presence.h"
#include "node/sip/registrar.h"
#include "node/sip/stream.h"
#include "node/sip/sweep.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

enum { SETTINGS_ARENA_BYTES = 1024, DELIVERIES_WAITING_MAX = 65536 };

uint64_t edge_now_ms(const struct edge *edge)
{
    return uv_now(loop_uv(edge->loop));
}

void edge_count(struct edge *edge, enum edge_metric metric, int64_t n)
{
    edge_metrics_add(&edge->metrics, metric, n);
}

unsigned edge_jitter(struct edge *edge, unsigned n)
{
    /* xorshift64: spreads clients in time, keeps no secrets. */
    edge->random ^= edge->random << 13;
    edge->random ^= edge->random >> 7;
    edge->random ^= edge->random << 17;
    return n == 0 ? 0 : (unsigned)(edge->random % n);
}

bool edge_ask(struct edge *edge, struct intake *intake)
{
    intake->handed_us = loop_now_us(edge->loop);
    if (letters_send(edge->intake, &intake->letter) != ERROR_NONE) {
        intake_free(intake);
        return false;
    }
    return true;
}

void edge_tell(struct edge *edge, struct intake *intake)
{
    intake->handed_us = loop_now_us(edge->loop);
    if (letters_send_reply(edge->intake, &intake->letter) != ERROR_NONE) {
        intake_free(intake); /* The state loop has closed: nobody is told. */
    }
}

bool edge_is_closed_to_new(const struct edge *edge)
{
    return edge->drain.on ||
           atomic_load_explicit(&edge->admission, memory_order_relaxed) ==
               EDGE_CLOSED_TO_NEW ||
           letters_waiting(edge->intake) > INTAKES_WAITING_MAX / 4 * 3;
}

static void receive(void *context, struct letter_list *list)
{
    struct edge *edge = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct delivery *delivery = (struct delivery *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        switch ((enum delivery_kind)letter->kind) {
        case DELIVERY_SIGN_IN:
            registrar_answer(edge, delivery);
            delivery_free(delivery);
            break;
        case DELIVERY_ANSWER:
            info_answer(edge, delivery);
            delivery_free(delivery);
            break;
        case DELIVERY_PRESENCE:
            presence_deliver(edge, delivery);
            delivery_free(delivery);
            break;
        case DELIVERY_DISMISS:
            connections_dismiss(edge, delivery->dismiss.user_uri);
            delivery_free(delivery);
            break;
        case DELIVERY_BODY:
        case DELIVERY_CLOSE:
            fanout_take(edge, delivery);
            break;
        }
    }
}

static void end_turn(void *context)
{
    struct edge *edge = context;

    fanout_run(edge);
    stream_flush_all(edge);
}

static void undefer(void *context)
{
    stream_undefer_all(context);
}

static void tick(void *context)
{
    struct edge *edge = context;

    edge->ticks++;
    dialogs_repeat_answers(edge);
    sweep(edge);
    marks_report(edge);
}

static const char *copy(struct edge *edge, const char *text)
{
    return text == NULL ? NULL : arena_copy(edge->memory, slice_of_text(text));
}

/* Keep the settings' texts. */
static enum error keep_settings(struct edge *edge,
                                const struct edge_settings *settings)
{
    struct edge_listener *listeners;

    edge->settings = *settings;
    edge->memory = arena_new(SETTINGS_ARENA_BYTES);
    if (edge->memory == NULL) {
        return ERROR_NO_MEMORY;
    }
    edge->settings.domain = copy(edge, settings->domain);
    edge->settings.host = copy(edge, settings->host);
    edge->settings.node_uri = copy(edge, settings->node_uri);
    listeners = arena_alloc(edge->memory, settings->n * sizeof(*listeners));
    if (listeners == NULL || edge->settings.domain == NULL ||
        edge->settings.host == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < settings->n; i++) {
        listeners[i] = settings->listeners[i];
        listeners[i].address = copy(edge, settings->listeners[i].address);
        listeners[i].certificate_file =
            copy(edge, settings->listeners[i].certificate_file);
        listeners[i].key_file = copy(edge, settings->listeners[i].key_file);
        listeners[i].chain_file = copy(edge, settings->listeners[i].chain_file);
    }
    edge->settings.listeners = listeners;
    return ERROR_NONE;
}

/* Name the setting that cannot be; NULL: all can. */
static const char *find_fault(const struct edge_settings *settings)
{
    const struct edge_limits *limits = &settings->limits;

    if (settings->node == 0) {
        return "node";
    }
    if (settings->domain == NULL || settings->domain[0] == '\0') {
        return "domain";
    }
    if (settings->host == NULL || settings->host[0] == '\0') {
        return "host";
    }
    if (settings->n == 0 || settings->n > LISTENERS_MAX) {
        return "listeners";
    }
    if (limits->in_flight_max == 0 || limits->queue_max == 0 ||
        limits->fanout_chunk == 0 || limits->infos_per_s_max == 0 ||
        limits->handshakes_max == 0 || limits->session_s == 0 ||
        limits->output_high_bytes == 0 || limits->expires_min_s == 0 ||
        limits->expires_min_s > limits->expires_max_s) {
        return "limits";
    }
    for (size_t i = 0; i < settings->n; i++) {
        const struct edge_listener *listener = &settings->listeners[i];

        if (listener->address == NULL ||
            (listener->tls && (listener->certificate_file == NULL ||
                               listener->key_file == NULL))) {
            return "listener";
        }
    }
    return NULL;
}

static void begin_lists(struct edge *edge)
{
    slots_init(&edge->connections, edge->settings.edge, SLOTS_CONNECTION);
    slots_init(&edge->dialogs, edge->settings.edge, SLOTS_DIALOG);
    slots_init(&edge->answers, edge->settings.edge, SLOTS_ANSWER);
    slots_init(&edge->presences, edge->settings.edge, SLOTS_PRESENCE);
    RB_INIT(&edge->addresses);
    TAILQ_INIT(&edge->open);
    TAILQ_INIT(&edge->dirty);
    TAILQ_INIT(&edge->deferred);
    TAILQ_INIT(&edge->waiting);
    TAILQ_INIT(&edge->unacknowledged);
    TAILQ_INIT(&edge->marked);
}

/* The parts that need the loop. */
static enum error begin_loop(struct edge *edge)
{
    uint64_t salt;

    edge->loop = loop_new();
    if (edge->loop == NULL) {
        return ERROR_NO_MEMORY;
    }
    fanout_init(edge);
    loop_on_turn(edge->loop, end_turn, edge);
    loop_random(edge->loop, &edge->random, sizeof(edge->random));
    edge->random |= 1;
    loop_random(edge->loop, &salt, sizeof(salt));
    snprintf(edge->tag_salt, sizeof(edge->tag_salt), "%016" PRIx64, salt);
    edge->parser = parser_new();
    edge->ticker = timer_new(edge->loop, tick, edge);
    edge->defer_timer = timer_new(edge->loop, undefer, edge);
    edge->deliveries =
        letters_new(edge->loop, DELIVERIES_WAITING_MAX, receive, edge);
    edge->controls =
        letters_new(edge->loop, CONTROLS_WAITING_MAX, control_receive, edge);
    if (edge->parser == NULL || edge->ticker == NULL ||
        edge->defer_timer == NULL || edge->deliveries == NULL ||
        edge->controls == NULL) {
        return ERROR_NO_MEMORY;
    }
    timer_start(edge->ticker, TICK_MS, TICK_MS);
    return ERROR_NONE;
}

static enum error open_listeners(struct edge *edge)
{
    for (size_t i = 0; i < edge->settings.n; i++) {
        edge->listeners_n++;
        TRY(listener_open(&edge->listeners[i], edge,
                          &edge->settings.listeners[i]));
    }
    return ERROR_NONE;
}

enum error edge_new(struct edge **edge_out,
                    const struct edge_settings *settings,
                    struct letters *intake)
{
    const char *fault = find_fault(settings);
    struct edge *edge;
    enum error error;

    if (fault != NULL) {
        journal_error("edge_settings",
                      "edge=%u setting=%s reason=\"not valid\"", settings->edge,
                      fault);
        return ERROR_INVALID;
    }
    edge = calloc(1, sizeof(*edge));
    if (edge == NULL) {
        return ERROR_NO_MEMORY;
    }
    edge->intake = intake;
    edge->admission = settings->admission;
    error = keep_settings(edge, settings);
    begin_lists(edge);
    if (error == ERROR_NONE) {
        error = begin_loop(edge);
    }
    if (error == ERROR_NONE) {
        error = open_listeners(edge);
    }
    if (error != ERROR_NONE) {
        edge_free(edge);
        return error;
    }
    *edge_out = edge; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

static void end_letters(struct letters *letters,
                        void (*receive_last)(void *context,
                                             struct letter_list *list),
                        struct edge *edge)
{
    struct letter_list left;

    if (letters != NULL) {
        letters_close(letters, &left);
        receive_last(edge, &left);
        letters_free(letters);
    }
}

static void end_loop(struct edge *edge)
{
    struct connection *connection;

    for (size_t i = 0; i < edge->listeners_n; i++) {
        listener_close(&edge->listeners[i]);
    }
    while ((connection = TAILQ_FIRST(&edge->open)) != NULL) {
        connection_close(connection, ENDING_EDGE_CLOSED);
    }
    end_letters(edge->deliveries, receive, edge);
    end_letters(edge->controls, control_receive, edge);
    loop_on_turn(edge->loop, NULL, edge);
    fanout_deinit(edge);
    drain_deinit(edge);
    timer_free(edge->ticker);
    timer_free(edge->defer_timer);
    loop_free(edge->loop); /* Frees the connections, too. */
}

void edge_free(struct edge *edge)
{
    if (edge == NULL) {
        return;
    }
    if (edge->loop != NULL) {
        end_loop(edge);
    }
    parser_free(edge->parser);
    slots_deinit(&edge->connections);
    slots_deinit(&edge->dialogs);
    slots_deinit(&edge->answers);
    slots_deinit(&edge->presences);
    arena_free(edge->memory);
    free(edge);
}
