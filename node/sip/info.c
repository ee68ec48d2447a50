#include "node/sip/info.h"

#include <stdlib.h>

#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/stream.h"
#include "proto/base/check.h"
#include "proto/xccos/read.h"

/* An INFO that waits for its commit. It outlives its dialog: a BYE does not
 * undo a post, so the answer still goes out. */
struct info_answer {
    LIST_ENTRY(info_answer) link; /* connection->answers */
    struct connection *connection;
    edge_ref dialog;
    edge_ref token;
    uint32_t cseq;
    struct buffer echo;
};

/* Types that XCCOS comes in: pidgin-sipe says text/plain. */
static bool is_readable(const sip_t *sip)
{
    static const char *const types[] = {"text/plain", "application/xml",
                                        "text/xml"};
    const char *type =
        sip->sip_content_type == NULL ? NULL : sip->sip_content_type->c_type;

    if (sip->sip_content_encoding != NULL) {
        return false;
    }
    for (size_t i = 0; type != NULL && i < sizeof(types) / sizeof(types[0]);
         i++) {
        if (strcasecmp(type, types[i]) == 0) {
            return true;
        }
    }
    return type == NULL;
}

static struct info_answer *answer_new(const struct request *request)
{
    struct edge *edge = request->edge;
    struct info_answer *answer = calloc(1, sizeof(*answer));

    if (answer == NULL) {
        return NULL;
    }
    echo_write(&answer->echo, request->head, request->dialog->local_tag);
    answer->token = slots_add(&edge->answers, answer);
    if (answer->token == 0 || buffer_failed(&answer->echo)) {
        if (answer->token != 0) {
            slots_remove(&edge->answers, answer->token);
        }
        buffer_deinit(&answer->echo);
        free(answer);
        return NULL;
    }
    answer->connection = request->connection;
    answer->dialog = request->dialog->ref;
    answer->cseq = request->sip->sip_cseq->cs_seq;
    LIST_INSERT_HEAD(&request->connection->answers, answer, link);
    request->dialog->infos_waiting++;
    return answer;
}

static void answer_free(struct info_answer *answer)
{
    struct edge *edge = answer->connection->edge;
    struct dialog *dialog = slots_find(&edge->dialogs, answer->dialog);

    if (dialog != NULL) {
        dialog->infos_waiting--;
    }
    slots_remove(&edge->answers, answer->token);
    LIST_REMOVE(answer, link);
    buffer_deinit(&answer->echo);
    free(answer);
}

/* Hand up what was read. @token 0: the INFO is answered here, now. Takes the
 * intake. */
static bool hand_up(const struct request *request, struct intake *intake,
                    edge_ref token)
{
    intake->request.token = token;
    if (!edge_ask(request->edge, intake)) {
        return false;
    }
    edge_count(request->edge, EDGE_METRIC_INFOS, 1);
    return true;
}

static void refuse_busy(const struct request *request, const char *reason)
{
    request->dialog->remote_status = 503;
    request_refuse_busy(request, reason);
}

/* Takes the intake. */
static void serve_post(const struct request *request, struct intake *intake)
{
    struct dialog *dialog = request->dialog;
    struct info_answer *answer;

    if (dialog->infos_waiting >=
        request->edge->settings.limits.infos_waiting_max) {
        intake_free(intake);
        refuse_busy(request, "Too many posts at once");
        return;
    }
    answer = answer_new(request);
    if (answer == NULL) {
        intake_free(intake);
        refuse_busy(request, "Out of memory");
        return;
    }
    if (!hand_up(request, intake, answer->token)) {
        answer_free(answer);
        refuse_busy(request, "Chat service busy");
    }
}

/* Takes the intake. */
static void serve_command(const struct request *request, struct intake *intake)
{
    struct connection *connection = request->connection;
    bool alone = !connection->is_dirty;

    if (!hand_up(request, intake, 0)) {
        refuse_busy(request, "Chat service busy");
        return;
    }
    request->dialog->remote_status = 200;
    request_reply(request, 200);
    if (alone) {
        stream_defer(connection);
    }
}

