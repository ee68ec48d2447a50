/* What was said is found: by words, author and time, in the rooms that the
 * user may read at that moment, and in no other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/session/cataloging.h"
#include "proto/base/buffer.h"
#include "tests/sim/catalog_sim.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test)  RUN_IN(test, setup, stage_teardown)
#define SECRET_ID "44444444-4444-4444-4444-444444444444"
#define ROOM(id)  "<chanib uri=\"ma-chan://example.com/" id "\"/>"

static int setup(void **state)
{
    if (stage_setup(state) != 0) {
        return -1;
    }
    stage_raise(*state);
    return 0;
}

static void send(struct stage *s, edge_ref dialog, const char *verb,
                 const char *rooms, const char *bcq)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"5\" "
                  "xmlns=\"urn:parlano:xml:ns:xccos\">"
                  "<cmd id=\"cmd:%s\" seqid=\"1\"><data>%s"
                  "<bcq>%s</bcq></data></cmd></xccos>",
                  verb, rooms, bcq);
    buffer_append(&body, "", 1);
    stage_send(s, dialog, (const char *)body.data);
    buffer_deinit(&body);
}

/* Ask, let the catalog get there; gives the reply. */
static const char *ask(struct stage *s, edge_ref dialog, const char *rooms,
                       const char *bcq)
{
    send(s, dialog, "bcsearch", rooms, bcq);
    stage_reads(s, ERROR_NONE);
    stage_pass(s, 1);
    return stage_expect(s, dialog, "rpl:bcsearch");
}

/* The texts of a reply's messages, a blank after each. */
static const char *texts(const char *reply)
{
    static char found[4096];
    const char *at = reply;

    found[0] = '\0';
    while ((at = strstr(at, "<chat>")) != NULL) {
        const char *end = strstr(at, "</chat>");

        at += strlen("<chat>");
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%.*s ",
                 (int)(end - at), at);
    }
    return found;
}

#define assert_found(reply, wanted) assert_string_equal(texts(reply), wanted)

/* alice and bob are in the desk, carol is not; all are in the lobby. */
static void talk(struct stage *s)
{
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_other_join(s, BOB, 6, DESK_ID);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "crane-1");
    stage_other_post(s, BOB, 6, DESK_ID, "crane-2");
    stage_other_post(s, CAROL, 5, LOBBY_ID, "heron-3");
    stage_other_post(s, BOB, 6, DESK_ID, "Crane-4");
    stage_other_post(s, CAROL, 5, LOBBY_ID, "東京crane-5");
}

/* The newest first, or the oldest; a part of them says that it is one. */
static void test_quest__order_and_limit(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    const char *reply;

    talk(s);
    stage_join(s, carol, LOBBY_ID, NULL);
    reply = ask(s, carol, "", "<matches>crane</matches>");
    assert_found(reply, "東京crane-5 crane-1 ");
    assert_null(strstr(reply, "overlimit"));
    reply = ask(s, carol, "", "<matches>crane</matches><limit cnt=\"1\"/>");
    assert_found(reply, "東京crane-5 ");
    assert_non_null(strstr(reply, "overlimit=\"true\""));
    reply = ask(s, carol, "",
                "<matches>crane</matches><limit cnt=\"1\"/>"
                "<search mode=\"forward\"/>");
    assert_found(reply, "crane-1 ");
    assert_found(
        ask(s, carol, "", "<matches>crane</matches><sort mode=\"forward\"/>"),
        "crane-1 東京crane-5 ");
    assert_found(ask(s, carol, "", "<matches>京</matches>"), "東京crane-5 ");
    stage_expect_none(s, carol);
}

/* Words, phrase, case, author and time, each alone and together. */
static void test_quest__conditions(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");

    talk(s);
    stage_join(s, bob, LOBBY_ID, DESK_ID, NULL);
    assert_found(ask(s, bob, "", "<matches>CRANE 2</matches>"), "crane-2 ");
    assert_found(ask(s, bob, "", "<matches exact=\"true\">crane 2</matches>"),
                 "crane-2 ");
    assert_found(ask(s, bob, "", "<matches exact=\"true\">2 crane</matches>"),
                 "");
    assert_found(ask(s, bob, "", "<matches case=\"true\">Crane</matches>"),
                 "Crane-4 ");
    assert_found(ask(s, bob, "", "<author uri=\"SIP:bob@example.com\"/>"),
                 "Crane-4 crane-2 ");
    assert_found(ask(s, bob, "",
                     "<matches>crane</matches>"
                     "<author uri=\"" CAROL "\"/><author uri=\"" ALICE "\"/>"),
                 "東京crane-5 crane-1 ");
    assert_found(ask(s, bob, "",
                     "<matches>crane</matches>"
                     "<between to=\"2001-01-01T00:00:00Z\"/>"),
                 "");
    assert_found(ask(s, bob, ROOM(LOBBY_ID),
                     "<matches>crane</matches>"
                     "<msgid id=\"1\"/>"),
                 "東京crane-5 ");
    assert_found(ask(s, bob, ROOM(LOBBY_ID),
                     "<msgid id=\"3\"/><search mode=\"backward\"/>"),
                 "heron-3 crane-1 ");
}

