/* Golden bytes, both ways: joining rooms, and the history of a room.
 * Each is written from its structs byte for byte, and read back into the same
 * structs. */
#include "tests/wire/wire.h"

static struct xccos_user tomas(void)
{
    return (struct xccos_user){
        .uri = SLICE_LITERAL(TOMAS),
        .display_name = SLICE_LITERAL("Tomas Vik"),
    };
}

/* Two rooms at once, of which one is gone: it alone fails. */
static void test_xccos_write__bjoin_command(void **state)
{
    struct xccos_room_id gone = {
        .key = XCCOS_NUMBER(1),
        .domain = SLICE_LITERAL(DOMAIN_TEXT),
        .guid = wire_guid("11111111-2222-4333-8444-555555555555")};
    struct xccos_room_id there = {.next = &gone,
                                  .key = XCCOS_NUMBER(0),
                                  .domain = SLICE_LITERAL(DOMAIN_TEXT),
                                  .guid = wire_guid(TIDE_GUID)};
    struct xccos_primitive ask = {.data.room_ids = &there};
    struct xccos_envelope envelope =
        wire_command(310044705, XCCOS_VERB_BJOIN, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044705",
                 COMMAND("bjoin",
                         "<data><chanid key=\"0\" domain=\"fjord.example\" "
                         "value=\"" TIDE_GUID "\"/><chanid key=\"1\" "
                         "domain=\"fjord.example\" value=\"11111111-2222-4333-"
                         "8444-555555555555\"/></data>")));
}

/* The reply has the roster of the room that was joined. */
static void test_xccos_write__bjoin_reply(void **state)
{
    struct xccos_failure gone = {
        .key = SLICE_LITERAL("OPERATION_FAILED"),
        .guid = wire_guid("11111111-2222-4333-8444-555555555555"),
        .domain = SLICE_LITERAL(DOMAIN_TEXT)};
    struct xccos_presence member = {.mask = XCCOS_NUMBER(3984),
                                    .value = SLICE_LITERAL("1")};
    struct xccos_presence manager = {.next = &member,
                                     .mask = XCCOS_NUMBER(12276),
                                     .value = SLICE_LITERAL("0")};
    struct xccos_user second = tomas();
    struct xccos_user first = {
        .next = &second,
        .id = XCCOS_NUMBER(0),
        .uri = SLICE_LITERAL(INGRID),
        .name = SLICE_LITERAL("ingrid"),
        .display_name = SLICE_LITERAL("Ingrid Dahl"),
        .type = XCCOS_NUMBER(5),
        .disabled = XCCOS_FLAG_FALSE,
    };
    struct xccos_room joined = wire_tide();
    struct xccos_primitive answer = {
        .data = {.rooms = &joined, .failures = &gone, .users = &first}};
    struct xccos_envelope envelope;

    (void)state;
    second.id = XCCOS_NUMBER(1);
    second.name = SLICE_LITERAL("tomas");
    second.type = XCCOS_NUMBER(5);
    second.disabled = XCCOS_FLAG_FALSE;
    joined.presences = &manager;
    joined.logged = XCCOS_FLAG_TRUE;
    envelope = wire_reply(UINT64_C(8800000000000000105), XCCOS_VERB_BJOIN,
                          310044705, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000105",
                 REPLY("bjoin", "310044705",
                       "<data><chanib uri=\"" TIDE_URI "\" name=\"Tide Desk\" "
                       "description=\"Berths &amp; tides\"><aib key=\"12276\" "
                       "value=\"0\"/><aib key=\"3984\" value=\"1\"/>"
                       "<prop id=\"urn:parlano:ma:prop:logged\">True</prop>"
                       "</chanib><fib key=\"OPERATION_FAILED\" "
                       "value=\"11111111-2222-4333-8444-555555555555\" "
                       "domain=\"fjord.example\"/><uib id=\"0\" uri=\"" INGRID
                       "\" "
                       "uname=\"ingrid\" dispname=\"Ingrid Dahl\" type=\"5\" "
                       "disabled=\"false\"/><uib id=\"1\" uri=\"" TOMAS "\" "
                       "uname=\"tomas\" dispname=\"Tomas Vik\" type=\"5\" "
                       "disabled=\"false\"/></data>")));
}

