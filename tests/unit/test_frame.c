#include "tests/unit/test.h"

#include <stdlib.h>

#include "proto/frame.h"

enum { KIND_NONE, KIND_SMALL, KIND_LARGE, KINDS };
enum { SMALL_MAX = 8, LARGE_MAX = 1024 * 1024 };

static const struct frame_limit kinds[KINDS] = {
    [KIND_SMALL] = {true, SMALL_MAX},
    [KIND_LARGE] = {true, LARGE_MAX},
};
static const struct frame_limits limits = {kinds, KINDS};

/* Two small frames and an empty one, as they stand on the wire. */
static const uint8_t stream[] = {
    3,   0, 0, 0,          KIND_SMALL, 1,          0, 0,   'o', 'n',
    'e', 0, 0, 0,          0,          KIND_LARGE, 1, 0,   0,   2,
    0,   0, 0, KIND_SMALL, 1,          0,          0, 'o', 'k',
};

static struct slice text(const char *bytes)
{
    return slice_of_text(bytes);
}

static void expect_frame(struct frame_reader *reader, uint8_t kind,
                         const char *payload)
{
    struct frame frame;

    assert_int_equal(frame_reader_next(reader, &frame), ERROR_NONE);
    assert_int_equal(frame.kind, kind);
    assert_true(slice_equal_text(frame.payload, payload));
}

/* The layout is a promise to other versions: byte by byte as documented. */
static void test_frame_append__writes_documented_layout(void **state)
{
    struct buffer buffer = BUFFER_EMPTY;
    struct slice parts[2] = {text("o"), text("ne")};
    struct slice last = text("ok");

    (void)state;
    assert_int_equal(frame_append(&buffer, &limits, KIND_SMALL, parts, 2),
                     ERROR_NONE);
    assert_int_equal(frame_append(&buffer, &limits, KIND_LARGE, NULL, 0),
                     ERROR_NONE);
    assert_int_equal(frame_append(&buffer, &limits, KIND_SMALL, &last, 1),
                     ERROR_NONE);
    assert_int_equal(buffer.len, sizeof(stream));
    assert_memory_equal(buffer.data, stream, sizeof(stream));
    assert_int_equal(frame_bytes(buffer.data), FRAME_HEADER_BYTES + 3);
    buffer_deinit(&buffer);
}

/* What a writer may not send it does not send half: the buffer keeps the
 * frames before and nothing else. */
static void test_frame_append__takes_back_what_is_refused(void **state)
{
    struct buffer buffer = BUFFER_EMPTY;
    struct slice ok = text("ok");
    struct slice nine = text("123456789");
    size_t before;

    (void)state;
    assert_int_equal(frame_append(&buffer, &limits, KIND_SMALL, &ok, 1),
                     ERROR_NONE);
    before = buffer.len;
    assert_int_equal(frame_append(&buffer, &limits, KIND_SMALL, &nine, 1),
                     ERROR_TOO_LARGE);
    assert_int_equal(frame_append(&buffer, &limits, KIND_NONE, &ok, 1),
                     ERROR_UNSUPPORTED);
    assert_int_equal(frame_append(&buffer, &limits, KINDS, &ok, 1),
                     ERROR_UNSUPPORTED);
    assert_int_equal(buffer.len, before);
    buffer_deinit(&buffer);
}

/* Frames are the same however the bytes are cut: every cut in two, and byte
 * by byte. */
static void test_frame_reader_next__any_cut(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= sizeof(stream); cut++) {
        struct frame_reader reader;
        struct frame frame;
        size_t frames = 0;

        frame_reader_init(&reader, &limits);
        frame_reader_feed(&reader, slice_of(stream, cut));
        while (frame_reader_next(&reader, &frame) == ERROR_NONE) {
            frames++;
        }
        frame_reader_feed(&reader,
                          slice_of(stream + cut, sizeof(stream) - cut));
        while (frame_reader_next(&reader, &frame) == ERROR_NONE) {
            frames++;
        }
        assert_int_equal(frames, 3);
        assert_int_equal(frame_reader_waiting(&reader), 0);
        frame_reader_deinit(&reader);
    }
}

static void test_frame_reader_next__byte_by_byte(void **state)
{
    static const char *const payloads[] = {"one", "", "ok"};
    static const size_t ends[] = {11, 19, 29};
    struct frame_reader reader;
    struct frame frame;
    size_t got = 0;

    (void)state;
    frame_reader_init(&reader, &limits);
    for (size_t i = 0; i < sizeof(stream); i++) {
        assert_int_equal(frame_reader_feed(&reader, slice_of(stream + i, 1)),
                         ERROR_NONE);
        if (i + 1 != ends[got]) {
            assert_int_equal(frame_reader_next(&reader, &frame),
                             ERROR_TRUNCATED);
            continue;
        }
        expect_frame(&reader, got == 1 ? KIND_LARGE : KIND_SMALL,
                     payloads[got]);
        got++;
    }
    assert_int_equal(got, 3);
    frame_reader_deinit(&reader);
}

/* Bytes may be received straight into the reader. */
static void test_frame_reader_room__receives_in_place(void **state)
{
    struct frame_reader reader;
    uint8_t *room;

    (void)state;
    frame_reader_init(&reader, &limits);
    room = frame_reader_room(&reader, 4096);
    memcpy(room, stream, sizeof(stream));
    frame_reader_filled(&reader, sizeof(stream));
    expect_frame(&reader, KIND_SMALL, "one");
    expect_frame(&reader, KIND_LARGE, "");
    expect_frame(&reader, KIND_SMALL, "ok");
    frame_reader_deinit(&reader);
}

