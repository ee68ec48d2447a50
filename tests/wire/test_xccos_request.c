/* Each verb's demands: what is enough is laid out, what is not is refused
 * with a sentence a user can read. */
#include "proto/xccos/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/xccos/reply.h"
#include "proto/xccos/write.h"
#include "tests/wire/wire.h"

struct fixture {
    struct arena *arena;
    struct xccos_request request;
    struct xccos_post post;
    struct slice why;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_new(4096);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_free(f->arena);
    free(f);
    return 0;
}

static const struct xccos_primitive *read_one(struct fixture *f,
                                              const char *primitive)
{
    char body[1024];

    snprintf(body, sizeof(body),
             "<xccos xmlns=\"urn:parlano:xml:ns:xccos\" envid=\"7\">%s</xccos>",
             primitive);
    return wire_read(f->arena, slice_of_text(body))->primitives;
}

static enum xccos_code ask(struct fixture *f, const char *verb,
                           const char *data)
{
    char command[768];

    snprintf(command, sizeof(command),
             "<cmd id=\"cmd:%s\" seqid=\"1\"><data>%s</data></cmd>", verb,
             data);
    return xccos_request_read(read_one(f, command), f->arena, &f->request,
                              &f->why);
}

/* Refused as an invalid argument, with this sentence. */
static void assert_refused(struct fixture *f, const char *verb,
                           const char *data, const char *why)
{
    assert_int_equal(ask(f, verb, data), XCCOS_CODE_INVALID_ARGUMENT);
    assert_int_equal(f->why.len, strlen(why));
    assert_memory_equal(f->why.data, why, f->why.len);
}

/* What needs no data is taken without, and with too much. */
static void test_xccos_request_read__nothing_needed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "requri", ""), XCCOS_CODE_OK);
    assert_int_equal(f->request.verb, XCCOS_VERB_REQURI);
    assert_int_equal(f->why.len, 0);
    assert_int_equal(ask(f, "nodespermcreatechild", "<uib/>"), XCCOS_CODE_OK);
    assert_int_equal(f->request.verb, XCCOS_VERB_NODESPERMCREATECHILD);
    assert_int_equal(ask(f, "getserverinfo", ""), XCCOS_CODE_OK);
    assert_int_equal(f->request.info_type, 123);
    assert_int_equal(ask(f, "getserverinfo", "<sib infoType='9'/>"),
                     XCCOS_CODE_OK);
    assert_int_equal(f->request.info_type, 9);
    assert_int_equal(ask(f, "getinv", ""), XCCOS_CODE_OK);
    assert_int_equal(f->request.after_invitation, 0);
    assert_int_equal(ask(f, "getinv", "<inv inviteId='12'/>"), XCCOS_CODE_OK);
    assert_int_equal(f->request.after_invitation, 12);
}

/* Membership unless management is asked for; no limit unless there is one. */
static void test_xccos_request_read__getassociations(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "getassociations", ""), XCCOS_CODE_OK);
    assert_int_equal(f->request.association.kind, XCCOS_ASSOCIATION_MEMBER);
    assert_false(f->request.association.results_max.set);
    assert_int_equal(ask(f, "getassociations", "<x t='MANAGER' limit='3'/>"),
                     XCCOS_CODE_OK);
    assert_int_equal(f->request.association.kind, XCCOS_ASSOCIATION_MANAGER);
    assert_int_equal(f->request.association.results_max.value, 3);
}

/* A search without a query, or of a kind perch does not know, is by name. */
static void test_xccos_request_read__chansrch(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "chansrch", ""), XCCOS_CODE_OK);
    assert_int_equal(f->request.search.search, XCCOS_SEARCH_BYNAME);
    assert_int_equal(f->request.search.criteria.len, 0);
    assert_int_equal(ask(f, "chansrch", "<qib qtype='BYMOOD' criteria='x'/>"),
                     XCCOS_CODE_OK);
    assert_int_equal(f->request.search.search, XCCOS_SEARCH_BYNAME);
    assert_slice_text(f->request.search.criteria, "x");
    assert_int_equal(
        ask(f, "chansrch",
            "<qib qtype='mine' criteria='' extended='true' matchall='1' "
            "exact='FALSE' maxResults='5'/>"),
        XCCOS_CODE_OK);
    assert_int_equal(f->request.search.search, XCCOS_SEARCH_MINE);
    assert_int_equal(f->request.search.extended, XCCOS_FLAG_TRUE);
    assert_int_equal(f->request.search.match_all, XCCOS_FLAG_TRUE);
    assert_int_equal(f->request.search.exact, XCCOS_FLAG_FALSE);
    assert_int_equal(f->request.search.results_max.value, 5);
    assert_refused(f, "chansrch", "<qib maxResults='all'/>",
                   "qib maxResults is not valid");
}

