#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "node/chat/filters.h"
#include "node/session/annotation.h"
#include "node/session/strainer.h"
#include "tests/unit/chat_fixture.h"

static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

static void add(struct chat_fixture *f, const char *name,
                Perch__FilterAction action, const char *expression,
                const struct guid *category)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FilterCreate create = PERCH__FILTER_CREATE__INIT;
    ProtobufCBinaryData words[] = {fixture_text(expression)};
    ProtobufCBinaryData categories[1];

    CODEC_SET(&create, name, fixture_text(name));
    CODEC_SET(&create, action, action);
    CODEC_SET(&create, notice, fixture_text("ask"));
    create.n_expressions = 1;
    create.expressions = words;
    if (category != NULL) {
        categories[0] = fixture_guid_bytes(category);
        create.n_categories = 1;
        create.categories = categories;
    }
    command.kind_case = PERCH__COMMAND__KIND_FILTER_CREATE;
    command.filter_create = &create;
    assert_outcome(fixture_administer(f, &command), DONE);
}

/* Whether an expression finds something in a text. */
static bool finds(const char *expression, const char *text)
{
    struct strainer_verdict verdict;
    struct chat_fixture *f;
    struct strainer *strainer;
    void *state;

    assert_int_equal(setup(&state), 0);
    f = state;
    add(f, "list", PERCH__FILTER_ACTION__BLOCK, expression, NULL);
    strainer = strainer_new(f->machine);
    assert_int_equal(strainer_compile(strainer), 0);
    strainer_look(strainer, NULL, slice_of_text(text), &verdict);
    strainer_free(strainer);
    fixture_teardown(&state);
    return verdict.blocked;
}

/* A word is found where it stands by itself, in any case of letters that
 * Unicode knows, and nowhere within another word. */
static void test_strainer_look__words(void **state)
{
    (void)state;
    assert_true(finds("word:deal", "a DEAL, really"));
    assert_true(finds("word:deal", "deal"));
    assert_false(finds("word:deal", "ideal dealer"));
    assert_true(finds("word:\xc3\xa9tat", "L'\xc3\x89TAT c'est moi"));
    assert_true(
        finds("word:\xd0\xbc\xd0\xb8\xd1\x80", "\xd0\x9c\xd0\x98\xd0\xa0!"));
    assert_true(finds("word:two  words", "of TWO\n\t words"));
    assert_false(finds("word:two words", "twowords"));
    assert_true(finds("word:a.b", "say a.b"));
    assert_false(finds("word:a.b", "say axb"));
    assert_true(finds("word:$$$", "win$$$now"));
    assert_true(finds("word:c++", "c++ or c"));
}

/* Scripts without blanks have a word wherever its characters stand. */
static void test_strainer_look__scripts_without_blanks(void **state)
{
    (void)state;
    assert_true(
        finds("word:\xe5\x9d\x8f", "\xe7\x9c\x9f\xe5\x9d\x8f\xe4\xba\xba"));
    assert_false(finds("word:\xe5\x9d\x8f", "\xe7\x9c\x9f\xe4\xba\xba"));
}

/* A star is the rest of a word, a question mark one character of it. */
static void test_strainer_look__wildcards(void **state)
{
    (void)state;
    assert_true(finds("like:insid*", "Insiders only"));
    assert_false(finds("like:insid*", "inside"[0] == 'i' ? "outsid" : ""));
    assert_true(finds("like:*trade", "by pretrade."));
    assert_false(finds("like:trade", "by pretrade."));
    assert_true(finds("like:b?d", "too BAD"));
    assert_false(finds("like:b?d", "bread"));
    assert_true(finds("like:a*b*c", "axxbxxbyc"));
    assert_false(finds("like:a*b*c", "ab bc"));
    assert_true(finds("like:a*b", "axb ab"));
    assert_true(finds("like:a*b", "abxb,"));
}

/* A regular expression knows characters, not bytes, and no case. */
static void test_strainer_look__regular_expressions(void **state)
{
    (void)state;
    assert_true(finds("regex:\\b\\d{4}-\\d{4}\\b", "card 1234-5678 here"));
    assert_true(finds("regex:^.$", "\xc3\xa9"));
    assert_true(finds("regex:stra(ss|\xc3\x9f)e", "STRA\xe1\xba\x9e"
                                                  "E"));
    assert_false(finds("regex:^deal$", "no deal"));
}

