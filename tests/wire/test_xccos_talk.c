/* Golden bytes, both ways: talk, leaving, and what managers do.
 * Each is written from its structs byte for byte, and read back into the same
 * structs. */
#include "tests/wire/wire.h"

/* Where a room's talk goes: posted, told to all. */
static void test_xccos_write__grpchat(void **state)
{
    struct xccos_primitive post = {
        .kind = XCCOS_KIND_MESSAGE,
        .seqid = 1,
        .message = {
            .room_uri = SLICE_LITERAL(TIDE_URI),
            .author = SLICE_LITERAL(TOMAS),
            .sent_at = wire_moment("2031-02-03T07:31:09Z"),
            .text = SLICE_LITERAL("Pilot boat leaves at 08:15\r\ntwo crew"),
        }};
    struct xccos_envelope envelope = {310044710, &post, 1};

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044710",
                 "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI
                 "\" author=\"" TOMAS "\" "
                 "ts=\"2031-02-03T07:31:09.0000000Z\">"
                 "<chat>Pilot boat leaves at 08:15&#13;\ntwo crew</chat>"
                 "</grpchat>"));
    envelope.envid = UINT64_C(8800000000000000111);
    post.message.author_name = SLICE_LITERAL("Tomas Vik");
    post.message.alert = XCCOS_FLAG_FALSE;
    post.message.message_id = XCCOS_NUMBER(42);
    post.message.sent_at = wire_moment("2031-02-03T07:31:09.4471830Z");
    post.message.text = SLICE_LITERAL("Pilot boat leaves at 08:15\ntwo crew");
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000111",
                 "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI
                 "\" author=\"" TOMAS "\" authdisp=\"Tomas Vik\" "
                 "alert=\"false\" chatId=\"42\" "
                 "ts=\"2031-02-03T07:31:09.4471830Z\">"
                 "<chat>Pilot boat leaves at 08:15\ntwo crew</chat>"
                 "</grpchat>"));
}

/* A post of perch's own client has an id to retry it by, in a namespace that
 * no other client looks at. */
static void test_xccos_write__grpchat_to_retry(void **state)
{
    struct xccos_primitive post = {
        .kind = XCCOS_KIND_MESSAGE,
        .seqid = 1,
        .message = {
            .room_uri = SLICE_LITERAL(TIDE_URI),
            .author = SLICE_LITERAL(TOMAS),
            .alert = XCCOS_FLAG_TRUE,
            .sent_at = wire_moment("2031-02-03T07:52:00Z"),
            .retry_id = SLICE_LITERAL("5a0d7c3e-1"),
            .text = SLICE_LITERAL("berth-plan.pdf (9 bytes)"),
        }};
    struct xccos_envelope envelope = {310044721, &post, 1};

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044721",
                 "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI
                 "\" author=\"" TOMAS "\" alert=\"true\" "
                 "ts=\"2031-02-03T07:52:00.0000000Z\" "
                 "xmlns:perch=\"urn:perch:xccos\" perch:retry=\"5a0d7c3e-1\">"
                 "<chat>berth-plan.pdf (9 bytes)</chat></grpchat>"));
}

/* Leaving: the one who leaves is answered, the others are told. */
static void test_xccos_write__part(void **state)
{
    struct xccos_user user = {.uri = SLICE_LITERAL(TOMAS)};
    struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI)};
    struct xccos_primitive ask = {.data.rooms = &room};
    struct xccos_primitive answer = {.data.rooms = &room};
    struct xccos_primitive told = {.data.rooms = &room};
    struct xccos_envelope envelope =
        wire_command(310044711, XCCOS_VERB_PART, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044711", COMMAND("part", "<data><chanib uri=\"" TIDE_URI
                                              "\"/></data>")));
    envelope = wire_reply(UINT64_C(8800000000000000112), XCCOS_VERB_PART,
                          310044711, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000112",
                 REPLY("part", "310044711",
                       "<data><chanib uri=\"" TIDE_URI "\"/></data>")));
    room.users = &user;
    envelope =
        wire_notice(UINT64_C(8800000000000000113), XCCOS_VERB_PART, &told);
    wire_assert_both_ways(
        &envelope, ENVELOPE("8800000000000000113",
                            NOTICE("part", "<data><chanib uri=\"" TIDE_URI
                                           "\"><uib uri=\"" TOMAS
                                           "\"/></chanib></data>")));
}

static struct xccos_room night_tugs(void)
{
    return (struct xccos_room){
        .uri = SLICE_LITERAL("ma-chan://fjord.example/"
                             "c5d2e7f0-1a2b-4c3d-9e4f-a1b2c3d4e5f6"),
        .name = SLICE_LITERAL("Night Tugs"),
    };
}

