#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/archive_fixture.h"

#define NAME "witness.example/w1"
#define URL  "https://witness.example/w1"

static struct witness_view seen(const struct chat_fixture *f, uint32_t slot)
{
    struct witness_view view;

    assert_true(archive_witness(f->machine, slot, &view));
    return view;
}

/* A witness is kept under its key's name; another address changes it, another
 * key begins it anew. */
static void test_witness_put__keeps(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size;

    assert_outcome(archive_witness_put(f, NAME, URL, 7), DONE);
    assert_int_equal(f->applied.value, 0);
    assert_true(fixture_event(f, EVENT_WITNESS_CHANGED)->is_in);
    assert_slice_text(seen(f, 0).name, NAME);
    assert_slice_text(seen(f, 0).url, URL);
    assert_int_equal(seen(f, 0).public_key[31], 7);
    assert_outcome(archive_witness_put(f, NAME, URL, 7), REPEATED);
    assert_no_trace(f);
    size = archive_publish(f);
    assert_outcome(archive_witnessed(f, NAME, size, 5), DONE);
    assert_outcome(archive_witness_put(f, NAME, "http://w.example", 7), DONE);
    assert_slice_text(seen(f, 0).url, "http://w.example");
    assert_int_equal(seen(f, 0).size, size);
    assert_outcome(archive_witness_put(f, NAME, URL, 8), DONE);
    assert_int_equal(seen(f, 0).size, 0);
    assert_int_equal(seen(f, 0).public_key[0], 8);
    assert_archive_reloads(f);
}

/* Each thing that is wrong has a refusal of its own. */
static void test_witness_put__refuses(void **state)
{
    struct chat_fixture *f = *state;
    char url[ARCHIVE_URL_BYTES_MAX + 2];
    char name[8];

    assert_outcome(archive_witness_put(f, "", URL, 7), WITNESS_NAME_INVALID);
    assert_outcome(archive_witness_put(f, "a b", URL, 7), WITNESS_NAME_INVALID);
    assert_outcome(archive_witness_put(f, "a+b", URL, 7), WITNESS_NAME_INVALID);
    assert_outcome(archive_witness_put(f, NAME, "ftp://w", 7),
                   WITNESS_URL_INVALID);
    memset(url, 'u', sizeof(url));
    memcpy(url, "http://", 7);
    url[sizeof(url) - 1] = '\0';
    assert_outcome(archive_witness_put(f, NAME, url, 7), WITNESS_URL_INVALID);
    assert_outcome(archive_witness_put(f, NAME, URL, 0), ARCHIVE_KEY_INVALID);
    assert_no_trace(f);
    for (int i = 0; i < ARCHIVE_WITNESSES_MAX; i++) {
        snprintf(name, sizeof(name), "w%d", i);
        assert_outcome(archive_witness_put(f, name, URL, 7), DONE);
        assert_int_equal(f->applied.value, i);
    }
    assert_outcome(archive_witness_put(f, NAME, URL, 7), WITNESSES_FULL);
    assert_outcome(archive_witness_put(f, "w3", URL, 9), DONE);
}

static enum outcome remove_witness(struct chat_fixture *f, const char *name)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__WitnessRemove part = PERCH__WITNESS_REMOVE__INIT;

    CODEC_SET(&part, name, fixture_text(name));
    command.kind_case = PERCH__COMMAND__KIND_WITNESS_REMOVE;
    command.witness_remove = &part;
    return fixture_administer(f, &command);
}

/* Who is removed is asked no more, and its place is free. */
static void test_witness_remove__frees(void **state)
{
    struct chat_fixture *f = *state;
    struct witness_view view;

    assert_outcome(remove_witness(f, NAME), WITNESS_UNKNOWN);
    assert_outcome(archive_witness_put(f, NAME, URL, 7), DONE);
    assert_outcome(archive_witness_put(f, "w2", URL, 7), DONE);
    assert_outcome(remove_witness(f, NAME), DONE);
    assert_false(fixture_event(f, EVENT_WITNESS_CHANGED)->is_in);
    assert_false(archive_witness(f->machine, 0, &view));
    assert_archive_reloads(f);
    assert_outcome(archive_witness_put(f, "w3", URL, 7), DONE);
    assert_int_equal(f->applied.value, 0);
}

/* Its word is of what was published, or was before; it never goes back. */
static void test_witnessed__rises(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t first, second;

    assert_outcome(archive_witnessed(f, NAME, 1, 5), WITNESS_UNKNOWN);
    assert_outcome(archive_witness_put(f, NAME, URL, 7), DONE);
    assert_outcome(archive_witnessed(f, NAME, 1, 5), WITNESS_AHEAD);
    first = archive_publish(f);
    assert_outcome(archive_witnessed(f, NAME, first + 1, 5), WITNESS_AHEAD);
    assert_outcome(archive_say(f, "more"), DONE);
    second = archive_publish(f);
    assert_outcome(archive_witnessed(f, NAME, first, 5), DONE);
    assert_int_equal(fixture_event(f, EVENT_WITNESSED)->message_id, first);
    assert_outcome(archive_witnessed(f, NAME, second, 6), DONE);
    assert_outcome(archive_witnessed(f, NAME, first, 7), WITNESS_BACKWARD);
    assert_outcome(archive_witnessed(f, NAME, second, 5), WITNESS_BACKWARD);
    assert_outcome(archive_witnessed(f, NAME, second, 9), DONE);
    assert_int_equal(seen(f, 0).size, second);
    assert_int_equal(seen(f, 0).time_s, 9);
    assert_int_equal(seen(f, 0).cosignature[0], 0x77);
    assert_int_equal(f->effects.records.n, 0);
    assert_archive_reloads(f);
}

/* What is no cosignature is refused. */
static void test_witnessed__refuses(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Witnessed part = PERCH__WITNESSED__INIT;
    uint64_t size = archive_publish(f);

    assert_outcome(archive_witness_put(f, NAME, URL, 7), DONE);
    assert_outcome(archive_witnessed(f, NAME, 0, 5), COSIGNATURE_INVALID);
    assert_outcome(archive_witnessed(f, NAME, size, 0), COSIGNATURE_INVALID);
    CODEC_SET(&part, name, fixture_text(NAME));
    CODEC_SET(&part, size, size);
    CODEC_SET(&part, time_s, 5);
    CODEC_SET(&part, cosignature, fixture_text("short"));
    command.kind_case = PERCH__COMMAND__KIND_WITNESSED;
    command.witnessed = &part;
    assert_outcome(fixture_apply(f, 1, &command), COSIGNATURE_INVALID);
    assert_no_trace(f);
    assert_outcome(fixture_administer(f, &command), NOT_A_NODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define BARE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, archive_setup_bare, fixture_teardown)
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, archive_setup, fixture_teardown)
        TEST(test_witness_put__keeps),    BARE(test_witness_put__refuses),
        TEST(test_witness_remove__frees), TEST(test_witnessed__rises),
        TEST(test_witnessed__refuses),
#undef BARE
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
