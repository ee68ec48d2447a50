/* Golden bytes, both ways: what a client asks when it signs in and looks
 * around. Each is written from its structs byte for byte, and read back into
 * the same structs. */
#include "tests/wire/wire.h"

/* Which server: the client asks, the server tells its own URI. */
static void test_xccos_write__requri(void **state)
{
    struct xccos_user server = {
        .uri = SLICE_LITERAL("sip:GC-1-PersistentChatService-7@fjord.example")};
    struct xccos_primitive ask = {0}, answer = {.data.users = &server};
    struct xccos_envelope envelope =
        wire_command(310044701, XCCOS_VERB_REQURI, &ask);

    (void)state;
    wire_assert_both_ways(&envelope,
                          ENVELOPE("310044701", COMMAND("requri", "<data/>")));
    envelope = wire_reply(UINT64_C(8800000000000000101), XCCOS_VERB_REQURI,
                          310044701, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000101",
                 REPLY("requri", "310044701",
                       "<data><uib uri=\"sip:GC-1-PersistentChatService-7@"
                       "fjord.example\"/></data>")));
}

/* What the server is like, its limits and where rooms are managed. */
static void test_xccos_write__getserverinfo(void **state)
{
    struct xccos_server_info asked = {.domain = SLICE_LITERAL(DOMAIN_TEXT),
                                      .info_type = XCCOS_NUMBER(123)};
    struct xccos_server_info told = {
        .info_type = XCCOS_NUMBER(123),
        .server_time = wire_moment("2031-02-03T07:30:11.2045190Z"),
        .search_limit = XCCOS_NUMBER(999),
        .message_size_limit = XCCOS_NUMBER(8000),
        .story_size_limit = XCCOS_NUMBER(65536),
        .root_uri = SLICE_LITERAL("ma-cat://fjord.example/"
                                  "0d9c7b12-44aa-4c0e-9d52-7f3e1b8a6c00"),
        .db_version = wire_guid("6f1de0a2-5b3c-4d8e-8f21-93c4a7b0e512"),
        .display_name = SLICE_LITERAL("Fjord rooms"),
        .room_management_url =
            SLICE_LITERAL("https://pool.fjord.example/PersistentChat/RM"),
    };
    struct xccos_primitive ask = {.data.server_info = &asked};
    struct xccos_primitive answer = {.data.server_info = &told};
    struct xccos_envelope envelope =
        wire_command(310044702, XCCOS_VERB_GETSERVERINFO, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044702",
                 COMMAND("getserverinfo", "<data><sib domain=\"fjord.example\" "
                                          "infoType=\"123\"/></data>")));
    envelope = wire_reply(UINT64_C(8800000000000000102),
                          XCCOS_VERB_GETSERVERINFO, 310044702, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE(
            "8800000000000000102",
            REPLY("getserverinfo", "310044702",
                  "<data><sib infoType=\"123\" "
                  "serverTime=\"2031-02-03T07:30:11.2045190Z\" "
                  "searchLimit=\"999\" messageSizeLimit=\"8000\" "
                  "storySizeLimit=\"65536\" "
                  "rootUri=\"ma-cat://fjord.example/"
                  "0d9c7b12-44aa-4c0e-9d52-7f3e1b8a6c00\" "
                  "dbVersion=\"6f1de0a2-5b3c-4d8e-8f21-93c4a7b0e512\" "
                  "displayName=\"Fjord rooms\" roomManagementUrl=\"https://"
                  "pool.fjord.example/PersistentChat/RM\"/></data>")));
}

