#include "ops/client/visit_chat.h"

/* Chooses what a request of the server's is answered with. */
struct verdict {
    int status;
    bool is_new; /* Act on it; else it is a repeat. */
};

static bool is_method(const struct packet *request, const char *method)
{
    return slice_equal_text(request->method, method);
}

/* In the chat: each number once, and rising.
 * Spec: RFC 3261 12.2.2. */
static struct verdict judge_in_chat(struct visit *visit,
                                    const struct packet *request)
{
    if (visit->chat.heard != 0 && request->cseq < visit->chat.heard) {
        return (struct verdict){500, false};
    }
    if (request->cseq == visit->chat.heard) {
        return (struct verdict){200, false};
    }
    visit->chat.heard = request->cseq;
    return (struct verdict){200, true};
}

static struct verdict judge(struct visit *visit, const struct packet *request)
{
    static const char *const of_a_chat[] = {"INFO", "BYE", "UPDATE"};
    bool is_chat = slice_equal_text(request->call_id, visit->chat.id) &&
                   visit->state > VISIT_INVITING;

    if (is_method(request, "OPTIONS")) {
        return (struct verdict){200, false};
    }
    for (size_t i = 0; i < sizeof(of_a_chat) / sizeof(of_a_chat[0]); i++) {
        if (is_method(request, of_a_chat[i])) {
            return is_chat ? judge_in_chat(visit, request)
                           : (struct verdict){481, false};
        }
    }
    if (is_method(request, "CANCEL") || is_method(request, "NOTIFY")) {
        return (struct verdict){481, false};
    }
    return (struct verdict){501, false};
}

static void act(struct visit *visit, const struct packet *request)
{
    if (is_method(request, "BYE")) {
        visit_fail(visit, CLIENT_CAUSE_LOST, "the server ended the chat");
    } else if (!is_method(request, "INFO") || request->body.len == 0) {
        return;
    } else if (visit->state == VISIT_LOCATING) {
        chat_located(visit, request->body);
    } else if (visit->state == VISIT_READY) {
        visit->events->body(visit->context, request->body);
    }
}

void serve_request(struct visit *visit, const struct packet *request)
{
    struct buffer out = BUFFER_EMPTY;
    struct verdict verdict;

    if (is_method(request, "BENOTIFY")) {
        (void)presence_notified(visit, request);
        return; /* Never answered. */
    }
    if (is_method(request, "ACK")) {
        return; /* Nor this. */
    }
    verdict = judge(visit, request);
    call_answer(&out, request, verdict.status, visit->registration.tag,
                SLICE_NONE);
    visit_say(visit, &out);
    if (verdict.is_new && visit->state < VISIT_LEAVING) {
        act(visit, request);
    }
}
