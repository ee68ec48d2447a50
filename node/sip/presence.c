#include "node/sip/presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/sip/engine.h"
#include "node/sip/info.h"
#include "node/sip/stream.h"
#include "node/sip/subscribe.h"
#include "node/sip/subscription.h"
#include "proto/base/check.h"
#include "proto/xccos/roaming.h"

/* A request that waits for the state loop. */
struct presence_wait {
    LIST_ENTRY(presence_wait) link; /* connection->presences */
    struct connection *connection;
    edge_ref token;
    bool is_subscribe;
    bool is_policy;     /* Of provisioning. */
    bool wants_notify;  /* It does not read the document of a 200. */
    unsigned expires_s; /* Granted; 0: it is over with the answer. */
    struct buffer echo;
};

static void wait_free(struct presence_wait *wait)
{
    slots_remove(&wait->connection->edge->presences, wait->token);
    wait->connection->presences_n -= 1;
    LIST_REMOVE(wait, link);
    buffer_deinit(&wait->echo);
    free(wait);
}

static struct presence_wait *wait_new(const struct request *request)
{
    struct connection *connection = request->connection;
    struct presence_wait *wait = calloc(1, sizeof(*wait));

    if (wait == NULL) {
        return NULL;
    }
    wait->token = slots_add(&request->edge->presences, wait);
    if (wait->token == 0) {
        free(wait);
        return NULL;
    }
    wait->connection = connection;
    LIST_INSERT_HEAD(&connection->presences, wait, link);
    connection->presences_n += 1;
    echo_write(&wait->echo, request->head, request->edge->tag_salt);
    if (buffer_failed(&wait->echo)) {
        wait_free(wait);
        return NULL;
    }
    return wait;
}

/* What goes up; NULL when memory is out. */
static struct intake *make_intake(struct connection *connection,
                                  enum presence_ask ask)
{
    struct intake *intake = intake_new(
        INTAKE_PRESENCE, connection->edge->settings.edge, connection->ref);

    if (intake != NULL) {
        intake->presence.ask = ask;
        intake->presence.user_uri =
            arena_copy_slice(intake->arena, connection->identity->user_uri);
    }
    return intake;
}

/* Hand a request up, whose answer then waits. NULL: it was refused. Takes the
 * intake, which may be NULL. */
static struct presence_wait *hand_up(const struct request *request,
                                     struct intake *intake)
{
    struct presence_wait *wait = NULL;

    if (request->connection->presences_n >= PRESENCE_WAITING_MAX) {
        intake_free(intake);
        request_refuse_busy(request, "Too many requests at once");
        return NULL;
    }
    if (intake != NULL) {
        wait = wait_new(request);
    }
    if (wait == NULL) {
        intake_free(intake);
        request_refuse_busy(request, "Out of memory");
        return NULL;
    }
    intake->presence.token = wait->token;
    if (!edge_ask(request->edge, intake)) {
        wait_free(wait);
        request_refuse_busy(request, "Chat service busy");
        return NULL;
    }
    return wait;
}

/* --- SERVICE --- */

static bool is_publish(const sip_t *sip)
{
    const char *type =
        sip->sip_content_type == NULL ? NULL : sip->sip_content_type->c_type;

    return type != NULL && sip->sip_content_encoding == NULL &&
           strcasecmp(type, ROAMING_PUBLISH_MEDIA_TYPE) == 0;
}

static void refuse_type(const struct request *request)
{
    struct buffer *out = request_answer(request, 415);

    buffer_append_text(out, "Accept: " ROAMING_PUBLISH_MEDIA_TYPE "\r\n");
    response_end(out);
}

static void refuse_body(const struct request *request, enum xccos_error error)
{
    struct buffer *out;

    if (error == XCCOS_ERROR_NO_MEMORY) {
        request_refuse_busy(request, "Out of memory");
        return;
    }
    out = request_answer(request, xccos_error_is_limit(error) ? 413 : 400);
    buffer_printf(out, "Warning: 399 %s \"%s\"\r\n",
                  request->edge->settings.host, xccos_error_text(error));
    response_end(out);
}

/* A document is its user's own. */
static bool is_own(const struct request *request, struct slice uri)
{
    return uri.len == 0 ||
           slice_equal_nocase(uri, request->connection->identity->user_uri);
}

void presence_publish(const struct request *request)
{
    struct intake *intake;
    struct slice uri = SLICE_NONE;
    enum xccos_error error = XCCOS_ERROR_NO_MEMORY;

    info_use_up_rate(request->connection);
    if (!is_publish(request->sip)) {
        refuse_type(request);
        return;
    }
    intake = make_intake(request->connection, PRESENCE_PUBLISH);
    if (intake != NULL) {
        error = roaming_read_publish(request->frame->body, intake->arena, &uri,
                                     &intake->presence.items);
    }
    if (error != XCCOS_ERROR_NONE) {
        intake_free(intake);
        refuse_body(request, error);
    } else if (!is_own(request, uri)) {
        intake_free(intake);
        request_forbid(request, DIAGNOSTIC_SPOOFED,
                       "The document belongs to another user");
    } else {
        (void)hand_up(request, intake);
    }
}

/* --- SUBSCRIBE --- */

static unsigned grant_expires(const struct request *request)
{
    const sip_expires_t *expires = request->sip->sip_expires;
    unsigned long asked =
        expires == NULL ? PRESENCE_EXPIRES_S : expires->ex_delta;
    unsigned max = request->edge->settings.limits.expires_max_s;

    return asked > max ? max : (unsigned)asked;
}

