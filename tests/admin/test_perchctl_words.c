/* What perchctl makes of words, and what it tells of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/perchctl/beside.h"
#include "ops/perchctl/errand.h"
#include "ops/perchctl/field.h"
#include "ops/perchctl/help.h"
#include "ops/perchctl/print.h"
#include "ops/perchctl/text.h"
#include "tests/admin/samples.h"
#include "tests/unit/test.h"

#define HAS(text, part) assert_non_null(strstr(text, part))

enum { WORDS_MAX = 32, LINE_BYTES = 4096 };

struct scene {
    struct arena *arena;
    struct errand errand;
    char why[WHY_BYTES];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->arena = arena_new(4096);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    arena_free(scene->arena);
    free(scene);
    return 0;
}

/* Read a line of words that have no spaces in them. */
static bool read_line(struct scene *scene, const char *line)
{
    char *copy = arena_alloc(scene->arena, strlen(line) + 1);
    char *words[WORDS_MAX] = {(char *)(uintptr_t) "perchctl"};
    int n = 1;

    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word != NULL && n < WORDS_MAX;
         word = strtok(NULL, " ")) {
        words[n++] = word;
    }
    scene->why[0] = '\0';
    return errand_read(&scene->errand, scene->arena, n, words, scene->why);
}

/* Options stand anywhere, with a space or '='; "--" ends them. */
static void test_read__takes_options_anywhere(void **state)
{
    struct scene *scene = *state;
    const Perch__Admin__RoomsCreate *create;

    assert_true(read_line(scene, "--socket /a rooms --json create --member=a "
                                 "-n --category C --timeout 7 --member b "
                                 "--tls=h:1 --authority x --certificate y "
                                 "--key z -- --name"));
    create = (const Perch__Admin__RoomsCreate *)scene->errand.request;
    assert_slice_text(codec_slice(create->name), "--name");
    assert_slice_text(codec_slice(create->category), "C");
    assert_int_equal(create->n_members, 2);
    assert_slice_text(codec_slice(create->members[1]), "b");
    assert_false(create->has_visibility);
    assert_true(scene->errand.options.json);
    assert_true(scene->errand.options.dry_run);
    assert_int_equal(scene->errand.options.timeout_s, 7);
    assert_int_equal(scene->errand.options.n_endpoints, 2);
    assert_true(scene->errand.options.endpoints[1].is_far);
}

/* A verb may stand for a field's value. */
static void test_read__presets_fields(void **state)
{
    struct scene *scene = *state;
    const Perch__Admin__UsersChange *change;

    assert_true(read_line(scene, "users disable alice --if-version 3"));
    change = (const Perch__Admin__UsersChange *)scene->errand.request;
    assert_true(change->has_disabled && change->disabled);
    assert_int_equal(change->if_version, 3);
    assert_true(read_line(scene, "user enable alice"));
    change = (const Perch__Admin__UsersChange *)scene->errand.request;
    assert_true(change->has_disabled && !change->disabled);
}

static void test_read__takes_pairs_in_both_forms(void **state)
{
    struct scene *scene = *state;
    const Perch__Admin__SettingsSet *set;

    assert_true(read_line(scene, "pool set domain example.com"));
    set = (const Perch__Admin__SettingsSet *)scene->errand.request;
    assert_int_equal(set->n_settings, 1);
    assert_slice_text(codec_slice(set->settings[0]), "domain=example.com");
    assert_true(read_line(scene, "pool set a=1 b=2 c 3"));
    set = (const Perch__Admin__SettingsSet *)scene->errand.request;
    assert_int_equal(set->n_settings, 3);
    assert_slice_text(codec_slice(set->settings[2]), "c=3");
}