/* In one, in several, in all of one's rooms: those one is a member of and
 * those one is in. */
static void test_quest__rooms(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    const char *crane = "<matches>crane</matches>";

    talk(s);
    assert_found(ask(s, bob, "", crane), "Crane-4 crane-2 ");
    assert_found(ask(s, bob, ROOM(LOBBY_ID), crane), "東京crane-5 crane-1 ");
    assert_found(ask(s, bob, ROOM(LOBBY_ID) ROOM(DESK_ID), crane),
                 "東京crane-5 crane-1 Crane-4 crane-2 ");
    stage_join(s, bob, LOBBY_ID, NULL);
    assert_found(ask(s, bob, "", crane),
                 "東京crane-5 crane-1 Crane-4 crane-2 ");
}

/* What may not be read is not found, and a room that must not be known is
 * refused as one that is not there. */
static void test_quest__rights(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    const char *crane = "<matches>crane</matches>";
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;

    talk(s);
    assert_non_null(
        strstr(ask(s, carol, ROOM(DESK_ID), crane), "code=\"403\""));
    assert_non_null(
        strstr(ask(s, carol, ROOM(SECRET_ID), crane), "code=\"404\""));
    CODEC_SET(&change, visibility, PERCH__VISIBILITY__SECRET);
    stage_change(s, DESK_ID, &change);
    assert_non_null(
        strstr(ask(s, carol, ROOM(DESK_ID), crane), "code=\"404\""));
    assert_non_null(strstr(ask(s, carol, ROOM(LOBBY_ID) ROOM(DESK_ID), crane),
                           "code=\"404\""));
    stage_member(s, DESK_ID, CAROL, false);
    assert_found(ask(s, carol, "", crane),
                 "東京crane-5 crane-1 Crane-4 crane-2 ");
    stage_disable(s, DESK_ID);
    assert_found(ask(s, carol, "", crane), "東京crane-5 crane-1 ");
    assert_non_null(
        strstr(ask(s, carol, ROOM(DESK_ID), crane), "code=\"423\""));
}

/* Rights that change while the search runs count at the answer. */
static void test_quest__rights_at_the_answer(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");

    talk(s);
    stage_pass(s, 1000);
    send(s, bob, "bcsearch", "", "<matches>crane</matches>");
    fake_loop_hold(s->loop, true); /* What workers have done is told late. */
    stage_reads(s, ERROR_NONE);
    stage_member(s, DESK_ID, BOB, true);
    fake_loop_hold(s->loop, false);
    stage_pass(s, 1);
    assert_found(stage_expect(s, bob, "rpl:bcsearch"), "");
}

/* What was said while the category kept no history stays unfound. */
static void test_quest__history_off(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    CODEC_SET(&change, history, false);
    stage_category(s, &change);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "crane-off");
    CODEC_SET(&change, history, true);
    stage_category(s, &change);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "crane-on");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "crane-on ");
}

/* The other names of the verb, and a history with conditions, are searches;
 * the reply has the name that was used. */
static void test_quest__names(void **state)
{
    static const char *const names[] = {"bcsrch", "bcbytext", "bcbydate",
                                        "bcbymsg", "bccontext"};
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");

    talk(s);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char reply[32];

        snprintf(reply, sizeof(reply), "rpl:%s\"", names[i]);
        send(s, carol, names[i], ROOM(LOBBY_ID),
             "<matches>heron</matches><limit cnt=\"5\"/>");
        stage_reads(s, ERROR_NONE);
        stage_pass(s, 1);
        assert_found(stage_expect(s, carol, reply), "heron-3 ");
    }
}

