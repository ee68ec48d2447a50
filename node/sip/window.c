#include "node/sip/window.h"

#include <stdlib.h>

#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/marks.h"
#include "node/sip/stream.h"
#include "proto/base/check.h"

enum { QUEUE_FIRST = 8 };

static const struct edge_limits *limits_of(const struct dialog *dialog)
{
    return &dialog->connection->edge->settings.limits;
}

static struct waiting *queue_at(struct window *window, uint32_t i)
{
    return &window->queue[(window->queue_first + i) % window->queue_size];
}

static struct sent *flight_at(const struct dialog *dialog, uint32_t i)
{
    const struct window *window = &dialog->window;

    return &window->flight[(window->flight_first + i) %
                           limits_of(dialog)->in_flight_max];
}

void window_deinit(struct window *window)
{
    for (uint32_t i = 0; i < window->queue_n; i++) {
        body_release(queue_at(window, i)->body);
    }
    free(window->queue);
    free(window->flight);
    template_deinit(&window->template);
}

/* Make the queue twice as large, its first body first. */
static bool grow(struct window *window)
{
    uint32_t size =
        window->queue_size == 0 ? QUEUE_FIRST : window->queue_size * 2;
    struct waiting *queue = malloc(size * sizeof(*queue));

    if (queue == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < window->queue_n; i++) {
        queue[i] = *queue_at(window, i);
    }
    free(window->queue);
    window->queue = queue;
    window->queue_size = size;
    window->queue_first = 0;
    return true;
}

static enum error wait_for_room(struct dialog *dialog, struct body *body,
                                struct delivery_mark mark)
{
    struct window *window = &dialog->window;

    if (window->queue_n >= limits_of(dialog)->queue_max ||
        window->queue_bytes + body->len > limits_of(dialog)->queue_bytes_max) {
        return ERROR_TOO_LARGE;
    }
    if (window->queue_n == window->queue_size && !grow(window)) {
        return ERROR_NO_MEMORY;
    }
    window->queue_n++;
    window->queue_bytes += body->len;
    *queue_at(window, window->queue_n - 1) =
        (struct waiting){body_hold(body), mark};
    return ERROR_NONE;
}

static bool has_room(const struct dialog *dialog)
{
    return dialog->window.flight_n < limits_of(dialog)->in_flight_max &&
           stream_unsent(dialog->connection) <
               limits_of(dialog)->output_high_bytes;
}

static enum error send_now(struct dialog *dialog, const struct body *body,
                           struct delivery_mark mark)
{
    struct window *window = &dialog->window;
    struct edge *edge = dialog->connection->edge;

    if (window->flight == NULL) {
        window->flight =
            calloc(limits_of(dialog)->in_flight_max, sizeof(*window->flight));
        if (window->flight == NULL) {
            return ERROR_NO_MEMORY;
        }
    }
    window->cseq++;
    window->flight_n++;
    *flight_at(dialog, window->flight_n - 1) =
        (struct sent){mark, edge_now_ms(edge), 0};
    template_write(&window->template, stream_output(dialog->connection),
                   window->cseq, slice_of(body->bytes, body->len));
    edge_count(edge, EDGE_METRIC_DELIVERIES, 1);
    return ERROR_NONE;
}

enum error window_send(struct dialog *dialog, struct body *body,
                       struct delivery_mark mark)
{
    if (dialog->window.queue_n > 0 || !has_room(dialog)) {
        return wait_for_room(dialog, body, mark);
    }
    return send_now(dialog, body, mark);
}

/* Send what waits, while there is room. */
static void pump(struct dialog *dialog)
{
    struct window *window = &dialog->window;

    while (window->queue_n > 0 && has_room(dialog)) {
        struct waiting next = *queue_at(window, 0);
        enum error error = send_now(dialog, next.body, next.mark);

        window->queue_first = (window->queue_first + 1) % window->queue_size;
        window->queue_n--;
        window->queue_bytes -= next.body->len;
        body_release(next.body);
        if (error != ERROR_NONE) {
            connection_close(dialog->connection, ENDING_NO_MEMORY);
            return;
        }
    }
    if (window->queue_n == 0 && window->queue != NULL) {
        free(window->queue);
        window->queue = NULL;
        window->queue_size = 0;
    }
}

void windows_pump(struct connection *connection)
{
    struct dialog *dialog, *next;

    for (dialog = LIST_FIRST(&connection->dialogs); dialog != NULL;
         dialog = next) {
        next = LIST_NEXT(dialog, link);
        pump(dialog);
        if (!connection_is_live(connection)) {
            return;
        }
    }
}

/* The log index of the next INFO that is not answered; 0: none is due. */
static uint64_t next_index(struct dialog *dialog)
{
    struct window *window = &dialog->window;

    for (uint32_t i = 0; i < window->flight_n; i++) {
        if (flight_at(dialog, i)->mark.log_index > 0) {
            return flight_at(dialog, i)->mark.log_index;
        }
    }
    for (uint32_t i = 0; i < window->queue_n; i++) {
        if (queue_at(window, i)->mark.log_index > 0) {
            return queue_at(window, i)->mark.log_index;
        }
    }
    return 0;
}

/* Drop the answered ones at the front, and see how far that confirms. */
static void advance(struct dialog *dialog)
{
    struct window *window = &dialog->window;
    uint64_t confirmed = window->confirmed;

    while (window->flight_n > 0 && flight_at(dialog, 0)->answered) {
        const struct delivery_mark *mark = &flight_at(dialog, 0)->mark;

        if (mark->log_index > confirmed) {
            confirmed = mark->log_index;
        }
        if (mark->reply > 0) {
            window->replies = mark->reply;
            marks_add(dialog);
        }
        window->flight_first =
            (window->flight_first + 1) % limits_of(dialog)->in_flight_max;
        window->flight_n--;
    }
    window->confirmed = confirmed;
    /* One entry may have several bodies: all of them must be answered. */
    if (confirmed > window->delivered && next_index(dialog) != confirmed) {
        window->delivered = confirmed;
        marks_add(dialog);
    }
}

enum error window_answered(struct dialog *dialog, uint32_t cseq)
{
    struct window *window = &dialog->window;
    uint32_t first = window->cseq - window->flight_n + 1;
    struct sent *sent;

    if (cseq - first >= window->flight_n) {
        return ERROR_NOT_FOUND;
    }
    sent = flight_at(dialog, cseq - first);
    if (sent->answered) {
        return ERROR_NOT_FOUND;
    }
    sent->answered = 1;
    edge_count(dialog->connection->edge, EDGE_METRIC_DELIVERIES_ANSWERED, 1);
    advance(dialog);
    pump(dialog);
    return ERROR_NONE;
}

uint64_t window_oldest_ms(const struct window *window)
{
    return window->flight_n == 0 ? 0
                                 : window->flight[window->flight_first].sent_ms;
}
