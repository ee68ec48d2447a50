#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/chat_fixture.h"

enum { MANY = IMPORT_MESSAGES_MAX + 1, LONG_AGO_US = 1000000 };

static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

/* A batch of messages by somebody who is no user here. */
struct batch {
    Perch__Post posts[MANY];
    Perch__MessagesImport__Message messages[MANY];
    Perch__MessagesImport__Message *list[MANY];
    Perch__MessagesImport import;
};

static struct batch *batch_new(const struct chat_fixture *f, uint64_t first_id,
                               size_t n)
{
    static const Perch__MessagesImport__Message message =
        PERCH__MESSAGES_IMPORT__MESSAGE__INIT;
    static const Perch__Post post = PERCH__POST__INIT;
    struct batch *batch = calloc(1, sizeof(*batch));

    batch->import = (Perch__MessagesImport)PERCH__MESSAGES_IMPORT__INIT;
    for (size_t i = 0; i < n; i++) {
        batch->posts[i] = post;
        batch->messages[i] = message;
        CODEC_SET(&batch->posts[i], text, fixture_text("long ago"));
        CODEC_SET(&batch->messages[i], author,
                  fixture_text("sip:old@elsewhere.example"));
        CODEC_SET(&batch->messages[i], display_name, fixture_text("Old"));
        CODEC_SET(&batch->messages[i], sent_at_us, LONG_AGO_US + (int64_t)i);
        batch->messages[i].post = &batch->posts[i];
        batch->list[i] = &batch->messages[i];
    }
    CODEC_SET(&batch->import, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET(&batch->import, first_id, first_id);
    batch->import.n_messages = n;
    batch->import.messages = batch->list;
    return batch;
}

static enum outcome apply(struct chat_fixture *f, struct batch *batch)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_MESSAGES_IMPORT;
    command.messages_import = &batch->import;
    return fixture_administer(f, &command);
}

/* Before the rules know it, it is refused as the older program refuses it. */
static void test_messages_import__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;
    struct batch *batch = batch_new(f, 1, 1);

    assert_outcome(apply(f, batch), COMMAND_UNKNOWN);
    assert_no_trace(f);
    free(batch);
}

/* Messages come with their author, time and order, marked with who imported
 * them and when; nobody in the room is told. */
static void test_messages_import__keeps_what_was_said(void **state)
{
    struct chat_fixture *f = *state;
    struct batch *batch = batch_new(f, 1, 2);
    struct message message;

    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(apply(f, batch), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last, 2);
    assert_false(f->effects.has_message);
    assert_int_equal(fixture_count(f, EVENT_POSTED), 0);
    assert_int_equal(fixture_event(f, EVENT_MESSAGES_IMPORTED)->message_id, 1);
    assert_int_equal(fixture_event(f, EVENT_MESSAGES_IMPORTED)->position, 2);
    effects_imported(&f->effects, 1, &message);
    assert_int_equal(message.message_id, 2);
    assert_true(message.sent_at_us == LONG_AGO_US + 1);
    assert_true(message.imported_at_us == f->effects.sent_at_us);
    assert_true(message.importer.len > 0);
    assert_slice_text(message.author_uri, "sip:old@elsewhere.example");
    /* What is said here goes on behind them. */
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "new", NULL), DONE);
    assert_int_equal(f->applied.value, 3);
    assert_null(f->effects.imported.import);
    free(batch);
}

/* A batch that comes again, or out of order, changes nothing and says where the
 * room stands: so an import that was broken off goes on. */
static void test_messages_import__is_done_once(void **state)
{
    struct chat_fixture *f = *state;
    struct batch *first = batch_new(f, 1, 2), *third = batch_new(f, 4, 1);

    assert_outcome(apply(f, first), DONE);
    assert_outcome(apply(f, first), IMPORT_POSITION);
    assert_int_equal(f->applied.value, 2);
    assert_no_trace(f);
    assert_outcome(apply(f, third), IMPORT_POSITION);
    assert_no_trace(f);
    free(first);
    free(third);
}

