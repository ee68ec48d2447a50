#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "node/compliance/export_ack.h"
#include "node/compliance/export_order.h"

#define SHEET "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct scene {
    struct arena *arena;
    struct exporting_settings settings;
    struct adapter_view adapter;
    struct cut_view cut;
    struct export_order order;
    char why[ADAPTER_WHY_BYTES];
};

static int setup(void **state)
{
    static const char *const programs[] = {"bad", "splunk /opt/splunk --in  x"};
    static const char *const outputs[] = {"/srv/export", "/mnt/worm/"};
    struct scene *s = calloc(1, sizeof(*s));

    s->arena = arena_new(1024);
    s->settings = (struct exporting_settings){
        .adapter_program = "/usr/bin/perch-adapter",
        .programs = programs,
        .n_programs = 2,
        .outputs = outputs,
        .n_outputs = 2,
    };
    s->adapter = (struct adapter_view){.name = SLICE_LITERAL("vault"),
                                       .type = PERCH__ADAPTER_TYPE__XML,
                                       .output = SLICE_LITERAL("vault")};
    s->cut = (struct cut_view){.first_csn = 7, .last_csn = 19};
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;

    arena_free(s->arena);
    free(s);
    return 0;
}

static enum error make(struct scene *s, Perch__AdapterType type,
                       const char *output)
{
    s->adapter.type = type;
    s->adapter.output = slice_of_text(output);
    return export_order_make(&s->settings, &s->adapter, &s->cut, s->arena,
                             &s->order, s->why);
}

/* A built-in adapter runs perch-adapter and is told its cut; nothing else of
 * this process's environment is there. */
static void test_make__built_in(void **state)
{
    struct scene *s = *state;

    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__CSV, "vault"), ERROR_NONE);
    assert_string_equal(s->order.words[0], "/usr/bin/perch-adapter");
    assert_null(s->order.words[1]);
    assert_string_equal(s->order.environment[1], "PERCH_ADAPTER=vault");
    assert_string_equal(s->order.environment[2], "PERCH_FIRST_CSN=7");
    assert_string_equal(s->order.environment[3], "PERCH_LAST_CSN=19");
    assert_null(s->order.environment[4]);
}

/* Only a program that the node's own configuration names is run. */
static void test_make__program(void **state)
{
    struct scene *s = *state;

    s->adapter.program = SLICE_LITERAL("splunk");
    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__PROGRAM, ""), ERROR_NONE);
    assert_string_equal(s->order.words[0], "/opt/splunk");
    assert_string_equal(s->order.words[1], "--in");
    assert_string_equal(s->order.words[2], "x");
    assert_null(s->order.words[3]);
    s->adapter.program = SLICE_LITERAL("/bin/sh");
    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__PROGRAM, ""),
                     ERROR_NOT_FOUND);
    s->adapter.program = SLICE_LITERAL("bad");
    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__PROGRAM, ""),
                     ERROR_NOT_FOUND);
}

static void assert_directory(struct scene *s, const char *output,
                             const char *directory)
{
    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__XML, output), ERROR_NONE);
    assert_string_equal(s->order.directory, directory);
    assert_true(slice_equal_text(s->order.output, directory));
}

/* What is said without a directory lies below the first that is allowed. */
static void test_make__output_allowed(void **state)
{
    struct scene *s = *state;

    assert_directory(s, "vault", "/srv/export/vault");
    assert_directory(s, "a/b", "/srv/export/a/b");
    assert_directory(s, "/srv/export", "/srv/export");
    assert_directory(s, "/srv/export/x", "/srv/export/x");
    assert_directory(s, "/mnt/worm/x", "/mnt/worm/x");
}

/* Whoever may configure adapters for the pool cannot have nodes write just
 * anywhere: not above, not beside, not by a name that begins alike. */
static void test_make__output_refused(void **state)
{
    static const char *const outputs[] = {"/etc",
                                          "/",
                                          "..",
                                          "../x",
                                          "a/../../x",
                                          "./x",
                                          "a//b",
                                          "/srv/exports",
                                          "/srv/export/..",
                                          "/srv",
                                          "/srv/export/",
                                          "/srv/export/../x",
                                          "/mnt/wormhole",
                                          "//srv/export",
                                          "a/",
                                          "/srv//export/x"};
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        assert_int_equal(make(s, PERCH__ADAPTER_TYPE__XML, outputs[i]),
                         ERROR_REFUSED);
        assert_non_null(strstr(s->why, "is not below"));
    }
}

/* Databases and mail are no directories; only types that have such may. */
static void test_make__output_elsewhere(void **state)
{
    struct scene *s = *state;

    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__POSTGRESQL, "host=db"),
                     ERROR_NONE);
    assert_null(s->order.directory);
    assert_slice_text(s->order.output, "host=db");
    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__EML, "smtp://mail:25"),
                     ERROR_NONE);
    assert_null(s->order.directory);
    assert_int_equal(make(s, PERCH__ADAPTER_TYPE__XML, "file:///etc"),
                     ERROR_REFUSED);
}

/* Exactly the cut's last record, and a sheet: anything else is a lie. */
static void test_ack_read(void **state)
{
    static const struct {
        const char *line;
        enum error error;
    } rows[] = {
        {"{\"ack\": 19, \"sheet\": \"" SHEET "\"}", ERROR_NONE},
        {"{\"ack\": 20, \"sheet\": \"" SHEET "\"}", ERROR_REFUSED},
        {"{\"ack\": 18, \"sheet\": \"" SHEET "\"}", ERROR_REFUSED},
        {"{\"ack\": -1, \"sheet\": \"" SHEET "\"}", ERROR_MALFORMED},
        {"{\"ack\": \"19\", \"sheet\": \"" SHEET "\"}", ERROR_MALFORMED},
        {"{\"ack\": 19}", ERROR_MALFORMED},
        {"{\"ack\": 19, \"sheet\": \"00\"}", ERROR_MALFORMED},
        {"{\"ack\": 19, \"sheet\": \"" SHEET "0\"}", ERROR_MALFORMED},
        {"[19]", ERROR_MALFORMED},
        {"19", ERROR_MALFORMED},
        {"", ERROR_MALFORMED},
        {"done", ERROR_MALFORMED},
    };
    struct scene *s = *state;
    uint8_t sheet[MERKLE_HASH_BYTES];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(export_ack_read(rows[i].line, 19, sheet, s->why),
                         rows[i].error);
    }
    assert_int_equal(sheet[0], 0x00);
    assert_int_equal(sheet[31], 0xff);
}

/* From a second, doubling, to five minutes, whatever the number. */
static void test_retry_ms(void **state)
{
    (void)state;
    assert_int_equal(export_retry_ms(1), 1000);
    assert_int_equal(export_retry_ms(2), 2000);
    assert_int_equal(export_retry_ms(5), 16000);
    assert_int_equal(export_retry_ms(9), 256000);
    assert_int_equal(export_retry_ms(10), 300000);
    assert_int_equal(export_retry_ms(UINT32_MAX), 300000);
}

int main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SCENE(test_make__built_in),
        SCENE(test_make__program),
        SCENE(test_make__output_allowed),
        SCENE(test_make__output_refused),
        SCENE(test_make__output_elsewhere),
        SCENE(test_ack_read),
        SCENE(test_retry_ms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
