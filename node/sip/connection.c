#include "node/sip/connection.h"

#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/info.h"
#include "node/sip/presence.h"
#include "node/sip/registrar.h"
#include "node/sip/stream.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

#define TO(state) (1u << CONNECTION_##state)

/* What may follow each state. */
static const unsigned may_follow[CONNECTION_STATES] = {
    [CONNECTION_HANDSHAKING] = TO(STRANGER) | TO(LINGERING) | TO(CLOSED),
    [CONNECTION_STRANGER] = TO(CHECKING) | TO(LINGERING) | TO(CLOSED),
    [CONNECTION_CHECKING] =
        TO(STRANGER) | TO(SIGNED_IN) | TO(LINGERING) | TO(CLOSED),
    [CONNECTION_SIGNED_IN] = TO(STRANGER) | TO(LINGERING) | TO(CLOSED),
    [CONNECTION_LINGERING] = TO(CLOSED),
    [CONNECTION_CLOSED] = 0,
};

/* The one place a connection changes state. */
void connection_move(struct connection *connection, enum connection_state next)
{
    struct edge *edge = connection->edge;
    enum connection_state last = connection->state;

    CHECK(may_follow[last] & (1u << next));
    connection->state = next;
    if (next == CONNECTION_STRANGER) {
        connection->stranger_ms = edge_now_ms(edge);
    }
    edge_count(edge, EDGE_METRIC_SIGNED_IN,
               (next == CONNECTION_SIGNED_IN) - (last == CONNECTION_SIGNED_IN));
    CHECK(next != CONNECTION_SIGNED_IN || connection->identity != NULL);
    CHECK((next == CONNECTION_CHECKING) <= (connection->sign_in != NULL));
}

bool connection_is_live(const struct connection *connection)
{
    return connection->state < CONNECTION_LINGERING;
}

void identity_free(struct identity *identity)
{
    if (identity != NULL) {
        arena_free(identity->arena); /* The identity is in it, too. */
    }
}

static void set_options(struct connection *connection)
{
    const struct edge_limits *limits = &connection->edge->settings.limits;
    int send_buffer = (int)limits->send_buffer_bytes;
    int user_timeout = (int)limits->tcp_user_timeout_ms;
    uv_os_fd_t fd;

    /* Each is a precaution; a socket without it still works. */
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    (void)uv_tcp_keepalive(&connection->tcp, 1, 60);
    (void)uv_send_buffer_size((uv_handle_t *)&connection->tcp, &send_buffer);
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout,
                         sizeof(user_timeout));
    }
}

static void begin_handshake(struct connection *connection)
{
    struct edge *edge = connection->edge;

    if (connection->listener->keys == NULL) {
        connection_close(connection, ENDING_DRAINED); /* It waited too long. */
        return;
    }
    connection->tls =
        edge_tls_new(connection->listener->keys, &connection->wire);
    if (connection->tls == NULL) {
        connection_close(connection, ENDING_NO_MEMORY);
        return;
    }
    edge->handshakes++;
    edge_count(edge, EDGE_METRIC_HANDSHAKES, 1);
    stream_start(connection);
}

/* Start a handshake, or wait: only so many at once. */
static void queue_handshake(struct connection *connection)
{
    struct edge *edge = connection->edge;

    if (edge->handshakes < edge->settings.limits.handshakes_max) {
        begin_handshake(connection);
        return;
    }
    TAILQ_INSERT_TAIL(&edge->waiting, connection, waiting_link);
    connection->is_waiting = true;
}

/* Leave the list of those who wait to shake hands, or give up the turn. */
static void end_handshake(struct connection *connection)
{
    struct edge *edge = connection->edge;
    struct connection *next = TAILQ_FIRST(&edge->waiting);

    if (connection->is_waiting) {
        TAILQ_REMOVE(&edge->waiting, connection, waiting_link);
        connection->is_waiting = false;
        return;
    }
    if (connection->tls == NULL) {
        return; /* Never begun. */
    }
    edge->handshakes--;
    edge_count(edge, EDGE_METRIC_HANDSHAKES, -1);
    if (next != NULL) {
        TAILQ_REMOVE(&edge->waiting, next, waiting_link);
        next->is_waiting = false;
        begin_handshake(next);
    }
}

