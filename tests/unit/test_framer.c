#include "node/sip/framer.h"

#include <stdlib.h>

#include "tests/unit/test.h"

#define HEAD                                                                   \
    "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nCSeq: 1 OPTIONS\r\n"
#define EMPTY HEAD "Content-Length: 0\r\n\r\n"
#define THREE HEAD "l: 3\r\n\r\nabc"

/* With the NULs among them. */
#define BYTES(text)                                                            \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

static const struct framer_limits limits = {.body_bytes_max = 100,
                                            .skip_bytes_max = 1000};
static struct frame frame; /* Large. */

static enum framer_event give(struct framer *framer, const char *text)
{
    framer_give(framer, slice_of_text(text));
    return framer_next(framer, &limits, &frame);
}

/* Messages are cut out whole, in order, body and all, with nothing left. */
static void test_framer_next__cuts_messages(void **state)
{
    struct framer framer;

    (void)state;
    framer_init(&framer);
    assert_int_equal(give(&framer, EMPTY THREE EMPTY), FRAMER_MESSAGE);
    assert_slice_text(frame.bytes, EMPTY);
    assert_int_equal(frame.body.len, 0);
    assert_int_equal(framer_next(&framer, &limits, &frame), FRAMER_MESSAGE);
    assert_slice_text(frame.bytes, THREE);
    assert_slice_text(frame.body, "abc");
    assert_slice_text(frame.head.start_line, "OPTIONS sip:a@b SIP/2.0");
    assert_int_equal(frame.head.n, 3);
    assert_int_equal(framer_next(&framer, &limits, &frame), FRAMER_MESSAGE);
    assert_int_equal(framer_next(&framer, &limits, &frame), FRAMER_MORE);
    assert_int_equal(framer_keep(&framer), ERROR_NONE);
    assert_false(framer_in_message(&framer));
    assert_null(framer.pending.data); /* An idle connection holds nothing. */
    framer_deinit(&framer);
}

/* Wherever the bytes are cut in two or three, the messages are the same. */
static void test_framer_next__any_cut(void **state)
{
    static const char text[] = "\r\n" EMPTY "\r\n\r\n" THREE THREE;
    size_t len = sizeof(text) - 1;

    (void)state;
    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b += 7) {
            size_t cuts[] = {0, a, b, len};
            struct framer framer;
            int messages = 0, pings = 0;

            framer_init(&framer);
            for (int i = 0; i < 3; i++) {
                enum framer_event event;

                framer_give(&framer,
                            slice_of(text + cuts[i], cuts[i + 1] - cuts[i]));
                while ((event = framer_next(&framer, &limits, &frame)) !=
                       FRAMER_MORE) {
                    messages += event == FRAMER_MESSAGE;
                    pings += event == FRAMER_PING;
                    assert_true(event == FRAMER_MESSAGE ||
                                event == FRAMER_PING);
                }
                assert_int_equal(framer_keep(&framer), ERROR_NONE);
            }
            assert_int_equal(messages, 3);
            assert_int_equal(pings, 1);
            assert_int_equal(framer_kept(&framer), 0);
            framer_deinit(&framer);
        }
    }
}

/* What is kept of an unfinished message is counted, and released with it. */
static void test_framer_keep__counts(void **state)
{
    struct framer framer;

    (void)state;
    framer_init(&framer);
    assert_int_equal(give(&framer, HEAD "l: 90\r\n\r\nabc"), FRAMER_MORE);
    assert_int_equal(framer_keep(&framer), ERROR_NONE);
    assert_int_equal(framer_kept(&framer), sizeof(HEAD "l: 90\r\n\r\nabc") - 1);
    assert_true(framer_in_message(&framer));
    /* Room for all of it at once. */
    assert_true(framer.pending.capacity >= framer_kept(&framer) + 87);
    framer_deinit(&framer);
}

/* A body above the limit is read past, piece by piece; the next message is
 * found. */
static void test_framer_next__skips_large_body(void **state)
{
    struct framer framer;
    char body[65];

    (void)state;
    memset(body, 'x', 64);
    body[64] = '\0';
    framer_init(&framer);
    assert_int_equal(give(&framer, HEAD "l: 640\r\n\r\n"), FRAMER_TOO_LARGE);
    assert_int_equal(frame.status, 413);
    assert_slice_text(head_value(&frame.head, HEAD_CSEQ), "1 OPTIONS");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(framer_next(&framer, &limits, &frame), FRAMER_MORE);
        assert_int_equal(framer_keep(&framer), ERROR_NONE);
        assert_int_equal(framer_kept(&framer), 0);
        assert_true(framer_in_message(&framer));
        framer_give(&framer, slice_of_text(body));
    }
    assert_int_equal(framer_next(&framer, &limits, &frame), FRAMER_MORE);
    assert_int_equal(framer_keep(&framer), ERROR_NONE);
    assert_int_equal(give(&framer, THREE), FRAMER_MESSAGE);
    assert_slice_text(frame.body, "abc");
    framer_deinit(&framer);
}