#define TUGS_URI "ma-chan://fjord.example/c5d2e7f0-1a2b-4c3d-9e4f-a1b2c3d4e5f6"

/* A room is made with its members. */
static void test_xccos_write__chancreate(void **state)
{
    struct xccos_user second = {.uri = SLICE_LITERAL(MEI),
                                .role = XCCOS_ROLE_MEMBER};
    struct xccos_user first = {.next = &second,
                               .uri = SLICE_LITERAL(TOMAS),
                               .role = XCCOS_ROLE_MEMBER};
    struct xccos_room asked = night_tugs(), made = night_tugs();
    struct xccos_primitive ask = {.data.rooms = &asked};
    struct xccos_primitive answer = {.data.rooms = &made};
    struct xccos_envelope envelope =
        wire_command(41, XCCOS_VERB_CHANCREATE, &ask);

    (void)state;
    asked.uri = SLICE_NONE;
    asked.description = SLICE_LITERAL("Tug roster after 22:00");
    asked.parent = SLICE_LITERAL(OPS_URI);
    asked.behavior = XCCOS_BEHAVIOR_NORMAL;
    asked.visibility = XCCOS_VISIBILITY_SCOPED;
    asked.users = &first;
    asked.invite = XCCOS_FLAG_TRUE;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE(
            "41",
            COMMAND(
                "chancreate",
                "<data><chanib name=\"Night Tugs\" description=\"Tug roster "
                "after 22:00\" parent=\"" OPS_URI "\" behavior=\"NORMAL\" "
                "visibility=\"SCOPED\"><uib uri=\"" TOMAS "\" "
                "role=\"member\"/><uib uri=\"" MEI "\" role=\"member\"/>"
                "<prop id=\"urn:parlano:ma:prop:invite\">True</prop>"
                "</chanib></data>")));
    made.version = XCCOS_NUMBER(1);
    envelope = wire_reply(UINT64_C(8800000000000000120), XCCOS_VERB_CHANCREATE,
                          41, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000120",
                 REPLY("chancreate", "41",
                       "<data><chanib uri=\"" TUGS_URI "\" name=\"Night Tugs\" "
                       "version=\"1\"/></data>")));
}

/* A change that comes too late is refused; one that does not is told. */
static void test_xccos_write__chanmodify(void **state)
{
    struct arena *arena = arena_new(256);
    struct xccos_room asked = night_tugs(), changed = night_tugs();
    struct xccos_primitive ask = {.data.rooms = &asked}, answer = {0};
    struct xccos_primitive told = {.data.rooms = &changed};
    struct xccos_envelope envelope =
        wire_command(42, XCCOS_VERB_CHANMODIFY, &ask);

    (void)state;
    asked.name = SLICE_NONE;
    asked.description = SLICE_LITERAL("Tug roster, all night");
    asked.version = XCCOS_NUMBER(1);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("42",
                 COMMAND("chanmodify",
                         "<data><chanib uri=\"" TUGS_URI "\" description=\"Tug "
                         "roster, all night\" version=\"1\"/></data>")));
    envelope = wire_reply(UINT64_C(8800000000000000121), XCCOS_VERB_CHANMODIFY,
                          42, &answer);
    assert_int_equal(
        xccos_reply_refuse(&answer, arena, XCCOS_CODE_COLLISION,
                           SLICE_LITERAL("the room was changed by someone "
                                         "else (version 2)")),
        XCCOS_ERROR_NONE);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000121",
                 "<rpl id=\"rpl:chanmodify\" seqid=\"1\"><commandid "
                 "seqid=\"1\" envid=\"42\"/><resp code=\"409\">"
                 "ERROR_COLLISION: the room was changed by someone else "
                 "(version 2)</resp><data/></rpl>"));
    changed.description = asked.description;
    changed.version = XCCOS_NUMBER(3);
    envelope = wire_notice(UINT64_C(8800000000000000122), XCCOS_VERB_CHANMODIFY,
                           &told);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000122",
                 NOTICE("chanmodify",
                        "<data><chanib uri=\"" TUGS_URI
                        "\" name=\"Night Tugs\" "
                        "description=\"Tug roster, all night\" version=\"3\"/>"
                        "</data>")));
    arena_free(arena);
}

