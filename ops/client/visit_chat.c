#include <stdio.h>

#include "ops/client/value.h"
#include "ops/client/visit_chat.h"
#include "proto/base/arena.h"
#include "proto/xccos/names.h"
#include "proto/xccos/provisioning_client.h"
#include "proto/xccos/read.h"
#include "proto/xccos/write.h"

enum { ARENA_BYTES = 1024 };

void chat_write_contact(const struct visit *visit, struct buffer *lines)
{
    buffer_printf(lines, "Contact: <sip:%s;transport=%s>", visit->speaker.local,
                  visit->speaker.is_secure ? "tls" : "tcp");
}

bool chat_begin_call(struct visit *visit, struct call *call,
                     struct slice target, struct slice to)
{
    enum error error = call_begin(call, visit->loop, target, to);

    if (error == ERROR_MALFORMED) {
        visit_fail(visit, CLIENT_CAUSE_UNFIT,
                   "the URI of the chat is not well-formed");
    } else if (error != ERROR_NONE) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    }
    return error == ERROR_NONE;
}

void chat_find(struct visit *visit)
{
    char self[CLIENT_USER_BYTES_MAX + 8];
    struct buffer body = BUFFER_EMPTY, lines = BUFFER_EMPTY;
    struct saying saying = {.method = "SUBSCRIBE",
                            .type = PROVISIONING_MEDIA_TYPE};

    snprintf(self, sizeof(self), "sip:%s", visit->speaker.user);
    chat_write_contact(visit, &lines);
    buffer_append_text(&lines, "\r\nEvent: vnd-microsoft-provisioning-v2\r\n"
                               "Accept: " PROVISIONING_MEDIA_TYPE "\r\n"
                               "Supported: ms-piggyback-first-notify\r\n"
                               "Expires: 0\r\n");
    provisioning_write_request(&body);
    visit_move(visit, VISIT_PROVISIONING);
    if (buffer_failed(&body) || buffer_failed(&lines)) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    } else if (chat_begin_call(visit, &visit->subscription, slice_of_text(self),
                               slice_of_text(self))) {
        saying.lines = buffer_slice(&lines);
        saying.body = buffer_slice(&body);
        visit_ask(visit, &visit->subscription, DUE_SUBSCRIBE, &saying, 0);
    }
    buffer_deinit(&body);
    buffer_deinit(&lines);
}

static void invite(struct visit *visit)
{
    struct buffer lines = BUFFER_EMPTY, offer = BUFFER_EMPTY;
    struct saying saying = {.method = "INVITE", .type = "application/sdp"};
    struct slice pool = buffer_slice(&visit->pool);

    chat_write_contact(visit, &lines);
    buffer_append_text(&lines, "\r\nSupported: timer, ms-sender\r\n");
    /* The address says nothing: chat goes through this connection. */
    buffer_append_text(&offer, "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n"
                               "s=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                               "m=message 5060 sip null\r\n"
                               "a=accept-types:text/plain\r\n");
    visit_move(visit, VISIT_INVITING);
    if (buffer_failed(&lines) || buffer_failed(&offer)) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    } else if (chat_begin_call(visit, &visit->chat, pool, pool)) {
        saying.lines = buffer_slice(&lines);
        saying.body = buffer_slice(&offer);
        visit_ask(visit, &visit->chat, DUE_INVITE, &saying, 0);
    }
    buffer_deinit(&lines);
    buffer_deinit(&offer);
}

/* Where the chat is, by the document; else where clients of old look. */
void chat_found(struct visit *visit, const struct packet *answer)
{
    struct provisioned found = {0};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct slice uri = SLICE_NONE;

    if (arena == NULL) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
        return;
    }
    if (answer->status == 200 &&
        provisioning_read_answer(answer->body, arena, &found) ==
            XCCOS_ERROR_NONE) {
        uri = found.pool_uri;
    }
    if (found.is_disabled) {
        visit_fail(visit, CLIENT_CAUSE_DENIED,
                   "persistent chat is switched off for this user");
    } else {
        if (uri.len == 0) {
            uri = xccos_fallback_uri(arena, speaker_domain(&visit->speaker));
        }
        buffer_append_slice(&visit->pool, uri);
        invite(visit);
    }
    arena_free(arena);
}

