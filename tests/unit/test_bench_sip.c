#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "ops/bench/messages.h"
#include "ops/bench/packet.h"
#include "ops/bench/proof.h"
#include "ops/bench/told.h"

#define ANSWER                                                                 \
    "SIP/2.0 503 Service Unavailable\r\n"                                      \
    "Via: SIP/2.0/tcp 127.0.0.1:5070\r\n"                                      \
    "cseq:  1000000007  INFO \r\n"                                             \
    "content-length : 0\r\n\r\n"
#define REQUEST                                                                \
    "INFO sip:127.0.0.1:5070 SIP/2.0\r\n"                                      \
    "Via: SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK1\r\n"                       \
    "From: <sip:pool@x>;tag=n1\r\n"                                            \
    "To: <sip:a@x>;tag=i1\r\n"                                                 \
    "Call-ID: c1\r\n"                                                          \
    "CSeq: 3 INFO\r\n"                                                         \
    "X-Other: dropped\r\n"                                                     \
    "Content-Length: 5\r\n\r\n"                                                \
    "hello"

static struct identity somebody(void)
{
    struct identity identity = {.user = "bench00001@x",
                                .domain = "x",
                                .pool = "sip:pool@x",
                                .to = "<sip:pool@x>;tag=n1",
                                .number = 41};

    return identity;
}

/* Keep-alives before a message are skipped, header names are read in any case,
 * and what follows the message is left alone. */
static void test_packet_read__answer(void **state)
{
    struct slice received = SLICE_LITERAL("\r\n\r\n" ANSWER "INFO next");
    struct packet packet;

    (void)state;
    assert_int_equal(packet_read(received, &packet), ERROR_NONE);
    assert_int_equal(packet.status, 503);
    assert_int_equal(packet.cseq, 1000000007);
    assert_slice_text(packet.method, "INFO");
    assert_int_equal(packet.body.len, 0);
    assert_int_equal(packet.bytes, 4 + strlen(ANSWER));
}

static void test_packet_read__request(void **state)
{
    struct packet packet;

    (void)state;
    assert_int_equal(packet_read(SLICE_LITERAL(REQUEST), &packet), ERROR_NONE);
    assert_int_equal(packet.status, 0);
    assert_slice_text(packet.method, "INFO");
    assert_slice_text(packet.body, "hello");
    assert_slice_text(packet_header(&packet, "call-id"), "c1");
    assert_int_equal(packet_header(&packet, "Absent").len, 0);
}

/* However a message is cut on its way, it is read once it is whole, and not
 * before. */
static void test_packet_read__every_cut_waits(void **state)
{
    struct packet packet;

    (void)state;
    for (size_t n = 0; n < strlen(REQUEST); n++) {
        assert_int_equal(packet_read(slice_of(REQUEST, n), &packet),
                         ERROR_TRUNCATED);
    }
}

static void test_packet_read__refuses_what_is_no_sip(void **state)
{
    static uint8_t long_head[PACKET_HEAD_BYTES_MAX + 1];
    struct packet packet;

    (void)state;
    memset(long_head, 'x', sizeof(long_head));
    assert_int_equal(
        packet_read(slice_of(long_head, sizeof(long_head)), &packet),
        ERROR_TOO_LARGE);
    assert_int_equal(
        packet_read(SLICE_LITERAL("220 hello there\r\n\r\n"), &packet),
        ERROR_MALFORMED);
    assert_int_equal(packet_read(SLICE_LITERAL("SIP/2.0 2x0 OK\r\n"
                                               "CSeq: 1 INFO\r\n"
                                               "Content-Length: 0\r\n\r\n"),
                                 &packet),
                     ERROR_MALFORMED);
    assert_int_equal(packet_read(SLICE_LITERAL("SIP/2.0 200 OK\r\n"
                                               "CSeq: 1 INFO\r\n\r\n"),
                                 &packet),
                     ERROR_MALFORMED);
    assert_int_equal(
        packet_read(SLICE_LITERAL("SIP/2.0 200 OK\r\nCSeq: 1 INFO\r\n"
                                  "Content-Length: 99999999\r\n\r\n"),
                    &packet),
        ERROR_TOO_LARGE);
}

/* The headers that find a request's transaction come back as they were; others
 * do not. */
static void test_packet_answer__echoes(void **state)
{
    struct buffer out = BUFFER_EMPTY;
    struct packet request, answer;

    (void)state;
    assert_int_equal(packet_read(SLICE_LITERAL(REQUEST), &request), ERROR_NONE);
    packet_answer(&request, &out);
    assert_int_equal(packet_read(buffer_slice(&out), &answer), ERROR_NONE);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.cseq, 3);
    assert_int_equal(answer.bytes, out.len);
    assert_slice_text(packet_header(&answer, "To"), "<sip:a@x>;tag=i1");
    assert_slice_text(packet_header(&answer, "Via"),
                      "SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK1");
    assert_int_equal(packet_header(&answer, "X-Other").len, 0);
    buffer_deinit(&out);
}