/* Each thing that is wrong refuses the whole batch and names the message. */
static void test_messages_import__refuses(void **state)
{
    struct chat_fixture *f = *state;
    struct guid nowhere = fixture_guid(99);
    struct batch *batch = batch_new(f, 1, 3);
    Perch__Post *second = &batch->posts[1];

    batch->import.n_messages = 0;
    assert_outcome(apply(f, batch), IMPORT_EMPTY);
    batch->import.n_messages = 3;
    CODEC_SET(second, text, fixture_text(""));
    assert_outcome(apply(f, batch), TEXT_EMPTY);
    assert_int_equal(f->applied.value, 1);
    CODEC_SET(second, text, fixture_text("\xff"));
    assert_outcome(apply(f, batch), TEXT_NOT_UTF8);
    CODEC_SET(second, text, fixture_text("fine"));
    batch->messages[2].sent_at_us = LONG_AGO_US;
    assert_outcome(apply(f, batch), IMPORT_TIME);
    assert_int_equal(f->applied.value, 2);
    batch->messages[2].sent_at_us = SENT_AT_US_MAX;
    assert_outcome(apply(f, batch), IMPORT_TIME);
    batch->messages[2].sent_at_us = LONG_AGO_US + 5;
    CODEC_SET(&batch->messages[0], author, fixture_text("old"));
    assert_outcome(apply(f, batch), USER_URI_INVALID);
    CODEC_SET(&batch->messages[0], author, fixture_text("sip:Old@x.example"));
    assert_outcome(apply(f, batch), USER_URI_INVALID);
    CODEC_SET(&batch->messages[0], author, fixture_text(ALICE));
    CODEC_SET(&batch->messages[0], display_name, fixture_text("a\nb"));
    assert_outcome(apply(f, batch), NAME_CHARACTER);
    batch->messages[0].has_display_name = false;
    batch->messages[0].post = NULL;
    assert_outcome(apply(f, batch), TEXT_EMPTY);
    CODEC_SET(&batch->import, room, fixture_guid_bytes(&nowhere));
    assert_outcome(apply(f, batch), ROOM_UNKNOWN);
    assert_no_trace(f);
    free(batch);
    batch = batch_new(f, 1, MANY);
    assert_outcome(apply(f, batch), IMPORT_TOO_MANY);
    assert_no_trace(f);
    batch->import.n_messages = MANY - 1;
    assert_outcome(apply(f, batch), DONE);
    free(batch);
}

/* A room's messages are in the order of their times, whoever said or imported
 * them: nothing is put behind what was said later. */
static void test_messages_import__not_behind_what_is_newer(void **state)
{
    struct chat_fixture *f = *state;
    struct batch *first = batch_new(f, 1, 2), *next = batch_new(f, 3, 1);
    struct batch *last = batch_new(f, 4, 1);

    assert_outcome(apply(f, first), DONE);
    next->messages[0].sent_at_us = LONG_AGO_US;
    assert_outcome(apply(f, next), IMPORT_TIME);
    assert_int_equal(f->applied.value, 0);
    assert_no_trace(f);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "new", NULL), DONE);
    last->messages[0].sent_at_us = f->effects.sent_at_us - 1;
    assert_outcome(apply(f, last), IMPORT_TIME);
    last->messages[0].sent_at_us += 1;
    assert_outcome(apply(f, last), DONE);
    free(first);
    free(next);
    free(last);
}

/* A pool may have been quiet for long: what was said meanwhile elsewhere is
 * past all the same, judged by the moment the entry would have. */
static void test_machine_judge__of_an_import_into_a_quiet_pool(void **state)
{
    struct chat_fixture *f = *state;
    struct batch *batch = batch_new(f, 1, 1);
    Perch__Command command = PERCH__COMMAND__INIT;
    struct applied_entry as = {.sent_at_us = f->now_us + 3600000000};

    CODEC_SET(&command, administrator, fixture_text("root"));
    command.kind_case = PERCH__COMMAND__KIND_MESSAGES_IMPORT;
    command.messages_import = &batch->import;
    batch->messages[0].sent_at_us = as.sent_at_us;
    assert_outcome(machine_judge(f->machine, &command, &as).outcome, DONE);
    batch->messages[0].sent_at_us += 1;
    assert_outcome(machine_judge(f->machine, &command, &as).outcome,
                   IMPORT_TIME);
    free(batch);
}

/* Only an administrator imports. */
static void test_messages_import__by_administrators(void **state)
{
    struct chat_fixture *f = *state;
    struct batch *batch = batch_new(f, 1, 1);
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&command, user, fixture_text(ALICE));
    command.kind_case = PERCH__COMMAND__KIND_MESSAGES_IMPORT;
    command.messages_import = &batch->import;
    assert_outcome(fixture_apply(f, 1, &command), NOT_AN_ADMINISTRATOR);
    assert_no_trace(f);
    free(batch);
}

#define CASE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_messages_import__waits_for_the_rules, fixture_setup,
            fixture_teardown),
        CASE(test_messages_import__keeps_what_was_said),
        CASE(test_messages_import__is_done_once),
        CASE(test_messages_import__refuses),
        CASE(test_messages_import__not_behind_what_is_newer),
        CASE(test_machine_judge__of_an_import_into_a_quiet_pool),
        CASE(test_messages_import__by_administrators),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
