/* Presence documents over the wire: published by SERVICE, shown by SUBSCRIBE
 * and BENOTIFY, through a real edge and a real state loop. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/edge/whole.h"

#define RICH "http://schemas.microsoft.com/2006/09/sip/rich-presence"
#define LIST "http://schemas.microsoft.com/2010/12/sip/propertyList"

/* As a Lync client says it: the prefix is declared further out. */
#define PUBLISH(items)                                                         \
    "<publish xmlns=\"" RICH "\" xmlns:p=\"" LIST "\">"                        \
    "<publications uri=\"sip:tomas@" DOMAIN "\">" items                        \
    "</publications></publish>"
#define ITEM(instance, version, more, url)                                     \
    "<publication categoryName=\"roomSetting\" instance=\"" instance "\" "     \
    "container=\"1\" version=\"" version "\" expireType=\"static\"" more ">"   \
    "<roomSetting><p:property name=\"url\">" url "</p:property>"               \
    "<p:property name=\"name\">Lobby</p:property></roomSetting></publication>"

static unsigned cseq;

/* Say a request outside of dialogs, about the user's own document. */
static void say(struct pidgin *pidgin, const char *method, const char *lines,
                const char *body)
{
    cseq += 1;
    client_say_text(
        pidgin->client,
        "%s sip:%s@" DOMAIN " SIP/2.0\n"
        "Via: SIP/2.0/TCP 127.0.0.1:5070;branch=z9hG4bKs%u\n"
        "From: <sip:%s@" DOMAIN ">;tag=%u;epid=1\n"
        "To: <sip:%s@" DOMAIN ">\nCall-ID: presence-%u-%u\nCSeq: %u %s\n"
        "Contact: <sip:%s@127.0.0.1:5070;transport=tcp>\n"
        "Max-Forwards: 70\n%sContent-Length: %zu\n\n",
        method, pidgin->user, cseq, pidgin->user, cseq, pidgin->user, cseq,
        pidgin->serial, cseq, method, pidgin->user, lines, strlen(body));
    client_say(pidgin->client, body, strlen(body));
}

#define PUBLISH_TYPE "Content-Type: application/msrtc-category-publish+xml\n"

static struct heard publish(struct pidgin *pidgin, const char *body, int status)
{
    say(pidgin, "SERVICE", PUBLISH_TYPE, body);
    return client_expect(pidgin->client, status);
}

#define SUBSCRIBE(expires, more)                                               \
    "Event: vnd-microsoft-roaming-self\nExpires: " expires "\n"                \
    "Accept: application/vnd-microsoft-roaming-self+xml\n" more
#define BEST_EFFORT                                                            \
    "Supported: ms-benotify\nProxy-Require: ms-benotify\n"                     \
    "Supported: ms-piggyback-first-notify\n"

static void assert_says(struct heard *heard, const char *part)
{
    if (strstr(heard->text, part) == NULL) {
        print_error("%s\nsays not: %s\n", heard->text, part);
    }
    assert_non_null(strstr(heard->text, part));
    heard_free(heard);
}

static void assert_no(const struct heard *heard, const char *part)
{
    assert_null(strstr(heard->text, part));
}

/* What is published is kept as it came, with its version, and told to the
 * user's other endpoint. */
static void test_service__is_told_elsewhere(void **state)
{
    struct whole *whole = *state;
    struct call call, other_call;
    struct pidgin *desk = whole_enter(whole, "tomas", &call);
    struct pidgin *home = whole_enter(whole, "tomas", &other_call);
    struct heard heard;

    say(home, "SUBSCRIBE", SUBSCRIBE("600", BEST_EFFORT), "");
    heard = client_expect(home->client, 200);
    heard_expect(&heard, "Expires", "600");
    heard_expect(&heard, "Event", "vnd-microsoft-roaming-self");
    assert_no(&heard, "<category ");
    assert_says(&heard, "<categories xmlns=");
    heard = publish(desk, PUBLISH(ITEM("7", "0", "", LOBBY)), 200);
    assert_says(&heard,
                "<category name=\"roomSetting\" instance=\"7\" container=\"1\" "
                "version=\"1\" expireType=\"static\"><roomSetting xmlns=\"" RICH
                "\" xmlns:p=\"" LIST "\"><p:property name=\"url\">" LOBBY
                "</p:property>");
    heard = client_hear(home->client, WAIT_MS);
    assert_int_equal(heard.status, 0);
    assert_non_null(strstr(heard.text, "BENOTIFY sip:tomas@127.0.0.1:5070"));
    heard_expect(&heard, "CSeq", "2 BENOTIFY");
    assert_says(&heard, "instance=\"7\"");
    heard = publish(home, PUBLISH(ITEM("7", "1", " expires=\"0\"", "")), 200);
    assert_no(&heard, "instance=\"7\"");
    heard_free(&heard);
    heard = client_hear(home->client, WAIT_MS);
    assert_no(&heard, "instance=\"7\"");
    assert_says(&heard, "3 BENOTIFY");
    /* The desk has not asked to be told. */
    client_expect_silence(desk->client, 100);
    pidgin_leave(desk);
    pidgin_leave(home);
}

