#include "tests/unit/test.h"

#include <string.h>

#include "tests/unit/archive_fixture.h"

#define OFF      PERCH__ARCHIVE_MODE__ARCHIVE_OFF
#define ON       PERCH__ARCHIVE_MODE__ARCHIVE_ON
#define REQUIRED PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED
#define FINE     PERCH__ARCHIVE_MARK__STATE__FINE
#define FULL     PERCH__ARCHIVE_MARK__STATE__FULL

enum { BEHIND_S = 300 }; /* As SETTING_ARCHIVE_BEHIND_S is. */

/* There is no archive without a key of its log; with one it is switched on
 * under an origin made of the domain and the key. */
static void test_archive_put__needs_a_key(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, ON, NULL), ARCHIVE_KEY_MISSING);
    assert_no_trace(f);
    assert_outcome(archive_key(f, 1, 0, 0xab), DONE);
    assert_outcome(archive_mode(f, ON, NULL), DONE);
    assert_int_equal(f->applied.value, ON);
    assert_int_equal(fixture_count(f, EVENT_ARCHIVE_BEGUN), 1);
    assert_int_equal(fixture_event(f, EVENT_COMPLIANCE_CHANGED)->position, ON);
    assert_slice_text(archive_seen(f).origin, "example.com/perch/abababab");
    assert_int_equal(archive_seen(f).mode, ON);
    assert_int_equal(archive_seen(f).begun_index, f->index);
    assert_archive_reloads(f);
}

/* An origin is a key's name; once it is there it stays. */
static void test_archive_put__origin(void **state)
{
    static const char *const wrong[] = {"a b", "a+b", "\xc3\xa4", "a\n"};
    struct chat_fixture *f = *state;
    char long_name[ARCHIVE_ORIGIN_BYTES_MAX + 2];

    assert_outcome(archive_key(f, 1, 0, 0xab), DONE);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_outcome(archive_mode(f, ON, wrong[i]), ARCHIVE_ORIGIN_INVALID);
        assert_no_trace(f);
    }
    memset(long_name, 'o', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_outcome(archive_mode(f, ON, long_name), ARCHIVE_ORIGIN_INVALID);
    long_name[sizeof(long_name) - 2] = '\0';
    assert_outcome(archive_mode(f, ON, long_name), DONE);
    assert_outcome(archive_mode(f, OFF, "other"), ARCHIVE_ORIGIN_FIXED);
    assert_outcome(archive_mode(f, OFF, long_name), DONE);
    assert_int_equal(fixture_count(f, EVENT_ARCHIVE_BEGUN), 0);
    assert_outcome(archive_mode(f, ON, "other"), ARCHIVE_ORIGIN_FIXED);
    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    assert_int_equal(archive_seen(f).origin.len, ARCHIVE_ORIGIN_BYTES_MAX);
    assert_int_equal(archive_seen(f).origins, 1);
}

/* A mode is one of three; what is so already is said to be. */
static void test_archive_put__modes(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, (Perch__ArchiveMode)3, NULL),
                   ARCHIVE_MODE_INVALID);
    assert_outcome(archive_mode(f, ON, NULL), REPEATED);
    assert_no_trace(f);
    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    assert_int_equal(fixture_event(f, EVENT_COMPLIANCE_CHANGED)->roles_before,
                     ON);
    assert_outcome(archive_mode(f, OFF, NULL), DONE);
    assert_outcome(archive_mode(f, OFF, NULL), REPEATED);
}

/* Only those who keep compliance say whether there is an archive. */
static void test_archive_put__takes_an_officer(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchivePut put = PERCH__ARCHIVE_PUT__INIT;

    CODEC_SET(&put, mode, OFF);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_PUT;
    command.archive_put = &put;
    assert_int_equal(machine_roles(&command),
                     ADMINISTRATOR_BIT(COMPLIANCE_OFFICER) |
                         ADMINISTRATOR_BIT(ADMINISTRATOR));
    assert_outcome(fixture_apply(f, 1, &command), NOT_AN_ADMINISTRATOR);
    assert_no_trace(f);
}

