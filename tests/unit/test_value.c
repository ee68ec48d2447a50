#include "ops/client/value.h"

#include "tests/unit/test.h"

static struct slice text(const char *c)
{
    return slice_of_text(c);
}

/* A URI is taken out of every form an address has. */
static void test_value_uri__forms(void **state)
{
    (void)state;
    assert_slice_text(value_uri(text("<sip:a@b>")), "sip:a@b");
    assert_slice_text(value_uri(text("<sip:a@b;x=1>;tag=2")), "sip:a@b;x=1");
    assert_slice_text(value_uri(text("\"A <x> \\\" B\" <sip:a@b>")), "sip:a@b");
    assert_slice_text(value_uri(text(" sip:a@b ; tag=2")), "sip:a@b");
    assert_null(value_uri(text("<sip:a@b")).data);
    assert_null(value_uri(text("")).data);
    assert_null(value_uri(text(";tag=2")).data);
    assert_null(value_uri(SLICE_NONE).data);
}

/* Parameters count behind the address, not within it or within quotes. */
static void test_value_param__places(void **state)
{
    const char *value = "\"x;tag=no\" <sip:a@b;tag=no>;Tag = yes ;lr;q=\"a;b\"";

    (void)state;
    assert_slice_text(value_param(text(value), "tag"), "yes");
    assert_slice_text(value_param(text(value), "q"), "a;b");
    assert_non_null(value_param(text(value), "lr").data);
    assert_int_equal(value_param(text(value), "lr").len, 0);
    assert_null(value_param(text(value), "l").data);
    assert_null(value_param(text("720"), "refresher").data);
    assert_slice_text(value_param(text("UAS; tcp=no; timeout=300"), "timeout"),
                      "300");
    assert_null(value_param(SLICE_NONE, "tag").data);
}

/* A challenge's parts are found in any order, quoted or not. */
static void test_value_auth_param__parts(void **state)
{
    const char *value = "Digest realm=\"a, b\", nonce=\"n==\",qop=\"auth,x\", "
                        "algorithm=MD5";

    (void)state;
    assert_slice_text(value_auth_param(text(value), "realm"), "a, b");
    assert_slice_text(value_auth_param(text(value), "nonce"), "n==");
    assert_slice_text(value_auth_param(text(value), "QOP"), "auth,x");
    assert_slice_text(value_auth_param(text(value), "algorithm"), "MD5");
    assert_null(value_auth_param(text(value), "opaque").data);
    assert_null(value_auth_param(text("Digest"), "realm").data);
}

/* A number is digits and nothing else, and not too large. */
static void test_value_number__bounds(void **state)
{
    uint32_t number = 7;

    (void)state;
    assert_true(value_number(text("4294967295"), UINT32_MAX, &number));
    assert_int_equal(number, UINT32_MAX);
    assert_false(value_number(text("4294967296"), UINT32_MAX, &number));
    assert_false(value_number(text("11"), 10, &number));
    assert_false(value_number(text(""), 10, &number));
    assert_false(value_number(text("-1"), 10, &number));
    assert_false(value_number(text("1 "), 10, &number));
    assert_false(value_number(text("00000000001"), 10, &number));
    assert_int_equal(number, UINT32_MAX);
}

/* The word before the parameters, and whether it is this one. */
static void test_value_word__stands_alone(void **state)
{
    (void)state;
    assert_slice_text(value_word(text(" 720 ;refresher=uac")), "720");
    assert_true(value_begins_with_word(text("digest realm=x"), "Digest"));
    assert_true(value_begins_with_word(text("Digest"), "Digest"));
    assert_false(value_begins_with_word(text("Digestive realm=x"), "Digest"));
    assert_false(value_begins_with_word(text(""), "Digest"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_value_uri__forms),         RUN(test_value_param__places),
        RUN(test_value_auth_param__parts),  RUN(test_value_number__bounds),
        RUN(test_value_word__stands_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