/* Who publishes over another version than there is, is told which there is;
 * nothing of it is kept. */
static void test_service__conflict(void **state)
{
    struct whole *whole = *state;
    struct call call;
    struct pidgin *tomas = whole_enter(whole, "tomas", &call);
    struct heard heard;

    heard = publish(tomas, PUBLISH(ITEM("7", "0", "", LOBBY)), 200);
    heard_free(&heard);
    heard = publish(
        tomas, PUBLISH(ITEM("8", "0", "", LOBBY) ITEM("7", "0", "", "x")), 409);
    heard_expect(&heard, "Content-Type", "application/msrtc-fault+xml");
    assert_non_null(strstr(heard.text, "Client.BadCall.WrongDelta"));
    assert_says(&heard, "<details><operation index=\"2\" curVersion=\"1\"/>"
                        "</details>");
    say(tomas, "SUBSCRIBE", SUBSCRIBE("0", BEST_EFFORT), "");
    heard = client_expect(tomas->client, 200);
    heard_expect(&heard, "subscription-state", "terminated;expires=0");
    assert_no(&heard, "instance=\"8\"");
    assert_says(&heard, "version=\"1\"");
    heard = publish(tomas, PUBLISH(ITEM("7", "1", "", LOBBY)), 200);
    assert_says(&heard, "version=\"2\"");
    pidgin_leave(tomas);
}

/* Followed over SIP is followed: news of the room come to an endpoint that has
 * not joined it. */
static void test_service__brings_news(void **state)
{
    struct whole *whole = *state;
    struct call to_tomas, to_ingrid;
    struct pidgin *tomas = whole_enter(whole, "tomas", &to_tomas);
    struct pidgin *ingrid = whole_enter(whole, "ingrid", &to_ingrid);
    struct heard heard =
        publish(tomas, PUBLISH(ITEM("7", "0", "", LOBBY)), 200);

    heard_free(&heard);
    whole_join(&to_ingrid);
    whole_say(&to_ingrid, "tomas, are you there?");
    whole_expect(&to_tomas, "<ntc id=\"ntc:news\" seqid=\"1\">");
    call_say(&to_tomas, "INFO", ASK("getnews", ""));
    whole_expect(&to_tomas, "unread=\"1\" mentions=\"1\" chatId=\"1\"");
    pidgin_leave(tomas);
    pidgin_leave(ingrid);
}

/* An item of the desk's, with so many bytes in it. */
static void publish_long(struct pidgin *desk, unsigned instance,
                         unsigned version, unsigned bytes)
{
    char body[8192], filling[4096];
    struct heard heard;

    memset(filling, 'x', bytes);
    filling[bytes] = '\0';
    snprintf(body, sizeof(body),
             "<publish xmlns=\"" RICH "\" xmlns:p=\"" LIST "\">"
             "<publications uri=\"sip:tomas@" DOMAIN "\">"
             "<publication categoryName=\"roomSetting\" instance=\"%u\" "
             "container=\"1\" version=\"%u\" expireType=\"static\">"
             "<roomSetting><p:property name=\"name\">%s</p:property>"
             "</roomSetting></publication></publications></publish>",
             instance, version, filling);
    heard = publish(desk, body, 200);
    heard_free(&heard);
}

/* Who looks at a document and does not read costs so much and no more: the
 * connection is closed. */
