#include "node/sip/control.h"

#include <stdlib.h>

#include "node/sip/connection.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

struct control *control_new(enum control_kind kind)
{
    struct control *control = calloc(1, sizeof(*control));

    if (control != NULL) {
        control->letter.kind = kind;
    }
    return control;
}

void control_free(struct control *control)
{
    edge_tls_keys_release(control->keys);
    free(control->target);
    free(control);
}

void control_send(struct edge *edge, struct control *control)
{
    /* Few and wanted: the bound is not for them. */
    if (letters_send_reply(edge->controls, &control->letter) != ERROR_NONE) {
        control_free(control);
    }
}

static void take_keys(struct edge *edge, struct control *control)
{
    struct listener *listener = &edge->listeners[control->listener];

    if (listener->is_open) {
        listener_take_keys(listener, control->keys);
        control->keys = NULL;
        edge_count(edge, EDGE_METRIC_CERTIFICATE_LOADS, 1);
    }
}

/* Close one batch, and come back when the next is due. */
static void close_batch(void *context)
{
    struct edge *edge = context;
    struct drain *drain = &edge->drain;
    struct connection *connection = TAILQ_FIRST(&edge->open);
    unsigned left = drain->batch;

    if (connection == NULL) {
        journal_notice("drained", "edge=%u", edge->settings.edge);
        return;
    }
    while (connection != NULL && left > 0) {
        struct connection *next = TAILQ_NEXT(connection, link);

        if (connection_is_live(connection)) {
            /* Never a BYE: only a lost connection makes clients come back. */
            connection_finish(connection, ENDING_DRAINED);
            left--;
        }
        connection = next;
    }
    timer_start(drain->timer,
                drain->batch_ms / 2 + edge_jitter(edge, drain->batch_ms + 1),
                0);
}

static void begin_drain(struct edge *edge, struct control *control)
{
    struct drain *drain = &edge->drain;

    for (size_t i = 0; i < edge->listeners_n; i++) {
        listener_close(&edge->listeners[i]);
    }
    free(drain->target);
    drain->target = control->target;
    control->target = NULL;
    drain->on = true;
    drain->batch = control->batch;
    drain->batch_ms = control->batch_ms;
    journal_notice(
        "draining", "edge=%u connections=%u target=%s batch=%u",
        edge->settings.edge,
        (unsigned)edge_metrics_read(&edge->metrics, EDGE_METRIC_CONNECTIONS),
        drain->target == NULL ? "none" : drain->target, drain->batch);
    if (drain->timer == NULL) {
        drain->timer = timer_new(edge->loop, close_batch, edge);
        CHECK(drain->timer != NULL);
    }
    if (drain->batch > 0) {
        timer_start(drain->timer, edge_jitter(edge, drain->batch_ms + 1), 0);
    }
}

void drain_deinit(struct edge *edge)
{
    timer_free(edge->drain.timer);
    free(edge->drain.target);
}

void control_receive(void *context, struct letter_list *list)
{
    struct edge *edge = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct control *control = (struct control *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        switch ((enum control_kind)letter->kind) {
        case CONTROL_STOP:
            loop_stop(edge->loop);
            break;
        case CONTROL_DRAIN:
            begin_drain(edge, control);
            break;
        case CONTROL_KEYS:
            take_keys(edge, control);
            break;
        }
        control_free(control);
    }
}
