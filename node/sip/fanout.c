#include "node/sip/fanout.h"

#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "proto/base/check.h"

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* Being active is all it is for. */
}

void fanout_init(struct edge *edge)
{
    STAILQ_INIT(&edge->fanout.queue);
    CHECK(uv_idle_init(loop_uv(edge->loop), &edge->fanout.idle) == 0);
}

void fanout_deinit(struct edge *edge)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&edge->fanout.queue)) != NULL) {
        STAILQ_REMOVE_HEAD(&edge->fanout.queue, link);
        delivery_free((struct delivery *)letter);
    }
    uv_close((uv_handle_t *)&edge->fanout.idle, NULL);
}

/* How many dialogs a delivery names, and which. */
static size_t dialogs_of(const struct delivery *delivery, edge_ref **dialogs)
{
    bool body = delivery->letter.kind == DELIVERY_BODY;

    *dialogs = body ? delivery->body.dialogs : delivery->close.dialogs;
    return body ? delivery->body.n : delivery->close.n;
}

void fanout_take(struct edge *edge, struct delivery *delivery)
{
    edge_ref *dialogs;

    edge_count(edge, EDGE_METRIC_FANOUT_WAITING,
               (int64_t)dialogs_of(delivery, &dialogs));
    STAILQ_INSERT_TAIL(&edge->fanout.queue, &delivery->letter, link);
    CHECK(uv_idle_start(&edge->fanout.idle, on_idle) == 0);
}

/* A client that keeps nothing back must read: it comes back and gets what it
 * missed from the room's history. */
static void deliver(struct edge *edge, struct dialog *dialog,
                    const struct delivery *delivery)
{
    enum error error =
        window_send(dialog, delivery->body.body, delivery->body.mark);

    if (error == ERROR_TOO_LARGE) {
        edge_count(edge, EDGE_METRIC_OVERFLOWS, 1);
        connection_reset(dialog->connection, ENDING_QUEUE_OVERFLOW);
    } else if (error != ERROR_NONE) {
        connection_close(dialog->connection, ENDING_NO_MEMORY);
    }
}

static void serve_dialog(struct edge *edge, const struct delivery *delivery,
                         edge_ref ref)
{
    struct dialog *dialog = slots_find(&edge->dialogs, ref);

    if (dialog == NULL) {
        return; /* Gone; the state loop has been told. */
    }
    if (delivery->letter.kind == DELIVERY_BODY) {
        deliver(edge, dialog, delivery);
    } else {
        connection_finish(dialog->connection, ENDING_TOLD_TO_CLOSE);
    }
}

/* Serve up to n dialogs of the oldest delivery. Returns how many. */
static size_t serve_some(struct edge *edge, struct delivery *delivery, size_t n)
{
    struct fanout *fanout = &edge->fanout;
    edge_ref *dialogs;
    size_t all = dialogs_of(delivery, &dialogs);
    size_t until = all - fanout->next < n ? all : fanout->next + n;
    size_t served = until - fanout->next;

    while (fanout->next < until) {
        serve_dialog(edge, delivery, dialogs[fanout->next]);
        fanout->next++;
    }
    edge_count(edge, EDGE_METRIC_FANOUT_WAITING, -(int64_t)served);
    if (fanout->next == all) {
        STAILQ_REMOVE_HEAD(&fanout->queue, link);
        fanout->next = 0;
        delivery_free(delivery);
    }
    return served;
}

void fanout_run(struct edge *edge)
{
    struct fanout *fanout = &edge->fanout;
    size_t left = edge->settings.limits.fanout_chunk;

    while (left > 0 && !STAILQ_EMPTY(&fanout->queue)) {
        left -= serve_some(
            edge, (struct delivery *)STAILQ_FIRST(&fanout->queue), left);
    }
    if (STAILQ_EMPTY(&fanout->queue)) {
        uv_idle_stop(&fanout->idle);
    }
}