/* What makes no sense is said, at once. */
static void test_quest__refused(void **state)
{
    static const struct {
        const char *rooms, *bcq, *why;
    } asked[] = {
        {"", "<matches>?!</matches>", "no word to look for"},
        {"", "<msgid id=\"4\"/>", "msgid is of one room"},
        {"<chanib/>", "<matches>x</matches>", "uri is missing"},
        {ROOM(LOBBY_ID) "<chanib uri=\"x\"/>", "<matches>x</matches>", "404"},
    };
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        send(s, carol, "bcsearch", asked[i].rooms, asked[i].bcq);
        stage_reads(s, ERROR_NONE);
        stage_pass(s, 1);
        assert_non_null(strstr(stage_expect(s, carol, "rpl:"), asked[i].why));
    }
}

/* Without a leader nobody can say what was said last. */
static void test_quest__no_leader(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");

    talk(s);
    send(s, carol, "bcsearch", "", "<matches>x</matches>");
    stage_reads(s, ERROR_NO_LEADER);
    stage_expect(s, carol, "code=\"503\"");
}

/* A catalog that cannot be read is made anew from the store; until then
 * searches are refused, and afterwards nothing is missing. */
static void test_quest__damage(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    const char *crane = "<matches>crane</matches>";
    size_t discarded = catalog_sim_discarded();

    talk(s);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), crane), "東京crane-5 crane-1 ");
    catalog_sim_fail(CATALOG_SIM_SEARCH, ERROR_ROTTEN, 1);
    assert_non_null(strstr(ask(s, carol, ROOM(LOBBY_ID), crane),
                           "making its search index"));
    stage_pass(s, CATALOGING_DELAY_MS + 1);
    assert_int_equal(catalog_sim_discarded(), discarded + 1);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), crane), "東京crane-5 crane-1 ");
}

/* The same when it is found while something is put in. */
static void test_quest__damage_while_feeding(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    size_t discarded = catalog_sim_discarded();

    catalog_sim_fail(CATALOG_SIM_COMMIT, ERROR_ROTTEN, 1);
    talk(s);
    stage_pass(s, CATALOGING_DELAY_MS + 1);
    assert_int_equal(catalog_sim_discarded(), discarded + 1);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "東京crane-5 crane-1 ");
}

/* A disk that is full holds up searches, not posts; and it is tried again. */
static void test_quest__disk_full(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    const char *crane = "<matches>crane</matches>";

    catalog_sim_fail(CATALOG_SIM_COMMIT, ERROR_NO_SPACE, 1);
    talk(s);
    assert_non_null(
        strstr(ask(s, carol, ROOM(LOBBY_ID), crane), "disk is full"));
    assert_non_null(
        strstr(ask(s, carol, ROOM(LOBBY_ID), crane), "disk is full"));
    stage_other_post(s, CAROL, 5, LOBBY_ID, "crane-6");
    stage_pass(s, CATALOGING_RETRY_MS + 1);
    stage_pass(s, CATALOGING_DELAY_MS + 1);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), crane),
                 "crane-6 東京crane-5 crane-1 ");
}

/* A node that starts, and one that takes in a snapshot, have what was said
 * before. */
static void test_quest__start_and_snapshot(void **state)
{
    struct stage *s = *state;
    edge_ref carol;

    talk(s);
    stage_end(s, STAGE_CLOSED);
    stage_start(s);
    carol = stage_dial(s, CAROL, "c1");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "東京crane-5 crane-1 ");
    stage_other_post(s, CAROL, 5, LOBBY_ID, "crane-6");
    stage_snapshot(s);
    stage_pass(s, 1000);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "crane-6 東京crane-5 crane-1 ");
}

static void redact(struct stage *s, uint64_t message_id,
                   const char *replacement)
{
    Perch__MessageRedact redact = PERCH__MESSAGE_REDACT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid;

    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &guid), ERROR_NONE);
    CODEC_SET(&redact, room, codec_bytes(slice_of(guid.bytes, GUID_BYTES)));
    redact.n_message_ids = 1;
    redact.message_ids = &message_id;
    CODEC_SET(&redact, reason, codec_bytes(SLICE_LITERAL("because")));
    if (replacement != NULL) {
        CODEC_SET(&redact, replacement,
                  codec_bytes(slice_of_text(replacement)));
    }
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_REDACT;
    command.message_redact = &redact;
    stage_administer(s, &command);
}

/* What a message has been made since is what it is found by: its new words at
 * once, its old ones no more, and one that is taken back by nothing. */