/* The rooms one is a member of, and (none) those one manages. */
static void test_xccos_write__getassociations(void **state)
{
    struct xccos_association asked = {.domain = SLICE_LITERAL(DOMAIN_TEXT),
                                      .kind = XCCOS_ASSOCIATION_MEMBER,
                                      .results_max = XCCOS_NUMBER(500)};
    struct xccos_room second = wire_storm(), first = wire_tide();
    struct xccos_primitive ask = {.data.association = &asked};
    struct xccos_primitive answer = {.data.rooms = &first}, none = {0};
    struct xccos_envelope envelope =
        wire_command(310044703, XCCOS_VERB_GETASSOCIATIONS, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044703", COMMAND("getassociations",
                                      "<data><association "
                                      "domain=\"fjord.example\" type=\"MEMBER\""
                                      " maxResults=\"500\"/></data>")));
    first.next = &second;
    first.parent = SLICE_LITERAL(OPS_URI);
    first.behavior = XCCOS_BEHAVIOR_NORMAL;
    first.visibility = XCCOS_VISIBILITY_SCOPED;
    first.disabled = XCCOS_FLAG_FALSE;
    first.user_count = XCCOS_NUMBER(3);
    first.logged = XCCOS_FLAG_TRUE;
    second.behavior = XCCOS_BEHAVIOR_AUDITORIUM;
    second.visibility = XCCOS_VISIBILITY_OPEN;
    envelope = wire_reply(UINT64_C(8800000000000000103),
                          XCCOS_VERB_GETASSOCIATIONS, 310044703, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE(
            "8800000000000000103",
            REPLY("getassociations", "310044703",
                  "<data><chanib uri=\"" TIDE_URI "\" name=\"Tide Desk\" "
                  "description=\"Berths &amp; tides\" parent=\"" OPS_URI "\" "
                  "behavior=\"NORMAL\" visibility=\"SCOPED\" "
                  "disabled=\"false\"><info id=\"urn:parlano:ma:info:ucnt\">3"
                  "</info><prop id=\"urn:parlano:ma:prop:logged\">True</prop>"
                  "</chanib><chanib uri=\"" STORM_URI "\" name=\"Storm Line\" "
                  "description=\"Bad weather\" behavior=\"AUDITORIUM\" "
                  "visibility=\"OPEN\"/></data>")));
    asked.kind = XCCOS_ASSOCIATION_MANAGER;
    envelope = wire_command(310044704, XCCOS_VERB_GETASSOCIATIONS, &ask);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044704", COMMAND("getassociations",
                                      "<data><association "
                                      "domain=\"fjord.example\" type=\"MANAGER"
                                      "\" maxResults=\"500\"/></data>")));
    envelope = wire_reply(UINT64_C(8800000000000000104),
                          XCCOS_VERB_GETASSOCIATIONS, 310044704, &none);
    wire_assert_both_ways(
        &envelope, ENVELOPE("8800000000000000104",
                            REPLY("getassociations", "310044704", "<data/>")));
}

/* Invitations: none yet, or one with the room it is for. */
static void test_xccos_write__getinv(void **state)
{
    struct xccos_invitation last = {.id = XCCOS_NUMBER(1),
                                    .domain = SLICE_LITERAL(DOMAIN_TEXT)};
    struct xccos_room room = wire_storm();
    struct xccos_invitation told = {.id = XCCOS_NUMBER(2),
                                    .domain = SLICE_LITERAL(DOMAIN_TEXT),
                                    .created_at =
                                        wire_moment("2031-02-02T15:20:00Z"),
                                    .room = &room};
    struct xccos_primitive ask = {.data.invitations = &last};
    struct xccos_primitive answer = {.data.invitations = &told}, none = {0};
    struct xccos_envelope envelope =
        wire_command(310044708, XCCOS_VERB_GETINV, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044708",
                 COMMAND("getinv", "<data><inv inviteId=\"1\" "
                                   "domain=\"fjord.example\"/></data>")));
    envelope = wire_reply(UINT64_C(8800000000000000109), XCCOS_VERB_GETINV,
                          310044708, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000109",
                 REPLY("getinv", "310044708",
                       "<data><inv inviteId=\"2\" domain=\"fjord.example\" "
                       "createdOn=\"2031-02-02T15:20:00.0000000Z\">"
                       "<chanib uri=\"" STORM_URI "\" name=\"Storm Line\" "
                       "description=\"Bad weather\"/></inv></data>")));
    envelope = wire_reply(UINT64_C(8800000000000000109), XCCOS_VERB_GETINV,
                          310044708, &none);
    wire_assert_both_ways(&envelope,
                          ENVELOPE("8800000000000000109",
                                   REPLY("getinv", "310044708", "<data/>")));
}