/* An invitation is pushed; one who lost membership is told so. */
static void test_xccos_write__inv_and_kick(void **state)
{
    struct xccos_room room = night_tugs();
    struct xccos_user victim = {.uri = SLICE_LITERAL(MEI)};
    struct xccos_invitation invitation = {
        .id = XCCOS_NUMBER(3),
        .domain = SLICE_LITERAL(DOMAIN_TEXT),
        .created_at = wire_moment("2031-02-03T07:40:00Z"),
        .room = &room};
    struct xccos_primitive invited = {.data.invitations = &invitation};
    struct xccos_primitive kicked = {.data.rooms = &room};
    struct xccos_envelope envelope =
        wire_notice(UINT64_C(8800000000000000123), XCCOS_VERB_INV, &invited);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000123",
                 NOTICE("inv",
                        "<data><inv inviteId=\"3\" domain=\"fjord.example\" "
                        "createdOn=\"2031-02-03T07:40:00.0000000Z\">"
                        "<chanib uri=\"" TUGS_URI "\" name=\"Night Tugs\"/>"
                        "</inv></data>")));
    room.name = SLICE_NONE;
    room.users = &victim;
    envelope =
        wire_notice(UINT64_C(8800000000000000125), XCCOS_VERB_KICK, &kicked);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000125",
                 NOTICE("kick", "<data><chanib uri=\"" TUGS_URI
                                "\"><uib uri=\"" MEI "\"/></chanib></data>")));
}

/* Both file tokens are answered under one name. */
static void test_xccos_write__getfutok(void **state)
{
    struct xccos_file file = {SLICE_LITERAL(TIDE_URI),
                              SLICE_LITERAL("berth-plan.pdf")};
    struct xccos_token token = {
        wire_guid("b7e4f6a0-52c1-4f0e-8a6d-0c9d1e2f3a4b"),
        SLICE_LITERAL("https://node2.fjord.example/PersistentChat/"
                      "MGCWebService.asmx")};
    struct xccos_primitive ask = {.data.file = &file};
    struct xccos_primitive answer = {.data.token = &token};
    struct xccos_envelope envelope =
        wire_command(310044720, XCCOS_VERB_GETFUTOK, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044720",
                 COMMAND("getfutok", "<data><ftdb channelUri=\"" TIDE_URI "\" "
                                     "fileUrl=\"berth-plan.pdf\"/></data>")));
    envelope = wire_reply(UINT64_C(8800000000000000130), XCCOS_VERB_GETFDTOK,
                          310044720, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000130",
                 REPLY("getftok", "310044720",
                       "<data><token "
                       "token=\"b7e4f6a0-52c1-4f0e-8a6d-0c9d1e2f3a4b\" "
                       "serveruri=\"https://node2.fjord.example/"
                       "PersistentChat/MGCWebService.asmx\"/></data>")));
}

/* What a client keeps on the server, and the categories it may use. */
static void test_xccos_write__getpref_and_categories(void **state)
{
    struct xccos_preference preference = {
        .label = SLICE_LITERAL("kedzie.GroupChannels"),
        .seqid = XCCOS_NUMBER(71),
        .create_default = XCCOS_FLAG_FALSE,
        .content = SLICE_LITERAL("cGVyY2g="),
    };
    struct xccos_category category = {
        .uri = SLICE_LITERAL(OPS_URI),
        .name = SLICE_LITERAL("Operations"),
        .description = SLICE_LITERAL("All that floats"),
        .file_post = XCCOS_FLAG_FALSE,
        .invite = XCCOS_FLAG_FALSE,
        .logged = XCCOS_FLAG_TRUE,
    };
    struct xccos_primitive set = {.data.preference = &preference};
    struct xccos_primitive answer = {.data.categories = &category};
    struct xccos_envelope envelope = wire_command(5, XCCOS_VERB_SETPREF, &set);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("5", COMMAND("setpref",
                              "<data><pref label=\"kedzie.GroupChannels\" "
                              "seqid=\"71\" createdefault=\"false\" "
                              "content=\"cGVyY2g=\"/></data>")));
    envelope = wire_reply(6, XCCOS_VERB_NODESPERMCREATECHILD, 5, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("6",
                 REPLY("nodespermcreatechild", "5",
                       "<data><catib uri=\"" OPS_URI "\" name=\"Operations\" "
                       "description=\"All that floats\">"
                       "<prop id=\"urn:parlano:ma:prop:filepost\">False</prop>"
                       "<prop id=\"urn:parlano:ma:prop:invite\">False</prop>"
                       "<prop id=\"urn:parlano:ma:prop:logged\">True</prop>"
                       "</catib></data>")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_write__grpchat),
        RUN(test_xccos_write__grpchat_to_retry),
        RUN(test_xccos_write__part),
        RUN(test_xccos_write__chancreate),
        RUN(test_xccos_write__chanmodify),
        RUN(test_xccos_write__inv_and_kick),
        RUN(test_xccos_write__getfutok),
        RUN(test_xccos_write__getpref_and_categories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
