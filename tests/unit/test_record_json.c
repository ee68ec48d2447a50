#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/endian.h"
#include "proto/command.h"
#include "proto/record_json.h"

struct scene {
    struct buffer fields, command, leaf;
    struct record record;
    Perch__Command message;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->record = (struct record){.kind = RECORD_POST,
                                    .node = 2,
                                    .csn = 1200,
                                    .log_index = 88120,
                                    .term = 41,
                                    .time_us = 1789999999000001};
    perch__command__init(&scene->message);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    buffer_deinit(&scene->fields);
    buffer_deinit(&scene->command);
    buffer_deinit(&scene->leaf);
    free(scene);
    return 0;
}

static void put_raw(struct scene *scene, uint8_t tag, const void *value,
                    uint16_t len)
{
    uint8_t header[3] = {tag};

    put_be16(header + 1, len);
    buffer_append(&scene->fields, header, sizeof(header));
    buffer_append(&scene->fields, value, len);
}

/* Render what the scene has, and compare with a text. */
static void assert_json(struct scene *scene, struct slice payload,
                        const char *wanted)
{
    json_t *object;
    char *text;

    if (scene->command.len > 0) {
        scene->record.command = buffer_slice(&scene->command);
    }
    scene->record.fields = buffer_slice(&scene->fields);
    object = record_json(&scene->record, buffer_slice(&scene->leaf), payload);
    assert_non_null(object);
    text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(object);
}

#define HEADER                                                                 \
    "{\"csn\":1200,\"kind\":\"post\",\"time_us\":1789999999000001,\"node\":2," \
    "\"outcome\":0,\"log_index\":88120,\"term\":41,\"ordinal\":0"

/* Every form of field, in order, and the leaf. */
static void test_record_json__fields(void **state)
{
    static const uint8_t guid[16] = {0x2f, 0x6d, [15] = 9};
    static const uint8_t session[17] = {2, [8] = 5, [16] = 7};
    static const uint8_t numbers[16] = {[7] = 3, [15] = 4};
    struct scene *scene = *state;

    put_raw(scene, RECORD_FIELD_ROOM, guid, sizeof(guid));
    record_put_text(&scene->fields, RECORD_FIELD_USER,
                    SLICE_LITERAL("sip:a@b"));
    record_put_number(&scene->fields, RECORD_FIELD_PRINCIPAL, 7);
    put_raw(scene, RECORD_FIELD_SESSION, session, sizeof(session));
    put_raw(scene, RECORD_FIELD_WITHHOLDS, numbers, sizeof(numbers));
    put_raw(scene, RECORD_FIELD_WITHHOLDS, numbers, 8);
    put_raw(scene, RECORD_FIELD_DIGEST, "\xab\xcd", 2);
    record_put_text(&scene->fields, RECORD_FIELD_NAME, SLICE_LITERAL("a"));
    buffer_append_text(&scene->leaf, "leaf");
    assert_json(scene, SLICE_NONE,
                HEADER
                ",\"room\":\"2f6d0000-0000-0000-0000-000000000009\","
                "\"user\":\"sip:a@b\",\"principal\":7,"
                "\"session\":\"0200000000000000050000000000000007\","
                "\"withholds\":[3,4,3],\"digest\":\"abcd\",\"name\":\"a\","
                "\"leaf\":\"bGVhZg==\"}");
}

/* A field that comes again is a list; texts that are no UTF-8, and those with
 * a NUL, are hex; an empty text is one. */
static void test_record_json__odd_fields(void **state)
{
    struct scene *scene = *state;

    record_put_text(&scene->fields, RECORD_FIELD_USER, SLICE_NONE);
    put_raw(scene, RECORD_FIELD_NAME, "one", 3);
    put_raw(scene, RECORD_FIELD_NAME, "\xff", 1);
    put_raw(scene, RECORD_FIELD_NAME, "a\0b", 3);
    put_raw(scene, 200, "\x01\x02", 2);
    assert_json(scene, SLICE_NONE,
                HEADER ",\"user\":\"\",\"name\":[\"one\",{\"hex\":\"ff\"},"
                       "{\"hex\":\"610062\"}],\"field_200\":\"0102\"}");
}

/* A kind of a later program keeps its number; a number that JSON's readers
 * would take for a negative one is text. */
static void test_record_json__later_kind(void **state)
{
    struct scene *scene = *state;

    scene->record.kind = 250;
    scene->record.term = UINT64_MAX;
    assert_json(scene, SLICE_NONE,
                "{\"csn\":1200,\"kind\":\"unknown\",\"kind_number\":250,"
                "\"time_us\":1789999999000001,\"node\":2,\"outcome\":0,"
                "\"log_index\":88120,\"term\":\"18446744073709551615\","
                "\"ordinal\":0}");
}

/* A post: its room as a guid, its text as text, what is absent left out. */
static void test_record_json__post(void **state)
{
    static uint8_t room[16] = {0x2f};
    struct scene *scene = *state;
    Perch__Post post = PERCH__POST__INIT;

    CODEC_SET_BYTES(&scene->message, user, SLICE_LITERAL("sip:a@b"));
    CODEC_SET(&scene->message, session, 5);
    CODEC_SET_BYTES(&post, room, slice_of(room, sizeof(room)));
    CODEC_SET_BYTES(&post, text, SLICE_LITERAL("hi \"you\"\n\xc3\xa9"));
    CODEC_SET(&post, alert, true);
    CODEC_SET(&post, client_at_us, -1);
    scene->message.kind_case = PERCH__COMMAND__KIND_POST;
    scene->message.post = &post;
    codec_write(&scene->message.base, &scene->command);
    assert_json(scene, SLICE_NONE,
                HEADER ",\"command\":{\"user\":\"sip:a@b\",\"session\":5,"
                       "\"post\":{\"room\":"
                       "\"2f000000-0000-0000-0000-000000000000\","
                       "\"text\":\"hi \\\"you\\\"\\n\xc3\xa9\","
                       "\"alert\":true,\"client_at_us\":-1}}}");
}