static void test_quest__revised(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");

    talk(s);
    stage_pass(s, 1000);
    redact(s, 1, "stork");
    redact(s, 2, NULL);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "東京crane-5 ");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>stork</matches>"),
                 "stork ");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>heron</matches>"), "");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<author uri=\"" CAROL "\"/>"),
                 "東京crane-5 stork ");
}

/* What a room was cleared of is not found. */
static void test_quest__cleared(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    Perch__RoomClear clear = PERCH__ROOM_CLEAR__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid;

    talk(s);
    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &guid), ERROR_NONE);
    CODEC_SET(&clear, room, codec_bytes(slice_of(guid.bytes, GUID_BYTES)));
    CODEC_SET(&clear, upto_id, 2);
    CODEC_SET(&clear, reason, codec_bytes(SLICE_LITERAL("because")));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CLEAR;
    command.room_clear = &clear;
    stage_administer(s, &command);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "東京crane-5 ");
}

/* Revisions that a catalog has missed, as one of a crash, are put in at the
 * start. */
static void test_quest__revised_before_the_start(void **state)
{
    struct stage *s = *state;
    edge_ref carol;

    talk(s);
    stage_pass(s, 1000);
    redact(s, 1, "stork");
    stage_end(s, STAGE_CLOSED); /* Before it is in. */
    stage_start(s);
    stage_pass(s, 1000);
    carol = stage_dial(s, CAROL, "c1");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>stork</matches>"),
                 "stork ");
}

/* What is put into a room as it was said elsewhere is found, all of what was
 * said at one moment too, page by page. */
static void test_quest__imported(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    Perch__MessagesImport import = PERCH__MESSAGES_IMPORT__INIT;
    Perch__MessagesImport__Message said[3], *list[3];
    Perch__Post posts[3];
    Perch__Command command = PERCH__COMMAND__INIT;
    static const char *const text[] = {"crane-a", "crane-b", "crane-c"};
    struct guid guid;

    for (size_t i = 0; i < 3; i++) {
        perch__messages_import__message__init(list[i] = &said[i]);
        perch__post__init(said[i].post = &posts[i]);
        CODEC_SET(&posts[i], text, codec_bytes(slice_of_text(text[i])));
        CODEC_SET(&said[i], author, codec_bytes(SLICE_LITERAL("sip:old@x")));
        CODEC_SET(&said[i], sent_at_us, 1000000 + i / 2);
    }
    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &guid), ERROR_NONE);
    CODEC_SET(&import, room, codec_bytes(slice_of(guid.bytes, GUID_BYTES)));
    CODEC_SET(&import, first_id, 1);
    import.n_messages = 3;
    import.messages = list;
    command.kind_case = PERCH__COMMAND__KIND_MESSAGES_IMPORT;
    command.messages_import = &import;
    stage_administer(s, &command);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "crane-c crane-b crane-a ");
    talk(s);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>crane</matches>"),
                 "東京crane-5 crane-1 crane-c crane-b crane-a ");
    assert_found(ask(s, carol, ROOM(LOBBY_ID),
                     "<matches>crane</matches><msgid id=\"1\"/>"),
                 "crane-b crane-c crane-1 東京crane-5 ");
    assert_found(ask(s, carol, ROOM(LOBBY_ID),
                     "<matches>crane</matches><msgid id=\"2\"/>"
                     "<search mode=\"backward\"/>"),
                 "crane-a ");
}

/* Erase the lobby's first messages, whose time is over. */
static void purge(struct stage *s, uint64_t upto_id)
{
    Perch__RetentionSet set = PERCH__RETENTION_SET__INIT;
    Perch__RoomPurge purge = PERCH__ROOM_PURGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid;

    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &guid), ERROR_NONE);
    CODEC_SET(&set, room, codec_bytes(slice_of(guid.bytes, GUID_BYTES)));
    CODEC_SET(&set, days, 1);
    command.kind_case = PERCH__COMMAND__KIND_RETENTION_SET;
    command.retention_set = &set;
    stage_administer(s, &command);
    fake_replica_skip(s->replica, 2 * 86400); /* A second each. */
    CODEC_SET(&purge, room, codec_bytes(slice_of(guid.bytes, GUID_BYTES)));
    CODEC_SET(&purge, upto_id, upto_id);
    command = (Perch__Command)PERCH__COMMAND__INIT;
    command.kind_case = PERCH__COMMAND__KIND_ROOM_PURGE;
    command.room_purge = &purge;
    stage_other(s, &command);
}

/* What is erased, or taken back, leaves the catalog: at once, and at the start
 * of a node that has not come to it before. */
