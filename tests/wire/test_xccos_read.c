/* What clients send is taken as they send it: any order, any prefix, with
 * things perch does not know and without things it could do without. */
#include "tests/wire/wire.h"

#include <stdio.h>

#include "proto/xccos/read.h"
#include "proto/xccos/write.h"

static int set_up(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static const struct xccos_primitive *read_first(void **state, const char *body)
{
    const struct xccos_envelope *envelope =
        wire_read(*state, slice_of_text(body));

    assert_non_null(envelope->primitives);
    return envelope->primitives;
}

/* pidgin-sipe: ver, envid, xmlns; a Lync client: xmlns, ver, envid and
 * declarations it does not use. Both are the same command. */
static void test_xccos_read__sipe_and_lync_shapes(void **state)
{
    static const char *const bodies[] = {
        "<xccos ver=\"1\" envid=\"411\" xmlns=\"urn:parlano:xml:ns:xccos\">"
        "<cmd id=\"cmd:bjoin\" seqid=\"1\"><data>"
        "<chanid key=\"0\" domain=\"fjord.example\" value=\"" TIDE_GUID "\"/>"
        "</data></cmd></xccos>",
        "<xccos xmlns=\"urn:parlano:xml:ns:xccos\" ver=\"1\" envid=\"411\" "
        "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\r\n"
        "  <cmd seqid=\"1\" id=\"cmd:bjoin\">\r\n    <data>\r\n"
        "      <chanid value=\"" TIDE_GUID "\" domain=\"fjord.example\" "
        "key=\"0\" />\r\n    </data>\r\n  </cmd>\r\n</xccos>\r\n",
        "<?xml version='1.0' encoding='utf-16' standalone='yes'?><!-- hi -->"
        "<x:xccos envid='411' ver='1' xmlns:x='urn:parlano:xml:ns:xccos' "
        "xmlns='urn:other'><?pi?><x:cmd id='CMD:bjoin' seqid='1'><x:data>"
        "<chanid key='8' domain='no' value='no'/>"
        "<x:chanid key='0' value='3B0F6C52-91DE-4D7A-8A44-5BE2C1D07A10' "
        "domain='fjord.example'></x:chanid></x:data></x:cmd></x:xccos>",
        "\xef\xbb\xbf<xccos ver=\"2\" envid=\"0411\" "
        "xmlns=\"urn:parlano:xml:ns:xccos\"><err/><cmd id=\"cmd:bjoin\" "
        "seqid=\"1\" new=\"1\"><hint>x</hint><data flag=\"1\"><chanid "
        "key=\"0\" domain=\"fjord.example\" value=\"" TIDE_GUID "\">"
        "<deep><deeper/></deep></chanid></data><data><chanid/></data></cmd>"
        "<other/></xccos>",
    };
    struct xccos_room_id id = {.key = XCCOS_NUMBER(0),
                               .domain = SLICE_LITERAL(DOMAIN_TEXT),
                               .guid = wire_guid(TIDE_GUID)};
    struct xccos_primitive command = {.data.room_ids = &id};
    struct xccos_envelope expected =
        wire_command(411, XCCOS_VERB_BJOIN, &command);

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        const struct xccos_envelope *envelope =
            wire_read(*state, slice_of_text(bodies[i]));
        const char *different = wire_difference(envelope, &expected);

        if (different != NULL) {
            fail_msg("%s differs in %s", different, bodies[i]);
        }
    }
}

/* A post as pidgin-sipe sends it: raw CR LF between lines, whole seconds. */
static void test_xccos_read__sipe_grpchat(void **state)
{
    const struct xccos_primitive *post = read_first(
        state,
        "<xccos ver=\"1\" envid=\"2718281828\" "
        "xmlns=\"urn:parlano:xml:ns:xccos\"><grpchat id=\"grpchat\" "
        "seqid=\"1\" chanUri=\"" TIDE_URI "\" author=\"" TOMAS "\" "
        "ts=\"2031-02-03T07:31:09Z\"><chat>one &lt;two&gt;\r\n&amp; three "
        "&#128512;</chat></grpchat></xccos>");

    assert_int_equal(post->kind, XCCOS_KIND_MESSAGE);
    assert_null(post->fault.element);
    assert_slice_text(post->message.room_uri, TIDE_URI);
    assert_slice_text(post->message.author, TOMAS);
    assert_true(post->message.sent_at.set);
    assert_int_equal(post->message.sent_at.wall_us,
                     wire_moment("2031-02-03T07:31:09Z").wall_us);
    assert_slice_text(post->message.text,
                      "one <two>\n& three \xf0\x9f\x98\x80");
    assert_int_equal(post->message.alert, XCCOS_FLAG_UNSET);
    assert_int_equal(post->message.retry_id.len, 0);
    assert_int_equal(post->message.carried_attributes.len, 0);
    assert_int_equal(post->message.carried_children.len, 0);
}