/* Those who are in a room are told who comes, one aib a room. */
static void test_xccos_write__bjoin_notice(void **state)
{
    struct xccos_presence place = {.mask = XCCOS_NUMBER(3984),
                                   .domain = SLICE_LITERAL(DOMAIN_TEXT),
                                   .value = SLICE_LITERAL(TIDE_GUID)};
    struct xccos_user user = tomas();
    struct xccos_primitive told = {.data.users = &user};
    struct xccos_envelope envelope =
        wire_notice(UINT64_C(8800000000000000106), XCCOS_VERB_BJOIN, &told);

    (void)state;
    user.presences = &place;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000106",
                 NOTICE("bjoin",
                        "<data><uib uri=\"" TOMAS "\" dispname=\"Tomas Vik\">"
                        "<aib key=\"3984\" domain=\"fjord.example\" "
                        "value=\"" TIDE_GUID "\"/></uib></data>")));
    envelope =
        wire_notice(UINT64_C(8800000000000000106), XCCOS_VERB_JOIN, &told);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000106",
                 NOTICE("join",
                        "<data><uib uri=\"" TOMAS "\" dispname=\"Tomas Vik\">"
                        "<aib key=\"3984\" domain=\"fjord.example\" "
                        "value=\"" TIDE_GUID "\"/></uib></data>")));
}

/* One room. */
static void test_xccos_write__join(void **state)
{
    struct xccos_room_id id = {.key = XCCOS_NUMBER(0),
                               .domain = SLICE_LITERAL(DOMAIN_TEXT),
                               .guid = wire_guid(STORM_GUID)};
    struct xccos_presence member = {.mask = XCCOS_NUMBER(3984),
                                    .value = SLICE_LITERAL("0")};
    struct xccos_user user = tomas();
    struct xccos_room joined = wire_storm();
    struct xccos_primitive ask = {.data.room_ids = &id};
    struct xccos_primitive answer = {
        .data = {.rooms = &joined, .users = &user}};
    struct xccos_envelope envelope =
        wire_command(310044706, XCCOS_VERB_JOIN, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044706",
                 COMMAND("join",
                         "<data><chanid key=\"0\" domain=\"fjord.example\" "
                         "value=\"" STORM_GUID "\"/></data>")));
    user.id = XCCOS_NUMBER(0);
    user.type = XCCOS_NUMBER(5);
    joined.topic = joined.description;
    joined.behavior = XCCOS_BEHAVIOR_AUDITORIUM;
    joined.presences = &member;
    envelope = wire_reply(UINT64_C(8800000000000000107), XCCOS_VERB_JOIN,
                          310044706, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000107",
                 REPLY("join", "310044706",
                       "<data><chanib uri=\"" STORM_URI
                       "\" name=\"Storm Line\" "
                       "description=\"Bad weather\" topic=\"Bad weather\" "
                       "behavior=\"AUDITORIUM\"><aib key=\"3984\" value=\"0\"/>"
                       "</chanib><uib id=\"0\" uri=\"" TOMAS "\" "
                       "dispname=\"Tomas Vik\" type=\"5\"/></data>")));
}

/* A refusal is a token and a sentence, and says nothing else. */
static void test_xccos_write__refused_join(void **state)
{
    struct arena *arena = arena_new(256);
    struct xccos_room left_over = wire_tide();
    struct xccos_primitive answer = {0};
    struct xccos_envelope envelope = wire_reply(
        UINT64_C(8800000000000000201), XCCOS_VERB_JOIN, 77120033, &answer);

    (void)state;
    answer.data.rooms = &left_over;
    assert_int_equal(
        xccos_reply_refuse(&answer, arena, XCCOS_CODE_PERMISSION,
                           SLICE_LITERAL("you are not a member of this room")),
        XCCOS_ERROR_NONE);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000201",
                 "<rpl id=\"rpl:join\" seqid=\"1\"><commandid seqid=\"1\" "
                 "envid=\"77120033\"/><resp code=\"403\">ERROR_PERMISSION: you "
                 "are not a member of this room</resp><data/></rpl>"));
    arena_free(arena);
}

/* The last messages of a room. */
static void test_xccos_write__bccontext_command(void **state)
{
    struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI)};
    struct xccos_history_query query = {.last = XCCOS_NUMBER(25)};
    struct xccos_primitive ask = {
        .data = {.rooms = &room, .history_query = &query}};
    struct xccos_envelope envelope =
        wire_command(310044707, XCCOS_VERB_BCCONTEXT, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044707",
                 COMMAND("bccontext", "<data><chanib uri=\"" TIDE_URI "\"/>"
                                      "<bcq><last cnt=\"25\"/></bcq></data>")));
}