/* Rooms come in the order given, repeats too; each is named in full. */
static void test_xccos_request_read__join(void **state)
{
    struct fixture *f = *state;
    struct guid tide = wire_guid(TIDE_GUID), storm = wire_guid(STORM_GUID);

#define TIDE_ID  "<chanid key='0' domain='fjord.example' value='" TIDE_GUID "'/>"
#define STORM_ID "<chanid domain='fjord.example' value='" STORM_GUID "'/>"
    assert_int_equal(ask(f, "join", TIDE_ID), XCCOS_CODE_OK);
    assert_int_equal(f->request.rooms.n, 1);
    assert_int_equal(ask(f, "bjoin", TIDE_ID STORM_ID TIDE_ID), XCCOS_CODE_OK);
    assert_int_equal(f->request.rooms.n, 3);
    assert_int_equal(guid_compare(&f->request.rooms.names[0].guid, &tide), 0);
    assert_int_equal(guid_compare(&f->request.rooms.names[1].guid, &storm), 0);
    assert_int_equal(guid_compare(&f->request.rooms.names[2].guid, &tide), 0);
    assert_slice_text(f->request.rooms.names[1].domain, DOMAIN_TEXT);

    assert_refused(f, "join", "", "a chanid that names a room is missing");
    assert_refused(f, "bjoin", "<chanib uri='" TIDE_URI "'/>",
                   "a chanid that names a room is missing");
    assert_refused(f, "join", "<chanid domain='a/b' value='" TIDE_GUID "'/>",
                   "a chanid needs a domain and a room's guid as its value");
    assert_refused(f, "join", "<chanid value='nonsense'/>",
                   "chanid value is not valid");
}

/* A list of rooms is as good as those in it that are rooms: one address that
 * somebody once typed wrong must not keep a client out of all of its rooms.
 * With nothing in it that names a room it is refused. */
static void test_xccos_request_read__join_of_what_is_no_room(void **state)
{
    struct fixture *f = *state;
    struct guid storm = wire_guid(STORM_GUID);
    static const char *const no_room[] = {
        "<chanid domain='fjord.example'/>",
        "<chanid domain='fjord.example' value='nonsense'/>",
        "<chanid domain='fjord.example' value=''/>",
        "<chanid domain='a/b' value='" TIDE_GUID "'/>",
        "<chanid key='x' value='" TIDE_GUID "'/>",
    };
    char data[1024];

    for (size_t i = 0; i < sizeof(no_room) / sizeof(no_room[0]); i++) {
        snprintf(data, sizeof(data), TIDE_ID "%s" STORM_ID, no_room[i]);
        assert_int_equal(ask(f, "bjoin", data), XCCOS_CODE_OK);
        assert_int_equal(f->request.rooms.n, 2);
        assert_int_equal(guid_compare(&f->request.rooms.names[1].guid, &storm),
                         0);
        assert_int_equal(ask(f, "bjoin", no_room[i]),
                         XCCOS_CODE_INVALID_ARGUMENT);
    }
    assert_refused(f, "bjoin", TIDE_ID "<uib id='x'/>", "uib id is not valid");
}