void chat_acknowledge(struct visit *visit, uint32_t cseq)
{
    struct buffer out = BUFFER_EMPTY;
    struct saying ack = {.method = "ACK", .cseq = cseq};

    call_say(&out, &visit->chat, &visit->speaker, &ack);
    visit_say(visit, &out);
}

static void locate(struct visit *visit)
{
    struct xccos_primitive command = {
        .kind = XCCOS_KIND_COMMAND, .verb = XCCOS_VERB_REQURI, .seqid = 1};
    struct buffer body = BUFFER_EMPTY;
    struct saying saying = {.method = "INFO", .type = "text/plain"};

    visit_move(visit, VISIT_LOCATING);
    if (xccos_write_primitive(&body, 1, &command) != XCCOS_ERROR_NONE) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    } else {
        saying.body = buffer_slice(&body);
        visit_ask(visit, &visit->chat, DUE_INFO, &saying, 0);
    }
    buffer_deinit(&body);
}

static void be_ready(struct visit *visit)
{
    visit_move(visit, VISIT_READY);
    visit->events->ready(visit->context);
}

void chat_invited(struct visit *visit, const struct packet *answer)
{
    uint32_t cseq = visit->chat.cseq;

    if (answer->status == 503) {
        visit_end_refused(visit, CLIENT_CAUSE_BUSY, answer);
        return;
    }
    if (answer->status != 200 ||
        call_accept(&visit->chat, answer) != ERROR_NONE) {
        visit_end_refused(visit, CLIENT_CAUSE_UNFIT, answer);
        return;
    }
    visit->session_s = 0;
    (void)value_number(value_word(packet_value(answer, "Session-Expires")),
                       INT32_MAX, &visit->session_s);
    visit->update_us =
        visit->session_s == 0
            ? 0
            : loop_now_us(visit->loop) + (uint64_t)visit->session_s * 500000;
    chat_acknowledge(visit, cseq);
    if (visit->state != VISIT_INVITING) {
        return; /* The connection broke. */
    }
    if (visit->is_located) {
        be_ready(visit);
    } else {
        locate(visit);
    }
}

/* The server named by requri: the one that was invited, or one to invite. */
static void settle_on(struct visit *visit, struct slice uri)
{
    struct saying bye = {.method = "BYE"};

    visit->is_located = true;
    if (slice_equal_nocase(uri, buffer_slice(&visit->pool))) {
        be_ready(visit);
        return;
    }
    buffer_clear(&visit->pool);
    buffer_append_slice(&visit->pool, uri);
    visit_ask(visit, &visit->chat, DUE_BYE, &bye, 0);
    visit_find_due(visit, DUE_BYE)->kind = DUE_NONE; /* Nobody waits. */
    if (visit->state == VISIT_LOCATING) {
        invite(visit);
    }
}

void chat_located(struct visit *visit, struct slice body)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct xccos_envelope *envelope = NULL;
    const struct xccos_primitive *reply = NULL;

    if (arena != NULL &&
        xccos_read(body, arena, &envelope) == XCCOS_ERROR_NONE) {
        reply = envelope->primitives;
    }
    if (reply != NULL && reply->kind == XCCOS_KIND_REPLY &&
        reply->verb == XCCOS_VERB_REQURI) {
        if (reply->data.users == NULL || reply->data.users->uri.len == 0) {
            visit_fail(visit, CLIENT_CAUSE_UNFIT,
                       "the server does not say where the chat is");
        } else {
            settle_on(visit, reply->data.users->uri);
        }
    }
    arena_free(arena);
}