/* Every part of a history query of perch's profile. */
static void test_xccos_write__bccontext_all_conditions(void **state)
{
    struct xccos_author second = {.uri = SLICE_LITERAL(MEI)};
    struct xccos_author first = {&second, SLICE_LITERAL(TOMAS)};
    struct xccos_history_query query = {
        .last = XCCOS_NUMBER(10),
        .exact = XCCOS_FLAG_TRUE,
        .case_on = XCCOS_FLAG_FALSE,
        .match = SLICE_LITERAL("crane <B>"),
        .authors = &first,
        .from = wire_moment("2031-02-01T00:00:00Z"),
        .to = wire_moment("2031-02-03T00:00:00.5Z"),
        .after_id = XCCOS_NUMBER(41),
        .results_max = XCCOS_NUMBER(100),
        .search = XCCOS_DIRECTION_BACKWARD,
        .sort = XCCOS_DIRECTION_FORWARD,
    };
    struct xccos_primitive ask = {.data.history_query = &query};
    struct xccos_envelope envelope =
        wire_command(8, XCCOS_VERB_BCCONTEXT, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8",
                 COMMAND("bccontext",
                         "<data><bcq><last cnt=\"10\"/><matches exact=\"true\" "
                         "case=\"false\">crane &lt;B&gt;</matches>"
                         "<author uri=\"" TOMAS "\"/><author uri=\"" MEI "\"/>"
                         "<between from=\"2031-02-01T00:00:00.0000000Z\" "
                         "to=\"2031-02-03T00:00:00.5000000Z\"/>"
                         "<msgid id=\"41\"/><limit cnt=\"100\"/>"
                         "<search mode=\"backward\"/><sort mode=\"forward\"/>"
                         "</bcq></data>")));
}

/* History: oldest first, each message as it was told. */
static void test_xccos_write__bccontext_reply(void **state)
{
    struct xccos_message second = {
        .room_uri = SLICE_LITERAL(TIDE_URI),
        .author = SLICE_LITERAL(INGRID),
        .author_name = SLICE_LITERAL("Ingrid Dahl"),
        .alert = XCCOS_FLAG_TRUE,
        .message_id = XCCOS_NUMBER(41),
        .sent_at = wire_moment("2031-02-03T07:01:40.5512Z"),
        .text = SLICE_LITERAL("Crane <B> is down until noon"),
    };
    struct xccos_message first = {
        .next = &second,
        .room_uri = SLICE_LITERAL(TIDE_URI),
        .author = SLICE_LITERAL(INGRID),
        .author_name = SLICE_LITERAL("Ingrid Dahl"),
        .alert = XCCOS_FLAG_FALSE,
        .message_id = XCCOS_NUMBER(40),
        .sent_at = wire_moment("2031-02-03T06:58:02.007Z"),
        .text = SLICE_LITERAL("Berth 4 is free from nine"),
    };
    struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI),
                              .messages = &first};
    struct xccos_primitive answer = {.data.rooms = &room};
    struct xccos_envelope envelope =
        wire_reply(UINT64_C(8800000000000000108), XCCOS_VERB_BCCONTEXT,
                   310044707, &answer);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE(
            "8800000000000000108",
            REPLY("bccontext", "310044707",
                  "<data><chanib uri=\"" TIDE_URI "\">"
                  "<msg id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI "\" "
                  "author=\"" INGRID "\" authdisp=\"Ingrid Dahl\" "
                  "alert=\"false\" chatId=\"40\" "
                  "ts=\"2031-02-03T06:58:02.0070000Z\">"
                  "<chat>Berth 4 is free from nine</chat></msg>"
                  "<msg id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI "\" "
                  "author=\"" INGRID "\" authdisp=\"Ingrid Dahl\" "
                  "alert=\"true\" chatId=\"41\" "
                  "ts=\"2031-02-03T07:01:40.5512000Z\">"
                  "<chat>Crane &lt;B&gt; is down until noon</chat></msg>"
                  "</chanib></data>")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_write__bjoin_command),
        RUN(test_xccos_write__bjoin_reply),
        RUN(test_xccos_write__bjoin_notice),
        RUN(test_xccos_write__join),
        RUN(test_xccos_write__refused_join),
        RUN(test_xccos_write__bccontext_command),
        RUN(test_xccos_write__bccontext_all_conditions),
        RUN(test_xccos_write__bccontext_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