static void expect_refused(const uint8_t header[FRAME_HEADER_BYTES],
                           enum error error)
{
    struct frame_reader reader;
    struct frame frame;

    frame_reader_init(&reader, &limits);
    frame_reader_feed(&reader, slice_of(header, FRAME_HEADER_BYTES));
    assert_int_equal(frame_reader_next(&reader, &frame), error);
    assert_int_equal(frame.kind, header[4]);
    assert_null(frame.payload.data);
    /* The stream stays refused, whatever comes. */
    frame_reader_feed(&reader, slice_of(stream, sizeof(stream)));
    assert_int_equal(frame_reader_next(&reader, &frame), error);
    frame_reader_deinit(&reader);
}

/* A header alone is enough to refuse a frame, and a refusal is final. */
static void test_frame_reader_next__refuses_by_header(void **state)
{
    (void)state;
    expect_refused((uint8_t[]){9, 0, 0, 0, KIND_SMALL, 1, 0, 0},
                   ERROR_TOO_LARGE);
    expect_refused((uint8_t[]){1, 0, 16, 0, KIND_LARGE, 1, 0, 0},
                   ERROR_TOO_LARGE);
    expect_refused((uint8_t[]){255, 255, 255, 255, KIND_LARGE, 1, 0, 0},
                   ERROR_TOO_LARGE);
    expect_refused((uint8_t[]){0, 0, 0, 0, KIND_NONE, 1, 0, 0},
                   ERROR_UNSUPPORTED);
    expect_refused((uint8_t[]){0, 0, 0, 0, 200, 1, 0, 0}, ERROR_UNSUPPORTED);
    expect_refused((uint8_t[]){0, 0, 0, 0, KIND_SMALL, 2, 0, 0},
                   ERROR_MALFORMED);
    expect_refused((uint8_t[]){0, 0, 0, 0, KIND_SMALL, 1, 1, 0},
                   ERROR_MALFORMED);
    expect_refused((uint8_t[]){0, 0, 0, 0, KIND_SMALL, 1, 0, 128},
                   ERROR_MALFORMED);
}

/* The limits are exact: a payload of the most bytes passes. */
static void test_frame_reader_next__takes_the_largest(void **state)
{
    struct frame_reader reader;
    struct slice eight = text("12345678");
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    frame_append(&buffer, &limits, KIND_SMALL, &eight, 1);
    frame_reader_init(&reader, &limits);
    frame_reader_feed(&reader, buffer_slice(&buffer));
    expect_frame(&reader, KIND_SMALL, "12345678");
    frame_reader_deinit(&reader);
    buffer_deinit(&buffer);
}

/* Memory follows the bytes that came, never the length that was announced,
 * and goes back when a large frame has been read. */
static void test_frame_reader_feed__memory_follows_bytes(void **state)
{
    static const uint8_t header[] = {0, 0, 16, 0, KIND_LARGE, 1, 0, 0};
    uint8_t *bytes = calloc(1, LARGE_MAX);
    struct frame_reader reader;
    struct frame frame;

    (void)state;
    frame_reader_init(&reader, &limits);
    frame_reader_feed(&reader, slice_of(header, sizeof(header)));
    frame_reader_feed(&reader, slice_of(bytes, 100));
    assert_int_equal(frame_reader_next(&reader, &frame), ERROR_TRUNCATED);
    assert_true(reader.bytes.capacity <= 256);
    frame_reader_feed(&reader, slice_of(bytes, LARGE_MAX - 100));
    assert_int_equal(frame_reader_next(&reader, &frame), ERROR_NONE);
    assert_int_equal(frame.payload.len, LARGE_MAX);
    assert_true(reader.bytes.capacity >= LARGE_MAX);
    frame_reader_feed(&reader, slice_of(header, 1));
    assert_true(reader.bytes.capacity <= FRAME_KEEP_BYTES);
    assert_int_equal(frame_reader_waiting(&reader), 1);
    frame_reader_deinit(&reader);
    free(bytes);
}

/* What may come can change between two frames of one stream. */
static void test_frame_reader_expect__judges_what_follows(void **state)
{
    static const struct frame_limits fewer = {kinds, KIND_LARGE};
    struct frame_reader reader;
    struct frame frame;

    (void)state;
    frame_reader_init(&reader, &limits);
    frame_reader_feed(&reader, slice_of(stream, sizeof(stream)));
    expect_frame(&reader, KIND_SMALL, "one");
    frame_reader_expect(&reader, &fewer);
    assert_int_equal(frame_reader_next(&reader, &frame), ERROR_UNSUPPORTED);
    frame_reader_deinit(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_frame_append__writes_documented_layout),
        RUN(test_frame_append__takes_back_what_is_refused),
        RUN(test_frame_reader_next__any_cut),
        RUN(test_frame_reader_next__byte_by_byte),
        RUN(test_frame_reader_room__receives_in_place),
        RUN(test_frame_reader_next__refuses_by_header),
        RUN(test_frame_reader_next__takes_the_largest),
        RUN(test_frame_reader_feed__memory_follows_bytes),
        RUN(test_frame_reader_expect__judges_what_follows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