static struct strainer_verdict look(const struct chat_fixture *f,
                                    const struct guid *category,
                                    const char *text)
{
    struct strainer *strainer = strainer_new(f->machine);
    struct strainer_verdict verdict;

    strainer_compile(strainer);
    strainer_look(strainer, category, slice_of_text(text), &verdict);
    for (size_t i = 0; i < verdict.n; i++) { /* They lie in the strainer. */
        verdict.hits[i].filter = SLICE_NONE;
        verdict.hits[i].notice = SLICE_NONE;
    }
    strainer_free(strainer);
    return verdict;
}

/* A filter that blocks is the only one told of; those that warn are all told.
 * What is of another category or disabled is not looked for. */
static void test_strainer_look__filters(void **state)
{
    struct chat_fixture *f = *state;
    struct guid other = fixture_guid(77);
    struct strainer_verdict verdict;

    add(f, "w1", PERCH__FILTER_ACTION__WARN, "word:deal", NULL);
    add(f, "w2", PERCH__FILTER_ACTION__WARN, "word:rumour", &f->trade);
    add(f, "b", PERCH__FILTER_ACTION__BLOCK, "word:insider", &f->trade);
    verdict = look(f, &f->trade, "a deal, a rumour");
    assert_false(verdict.blocked);
    assert_int_equal(verdict.n, 2);
    verdict = look(f, &f->trade, "an insider deal");
    assert_true(verdict.blocked);
    assert_int_equal(verdict.n, 1);
    verdict = look(f, &other, "an insider deal, a rumour");
    assert_false(verdict.blocked);
    assert_int_equal(verdict.n, 1);
    verdict = look(f, NULL, "an insider"); /* Not known: all are for it. */
    assert_true(verdict.blocked);
    assert_int_equal(look(f, &f->trade, "deal\xff").n, 0);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Expressions that would take for ever end at their limit, whatever the text;
 * the post is then said to be unchecked, and other filters still see it. */
static void test_strainer_look__hostile_expressions(void **state)
{
    static const char *const hostile[] = {
        "regex:(a+)+$",
        "regex:(a|aa)+$",
        "regex:(a*)*b",
        "regex:(.*)*(.*)*(.*)*x$",
        "regex:(?:(?:(?:a*)*)*)*b",
        "regex:^(([a-z])+.)+[A-Z]([a-z])+$",
        "regex:(x+x+)+y|(a?){64}a{64}",
        "regex:(?<n>a(?&n)*)+$",
    };
    static char text[8001];
    struct chat_fixture *f = *state;

    memset(text, 'a', sizeof(text) - 2);
    text[sizeof(text) - 2] = '!';
    add(f, "plain", PERCH__FILTER_ACTION__WARN, "like:*aaa*", NULL);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        char name[16];
        struct strainer_verdict verdict;
        uint64_t begun = now_ms();

        snprintf(name, sizeof(name), "h%zu", i);
        add(f, name, PERCH__FILTER_ACTION__WARN, hostile[i], NULL);
        verdict = look(f, NULL, text);
        assert_true(now_ms() - begun < 2000); /* Ages otherwise. */
        assert_true(verdict.steps <= STRAINER_STEPS_MAX);
        assert_true(verdict.n >= 1);
        assert_false(verdict.hits[0].unchecked);
    }
    assert_true(look(f, NULL, text).hits[1].unchecked);
}

/* Many expressions that each take long share what a post may cost. */
static void test_strainer_look__the_whole_is_bounded(void **state)
{
    static char text[8001];
    struct chat_fixture *f = *state;
    struct strainer_verdict verdict;
    char name[16], regex[32];

    memset(text, 'a', sizeof(text) - 1);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "h%d", i);
        snprintf(regex, sizeof(regex), "regex:(a+)+[bc]{%d}$", i + 1);
        add(f, name, PERCH__FILTER_ACTION__BLOCK, regex, NULL);
    }
    verdict = look(f, NULL, text);
    assert_false(verdict.blocked);
    assert_int_equal(verdict.n, 40);
    assert_true(verdict.steps <= STRAINER_STEPS_MAX);
    for (size_t i = 0; i < verdict.n; i++) {
        assert_true(verdict.hits[i].unchecked);
    }
}

