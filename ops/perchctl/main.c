/* perchctl: administers a pool through any of its nodes. */
#include <stdio.h>
#include <string.h>

#include "ops/perchctl/ask.h"
#include "ops/perchctl/beside.h"
#include "ops/perchctl/field.h"
#include "ops/perchctl/help.h"
#include "ops/perchctl/input.h"
#include "ops/perchctl/messages.h"
#include "ops/perchctl/print.h"
#include "ops/perchctl/refill.h"
#include "ops/perchctl/secret.h"
#include "proto/base/check.h"

enum {
    ARENA_BYTES = 16 * 1024,
    REAL_DIGITS = 15, /* All that a double holds of a decimal: 9.422 so. */
};

/* A line that makes no sense may say in its rest that JSON is wanted. */
static bool wants_json(char *const *argv)
{
    for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
        if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0) {
            return true;
        }
    }
    return false;
}

static int refuse_usage(const char *why, bool json)
{
    if (json) {
        json_t *said =
            json_pack("{s:s, s:s, s:s, s:s}", "result", "usage", "outcome",
                      "USAGE", "text", why, "advice", "see perchctl help");

        json_dumpf(said, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
        json_decref(said);
    }
    fprintf(stderr, "perchctl: %s\n", why);
    return PERCH__ADMIN__RESULT__USAGE;
}

/* Output that cannot be written is told, but the change is made. */
static int finish(Perch__Admin__Result result)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("perchctl: standard output");
    }
    return (int)result;
}

/* Have a node do it, or do what is perchctl's own. */
static Perch__Admin__Result carry_out(const struct errand *errand,
                                      json_t **reply_out)
{
    const ProtobufCMessageDescriptor *own = errand->command->own;

    if (own == NULL) {
        return ask(errand, reply_out);
    }
    return own == &perch__admin__archive_refill_from__descriptor
               ? refill(errand, reply_out)
               : messages_test(errand, reply_out);
}

static int run(const struct errand *errand)
{
    json_t *reply;
    Perch__Admin__Result result = carry_out(errand, &reply);

    if (errand->options.json) {
        json_dumpf(reply, stdout,
                   JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS));
        fputc('\n', stdout);
    } else if (result == PERCH__ADMIN__RESULT__DONE) {
        print_reply(stdout, errand->command, reply);
    }
    if (result != PERCH__ADMIN__RESULT__DONE) {
        print_trouble(stderr, reply);
    }
    json_decref(reply);
    return finish(result);
}

static int run_with_secret(const struct errand *errand)
{
    char secret[SECRET_BYTES_MAX + 1], why_not[FIELD_WHY_BYTES];
    const char *why;
    int code;

    if (secret_read(secret, &why)) {
        CHECK(field_set(errand->arena, errand->request, "password", secret,
                        why_not));
        code = run(errand);
    } else {
        code = refuse_usage(why, errand->options.json);
    }
    secret_wipe(secret);
    return code;
}

static int run_with_input(const struct errand *errand)
{
    char why[INPUT_WHY_BYTES];

    return input_read(stdin, errand->arena, errand->request, errand->input, why)
               ? run(errand)
               : refuse_usage(why, errand->options.json);
}

static int help(const struct errand *errand)
{
    if (errand->topic[0] != NULL && strcmp(errand->topic[0], "manual") == 0) {
        help_manual(stdout);
    } else if (!help_print(stdout, errand->topic[0], errand->topic[1])) {
        char why[WHY_BYTES];

        snprintf(why, sizeof(why), "no such command: %s%s%s; see perchctl help",
                 errand->topic[0], errand->topic[1] == NULL ? "" : " ",
                 errand->topic[1] == NULL ? "" : errand->topic[1]);
        return refuse_usage(why, errand->options.json);
    }
    return finish(PERCH__ADMIN__RESULT__DONE);
}

static int act(const struct errand *errand)
{
    if (errand->options.help) {
        return help(errand);
    }
    if (errand->options.version) {
        puts("perchctl " PERCH_VERSION);
        return finish(PERCH__ADMIN__RESULT__DONE);
    }
    if (errand->input != NULL) {
        return run_with_input(errand);
    }
    return errand->wants_secret ? run_with_secret(errand) : run(errand);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct errand errand;
    char why[WHY_BYTES];
    int code;

    CHECK(arena != NULL);
    if (beside_is_asked(argc, argv)) {
        return beside_become(argc, argv);
    }
    if (errand_read(&errand, arena, argc, argv, why)) {
        code = act(&errand);
    } else {
        code = refuse_usage(why, wants_json(argv));
    }
    arena_free(arena);
    return code;
}