static void test_subscribe__and_not_read(void **state)
{
    enum { ITEMS = 60, CHANGES_MAX = 400 };
    struct whole *whole = *state;
    struct call call, other_call;
    struct pidgin *desk = whole_enter(whole, "tomas", &call);
    struct pidgin *home = whole_enter(whole, "tomas", &other_call);
    unsigned changes = 0;

    for (unsigned i = 1; i <= ITEMS; i++) {
        publish_long(desk, i, 0, 3500);
    }
    say(home, "SUBSCRIBE", SUBSCRIBE("600", BEST_EFFORT), "");
    while (whole_overflows(whole) == 0 && changes < CHANGES_MAX) {
        publish_long(desk, 1, ++changes, 3000);
    }
    assert_int_equal(whole_overflows(whole), 1);
    pidgin_leave(desk);
    pidgin_leave(home);
}

/* Who does not know BENOTIFY gets NOTIFY, the first at once. */
static void test_subscribe__by_notify(void **state)
{
    struct whole *whole = *state;
    struct call call;
    struct pidgin *tomas = whole_enter(whole, "tomas", &call);
    struct heard heard;

    say(tomas, "SUBSCRIBE", SUBSCRIBE("600", ""), "");
    client_await(tomas->client, 200);
    heard = client_hear(tomas->client, WAIT_MS);
    assert_non_null(strstr(heard.text, "NOTIFY sip:tomas@"));
    heard_expect(&heard, "CSeq", "2 NOTIFY");
    pidgin_answer(tomas, &heard, 200);
    assert_says(&heard, "<roamingData");
    say(tomas, "SUBSCRIBE", SUBSCRIBE("0", ""), "");
    client_await(tomas->client, 200);
    heard = publish(tomas, PUBLISH(ITEM("7", "0", "", LOBBY)), 200);
    heard_free(&heard);
    client_expect_silence(tomas->client, 200);
    pidgin_leave(tomas);
}

/* What is no publication is refused by what is wrong with it, and harms
 * nobody. */
static void test_service__hostile(void **state)
{
    static const struct {
        const char *lines, *body;
        int status;
    } cases[] = {
        {PUBLISH_TYPE, "", 400},
        {PUBLISH_TYPE, "not xml", 400},
        {PUBLISH_TYPE, "<publish/>", 400},
        {PUBLISH_TYPE, "<!DOCTYPE a [<!ENTITY b \"c\">]><publish/>", 400},
        {PUBLISH_TYPE, PUBLISH(ITEM("-1", "0", "", "")), 400},
        {PUBLISH_TYPE, PUBLISH(ITEM("4294967296", "0", "", "")), 400},
        {PUBLISH_TYPE, PUBLISH("<publication instance=\"1\"/>"), 400},
        {PUBLISH_TYPE, PUBLISH(ITEM("1", "0", "", "") ITEM("1", "0", "", "")),
         400},
        {PUBLISH_TYPE,
         "<publish xmlns=\"" RICH "\"><publications uri=\"sip:ingrid@" DOMAIN
         "\"/></publish>",
         403},
        {"Content-Type: application/msrtc-setcontainermembers+xml\n", "<a/>",
         415},
        {"", "<publish/>", 415},
    };
    struct whole *whole = *state;
    struct call call;
    struct pidgin *tomas = whole_enter(whole, "tomas", &call);
    struct heard heard;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say(tomas, "SERVICE", cases[i].lines, cases[i].body);
        client_await(tomas->client, cases[i].status);
    }
    /* Other categories are taken, and not kept. */
    heard = publish(tomas,
                    PUBLISH("<publication categoryName=\"state\" instance=\"1\""
                            " container=\"2\" version=\"0\"><state/>"
                            "</publication>"),
                    200);
    assert_no(&heard, "<category ");
    heard_free(&heard);
    pidgin_leave(tomas);
}

/* Nothing is shown or taken before sign-in. */
static void test_service__of_strangers(void **state)
{
    struct whole *whole = *state;
    struct pidgin stranger = {.client = client_connect(whole_port(whole)),
                              .user = "tomas"};

    say(&stranger, "SERVICE", PUBLISH_TYPE, PUBLISH(ITEM("7", "0", "", LOBBY)));
    client_await(stranger.client, 403);
    say(&stranger, "SUBSCRIBE", SUBSCRIBE("600", ""), "");
    client_await(stranger.client, 403);
    client_free(stranger.client);
}

#define IN(test) RUN_IN(test, whole_set_up, whole_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_service__is_told_elsewhere), IN(test_service__conflict),
        IN(test_service__brings_news),       IN(test_subscribe__by_notify),
        IN(test_subscribe__and_not_read),    IN(test_service__hostile),
        IN(test_service__of_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