/* What makes no sense is refused, naming the word and where to read on. */
static void test_read__refuses_naming_the_word(void **state)
{
    struct scene *scene = *state;
    const struct {
        const char *line, *why;
    } cases[] = {
        {"", "no command was given"},
        {"frobs list", "no such command: frobs"},
        {"rooms", "what about them"},
        {"rooms frob", "no such command: rooms frob"},
        {"rooms show", "ROOM is missing; see perchctl help rooms show"},
        {"rooms show a b", "\"b\" is a word too many"},
        {"rooms create a", "--category is missing"},
        {"rooms create a --category", "--category needs a value"},
        {"rooms create a --category c --frob", "has no option --frob"},
        {"rooms create a --category c --visibility hidden",
         "secret or closed or open"},
        {"rooms create a --category c --disabled=yes", "takes no value"},
        {"rooms change a --if-version two", "a number from 0 to 4294967295"},
        {"rooms change a --if-version 4294967296", "a number"},
        {"rooms change a --if-version -1", "a number"},
        {"rooms show a --limit 3", "--limit and --after are for lists"},
        {"rooms list --limit 0",
         "--limit takes a whole number from 1, not \"0\""},
        {"--timeout 301 ping",
         "--timeout takes seconds from 1 to 300, not \"301\""},
        {"--timeout x ping", "not \"x\"; see perchctl help"},
        {"--socket", "--socket needs a value"},
        {"--frob ping", "no such option: --frob"},
        {"--tls h:1 ping", "--tls needs --authority"},
        {"users create a --password=x", "--password takes no value"},
        {"pool set", "NAME VALUE is missing"},
        {"nodes replace one", "NODE takes a number"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(read_line(scene, cases[i].line));
        HAS(scene->why, cases[i].why);
    }
}

/* More nodes than there is room for are refused, not forgotten. */
static void test_read__counts_nodes(void **state)
{
    struct scene *scene = *state;
    char line[LINE_BYTES] = "ping";

    for (int i = 0; i <= ENDPOINTS_MAX; i++) {
        strcat(line, " --socket=x");
    }
    assert_false(read_line(scene, line));
    HAS(scene->why, "--socket may be given 16 times at most");
}

/* Why stands before the command or after it, and is said once: it goes with the
 * request, and into the command that has a place for it. */
static void test_read__has_one_reason(void **state)
{
    static const char *const lines[] = {
        "messages clear Lobby --before 2031-02-03 --reason old",
        "--reason old messages clear Lobby --before 2031-02-03",
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const Perch__Admin__RoomsClear *clear;

        assert_true(read_line(scene, lines[i]));
        clear = (const Perch__Admin__RoomsClear *)scene->errand.request;
        assert_slice_text(codec_slice(clear->reason), "old");
        assert_string_equal(scene->errand.options.reason, "old");
    }
    assert_false(read_line(scene, "messages clear Lobby --before 2031-02-03"));
}

/* Every row of the table names fields that its request and reply have. */
static void test_commands__name_fields_that_exist(void **state)
{
    (void)state;
    for (size_t i = 0; command_at(i) != NULL; i++) {
        const struct command *command = command_at(i);
        const ProtobufCMessageDescriptor *request = command_request(command);

        for (size_t p = 0; p < PARAMETERS_MAX; p++) {
            const char *field = command->parameters[p].field;

            assert_true(field == NULL || field_exists(request, field));
        }
        assert_true(
            command->list == NULL ||
            (field_exists(admin_fact(command->kind)->reply, command->list) &&
             command->columns != NULL));
        assert_int_equal(strncmp(command->examples, "perchctl ", 9), 0);
        assert_ptr_equal(command_find(command->group, command->verb), command);
    }
}

/* Every kind can be asked for, and every field of every request given; what
 * brings records back is made of files (ops/perchctl/refill.h). */
static void test_commands__reach_everything(void **state)
{
    (void)state;
    FOR_EACH_ADMIN_KIND (kind) {
        const ProtobufCMessageDescriptor *request = admin_fact(kind)->request;

        for (unsigned f = 0; f < request->n_fields; f++) {
            bool found = kind == ADMIN_ARCHIVE_REFILL;

            for (size_t i = 0; command_at(i) != NULL; i++) {
                const struct command *command = command_at(i);

                for (size_t p = 0; p < PARAMETERS_MAX; p++) {
                    const char *field = command->parameters[p].field;

                    found =
                        found || (command->kind == kind && field != NULL &&
                                  strcmp(field, request->fields[f].name) == 0);
                }
            }
            assert_true(found);
        }
    }
}

static void read_all(FILE *file, char *to, size_t room)
{
    size_t len;

    rewind(file);
    len = fread(to, 1, room - 1, file);
    to[len] = '\0';
    assert_true(len < room - 1);
    fclose(file);
}

/* The manual in the tree is the one that the program prints. */
static void test_manual__is_up_to_date(void **state)
{
    static char now[256 * 1024], kept[256 * 1024];
    FILE *made = tmpfile();

    (void)state;
    help_manual(made);
    read_all(made, now, sizeof(now));
    read_all(fopen(MANUAL, "r"), kept, sizeof(kept));
    assert_string_equal(now, kept);
}

/* Help of a command has each of its options and an example. */
static void test_help__tells_every_option(void **state)
{
    static char text[64 * 1024];

    (void)state;
    for (size_t i = 0; command_at(i) != NULL; i++) {
        const struct command *command = command_at(i);
        FILE *to = tmpfile();

        assert_true(help_print(to, command->group, command->verb));
        read_all(to, text, sizeof(text));
        HAS(text, command->summary);
        HAS(text, "For example:\n  perchctl ");
        for (size_t p = 0; p < PARAMETERS_MAX; p++) {
            if (command->parameters[p].field != NULL) {
                HAS(text, command->parameters[p].name);
            }
        }
    }
    assert_false(help_print(stdout, "frobs", NULL));
    assert_false(help_print(stdout, "rooms", "frob"));
}

/* Every field of a reply is in the JSON under its name, the last value of an
 * enum in lower case; bytes that are not UTF-8 do not break it. */
static void test_json__has_every_field(void **state)
{
    struct scene *scene = *state;

    FOR_EACH_ADMIN_KIND (kind) {
        const ProtobufCMessageDescriptor *reply = admin_fact(kind)->reply;
        json_t *full = field_json(sample_message(scene->arena, reply));
        ProtobufCMessage *none =
            arena_alloc(scene->arena, reply->sizeof_message);
        json_t *empty;

        reply->message_init(none);
        empty = field_json(none);
        assert_int_equal(json_object_size(full), reply->n_fields);
        for (unsigned f = 0; f < reply->n_fields; f++) {
            const char *name = reply->fields[f].name;

            assert_false(json_is_null(json_object_get(full, name)));
            assert_true(json_is_null(json_object_get(empty, name)) ||
                        json_array_size(json_object_get(empty, name)) == 0);
        }
        json_decref(full);
        json_decref(empty);
    }
}

/* Options may stand before a command that is left to another program. */
static void test_beside__is_found_behind_options(void **state)
{
    static const struct {
        const char *words[4];
        bool is_asked;
    } cases[] = {
        {{"export", "f"}, true},
        {{"--json", "import", "f"}, true},
        {{"--socket", "s", "export", "f"}, true},
        {{"help", "export"}, true},
        {{"--socket", "export", "status"}, false},
        {{"rooms", "export"}, false},
        {{"messages", "import", "r"}, false},
        {{"--json"}, false},
        {{"--socket"}, false},
        {{NULL}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *argv[6] = {(char *)(uintptr_t) "perchctl"};
        int argc = 1;

        for (; argc < 5 && cases[i].words[argc - 1] != NULL; argc++) {
            argv[argc] = (char *)(uintptr_t)cases[i].words[argc - 1];
        }
        assert_int_equal(beside_is_asked(argc, argv), cases[i].is_asked);
    }
}

/* What was measured is shown as a number; a dash is for what was not. */
static void test_print__shows_what_was_measured(void **state)
{
    char shown[256];
    FILE *to = tmpfile();
    json_t *reply =
        json_pack("{s:s, s:n, s:f, s:[{s:s, s:f}, {s:s, s:n}]}", "result",
                  "done", "text", "latency_ms", 12.5, "steps", "step",
                  "sign_in", "ms", 2.5564, "step", "leave", "ms");

    (void)state;
    print_reply(to, command_find("messages", "test"), reply);
    read_all(to, shown, sizeof(shown));
    HAS(shown, "latency_ms: 12.500\n");
    HAS(shown, "sign_in  2.556\n");
    HAS(shown, "leave    -\n");
    json_decref(reply);
}

static void test_text__is_made_good(void **state)
{
    const struct {
        const char *bytes, *text;
    } cases[] = {
        {"plain", "plain"},
        {"\xff", "\xef\xbf\xbd"},
        {"a\xc3", "a\xef\xbf\xbd"},
        {"\xed\xa0\x80z", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"},
        {"\xf0\x9f\x98\x80!", "\xf0\x9f\x98\x80!"},
    };
    char shown[64];
    FILE *to = tmpfile();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json = text_json(slice_of_text(cases[i].bytes));

        assert_string_equal(json_string_value(json), cases[i].text);
        json_decref(json);
    }
    text_print(to, "a\x1b[2Jb\xc2\x9bz\xc3\xa9");
    read_all(to, shown, sizeof(shown));
    assert_string_equal(shown, "a?[2Jb?z\xc3\xa9");
    assert_int_equal(text_width("\xc3\xa9t\xc3\xa9"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_read__takes_options_anywhere, set_up, tear_down),
        RUN_IN(test_read__presets_fields, set_up, tear_down),
        RUN_IN(test_read__takes_pairs_in_both_forms, set_up, tear_down),
        RUN_IN(test_read__refuses_naming_the_word, set_up, tear_down),
        RUN_IN(test_read__counts_nodes, set_up, tear_down),
        RUN_IN(test_read__has_one_reason, set_up, tear_down),
        RUN(test_commands__name_fields_that_exist),
        RUN(test_commands__reach_everything),
        RUN(test_manual__is_up_to_date),
        RUN(test_help__tells_every_option),
        RUN_IN(test_json__has_every_field, set_up, tear_down),
        RUN(test_beside__is_found_behind_options),
        RUN(test_print__shows_what_was_measured),
        RUN(test_text__is_made_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
