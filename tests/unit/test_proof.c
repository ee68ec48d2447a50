#include "ops/client/proof.h"

#include "tests/unit/test.h"

/* The example of RFC 2617 3.5 (method and URI are HTTP's there). */
static struct proof example(const char *challenge)
{
    return (struct proof){
        .challenge = slice_of_text(challenge),
        .username = "Mufasa",
        .password = "Circle Of Life",
        .method = "GET",
        .uri = SLICE_LITERAL("/dir/index.html"),
        .cnonce = "0a4f113b",
    };
}

#define RFC_CHALLENGE                                                          \
    "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "             \
    "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "                           \
    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""

static bool has(struct buffer *text, const char *part)
{
    return memmem(text->data, text->len, part, strlen(part)) != NULL;
}

/* The proof is the one the RFC computes. */
static void test_proof_write__rfc_example(void **state)
{
    struct proof proof = example(RFC_CHALLENGE);
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(proof_write(&out, &proof), ERROR_NONE);
    assert_true(has(&out, "response=\"6629fae49393a05397450978507c4ef1\""));
    assert_true(has(&out, "qop=auth, nc=00000001, cnonce=\"0a4f113b\""));
    assert_true(has(&out, "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
    assert_true(has(&out, "username=\"Mufasa\""));
    assert_false(has(&out, "Circle"));
    assert_true(slice_begins(buffer_slice(&out),
                             SLICE_LITERAL("Proxy-Authorization: Digest ")));
    assert_memory_equal(out.data + out.len - 2, "\r\n", 2);
    buffer_deinit(&out);
}

/* Without qop the older formula holds: MD5(HA1:nonce:HA2), computed with
 * another tool. */
static void test_proof_write__without_qop(void **state)
{
    struct proof proof = example(
        "Digest realm=\"testrealm@host.com\", nonce=\"n1\", algorithm=md5");
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(proof_write(&out, &proof), ERROR_NONE);
    assert_true(has(&out, "response=\"029885d46f65067d99269c83e65f2c05\""));
    assert_false(has(&out, "cnonce"));
    buffer_deinit(&out);
}

/* What is not Digest, MD5 and auth is not answered, and nothing is written. */
static void test_proof_write__refuses(void **state)
{
    static const struct {
        const char *challenge;
        enum error error;
    } rows[] = {
        {"NTLM realm=\"a\", nonce=\"b\"", ERROR_UNSUPPORTED},
        {"Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256",
         ERROR_UNSUPPORTED},
        {"Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\"",
         ERROR_UNSUPPORTED},
        {"Digest nonce=\"b\"", ERROR_MALFORMED},
        {"Digest realm=\"a\"", ERROR_MALFORMED},
        {"Digest realm=\"a\", nonce=\"\"", ERROR_MALFORMED},
        {"", ERROR_UNSUPPORTED},
    };
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct proof proof = example(rows[i].challenge);

        assert_int_equal(proof_write(&out, &proof), rows[i].error);
        assert_int_equal(out.len, 0);
    }
    buffer_deinit(&out);
}

/* A stale nonce is not a wrong password. */
static void test_proof_is_stale__says_so(void **state)
{
    (void)state;
    assert_true(
        proof_is_stale(SLICE_LITERAL("Digest nonce=\"b\", stale=true")));
    assert_true(proof_is_stale(SLICE_LITERAL("Digest stale=\"TRUE\", a=b")));
    assert_false(proof_is_stale(SLICE_LITERAL("Digest nonce=\"stale=true\"")));
    assert_false(proof_is_stale(SLICE_LITERAL("Digest stale=false")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_proof_write__rfc_example),
        RUN(test_proof_write__without_qop),
        RUN(test_proof_write__refuses),
        RUN(test_proof_is_stale__says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