/* Lists, enums by name, messages within messages; a password's hash is told by
 * its length alone. */
static void test_record_json__administration(void **state)
{
    struct scene *scene = *state;
    Perch__UserCreate user = PERCH__USER_CREATE__INIT;
    Perch__PoolPut pool = PERCH__POOL_PUT__INIT;
    Perch__PoolPut__Setting setting = PERCH__POOL_PUT__SETTING__INIT;
    Perch__PoolPut__Setting *settings[] = {&setting, &setting};

    CODEC_SET(&scene->message, credential, PERCH__CREDENTIAL__LOCAL);
    CODEC_SET_BYTES(&user, uri, SLICE_LITERAL("sip:a@b"));
    CODEC_SET_BYTES(&user, ha1, SLICE_LITERAL("0123456789abcdef"));
    CODEC_SET(&user, chat, (Perch__ChatPolicy)99);
    scene->message.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    scene->message.user_create = &user;
    codec_write(&scene->message.base, &scene->command);
    assert_json(scene, SLICE_NONE,
                HEADER ",\"command\":{\"credential\":\"local\","
                       "\"user_create\":{\"uri\":\"sip:a@b\","
                       "\"ha1\":{\"bytes\":16},\"chat\":99}}}");
    buffer_clear(&scene->command);
    CODEC_SET(&setting, number, 3);
    CODEC_SET(&setting, value, 4);
    pool.settings = settings;
    pool.n_settings = 2;
    scene->message.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    scene->message.pool_put = &pool;
    codec_write(&scene->message.base, &scene->command);
    assert_json(scene, SLICE_NONE,
                HEADER ",\"command\":{\"credential\":\"local\","
                       "\"pool_put\":{\"settings\":["
                       "{\"number\":3,\"value\":4},"
                       "{\"number\":3,\"value\":4}]}}}");
}

/* A command beside the archive: its digest, and what it says as long as that
 * is kept. */
static void test_record_json__withheld(void **state)
{
    static const uint8_t digest[RECORD_DIGEST_BYTES] = {0xd1};
    struct scene *scene = *state;
#define DIGEST                                                                 \
    "d100000000000000000000000000000000000000000000000000000000000000"

    scene->record.flags = RECORD_WITHHELD;
    scene->record.command = slice_of(digest, sizeof(digest));
    assert_json(scene, SLICE_NONE, HEADER ",\"withheld\":\"" DIGEST "\"}");
    assert_json(scene, SLICE_LITERAL("\x12\x01x"),
                HEADER ",\"withheld\":\"" DIGEST
                       "\",\"command\":{\"user\":\"x\"}}");
}

/* Bytes that are no command are told as they are; fields of a later program
 * are counted. */
static void test_record_json__unreadable(void **state)
{
    struct scene *scene = *state;

    buffer_append(&scene->command, "\xff\xff", 2);
    assert_json(scene, SLICE_NONE,
                HEADER ",\"command\":{\"unreadable\":\"ffff\"}}");
    buffer_clear(&scene->command);
    buffer_append(&scene->command, "\x12\x01x\xb8\x3e\x01", 6);
    assert_json(scene, SLICE_NONE,
                HEADER ",\"command\":{\"user\":\"x\",\"unknown_fields\":1}}");
}

static void check_types(const ProtobufCMessageDescriptor *message, int depth)
{
    assert_true(depth < 8);
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];

        switch (field->type) {
        case PROTOBUF_C_TYPE_MESSAGE:
            check_types(field->descriptor, depth + 1);
            break;
        case PROTOBUF_C_TYPE_BYTES:
        case PROTOBUF_C_TYPE_BOOL:
        case PROTOBUF_C_TYPE_UINT32:
        case PROTOBUF_C_TYPE_UINT64:
        case PROTOBUF_C_TYPE_INT64:
        case PROTOBUF_C_TYPE_ENUM:
            break;
        default:
            fail_msg("%s.%s is of a type that is not rendered", message->name,
                     field->name);
        }
    }
}

/* All types of fields that commands have are rendered. */
static void test_command_json__all_types(void **state)
{
    (void)state;
    check_types(&perch__command__descriptor, 0);
}

/* No field of records has the name of a member of its own. */
static void test_record_json__names_differ(void **state)
{
    static const char *const members[] = {
        "csn",       "kind", "kind_number", "time_us",  "node",    "outcome",
        "log_index", "term", "ordinal",     "withheld", "command", "leaf"};

    (void)state;
    for (unsigned tag = 0; tag <= UINT8_MAX; tag++) {
        const char *name = record_field_name((uint8_t)tag);

        for (size_t i = 0; name != NULL && i < 12; i++) {
            assert_string_not_equal(name, members[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_record_json__fields, set_up, tear_down),
        RUN_IN(test_record_json__odd_fields, set_up, tear_down),
        RUN_IN(test_record_json__later_kind, set_up, tear_down),
        RUN_IN(test_record_json__post, set_up, tear_down),
        RUN_IN(test_record_json__administration, set_up, tear_down),
        RUN_IN(test_record_json__withheld, set_up, tear_down),
        RUN_IN(test_record_json__unreadable, set_up, tear_down),
        RUN(test_command_json__all_types),
        RUN(test_record_json__names_differ),
    };

    return cmocka_run_group_tests_name("record_json", tests, NULL, NULL);
}
