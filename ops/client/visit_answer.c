#include "ops/client/value.h"
#include "ops/client/visit_chat.h"
#include "proto/base/check.h"

/* What the server says in words, in the places it may say it. */
static struct slice find_reason(const struct packet *packet)
{
    static const char *const names[] = {"ms-diagnostics-public",
                                        "ms-diagnostics"};
    struct slice warning = packet_value(packet, "Warning");
    const uint8_t *quote;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice reason =
            value_param(packet_value(packet, names[i]), "reason");

        if (reason.len > 0) {
            return reason;
        }
    }
    quote = warning.len == 0 ? NULL : memchr(warning.data, '"', warning.len);
    if (quote != NULL && warning.data[warning.len - 1] == '"' &&
        quote != &warning.data[warning.len - 1]) {
        warning = slice_after(warning, (size_t)(quote - warning.data) + 1);
        return slice_of(warning.data, warning.len - 1);
    }
    return packet->phrase;
}

/* "5", "5 (soon);duration=60": the seconds. */
static uint32_t read_retry_after(const struct visit *visit,
                                 const struct packet *packet)
{
    struct slice value = packet_value(packet, "Retry-After");
    uint32_t most_s = visit->visitor->limits->retry_after_max_ms / 1000;
    uint32_t seconds = 0;
    size_t len = 0;

    while (len < value.len && value.data[len] >= '0' &&
           value.data[len] <= '9') {
        len++;
    }
    if (len > 0 && !value_number(slice_of(value.data, len), most_s, &seconds)) {
        seconds = most_s;
    }
    return seconds * 1000;
}

struct visit_answer visit_read_answer(const struct visit *visit,
                                      const struct packet *packet)
{
    return (struct visit_answer){
        .status = packet->status,
        .retry_after_ms = read_retry_after(visit, packet),
        .reason = find_reason(packet),
    };
}

static const char *const methods[DUE_KINDS] = {
    [DUE_REGISTER] = "REGISTER", [DUE_SUBSCRIBE] = "SUBSCRIBE",
    [DUE_INVITE] = "INVITE",     [DUE_INFO] = "INFO",
    [DUE_UPDATE] = "UPDATE",     [DUE_BYE] = "BYE",
    [DUE_WATCH] = "SUBSCRIBE",   [DUE_PUBLISH] = "SERVICE",
};

const char *visit_method(enum due_kind kind)
{
    CHECK(kind > DUE_NONE && kind < DUE_KINDS);
    return methods[kind];
}

struct due *visit_find_due(struct visit *visit, enum due_kind kind)
{
    for (size_t i = 0; i < DUES_MAX; i++) {
        if (visit->dues[i].kind == kind) {
            return &visit->dues[i];
        }
    }
    return NULL;
}

static const struct call *call_of(const struct visit *visit, enum due_kind kind)
{
    switch (kind) {
    case DUE_REGISTER:
        return &visit->registration;
    case DUE_SUBSCRIBE:
        return &visit->subscription;
    case DUE_WATCH:
        return &visit->watch;
    case DUE_PUBLISH:
        return &visit->publishing;
    default:
        return &visit->chat;
    }
}

/* Whether an answer is to a request of a kind. */
static bool is_of(const struct visit *visit, const struct packet *answer,
                  enum due_kind kind)
{
    return slice_equal_text(answer->method, methods[kind]) &&
           slice_equal_text(answer->call_id, call_of(visit, kind)->id);
}

/* Find what an answer is to, by method, number and call; branches need not be
 * looked at. */
static struct due *match(struct visit *visit, const struct packet *answer)
{
    for (size_t i = 0; i < DUES_MAX; i++) {
        struct due *due = &visit->dues[i];

        if (due->kind != DUE_NONE && due->cseq == answer->cseq &&
            is_of(visit, answer, due->kind)) {
            return due;
        }
    }
    if (is_of(visit, answer, DUE_INVITE) && answer->status == 200) {
        chat_acknowledge(visit, answer->cseq); /* Our ACK was not seen. */
    }
    return NULL;
}

static void info_answered(struct visit *visit, uint64_t token,
                          const struct packet *packet)
{
    struct visit_answer answer = visit_read_answer(visit, packet);

    if (answer.status == 481) {
        visit_end_refused(visit, CLIENT_CAUSE_LOST, packet);
    } else if (token != 0) {
        visit->events->answered(visit->context, token, &answer);
    } else if (answer.status != 200) {
        visit_end_refused(visit, CLIENT_CAUSE_UNFIT, packet);
    }
}

/* The chat may be gone; that a server does not know UPDATE does no harm. */
static void update_answered(struct visit *visit, const struct packet *packet)
{
    uint32_t seconds;

    if (packet->status == 481) {
        visit_end_refused(visit, CLIENT_CAUSE_LOST, packet);
    } else if (value_number(value_word(packet_value(packet, "Session-Expires")),
                            UINT32_MAX, &seconds)) {
        visit->session_s = seconds;
    }
}

static void leave_answered(struct visit *visit)
{
    if (visit->state == VISIT_LEAVING &&
        visit_find_due(visit, DUE_REGISTER) == NULL) {
        visit_fail(visit, CLIENT_CAUSE_LEFT, "");
    }
}

void visit_take_answer(struct visit *visit, const struct packet *packet)
{
    struct due *due = match(visit, packet);
    struct due was;

    if (due == NULL || packet->status < 200) {
        return;
    }
    was = *due;
    due->kind = DUE_NONE;
    visit->infos_due -= was.kind == DUE_INFO;
    if (visit->state == VISIT_LEAVING) {
        leave_answered(visit);
    } else if (was.kind == DUE_INFO) {
        info_answered(visit, was.token, packet);
    } else if (was.kind == DUE_UPDATE) {
        update_answered(visit, packet);
    } else if (was.kind == DUE_WATCH || was.kind == DUE_PUBLISH) {
        presence_answered(visit, was.kind, packet);
    } else if (was.kind != DUE_BYE) {
        sign_in_answered(visit, was.kind, packet);
    }
}
