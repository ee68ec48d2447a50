/* Bytes of a server become messages, in whatever pieces they come; what is no
 * message ends the stream. */
#include "ops/client/inbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

#define KEYS                                                                   \
    "Via: SIP/2.0/TCP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"          \
    "To: <sip:a@b>;tag=2\r\nCall-ID: c1\r\n"

#define OK_INFO                                                                \
    "SIP/2.0 200 OK\r\n" KEYS "CSeq: 7 INFO\r\nContent-Length: 0\r\n\r\n"

static int setup(void **state)
{
    struct inbox *inbox = malloc(sizeof(*inbox));

    inbox_init(inbox);
    *state = inbox;
    return 0;
}

static int teardown(void **state)
{
    inbox_deinit(*state);
    free(*state);
    return 0;
}

static void feed(struct inbox *inbox, const char *bytes)
{
    assert_int_equal(inbox_feed(inbox, slice_of_text(bytes)), ERROR_NONE);
}

/* Reads one message that must be refused so. */
static void assert_refused(const char *bytes, enum error error)
{
    struct inbox inbox;
    struct packet packet;

    inbox_init(&inbox);
    feed(&inbox, bytes);
    if (inbox_next(&inbox, &packet) != error) {
        print_message("%s\n", bytes);
        fail();
    }
    /* And nothing is read any more. */
    feed(&inbox, OK_INFO);
    assert_int_equal(inbox_next(&inbox, &packet), ERROR_MALFORMED);
    inbox_deinit(&inbox);
}

/* An answer and a request, one after the other, with line ends between. */
static void test_inbox_next__answer_and_request(void **state)
{
    struct inbox *inbox = *state;
    struct packet packet;

    feed(inbox, "\r\n\r\n" OK_INFO "\r\n"
                "INFO sip:x SIP/2.0\r\n" KEYS
                "CSeq: 4294967295 INFO\r\nContent-Length: 4\r\n\r\nbody");
    assert_int_equal(inbox_next(inbox, &packet), ERROR_NONE);
    assert_int_equal(packet.status, 200);
    assert_slice_text(packet.phrase, "OK");
    assert_slice_text(packet.method, "INFO");
    assert_int_equal(packet.cseq, 7);
    assert_slice_text(packet.call_id, "c1");
    assert_int_equal(packet.body.len, 0);
    assert_int_equal(inbox_next(inbox, &packet), ERROR_NONE);
    assert_int_equal(packet.status, 0);
    assert_int_equal(packet.cseq, UINT32_MAX);
    assert_slice_text(packet.body, "body");
    assert_int_equal(inbox_next(inbox, &packet), ERROR_TRUNCATED);
}

/* Byte by byte is as good as at once. */
static void test_inbox_feed__byte_by_byte(void **state)
{
    static const char bytes[] = "INFO sip:x SIP/2.0\r\n" KEYS
                                "CSeq: 1 INFO\r\nContent-Length: 6\r\n\r\n"
                                "\r\n\r\nab" OK_INFO;
    struct inbox *inbox = *state;
    struct packet packet;
    int n = 0;

    for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
        assert_int_equal(inbox_feed(inbox, slice_of(bytes + i, 1)), ERROR_NONE);
        if (inbox_next(inbox, &packet) == ERROR_NONE) {
            n++;
            assert_int_equal(packet.status, n == 1 ? 0 : 200);
            assert_int_equal(packet.body.len, n == 1 ? 6 : 0);
        }
    }
    assert_int_equal(n, 2);
}

