#include "node/sip/template.h"

#include "tests/unit/test.h"

static struct template_facts facts(void)
{
    return (struct template_facts){
        .target = SLICE_LITERAL("sip:10.3.0.21:41822;transport=tcp"),
        .transport = "TCP",
        .via_host = "10.3.0.2:5060",
        .branch = "1400000100000005",
        .local_uri = SLICE_LITERAL("sip:pool@fjord.example"),
        .local_tag = "n2-d1",
        .remote = SLICE_LITERAL(
            "<sip:tomas@fjord.example>;tag=5512;epid=9a31c07be512"),
        .call_id = SLICE_LITERAL("93B7gTom"),
    };
}

#define GOLDEN(branch, routes, cseq, length_and_body)                          \
    "INFO sip:10.3.0.21:41822;transport=tcp SIP/2.0\r\n"                       \
    "Via: SIP/2.0/TCP 10.3.0.2:5060;branch=z9hG4bK1400000100000005." branch    \
    "\r\n"                                                                     \
    "From: <sip:pool@fjord.example>;tag=n2-d1\r\n"                             \
    "To: <sip:tomas@fjord.example>;tag=5512;epid=9a31c07be512\r\n" routes      \
    "Max-Forwards: 70\r\n"                                                     \
    "Call-ID: 93B7gTom\r\n"                                                    \
    "Contact: <sip:pool@fjord.example>\r\n"                                    \
    "Content-Type: text/plain\r\n"                                             \
    "CSeq: " cseq " INFO\r\n"                                                  \
    "Content-Length: " length_and_body

/* The bytes clients see, whatever the numbers' lengths. */
static void test_template_write__golden(void **state)
{
    struct template template = {0};
    struct template_facts with = facts();
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(template_render(&template, &with), ERROR_NONE);
    template_write(&template, &out, 1, SLICE_LITERAL("<x/>"));
    assert_slice_text(buffer_slice(&out),
                      GOLDEN("1", "", "1", "4\r\n\r\n<x/>"));
    buffer_clear(&out);
    template_write(&template, &out, 4294967295u, SLICE_NONE);
    assert_slice_text(buffer_slice(&out),
                      GOLDEN("4294967295", "", "4294967295", "0\r\n\r\n"));
    buffer_deinit(&out);
    template_deinit(&template);
}

/* A route set stands between To and Max-Forwards, and messages follow one
 * another without a seam. */
static void test_template_write__routes(void **state)
{
    struct template template = {0};
    struct template_facts with = facts();
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    with.routes = SLICE_LITERAL("Route: <sip:p1.example;lr>\r\n");
    assert_int_equal(template_render(&template, &with), ERROR_NONE);
    template_write(&template, &out, 9, SLICE_LITERAL("ab"));
    template_write(&template, &out, 10, SLICE_LITERAL("c"));
    assert_slice_text(
        buffer_slice(&out),
        GOLDEN("9", "Route: <sip:p1.example;lr>\r\n", "9", "2\r\n\r\nab")
            GOLDEN("10", "Route: <sip:p1.example;lr>\r\n", "10", "1\r\n\r\nc"));
    buffer_deinit(&out);
    template_deinit(&template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_template_write__golden),
        RUN(test_template_write__routes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