/* History is of one room, by its uri, or of all of a member's rooms. */
static void test_xccos_request_read__bccontext(void **state)
{
    struct fixture *f = *state;
    struct guid tide = wire_guid(TIDE_GUID);

    assert_int_equal(ask(f, "bccontext",
                         "<chanib uri='" TIDE_URI "'/><bcq><last cnt='25'/>"
                         "<matches case='true'>crane</matches></bcq>"),
                     XCCOS_CODE_OK);
    assert_true(f->request.history.has_room);
    assert_int_equal(guid_compare(&f->request.history.room.guid, &tide), 0);
    assert_int_equal(f->request.history.query.last.value, 25);
    assert_int_equal(f->request.history.query.case_on, XCCOS_FLAG_TRUE);
    assert_slice_text(f->request.history.query.match, "crane");

    assert_int_equal(ask(f, "bcsrch", ""), XCCOS_CODE_OK);
    assert_int_equal(f->request.verb, XCCOS_VERB_BCSEARCH);
    assert_false(f->request.history.has_room);
    assert_false(f->request.history.query.last.set);

    assert_refused(f, "bccontext", "<chanib/>",
                   "a chanib with the room's uri is missing");
    assert_refused(f, "bccontext", "<chanib uri='" OPS_URI "'/>",
                   "the chanib uri is not that of a room");
    assert_refused(f, "bccontext", "<bcq><last cnt='-1'/></bcq>",
                   "last cnt is not valid");
}

/* One leaves a room by its uri, byte for byte. */
static void test_xccos_request_read__part(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "part", "<chanib uri='" TIDE_URI "'/>"),
                     XCCOS_CODE_OK);
    assert_slice_text(f->request.room.domain, DOMAIN_TEXT);
    assert_refused(f, "part", "", "a chanib with the room's uri is missing");
    assert_refused(f, "part", "<chanib uri='MA-CHAN://x/" TIDE_GUID "'/>",
                   "the chanib uri is not that of a room");
}

/* A preference has a label. */
static void test_xccos_request_read__preferences(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        ask(f, "setpref", "<pref label='a' seqid='3' content='eA=='/>"),
        XCCOS_CODE_OK);
    assert_slice_text(f->request.preference.label, "a");
    assert_slice_text(f->request.preference.content, "eA==");
    assert_int_equal(f->request.preference.seqid.value, 3);
    assert_refused(f, "getpref", "<pref seqid='3'/>",
                   "a pref with a label is missing");
    assert_refused(f, "getpref", "", "a pref with a label is missing");
}

/* Unknown verbs, and verbs only a server uses, are answered 501. */
static void test_xccos_request_read__not_supported(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "frobnicate", "<chanid key='x'/>"),
                     XCCOS_CODE_NOT_SUPPORTED);
    assert_true(f->why.len > 0);
    assert_int_equal(ask(f, "kick", ""), XCCOS_CODE_NOT_SUPPORTED);
    assert_int_equal(ask(f, "getftok", ""), XCCOS_CODE_NOT_SUPPORTED);
    assert_int_equal(xccos_code_number(XCCOS_CODE_NOT_SUPPORTED), 501);
}

static enum xccos_code post(struct fixture *f, const char *grpchat)
{
    return xccos_post_read(read_one(f, grpchat), f->arena, &f->post, &f->why);
}

/* A post tells where, who, when and what; most may be missing. */
static void test_xccos_post_read__lays_out(void **state)
{
    struct fixture *f = *state;
    struct guid tide = wire_guid(TIDE_GUID);

    assert_int_equal(
        post(f, "<grpchat chanUri='" TIDE_URI "' author='" TOMAS "' "
                "ts='2031-02-03T07:31:09Z' alert='true' story='1' "
                "p:retry='r-1' xmlns:p='urn:perch:xccos'>"
                "<chat>[STORY] \xf0\x9f\x98\x80</chat><rtf/></grpchat>"),
        XCCOS_CODE_OK);
    assert_int_equal(guid_compare(&f->post.room.guid, &tide), 0);
    assert_slice_text(f->post.author, TOMAS);
    assert_int_equal(f->post.sent_at.wall_us,
                     wire_moment("2031-02-03T07:31:09Z").wall_us);
    assert_int_equal(f->post.characters, 9);
    assert_true(f->post.is_alert);
    assert_true(f->post.is_story);
    assert_slice_text(f->post.retry_id, "r-1");
    assert_slice_text(f->post.carried_attributes, " story=\"1\"");
    assert_slice_text(f->post.carried_children, "<rtf/>");

    assert_int_equal(post(f, "<grpchat chanUri='" TIDE_URI "'/>"),
                     XCCOS_CODE_OK);
    assert_int_equal(f->post.author.len, 0);
    assert_false(f->post.sent_at.set);
    assert_int_equal(f->post.text.len, 0);
    assert_int_equal(f->post.characters, 0);
    assert_false(f->post.is_alert);
    assert_false(f->post.is_story);
}

