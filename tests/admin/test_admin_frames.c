/* The bytes between perchctl and nodes, which are of different versions for a
 * while in every upgrade.
 *
 *   test_admin_frames --write     prints the bytes as they are now
 */
#include <stdio.h>
#include <string.h>

#include "tests/admin/samples.h"
#include "tests/unit/test.h"

enum { LINE_BYTES_MAX = 64 * 1024 };

static void print_frame(FILE *to, const char *name, const char *what,
                        struct slice frame)
{
    fprintf(to, "%s %s ", name, what);
    for (size_t i = 0; i < frame.len; i++) {
        fprintf(to, "%02x", frame.data[i]);
    }
    fputc('\n', to);
}

static void print_all(FILE *to)
{
    struct arena *arena = arena_new(4096);
    struct buffer frame = BUFFER_EMPTY;

    FOR_EACH_ADMIN_KIND(kind)
    {
        const char *name = admin_fact(kind)->name;

        buffer_clear(&frame);
        sample_request(arena, kind, &frame);
        print_frame(to, name, "request", buffer_slice(&frame));
        buffer_clear(&frame);
        sample_reply(arena, kind, &frame);
        print_frame(to, name, "reply", buffer_slice(&frame));
    }
    buffer_deinit(&frame);
    arena_free(arena);
}

/* Every kind has the bytes it always had, with something in every field. New
 * fields change a line by bytes at the end of their message and nothing else.
 */
static void test_frames__are_golden(void **state)
{
    static char wanted[LINE_BYTES_MAX], found[LINE_BYTES_MAX];
    FILE *golden = fopen(GOLDEN, "r"), *now = tmpfile();

    (void)state;
    assert_non_null(golden);
    assert_non_null(now);
    print_all(now);
    rewind(now);
    while (fgets(found, sizeof(found), now) != NULL) {
        assert_non_null(fgets(wanted, sizeof(wanted), golden));
        assert_string_equal(found, wanted);
    }
    assert_null(fgets(wanted, sizeof(wanted), golden));
    fclose(golden);
    fclose(now);
}

/* The only frame of these bytes, in a reader that the caller ends. */
static struct frame only_frame(struct frame_reader *reader,
                               const struct frame_limits *limits,
                               const struct buffer *bytes)
{
    struct frame frame;

    frame_reader_init(reader, limits);
    assert_int_equal(frame_reader_feed(reader, buffer_slice(bytes)),
                     ERROR_NONE);
    assert_int_equal(frame_reader_next(reader, &frame), ERROR_NONE);
    assert_int_equal(frame_reader_waiting(reader), 0);
    return frame;
}

static void assert_same(const struct buffer *a, const struct buffer *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

static void read_request_back(struct arena *arena, enum admin_kind kind)
{
    struct buffer once = BUFFER_EMPTY, twice = BUFFER_EMPTY;
    struct frame_reader reader;
    struct admin_request request;
    struct frame frame;

    sample_request(arena, kind, &once);
    frame = only_frame(&reader, admin_request_limits(), &once);
    assert_int_equal(frame.kind, kind);
    assert_int_equal(admin_read_request(kind, frame.payload, arena, &request),
                     ERROR_NONE);
    assert_int_equal(admin_write_request(
                         kind, (Perch__Admin__Request *)(uintptr_t)request.head,
                         request.body, &twice),
                     ERROR_NONE);
    assert_same(&once, &twice);
    frame_reader_deinit(&reader);
    buffer_deinit(&once);
    buffer_deinit(&twice);
}

static void read_reply_back(struct arena *arena, enum admin_kind kind)
{
    struct buffer once = BUFFER_EMPTY, twice = BUFFER_EMPTY;
    struct frame_reader reader;
    struct admin_reply reply;
    struct frame frame;

    sample_reply(arena, kind, &once);
    frame = only_frame(&reader, admin_reply_limits(), &once);
    assert_int_equal(frame.kind, kind | ADMIN_REPLY);
    assert_int_equal(admin_read_reply(kind, frame.payload, arena, &reply),
                     ERROR_NONE);
    assert_int_equal(
        admin_write_reply(kind, (Perch__Admin__Reply *)(uintptr_t)reply.head,
                          reply.body, &twice),
        ERROR_NONE);
    assert_same(&once, &twice);
    frame_reader_deinit(&reader);
    buffer_deinit(&once);
    buffer_deinit(&twice);
}

/* What is read from the golden bytes is written as the same bytes. */
static void test_frames__read_back(void **state)
{
    struct arena *arena = arena_new(4096);

    (void)state;
    FOR_EACH_ADMIN_KIND(kind)
    {
        read_request_back(arena, kind);
        read_reply_back(arena, kind);
    }
    arena_free(arena);
}

/* Numbers of kinds are for ever, and leave room for the bit of replies. */
static void test_kinds__stay_and_are_named(void **state)
{
    (void)state;
    assert_null(admin_fact(0));
    assert_null(admin_fact(ADMIN_KINDS));
    FOR_EACH_ADMIN_KIND(kind)
    {
        assert_non_null(admin_fact(kind)->name);
    }
    assert_int_equal(ADMIN_PING, 1);
    assert_int_equal(ADMIN_SETTINGS_SET, 24);
}

/* A request or reply beyond its kind's limit is not written, and the buffer is
 * as it was. */
static void test_write__keeps_to_the_limits(void **state)
{
    static uint8_t long_text[ADMIN_REPLY_BYTES_MAX + 1];
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    Perch__Admin__Reply reply_head = PERCH__ADMIN__REPLY__INIT;
    Perch__Admin__RoomsShow show = PERCH__ADMIN__ROOMS_SHOW__INIT;
    Perch__Admin__PingReply ping = PERCH__ADMIN__PING_REPLY__INIT;
    Perch__Admin__MetricsReply page = PERCH__ADMIN__METRICS_REPLY__INIT;
    struct buffer to = BUFFER_EMPTY;

    (void)state;
    CODEC_SET(&show, room,
              codec_bytes(slice_of(long_text, ADMIN_SHORT_BYTES_MAX)));
    assert_int_equal(
        admin_write_request(ADMIN_ROOMS_SHOW, &head, &show.base, &to),
        ERROR_TOO_LARGE);
    CODEC_SET(&ping, software,
              codec_bytes(slice_of(long_text, sizeof(long_text))));
    assert_int_equal(
        admin_write_reply(ADMIN_PING, &reply_head, &ping.base, &to),
        ERROR_TOO_LARGE);
    assert_int_equal(to.len, 0);
    CODEC_SET(&page, page, codec_bytes(slice_of(long_text, sizeof(long_text))));
    assert_int_equal(
        admin_write_reply(ADMIN_METRICS, &reply_head, &page.base, &to),
        ERROR_NONE);
    buffer_deinit(&to);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RUN(test_frames__are_golden),
        RUN(test_frames__read_back),
        RUN(test_kinds__stay_and_are_named),
        RUN(test_write__keeps_to_the_limits),
    };

    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        print_all(stdout);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
