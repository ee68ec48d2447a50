#include "node/sip/invite.h"

#include <sofia-sip/sip_header.h>

#include <inttypes.h>

#include "node/sip/aor.h"
#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/sdp.h"
#include "node/sip/stream.h"

enum { SESSION_S_MAX = 24 * 3600 }; /* Whatever Min-SE says. */

/* Whom clients may invite: the pool, ocschat@ the domain, this node. */
static bool is_ours(const struct request *request)
{
    const struct edge_settings *settings = &request->edge->settings;
    struct slice pool_uri = request->connection->identity->pool_uri;
    struct aor asked, own;

    if (aor_read(&asked, request->sip->sip_request->rq_url) != ERROR_NONE) {
        return false;
    }
    if (aor_read_text(&own, pool_uri) == ERROR_NONE &&
        aor_equal(&asked, &own)) {
        return true;
    }
    if (settings->node_uri != NULL &&
        aor_read_text(&own, slice_of_text(settings->node_uri)) == ERROR_NONE &&
        aor_equal(&asked, &own)) {
        return true;
    }
    return asked.user_len == strlen("ocschat") &&
           strncmp(asked.lower, "ocschat@", asked.user_len + 1) == 0 &&
           strcasecmp(asked.lower + asked.user_len + 1, settings->domain) == 0;
}

/* A client that offers a timer shorter than allowed is told so, if it can
 * understand that. Returns whether it was refused. */
static bool refuse_short_session(const struct request *request)
{
    const struct edge_limits *limits = &request->edge->settings.limits;
    const sip_t *sip = request->sip;
    struct buffer *out;

    if (sip->sip_session_expires == NULL ||
        sip->sip_session_expires->x_delta >= limits->session_min_s ||
        !sip_has_feature(sip->sip_supported, "timer")) {
        return false;
    }
    out = request_answer(request, 422);
    buffer_printf(out, "Min-SE: %u\r\n", limits->session_min_s);
    response_end(out);
    return true;
}

/* Grant what was asked for, up to our own; never below the request's Min-SE
 * or ours. */
static unsigned grant_session(const struct request *request)
{
    const struct edge_limits *limits = &request->edge->settings.limits;
    const sip_t *sip = request->sip;
    unsigned long granted = limits->session_s;
    unsigned long min = limits->session_min_s;

    if (sip->sip_session_expires != NULL &&
        sip->sip_session_expires->x_delta < granted) {
        granted = sip->sip_session_expires->x_delta;
    }
    if (sip->sip_min_se != NULL && sip->sip_min_se->min_delta > min) {
        min = sip->sip_min_se->min_delta;
    }
    granted = granted < min ? min : granted;
    return granted > SESSION_S_MAX ? SESSION_S_MAX : (unsigned)granted;
}

static struct address local_address(const struct connection *connection)
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    int len = sizeof(at);

    (void)uv_tcp_getsockname(&connection->tcp, (struct sockaddr *)&at, &len);
    return address_from((struct sockaddr *)&at);
}

/* Answer an offer, if there is one. Returns the status to refuse with, or 0.
 * Multipart offers are not looked into; the answer to them is the plain one. */
static int answer_offer(const struct request *request, struct buffer *sdp)
{
    const sip_content_type_t *type = request->sip->sip_content_type;
    struct address local = local_address(request->connection);
    struct slice offer = request->frame->body;
    enum error error;

    if (offer.len == 0) {
        return 0;
    }
    if (type == NULL || type->c_type == NULL ||
        (strcasecmp(type->c_type, "application/sdp") != 0 &&
         strncasecmp(type->c_type, "multipart/", 10) != 0)) {
        return 415;
    }
    if (strcasecmp(type->c_type, "application/sdp") != 0) {
        offer = SLICE_NONE;
    }
    error = sdp_answer(sdp, offer, &local);
    return error == ERROR_NONE && !buffer_failed(sdp) ? 0 : 488;
}

static void refuse_body(const struct request *request, int status)
{
    struct buffer *out = request_answer(request, status);

    if (status == 415) {
        buffer_append_text(out, "Accept: application/sdp\r\n");
    }
    response_end(out);
}

/* Write the 200 of an INVITE or UPDATE. Returns what it says. */
static struct slice accept_session(const struct request *request,
                                   struct dialog *dialog, struct slice sdp)
{
    struct connection *connection = request->connection;
    size_t before = connection->out.len;
    struct buffer *out = response_begin_tagged(connection, request->head, 200,
                                               dialog->local_tag);