/* Until the rules are raised none of it is known, nor are its settings. */
static void test_archive_put__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, OFF, NULL), COMMAND_UNKNOWN);
    assert_outcome(archive_key(f, 1, 1, 1), COMMAND_UNKNOWN);
    assert_outcome(fixture_set(f, SETTING_ARCHIVE_BEHIND_S, 20),
                   SETTING_UNKNOWN);
    fixture_raise(f);
    assert_outcome(fixture_set(f, SETTING_ARCHIVE_BEHIND_S, 20), DONE);
    assert_outcome(fixture_set(f, SETTING_ARCHIVE_BEHIND_S, 9),
                   SETTING_OUT_OF_RANGE);
}

/* A node puts its own key, and the log's when there is none; no other's, and it
 * takes none away. */
static void test_archive_key_put__by_a_node(void **state)
{
    struct chat_fixture *f = *state;
    struct archive_node_view view;
    uint8_t key[NOTE_KEY_BYTES];

    assert_false(archive_log_key(f->machine, key));
    assert_outcome(archive_key(f, 1, 2, 5), ARCHIVE_KEY_NOT_OWN);
    assert_no_trace(f);
    assert_outcome(archive_key(f, 2, 2, 5), DONE);
    assert_int_equal(fixture_event(f, EVENT_ARCHIVE_KEY_CHANGED)->session.node,
                     2);
    assert_true(archive_node(f->machine, 2, &view));
    assert_true(view.has_key);
    assert_int_equal(view.public_key[31], 5);
    assert_outcome(archive_key(f, 2, 2, 5), REPEATED);
    assert_outcome(archive_key(f, 2, 2, 6), DONE);
    assert_outcome(archive_key(f, 2, 2, 0), ARCHIVE_KEY_NOT_OWN);
    assert_outcome(archive_key(f, 1, 0, 7), DONE);
    assert_true(archive_log_key(f->machine, key));
    assert_int_equal(key[0], 7);
    assert_outcome(archive_key(f, 2, 0, 7), REPEATED);
    assert_outcome(archive_key(f, 2, 0, 8), ARCHIVE_KEY_NOT_OWN);
    assert_archive_reloads(f);
}

/* An administrator puts any, and takes any away but the log's of an archive
 * that is on. */
static void test_archive_key_put__by_an_administrator(void **state)
{
    struct chat_fixture *f = *state;
    struct archive_node_view view;

    assert_outcome(archive_key(f, 0, 0, 0), ARCHIVE_KEY_NEEDED);
    assert_outcome(archive_key(f, 0, 0, 9), DONE);
    assert_outcome(archive_key(f, 0, 9, 9), NODE_UNKNOWN);
    assert_outcome(archive_key(f, 0, 256, 9), NODE_UNKNOWN);
    assert_outcome(archive_key(f, 0, 3, 0), DONE);
    assert_false(fixture_event(f, EVENT_ARCHIVE_KEY_CHANGED)->is_in);
    assert_false(archive_node(f->machine, 3, &view));
    assert_outcome(archive_key(f, 0, 3, 0), REPEATED);
    assert_outcome(archive_mode(f, OFF, NULL), DONE);
    assert_outcome(archive_key(f, 0, 0, 0), DONE);
    assert_outcome(archive_mode(f, ON, NULL), ARCHIVE_KEY_MISSING);
    assert_archive_reloads(f);
}

/* A key is 32 bytes or none, and users have no say in keys. */
static void test_archive_key_put__refuses(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveKeyPut put = PERCH__ARCHIVE_KEY_PUT__INIT;

    CODEC_SET(&put, node, 1);
    CODEC_SET(&put, public_key, fixture_text("short"));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT;
    command.archive_key_put = &put;
    assert_outcome(fixture_apply(f, 1, &command), ARCHIVE_KEY_INVALID);
    CODEC_SET(&command, user, fixture_text(ALICE));
    assert_outcome(fixture_apply(f, 1, &command), NOT_AN_ADMINISTRATOR);
}

