#include "node/sip/subscription.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/sip/engine.h"
#include "node/sip/stream.h"
#include "proto/xccos/roaming.h"

/* One connection's look at its user's document. */
struct subscription {
    struct buffer target; /* The request URI, */
    struct buffer lines;  /* and all that never changes. */
    bool is_best_effort;  /* BENOTIFY: wants no answer. */
    uint32_t cseq;        /* Of the last one sent. */
    uint64_t until_ms;
};

void subscription_free(struct connection *connection)
{
    if (connection->subscription != NULL) {
        buffer_deinit(&connection->subscription->target);
        buffer_deinit(&connection->subscription->lines);
        free(connection->subscription);
        connection->subscription = NULL;
    }
}

bool subscription_says(const struct head *head, const char *name,
                       const char *word)
{
    for (size_t i = 0; i < head->n; i++) {
        const struct head_line *line = &head->lines[i];

        if (slice_equal_nocase(line->label, slice_of_text(name)) &&
            memmem(line->value.data, line->value.len, word, strlen(word)) !=
                NULL) {
            return true;
        }
    }
    return false;
}

/* From and To of what we send are To and From of what was asked. */
static void write_lines(struct buffer *out, const struct request *request)
{
    const struct head *head = request->head;
    bool is_tagged = request->sip->sip_to->a_tag != NULL;

    buffer_printf(
        out, "From: %.*s%s%s\r\n", SLICE_PRINT(head_value(head, HEAD_TO)),
        is_tagged ? "" : ";tag=", is_tagged ? "" : request->edge->tag_salt);
    buffer_printf(out,
                  "To: %.*s\r\nCall-ID: %.*s\r\nMax-Forwards: 70\r\n"
                  "Event: " ROAMING_EVENT "\r\n",
                  SLICE_PRINT(head_value(head, HEAD_FROM)),
                  SLICE_PRINT(head_value(head, HEAD_CALL_ID)));
}

/* Numbers rise within a dialog: a refresh goes on where the subscription was;
 * 1 is that of the document in the 200. */
static uint32_t next_cseq(const struct connection *connection,
                          const struct subscription *next)
{
    const struct subscription *now = connection->subscription;

    return now != NULL && slice_equal(buffer_slice(&now->lines),
                                      buffer_slice(&next->lines))
               ? now->cseq
               : 1;
}

bool subscription_begin(const struct request *request, unsigned expires_s)
{
    struct connection *connection = request->connection;
    const sip_contact_t *contact = request->sip->sip_contact;
    struct subscription *subscription = calloc(1, sizeof(*subscription));
    char *target = url_as_string(
        NULL, contact == NULL ? request->sip->sip_from->a_url : contact->m_url);

    if (subscription == NULL || target == NULL) {
        su_free(NULL, target);
        free(subscription);
        return false;
    }
    buffer_append_text(&subscription->target, target);
    su_free(NULL, target);
    write_lines(&subscription->lines, request);
    subscription->cseq = next_cseq(connection, subscription);
    subscription_free(connection);
    connection->subscription = subscription;
    subscription->is_best_effort =
        subscription_says(request->head, "Supported", "ms-benotify") ||
        subscription_says(request->head, "Proxy-Require", "ms-benotify");
    subscription->until_ms =
        edge_now_ms(request->edge) + (uint64_t)expires_s * 1000;
    return !buffer_failed(&subscription->target) &&
           !buffer_failed(&subscription->lines);
}

void subscription_notify(struct connection *connection, struct slice document)
{
    struct subscription *subscription = connection->subscription;
    const char *method = subscription->is_best_effort ? "BENOTIFY" : "NOTIFY";
    uint64_t left_ms = subscription->until_ms - edge_now_ms(connection->edge);
    struct buffer *out = stream_output(connection);
    char host[ADDRESS_TEXT_BYTES];

    subscription->cseq += 1;
    connection_local(connection, host);
    buffer_printf(out,
                  "%s %.*s SIP/2.0\r\n"
                  "Via: SIP/2.0/%s %s;branch=z9hG4bKp%" PRIx64 ".%" PRIu32
                  "\r\n%.*sCSeq: %" PRIu32 " %s\r\n"
                  "subscription-state: active;expires=%" PRIu64 "\r\n",
                  method, SLICE_PRINT(buffer_slice(&subscription->target)),
                  connection->tls == NULL ? "TCP" : "TLS", host,
                  connection->ref, subscription->cseq,
                  SLICE_PRINT(buffer_slice(&subscription->lines)),
                  subscription->cseq, method, left_ms / 1000);
    response_end_body(out, ROAMING_MEDIA_TYPE, document);
    stream_mark(connection);
}

bool subscription_is_live(const struct connection *connection)
{
    return connection_is_live(connection) && connection->subscription != NULL &&
           edge_now_ms(connection->edge) < connection->subscription->until_ms;
}

void subscription_tell(struct connection *connection, struct slice document)
{
    if (stream_unsent(connection) + document.len > PRESENCE_UNSENT_BYTES_MAX) {
        edge_count(connection->edge, EDGE_METRIC_OVERFLOWS, 1);
        connection_reset(connection, ENDING_QUEUE_OVERFLOW);
    } else {
        subscription_notify(connection, document);
    }
}
