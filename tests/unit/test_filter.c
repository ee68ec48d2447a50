#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/chat/filters.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

enum { LIST_MAX = FILTER_EXPRESSIONS_MAX + 1 };

static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

static Perch__FilterCreate wish(const char *name)
{
    Perch__FilterCreate create = PERCH__FILTER_CREATE__INIT;

    CODEC_SET(&create, name, fixture_text(name));
    CODEC_SET(&create, action, PERCH__FILTER_ACTION__BLOCK);
    return create;
}

static enum outcome create(struct chat_fixture *f, Perch__FilterCreate *create)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_FILTER_CREATE;
    command.filter_create = create;
    return fixture_administer(f, &command);
}

static enum outcome create_named(struct chat_fixture *f, const char *name)
{
    return fixture_filter(f, name, "word:insider");
}

static enum outcome change(struct chat_fixture *f, const char *name,
                           Perch__FilterChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(change, filter, fixture_text(name));
    command.kind_case = PERCH__COMMAND__KIND_FILTER_CHANGE;
    command.filter_change = change;
    return fixture_administer(f, &command);
}

static enum outcome drop(struct chat_fixture *f, const char *name,
                         uint32_t if_version)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FilterDelete command_part = PERCH__FILTER_DELETE__INIT;

    CODEC_SET(&command_part, filter, fixture_text(name));
    if (if_version != 0) {
        CODEC_SET(&command_part, if_version, if_version);
    }
    command.kind_case = PERCH__COMMAND__KIND_FILTER_DELETE;
    command.filter_delete = &command_part;
    return fixture_administer(f, &command);
}

static enum outcome create_category(struct chat_fixture *f,
                                    const struct guid *guid, const char *name)
{
    Perch__CategoryCreate create = PERCH__CATEGORY_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&create, category, fixture_guid_bytes(guid));
    CODEC_SET(&create, name, fixture_text(name));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &create;
    return fixture_administer(f, &command);
}

static enum outcome delete_category(struct chat_fixture *f,
                                    const struct guid *guid)
{
    Perch__CategoryDelete delete = PERCH__CATEGORY_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&delete, category, fixture_guid_bytes(guid));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_DELETE;
    command.category_delete = &delete;
    return fixture_administer(f, &command);
}

static struct filter_view view(const struct chat_fixture *f, const char *name)
{
    const struct filter *filter = filters_find(f->machine, slice_of_text(name));
    struct filter_view view;

    assert_non_null(filter);
    filters_view(filter, &view);
    return view;
}

static enum outcome post_noted(struct chat_fixture *f, ProtobufCBinaryData note)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Post post = PERCH__POST__INIT;

    CODEC_SET(&post, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET(&post, text, fixture_text("hi"));
    CODEC_SET(&post, annotation, note);
    CODEC_SET(&command, user, fixture_text(ALICE));
    CODEC_SET(&command, session, 1);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    return fixture_apply(f, 1, &command);
}

/* Until the rules are raised there are no filters and no annotations; who
 * sends either is refused as the older program refuses it. */
static void test_filter_create__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(create_named(f, "deals"), COMMAND_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(post_noted(f, fixture_text("note")), COMMAND_UNKNOWN);
    assert_no_trace(f);
}

/* A filter is kept with all it was given; its name is found in any case and
 * is there once. */
