#include "tests/unit/test.h"

#include "node/session/folding.h"
#include "node/session/words.h"

/* Whether a text has a phrase in it; both are folded. */
static bool has(const char *text, const char *phrase)
{
    struct buffer folded = BUFFER_EMPTY;
    struct words words;
    bool found;

    words_init(&words);
    folding_text(slice_of_text(phrase), &folded);
    words_take(&words, slice_of_text(text));
    found = words_has(&words, buffer_slice(&folded));
    words_deinit(&words);
    buffer_deinit(&folded);
    return found;
}

/* A word is whole: not a part of another, whatever its case. */
static void test_words_has__whole_words(void **state)
{
    (void)state;
    assert_true(has("Alice", "alice"));
    assert_true(has("ask ALICE.", "alice"));
    assert_true(has("alice's boat", "alice"));
    assert_true(has("(alice)", "alice"));
    assert_false(has("malice", "alice"));
    assert_false(has("alices", "alice"));
    assert_false(has("alice2", "alice"));
    assert_false(has("my_alice", "alice"));
    assert_true(has("malice, alice", "alice")); /* The second one. */
    assert_false(has("", "alice"));
}

/* Phrases count as they stand. */
static void test_words_has__phrases(void **state)
{
    (void)state;
    assert_true(has("the first ice of winter", "First ICE"));
    assert_false(has("the first  ice", "first ice"));
    assert_false(has("the first iceberg", "first ice"));
}

/* Case and composition are Unicode's. */
static void test_words_has__beyond_ascii(void **state)
{
    (void)state;
    assert_true(has("\xc3\x85sa is here", "\xc3\xa5sa"));  /* Å, å */
    assert_true(has("A\xcc\x8asa is here", "\xc3\xa5sa")); /* A and ring */
    assert_true(has("STRASSE", "stra\xc3\x9f"
                               "e")); /* ß */
    assert_true(has("\xce\xa3\xce\x9f\xce\xa6\xce\x9f\xce\xa3",
                    "\xcf\x83\xce\xbf\xcf\x86\xce\xbf\xcf\x82"));
    assert_false(has("\xc3\xa5sane", "\xc3\xa5sa"));
}

/* Where there are no blanks, words begin and end between signs. */
static void test_words_has__without_blanks(void **state)
{
    (void)state;
    /* "Tanaka" in "Tanaka-san is here" and in "to Tanaka". */
    assert_true(has("\xe7\x94\xb0\xe4\xb8\xad\xe3\x81\x95\xe3\x82\x93",
                    "\xe7\x94\xb0\xe4\xb8\xad"));
    assert_true(has("\xe3\x81\xb8\xe7\x94\xb0\xe4\xb8\xad",
                    "\xe7\x94\xb0\xe4\xb8\xad"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_has__whole_words),
        cmocka_unit_test(test_words_has__phrases),
        cmocka_unit_test(test_words_has__beyond_ascii),
        cmocka_unit_test(test_words_has__without_blanks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