static enum outcome correct(struct chat_fixture *f, uint64_t message_id)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__MessageCorrect part = PERCH__MESSAGE_CORRECT__INIT;

    CODEC_SET(&part, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET(&part, message_id, message_id);
    CODEC_SET(&part, text, fixture_text("better"));
    CODEC_SET(&command, user, fixture_text(ALICE));
    CODEC_SET(&command, session, 1);
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_CORRECT;
    command.message_correct = &part;
    return fixture_apply(f, 1, &command);
}

static enum outcome import(struct chat_fixture *f)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__MessagesImport part = PERCH__MESSAGES_IMPORT__INIT;
    Perch__MessagesImport__Message one = PERCH__MESSAGES_IMPORT__MESSAGE__INIT;
    Perch__MessagesImport__Message *list[] = {&one};
    Perch__Post post = PERCH__POST__INIT;

    CODEC_SET(&part, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&part, first_id, fixture_view(f, &f->desk).message_id_last + 1);
    CODEC_SET(&one, author, fixture_text(ALICE));
    CODEC_SET(&one, sent_at_us, 1);
    CODEC_SET(&post, text, fixture_text("old"));
    one.post = &post;
    part.n_messages = 1;
    part.messages = list;
    command.kind_case = PERCH__COMMAND__KIND_MESSAGES_IMPORT;
    command.messages_import = &part;
    return fixture_administer(f, &command);
}

/* An archive that is on, not required, refuses nothing however it fares. */
static void test_archive_gate__on_refuses_nothing(void **state)
{
    struct chat_fixture *f = *state;

    for (uint8_t node = 1; node <= ARCHIVE_FIXTURE_NODES; node++) {
        assert_outcome(archive_marked(f, node, 0, FULL), DONE);
    }
    archive_later(f, 100000);
    assert_outcome(archive_say(f, "hi"), DONE);
    assert_int_equal(archive_gate(f->machine, f->now_us), OUTCOME_DONE);
}

/* Required: what is posted, corrected or imported is refused once a majority's
 * files are full, and taken again when they are not. Nothing is used up by a
 * refusal. */
static void test_archive_gate__a_majority_must_be_fine(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_say(f, "hi"), DONE);
    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_all_marked(f);
    assert_outcome(archive_marked(f, 1, archive_seen(f).records, FULL), DONE);
    assert_outcome(archive_say(f, "one of three"), DONE);
    assert_outcome(archive_marked(f, 2, archive_seen(f).records,
                                  PERCH__ARCHIVE_MARK__STATE__FAILED),
                   DONE);
    assert_outcome(archive_say(f, "two of three"), ARCHIVE_UNAVAILABLE);
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last, 2);
    assert_outcome(correct(f, 1), ARCHIVE_UNAVAILABLE);
    assert_outcome(import(f), ARCHIVE_UNAVAILABLE);
    assert_outcome(archive_marked(f, 2, archive_seen(f).records, FINE), DONE);
    assert_outcome(archive_say(f, "again"), DONE);
    assert_outcome(correct(f, 1), DONE);
    assert_outcome(import(f), DONE);
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last, 3);
}

/* What has been accepted before stays accepted: a retry is told so. */
static void test_archive_gate__retries_are_answered(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hi", "r"), DONE);
    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    for (uint8_t node = 1; node <= ARCHIVE_FIXTURE_NODES; node++) {
        assert_outcome(archive_marked(f, node, 0, FULL), DONE);
    }
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hi", "r"),
                   REPEATED);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hi", "s"),
                   ARCHIVE_UNAVAILABLE);
}

/* Nodes have a moment to mark after the mode has changed; then who says nothing
 * while there are records to be had is behind. */
static void test_archive_gate__silence(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_later(f, BEHIND_S - 10);
    assert_outcome(archive_say(f, "in time"), DONE);
    archive_later(f, 20);
    assert_outcome(archive_say(f, "late"), ARCHIVE_UNAVAILABLE);
    assert_outcome(archive_marked(f, 1, archive_seen(f).records, FINE), DONE);
    assert_outcome(archive_say(f, "one"), ARCHIVE_UNAVAILABLE);
    assert_outcome(archive_marked(f, 2, archive_seen(f).records, FINE), DONE);
    assert_outcome(archive_say(f, "two"), DONE);
}

