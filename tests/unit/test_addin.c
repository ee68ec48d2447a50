#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/addins.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define TIDES "https://tides.example/now"

static struct guid tides, winds;

/* The pool at the newest rules; alice, who manages the desk, has signed in. */
static int setup(void **state)
{
    struct chat_fixture *f;

    tides = fixture_guid(77);
    winds = fixture_guid(78);
    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 2), DONE);
    return 0;
}

static struct addin_view view(const struct chat_fixture *f,
                              const struct guid *guid)
{
    const struct addin *addin = addins_find(f->machine, guid);
    struct addin_view view;

    assert_non_null(addin);
    view_addin(addin, &view);
    return view;
}

static enum outcome change(struct chat_fixture *f, const struct guid *guid,
                           const char *name, const char *url,
                           uint32_t if_version)
{
    Perch__AddinChange change = PERCH__ADDIN_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, addin, fixture_guid_bytes(guid));
    if (name != NULL) {
        CODEC_SET(&change, name, fixture_text(name));
    }
    if (url != NULL) {
        CODEC_SET(&change, url, fixture_text(url));
    }
    if (if_version != 0) {
        CODEC_SET(&change, if_version, if_version);
    }
    command.kind_case = PERCH__COMMAND__KIND_ADDIN_CHANGE;
    command.addin_change = &change;
    return fixture_administer(f, &command);
}

static enum outcome drop(struct chat_fixture *f, const struct guid *guid)
{
    Perch__AddinDelete gone = PERCH__ADDIN_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&gone, addin, fixture_guid_bytes(guid));
    command.kind_case = PERCH__COMMAND__KIND_ADDIN_DELETE;
    command.addin_delete = &gone;
    return fixture_administer(f, &command);
}

/* Have the desk carry one, as a user with a session; NULL: none. */
static enum outcome carry(struct chat_fixture *f, const char *user,
                          uint64_t serial, const struct guid *guid)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, addin,
              guid == NULL ? fixture_text("") : fixture_guid_bytes(guid));
    CODEC_SET(&command, user, fixture_text(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    return fixture_apply(f, 1, &command);
}

/* Until the rules are raised there are none. */
static void test_addin__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    tides = fixture_guid(77);
    assert_outcome(fixture_addin(f, &tides, "Tides", TIDES), COMMAND_UNKNOWN);
    assert_outcome(fixture_set(f, SETTING_ADDINS_MAX, 5), SETTING_UNKNOWN);
    assert_outcome(carry(f, ALICE, 1, NULL), COMMAND_UNKNOWN);
}

/* An add-in has a name that no other has and an address that a browser opens,
 * both of some length. */
static void test_addin_create__names_and_addresses(void **state)
{
    struct chat_fixture *f = *state;
    char text[ADDIN_URL_BYTES_MAX + 2];

    assert_outcome(fixture_addin(f, &tides, "Tides", TIDES), DONE);
    assert_int_equal(fixture_count(f, EVENT_ADDIN_CREATED), 1);
    assert_slice_text(view(f, &tides).name, "Tides");
    assert_slice_text(view(f, &tides).url, TIDES);
    assert_int_equal(view(f, &tides).version, 1);
    assert_outcome(fixture_addin(f, &tides, "Winds", TIDES), GUID_TAKEN);
    assert_outcome(fixture_addin(f, &winds, "TIDES", TIDES), ADDIN_EXISTS);
    assert_no_trace(f);
    assert_outcome(fixture_addin(f, &winds, " ", TIDES), NAME_EMPTY);
    assert_outcome(fixture_addin(f, &winds, "a\nb", TIDES), NAME_CHARACTER);
    memset(text, 'n', sizeof(text));
    text[ADDIN_NAME_CHARACTERS_MAX + 1] = '\0';
    assert_outcome(fixture_addin(f, &winds, text, TIDES), ADDIN_NAME_TOO_LONG);
    assert_outcome(fixture_addin(f, &winds, text + 1, "ftp://x.example/"),
                   ADDIN_URL_INVALID);
    assert_outcome(fixture_addin(f, &winds, "Winds", "javascript:alert(1)"),
                   ADDIN_URL_INVALID);
    assert_outcome(fixture_addin(f, &winds, "Winds", "https://"),
                   ADDIN_URL_INVALID);
    assert_outcome(fixture_addin(f, &winds, "Winds", "https://a b"),
                   ADDIN_URL_INVALID);
    memset(text, 'u', sizeof(text));
    memcpy(text, "http://", 7);
    text[ADDIN_URL_BYTES_MAX + 1] = '\0';
    assert_outcome(fixture_addin(f, &winds, "Winds", text), ADDIN_URL_INVALID);
    text[ADDIN_URL_BYTES_MAX] = '\0';
    assert_outcome(fixture_addin(f, &winds, "Winds", text), DONE);
}