static void test_filter_create__keeps_what_was_given(void **state)
{
    struct chat_fixture *f = *state;
    ProtobufCBinaryData words[] = {fixture_text("word:insider"),
                                   fixture_text("like:bad*"),
                                   fixture_text("word:insider")};
    ProtobufCBinaryData categories[] = {fixture_guid_bytes(&f->trade)};
    Perch__FilterCreate made = wish("Deals");
    struct filter_view seen;

    CODEC_SET(&made, notice, fixture_text("Ask compliance"));
    made.n_expressions = 3;
    made.expressions = words;
    made.n_categories = 1;
    made.categories = categories;
    assert_outcome(create(f, &made), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_int_equal(fixture_count(f, EVENT_FILTER_CHANGED), 1);
    seen = view(f, "deals");
    assert_int_equal(seen.n_expressions, 2); /* Each once. */
    assert_int_equal(seen.n_categories, 1);
    assert_int_equal(seen.action, PERCH__FILTER_ACTION__BLOCK);
    assert_false(seen.disabled);
    assert_slice_text(seen.notice, "Ask compliance");
    assert_outcome(create_named(f, "DEALS"), FILTER_EXISTS);
    assert_no_trace(f);
}

/* Each thing that is wrong with a filter has a refusal of its own, and nothing
 * is kept of a filter that was refused. */
static void test_filter_create__refuses(void **state)
{
    struct chat_fixture *f = *state;
    static const char *const wrong[] = {"insider", "word:", "glob:x",
                                        "word:two\nlines", "regex:\xff"};
    struct guid nowhere = fixture_guid(99);
    ProtobufCBinaryData categories[] = {fixture_guid_bytes(&nowhere)};
    Perch__FilterCreate made = wish("");

    assert_outcome(create(f, &made), NAME_EMPTY);
    made = wish("two\nlines");
    assert_outcome(create(f, &made), NAME_CHARACTER);
    made = wish("deals");
    CODEC_SET(&made, action, (Perch__FilterAction)3);
    assert_outcome(create(f, &made), FILTER_ACTION_INVALID);
    made.has_action = false;
    assert_outcome(create(f, &made), FILTER_ACTION_INVALID);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ProtobufCBinaryData words[] = {fixture_text(wrong[i])};

        made = wish("deals");
        made.n_expressions = 1;
        made.expressions = words;
        assert_outcome(create(f, &made), FILTER_EXPRESSION_INVALID);
    }
    made = wish("deals");
    made.n_categories = 1;
    made.categories = categories;
    assert_outcome(create(f, &made), CATEGORY_UNKNOWN);
    assert_int_equal(filters_count(f->machine), 0);
    assert_no_trace(f);
}

/* A filter is of 64 categories at most, whatever command brings them. */
static void test_filter_change__bounds_categories(void **state)
{
    enum { MANY = FILTER_CATEGORIES_MAX + 1 };
    struct chat_fixture *f = *state;
    struct guid guids[MANY];
    ProtobufCBinaryData named[MANY];
    Perch__FilterChange more = PERCH__FILTER_CHANGE__INIT;

    for (int i = 0; i < MANY; i++) {
        char name[16];

        snprintf(name, sizeof(name), "category %d", i);
        guids[i] = fixture_guid((uint8_t)(100 + i));
        named[i] = fixture_guid_bytes(&guids[i]);
        assert_outcome(create_category(f, &guids[i], name), DONE);
    }
    assert_outcome(create_named(f, "deals"), DONE);
    more.categories_add = named;
    more.n_categories_add = MANY;
    assert_outcome(change(f, "deals", &more), FILTER_CATEGORIES_FULL);
    more.n_categories_add = FILTER_CATEGORIES_MAX;
    assert_outcome(change(f, "deals", &more), DONE);
    more.categories_add = &named[FILTER_CATEGORIES_MAX];
    more.n_categories_add = 1;
    assert_outcome(change(f, "deals", &more), FILTER_CATEGORIES_FULL);
    assert_int_equal(view(f, "deals").n_categories, FILTER_CATEGORIES_MAX);
}