/* A pool at rest is not behind: the first post after a quiet night is taken,
 * and then its archive has as long as ever. */
static void test_archive_gate__rest_is_no_silence(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_all_marked(f);
    archive_later(f, 12 * 3600);
    assert_outcome(archive_say(f, "morning"), DONE);
    archive_later(f, BEHIND_S - 10);
    assert_outcome(archive_say(f, "in time"), DONE);
    archive_later(f, 20);
    assert_outcome(archive_say(f, "late"), ARCHIVE_UNAVAILABLE);
}

/* Who marks and is always a little behind is not late: what it lacks is new. */
static void test_archive_gate__trailing_is_no_silence(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_all_marked(f);
    for (int i = 0; i < 10; i++) {
        uint64_t had = archive_seen(f).records;

        assert_outcome(archive_say(f, "more"), DONE);
        archive_later(f, BEHIND_S / 2);
        for (uint8_t node = 1; node <= ARCHIVE_FIXTURE_NODES; node++) {
            assert_outcome(archive_marked(f, node, had, FINE), DONE);
        }
    }
}

/* So many records may be missing, and not one more. */
static void test_archive_gate__records_behind(void **state)
{
    struct chat_fixture *f = *state;
    int taken = 0;

    assert_outcome(fixture_set(f, SETTING_ARCHIVE_BEHIND_RECORDS, 100), DONE);
    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_later(f, BEHIND_S + 10); /* No grace any more. */
    archive_all_marked(f);
    while (taken < 200 && archive_say(f, "more") == OUTCOME_DONE) {
        taken += 1;
    }
    assert_int_equal(taken, 101);
    archive_all_marked(f);
    assert_outcome(archive_say(f, "more"), DONE);
}

/* A node that was taken its key counts no more, one that has one does from the
 * start, with a moment to come near. */
static void test_archive_gate__keys_count(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_later(f, BEHIND_S + 10);
    assert_outcome(archive_marked(f, 1, archive_seen(f).records, FINE), DONE);
    assert_outcome(archive_say(f, "1 of 3"), ARCHIVE_UNAVAILABLE);
    assert_outcome(archive_key(f, 0, 2, 0), DONE);
    assert_outcome(archive_say(f, "1 of 2"), ARCHIVE_UNAVAILABLE);
    assert_outcome(archive_key(f, 0, 3, 0), DONE);
    assert_outcome(archive_say(f, "1 of 1"), DONE);
    assert_outcome(archive_key(f, 2, 2, 2), DONE);
    assert_outcome(archive_say(f, "grace"), DONE);
    assert_outcome(archive_key(f, 0, 1, 0), DONE);
    assert_outcome(archive_say(f, "grace"), DONE);
    assert_outcome(archive_key(f, 0, 2, 0), DONE);
    assert_outcome(archive_say(f, "nobody"), ARCHIVE_UNAVAILABLE);
}

/* A witness that has not seen what there is for too long stops posts; it may
 * come late after it was put. */
static void test_archive_gate__witness(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_later(f, BEHIND_S + 10);
    archive_all_marked(f);
    assert_outcome(archive_witness_put(f, "w.example/w", "http://w.example", 1),
                   DONE);
    archive_later(f, BEHIND_S - 10);
    archive_all_marked(f);
    assert_outcome(archive_say(f, "in time"), DONE);
    archive_all_marked(f);
    archive_later(f, 20);
    assert_outcome(archive_say(f, "late"), ARCHIVE_UNAVAILABLE);
    archive_publish(f);
    assert_outcome(
        archive_witnessed(f, "w.example/w", archive_seen(f).published.size, 5),
        DONE);
    assert_outcome(archive_say(f, "seen"), DONE);
}

/* A witness that was long behind when the mode was changed has a moment, too.
 */