void connection_welcome(struct connection *connection)
{
    if (connection->state == CONNECTION_HANDSHAKING) {
        end_handshake(connection);
        connection_move(connection, CONNECTION_STRANGER);
        return;
    }
    stream_start(connection);
}

static struct connection *make(struct listener *listener)
{
    struct edge *edge = listener->edge;
    struct connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL) {
        return NULL;
    }
    connection->edge = edge;
    connection->listener = listener;
    connection->ref = slots_add(&edge->connections, connection);
    if (connection->ref == 0) {
        free(connection);
        return NULL;
    }
    CHECK(uv_tcp_init(loop_uv(edge->loop), &connection->tcp) == 0);
    connection->tcp.data = connection;
    framer_init(&connection->framer);
    LIST_INIT(&connection->dialogs);
    LIST_INIT(&connection->answers);
    LIST_INIT(&connection->presences);
    connection->state =
        listener->settings.tls ? CONNECTION_HANDSHAKING : CONNECTION_STRANGER;
    connection->opened_ms = edge_now_ms(edge);
    connection->stranger_ms = connection->opened_ms;
    connection->heard_ms = connection->opened_ms;
    connection->infos_left = edge->settings.limits.infos_per_s_max;
    return connection;
}

/* Turned away before it counts as anyone's. */
static void on_refused(uv_handle_t *handle)
{
    free(handle->data);
}

static void refuse(struct connection *connection, enum edge_metric why)
{
    edge_count(connection->edge, why, 1);
    slots_remove(&connection->edge->connections, connection->ref);
    connection->state = CONNECTION_CLOSED;
    uv_close((uv_handle_t *)&connection->tcp, on_refused);
}

static void learn_peer(struct connection *connection)
{
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    int len = sizeof(from);

    (void)uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&from, &len);
    connection->peer = address_from((struct sockaddr *)&from);
}

/* The kernel gives the lowest number that is free, so a high one says that few
 * are left. */
static unsigned descriptor(const struct connection *connection)
{
    uv_os_fd_t fd;

    CHECK(uv_fileno((const uv_handle_t *)&connection->tcp, &fd) == 0);
    return (unsigned)fd;
}

/* A connection is refused rather than left in the backlog: a client that has
 * other addresses then tries them at once. */
static void admit(struct connection *connection)
{
    struct edge *edge = connection->edge;
    const struct edge_limits *limits = &edge->settings.limits;

    learn_peer(connection);
    if (edge_metrics_read(&edge->metrics, EDGE_METRIC_CONNECTIONS) >=
            limits->connections_max ||
        descriptor(connection) >= limits->descriptors_max) {
        refuse(connection, EDGE_METRIC_REFUSED_TOTAL);
        return;
    }
    if (!address_enter(&edge->addresses, &connection->peer,
                       limits->connections_per_address_max)) {
        refuse(connection, EDGE_METRIC_REFUSED_ADDRESS);
        return;
    }
    TAILQ_INSERT_TAIL(&edge->open, connection, link);
    edge_count(edge, EDGE_METRIC_ACCEPTED, 1);
    edge_count(edge, EDGE_METRIC_CONNECTIONS, 1);
    set_options(connection);
    if (connection->state == CONNECTION_HANDSHAKING) {
        queue_handshake(connection);
    } else {
        connection_welcome(connection);
    }
}

bool connection_accept(struct listener *listener)
{
    struct connection *connection = make(listener);

    if (connection == NULL) {
        journal_error("accept_failed", "reason=\"out of memory\"");
        return false;
    }
    if (uv_accept((uv_stream_t *)&listener->tcp,
                  (uv_stream_t *)&connection->tcp) != 0) {
        refuse(connection, EDGE_METRIC_REFUSED_TOTAL);
        return true;
    }
    admit(connection);
    return true;
}