/* The search of an ordinary client: an empty criterion finds all. */
static void test_xccos_write__chansrch_command(void **state)
{
    struct xccos_room_query query = {.search = XCCOS_SEARCH_BYNAME,
                                     .extended = XCCOS_FLAG_FALSE};
    struct xccos_primitive ask = {.data.room_query = &query};
    struct xccos_envelope envelope =
        wire_command(310044709, XCCOS_VERB_CHANSRCH, &ask);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("310044709",
                 COMMAND("chansrch", "<data><qib qtype=\"BYNAME\" "
                                     "criteria=\"\" extended=\"false\"/>"
                                     "</data>")));
    query = (struct xccos_room_query){
        .search = XCCOS_SEARCH_BYCATEGORY,
        .criteria = SLICE_LITERAL("\"tugs\"\t& <co>\n"),
        .extended = XCCOS_FLAG_TRUE,
        .match_all = XCCOS_FLAG_TRUE,
        .exact = XCCOS_FLAG_FALSE,
        .results_max = XCCOS_NUMBER(100),
        .category_uri = SLICE_LITERAL(OPS_URI),
        .privacy = XCCOS_VISIBILITY_SCOPED,
        .behavior = XCCOS_BEHAVIOR_AUDITORIUM,
        .disabled = XCCOS_FLAG_TRUE,
        .invite = XCCOS_FLAG_FALSE,
    };
    wire_assert_both_ways(
        &envelope,
        ENVELOPE(
            "310044709",
            COMMAND("chansrch",
                    "<data><qib qtype=\"BYCATEGORY\" "
                    "criteria=\"&quot;tugs&quot;&#9;&amp; &lt;co&gt;&#10;\" "
                    "extended=\"true\" matchall=\"true\" exact=\"false\" "
                    "maxResults=\"100\" categoryUri=\"" OPS_URI "\" "
                    "privacy=\"SCOPED\" behavior=\"AUDITORIUM\" "
                    "disabled=\"true\" invite=\"false\"/></data>")));
}

/* What a search finds: both spellings of a room's visibility. */
static void test_xccos_write__chansrch_reply(void **state)
{
    struct xccos_room found = wire_storm();
    struct xccos_primitive answer = {.data.rooms = &found};
    struct xccos_envelope envelope = wire_reply(
        UINT64_C(8800000000000000110), XCCOS_VERB_CHANSRCH, 310044709, &answer);

    (void)state;
    found.behavior = XCCOS_BEHAVIOR_AUDITORIUM;
    found.visibility = XCCOS_VISIBILITY_OPEN;
    found.disabled = XCCOS_FLAG_FALSE;
    found.user_count = XCCOS_NUMBER(1);
    found.shown_visibility = XCCOS_VISIBILITY_OPEN;
    found.file_post = XCCOS_FLAG_FALSE;
    found.invite = XCCOS_FLAG_TRUE;
    found.logged = XCCOS_FLAG_TRUE;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8800000000000000110",
                 REPLY("chansrch", "310044709",
                       "<data><chanib uri=\"" STORM_URI
                       "\" name=\"Storm Line\" "
                       "description=\"Bad weather\" behavior=\"AUDITORIUM\" "
                       "visibility=\"OPEN\" disabled=\"false\">"
                       "<info id=\"urn:parlano:ma:info:ucnt\">1</info>"
                       "<info id=\"urn:parlano:ma:info:visibilty\">OPEN</info>"
                       "<info id=\"urn:parlano:ma:info:visibility\">OPEN</info>"
                       "<prop id=\"urn:parlano:ma:prop:filepost\">False</prop>"
                       "<prop id=\"urn:parlano:ma:prop:invite\">True</prop>"
                       "<prop id=\"urn:parlano:ma:prop:logged\">True</prop>"
                       "</chanib></data>")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_write__requri),
        RUN(test_xccos_write__getserverinfo),
        RUN(test_xccos_write__getassociations),
        RUN(test_xccos_write__getinv),
        RUN(test_xccos_write__chansrch_command),
        RUN(test_xccos_write__chansrch_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