/* One byte decides each limit. */
static void test_framer_next__limits(void **state)
{
    static const struct {
        size_t filler;
        const char *head;
        const char *end;
        enum framer_event event;
        int status;
    } cases[] = {
        /* Start line of exactly its limit, then one more. */
        {START_LINE_BYTES_MAX - 2, "", "\r\nl: 0\r\n\r\n", FRAMER_MESSAGE, 0},
        {START_LINE_BYTES_MAX - 1, "", "\r\nl: 0\r\n\r\n", FRAMER_BROKEN, 414},
        /* Head, its empty line included. */
        {HEAD_BYTES_MAX - 16, "s\r\nX: ", "\r\nl: 0\r\n\r\n", FRAMER_MESSAGE,
         0},
        {HEAD_BYTES_MAX - 15, "s\r\nX: ", "\r\nl: 0\r\n\r\n", FRAMER_BROKEN,
         400},
        /* Body. */
        {100, "s\r\nl: 100\r\n\r\n", "", FRAMER_MESSAGE, 0},
        {101, "s\r\nl: 101\r\n\r\n", "", FRAMER_TOO_LARGE, 413},
        {1001, "s\r\nl: 1001\r\n\r\n", "", FRAMER_BROKEN, 413},
        {1, "s\r\nl: 99999999999999999999\r\n\r\n", "", FRAMER_BROKEN, 413},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = calloc(1, cases[i].filler + 100);
        struct framer framer;

        strcpy(text, cases[i].head);
        memset(text + strlen(text), 'a', cases[i].filler);
        strcat(text, cases[i].end);
        framer_init(&framer);
        assert_int_equal(give(&framer, text), cases[i].event);
        if (cases[i].event != FRAMER_MESSAGE) {
            assert_int_equal(frame.status, cases[i].status);
        }
        framer_deinit(&framer);
        free(text);
    }
}

/* A length that is not exactly one number says two things to two readers, and
 * bytes that end a text early hide the rest from one of them. */
static void test_framer_next__refuses_what_reads_two_ways(void **state)
{
    static const struct {
        struct slice text;
        int status;
        const char *reason;
    } cases[] = {
        {BYTES("s\r\nl: 3\r\nl: 3\r\n\r\nabc"), 400,
         "More than one Content-Length"},
        {BYTES("s\r\nl: 0\r\nContent-Length: 3\r\n\r\nabc"), 400,
         "More than one Content-Length"},
        {BYTES("s\r\nX: y\r\n\r\n"), 400, "Content-Length missing"},
        {BYTES("s\r\nl:\r\n\r\n"), 400, "Content-Length is empty"},
        {BYTES("s\r\nl: +3\r\n\r\nabc"), 400, "Content-Length is no number"},
        {BYTES("s\r\nl: 3:\r\n\r\nabc"), 400, "Content-Length is no number"},
        {BYTES("s\r\nX: a\0b\r\nl: 0\r\n\r\n"), 400, "NUL in the head"},
        {BYTES("s\r\nX: a\rb\r\nl: 0\r\n\r\n"), 400,
         "CR or LF alone in the head"},
        {BYTES("s\r\nX: a\nl: 0\r\n\r\n"), 400, "CR or LF alone in the head"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct framer framer;

        framer_init(&framer);
        framer_give(&framer, cases[i].text);
        assert_int_equal(framer_next(&framer, &limits, &frame), FRAMER_BROKEN);
        assert_int_equal(frame.status, cases[i].status);
        assert_string_equal(frame.fault, cases[i].reason);
        framer_deinit(&framer);
    }
}

/* So many lines and not one more, folded ones counted. */
static void test_framer_next__lines(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        char text[HEAD_LINES_MAX * 8] = "s\r\nl: 0\r\n";
        struct framer framer;

        for (int i = 2; i < HEAD_LINES_MAX + extra; i++) {
            strcat(text, i % 3 == 0 ? " f\r\n" : "X: y\r\n");
        }
        strcat(text, "\r\n");
        framer_init(&framer);
        assert_int_equal(give(&framer, text),
                         extra == 0 ? FRAMER_MESSAGE : FRAMER_BROKEN);
        framer_deinit(&framer);
    }
}

/* What came whole of a broken head can still be echoed. */
static void test_framer_next__salvages(void **state)
{
    struct framer framer;

    (void)state;
    framer_init(&framer);
    assert_int_equal(give(&framer, HEAD "X: a\nb\r\n"), FRAMER_BROKEN);
    assert_slice_text(head_value(&frame.head, HEAD_VIA), "SIP/2.0/TCP h");
    assert_slice_text(head_value(&frame.head, HEAD_CSEQ), "1 OPTIONS");
    framer_deinit(&framer);
}

/* Of the message before it, a broken one shows nothing. */
static void test_framer_next__forgets_the_last(void **state)
{
    struct framer framer;

    (void)state;
    framer_init(&framer);
    assert_int_equal(give(&framer, THREE), FRAMER_MESSAGE);
    assert_int_equal(give(&framer, "a\nb"), FRAMER_BROKEN);
    assert_int_equal(frame.head.start_line.len, 0);
    assert_int_equal(frame.head.n, 0);
    assert_int_equal(frame.body.len, 0);
    framer_deinit(&framer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_framer_next__cuts_messages),
        RUN(test_framer_next__any_cut),
        RUN(test_framer_keep__counts),
        RUN(test_framer_next__skips_large_body),
        RUN(test_framer_next__limits),
        RUN(test_framer_next__refuses_what_reads_two_ways),
        RUN(test_framer_next__lines),
        RUN(test_framer_next__salvages),
        RUN(test_framer_next__forgets_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