/* Ids a client may leave out: envid is then 0, seqid the place, and data,
 * members and texts stay unset. */
static void test_xccos_read__missing_ids(void **state)
{
    const struct xccos_envelope *envelope = wire_read(
        *state, SLICE_LITERAL("<xccos xmlns='urn:parlano:xml:ns:xccos'>"
                              "<err/><cmd id='cmd:requri'/><grpchat/>"
                              "<rpl id='rpl:join'/></xccos>"));
    const struct xccos_primitive *primitive = envelope->primitives;

    assert_int_equal(envelope->envid, 0);
    assert_int_equal(envelope->n, 3);
    assert_int_equal(primitive->seqid, 2);
    assert_int_equal(primitive->verb, XCCOS_VERB_REQURI);
    primitive = primitive->next;
    assert_int_equal(primitive->seqid, 3);
    assert_int_equal(primitive->message.text.len, 0);
    assert_false(primitive->message.sent_at.set);
    assert_null(primitive->fault.element);
    primitive = primitive->next;
    assert_int_equal(primitive->seqid, 4);
    assert_int_equal(primitive->code.value, 500);
    assert_false(primitive->command_envid.set);
    assert_null(primitive->next);
}

/* An envelope may hold nothing that is known. */
static void test_xccos_read__empty_envelope(void **state)
{
    const struct xccos_envelope *envelope = wire_read(
        *state, SLICE_LITERAL("<xccos xmlns='urn:parlano:xml:ns:xccos' "
                              "envid='18446744073709551615'/>"));

    assert_null(envelope->primitives);
    assert_int_equal(envelope->n, 0);
    assert_true(envelope->envid == UINT64_MAX);
}

/* An unknown verb is kept as it was sent; a known one is found in any case
 * of letters and by its aliases. */
static void test_xccos_read__verbs(void **state)
{
    const struct xccos_envelope *envelope = wire_read(
        *state,
        SLICE_LITERAL("<xccos xmlns='urn:parlano:xml:ns:xccos' envid='1'>"
                      "<cmd id='cmd:Frobnicate2' seqid='1'><data/></cmd>"
                      "<cmd id='cmd:GetInv' seqid='2'><data/></cmd>"
                      "<cmd id='cmd:bcbytext' seqid='3'><data/></cmd>"
                      "</xccos>"));
    const struct xccos_primitive *primitive = envelope->primitives;

    assert_int_equal(primitive->verb, XCCOS_VERB_UNKNOWN);
    assert_slice_text(primitive->verb_text, "Frobnicate2");
    primitive = primitive->next;
    assert_int_equal(primitive->verb, XCCOS_VERB_GETINV);
    assert_slice_text(primitive->verb_text, "GetInv");
    primitive = primitive->next;
    assert_int_equal(primitive->verb, XCCOS_VERB_BCSEARCH);
    assert_slice_text(primitive->verb_text, "bcbytext");
}

/* What cannot be understood spoils its own command alone, and is named. */
static void test_xccos_read__faults(void **state)
{
    static const struct {
        const char *data, *element, *attribute;
    } faults[] = {
        {"<chanid key='-1'/>", "chanid", "key"},
        {"<chanid key='4294967296'/>", "chanid", "key"},
        {"<chanid value='1-2'/>", "chanid", "value"},
        {"<bcq><last cnt=''/></bcq>", "last", "cnt"},
        {"<bcq><last cnt='99999999999999999999999'/></bcq>", "last", "cnt"},
        {"<bcq><between to='noon'/></bcq>", "between", "to"},
        {"<qib extended='perhaps'/>", "qib", "extended"},
        {"<chanib><prop id='urn:parlano:ma:prop:invite'>No</prop></chanib>",
         "prop", NULL},
        {"<chanib><info id='urn:parlano:ma:info:ucnt'>many</info></chanib>",
         "info", NULL},
        {"<uib type='256'/>", "uib", "type"},
        {"<sib infoType=' 1'/><uib type='x'/>", "sib", "infoType"},
    };
    char body[512];

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        const struct xccos_primitive *primitive;

        snprintf(body, sizeof(body),
                 "<xccos xmlns='urn:parlano:xml:ns:xccos' envid='1'>"
                 "<cmd id='cmd:x' seqid='1'><data>%s</data></cmd>"
                 "<cmd id='cmd:requri' seqid='2'><data/></cmd></xccos>",
                 faults[i].data);
        primitive = read_first(state, body);
        assert_non_null(primitive->fault.element);
        assert_string_equal(primitive->fault.element, faults[i].element);
        if (faults[i].attribute == NULL) {
            assert_null(primitive->fault.attribute);
        } else {
            assert_string_equal(primitive->fault.attribute,
                                faults[i].attribute);
        }
        assert_null(primitive->next->fault.element);
    }
}

