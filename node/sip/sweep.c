#include "node/sip/sweep.h"

#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/registrar.h"
#include "node/sip/sign_in.h"
#include "node/sip/stream.h"
#include "proto/base/journal.h"

/* Tell whether a time has passed since a moment that may not be running. */
static bool is_over(const struct edge *edge, uint64_t since_ms, uint64_t ms)
{
    return since_ms != 0 && edge_now_ms(edge) - since_ms >= ms;
}

/* Find the deadline a connection has missed, if any. */
static enum ending find_missed(const struct connection *connection)
{
    const struct edge *edge = connection->edge;
    const struct edge_limits *limits = &edge->settings.limits;

    if (connection->state == CONNECTION_HANDSHAKING) {
        return is_over(edge, connection->opened_ms, limits->handshake_ms)
                   ? ENDING_HANDSHAKE
                   : ENDING_NONE;
    }
    if (connection->requests == 0 &&
        is_over(edge, connection->opened_ms, limits->first_request_ms)) {
        return ENDING_FIRST_REQUEST;
    }
    if (is_over(edge, connection->partial_ms, limits->partial_ms)) {
        return ENDING_PARTIAL;
    }
    if (connection->state == CONNECTION_STRANGER &&
        is_over(edge, connection->stranger_ms, limits->unauthenticated_ms)) {
        return ENDING_UNAUTHENTICATED;
    }
    return ENDING_NONE;
}

/* Find what a signed-in client has failed to do, if anything. */
static enum ending find_lapse(const struct connection *connection)
{
    const struct edge *edge = connection->edge;
    uint64_t silence_ms = (uint64_t)connection->silence_max_s * 1000;
    const struct dialog *dialog;

    if (connection->state != CONNECTION_SIGNED_IN) {
        return ENDING_NONE;
    }
    if (connection->expires_ms <= edge_now_ms(edge)) {
        return ENDING_REGISTRATION_EXPIRED;
    }
    if (silence_ms > 0 && is_over(edge, connection->heard_ms, silence_ms)) {
        return ENDING_KEEP_ALIVE;
    }
    LIST_FOREACH (dialog, &connection->dialogs, link) {
        if (is_over(edge, connection->heard_ms,
                    (uint64_t)dialog->session_s * 2000)) {
            return ENDING_SESSION_EXPIRED;
        }
    }
    return ENDING_NONE;
}

/* Tell whether the kernel has taken nothing of our output for too long. */
static bool is_write_stuck(struct connection *connection)
{
    size_t left =
        uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp);

    if (left == 0) {
        connection->stuck_ms = 0;
        return false;
    }
    if (connection->stuck_ms == 0 || left != connection->stuck_bytes) {
        connection->stuck_ms = edge_now_ms(connection->edge);
        connection->stuck_bytes = left;
    }
    return is_over(connection->edge, connection->stuck_ms,
                   connection->edge->settings.limits.stuck_ms);
}

/* Tell whether a client owes an answer to an INFO for too long. */
static bool is_answer_stuck(const struct connection *connection)
{
    const struct dialog *dialog;

    LIST_FOREACH (dialog, &connection->dialogs, link) {
        if (is_over(connection->edge, window_oldest_ms(&dialog->window),
                    connection->edge->settings.limits.stuck_ms)) {
            return true;
        }
    }
    return false;
}

/* A whole message is overlooked by pidgin-sipe when it ends where its read
 * buffer does; two more bytes wake it up. */
static void send_crlf(struct connection *connection)
{
    unsigned after_ms = connection->edge->settings.limits.crlf_after_ms;

    if (after_ms > 0 &&
        is_over(connection->edge, connection->said_ms, after_ms) &&
        stream_unsent(connection) == 0) {
        buffer_append_text(stream_output(connection), "\r\n");
        connection->said_ms = 0;
    }
}

/* A new second's worth of INFOs. */
static void refill(struct connection *connection)
{
    connection->infos_left = connection->edge->settings.limits.infos_per_s_max;
    stream_resume(connection, PAUSE_RATE);
}

static void sweep_live(struct connection *connection)
{
    struct edge *edge = connection->edge;
    enum ending missed = find_missed(connection);

    if (missed == ENDING_NONE) {
        missed = find_lapse(connection);
    }
    if (missed != ENDING_NONE) {
        edge_count(edge, EDGE_METRIC_DEADLINES, 1);
        connection_finish(connection, missed);
    } else if (is_write_stuck(connection) || is_answer_stuck(connection)) {
        edge_count(edge, EDGE_METRIC_STUCK, 1);
        connection_reset(connection, ENDING_STUCK);
    } else if (connection->state == CONNECTION_CHECKING &&
               is_over(edge, connection->sign_in->asked_ms,
                       edge->settings.limits.sign_in_ms)) {
        registrar_expire(connection);
    } else if (connection->state != CONNECTION_HANDSHAKING) {
        send_crlf(connection);
        refill(connection);
    }
}

/* Tell the operator, now and then, that limits were met. */
static void report_limits(struct edge *edge)
{
    static const enum edge_metric metrics[REPORTED] = {
        EDGE_METRIC_REFUSED_TOTAL, EDGE_METRIC_REFUSED_ADDRESS,
        EDGE_METRIC_UNAVAILABLE,   EDGE_METRIC_DEADLINES,
        EDGE_METRIC_TLS_FAILED,    EDGE_METRIC_MALFORMED};
    uint64_t now[REPORTED];

    if (edge->ticks % REPORT_TICKS != 0) {
        return;
    }
    for (size_t i = 0; i < REPORTED; i++) {
        now[i] = edge_metrics_read(&edge->metrics, metrics[i]);
        if (now[i] != edge->reported[i]) {
            journal_warning("limit_met", "edge=%u %s=%llu since_last=%llu",
                            edge->settings.edge,
                            edge_metric_info(metrics[i])->name,
                            (unsigned long long)now[i],
                            (unsigned long long)(now[i] - edge->reported[i]));
            edge->reported[i] = now[i];
        }
    }
}

/* A quarter of the connections at a time, so that what is said to all of them
 * does not hold up the rest. */
static bool is_turn(const struct edge *edge,
                    const struct connection *connection)
{
    return connection->ref % SWEEP_TICKS == edge->ticks % SWEEP_TICKS;
}

void sweep(struct edge *edge)
{
    struct connection *connection, *next;

    for (connection = TAILQ_FIRST(&edge->open); connection != NULL;
         connection = next) {
        next = TAILQ_NEXT(connection, link);
        if (!is_turn(edge, connection)) {
            continue;
        }
        if (connection_is_live(connection)) {
            sweep_live(connection);
        } else if (is_over(edge, connection->lingering_ms,
                           edge->settings.limits.linger_ms)) {
            connection_reset(connection, ENDING_LINGERED);
        }
    }
    for (size_t i = 0; i < edge->listeners_n; i++) {
        listener_retry(&edge->listeners[i]);
    }
    report_limits(edge);
}
