/* When a certificate ends, in both of the ways certificates say it. */
#include "tests/unit/test.h"

#include <openssl/x509.h>

#include "proto/base/certificate.h"

static bool end_of(const char *text, int64_t *expires_s_out)
{
    X509 *certificate = X509_new();
    ASN1_TIME *end = X509_getm_notAfter(certificate);
    bool found;

    assert_int_equal(ASN1_STRING_set(end, text, -1), 1);
    end->type = strlen(text) == sizeof("310203040506Z") - 1
                    ? V_ASN1_UTCTIME
                    : V_ASN1_GENERALIZEDTIME;
    found = certificate_end(certificate, expires_s_out);
    X509_free(certificate);
    return found;
}

/* Two digits of a year are of 1950 to 2049; later ends have four. */
static void test_certificate_end__is_utc_seconds(void **state)
{
    int64_t end_s = 0;

    (void)state;
    assert_true(end_of("310203040506Z", &end_s));
    assert_true(end_s == 1927857906);
    assert_true(end_of("491231235959Z", &end_s));
    assert_true(end_s == 2524607999);
    assert_true(end_of("20510203040506Z", &end_s));
    assert_true(end_s == 2559009906);
}

/* What is no time is no end, and not the first of January 1970. */
static void test_certificate_end__may_be_none(void **state)
{
    int64_t end_s = 7;

    (void)state;
    assert_false(end_of("3102030405xxZ", &end_s));
    assert_false(end_of("20511303040506Z", &end_s));
    assert_true(end_s == 7);
}

/* Of those there are the one that ends first counts. */
static void test_certificate_sooner__passes_over_none(void **state)
{
    (void)state;
    assert_true(certificate_sooner(0, 0) == 0);
    assert_true(certificate_sooner(0, 5) == 5);
    assert_true(certificate_sooner(5, 0) == 5);
    assert_true(certificate_sooner(5, 6) == 5);
    assert_true(certificate_sooner(6, 5) == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_certificate_end__is_utc_seconds),
        RUN(test_certificate_end__may_be_none),
        RUN(test_certificate_sooner__passes_over_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
