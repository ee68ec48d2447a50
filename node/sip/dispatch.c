#include "node/sip/dispatch.h"

#include "node/sip/answers.h"
#include "node/sip/aor.h"
#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/info.h"
#include "node/sip/invite.h"
#include "node/sip/presence.h"
#include "node/sip/registrar.h"
#include "node/sip/subscribe.h"

/* Where a method may stand. */
enum place {
    ANYONE,    /* Also without sign-in. */
    SIGNED_IN, /* In a dialog or not. */
    IN_DIALOG, /* Else 481. */
    NEVER,     /* serve refuses. */
};

static void serve_options(const struct request *request)
{
    struct buffer *out = request_answer(request, 200);

    buffer_append_text(out, "Allow: " METHODS_ALLOWED "\r\n"
                            "Accept: application/sdp, text/plain, "
                            "application/xml, text/xml\r\n"
                            "Supported: timer\r\n");
    response_end(out);
}

static void refuse_method(const struct request *request)
{
    struct buffer *out = request_answer(request, 405);

    buffer_append_text(out, "Allow: " METHODS_ALLOWED "\r\n");
    response_end(out);
}

static void refuse_unknown(const struct request *request)
{
    request_reply(request, 501);
}

static void refuse_without_dialog(const struct request *request)
{
    request_reply(request, 481);
}

static void drop(const struct request *request)
{
    (void)request;
}

static const struct {
    void (*serve)(const struct request *request);
    enum place place;
} methods[METHOD_COUNT] = {
    [METHOD_UNKNOWN] = {refuse_unknown, NEVER},
    [METHOD_ACK] = {invite_ack, SIGNED_IN}, /* Never answered. */
    [METHOD_BENOTIFY] = {drop, NEVER},      /* "Best effort": no answer. */
    [METHOD_BYE] = {invite_bye, IN_DIALOG},
    [METHOD_CANCEL] = {invite_cancel, IN_DIALOG},
    [METHOD_INFO] = {info_serve, IN_DIALOG},
    [METHOD_INVITE] = {invite_serve, SIGNED_IN},
    [METHOD_MESSAGE] = {refuse_method, NEVER},
    [METHOD_NOTIFY] = {refuse_without_dialog, NEVER},
    [METHOD_OPTIONS] = {serve_options, ANYONE},
    [METHOD_PRACK] = {refuse_without_dialog, NEVER},
    [METHOD_PUBLISH] = {refuse_method, NEVER},
    [METHOD_REFER] = {refuse_method, NEVER},
    [METHOD_REGISTER] = {registrar_serve, ANYONE},
    [METHOD_SERVICE] = {presence_publish, SIGNED_IN},
    [METHOD_SUBSCRIBE] = {subscribe_serve, SIGNED_IN},
    [METHOD_UPDATE] = {invite_update, IN_DIALOG},
};

static bool is_ack(const struct head *head)
{
    return slice_begins(head->start_line, SLICE_LITERAL("ACK "));
}

/* Answer what could not be read, saying why, if there is anyone to say it to;
 * an ACK is never answered. */
static void refuse_malformed(struct connection *connection,
                             const struct head *head, int status,
                             const char *fault)
{
    struct buffer *out;

    edge_count(connection->edge, EDGE_METRIC_MALFORMED, 1);
    if (is_ack(head) || !echo_is_possible(head)) {
        return;
    }
    out = response_begin(connection, head, status);
    buffer_printf(out, "Warning: 399 %s \"%s\"\r\n",
                  connection->edge->settings.host, fault);
    response_end(out);
}

/* Extensions a request may insist on: those that ask nothing of us. */
static bool is_known_extension(const char *name)
{
    return strcasecmp(name, "timer") == 0 ||
           strcasecmp(name, "adhoclist") == 0 ||
           strcasecmp(name, "categoryList") == 0 ||
           strncasecmp(name, "gruu", 4) == 0 ||
           strncasecmp(name, "ms-", 3) == 0 ||
           strncasecmp(name, "msrtc-", 6) == 0 ||
           strncasecmp(name, "com.microsoft.", 14) == 0;
}

/* Proxy-Require is not looked at: it is not for us, and clients that say
 * ms-benotify there give up on a 420. */