/* A post is one whole SIP request of the length it says, again with other
 * numbers, and its serial can be read back from it. */
static void test_template_write__post(void **state)
{
    struct identity identity = somebody();
    struct buffer inside = BUFFER_EMPTY, out = BUFFER_EMPTY;
    struct template template;
    struct packet packet;
    uint32_t serial = 0;
    size_t len;

    (void)state;
    inside_post(&identity, "ma-chan://x/g", 100, &inside);
    template_init(&template, &identity, buffer_slice(&inside));
    template_write(&template, SERIAL_FIRST + 7, SERIAL_FIRST + 8,
                   SERIAL_FIRST + 9, &out);
    assert_int_equal(packet_read(buffer_slice(&out), &packet), ERROR_NONE);
    assert_int_equal(packet.bytes, out.len);
    assert_int_equal(packet.cseq, SERIAL_FIRST + 7);
    assert_int_equal(told_kind_of(packet.body), TOLD_POST);
    assert_true(told_serial(packet.body, &serial));
    assert_int_equal(serial, SERIAL_FIRST + 9);
    assert_non_null(
        memmem(packet.body.data, packet.body.len, "envid=\"1000000008\"", 18));

    len = out.len;
    buffer_clear(&out);
    template_write(&template, UINT32_MAX, UINT32_MAX, UINT32_MAX, &out);
    assert_int_equal(out.len, len);
    assert_int_equal(packet_read(buffer_slice(&out), &packet), ERROR_NONE);
    assert_int_equal(packet.cseq, UINT32_MAX);
    assert_true(told_serial(packet.body, &serial));
    assert_int_equal(serial, UINT32_MAX);
    template_deinit(&template);
    buffer_deinit(&inside);
    buffer_deinit(&out);
}

/* The text of a post has as many bytes as were asked for. */
static void test_inside_post__bytes(void **state)
{
    static const unsigned sizes[] = {20, 256, 8000};
    struct identity identity = somebody();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buffer inside = BUFFER_EMPTY;
        const uint8_t *from, *to;

        inside_post(&identity, "ma-chan://x/g", sizes[i], &inside);
        from = memmem(inside.data, inside.len, "<chat>", 6);
        to = memmem(inside.data, inside.len, "</chat>", 7);
        assert_non_null(from);
        assert_non_null(to);
        assert_int_equal(to - from - 6, sizes[i]);
        buffer_deinit(&inside);
    }
}

static void test_inside_join__rooms(void **state)
{
    const char *const uris[] = {"ma-chan://x/g1", "ma-chan://y/g2"};
    struct buffer inside = BUFFER_EMPTY;

    (void)state;
    inside_join(uris, 2, &inside);
    assert_slice_text(buffer_slice(&inside),
                      "<cmd id=\"cmd:bjoin\" seqid=\"1\"><data>"
                      "<chanid key=\"0\" domain=\"x\" value=\"g1\"/>"
                      "<chanid key=\"1\" domain=\"y\" value=\"g2\"/>"
                      "</data></cmd>");
    buffer_deinit(&inside);
}

/* Sign-in requests are whole requests of their method. */
static void test_message__sign_in(void **state)
{
    struct identity identity = somebody();
    struct buffer out = BUFFER_EMPTY;
    struct packet packet;

    (void)state;
    message_register(&identity, SERIAL_FIRST, "Proxy-Authorization: x\r\n",
                     &out);
    assert_int_equal(packet_read(buffer_slice(&out), &packet), ERROR_NONE);
    assert_slice_text(packet.method, "REGISTER");
    assert_slice_text(packet_header(&packet, "Proxy-Authorization"), "x");
    assert_slice_text(packet_header(&packet, "From"),
                      "<sip:bench00001@x>;tag=r41;epid=00000000002a");
    buffer_clear(&out);
    message_invite(&identity, SERIAL_FIRST, &out);
    assert_int_equal(packet_read(buffer_slice(&out), &packet), ERROR_NONE);
    assert_slice_text(packet.method, "INVITE");
    assert_slice_text(packet_header(&packet, "To"), "<sip:pool@x>");
    buffer_clear(&out);
    message_ack(&identity, SERIAL_FIRST, &out);
    assert_int_equal(packet_read(buffer_slice(&out), &packet), ERROR_NONE);
    assert_slice_text(packet.method, "ACK");
    assert_slice_text(packet_header(&packet, "To"), "<sip:pool@x>;tag=n1");
    buffer_deinit(&out);
}

