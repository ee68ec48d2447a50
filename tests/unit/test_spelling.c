/* node/session/spelling.h: what a word is, and which messages have it. */
#include "node/session/spelling.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

struct words {
    struct arena *arena;
    struct buffer scratch;
    struct spelling spelling;
};

static int make(void **state)
{
    struct words *words = calloc(1, sizeof(*words));

    words->arena = arena_new(1024);
    *state = words;
    return 0;
}

static int drop(void **state)
{
    struct words *words = *state;

    arena_free(words->arena);
    buffer_deinit(&words->scratch);
    free(words);
    return 0;
}

static struct slice spell(struct words *words, const char *text)
{
    spelling_spell(slice_of_text(text), false, &words->scratch);
    return buffer_slice(&words->scratch);
}

static struct slice catalog(struct words *words, const char *text)
{
    spelling_catalog(slice_of_text(text), &words->scratch);
    return buffer_slice(&words->scratch);
}

static bool finds(struct words *words, const char *query, const char *text)
{
    assert_int_equal(spelling_read(slice_of_text(query), false, false,
                                   words->arena, &words->spelling),
                     ERROR_NONE);
    return spelling_matches(&words->spelling, slice_of_text(text),
                            &words->scratch);
}

#define assert_text(slice, text) assert_true(slice_equal_text(slice, text))

/* Letters and digits make words; case, punctuation and blanks do not count,
 * symbols are words of their own. */
static void test_spelling_spell__words(void **state)
{
    assert_text(spell(*state, "The Crane,\r\n isn't  UP."),
                " the crane isn t up ");
    assert_text(spell(*state, "foo_bar2 C++"), " foo bar2 c + + ");
    assert_text(spell(*state, "STRASSE Stra\u00dfe"), " strasse strasse ");
    assert_text(spell(*state, "e\u0301tude"), " \u00e9tude ");
    assert_text(spell(*state, "ok \U0001f389\U0001f389"),
                " ok \U0001f389 \U0001f389 ");
    assert_text(spell(*state, "... ?!"), " ");
    assert_text(spell(*state, ""), " ");
}

/* What is written without blanks is found by any of its characters. */
static void test_spelling_spell__characters_of_scripts_without_blanks(
    void **state)
{
    assert_text(spell(*state, "東京タワー tower"), " 東 京 タ ワ ー tower ");
    assert_text(spell(*state, "서울에"), " 서 울 에 ");
    assert_text(spell(*state, "กิน"), " ก ิ น ");
}

/* The catalog gets each character and, at its place, it and the next. */
static void test_spelling_catalog__pairs(void **state)
{
    assert_text(catalog(*state, "a 東京都 b"), "a 東\t東京 京\t京都 都 b");
    assert_text(catalog(*state, "Plain words"), "plain words");
}

/* A word of the catalog ends at a whole character below the limit. */
static void test_spelling_catalog__long_word(void **state)
{
    struct words *words = *state;
    char text[200];
    struct slice made;

    memset(text, 'x', sizeof(text));
    memcpy(text + SPELLING_WORD_BYTES_MAX - 1, "\u00e9", 2);
    spelling_catalog(slice_of(text, sizeof(text)), &words->scratch);
    made = buffer_slice(&words->scratch);
    assert_int_equal(made.len, SPELLING_WORD_BYTES_MAX - 1);
}

/* All words must be there, as whole words, in any order; words in quotes or
 * joined by a sign stand together. */
static void test_spelling_matches__words_and_phrases(void **state)
{
    assert_true(finds(*state, "crane up", "Up went the CRANE"));
    assert_false(finds(*state, "crane up", "the crane"));
    assert_false(finds(*state, "cran", "the crane"));
    assert_true(finds(*state, "\"the crane\" up", "up: the crane!"));
    assert_false(finds(*state, "\"the crane\"", "the tall crane"));
    assert_true(finds(*state, "mail-box", "my mail box"));
    assert_false(finds(*state, "mail-box", "box mail"));
    assert_true(finds(*state, "\"the crane", "the crane"));
    assert_true(finds(*state, "", "anything"));
}