static void refuse_body(const struct request *request, enum xccos_error error)
{
    struct buffer *out;

    if (error == XCCOS_ERROR_NO_MEMORY) {
        refuse_busy(request, "Out of memory");
        return;
    }
    request->dialog->remote_status = xccos_error_is_limit(error) ? 413 : 400;
    out = request_answer(request, request->dialog->remote_status);
    buffer_printf(out, "Warning: 399 %s \"%s\"\r\n",
                  request->edge->settings.host, xccos_error_text(error));
    response_end(out);
}

static bool has_message(const struct xccos_envelope *envelope)
{
    const struct xccos_primitive *primitive = envelope->primitives;

    while (primitive != NULL && primitive->kind != XCCOS_KIND_MESSAGE) {
        primitive = primitive->next;
    }
    return primitive != NULL;
}

/* A post waits for its commit; the reply to a command comes as its own INFO,
 * so that it is answered at once. */
static void serve_body(const struct request *request)
{
    struct intake *intake = intake_new(
        INTAKE_REQUEST, request->edge->settings.edge, request->dialog->ref);
    enum xccos_error error = XCCOS_ERROR_NO_MEMORY;

    if (intake != NULL) {
        error = xccos_read(request->frame->body, intake->arena,
                           &intake->request.envelope);
    }
    if (error != XCCOS_ERROR_NONE) {
        intake_free(intake);
        refuse_body(request, error);
    } else if (has_message(intake->request.envelope)) {
        serve_post(request, intake);
    } else {
        serve_command(request, intake);
    }
}

static void refuse_type(const struct request *request)
{
    struct buffer *out = request_answer(request, 415);

    buffer_append_text(out,
                       "Accept: text/plain, application/xml, text/xml\r\n");
    response_end(out);
}

static void serve_new(const struct request *request)
{
    struct dialog *dialog = request->dialog;

    if (request->frame->body.len == 0) {
        dialog->remote_status = 200; /* A sign of life, no more. */
        request_reply(request, 200);
        return;
    }
    if (!is_readable(request->sip)) {
        dialog->remote_status = 415;
        refuse_type(request);
        return;
    }
    serve_body(request);
}

void info_use_up_rate(struct connection *connection)
{
    if (connection->infos_left > 0) {
        connection->infos_left--;
    }
    if (connection->infos_left == 0) {
        stream_pause(connection, PAUSE_RATE);
    }
}

void info_serve(const struct request *request)
{
    struct dialog *dialog = request->dialog;

    info_use_up_rate(request->connection);
    if (dialog->is_unacknowledged && request->sip->sip_to->a_tag != NULL) {
        dialog_acknowledge(dialog); /* It knows our tag: it has our 200. */
    }
    switch (dialog_order(dialog, request)) {
    case CSEQ_NEW:
        serve_new(request);
        break;
    case CSEQ_REPEATED:
        request_reply(request, dialog->remote_status);
        break;
    case CSEQ_WAITING:
        break;
    case CSEQ_LATE:
        request_reply(request, 500);
        break;
    }
}

static void say(const struct info_answer *answer,
                const struct delivery_answer *outcome)
{
    struct connection *connection = answer->connection;
    struct buffer *out = response_begin_kept(connection, outcome->status,
                                             buffer_slice(&answer->echo));

    if (outcome->status != 200 || outcome->reason.len > 0) {
        response_busy(connection, out, outcome->retry_after_s, outcome->reason);
    }
    response_end(out);
}

void info_answer(struct edge *edge, const struct delivery *delivery)
{
    struct info_answer *answer =
        slots_find(&edge->answers, delivery->answer.token);
    struct dialog *dialog;

    if (answer == NULL) {
        return; /* The connection is gone. */
    }
    CHECK(delivery->answer.status >= 200 && delivery->answer.status <= 699);
    dialog = slots_find(&edge->dialogs, answer->dialog);
    if (dialog != NULL && dialog->remote_cseq == answer->cseq) {
        dialog->remote_status = delivery->answer.status;
    }
    say(answer, &delivery->answer);
    answer_free(answer);
}

void info_forget(struct connection *connection)
{
    while (!LIST_EMPTY(&connection->answers)) {
        answer_free(LIST_FIRST(&connection->answers));
    }
}