/* The pool has as many as is set. */
static void test_addin_create__limit(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_set(f, SETTING_ADDINS_MAX, 1), DONE);
    assert_outcome(fixture_addin(f, &tides, "Tides", TIDES), DONE);
    assert_outcome(fixture_addin(f, &winds, "Winds", TIDES), ADDINS_FULL);
    assert_outcome(drop(f, &tides), DONE);
    assert_outcome(fixture_addin(f, &winds, "Winds", TIDES), DONE);
}

/* What is the same is no change; who knew another version is refused. */
static void test_addin_change__counts_versions(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(change(f, &tides, "Ebb", NULL, 0), ADDIN_UNKNOWN);
    assert_outcome(fixture_addin(f, &tides, "Tides", TIDES), DONE);
    assert_outcome(fixture_addin(f, &winds, "Winds", TIDES), DONE);
    assert_outcome(change(f, &tides, "Tides", TIDES, 0), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_int_equal(fixture_count(f, EVENT_ADDIN_CHANGED), 0);
    assert_outcome(change(f, &tides, "tides", "http://t.example/", 1), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_int_equal(fixture_count(f, EVENT_ADDIN_CHANGED), 1);
    assert_slice_text(view(f, &tides).url, "http://t.example/");
    assert_outcome(change(f, &tides, "Ebb", NULL, 1), VERSION_STALE);
    assert_no_trace(f);
    assert_outcome(change(f, &tides, "WINDS", NULL, 0), ADDIN_EXISTS);
    assert_outcome(change(f, &tides, NULL, "about:blank", 0),
                   ADDIN_URL_INVALID);
    assert_slice_text(view(f, &tides).name, "tides");
}

/* A room carries one, which its managers choose; the room's version counts it,
 * and one that is carried is not deleted. */
static void test_addin__is_carried(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_addin(f, &tides, "Tides", TIDES), DONE);
    assert_outcome(carry(f, ALICE, 1, &winds), ADDIN_UNKNOWN);
    assert_outcome(carry(f, BOB, 2, &tides), NOT_A_MANAGER);
    assert_null(fixture_view(f, &f->desk).addin);
    assert_outcome(carry(f, ALICE, 1, &tides), DONE);
    assert_int_equal(fixture_event(f, EVENT_ROOM_CHANGED)->changed,
                     CHANGED_SWITCHES);
    assert_true(fixture_view(f, &f->desk).addin ==
                addins_find(f->machine, &tides));
    assert_int_equal(view(f, &tides).rooms, 1);
    assert_outcome(carry(f, ALICE, 1, &tides), DONE);
    assert_int_equal(fixture_count(f, EVENT_ROOM_CHANGED), 0);
    assert_outcome(drop(f, &tides), ADDIN_IN_USE);
    assert_int_equal(f->applied.value, 1);
    assert_no_trace(f);
    assert_outcome(carry(f, ALICE, 1, NULL), DONE);
    assert_null(fixture_view(f, &f->desk).addin);
    assert_outcome(drop(f, &tides), DONE);
    assert_int_equal(fixture_count(f, EVENT_ADDIN_DELETED), 1);
    assert_null(addins_named(f->machine, slice_of_text("Tides")));
    assert_outcome(drop(f, &tides), ADDIN_UNKNOWN);
}

/* A restart keeps what is registered and carried; a number is not given again.
 */
static void test_addin__in_rows(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    struct machine *again;
    enum error error;

    assert_outcome(fixture_addin(f, &winds, "Winds", TIDES), DONE);
    assert_outcome(drop(f, &winds), DONE);
    assert_outcome(fixture_addin(f, &tides, "Tides", TIDES), DONE);
    assert_outcome(carry(f, ALICE, 1, &tides), DONE);
    machine_write_all(f->machine, row_store_take, store);
    again = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_int_equal(error, ERROR_NONE);
    assert_true(machine_hash(again) == machine_hash(f->machine));
    machine_free(f->machine);
    f->machine = again;
    assert_int_equal(view(f, &tides).rooms, 1);
    assert_outcome(fixture_addin(f, &winds, "Winds", TIDES), DONE);
    assert_int_equal(f->applied.value, 3);
    row_store_free(store);
}

#define IN(test) RUN_IN(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_addin__waits_for_the_rules, fixture_setup,
               fixture_teardown),
        IN(test_addin_create__names_and_addresses),
        IN(test_addin_create__limit),
        IN(test_addin_change__counts_versions),
        IN(test_addin__is_carried),
        IN(test_addin__in_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
