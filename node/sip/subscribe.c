#include "node/sip/subscribe.h"

#include "node/sip/presence.h"
#include "proto/xccos/provisioning.h"
#include "proto/xccos/roaming.h"

#define PROVISIONING_EVENT "vnd-microsoft-provisioning-v2"

static void refuse_event(const struct request *request)
{
    struct buffer *out = request_answer(request, 489);

    buffer_append_text(out, "Allow-Events: " PROVISIONING_EVENT "\r\n");
    response_end(out);
}

static enum xccos_error write_document(struct buffer *out,
                                       struct slice pool_uri)
{
    return provisioning_write(out, &(struct provisioning_answer){
                                       .has_chat = true,
                                       .is_enabled = true,
                                       .pool_uri = pool_uri,
                                       .pool_uris = pool_uri,
                                   });
}

void subscribe_serve(const struct request *request)
{
    const sip_event_t *event = request->sip->sip_event;
    struct slice pool_uri = request->connection->identity->pool_uri;
    struct buffer body = BUFFER_EMPTY;
    struct buffer *out;

    if (event != NULL && strcasecmp(event->o_type, ROAMING_EVENT) == 0) {
        presence_subscribe(request);
        return;
    }
    if (event == NULL || strcasecmp(event->o_type, PROVISIONING_EVENT) != 0) {
        refuse_event(request);
        return;
    }
    if (write_document(&body, pool_uri) != XCCOS_ERROR_NONE) {
        request_refuse_busy(request, "Out of memory");
        buffer_deinit(&body);
        return;
    }
    out = request_answer(request, 200);
    buffer_printf(out,
                  "Contact: <%.*s>\r\n"
                  "Event: " PROVISIONING_EVENT "\r\n"
                  "Expires: 0\r\n"
                  "subscription-state: terminated;expires=0\r\n"
                  "ms-piggyback-cseq: 1\r\n",
                  SLICE_PRINT(pool_uri));
    response_end_body(out, PROVISIONING_MEDIA_TYPE, buffer_slice(&body));
    buffer_deinit(&body);
}