struct connection *connection_adopt(struct listener *listener, int fd)
{
    struct connection *connection = make(listener);

    CHECK(connection != NULL && uv_tcp_open(&connection->tcp, fd) == 0);
    admit(connection);
    return connection;
}

/* Strangers are counted, but get no line each: they could fill the journal. */
static void journal_end(const struct connection *connection, enum ending ending)
{
    bool stranger = connection->identity == NULL;
    struct slice user =
        stranger ? SLICE_LITERAL("none") : connection->identity->who;
    char peer[ADDRESS_TEXT_BYTES];

    address_write(&connection->peer, peer);
    journal_write(stranger ? JOURNAL_DEBUG : ending_level(ending),
                  JOURNAL_COMPONENT, "connection_ended",
                  "connection=%016" PRIx64 " peer=%s user=%.*s reason=%s",
                  connection->ref, peer, SLICE_PRINT(user),
                  ending_name(ending));
}

/* Forget all that hangs on a live connection, telling the state loop. */
static void leave(struct connection *connection, enum ending ending)
{
    struct edge *edge = connection->edge;
    struct dialog *dialog;

    if (connection->state == CONNECTION_HANDSHAKING) {
        end_handshake(connection);
    }
    while ((dialog = LIST_FIRST(&connection->dialogs)) != NULL) {
        dialog_end(dialog, ending);
    }
    info_forget(connection);
    presence_forget(connection);
    sign_in_forget(connection);
    edge->partial_bytes -= connection->kept;
    connection->kept = 0;
    journal_end(connection, ending);
}

void connection_finish(struct connection *connection, enum ending ending)
{
    if (!connection_is_live(connection)) {
        return;
    }
    leave(connection, ending);
    connection_move(connection, CONNECTION_LINGERING);
    connection->lingering_ms = edge_now_ms(connection->edge);
    connection->paused = 0;
    stream_start(connection); /* To see the peer's FIN. */
    stream_mark(connection);
}

void connections_dismiss(struct edge *edge, struct slice user_uri)
{
    struct connection *connection, *next;

    for (connection = TAILQ_FIRST(&edge->open); connection != NULL;
         connection = next) {
        next = TAILQ_NEXT(connection, link);
        if (connection_is_live(connection) && connection->identity != NULL &&
            connection->dialogs_n == 0 &&
            slice_equal_nocase(connection->identity->user_uri, user_uri)) {
            connection_finish(connection, ENDING_TOLD_TO_CLOSE);
        }
    }
}

void connection_local(struct connection *connection,
                      char text[ADDRESS_TEXT_BYTES])
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    struct address address;
    int len = sizeof(at);

    (void)uv_tcp_getsockname(&connection->tcp, (struct sockaddr *)&at, &len);
    address = address_from((struct sockaddr *)&at);
    address_write(&address, text);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    stream_deinit(connection);
    edge_tls_free(connection->tls);
    identity_free(connection->identity);
    free(connection);
}

/* Take it out of every list, once. */
static void retire(struct connection *connection, enum ending ending)
{
    struct edge *edge = connection->edge;

    if (connection_is_live(connection)) {
        leave(connection, ending);
    }
    connection_move(connection, CONNECTION_CLOSED);
    stream_unmark(connection);
    TAILQ_REMOVE(&edge->open, connection, link);
    address_leave(&edge->addresses, &connection->peer);
    slots_remove(&edge->connections, connection->ref);
    edge_count(edge, EDGE_METRIC_CONNECTIONS, -1);
}

void connection_close(struct connection *connection, enum ending ending)
{
    if (connection->state != CONNECTION_CLOSED) {
        retire(connection, ending);
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}

void connection_reset(struct connection *connection, enum ending ending)
{
    if (connection->state == CONNECTION_CLOSED) {
        return;
    }
    retire(connection, ending);
    if (connection->is_shut ||
        uv_tcp_close_reset(&connection->tcp, on_closed) != 0) {
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}