/* Without a room there is no post, and what is there must be right. */
static void test_xccos_post_read__refuses(void **state)
{
    static const struct {
        const char *grpchat, *why;
    } posts[] = {
        {"<grpchat><chat>x</chat></grpchat>",
         "grpchat chanUri is not that of a room"},
        {"<grpchat chanUri='" OPS_URI "'/>",
         "grpchat chanUri is not that of a room"},
        {"<grpchat chanUri='" TIDE_URI "' ts='yesterday'/>",
         "grpchat ts is not valid"},
        {"<grpchat chanUri='" TIDE_URI "' alert='maybe'/>",
         "grpchat alert is not valid"},
        {"<grpchat chanUri='" TIDE_URI "' xmlns:p='urn:perch:xccos' p:retry='"
         "12345678901234567890123456789012345678901234567890123456789012345"
         "'/>",
         "grpchat retry is not valid"},
        {"<grpchat chanUri='" TIDE_URI "' ts='0001-01-01T00:00:00+14:00'/>",
         "grpchat ts is not valid"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        assert_int_equal(post(f, posts[i].grpchat),
                         XCCOS_CODE_INVALID_ARGUMENT);
        assert_int_equal(f->why.len, strlen(posts[i].why));
        assert_memory_equal(f->why.data, posts[i].why, f->why.len);
    }
}

/* A reply goes by the name the client used, with its ids. */
static void test_xccos_reply_init__keeps_the_verb(void **state)
{
    struct fixture *f = *state;
    struct xccos_envelope from = {.envid = 7};
    struct xccos_primitive reply;
    struct buffer out = BUFFER_EMPTY;

    xccos_reply_init(&reply, &from,
                     read_one(f, "<cmd id='cmd:BcByText' seqid='3'/>"));
    assert_int_equal(xccos_reply_refuse(&reply, f->arena,
                                        XCCOS_CODE_NOT_SUPPORTED, SLICE_NONE),
                     XCCOS_ERROR_NONE);
    assert_int_equal(xccos_write_primitive(&out, 1, &reply), XCCOS_ERROR_NONE);
    assert_slice_text(
        buffer_slice(&out),
        ENVELOPE("1", "<rpl id=\"rpl:BcByText\" seqid=\"1\"><commandid "
                      "seqid=\"3\" envid=\"7\"/><resp code=\"501\">"
                      "ERROR_NOT_SUPPORTED</resp><data/></rpl>"));
    wire_emit("xccos", buffer_slice(&out));
    buffer_deinit(&out);
}

/* Capitals are not another name: what is served is answered under the verb's
 * own spelling, which the grammar knows. */
static void test_xccos_reply_init__spells_the_verb(void **state)
{
    struct fixture *f = *state;
    struct xccos_envelope from = {.envid = 7};
    struct xccos_primitive reply;
    struct buffer out = BUFFER_EMPTY;

    xccos_reply_init(&reply, &from,
                     read_one(f, "<cmd id='CMD:GetInv' seqid='3'/>"));
    assert_int_equal(xccos_write_primitive(&out, 1, &reply), XCCOS_ERROR_NONE);
    assert_slice_text(buffer_slice(&out),
                      ENVELOPE("1",
                               "<rpl id=\"rpl:getinv\" seqid=\"1\"><commandid "
                               "seqid=\"3\" envid=\"7\"/><resp code=\"200\">"
                               "SUCCESS_OK</resp><data/></rpl>"));
    wire_emit("xccos", buffer_slice(&out));
    buffer_deinit(&out);
}

/* Every code has a number a client can tell from success, and a token. */
static void test_xccos_code_number__table(void **state)
{
    (void)state;
    for (int code = 0; code < XCCOS_CODE_COUNT; code++) {
        assert_int_equal(xccos_code_number(code) == 200, code == XCCOS_CODE_OK);
        assert_in_range(xccos_code_number(code), 200, 599);
        assert_true(strlen(xccos_code_token(code)) > 5);
    }
    assert_string_equal(xccos_code_token(XCCOS_CODE_NO_SUCH_NODE),
                        "ERROR_NO_SUCH_NODE");
    assert_int_equal(xccos_code_number(XCCOS_CODE_NO_SUCH_NODE), 404);
}

/* A roster has one entry for each role, managers first, ids in order; and a
 * client finds the users and roles in it again. */
static void test_xccos_roster_make__by_role(void **state)
{
    static const struct xccos_participant participants[] = {
        {0, XCCOS_ROLE_MEMBER},   {7, XCCOS_ROLE_MANAGER},
        {8, XCCOS_ROLE_UNSET},    {4294967295, XCCOS_ROLE_PRESENTER},
        {12, XCCOS_ROLE_MANAGER},
    };
    struct fixture *f = *state;
    struct xccos_masks masks = XCCOS_MASKS_DEFAULT;
    struct xccos_presence *roster;
    struct slice rest;
    uint32_t id;

    assert_int_equal(
        xccos_roster_make(f->arena, &masks, participants, 5, &roster),
        XCCOS_ERROR_NONE);
    assert_int_equal(roster->mask.value, 12276);
    assert_slice_text(roster->value, "7,12");
    rest = roster->value;
    assert_true(xccos_roster_next(&rest, &id) && id == 7);
    assert_true(xccos_roster_next(&rest, &id) && id == 12);
    assert_false(xccos_roster_next(&rest, &id));
    assert_int_equal(roster->next->mask.value, 3984 + 4096);
    assert_slice_text(roster->next->value, "4294967295");
    assert_int_equal(roster->next->next->mask.value, 3984);
    assert_slice_text(roster->next->next->value, "0,8");
    assert_null(roster->next->next->next);

    assert_int_equal(xccos_roster_make(f->arena, &masks, NULL, 0, &roster), 0);
    assert_null(roster);
}

/* Masks are a setting; each stands for one role. */
static void test_xccos_role_of__inverts_the_mask(void **state)
{
    struct xccos_masks other = {11652, 3456, 4096};

    (void)state;
    assert_int_equal(xccos_mask(&other, XCCOS_ROLE_PRESENTER), 7552);
    for (enum xccos_role role = XCCOS_ROLE_MEMBER; role <= XCCOS_ROLE_MANAGER;
         role++) {
        assert_int_equal(xccos_role_of(&other, xccos_mask(&other, role)), role);
    }
    assert_int_equal(xccos_role_of(&other, 12276), XCCOS_ROLE_UNSET);
    assert_int_equal(xccos_role_of(&other, UINT64_C(3456) + (1ull << 32)),
                     XCCOS_ROLE_UNSET);
}

/* What is no list of ids ends the walk. */
static void test_xccos_roster_next__stops(void **state)
{
    static const char *const values[] = {"", ",1", "a", "4294967296", "-1"};
    uint32_t id = 5;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct slice rest = slice_of_text(values[i]);

        assert_false(xccos_roster_next(&rest, &id));
        assert_int_equal(id, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_xccos_request_read__nothing_needed, set_up, tear_down),
        RUN_IN(test_xccos_request_read__getassociations, set_up, tear_down),
        RUN_IN(test_xccos_request_read__chansrch, set_up, tear_down),
        RUN_IN(test_xccos_request_read__join, set_up, tear_down),
        RUN_IN(test_xccos_request_read__join_of_what_is_no_room, set_up,
               tear_down),
        RUN_IN(test_xccos_request_read__bccontext, set_up, tear_down),
        RUN_IN(test_xccos_request_read__part, set_up, tear_down),
        RUN_IN(test_xccos_request_read__preferences, set_up, tear_down),
        RUN_IN(test_xccos_request_read__not_supported, set_up, tear_down),
        RUN_IN(test_xccos_post_read__lays_out, set_up, tear_down),
        RUN_IN(test_xccos_post_read__refuses, set_up, tear_down),
        RUN_IN(test_xccos_reply_init__keeps_the_verb, set_up, tear_down),
        RUN_IN(test_xccos_reply_init__spells_the_verb, set_up, tear_down),
        RUN(test_xccos_code_number__table),
        RUN_IN(test_xccos_roster_make__by_role, set_up, tear_down),
        RUN(test_xccos_role_of__inverts_the_mask),
        RUN(test_xccos_roster_next__stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