static void test_told__kinds(void **state)
{
    static const struct {
        const char *body;
        enum told_kind kind;
    } cases[] = {
        {"<xccos ver=\"1\"><rpl id=\"rpl:bccontext\"><msg id=\"grpchat\"/>",
         TOLD_REPLY},
        {"<?xml version=\"1.0\"?>\n<xccos>\n <ntc id=\"ntc:join\">",
         TOLD_NOTICE},
        {"<xccos><grpchat id=\"grpchat\">", TOLD_POST},
        {"<xccos><cmd id=\"cmd:requri\">", TOLD_REPLY},
        {"<xccos>", TOLD_OTHER},
        {"<", TOLD_OTHER},
        {"", TOLD_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(told_kind_of(slice_of_text(cases[i].body)),
                         cases[i].kind);
    }
}

static void test_told__code_and_failed_rooms(void **state)
{
    struct slice fine = SLICE_LITERAL("<x><resp code=\"200\">OK</resp></x>");
    struct slice part = SLICE_LITERAL(
        "<x><resp code=\"200\">OK</resp><fib key=\"OPERATION_FAILED\"/></x>");

    (void)state;
    assert_int_equal(told_code(fine), 200);
    assert_int_equal(
        told_code(SLICE_LITERAL("<x><resp code=\"503\">BUSY</resp></x>")), 503);
    assert_int_equal(told_code(SLICE_LITERAL("<x><resp code=\"?\"/></x>")),
                     500);
    assert_false(told_join_failed(fine));
    assert_true(told_join_failed(part));
}

static void test_told_next_element__rooms(void **state)
{
    struct slice rest =
        SLICE_LITERAL("<d><chanibx uri=\"no\"/><chanib uri=\"u1\" name=\"n1\"/>"
                      "<chanib name=\"n2\" uri=\"u2\"><info/></chanib></d>");
    struct slice tag;

    (void)state;
    assert_true(told_next_element(&rest, "chanib", &tag));
    assert_slice_text(told_attribute(tag, "uri"), "u1");
    assert_true(told_next_element(&rest, "chanib", &tag));
    assert_slice_text(told_attribute(tag, "uri"), "u2");
    assert_slice_text(told_attribute(tag, "name"), "n2");
    assert_int_equal(told_attribute(tag, "absent").len, 0);
    assert_false(told_next_element(&rest, "chanib", &tag));
}

static void test_told_serial__absent(void **state)
{
    uint32_t serial;

    (void)state;
    assert_false(told_serial(SLICE_LITERAL("no serial"), &serial));
    assert_false(told_serial(SLICE_LITERAL("serial="), &serial));
    assert_false(told_serial(SLICE_LITERAL("serial=12"), &serial));
}

/* The response was computed with another implementation (Python's hashlib):
 * md5(md5("bench00001@x:x:secret"):c0ffee:00000001:70657263:auth:
 *     md5("REGISTER:(null)")) */
static void test_proof_write__digest(void **state)
{
    struct buffer line = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(
        proof_write(SLICE_LITERAL("Digest realm=\"x\", nonce=\"c0ffee\", "
                                  "qop=\"auth\", algorithm=MD5"),
                    "bench00001@x", "secret", &line),
        ERROR_NONE);
    assert_non_null(memmem(line.data, line.len,
                           "response=\"e7660f63b68d1a58cc4ed8cdcf01f3f7\"",
                           43));
    assert_memory_equal(line.data + line.len - 2, "\r\n", 2);
    buffer_deinit(&line);
}

static void test_proof_write__refuses_other_schemes(void **state)
{
    struct buffer line = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(
        proof_write(SLICE_LITERAL("NTLM realm=\"x\""), "u", "p", &line),
        ERROR_UNSUPPORTED);
    assert_int_equal(
        proof_write(SLICE_LITERAL("Digest realm=\"x\""), "u", "p", &line),
        ERROR_UNSUPPORTED);
    assert_int_equal(line.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_packet_read__answer),
        RUN(test_packet_read__request),
        RUN(test_packet_read__every_cut_waits),
        RUN(test_packet_read__refuses_what_is_no_sip),
        RUN(test_packet_answer__echoes),
        RUN(test_template_write__post),
        RUN(test_inside_post__bytes),
        RUN(test_inside_join__rooms),
        RUN(test_message__sign_in),
        RUN(test_told__kinds),
        RUN(test_told__code_and_failed_rooms),
        RUN(test_told_next_element__rooms),
        RUN(test_told_serial__absent),
        RUN(test_proof_write__digest),
        RUN(test_proof_write__refuses_other_schemes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