/* Words that are not known are left unset, for they may come one day. */
static void test_xccos_read__unknown_words(void **state)
{
    const struct xccos_primitive *primitive = read_first(
        state, "<xccos xmlns='urn:parlano:xml:ns:xccos'><cmd id='cmd:chansrch'>"
               "<data><qib qtype='BYMOOD' criteria='a' privacy='Odd' "
               "behavior='normal'/></data></cmd></xccos>");
    const struct xccos_room_query *query = primitive->data.room_query;

    assert_null(primitive->fault.element);
    assert_int_equal(query->search, XCCOS_SEARCH_UNSET);
    assert_int_equal(query->privacy, XCCOS_VISIBILITY_UNSET);
    assert_int_equal(query->behavior, XCCOS_BEHAVIOR_NORMAL);
    assert_slice_text(query->criteria, "a");
}

/* The first of what should be single counts. */
static void test_xccos_read__repeated_single_children(void **state)
{
    const struct xccos_primitive *primitive = read_first(
        state,
        "<xccos xmlns='urn:parlano:xml:ns:xccos'><grpchat><chat>first</chat>"
        "<chat>second</chat></grpchat><cmd id='cmd:bccontext'><data><bcq>"
        "<last cnt='1'/><last cnt='2'/></bcq><bcq><last cnt='3'/></bcq>"
        "</data></cmd></xccos>");

    assert_slice_text(primitive->message.text, "first");
    assert_int_equal(primitive->message.carried_children.len, 0);
    primitive = primitive->next;
    assert_int_equal(primitive->data.history_query->last.value, 1);
}

/* A chat may hold CDATA, references, comments and elements: its text is all
 * the text in it. */
static void test_xccos_read__text_of_a_chat(void **state)
{
    const struct xccos_primitive *primitive = read_first(
        state,
        "<xccos xmlns='urn:parlano:xml:ns:xccos'><grpchat>outside<chat>see "
        "<a href='http://x/'>this <b>link</b></a><!-- no --><?no?>"
        "<![CDATA[ <&> ]]>&#x41;&apos;&quot;</chat>outside</grpchat></xccos>");

    assert_slice_text(primitive->message.text, "see this link <&> A'\"");
}

/* The kind and the limit of getassociations are found wherever they are. */
static void test_xccos_read__getassociations(void **state)
{
    static const struct {
        const char *data;
        enum xccos_association_kind kind;
        uint64_t most; /* 0: none. */
    } cases[] = {
        {"", XCCOS_ASSOCIATION_UNSET, 0},
        {"<association domain='manager.example' type='MEMBER' "
         "maxResults='50'/>",
         XCCOS_ASSOCIATION_MEMBER, 50},
        {"<uib><x kind='ROLE_MANAGER' cnt='7'/></uib>",
         XCCOS_ASSOCIATION_MANAGER, 7},
        {"<x kind='premember' cnt='7'/>", XCCOS_ASSOCIATION_UNSET, 7},
        {"<uib><x kind='role:Manager' cnt='7'/></uib>",
         XCCOS_ASSOCIATION_MANAGER, 7},
        {"<a limit='x'/><b limit='9' w='members'/><c q='is member'/>"
         "<d q='MANAGER' limit='3'/>",
         XCCOS_ASSOCIATION_MEMBER, 9},
        {"<chanib xmlns='urn:z' type='manager'/>", XCCOS_ASSOCIATION_MANAGER,
         0},
    };
    char body[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct xccos_association *found;

        snprintf(body, sizeof(body),
                 "<xccos xmlns='urn:parlano:xml:ns:xccos'>"
                 "<cmd id='cmd:getassociations'><other type='MANAGER'/>"
                 "<data>%s</data></cmd></xccos>",
                 cases[i].data);
        found = read_first(state, body)->data.association;
        if (cases[i].data[0] == '\0') {
            assert_null(found);
            continue;
        }
        assert_int_equal(found->kind, cases[i].kind);
        assert_int_equal(found->results_max.set, cases[i].most > 0);
        assert_int_equal(found->results_max.value, cases[i].most);
    }
}

/* What a message has beside the known is carried on, and still means the
 * same where it stands alone. */
