#include "node/sip/digest.h"

#include <sofia-sip/auth_digest.h>
#include <sofia-sip/sip_header.h>

#include "tests/unit/test.h"

/* Read a Proxy-Authorization value. */
static enum error read(const char *value, struct digest_claim *claim,
                       struct arena *arena)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    sip_proxy_authorization_t *credentials;
    enum error error;

    su_home_init(home);
    credentials = sip_proxy_authorization_make(home, value);
    assert_non_null(credentials);
    error = digest_read(claim, arena, credentials);
    su_home_deinit(home);
    return error;
}

static void ha1_of(char ha1[HA1_BYTES + 1], const char *user, const char *realm,
                   const char *password)
{
    auth_digest_ha1(ha1, user, realm, password);
}

/* The example of RFC 2617 3.5. */
static void test_digest_proves__rfc2617(void **state)
{
    struct arena *arena = arena_new(512);
    struct digest_claim claim;
    char ha1[HA1_BYTES + 1];

    (void)state;
    assert_int_equal(
        read("Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
             "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
             "uri=\"/dir/index.html\", qop=auth, nc=00000001, "
             "cnonce=\"0a4f113b\", "
             "response=\"6629fae49393a05397450978507c4ef1\", "
             "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
             &claim, arena),
        ERROR_NONE);
    ha1_of(ha1, "Mufasa", "testrealm@host.com", "Circle Of Life");
    assert_string_equal(ha1, "939e7578ed9e3c518a452acee763bce9");
    assert_true(digest_proves(&claim, ha1, "GET"));
    assert_false(digest_proves(&claim, ha1, "PUT"));
    ha1[31] ^= 1;
    assert_false(digest_proves(&claim, ha1, "GET"));
    assert_true(
        digest_is_first_use(&claim, "dcd98b7102dd2f0e8b11d0f600bfb0c093"));
    assert_false(digest_is_first_use(&claim, ""));
    assert_false(digest_is_first_use(&claim, "dcd98b"));
    arena_free(arena);
}

/* pidgin-sipe hashes over the text "(null)", which is taken as it stands; the
 * response was computed beside this code. */
static void test_digest_proves__null_uri(void **state)
{
    struct arena *arena = arena_new(512);
    struct digest_claim claim;
    char ha1[HA1_BYTES + 1];

    (void)state;
    assert_int_equal(
        read("Digest username=\"tomas@fjord.example\", "
             "realm=\"fjord.example\", nonce=\"c0ffee5e11\", uri=\"(null)\", "
             "qop=auth, nc=00000001, cnonce=\"7ab3\", "
             "response=\"e8122d743d8a3a0fbbdab8d0b1f19ac8\"",
             &claim, arena),
        ERROR_NONE);
    ha1_of(ha1, "tomas@fjord.example", "fjord.example", "hav");
    assert_true(digest_proves(&claim, ha1, "REGISTER"));
    arena_free(arena);
}

/* A response that is too short, too long or in capitals. */
static void test_digest_proves__odd_responses(void **state)
{
    static const struct {
        const char *response;
        bool proves;
    } cases[] = {
        {"6629FAE49393A05397450978507C4EF1", true},
        {"6629fae49393a05397450978507c4ef", false},
        {"6629fae49393a05397450978507c4ef10", false},
        {"", false},
    };
    struct digest_claim claim = {.username = "Mufasa",
                                 .realm = "testrealm@host.com",
                                 .nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                                 .uri = "/dir/index.html",
                                 .cnonce = "0a4f113b",
                                 .nc = "00000001"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        claim.response = cases[i].response;
        assert_int_equal(
            digest_proves(&claim, "939e7578ed9e3c518a452acee763bce9", "GET"),
            cases[i].proves);
    }
}

/* The nonce count of a nonce that is used once is 1. */
static void test_digest_is_first_use__counts(void **state)
{
    struct digest_claim claim = {.nonce = "\"abc\"", .nc = "00000002"};

    (void)state;
    assert_false(digest_is_first_use(&claim, "abc"));
    claim.nc = "00000001";
    assert_true(digest_is_first_use(&claim, "abc"));
}

/* Other schemes, algorithms and qualities are not read. */
static void test_digest_read__refuses(void **state)
{
    static const struct {
        const char *value;
        enum error error;
    } cases[] = {
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ERROR_UNSUPPORTED},
        {"NTLM qop=\"auth\", realm=\"r\", gssapi-data=\"\"", ERROR_UNSUPPORTED},
        {"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", "
         "algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"c\", "
         "response=\"0\"",
         ERROR_UNSUPPORTED},
        {"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", "
         "algorithm=MD5-sess, qop=auth, nc=00000001, cnonce=\"c\", "
         "response=\"0\"",
         ERROR_UNSUPPORTED},
        {"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", "
         "response=\"0\"",
         ERROR_UNSUPPORTED}, /* RFC 2069: no qop. */
        {"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", "
         "qop=auth, nc=00000001, response=\"0\"",
         ERROR_MALFORMED}, /* No cnonce. */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(512);
        struct digest_claim claim;

        assert_int_equal(read(cases[i].value, &claim, arena), cases[i].error);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_digest_proves__rfc2617),
        RUN(test_digest_proves__null_uri),
        RUN(test_digest_proves__odd_responses),
        RUN(test_digest_is_first_use__counts),
        RUN(test_digest_read__refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
