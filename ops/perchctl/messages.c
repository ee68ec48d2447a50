#include "ops/perchctl/messages.h"

#include <stdio.h>
#include <string.h>

#include "ops/client/secure.h"
#include "ops/perchctl/ask.h"
#include "ops/perchctl/exchange.h"
#include "ops/perchctl/field.h"
#include "ops/perchctl/secret.h"
#include "ops/perchctl/text.h"
#include "proto/base/check.h"

enum { TEXT_BYTES = 512, ARENA_BYTES = 16 * 1024, WORDS_MAX = 16 };

/* Where the test room is. */
#define CATEGORY "Synthetic transactions"

/* A field's text that ends with NUL; NULL: not given. Of argv, where words end
 * so, or of secret.h. */
static const char *text_of(bool is_given, ProtobufCBinaryData bytes)
{
    return is_given ? (const char *)bytes.data : NULL;
}

/* Have a node make something, by the words that would ask for it. */
static Perch__Admin__Result make(const struct errand *errand,
                                 const char *const *words, const char *password,
                                 json_t **reply_out)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    char *argv[WORDS_MAX + 1] = {(char *)(uintptr_t) "perchctl"};
    char why[WHY_BYTES];
    struct errand making;
    Perch__Admin__Result result;
    int argc = 1;

    CHECK(arena != NULL);
    for (; *words != NULL; words++) {
        CHECK(argc < WORDS_MAX);
        argv[argc++] = (char *)(uintptr_t)*words;
    }
    CHECK(errand_read(&making, arena, argc, argv, why));
    making.options = errand->options;
    if (password != NULL) {
        CHECK(field_set(arena, making.request, "password", password, why));
    }
    result = ask(&making, reply_out);
    arena_free(arena);
    return result;
}

/* The users, the category and the room; what is there already stays. */
static Perch__Admin__Result set_up(const struct errand *errand,
                                   const struct exchange_settings *settings,
                                   json_t **reply_out)
{
    const char *const *users = settings->users;
    const char *const first[] = {"users", "create", "--", users[0], NULL};
    const char *const second[] = {"users", "create", "--", users[1], NULL};
    const char *const category[] = {"categories", "create", CATEGORY, NULL};
    const char *const room[] = {"rooms",        "create",   "--category",
                                CATEGORY,       "--member", users[0],
                                "--member",     users[1],   "--",
                                settings->room, NULL};
    const struct {
        const char *const *words;
        const char *password;
    } things[] = {{first, settings->password},
                  {second, settings->password},
                  {category, NULL},
                  {room, NULL}};
    Perch__Admin__Result result = PERCH__ADMIN__RESULT__DONE;

    *reply_out = NULL;
    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]) &&
                       result == PERCH__ADMIN__RESULT__DONE;
         i++) {
        json_decref(*reply_out);
        result = make(errand, things[i].words, things[i].password, reply_out);
    }
    return result;
}

static json_t *show_steps(const struct exchange_result *result)
{
    json_t *steps = json_array();

    for (unsigned i = 0; i < STEPS; i++) {
        bool is_done = i < result->steps;

        json_array_append_new(
            steps,
            json_pack("{s:s, s:s, s:o}", "step",
                      exchange_step_word((enum exchange_step_kind)i), "result",
                      is_done                               ? "done"
                      : i == result->steps && !result->done ? "failed"
                                                            : "not_tried",
                      "ms",
                      is_done ? json_real((double)result->step_us[i] / 1000)
                              : json_null()));
    }
    return steps;
}

static json_t *show(const struct exchange_settings *settings,
                    const struct exchange_result *result)
{
    uint64_t all_us = 0;
    const char *word = result->done      ? "done"
                       : result->reached ? "refused"
                                         : "unreachable";
    json_t *reply = json_pack(
        "{s:s, s:s, s:o, s:s}", "result", word, "outcome",
        result->done ? "DONE" : "STEP_FAILED", "text",
        result->done ? json_null() : text_json(slice_of_text(result->text)),
        "advice", "");

    for (unsigned i = 0; i < result->steps; i++) {
        all_us += result->step_us[i];
    }
    json_object_set_new(reply, "from", json_string(settings->users[0]));
    json_object_set_new(reply, "to", json_string(settings->users[1]));
    json_object_set_new(reply, "latency_ms", json_real((double)all_us / 1000));
    json_object_set_new(reply, "steps", show_steps(result));
    return reply;
}

static Perch__Admin__Result run(const struct exchange_settings *settings,
                                json_t **reply_out)
{
    struct exchange_result result;

    exchange_run(settings, &result);
    *reply_out = show(settings, &result);
    if (result.done) {
        return PERCH__ADMIN__RESULT__DONE;
    }
    return result.reached ? PERCH__ADMIN__RESULT__REFUSED
                          : PERCH__ADMIN__RESULT__UNREACHABLE;
}

static Perch__Admin__Result refuse_trust(const char *reason, json_t **reply_out)
{
    *reply_out =
        json_pack("{s:s, s:s, s:o, s:s}", "result", "usage", "outcome",
                  "AUTHORITY", "text", text_json(slice_of_text(reason)),
                  "advice", "name a file of PEM certificates");
    return PERCH__ADMIN__RESULT__USAGE;
}

Perch__Admin__Result messages_test(const struct errand *errand,
                                   json_t **reply_out)
{
    const Perch__Admin__MessagesTest *asked =
        (const Perch__Admin__MessagesTest *)errand->request;
    struct exchange_settings settings = {
        .users = {text_of(true, asked->from), text_of(true, asked->to)},
        .servers = {text_of(true, asked->server),
                    asked->has_to_server ? text_of(true, asked->to_server)
                                         : text_of(true, asked->server)},
        .password = text_of(asked->has_password, asked->password),
        .room = text_of(true, asked->room),
        .timeout_ms = errand->options.timeout_s * 1000,
    };
    char reason[SECURE_REASON_BYTES_MAX];
    struct trust *trust = NULL;
    Perch__Admin__Result result = PERCH__ADMIN__RESULT__DONE;

    if (asked->has_sip_authority &&
        trust_open(text_of(true, asked->sip_authority), false, &trust,
                   reason) != ERROR_NONE) {
        return refuse_trust(reason, reply_out);
    }
    settings.trust = trust;
    if (asked->setup) {
        result = set_up(errand, &settings, reply_out);
    }
    if (result == PERCH__ADMIN__RESULT__DONE) {
        json_decref(asked->setup ? *reply_out : NULL);
        result = run(&settings, reply_out);
    }
    trust_close(trust);
    return result;
}
