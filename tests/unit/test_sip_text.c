#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "node/chat/outcome.h"
#include "node/sip/aor.h"
#include "node/sip/head.h"
#include "node/sip/response.h"
#include "node/sip/sdp.h"

static struct head head; /* Large. */

/* Names are told apart in any case and in their compact form; folds and
 * blanks are not part of a value's ends. */
static void test_head_read__names(void **state)
{
    static const char text[] = "INFO x SIP/2.0\r\n"
                               "vIa  :  a\r\nv: b\r\n"
                               "f:c\r\n d\r\n"
                               "X-Via: e\r\n"
                               "Content-Length :\r\n 5\r\n";

    (void)state;
    assert_int_equal(head_read(&head, SLICE_LITERAL(text)), ERROR_NONE);
    assert_slice_text(head.start_line, "INFO x SIP/2.0");
    assert_int_equal(head_count(&head, HEAD_VIA), 2);
    assert_slice_text(head_value(&head, HEAD_VIA), "a");
    assert_slice_text(head_value(&head, HEAD_FROM), "c\r\n d");
    assert_slice_text(head_value(&head, HEAD_CONTENT_LENGTH), "5");
    assert_slice_text(head_value_of(&head, "x-via"), "e");
    assert_null(head_value(&head, HEAD_TO).data);
}

/* Lines without a colon, without a name, or folded with nothing to fold. */
static void test_head_read__refuses(void **state)
{
    static const char *const cases[] = {"s\r\nabc\r\n", "s\r\n: x\r\n",
                                        "s\r\nA: b\r\n : c\r\nd\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(head_read(&head, slice_of_text(cases[i])),
                         ERROR_MALFORMED);
    }
}

