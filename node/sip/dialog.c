#include "node/sip/dialog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/sip/engine.h"
#include "node/sip/marks.h"
#include "node/sip/stream.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

enum { BRANCH_BYTES = 24 };

static struct slice text_or_none(const char *text)
{
    return slice_of_text(text);
}

struct dialog *dialog_find(const struct request *request)
{
    const sip_t *sip = request->sip;
    struct slice call_id = slice_of_text(sip->sip_call_id->i_id);
    struct slice remote_tag = text_or_none(sip->sip_from->a_tag);
    struct dialog *dialog;

    LIST_FOREACH (dialog, &request->connection->dialogs, link) {
        if (slice_equal(dialog->call_id, call_id) &&
            slice_equal(dialog->remote_tag, remote_tag) &&
            (sip->sip_to->a_tag == NULL ||
             strcmp(sip->sip_to->a_tag, dialog->local_tag) == 0)) {
            return dialog;
        }
    }
    return NULL;
}

struct dialog *dialog_find_tag(struct connection *connection,
                               struct slice local_tag, struct slice call_id)
{
    struct dialog *dialog;

    LIST_FOREACH (dialog, &connection->dialogs, link) {
        if (slice_equal_text(local_tag, dialog->local_tag) &&
            slice_equal(call_id, dialog->call_id)) {
            return dialog;
        }
    }
    return NULL;
}

static struct slice keep(char **to, struct slice text)
{
    struct slice kept = slice_of(*to, text.len);

    if (text.len > 0) {
        memcpy(*to, text.data, text.len);
    }
    *to += text.len;
    return kept;
}

/* Copy what names the dialog. */
static bool keep_texts(struct dialog *dialog, const struct request *invite)
{
    struct slice call_id = slice_of_text(invite->sip->sip_call_id->i_id);
    struct slice tag = text_or_none(invite->sip->sip_from->a_tag);
    struct slice remote = head_value(invite->head, HEAD_FROM);
    char *uri = url_as_string(NULL, invite->sip->sip_to->a_url);
    struct slice local_uri = slice_of_text(uri);
    char *to = malloc(call_id.len + tag.len + remote.len + local_uri.len + 1);

    if (to == NULL || uri == NULL) {
        su_free(NULL, uri);
        free(to);
        return false;
    }
    dialog->texts = to;
    dialog->call_id = keep(&to, call_id);
    dialog->remote_tag = keep(&to, tag);
    dialog->remote = keep(&to, remote);
    dialog->local_uri = keep(&to, local_uri);
    su_free(NULL, uri);
    return true;
}

/* The route set: Record-Route as it came (RFC 3261 12.1.1). */
static void write_routes(struct buffer *out, const struct head *head)
{
    for (size_t i = 0; i < head->n; i++) {
        if (head->lines[i].name == HEAD_RECORD_ROUTE) {
            buffer_printf(out, "Route: %.*s\r\n",
                          SLICE_PRINT(head->lines[i].value));
        }
    }
}

enum error dialog_retarget(struct dialog *dialog, const struct request *request)
{
    const sip_contact_t *contact = request->sip->sip_contact;
    const url_t *url =
        contact == NULL ? request->sip->sip_from->a_url : contact->m_url;
    char *target = url_as_string(NULL, url);
    char via_host[ADDRESS_TEXT_BYTES], branch[BRANCH_BYTES];
    struct buffer routes = BUFFER_EMPTY;
    struct template template = {0};
    enum error error = ERROR_NO_MEMORY;

    if (target != NULL) {
        write_routes(&routes, request->head);
        connection_local(dialog->connection, via_host);
        snprintf(branch, sizeof(branch), "%" PRIx64, dialog->ref);
        error = template_render(
            &template,
            &(struct template_facts){
                .target = slice_of_text(target),
                .transport = dialog->connection->tls == NULL ? "TCP" : "TLS",
                .via_host = via_host,
                .branch = branch,
                .local_uri = dialog->local_uri,
                .local_tag = dialog->local_tag,
                .remote = dialog->remote,
                .call_id = dialog->call_id,
                .routes = buffer_slice(&routes),
            });
    }
    su_free(NULL, target);
    buffer_deinit(&routes);
    if (error == ERROR_NONE) {
        template_deinit(&dialog->window.template);
        dialog->window.template = template;
    }
    return error;
}

static void make_tag(struct dialog *dialog, struct edge *edge)
{
    uint32_t random;

    loop_random(edge->loop, &random, sizeof(random));
    snprintf(dialog->local_tag, sizeof(dialog->local_tag),
             "n%u-%" PRIx64 "-%08x", edge->settings.node, dialog->ref, random);
}

struct dialog *dialog_open(const struct request *invite)
{
    struct edge *edge = invite->edge;
    struct dialog *dialog = calloc(1, sizeof(*dialog));

    if (dialog == NULL) {
        return NULL;
    }
    dialog->connection = invite->connection;
    dialog->ref = slots_add(&edge->dialogs, dialog);
    if (dialog->ref != 0) {
        make_tag(dialog, edge);
    }
    if (dialog->ref == 0 || !keep_texts(dialog, invite) ||
        dialog_retarget(dialog, invite) != ERROR_NONE) {
        if (dialog->ref != 0) {
            slots_remove(&edge->dialogs, dialog->ref);
        }
        window_deinit(&dialog->window);
        free(dialog->texts);
        free(dialog);
        return NULL;
    }
    LIST_INSERT_HEAD(&invite->connection->dialogs, dialog, link);
    invite->connection->dialogs_n++;
    edge_count(edge, EDGE_METRIC_DIALOGS, 1);
    return dialog;
}