/* A filter has 1024 expressions at most, whatever command brings them. */
static void test_filter_create__is_bounded(void **state)
{
    struct chat_fixture *f = *state;
    static char texts[LIST_MAX][16];
    static ProtobufCBinaryData words[LIST_MAX];
    Perch__FilterCreate made = wish("deals");
    Perch__FilterChange more = PERCH__FILTER_CHANGE__INIT;

    for (int i = 0; i < LIST_MAX; i++) {
        snprintf(texts[i], sizeof(texts[i]), "word:%d", i);
        words[i] = fixture_text(texts[i]);
    }
    made.n_expressions = LIST_MAX;
    made.expressions = words;
    assert_outcome(create(f, &made), FILTER_EXPRESSIONS_FULL);
    made.n_expressions = FILTER_EXPRESSIONS_MAX;
    assert_outcome(create(f, &made), DONE);
    more.n_expressions_add = 1;
    more.expressions_add = &words[FILTER_EXPRESSIONS_MAX];
    assert_outcome(change(f, "deals", &more), FILTER_EXPRESSIONS_FULL);
    more.n_expressions_remove = 1; /* Removals come first. */
    more.expressions_remove = words;
    assert_outcome(change(f, "deals", &more), DONE);
    assert_int_equal(view(f, "deals").n_expressions, FILTER_EXPRESSIONS_MAX);
    for (int i = 1; i < FILTERS_MAX; i++) {
        snprintf(texts[0], sizeof(texts[0]), "list %d", i);
        assert_outcome(create_named(f, texts[0]), DONE);
    }
    assert_outcome(create_named(f, "one more"), FILTERS_FULL);
    assert_no_trace(f);
}

/* A change says only what is to be other; one that changes nothing leaves the
 * version alone; one for another version is refused. */
