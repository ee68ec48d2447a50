#include "node/admin/answer.h"

#include <stdio.h>

#include "proto/base/check.h"

/* A refusal is the whole reply: what was prepared of another is dropped. */
static void refuse(struct answer *answer, struct refusal_fact fact,
                   struct slice about)
{
    Perch__Admin__Reply *reply = &answer->reply;
    struct slice text = slice_of_text(fact.text);

    if (about.len > 0) {
        text = answer_printf(answer, "%s: %.*s", fact.text, SLICE_PRINT(about));
    }
    answer->does = ANSWER_REPLIES;
    answer->body = NULL;
    CODEC_SET(reply, result, fact.result);
    ANSWER_TEXT(reply, outcome, slice_of_text(fact.name));
    CODEC_SET(reply, code, fact.code);
    ANSWER_TEXT(reply, text, text);
    CODEC_SET_BYTES(reply, advice, slice_of_text(fact.advice));
}

void answer_refuse(struct answer *answer, enum refusal refusal)
{
    refuse(answer, refusal_fact(refusal), SLICE_NONE);
}

void answer_refuse_about(struct answer *answer, enum refusal refusal,
                         struct slice about)
{
    refuse(answer, refusal_fact(refusal), about);
}

void answer_refuse_outcome(struct answer *answer, enum outcome outcome,
                           struct slice about)
{
    refuse(answer, refusal_of_outcome(outcome), about);
}

bool answer_refused(const struct answer *answer)
{
    return answer->reply.result != PERCH__ADMIN__RESULT__DONE;
}

static struct slice print(struct answer *answer, const char *format,
                          va_list arguments)
    __attribute__((format(printf, 2, 0)));

static struct slice print(struct answer *answer, const char *format,
                          va_list arguments)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, arguments);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    CHECK(len >= 0);
    text = answer_alloc(answer, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    return slice_of(text, (size_t)len);
}

void answer_tells(struct answer *answer, const char *deed, const char *format,
                  ...)
{
    va_list arguments;

    va_start(arguments, format);
    answer->subject = print(answer, format, arguments);
    va_end(arguments);
    answer->deed = deed;
}

Perch__Command *answer_proposes(struct answer *answer,
                                Perch__Command__KindCase kind)
{
    CHECK(answer->fact->access == ADMIN_CHANGE && answer->deed != NULL);
    answer->does = ANSWER_PROPOSES;
    answer->command.kind_case = kind;
    return &answer->command;
}

void answer_tell_change(struct answer *answer)
{
    Perch__Admin__Reply *reply = &answer->reply;
    const int len = (int)answer->subject.len;
    const char *subject = (const char *)answer->subject.data;
    struct slice text;

    CHECK(answer->deed != NULL && !answer_refused(answer));
    if (reply->has_text) {
        return; /* The decision had more to say. */
    }
    if (reply->already) {
        text = answer_printf(answer,
                             "%.*s is as asked already; nothing was changed",
                             len, subject);
    } else if (reply->dry_run) {
        text = answer_printf(answer, "%.*s would be %s; nothing was changed",
                             len, subject, answer->deed);
    } else {
        text = answer_printf(answer, "%.*s is %s", len, subject, answer->deed);
    }
    ANSWER_TEXT(reply, text, text);
}

void answer_keep_body(struct answer *answer)
{
    struct buffer bytes = BUFFER_EMPTY;

    CHECK(answer->body != NULL);
    codec_write(answer->body, &bytes);
    CHECK(!buffer_failed(&bytes));
    CHECK(codec_read(answer->arena, answer->body->descriptor,
                     buffer_slice(&bytes), &answer->body) == ERROR_NONE);
    buffer_deinit(&bytes);
}

void *answer_alloc(struct answer *answer, size_t bytes)
{
    void *memory = arena_alloc(answer->arena, bytes);

    CHECK(memory != NULL);
    return memory;
}

void *answer_new(struct answer *answer,
                 const ProtobufCMessageDescriptor *descriptor)
{
    void *message = answer_alloc(answer, descriptor->sizeof_message);

    descriptor->message_init(message);
    return message;
}

struct slice answer_printf(struct answer *answer, const char *format, ...)
{
    va_list arguments;
    struct slice text;

    va_start(arguments, format);
    text = print(answer, format, arguments);
    va_end(arguments);
    return text;
}