/* Compact names, any letter case, folds and repeated headers. */
static void test_packet__tolerates(void **state)
{
    struct inbox *inbox = *state;
    struct packet packet;
    struct slice via;
    size_t at = 0;

    feed(inbox, "SIP/2.0 407 Prove it, please\r\n"
                "v: SIP/2.0/TLS one\r\nVIA: SIP/2.0/TLS two\r\n"
                "f: <sip:a@b>;tag=1\r\nt: <sip:a@b>\r\ni: c2\r\n"
                "cseq:3   REGISTER\r\n"
                "Subject: folded\r\n\t over two\r\n"
                "X-Empty:\r\nl: 0\r\n\r\n");
    assert_int_equal(inbox_next(inbox, &packet), ERROR_NONE);
    assert_slice_text(packet.phrase, "Prove it, please");
    via = packet_next(&packet, "Via", &at);
    assert_slice_text(via, "SIP/2.0/TLS one");
    via = packet_next(&packet, "Via", &at);
    assert_slice_text(via, "SIP/2.0/TLS two");
    assert_null(packet_next(&packet, "Via", &at).data);
    assert_slice_text(packet_value(&packet, "subject"),
                      "folded\r\n\t over two");
    assert_int_equal(packet_value(&packet, "X-Empty").len, 0);
    assert_null(packet_value(&packet, "Contact").data);
}

/* What is no message ends the stream by its name. */
static void test_inbox_next__refuses(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\r\n" KEYS "CSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
        "SIP/2.0 99 Low\r\n" KEYS "CSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
        "SIP/2.0 700 No\r\n" KEYS "CSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
        "SIP/2.0 2oo Ok\r\n" KEYS "CSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
        "INFO sip:x SIP/3.0\r\n" KEYS "CSeq: 1 INFO\r\nl: 0\r\n\r\n",
        "INFO sip:x y SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 BYE\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: x INFO\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 4294967296 INFO\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "l: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\nCSeq: 1 INFO\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\nl: 0\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\nl: -1\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\nl: 1x\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS
        "CSeq: 1 INFO\r\nno colon\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\na b: c\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\n: c\r\nl: 0\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\na: b\nl: 1\r\n\r\n",
        "INFO sip:x SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\na: b\rl: 1\r\n\r\n",
        "INFO sip:\nx SIP/2.0\r\n" KEYS "CSeq: 1 INFO\r\nl: 0\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        assert_refused(heads[i], ERROR_MALFORMED);
    }
    assert_refused("INFO sip:x SIP/2.0\r\n" KEYS
                   "CSeq: 1 INFO\r\nl: 99999999\r\n\r\n",
                   ERROR_TOO_LARGE);
}

/* A NUL is refused too, wherever it stands. */
static void test_inbox_next__refuses_nul(void **state)
{
    static const char bytes[] =
        "SIP/2.0 200 OK\r\n" KEYS "CSeq: 1 INFO\r\nX: a\0b\r\nl: 0\r\n\r\n";
    struct inbox *inbox = *state;
    struct packet packet;

    inbox_feed(inbox, slice_of(bytes, sizeof(bytes) - 1));
    assert_int_equal(inbox_next(inbox, &packet), ERROR_MALFORMED);
}

/* A head that does not end, and one of too many lines, are told so without
 * waiting for their end. */
static void test_inbox_next__limits(void **state)
{
    struct inbox *inbox = *state;
    struct packet packet;
    struct inbox lines;

    feed(inbox, "SIP/2.0 200 OK\r\nX: ");
    for (int i = 0; i < PACKET_HEAD_BYTES_MAX / 8 - 3; i++) {
        assert_int_equal(inbox_next(inbox, &packet), ERROR_TRUNCATED);
        feed(inbox, "xxxxxxxx");
    }
    assert_int_equal(inbox_next(inbox, &packet), ERROR_TRUNCATED);
    feed(inbox, "xxxxxxxx");
    assert_int_equal(inbox_next(inbox, &packet), ERROR_TOO_LARGE);

    inbox_init(&lines);
    feed(&lines, "SIP/2.0 200 OK\r\n" KEYS "CSeq: 1 INFO\r\n");
    for (int i = 0; i < PACKET_LINES_MAX - 5; i++) {
        feed(&lines, "X: y\r\n");
    }
    feed(&lines, "l: 0\r\n\r\n");
    assert_int_equal(inbox_next(&lines, &packet), ERROR_TOO_LARGE);
    inbox_deinit(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_inbox_next__answer_and_request, setup, teardown),
        RUN_IN(test_inbox_feed__byte_by_byte, setup, teardown),
        RUN_IN(test_packet__tolerates, setup, teardown),
        RUN(test_inbox_next__refuses),
        RUN_IN(test_inbox_next__refuses_nul, setup, teardown),
        RUN_IN(test_inbox_next__limits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