static void test_archive_gate__witness_of_before(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_witness_put(f, "w", "https://w.example", 7), DONE);
    assert_outcome(archive_say(f, "hi"), DONE);
    archive_later(f, 10 * BEHIND_S);
    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_all_marked(f);
    assert_outcome(archive_say(f, "in time"), DONE);
    archive_later(f, BEHIND_S + 20);
    archive_all_marked(f);
    assert_outcome(archive_say(f, "late"), ARCHIVE_UNAVAILABLE);
}

/* So does an adapter whose sink lacks talk for longer than its interval and
 * the bound, unless it is disabled. */
static void test_archive_gate__adapter(void **state)
{
    struct chat_fixture *f = *state;
    Perch__AdapterPut put = PERCH__ADAPTER_PUT__INIT;
    uint64_t last;

    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    archive_later(f, ARCHIVE_INTERVAL_S + BEHIND_S - 10);
    archive_all_marked(f);
    assert_outcome(archive_say(f, "in time"), DONE);
    archive_all_marked(f);
    archive_later(f, 20);
    assert_outcome(archive_say(f, "late"), ARCHIVE_UNAVAILABLE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    last = f->applied.value;
    assert_outcome(archive_say(f, "cut is not delivered"), ARCHIVE_UNAVAILABLE);
    assert_outcome(archive_cut_done(f, "xml", last), DONE);
    assert_outcome(archive_say(f, "delivered"), DONE);

    archive_later(f, ARCHIVE_INTERVAL_S + BEHIND_S + 10);
    archive_all_marked(f);
    assert_outcome(archive_say(f, "late"), ARCHIVE_UNAVAILABLE);
    CODEC_SET(&put, disabled, true);
    assert_outcome(archive_adapter_put(f, &put, "xml"), DONE);
    assert_outcome(archive_say(f, "disabled"), DONE);
    CODEC_SET(&put, disabled, false);
    assert_outcome(archive_adapter_put(f, &put, "xml"), DONE);
    assert_outcome(archive_say(f, "enabled anew"), DONE);
}

/* The same is said of a moment beforehand as is decided then. */
static void test_archive_gate__judges_a_moment(void **state)
{
    struct chat_fixture *f = *state;
    int64_t then_us;

    assert_outcome(archive_mode(f, REQUIRED, NULL), DONE);
    archive_all_marked(f);
    assert_outcome(archive_say(f, "lacking from now"), DONE);
    then_us = f->now_us - 1000000;
    assert_int_equal(
        archive_gate(f->machine, then_us + (int64_t)BEHIND_S * 1000000),
        OUTCOME_DONE);
    assert_int_equal(
        archive_gate(f->machine, then_us + (int64_t)BEHIND_S * 1000000 + 1),
        OUTCOME_ARCHIVE_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(setup, name)                                                      \
    cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
        TEST(archive_setup_bare, test_archive_put__needs_a_key),
        TEST(archive_setup_bare, test_archive_put__origin),
        TEST(archive_setup, test_archive_put__modes),
        TEST(archive_setup, test_archive_put__takes_an_officer),
        TEST(fixture_setup, test_archive_put__waits_for_the_rules),
        TEST(archive_setup_bare, test_archive_key_put__by_a_node),
        TEST(archive_setup, test_archive_key_put__by_an_administrator),
        TEST(archive_setup, test_archive_key_put__refuses),
        TEST(archive_setup, test_archive_gate__on_refuses_nothing),
        TEST(archive_setup, test_archive_gate__a_majority_must_be_fine),
        TEST(archive_setup, test_archive_gate__retries_are_answered),
        TEST(archive_setup, test_archive_gate__silence),
        TEST(archive_setup, test_archive_gate__rest_is_no_silence),
        TEST(archive_setup, test_archive_gate__trailing_is_no_silence),
        TEST(archive_setup, test_archive_gate__records_behind),
        TEST(archive_setup, test_archive_gate__keys_count),
        TEST(archive_setup, test_archive_gate__witness),
        TEST(archive_setup, test_archive_gate__witness_of_before),
        TEST(archive_setup, test_archive_gate__adapter),
        TEST(archive_setup, test_archive_gate__judges_a_moment),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