    for (size_t i = 0; i < request->head->n; i++) {
        if (request->head->lines[i].name == HEAD_RECORD_ROUTE) {
            buffer_printf(out, "Record-Route: %.*s\r\n",
                          SLICE_PRINT(request->head->lines[i].value));
        }
    }
    dialog->session_s = grant_session(request);
    buffer_printf(out,
                  "Contact: <%.*s>\r\nAllow: " METHODS_ALLOWED "\r\n"
                  "Supported: timer\r\nSession-Expires: %u;refresher=uac\r\n",
                  SLICE_PRINT(dialog->local_uri), dialog->session_s);
    if (sdp.len > 0) {
        response_end_body(out, "application/sdp", sdp);
    } else {
        response_end(out);
    }
    return buffer_failed(out) ? SLICE_NONE
                              : slice_of(out->data + before, out->len - before);
}

/* Make the dialog of a new INVITE. NULL when it was refused. */
static struct dialog *open_new(const struct request *request)
{
    struct dialog *dialog;

    if (!is_ours(request)) {
        request_reply(request, 404);
        return NULL;
    }
    if (request->connection->dialogs_n >= DIALOGS_PER_CONNECTION_MAX) {
        request_reply(request, 486);
        return NULL;
    }
    dialog = dialog_open(request);
    if (dialog == NULL) {
        request_refuse_busy(request, "Out of memory");
        return NULL;
    }
    (void)dialog_order(dialog, request);
    dialog_announce(dialog);
    return dialog;
}

/* Accept: the checks are done. */
static void accept_invite(const struct request *request, struct slice sdp)
{
    struct dialog *dialog = request->dialog;
    struct slice answer;

    if (dialog == NULL) {
        dialog = open_new(request);
    } else if (dialog_retarget(dialog, request) != ERROR_NONE) {
        request_refuse_busy(request, "Out of memory");
        return;
    }
    if (dialog != NULL) {
        answer = accept_session(request, dialog, sdp);
        dialog->remote_status = 200;
        dialog_await_ack(dialog, request->sip->sip_cseq->cs_seq, answer);
    }
}

static void serve_new_session(const struct request *request)
{
    struct buffer sdp = BUFFER_EMPTY;
    int status;

    if (refuse_short_session(request)) {
        return;
    }
    status = answer_offer(request, &sdp);
    if (status != 0) {
        refuse_body(request, status);
    } else {
        accept_invite(request, buffer_slice(&sdp));
    }
    buffer_deinit(&sdp);
}

/* The client has begun anew under the same names: so do we. */
static void begin_anew(const struct request *request)
{
    struct request anew = *request;

    request->connection->broke_dialog = true;
    dialog_end(request->dialog, ENDING_INVITED_ANEW);
    anew.dialog = NULL;
    serve_new_session(&anew);
}

/* An INVITE for a dialog that is there; repeated ones get the same answer. */
static void serve_known(const struct request *request)
{
    switch (dialog_order(request->dialog, request)) {
    case CSEQ_NEW:
        if (request->sip->sip_to->a_tag == NULL) {
            begin_anew(request);
        } else {
            serve_new_session(request);
        }
        break;
    case CSEQ_REPEATED:
    case CSEQ_WAITING:
        serve_new_session(request);
        break;
    case CSEQ_LATE:
        request_reply(request, 500);
        break;
    }
}

void invite_serve(const struct request *request)
{
    if (request->dialog != NULL) {
        serve_known(request);
    } else {
        serve_new_session(request);
    }
}

void invite_ack(const struct request *request)
{
    struct dialog *dialog = request->dialog;

    if (dialog != NULL &&
        dialog->invite_cseq == request->sip->sip_cseq->cs_seq) {
        dialog_acknowledge(dialog);
    }
}

/* Every INVITE has its final answer at once, so a CANCEL changes nothing; it
 * is answered 200 when its INVITE is known. */
void invite_cancel(const struct request *request)
{
    const struct dialog *dialog = request->dialog;
    bool known =
        dialog != NULL && dialog->invite_cseq == request->sip->sip_cseq->cs_seq;

    request_reply(request, known ? 200 : 481);
}

void invite_update(const struct request *request)
{
    struct dialog *dialog = request->dialog;
    struct buffer sdp = BUFFER_EMPTY;
    int status;

    if (dialog_order(dialog, request) == CSEQ_LATE) {
        request_reply(request, 500);
        return;
    }
    if (refuse_short_session(request)) {
        dialog->remote_status = 422;
        return;
    }
    status = answer_offer(request, &sdp);
    if (status != 0) {
        refuse_body(request, status);
    } else {
        if (request->sip->sip_contact != NULL) {
            (void)dialog_retarget(dialog, request); /* Else as before. */
        }
        accept_session(request, dialog, buffer_slice(&sdp));
    }
    dialog->remote_status = status == 0 ? 200 : status;
    buffer_deinit(&sdp);
}

void invite_bye(const struct request *request)
{
    if (dialog_order(request->dialog, request) == CSEQ_LATE) {
        request_reply(request, 500);
        return;
    }
    request_reply(request, 200);
    dialog_end(request->dialog, ENDING_BYE);
}
