#include <stdio.h>

#include "ops/client/value.h"
#include "ops/client/visit_chat.h"
#include "proto/xccos/roaming.h"

enum { WATCH_S = 3600 }; /* Asked for again after half of it. */

/* Begin a call of the user with himself, if it is not begun. */
static bool begin_call(struct visit *visit, struct call *call)
{
    char self[CLIENT_USER_BYTES_MAX + 8];

    snprintf(self, sizeof(self), "sip:%s", visit->speaker.user);
    return call->id[0] != '\0' ||
           chat_begin_call(visit, call, slice_of_text(self),
                           slice_of_text(self));
}

void visit_watch(struct visit *visit)
{
    struct buffer lines = BUFFER_EMPTY;
    struct saying saying = {.method = "SUBSCRIBE"};

    visit->watch_us =
        loop_now_us(visit->loop) + (uint64_t)WATCH_S / 2 * 1000000;
    chat_write_contact(visit, &lines);
    buffer_printf(&lines,
                  "\r\nEvent: " ROAMING_EVENT "\r\n"
                  "Accept: " ROAMING_MEDIA_TYPE "\r\n"
                  "Supported: ms-benotify, ms-piggyback-first-notify\r\n"
                  "Proxy-Require: ms-benotify\r\nExpires: %d\r\n",
                  WATCH_S);
    if (buffer_failed(&lines)) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    } else if (visit_find_due(visit, DUE_WATCH) == NULL &&
               begin_call(visit, &visit->watch)) {
        saying.lines = buffer_slice(&lines);
        visit_ask(visit, &visit->watch, DUE_WATCH, &saying, 0);
    }
    buffer_deinit(&lines);
}

bool visit_publish(struct visit *visit, struct slice body)
{
    struct saying saying = {
        .method = "SERVICE", .type = ROAMING_PUBLISH_MEDIA_TYPE, .body = body};

    if (visit->state != VISIT_READY ||
        visit_find_due(visit, DUE_PUBLISH) != NULL ||
        !begin_call(visit, &visit->publishing)) {
        return false;
    }
    visit_ask(visit, &visit->publishing, DUE_PUBLISH, &saying, 0);
    return true;
}

void presence_answered(struct visit *visit, enum due_kind kind,
                       const struct packet *answer)
{
    struct visit_answer read = visit_read_answer(visit, answer);

    if (kind == DUE_WATCH && answer->status != 200) {
        visit->watch_us = 0; /* Whoever wants it asks again. */
    }
    if (answer->status == 200 && answer->body.len > 0) {
        visit->events->document(visit->context, answer->body);
    } else {
        visit->events->unpublished(visit->context, &read);
    }
}

bool presence_notified(struct visit *visit, const struct packet *request)
{
    bool is_ours =
        visit->watch.id[0] != '\0' &&
        slice_equal_text(request->call_id, visit->watch.id) &&
        slice_equal_nocase(value_word(packet_value(request, "Event")),
                           SLICE_LITERAL(ROAMING_EVENT));

    if (is_ours && request->body.len > 0 && visit->state == VISIT_READY) {
        visit->events->document(visit->context, request->body);
    }
    return is_ours;
}