/* What every intake about a dialog says. */
static struct intake *make_intake(const struct dialog *dialog,
                                  enum intake_kind kind)
{
    const struct connection *connection = dialog->connection;
    const struct identity *identity = connection->identity;
    struct intake *intake =
        intake_new(kind, connection->edge->settings.edge, dialog->ref);
    char peer[ADDRESS_TEXT_BYTES];

    /* Without it a session would be left behind in the pool's state. */
    CHECK(intake != NULL);
    address_write(&connection->peer, peer);
    intake->dialog.connection = connection->ref;
    intake->dialog.resumes = connection->broke_dialog;
    intake->dialog.user_uri =
        arena_copy_slice(intake->arena, identity->user_uri);
    intake->dialog.endpoint_id =
        arena_copy_slice(intake->arena, identity->endpoint_id);
    intake->dialog.pool_uri =
        arena_copy_slice(intake->arena, dialog->local_uri);
    intake->dialog.peer_address =
        arena_copy_slice(intake->arena, slice_of_text(peer));
    intake->dialog.delivered_index = dialog->window.delivered;
    intake->dialog.replies = dialog->window.replies;
    return intake;
}

void dialog_announce(struct dialog *dialog)
{
    journal_info("dialog_opened",
                 "dialog=%016" PRIx64 " connection=%016" PRIx64 " user=%.*s",
                 dialog->ref, dialog->connection->ref,
                 SLICE_PRINT(dialog->connection->identity->who));
    edge_tell(dialog->connection->edge,
              make_intake(dialog, INTAKE_DIALOG_OPENED));
}

static enum dialog_end end_for(enum ending ending)
{
    switch (ending) {
    case ENDING_BYE:
    case ENDING_SIGNED_OUT:
    case ENDING_INVITED_ANEW:
        return DIALOG_LEFT;
    case ENDING_DRAINED:
    case ENDING_EDGE_CLOSED:
        return DIALOG_DRAINED;
    default:
        return DIALOG_DROPPED;
    }
}

static void announce_end(const struct dialog *dialog, enum ending ending)
{
    struct intake *intake = make_intake(dialog, INTAKE_DIALOG_CLOSED);

    intake->dialog.end = end_for(ending);
    edge_tell(dialog->connection->edge, intake);
}

void dialog_end(struct dialog *dialog, enum ending ending)
{
    struct edge *edge = dialog->connection->edge;

    journal_info("dialog_closed",
                 "dialog=%016" PRIx64 " delivered=%" PRIu64 " reason=%s",
                 dialog->ref, dialog->window.delivered, ending_name(ending));
    announce_end(dialog, ending);
    edge_count(edge, EDGE_METRIC_DIALOGS, -1);
    dialog_acknowledge(dialog);
    marks_remove(dialog);
    LIST_REMOVE(dialog, link);
    dialog->connection->dialogs_n--;
    slots_remove(&edge->dialogs, dialog->ref);
    window_deinit(&dialog->window);
    free(dialog->texts);
    free(dialog);
}

enum cseq_order dialog_order(struct dialog *dialog,
                             const struct request *request)
{
    uint32_t cseq = request->sip->sip_cseq->cs_seq;

    if (cseq > dialog->remote_cseq || dialog->remote_method == METHOD_UNKNOWN) {
        dialog->remote_cseq = cseq;
        dialog->remote_method = request->method;
        dialog->remote_status = 0;
        return CSEQ_NEW;
    }
    if (cseq < dialog->remote_cseq ||
        dialog->remote_method != request->method) {
        return CSEQ_LATE;
    }
    return dialog->remote_status == 0 ? CSEQ_WAITING : CSEQ_REPEATED;
}

void dialog_await_ack(struct dialog *dialog, uint32_t cseq, struct slice answer)
{
    struct edge *edge = dialog->connection->edge;

    dialog_acknowledge(dialog);
    dialog->invite_cseq = cseq;
    buffer_append_slice(&dialog->answer, answer);
    dialog->answered_ms = edge_now_ms(edge);
    dialog->resend_gap_ms = INVITE_T1_MS;
    dialog->resend_ms = dialog->answered_ms + dialog->resend_gap_ms;
    TAILQ_INSERT_TAIL(&edge->unacknowledged, dialog, unacknowledged_link);
    dialog->is_unacknowledged = true;
}

void dialog_acknowledge(struct dialog *dialog)
{
    if (dialog->is_unacknowledged) {
        TAILQ_REMOVE(&dialog->connection->edge->unacknowledged, dialog,
                     unacknowledged_link);
        dialog->is_unacknowledged = false;
    }
    buffer_deinit(&dialog->answer);
}

static void repeat(struct dialog *dialog, uint64_t now_ms)
{
    unsigned gap_ms = dialog->resend_gap_ms * 2;

    buffer_append_slice(stream_output(dialog->connection),
                        buffer_slice(&dialog->answer));
    dialog->resend_gap_ms = gap_ms < INVITE_T2_MS ? gap_ms : INVITE_T2_MS;
    dialog->resend_ms = now_ms + dialog->resend_gap_ms;
}

void dialogs_repeat_answers(struct edge *edge)
{
    uint64_t now_ms = edge_now_ms(edge);
    struct dialog *dialog, *next;

    for (dialog = TAILQ_FIRST(&edge->unacknowledged); dialog != NULL;
         dialog = next) {
        next = TAILQ_NEXT(dialog, unacknowledged_link);
        if (now_ms - dialog->answered_ms >= edge->settings.limits.no_ack_ms) {
            /* It ends other dialogs of the connection, too: begin anew. */
            connection_finish(dialog->connection, ENDING_NO_ACK);
            next = TAILQ_FIRST(&edge->unacknowledged);
        } else if (now_ms >= dialog->resend_ms) {
            repeat(dialog, now_ms);
        }
    }
}