static void end_subscription(struct connection *connection)
{
    struct intake *intake = make_intake(connection, PRESENCE_END);

    subscription_free(connection);
    CHECK(intake != NULL); /* Or the state loop would keep it for ever. */
    edge_tell(connection->edge, intake);
}

void presence_subscribe(const struct request *request)
{
    struct connection *connection = request->connection;
    unsigned expires_s = grant_expires(request);
    struct presence_wait *wait;

    info_use_up_rate(connection);
    if (expires_s == 0 && connection->subscription != NULL) {
        end_subscription(connection);
    }
    wait = hand_up(request, make_intake(connection, expires_s == 0
                                                        ? PRESENCE_FETCH
                                                        : PRESENCE_SUBSCRIBE));
    if (wait == NULL) {
        return;
    }
    wait->is_subscribe = true;
    wait->expires_s = expires_s;
    wait->wants_notify = !subscription_says(request->head, "Supported",
                                            "ms-piggyback-first-notify");
    if (expires_s > 0 && !subscription_begin(request, expires_s)) {
        wait_free(wait);
        end_subscription(connection);
        request_refuse_busy(request, "Out of memory");
    }
}

bool presence_ask_policy(const struct request *request)
{
    struct connection *connection = request->connection;
    struct intake *intake = NULL;
    struct presence_wait *wait = NULL;

    if (connection->presences_n < PRESENCE_WAITING_MAX) {
        intake = make_intake(connection, PRESENCE_POLICY);
    }
    if (intake != NULL) {
        wait = wait_new(request);
    }
    if (wait == NULL) {
        intake_free(intake);
        return false;
    }
    wait->is_policy = true;
    intake->presence.token = wait->token;
    if (!edge_ask(request->edge, intake)) {
        wait_free(wait);
        return false;
    }
    return true;
}

/* --- answers and notifications --- */

static void say_subscribed(const struct presence_wait *wait, struct buffer *out)
{
    buffer_append_text(out, "Event: " ROAMING_EVENT "\r\n");
    buffer_printf(out,
                  "Expires: %u\r\nsubscription-state: %s;expires=%u\r\n"
                  "ms-piggyback-cseq: 1\r\n",
                  wait->expires_s,
                  wait->expires_s > 0 ? "active" : "terminated",
                  wait->expires_s);
    if (wait->expires_s > 0) {
        buffer_append_text(out, "Supported: ms-benotify, "
                                "ms-piggyback-first-notify\r\n");
    }
}

static struct slice document_of(const struct delivery *delivery)
{
    const struct body *body = delivery->presence.body;

    return body == NULL ? SLICE_NONE : slice_of(body->bytes, body->len);
}

static void answer(const struct presence_wait *wait,
                   const struct delivery *delivery)
{
    const struct delivery_presence *presence = &delivery->presence;
    struct connection *connection = wait->connection;
    struct buffer *out = response_begin_kept(connection, presence->status,
                                             buffer_slice(&wait->echo));

    if (presence->status == 200) {
        buffer_printf(out, "Contact: <%.*s>\r\n",
                      SLICE_PRINT(connection->identity->pool_uri));
    }
    if (wait->is_subscribe && presence->status == 200) {
        say_subscribed(wait, out);
    }
    if (presence->retry_after_s > 0) {
        response_busy(connection, out, presence->retry_after_s,
                      SLICE_LITERAL("Chat service busy"));
    }
    if (presence->document == PRESENCE_NOTHING) {
        response_end(out);
    } else {
        response_end_body(out,
                          presence->document == PRESENCE_SELF
                              ? ROAMING_MEDIA_TYPE
                              : ROAMING_FAULT_MEDIA_TYPE,
                          document_of(delivery));
    }
}

/* What the pool cannot say now is as it was at sign-in: enabled. */
static void answer_policy(struct presence_wait *wait,
                          const struct delivery *delivery)
{
    struct connection *connection = wait->connection;

    subscribe_provision(
        connection,
        response_begin_kept(connection, 200, buffer_slice(&wait->echo)),
        delivery->presence.status != 403);
    wait_free(wait);
}

static void answer_waiting(struct presence_wait *wait,
                           const struct delivery *delivery)
{
    struct connection *connection = wait->connection;
    bool is_shown = delivery->presence.status == 200 && wait->is_subscribe &&
                    wait->expires_s > 0;

    CHECK(delivery->presence.status >= 200 && delivery->presence.status <= 699);
    answer(wait, delivery);
    if (is_shown && wait->wants_notify && subscription_is_live(connection)) {
        subscription_notify(connection, document_of(delivery));
    }
    wait_free(wait);
}

void presence_deliver(struct edge *edge, const struct delivery *delivery)
{
    struct connection *connection =
        slots_find(&edge->connections, delivery->ref);
    struct presence_wait *wait =
        slots_find(&edge->presences, delivery->presence.token);

    if (delivery->presence.token != 0) {
        if (wait != NULL && wait->is_policy) {
            answer_policy(wait, delivery);
        } else if (wait != NULL) { /* Else the connection is gone. */
            answer_waiting(wait, delivery);
        }
    } else if (connection != NULL && subscription_is_live(connection)) {
        subscription_tell(connection, document_of(delivery));
    }
}

void presence_forget(struct connection *connection)
{
    while (!LIST_EMPTY(&connection->presences)) {
        wait_free(LIST_FIRST(&connection->presences));
    }
    if (connection->subscription != NULL) {
        end_subscription(connection);
    }
}
