#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/client/visit_chat.h"
#include "proto/base/check.h"

#define TO(state) (1u << VISIT_##state)

/* Which states may follow which. */
static const unsigned may_follow[VISIT_STATES] = {
    [VISIT_OPENING] = TO(REGISTERING) | TO(OVER),
    [VISIT_REGISTERING] = TO(PROVISIONING) | TO(LEAVING) | TO(OVER),
    [VISIT_PROVISIONING] = TO(INVITING) | TO(LEAVING) | TO(OVER),
    [VISIT_INVITING] = TO(LOCATING) | TO(READY) | TO(LEAVING) | TO(OVER),
    [VISIT_LOCATING] = TO(INVITING) | TO(READY) | TO(LEAVING) | TO(OVER),
    [VISIT_READY] = TO(LEAVING) | TO(OVER),
    [VISIT_LEAVING] = TO(OVER),
    [VISIT_OVER] = 0,
};

void visit_move(struct visit *visit, enum visit_state next)
{
    CHECK((may_follow[visit->state] & (1u << next)) != 0);
    visit->state = next;
}

void visit_end(struct visit *visit, const struct visit_end *end)
{
    if (visit->state == VISIT_OVER) {
        return;
    }
    visit_move(visit, VISIT_OVER);
    if (!visit->is_closed) {
        visit->events->over(visit->context, end);
    }
}

void visit_fail(struct visit *visit, enum client_cause cause, const char *text)
{
    struct visit_end end = {.cause = cause};

    snprintf(end.text, sizeof(end.text), "%s", text);
    visit_end(visit, &end);
}

void visit_end_refused(struct visit *visit, enum client_cause cause,
                       const struct packet *answer)
{
    struct visit_answer read = visit_read_answer(visit, answer);
    struct visit_end end = {
        .cause = cause,
        .status = read.status,
        .retry_after_ms = read.retry_after_ms,
    };

    snprintf(end.text, sizeof(end.text), "%.*s answered %d: %.*s",
             SLICE_PRINT(answer->method), answer->status,
             SLICE_PRINT(read.reason));
    visit_end(visit, &end);
}

void visit_say(struct visit *visit, struct buffer *out)
{
    if (buffer_failed(out)) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    } else {
        visit->said_us = loop_now_us(visit->loop);
        link_send(visit->link, buffer_slice(out));
    }
    buffer_deinit(out);
}

void visit_ask(struct visit *visit, struct call *call, enum due_kind kind,
               struct saying *saying, uint64_t token)
{
    struct buffer out = BUFFER_EMPTY;
    struct due *due = visit_find_due(visit, DUE_NONE);

    CHECK(due != NULL);
    call->cseq++;
    saying->cseq = call->cseq;
    *due = (struct due){.kind = kind,
                        .cseq = call->cseq,
                        .token = token,
                        .sent_us = loop_now_us(visit->loop)};
    visit->infos_due += kind == DUE_INFO;
    call_say(&out, call, &visit->speaker, saying);
    visit_say(visit, &out);
}

static bool is_running(const struct visit *visit)
{
    return !visit->is_closed && visit->state != VISIT_OVER;
}

static void on_received(void *context, struct slice bytes)
{
    struct visit *visit = context;
    struct packet packet;
    enum error error = ERROR_NONE;

    visit->heard_us = loop_now_us(visit->loop);
    if (inbox_feed(&visit->inbox, bytes) != ERROR_NONE) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    }
    while (is_running(visit) && error == ERROR_NONE) {
        error = inbox_next(&visit->inbox, &packet);
        if (error == ERROR_NONE && packet.status != 0) {
            visit_take_answer(visit, &packet);
        } else if (error == ERROR_NONE) {
            serve_request(visit, &packet);
        }
    }
    if (error != ERROR_NONE && error != ERROR_TRUNCATED) {
        visit_fail(visit, CLIENT_CAUSE_MALFORMED, error_text(error));
    }
}

static void on_opened(void *context)
{
    struct visit *visit = context;

    link_local(visit->link, visit->speaker.local, sizeof(visit->speaker.local));
    visit->opened_us = loop_now_us(visit->loop);
    visit->heard_us = visit->opened_us;
    sign_in_begin(visit);
}

static void on_failed(void *context, enum error error, const char *reason)
{
    struct visit *visit = context;
    enum client_cause cause = CLIENT_CAUSE_LOST;

    if (visit->state == VISIT_LEAVING) {
        cause = CLIENT_CAUSE_LEFT;
    } else if (error == ERROR_TLS) {
        cause = CLIENT_CAUSE_UNTRUSTED;
    } else if (error == ERROR_NO_MEMORY) {
        cause = CLIENT_CAUSE_NO_MEMORY;
    } else if (visit->state == VISIT_OPENING) {
        cause = CLIENT_CAUSE_UNREACHED;
    } else if (error == ERROR_TIMED_OUT) {
        cause = CLIENT_CAUSE_SILENT;
    }
    visit_fail(visit, cause, reason);
}

static void on_closed(void *context)
{
    struct visit *visit = context;

    inbox_deinit(&visit->inbox);
    call_deinit(&visit->registration);
    call_deinit(&visit->subscription);
    call_deinit(&visit->chat);
    call_deinit(&visit->watch);
    call_deinit(&visit->publishing);
    buffer_deinit(&visit->pool);
    free(visit);
}

static const struct link_events link_events = {
    .opened = on_opened,
    .received = on_received,
    .failed = on_failed,
    .closed = on_closed,
};