/* One and two characters of Chinese or Japanese are found within a text. */
static void test_spelling_matches__short_words_without_blanks(void **state)
{
    assert_true(finds(*state, "京", "東京都"));
    assert_true(finds(*state, "東京", "in 東京都"));
    assert_false(finds(*state, "東都", "東京都"));
    assert_true(finds(*state, "東京tower", "東京 Tower"));
}

/* What is looked for is put to the catalog in pairs, which are rarer. */
static void test_spelling_read__phrases(void **state)
{
    struct words *words = *state;
    struct slice text = SLICE_LITERAL("東京都 b京");

    assert_int_equal(
        spelling_read(text, false, false, words->arena, &words->spelling),
        ERROR_NONE);
    assert_int_equal(words->spelling.n, 2);
    assert_text(words->spelling.phrases[0], "東京 京都");
    assert_text(words->spelling.phrases[1], "b 京");
    assert_int_equal(
        spelling_read(text, true, false, words->arena, &words->spelling),
        ERROR_NONE);
    assert_int_equal(words->spelling.n, 1);
    assert_text(words->spelling.phrases[0], "東京 京都 都 b 京");
}

/* With case, the catalog is asked without and the message looked at with. */
static void test_spelling_read__match_case(void **state)
{
    struct words *words = *state;

    assert_int_equal(spelling_read(SLICE_LITERAL("Crane"), false, true,
                                   words->arena, &words->spelling),
                     ERROR_NONE);
    assert_text(words->spelling.phrases[0], "crane");
    assert_true(spelling_matches(&words->spelling, SLICE_LITERAL("a Crane"),
                                 &words->scratch));
    assert_false(spelling_matches(&words->spelling, SLICE_LITERAL("a crane"),
                                  &words->scratch));
}

/* Nothing to look for, or too much, is refused. */
static void test_spelling_read__refused(void **state)
{
    struct words *words = *state;
    char many[SPELLING_QUERY_BYTES_MAX + 1];

    assert_int_equal(spelling_read(SLICE_LITERAL("?! \" \" ..."), false, false,
                                   words->arena, &words->spelling),
                     ERROR_INVALID);
    memset(many, 'x', sizeof(many));
    assert_int_equal(spelling_read(slice_of(many, sizeof(many)), false, false,
                                   words->arena, &words->spelling),
                     ERROR_TOO_LARGE);
    for (size_t i = 1; i < sizeof(many); i += 2) {
        many[i] = ' ';
    }
    assert_int_equal(spelling_read(slice_of(many, 2 * SPELLING_PHRASES_MAX),
                                   false, false, words->arena,
                                   &words->spelling),
                     ERROR_NONE);
    assert_int_equal(spelling_read(slice_of(many, 2 * SPELLING_PHRASES_MAX + 1),
                                   false, false, words->arena,
                                   &words->spelling),
                     ERROR_TOO_LARGE);
}

/* Bytes that are no UTF-8, and the language of the library beneath, are words
 * or nothing. */
static void test_spelling_read__hostile(void **state)
{
    assert_true(finds(*state, "\xff\xfe crane", "\xff\xfe crane"));
    assert_true(finds(*state, "NEAR(crane AND) OR *", "near crane and or * *"));
    assert_false(finds(*state, "crane OR x", "crane"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_spelling_spell__words, make, drop),
        RUN_IN(test_spelling_spell__characters_of_scripts_without_blanks, make,
               drop),
        RUN_IN(test_spelling_catalog__pairs, make, drop),
        RUN_IN(test_spelling_catalog__long_word, make, drop),
        RUN_IN(test_spelling_matches__words_and_phrases, make, drop),
        RUN_IN(test_spelling_matches__short_words_without_blanks, make, drop),
        RUN_IN(test_spelling_read__phrases, make, drop),
        RUN_IN(test_spelling_read__match_case, make, drop),
        RUN_IN(test_spelling_read__refused, make, drop),
        RUN_IN(test_spelling_read__hostile, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