static void test_filter_change__counts_versions(void **state)
{
    struct chat_fixture *f = *state;
    Perch__FilterChange asked = PERCH__FILTER_CHANGE__INIT;

    assert_outcome(create_named(f, "deals"), DONE);
    assert_outcome(change(f, "rumours", &asked), FILTER_UNKNOWN);
    CODEC_SET(&asked, disabled, true);
    CODEC_SET(&asked, name, fixture_text("Old deals"));
    CODEC_SET(&asked, if_version, 1);
    assert_outcome(change(f, "deals", &asked), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_true(view(f, "old deals").disabled);
    assert_int_equal(view(f, "old deals").n_expressions, 1);
    assert_null(filters_find(f->machine, SLICE_LITERAL("deals")));
    assert_outcome(change(f, "old deals", &asked), VERSION_STALE);
    asked.has_if_version = false;
    assert_outcome(change(f, "old deals", &asked), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_no_trace(f);
}

/* A filter of one category does not become one of the whole pool because its
 * list has run empty; that must be said. */
static void test_filter_change__does_not_widen_by_itself(void **state)
{
    struct chat_fixture *f = *state;
    ProtobufCBinaryData categories[] = {fixture_guid_bytes(&f->trade)};
    Perch__FilterChange asked = PERCH__FILTER_CHANGE__INIT;

    assert_outcome(create_named(f, "deals"), DONE);
    asked.n_categories_add = 1;
    asked.categories_add = categories;
    assert_outcome(change(f, "deals", &asked), DONE);
    asked = (Perch__FilterChange)PERCH__FILTER_CHANGE__INIT;
    asked.n_categories_remove = 1;
    asked.categories_remove = categories;
    assert_outcome(change(f, "deals", &asked), FILTER_CATEGORY_LAST);
    assert_no_trace(f);
    asked = (Perch__FilterChange)PERCH__FILTER_CHANGE__INIT;
    CODEC_SET(&asked, everywhere, true);
    assert_outcome(change(f, "deals", &asked), DONE);
    assert_int_equal(view(f, "deals").n_categories, 0);
}

/* A category that is deleted leaves the filters that name it, but for one that
 * names no other: that is of no category then, not of the whole pool. */
static void test_category_delete__leaves_filters(void **state)
{
    struct chat_fixture *f = *state;
    struct guid added = fixture_guid(70);
    ProtobufCBinaryData categories[] = {fixture_guid_bytes(&f->trade),
                                        fixture_guid_bytes(&added)};
    Perch__FilterCreate both = wish("both"), alone = wish("alone");

    assert_outcome(create_category(f, &added, "Bonds"), DONE);
    assert_outcome(create_named(f, "everywhere"), DONE);
    both.n_categories = 2;
    both.categories = categories;
    alone.n_categories = 1;
    alone.categories = &categories[1];
    assert_outcome(create(f, &both), DONE);
    assert_outcome(create(f, &alone), DONE);
    assert_outcome(delete_category(f, &added), DONE);
    assert_int_equal(fixture_count(f, EVENT_FILTER_CHANGED), 1);
    assert_int_equal(fixture_event(f, EVENT_FILTER_CHANGED)->position, 1);
    assert_int_equal(view(f, "both").n_categories, 1);
    assert_int_equal(guid_compare(&view(f, "both").categories[0], &f->trade),
                     0);
    assert_int_equal(view(f, "both").version, 2);
    assert_true(view(f, "both").changed_at_us == f->effects.sent_at_us);
    assert_int_equal(view(f, "alone").n_categories, 1);
    assert_int_equal(view(f, "alone").version, 1);
    assert_int_equal(view(f, "everywhere").version, 1);
}

/* What is deleted is gone, and its slot is the next one's. */
static void test_filter_delete__frees_the_slot(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(create_named(f, "deals"), DONE);
    assert_outcome(create_named(f, "rumours"), DONE);
    assert_outcome(drop(f, "deals", 2), VERSION_STALE);
    assert_outcome(drop(f, "deals", 1), DONE);
    assert_int_equal(fixture_count(f, EVENT_FILTER_CHANGED), 1);
    assert_outcome(drop(f, "deals", 0), FILTER_UNKNOWN);
    assert_outcome(create_named(f, "names"), DONE);
    assert_int_equal(view(f, "names").slot, 0);
    assert_int_equal(filters_count(f->machine), 2);
}

/* The annotation of a post is kept with it as it came: the rules know only how
 * long it may be. */
static void test_post__keeps_the_annotation(void **state)
{
    struct chat_fixture *f = *state;
    static char longest[ANNOTATION_BYTES_MAX + 2];

    memset(longest, 'n', ANNOTATION_BYTES_MAX + 1);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(post_noted(f, fixture_text("deals: ask")), DONE);
    assert_slice_text(codec_slice(f->effects.message.post->annotation),
                      "deals: ask");
    assert_outcome(post_noted(f, fixture_text("\xff")), ANNOTATION_INVALID);
    assert_outcome(post_noted(f, fixture_text(longest)), ANNOTATION_INVALID);
    assert_no_trace(f);
    longest[ANNOTATION_BYTES_MAX] = '\0';
    assert_outcome(post_noted(f, fixture_text(longest)), DONE);
}

/* Filters lie in rows: a machine made of them has the same ones, and goes on
 * like the first. */
static void test_filter__survives_a_restart(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    uint64_t hash;
    enum error error;

    assert_outcome(create_named(f, "deals"), DONE);
    assert_outcome(create_named(f, "rumours"), DONE);
    assert_outcome(drop(f, "deals", 0), DONE);
    hash = machine_hash(f->machine);
    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(f->machine);
    assert_true(machine_hash(f->machine) == hash);
    assert_null(filters_find(f->machine, SLICE_LITERAL("deals")));
    assert_int_equal(view(f, "rumours").n_expressions, 1);
    assert_outcome(create_named(f, "RUMOURS"), FILTER_EXISTS);
    row_store_free(store);
}

#define WITH_RULES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_filter_create__waits_for_the_rules,
                                        fixture_setup, fixture_teardown),
        WITH_RULES(test_filter_create__keeps_what_was_given),
        WITH_RULES(test_filter_create__refuses),
        WITH_RULES(test_filter_create__is_bounded),
        WITH_RULES(test_filter_change__bounds_categories),
        WITH_RULES(test_filter_change__counts_versions),
        WITH_RULES(test_filter_change__does_not_widen_by_itself),
        WITH_RULES(test_category_delete__leaves_filters),
        WITH_RULES(test_filter_delete__frees_the_slot),
        WITH_RULES(test_post__keeps_the_annotation),
        WITH_RULES(test_filter__survives_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