/* What cannot be compiled is told apart, with a reason, and finds nothing; the
 * others of its filter do their work. */
static void test_strainer_compile__bad_expressions(void **state)
{
    struct chat_fixture *f = *state;
    char why[STRAINER_WHY_BYTES];
    struct strainer *strainer;
    struct strainer_verdict verdict;

    assert_true(strainer_try(SLICE_LITERAL("regex:a+"), why));
    assert_false(strainer_try(SLICE_LITERAL("regex:a("), why));
    assert_non_null(strstr(why, "parenthes"));
    assert_false(strainer_try(SLICE_LITERAL("regex:\\C"), why));
    assert_false(strainer_try(
        SLICE_LITERAL(
            "regex:(((((((((((((((((((((((((((((((((((((((a)))))))))))"
            "))))))))))))))))))))))))))))"),
        why));
    assert_false(strainer_try(SLICE_LITERAL("regex:((a{999}){99}){99}"), why));
    assert_false(strainer_try(SLICE_LITERAL("glob:a"), why));
    add(f, "bad", PERCH__FILTER_ACTION__BLOCK, "regex:a(", NULL);
    add(f, "good", PERCH__FILTER_ACTION__BLOCK, "word:insider", NULL);
    strainer = strainer_new(f->machine);
    assert_int_equal(strainer_compile(strainer), 1);
    strainer_look(strainer, NULL, SLICE_LITERAL("a( insider"), &verdict);
    assert_true(verdict.blocked);
    assert_slice_text(verdict.hits[0].filter, "good");
    strainer_free(strainer);
}

/* Without filters, or with disabled ones alone, there is no strainer. */
static void test_strainer_new__nothing_to_look_for(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FilterChange change = PERCH__FILTER_CHANGE__INIT;

    assert_null(strainer_new(f->machine));
    add(f, "deals", PERCH__FILTER_ACTION__BLOCK, "word:deal", NULL);
    CODEC_SET(&change, filter, fixture_text("deals"));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_FILTER_CHANGE;
    command.filter_change = &change;
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_null(strainer_new(f->machine));
}

/* What is said of a post are whole lines, up to a limit, and a refusal names
 * the filter and its notice and nothing it looks for. */
static void test_annotation_write__lines(void **state)
{
    static char long_notice[ANNOTATION_BYTES_MAX];
    struct arena *arena = arena_new(256);
    struct strainer_verdict verdict = {
        .n = 3,
        .hits = {{SLICE_LITERAL("deals"), SLICE_LITERAL("ask"), false, 0},
                 {SLICE_LITERAL("slow"), SLICE_LITERAL("ask"), true, 0},
                 {SLICE_LITERAL("bare"), SLICE_NONE, false, 0}}};

    (void)state;
    assert_slice_text(annotation_write(arena, &verdict, SLICE_LITERAL("hm")),
                      "deals: ask\nslow: not checked\nbare\nprogram: hm");
    assert_slice_text(annotation_refusal(arena, &verdict.hits[0]),
                      "Refused by the filter deals: ask");
    assert_slice_text(annotation_refusal(arena, &verdict.hits[2]),
                      "Refused by the filter bare");
    memset(long_notice, 'n', sizeof(long_notice));
    verdict.hits[1].unchecked = false;
    verdict.hits[1].notice = slice_of(long_notice, sizeof(long_notice));
    assert_slice_text(annotation_write(arena, &verdict, SLICE_NONE),
                      "deals: ask\nbare");
    verdict.n = 0;
    assert_int_equal(annotation_write(arena, &verdict, SLICE_NONE).len, 0);
    arena_free(arena);
}

#define CASE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strainer_look__words),
        cmocka_unit_test(test_strainer_look__scripts_without_blanks),
        cmocka_unit_test(test_strainer_look__wildcards),
        cmocka_unit_test(test_strainer_look__regular_expressions),
        CASE(test_strainer_look__filters),
        CASE(test_strainer_look__hostile_expressions),
        CASE(test_strainer_look__the_whole_is_bounded),
        CASE(test_strainer_compile__bad_expressions),
        CASE(test_strainer_new__nothing_to_look_for),
        cmocka_unit_test(test_annotation_write__lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