struct visit *visit_open(struct loop *loop, const struct visitor *visitor,
                         const struct server *server,
                         const struct visit_events *events, void *context)
{
    struct visit *visit = calloc(1, sizeof(*visit));
    struct link_target target = {
        .host = server->host,
        .port = server->port,
        .turn = server->turns,
        .trust = visitor->trust,
        .connect_ms = visitor->limits->connect_ms,
    };

    if (visit == NULL) {
        return NULL;
    }
    visit->loop = loop;
    visit->visitor = visitor;
    visit->events = events;
    visit->context = context;
    visit->is_located = !visitor->locates;
    visit->speaker.is_secure = visitor->trust != NULL;
    snprintf(visit->speaker.user, sizeof(visit->speaker.user), "%s",
             visitor->user);
    snprintf(visit->speaker.instance, sizeof(visit->speaker.instance), "%s",
             visitor->instance);
    snprintf(visit->speaker.epid, sizeof(visit->speaker.epid), "%.8s%.4s",
             visitor->instance, visitor->instance + 9);
    inbox_init(&visit->inbox);
    visit->link = link_open(loop, &target, &link_events, visit);
    if (visit->link == NULL) {
        free(visit);
        return NULL;
    }
    return visit;
}

bool visit_has_room(const struct visit *visit)
{
    return visit->state == VISIT_READY &&
           visit->infos_due < CLIENT_IN_FLIGHT_MAX;
}

void visit_send(struct visit *visit, struct slice body, uint64_t token)
{
    struct saying saying = {
        .method = "INFO", .type = "text/plain", .body = body};

    CHECK(visit_has_room(visit) && token != 0);
    visit_ask(visit, &visit->chat, DUE_INFO, &saying, token);
}

static void update(struct visit *visit, uint64_t now_us)
{
    struct saying saying = {.method = "UPDATE"};

    visit->update_us = visit->session_s == 0
                           ? 0
                           : now_us + (uint64_t)visit->session_s * 500000;
    if (visit_find_due(visit, DUE_UPDATE) == NULL) {
        visit_ask(visit, &visit->chat, DUE_UPDATE, &saying, 0);
    }
}

static void keep_up(struct visit *visit, uint64_t now_us)
{
    uint64_t probe_us = (uint64_t)visit->visitor->limits->probe_ms * 1000;

    if (visit->refresh_us != 0 && now_us >= visit->refresh_us &&
        visit_find_due(visit, DUE_REGISTER) == NULL) {
        sign_in_refresh(visit);
    }
    if (visit->watch_us != 0 && now_us >= visit->watch_us) {
        visit_watch(visit);
    }
    if ((visit->update_us != 0 && now_us >= visit->update_us) ||
        (now_us - visit->heard_us >= probe_us &&
         visit_find_due(visit, DUE_UPDATE) == NULL)) {
        update(visit, now_us);
    }
    if (visit->keep_alive_s != 0 &&
        now_us - visit->said_us >= (uint64_t)visit->keep_alive_s * 500000) {
        link_send(visit->link, SLICE_LITERAL("\r\n\r\n"));
        visit->said_us = now_us;
    }
}

/* Give up a server that leaves a request unanswered. */
static void check_dues(struct visit *visit, uint64_t now_us)
{
    uint64_t patience_us = (uint64_t)visit->visitor->limits->answer_ms * 1000;
    char text[VISIT_TEXT_BYTES_MAX];

    for (size_t i = 0; i < DUES_MAX; i++) {
        const struct due *due = &visit->dues[i];

        if (due->kind != DUE_NONE && now_us >= due->sent_us + patience_us) {
            snprintf(
                text, sizeof(text), "no answer to %s within %" PRIu32 " ms",
                visit_method(due->kind), visit->visitor->limits->answer_ms);
            visit_fail(visit, CLIENT_CAUSE_SILENT, text);
            return;
        }
    }
}

void visit_tick(struct visit *visit, uint64_t now_us)
{
    const struct client_limits *limits = visit->visitor->limits;

    switch (visit->state) {
    case VISIT_OPENING:
    case VISIT_OVER:
        return; /* The link has its own patience. */
    case VISIT_LEAVING:
        if (now_us >= visit->left_us + (uint64_t)limits->sign_out_ms * 1000) {
            visit_fail(visit, CLIENT_CAUSE_LEFT, "");
        }
        return;
    case VISIT_READY:
        keep_up(visit, now_us);
        break;
    default:
        if (now_us >= visit->opened_us + (uint64_t)limits->sign_in_ms * 1000) {
            visit_fail(visit, CLIENT_CAUSE_SILENT, "signing in took too long");
            return;
        }
        break;
    }
    check_dues(visit, now_us);
}

void visit_leave(struct visit *visit)
{
    struct saying bye = {.method = "BYE"};
    struct saying out = {.method = "REGISTER",
                         .lines = SLICE_LITERAL("Event: registration\r\n"
                                                "Expires: 0\r\n")};

    if (visit->state == VISIT_OPENING) {
        visit_fail(visit, CLIENT_CAUSE_LEFT, "");
    }
    if (visit->state >= VISIT_LEAVING) {
        return;
    }
    if (visit->state == VISIT_READY || visit->state == VISIT_LOCATING) {
        visit_ask(visit, &visit->chat, DUE_BYE, &bye, 0);
    }
    if (visit_find_due(visit, DUE_REGISTER) == NULL &&
        visit->state < VISIT_OVER) {
        visit_ask(visit, &visit->registration, DUE_REGISTER, &out, 0);
    }
    if (visit->state < VISIT_OVER) {
        visit_move(visit, VISIT_LEAVING);
        visit->left_us = loop_now_us(visit->loop);
    }
}

void visit_close(struct visit *visit)
{
    if (visit != NULL) {
        CHECK(!visit->is_closed);
        visit->is_closed = true;
        link_close(visit->link);
    }
}
