/* What a client asks, answered: at once where no state is needed, else by the
 * desk. */
#include "node/admin/actor.h"
#include "node/admin/refusal.h"
#include "node/admin/server_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

static void send_reply(struct client *client, unsigned kind,
                       Perch__Admin__Reply *reply, const ProtobufCMessage *body)
{
    struct buffer frame = BUFFER_EMPTY;

    if (admin_write_reply(kind, reply, body, &frame) != ERROR_NONE) {
        buffer_deinit(&frame);
        client_close(client);
        return;
    }
    client_answer(client, &frame);
}

static void refuse(struct client *client, unsigned kind, uint64_t id,
                   enum refusal refusal)
{
    struct refusal_fact fact = refusal_fact(refusal);
    Perch__Admin__Reply reply = PERCH__ADMIN__REPLY__INIT;

    meter_add(&client->server->meters.refused, 1);
    CODEC_SET(&reply, id, id);
    CODEC_SET(&reply, result, fact.result);
    CODEC_SET_BYTES(&reply, outcome, slice_of_text(fact.name));
    CODEC_SET(&reply, code, fact.code);
    CODEC_SET_BYTES(&reply, text, slice_of_text(fact.text));
    CODEC_SET_BYTES(&reply, advice, slice_of_text(fact.advice));
    send_reply(client, kind, &reply, NULL);
}

static void answer_ping(struct client *client, Perch__Admin__Reply *reply)
{
    const struct server_options *options = &client->server->options;
    Perch__Admin__PingReply body = PERCH__ADMIN__PING_REPLY__INIT;

    CODEC_SET(&body, node, options->node);
    CODEC_SET_BYTES(&body, software, slice_of_text(options->software));
    send_reply(client, ADMIN_PING, reply, &body.base);
}

static void answer_metrics(struct client *client, Perch__Admin__Reply *reply)
{
    const struct server_options *options = &client->server->options;
    Perch__Admin__MetricsReply body = PERCH__ADMIN__METRICS_REPLY__INIT;
    struct buffer page = BUFFER_EMPTY;

    options->page(options->page_context, &page);
    CODEC_SET(&body, page, codec_bytes(buffer_slice(&page)));
    send_reply(client, ADMIN_METRICS, reply, &body.base);
    buffer_deinit(&page);
}

static void answer_here(struct client *client, enum admin_kind kind,
                        uint64_t id)
{
    Perch__Admin__Reply reply = PERCH__ADMIN__REPLY__INIT;

    CODEC_SET(&reply, id, id);
    CODEC_SET(&reply, result, PERCH__ADMIN__RESULT__DONE);
    CODEC_SET_BYTES(&reply, outcome, SLICE_LITERAL("DONE"));
    CODEC_SET(&reply, code, 200);
    if (kind == ADMIN_METRICS) {
        answer_metrics(client, &reply);
    } else {
        CHECK(kind == ADMIN_PING);
        answer_ping(client, &reply);
    }
}

/* Hand the request to the desk. @ask is taken. */
static void pass_on(struct client *client, struct admin_ask *ask)
{
    unsigned kind = ask->request.kind;
    uint64_t id = ask->request.head->id;

    ask->client = client->id;
    ask->reply_to = client->server->replies;
    ask->actor = client->actor;
    actor_note(&ask->actor, codec_slice(ask->request.head->user));
    actor_note_directory(&ask->actor,
                         codec_slice(ask->request.head->directory));
    client_asked(client);
    if (letters_send(client->server->desk, &ask->letter) != ERROR_NONE) {
        admin_ask_free(ask);
        refuse(client, kind, id, REFUSAL_BUSY);
    }
}

static enum refusal refusal_of(enum error error)
{
    switch (error) {
    case ERROR_UNSUPPORTED:
        return REFUSAL_KIND_UNKNOWN;
    case ERROR_TOO_LARGE:
        return REFUSAL_REQUEST_TOO_LARGE;
    case ERROR_NO_MEMORY:
        return REFUSAL_NO_MEMORY;
    default:
        return REFUSAL_REQUEST_MALFORMED;
    }
}

void request_take(struct client *client, const struct frame *frame)
{
    struct admin_ask *ask = admin_ask_new();
    enum error error = ERROR_NO_MEMORY;

    meter_add(&client->server->meters.requests, 1);
    if (ask != NULL) {
        error = admin_read_request(frame->kind, frame->payload, ask->arena,
                                   &ask->request);
    }
    admin_wipe(frame->payload);
    if (error != ERROR_NONE) {
        admin_ask_free(ask);
        refuse(client, frame->kind, 0, refusal_of(error));
    } else if (client->actor.name[0] == '\0') {
        refuse(client, frame->kind, ask->request.head->id,
               REFUSAL_NOT_ADMITTED);
        admin_ask_free(ask);
    } else if (admin_fact(frame->kind)->access == ADMIN_EDGE) {
        answer_here(client, ask->request.kind, ask->request.head->id);
        admin_ask_free(ask);
    } else {
        pass_on(client, ask);
    }
}

void request_refuse_header(struct client *client, const struct frame *frame,
                           enum error error)
{
    journal_warning("request_refused",
                    "administrator=\"%s\" source=\"%s\" kind=%u error=%s",
                    client->actor.name, client->actor.source, frame->kind,
                    error_name(error));
    client->ends = true; /* Where the next frame begins is not known. */
    refuse(client, frame->kind & (ADMIN_REPLY - 1u), 0, refusal_of(error));
}