/* CSeq as RFC 3261 has it: a number below 2**31, blanks, a method. */
static void test_head_read_cseq(void **state)
{
    static const struct {
        const char *text;
        enum error error;
        uint32_t number;
    } cases[] = {
        {"7 INFO", ERROR_NONE, 7},
        {"0009\r\n  INFO", ERROR_NONE, 9},
        {"2147483647 INFO", ERROR_NONE, 2147483647},
        {"2147483648 INFO", ERROR_MALFORMED, 0},
        {"99999999999999999999999 INFO", ERROR_MALFORMED, 0},
        {"7INFO", ERROR_MALFORMED, 0},
        {"INFO", ERROR_MALFORMED, 0},
        {"7", ERROR_MALFORMED, 0},
        {"", ERROR_MALFORMED, 0},
        {"-1 INFO", ERROR_MALFORMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice method;
        uint32_t number = 0;
        enum error error =
            head_read_cseq(slice_of_text(cases[i].text), &number, &method);

        assert_int_equal(error, cases[i].error);
        if (error == ERROR_NONE) {
            assert_int_equal(number, cases[i].number);
            assert_slice_text(method, "INFO");
        }
    }
}

/* A tag is a parameter of the address, not of what stands in quotes or within
 * the brackets. */
static void test_head_address_param(void **state)
{
    static const struct {
        const char *value;
        const char *tag;
    } cases[] = {
        {"<sip:a@b>;tag=1", "1"},
        {"sip:a@b;tag=2;epid=x", "2"},
        {"\"x;tag=no\\\">\" <sip:a@b;tag=inside> ; TAG = 3 ;x", "3"},
        {"<sip:a@b;tag=inside>", NULL},
        {"sip:a@b", NULL},
        {"\"<>;tag=1", NULL},
        {"<sip:a@b", NULL},
        {"<sip:a@b>;xtag=1;tagx=2", NULL},
        {"<sip:a@b>;tag", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice tag =
            head_address_param(slice_of_text(cases[i].value), "tag");

        assert_int_equal(tag.data == NULL, cases[i].tag == NULL);
        if (cases[i].tag != NULL) {
            assert_true(slice_equal_text(tag, cases[i].tag));
        }
    }
}

/* Users are told apart by user and host alone, in any letter case. */
static void test_aor_read_text(void **state)
{
    struct aor a, b;

    (void)state;
    assert_int_equal(
        aor_read_text(&a, SLICE_LITERAL("sip:Tomas@Fjord.Example:5061;x=y")),
        ERROR_NONE);
    assert_int_equal(
        aor_read_text(&b, SLICE_LITERAL("sips:tomas@fjord.example")),
        ERROR_NONE);
    assert_true(aor_equal(&a, &b));
    assert_string_equal(a.text, "Tomas@Fjord.Example");
    assert_int_equal(a.user_len, 5);
    assert_int_equal(aor_read_text(&a, SLICE_LITERAL("sip:fjord.example")),
                     ERROR_MALFORMED);
    assert_int_equal(aor_read_text(&a, SLICE_LITERAL("tel:+47123")),
                     ERROR_MALFORMED);
    assert_int_equal(aor_read_text(&a, SLICE_LITERAL("")), ERROR_MALFORMED);
    assert_int_equal(
        aor_read_text(&a, SLICE_LITERAL("sip:\xc3\xa6@fjord.example")),
        ERROR_MALFORMED);
}

/* One line for each medium offered, messages taken. */
static void test_sdp_answer(void **state)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct buffer out = BUFFER_EMPTY;
    struct address local;

    (void)state;
    inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
    local = address_from((struct sockaddr *)&in6);
    assert_int_equal(
        sdp_answer(&out,
                   SLICE_LITERAL("v=0\r\nm=message 1 sip null\r\n"
                                 "a=accept-types:*\r\nm=video 9 RTP/AVP 31"),
                   &local),
        ERROR_NONE);
    assert_slice_text(buffer_slice(&out),
                      "v=0\r\no=- 0 0 IN IP6 2001:db8::1\r\ns=session\r\n"
                      "c=IN IP6 2001:db8::1\r\nt=0 0\r\n"
                      "m=message 5060 sip null\r\n"
                      "a=accept-types:text/plain\r\n"
                      "m=video 0 RTP/AVP 31\r\n");
    buffer_clear(&out);
    assert_int_equal(
        sdp_answer(&out, SLICE_LITERAL("m=audio 1 RTP/AVP 0\r\n"), &local),
        ERROR_UNSUPPORTED);
    assert_int_equal(
        sdp_answer(&out,
                   SLICE_LITERAL("m=a\nm=a\nm=a\nm=a\nm=a\nm=a\nm=a\nm=a\n"
                                 "m=message\n"),
                   &local),
        ERROR_TOO_LARGE);
    buffer_deinit(&out);
}

/* Loopback is what no other machine can reach. */
static void test_address_is_loopback(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {{"127.0.0.1", true},
                 {"127.8.9.10", true},
                 {"10.0.0.1", false},
                 {"0.0.0.0", false}};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(5061)};
    struct address address;
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        inet_pton(AF_INET, cases[i].text, &in.sin_addr);
        address = address_from((struct sockaddr *)&in);
        assert_int_equal(address_is_loopback(&address), cases[i].loopback);
    }
    in6.sin6_addr = in6addr_loopback;
    address = address_from((struct sockaddr *)&in6);
    assert_true(address_is_loopback(&address));
    address_write(&address, text);
    assert_string_equal(text, "[::1]:5061");
    in6.sin6_addr = in6addr_any;
    address = address_from((struct sockaddr *)&in6);
    assert_false(address_is_loopback(&address));
}

/* One host has a whole /64 of IPv6, so that is what is counted. */
static void test_address_enter__counts(void **state)
{
    struct address_counts counts = RB_INITIALIZER(&counts);
    struct address a = {.bytes = {0x20, 1}}, b = {.bytes = {0x20, 1, [15] = 9}};
    struct address c = {.bytes = {0x20, 2}};

    (void)state;
    assert_true(address_enter(&counts, &a, 2));
    assert_true(address_enter(&counts, &b, 2));
    assert_false(address_enter(&counts, &a, 2));
    assert_true(address_enter(&counts, &c, 2));
    address_leave(&counts, &b);
    assert_true(address_enter(&counts, &a, 2));
    address_leave(&counts, &a);
    address_leave(&counts, &a);
    address_leave(&counts, &c);
    assert_true(RB_EMPTY(&counts));
}

/* Whatever a post can be answered has a phrase: people read traces. */
static void test_response_phrase__of_posts(void **state)
{
    static const int codes[] = {
#define X(name, code, ...) code,
        OUTCOME_LIST(X)
#undef X
    };

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_string_not_equal(response_phrase(codes[i]), "Unspecified");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_head_read__names),
        RUN(test_head_read__refuses),
        RUN(test_head_read_cseq),
        RUN(test_head_address_param),
        RUN(test_aor_read_text),
        RUN(test_sdp_answer),
        RUN(test_address_is_loopback),
        RUN(test_address_enter__counts),
        RUN(test_response_phrase__of_posts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
