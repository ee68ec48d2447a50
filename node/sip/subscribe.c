#include "node/sip/subscribe.h"

#include "node/sip/presence.h"
#include "proto/base/check.h"
#include "proto/xccos/provisioning.h"
#include "proto/xccos/roaming.h"

#define PROVISIONING_EVENT "vnd-microsoft-provisioning-v2"

static void refuse_event(const struct request *request)
{
    struct buffer *out = request_answer(request, 489);

    buffer_append_text(out, "Allow-Events: " PROVISIONING_EVENT "\r\n");
    response_end(out);
}

void subscribe_provision(const struct connection *connection,
                         struct buffer *out, bool is_enabled)
{
    struct slice pool_uri = connection->identity->pool_uri;
    struct slice web_url = connection->identity->web_url;
    struct buffer body = BUFFER_EMPTY;
    enum xccos_error error =
        provisioning_write(&body, &(struct provisioning_answer){
                                      .has_chat = true,
                                      .is_enabled = is_enabled,
                                      .pool_uri = pool_uri,
                                      .pool_uris = pool_uri,
                                      .web_manager_internal = web_url,
                                      .web_manager_external = web_url,
                                  });

    CHECK(error == XCCOS_ERROR_NONE); /* The state's own texts. */
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

void subscribe_serve(const struct request *request)
{
    const sip_event_t *event = request->sip->sip_event;

    if (event != NULL && strcasecmp(event->o_type, ROAMING_EVENT) == 0) {
        presence_subscribe(request);
    } else if (event == NULL ||
               strcasecmp(event->o_type, PROVISIONING_EVENT) != 0) {
        refuse_event(request);
    } else if (!presence_ask_policy(request)) {
        /* Who signed in was enabled then. */
        subscribe_provision(request->connection, request_answer(request, 200),
                            true);
    }
}