static void test_quest__purged(void **state)
{
    struct stage *s = *state;
    size_t before = catalog_sim_messages();

    talk(s);
    stage_pass(s, 1000);
    assert_int_equal(catalog_sim_messages(), before + 5);
    redact(s, 3, NULL);
    stage_pass(s, 1000);
    assert_int_equal(catalog_sim_messages(), before + 4);
    purge(s, 1);
    stage_pass(s, 1000);
    assert_int_equal(catalog_sim_messages(), before + 3);
}

static void test_quest__purged_before_the_start(void **state)
{
    struct stage *s = *state;
    size_t before = catalog_sim_messages();

    talk(s);
    stage_pass(s, 1000);
    purge(s, 2);
    stage_end(s, STAGE_CLOSED); /* Before it is out. */
    assert_int_equal(catalog_sim_messages(), before + 5);
    stage_start(s);
    stage_pass(s, 1000);
    assert_int_equal(catalog_sim_messages(), before + 3);
}

/* A snapshot that has revisions the catalog has not seen. */
static void test_quest__revised_in_a_snapshot(void **state)
{
    struct stage *s = *state;
    edge_ref carol;

    talk(s);
    stage_pass(s, 1000);
    redact(s, 1, "stork");
    stage_snapshot(s); /* Before it is in. */
    stage_pass(s, 1000);
    carol = stage_dial(s, CAROL, "c1");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), "<matches>stork</matches>"),
                 "stork ");
}

static uint64_t fed(const struct stage *s)
{
    return meter_count(
        &cataloging_meters(sessions_cataloging(s->sessions))->fed);
}

/* Something is said whose words take this long to be written. */
static void say_slowly(struct stage *s, const char *text, uint64_t ms)
{
    stage_other_post(s, CAROL, 5, LOBBY_ID, text);
    fake_loop_hold(s->loop, true);
    stage_pass(s, CATALOGING_DELAY_MS + ms);
    fake_loop_hold(s->loop, false);
    stage_pass(s, 1);
}

/* While nobody searches, writing words takes a tenth of the time. */
static void test_catalog__rests(void **state)
{
    enum { SLOW_MS = 1000 };
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    const char *ibis = "<matches>ibis</matches>";
    uint64_t before;

    talk(s);
    stage_pass(s, 1000);
    before = fed(s);
    say_slowly(s, "ibis-1", SLOW_MS);
    assert_int_equal(fed(s), before + 1);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "ibis-2");
    stage_pass(s, (CATALOGING_REST - 1) * SLOW_MS);
    assert_int_equal(fed(s), before + 1);
    stage_pass(s, 2 * SLOW_MS);
    assert_int_equal(fed(s), before + 2);
    say_slowly(s, "ibis-3", SLOW_MS);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "ibis-4");
    assert_found(ask(s, carol, ROOM(LOBBY_ID), ibis),
                 "ibis-4 ibis-3 ibis-2 ibis-1 ");
}

/* A search that is refused because too much is missing ends the rest: the next
 * one does not find as much missing. */
static void test_catalog__a_refusal_ends_the_rest(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    const char *heron = "<matches>heron</matches>";

    talk(s);
    stage_pass(s, 1000);
    say_slowly(s, "ibis-1", 60 * 1000);
    for (unsigned i = 0; i <= CATALOGING_BEHIND_MAX; i++) {
        stage_other_post(s, CAROL, 5, LOBBY_ID, "stork");
    }
    assert_non_null(strstr(ask(s, carol, ROOM(LOBBY_ID), heron),
                           "making its search index"));
    stage_pass(s, 1);
    assert_found(ask(s, carol, ROOM(LOBBY_ID), heron), "heron-3 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_quest__order_and_limit),
        IN(test_quest__conditions),
        IN(test_quest__rooms),
        IN(test_quest__rights),
        IN(test_quest__rights_at_the_answer),
        IN(test_quest__history_off),
        IN(test_quest__names),
        IN(test_quest__refused),
        IN(test_quest__no_leader),
        IN(test_quest__damage),
        IN(test_quest__damage_while_feeding),
        IN(test_quest__disk_full),
        IN(test_quest__start_and_snapshot),
        IN(test_quest__revised),
        IN(test_quest__cleared),
        IN(test_quest__revised_before_the_start),
        IN(test_quest__imported),
        IN(test_quest__purged),
        IN(test_quest__purged_before_the_start),
        IN(test_quest__revised_in_a_snapshot),
        IN(test_catalog__rests),
        IN(test_catalog__a_refusal_ends_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