static void test_xccos_read__carries_the_unknown(void **state)
{
    const struct xccos_primitive *primitive = read_first(
        state,
        "<l:xccos xmlns:l='urn:parlano:xml:ns:xccos' xmlns='urn:d' "
        "xmlns:p='urn:p&amp;' xmlns:unused='urn:u' xmlns:perch='urn:other' "
        "xmlns:mine='urn:perch:xccos'><l:grpchat id='grpchat' seqid='4' "
        "chanUri='r' xml:lang='nn' story='a\n&quot;&lt;' p:x='1' "
        "perch:retry='theirs' mine:retry='ours' mine:other='2'>"
        "<l:rtf>{\\rtf1&#13;<l:b/>}</l:rtf><l:chat>x</l:chat>"
        "<p:q xmlns:l='urn:own' l:a='b' ><p:r/></p:q><l:i><b/></l:i>"
        "<plain/><q xmlns='urn:own'/></l:grpchat></l:xccos>");
    const struct xccos_message *message = &primitive->message;

    assert_slice_text(message->retry_id, "ours");
    assert_slice_text(message->text, "x");
    assert_slice_text(message->carried_attributes,
                      " xml:lang=\"nn\" story=\"a &quot;&lt;\""
                      " xmlns:c1=\"urn:p&amp;\" c1:x=\"1\""
                      " xmlns:c2=\"urn:other\" c2:retry=\"theirs\""
                      " xmlns:c3=\"urn:perch:xccos\" c3:other=\"2\"");
    assert_slice_text(
        message->carried_children,
        "<l:rtf xmlns:l=\"urn:parlano:xml:ns:xccos\">"
        "{\\rtf1&#13;<l:b/>}</l:rtf>"
        "<p:q xmlns:p=\"urn:p&amp;\" xmlns:l='urn:own' l:a='b' ><p:r/></p:q>"
        "<l:i xmlns:l=\"urn:parlano:xml:ns:xccos\" xmlns=\"urn:d\"><b/></l:i>"
        "<plain xmlns=\"urn:d\"/><q xmlns='urn:own'/>");
}

/* Carried parts do not change any more once they stand alone. */
static void test_xccos_read__carried_twice(void **state)
{
    const struct xccos_primitive *primitive = read_first(
        state,
        "<xccos xmlns='urn:parlano:xml:ns:xccos' xmlns:p='urn:p'>"
        "<grpchat chanUri='" TIDE_URI "' author='" TOMAS "' p:x='1' "
        "ts='2031-02-03T07:31:09Z' alert='true' chatId='1'><chat>x</chat>"
        "<p:q>p:</p:q><rtf xmlns=''><i/></rtf><rtf/></grpchat></xccos>");
    struct xccos_envelope envelope = {1, NULL, 1};
    struct xccos_primitive copy = *primitive;
    struct buffer out = BUFFER_EMPTY;

    envelope.primitives = &copy;
    assert_int_equal(xccos_write(&out, &envelope), XCCOS_ERROR_NONE);
    assert_null(
        wire_difference(wire_read(*state, buffer_slice(&out)), &envelope));
    wire_emit("xccos", buffer_slice(&out));
    buffer_deinit(&out);
}

/* A prefix-only envelope has no default namespace to lean on: a child
 * without prefix is in none, and stays so. */
static void test_xccos_read__carries_no_namespace(void **state)
{
    const struct xccos_primitive *primitive = read_first(
        state, "<l:xccos xmlns:l='urn:parlano:xml:ns:xccos'><l:grpchat>"
               "<rtf/><l:chat/></l:grpchat></l:xccos>");

    assert_slice_text(primitive->message.carried_children, "<rtf xmlns=\"\"/>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_xccos_read__sipe_and_lync_shapes, set_up, tear_down),
        RUN_IN(test_xccos_read__sipe_grpchat, set_up, tear_down),
        RUN_IN(test_xccos_read__missing_ids, set_up, tear_down),
        RUN_IN(test_xccos_read__empty_envelope, set_up, tear_down),
        RUN_IN(test_xccos_read__verbs, set_up, tear_down),
        RUN_IN(test_xccos_read__faults, set_up, tear_down),
        RUN_IN(test_xccos_read__unknown_words, set_up, tear_down),
        RUN_IN(test_xccos_read__repeated_single_children, set_up, tear_down),
        RUN_IN(test_xccos_read__text_of_a_chat, set_up, tear_down),
        RUN_IN(test_xccos_read__getassociations, set_up, tear_down),
        RUN_IN(test_xccos_read__carries_the_unknown, set_up, tear_down),
        RUN_IN(test_xccos_read__carried_twice, set_up, tear_down),
        RUN_IN(test_xccos_read__carries_no_namespace, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