static bool refuse_extension(const struct request *request)
{
    const sip_require_t *require = request->sip->sip_require;
    const char *const *item = NULL;
    struct buffer *out;

    if (require != NULL && request->method != METHOD_CANCEL) {
        item = require->k_items;
    }
    while (item != NULL && *item != NULL && is_known_extension(*item)) {
        item++;
    }
    if (item == NULL || *item == NULL) {
        return false;
    }
    out = request_answer(request, 420);
    for (; *item != NULL; item++) {
        if (!is_known_extension(*item)) {
            buffer_printf(out, "Unsupported: %s\r\n", *item);
        }
    }
    response_end(out);
    return true;
}

/* What no method could do anything with. */
static bool refuse_shape(const struct request *request)
{
    const sip_request_t *line = request->sip->sip_request;

    if (strcasecmp(line->rq_version, "SIP/2.0") != 0) {
        request_reply(request, 505);
    } else if (line->rq_url->url_type != url_sip &&
               line->rq_url->url_type != url_sips) {
        request_reply(request, 416);
    } else {
        return methods[request->method].place != NEVER &&
               refuse_extension(request);
    }
    return true;
}

/* A signed-in connection speaks for one user. */
static bool refuse_spoofed(const struct request *request)
{
    const struct identity *identity = request->connection->identity;
    struct aor from;

    if (aor_read(&from, request->sip->sip_from->a_url) == ERROR_NONE &&
        slice_equal_text(identity->who, from.lower)) {
        return false;
    }
    edge_count(request->edge, EDGE_METRIC_SPOOFED, 1);
    request_forbid(request, DIAGNOSTIC_SPOOFED,
                   "This connection belongs to another user");
    return true;
}

static void refuse_stranger(const struct request *request)
{
    request_forbid(request, DIAGNOSTIC_SIGN_IN_FIRST, "Sign in first");
}

/* Find the dialog and serve; the user is known. */
static void serve_known(struct request *request)
{
    enum place place = methods[request->method].place;
    bool tagged = request->sip->sip_to->a_tag != NULL &&
                  request->method != METHOD_SUBSCRIBE;

    request->dialog = dialog_find(request);
    if (request->dialog == NULL && (tagged || place == IN_DIALOG)) {
        request->connection->broke_dialog = true;
        refuse_without_dialog(request);
        return;
    }
    methods[request->method].serve(request);
}

static void serve_ack(struct request *request)
{
    if (request->connection->state == CONNECTION_SIGNED_IN) {
        request->dialog = dialog_find(request);
        invite_ack(request);
    }
}

static void serve(struct request *request)
{
    enum place place = methods[request->method].place;
    bool outside = request->sip->sip_to->a_tag == NULL ||
                   request->method == METHOD_REGISTER;

    if (request->method == METHOD_ACK) {
        serve_ack(request);
    } else if (refuse_shape(request)) {
        return;
    } else if (place == NEVER || (place == ANYONE && outside)) {
        methods[request->method].serve(request);
    } else if (request->connection->state != CONNECTION_SIGNED_IN) {
        if (!outside || place == IN_DIALOG) {
            request_reply(request, 481);
        } else {
            refuse_stranger(request);
        }
    } else if (!refuse_spoofed(request)) {
        serve_known(request);
    }
}

static void read_request(struct connection *connection,
                         const struct frame *frame)
{
    struct edge *edge = connection->edge;
    struct message message = {0};
    const char *fault = NULL;
    struct request request = {.edge = edge,
                              .connection = connection,
                              .frame = frame,
                              .head = &frame->head};

    edge_count(edge, EDGE_METRIC_REQUESTS, 1);
    connection->requests++;
    if (parser_read(edge->parser, frame, &message, &fault) != ERROR_NONE) {
        refuse_malformed(connection, &frame->head, 400, fault);
        connection->malformed++;
        if (connection->malformed >= MALFORMED_MAX) {
            connection_finish(connection, ENDING_MALFORMED_MAX);
        }
        return;
    }
    request.sip = message.sip;
    request.method = message.method;
    serve(&request);
    message_release(&message);
}

void dispatch(struct connection *connection, enum framer_event event,
              const struct frame *frame)
{
    bool response = slice_begins(frame->head.start_line, SLICE_LITERAL("SIP/"));

    if (event == FRAMER_MESSAGE && response) {
        edge_count(connection->edge, EDGE_METRIC_RESPONSES, 1);
        answers_read(connection, &frame->head);
        return;
    }
    if (event == FRAMER_MESSAGE) {
        read_request(connection, frame);
        return;
    }
    if (!response && frame->head.n > 0) {
        refuse_malformed(connection, &frame->head, frame->status, frame->fault);
    }
    if (event == FRAMER_BROKEN) {
        connection_finish(connection, ENDING_BROKEN_FRAMING);
    }
}
