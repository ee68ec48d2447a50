#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/sip/pidgin.h"

static int set_up(void **state)
{
    *state = scene_open(NULL);
    return 0;
}

static int tear_down(void **state)
{
    scene_close(*state);
    return 0;
}

/* Say a request in its own words. @lines: header lines after the usual. */
static void say(struct pidgin *pidgin, const char *method, const char *uri,
                const char *call_id, unsigned cseq, const char *lines,
                const char *body)
{
    client_say_text(pidgin->client,
                    "%s %s SIP/2.0\n"
                    "Via: SIP/2.0/TCP 127.0.0.1:%u;branch=z9hG4bK1\n"
                    "From: \"T\" <sip:%s@" DOMAIN ">;tag=77;epid=ab12\n"
                    "Call-ID: %s\nCSeq: %u %s\n%sContent-Length: %zu\n\n%s",
                    method, uri, pidgin->client->port, pidgin->user, call_id,
                    cseq, method, lines, strlen(body), body);
}

#define TO_POOL  "To: <" POOL_URI ">\n"
#define CONTACT  "Contact: <sip:tomas@127.0.0.1:5070;transport=tcp>\n"
#define SDP_TYPE "Content-Type: application/sdp\n"

/* The document comes in the 200, with the headers that go with it. */
static void test_subscribe__provisions(void **state)
{
    struct pidgin *pidgin = pidgin_enter(*state, "tomas");
    struct heard heard;

    say(pidgin, "SUBSCRIBE", "sip:tomas@" DOMAIN, "s1", 1,
        "To: <sip:tomas@" DOMAIN ">\n"
        "Event: vnd-microsoft-provisioning-v2\n"
        "Accept: application/vnd-microsoft-roaming-provisioning-v2+xml\n"
        "Supported: com.microsoft.autoextend\n"
        "Supported: ms-benotify\nProxy-Require: ms-benotify\n"
        "Supported: ms-piggyback-first-notify\nExpires: 0\n" CONTACT,
        "");
    heard = client_expect(pidgin->client, 200);
    heard_expect(&heard, "Event", "vnd-microsoft-provisioning-v2");
    heard_expect(&heard, "ms-piggyback-cseq", "1");
    heard_expect(&heard, "subscription-state", "terminated;expires=0");
    heard_expect(&heard, "Content-Type",
                 "application/vnd-microsoft-roaming-provisioning-v2+xml");
    assert_non_null(strstr(
        heard.body, "<property name=\"EnablePersistentChat\">true</property>"
                    "<property name=\"DefaultPersistentChatPoolUri\">" POOL_URI
                    "</property>"));
    heard_free(&heard);
    pidgin_leave(pidgin);
}

static void check_policy(struct scene *scene, struct pidgin *pidgin,
                         const char *call_id, int policy, const char *enabled)
{
    char property[80];
    struct heard heard;

    scene->policy = policy;
    say(pidgin, "SUBSCRIBE", "sip:tomas@" DOMAIN, call_id, 1,
        "To: <sip:tomas@" DOMAIN ">\n"
        "Event: vnd-microsoft-provisioning-v2\nExpires: 0\n" CONTACT,
        "");
    heard = client_expect(pidgin->client, 200);
    snprintf(property, sizeof(property),
             "<property name=\"EnablePersistentChat\">%s</property>", enabled);
    assert_non_null(strstr(heard.body, property));
    heard_free(&heard);
}

/* The document says whether the user is enabled for persistent chat by now;
 * where nobody can tell, as at sign-in. */
static void test_subscribe__tells_the_policy(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");

    check_policy(scene, pidgin, "s1", 200, "true");
    check_policy(scene, pidgin, "s2", 403, "false");
    check_policy(scene, pidgin, "s3", 503, "true");
    pidgin_leave(pidgin);
}

/* Any other event, whatever it requires, is 489 and not 420. */
static void test_subscribe__refuses_other_events(void **state)
{
    struct pidgin *pidgin = pidgin_enter(*state, "tomas");
    struct heard heard;

    say(pidgin, "SUBSCRIBE", "sip:tomas@" DOMAIN, "s1", 1,
        "To: <sip:tomas@" DOMAIN ">\nEvent: presence\n"
        "Require: adhoclist, categoryList\nProxy-Require: ms-benotify\n",
        "");
    heard = client_expect(pidgin->client, 489);
    heard_expect(&heard, "Allow-Events", "vnd-microsoft-provisioning-v2");
    heard_free(&heard);
    say(pidgin, "SUBSCRIBE", "sip:tomas@" DOMAIN, "s2", 1,
        "To: <sip:tomas@" DOMAIN ">\n", "");
    client_await(pidgin->client, 489);
    pidgin_leave(pidgin);
}

/* pidgin-sipe's INVITE: no branch, SDP with m=message, no timer support. The
 * 200 has the timer that counts, and nothing of the Via is changed. */
static void test_invite__as_pidgin_says_it(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call call = {0};
    struct sighting opened;
    struct heard heard;
    char via[64];

    call_invite(&call, pidgin, POOL_URI);
    heard = client_expect(pidgin->client, 200);
    snprintf(via, sizeof(via), "SIP/2.0/tcp 127.0.0.1:%u",
             pidgin->client->port);
    heard_expect(&heard, "Via", via);
    heard_expect(&heard, "Session-Expires", "720;refresher=uac");
    heard_expect(&heard, "Supported", "timer");
    heard_expect(&heard, "Contact", "<" POOL_URI ">");
    heard_expect(&heard, "Content-Type", "application/sdp");
    assert_non_null(strstr(heard.body, "m=message 5060 sip null\r\n"));
    assert_non_null(strstr(heard_header(&heard, "To"), ";tag=n2-"));
    heard_free(&heard);
    opened = scene_expect(scene, INTAKE_DIALOG_OPENED);
    assert_string_equal(opened.user_uri, "sip:tomas@" DOMAIN);
    assert_string_equal(opened.pool_uri, POOL_URI);
    assert_string_equal(opened.endpoint_id,
                        "\"<urn:uuid:5f0c2e11-7777-5a2b-9c3d-0123456789ab>\"");
    assert_int_equal(edge_of(opened.ref), 1);
    pidgin_leave(pidgin);
}

/* The pool, ocschat@ the domain and the node itself may be invited; the rest
 * of the world may not, and leaves no dialog behind. */
static void test_invite__knows_whom(void **state)
{
    static const struct {
        const char *uri;
        int status;
    } cases[] = {
        {POOL_URI, 200},
        {"sip:POOL@Fjord.Example;transport=tcp", 200},
        {"sip:ocschat@" DOMAIN, 200},
        {NODE_URI, 200},
        {"sip:ingrid@" DOMAIN, 404},
        {"sip:ocschat@elsewhere.example", 404},
        {"sip:" DOMAIN, 404},
    };
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char call_id[16], to[128];

        snprintf(call_id, sizeof(call_id), "i%zu", i);
        snprintf(to, sizeof(to), "To: <%s>\n" CONTACT, cases[i].uri);
        say(pidgin, "INVITE", cases[i].uri, call_id, 1, to, "");
        client_await(pidgin->client, cases[i].status);
        if (cases[i].status == 200) {
            scene_expect(scene, INTAKE_DIALOG_OPENED);
        }
    }
    scene_expect_none(scene, INTAKE_DIALOG_OPENED);
    pidgin_leave(pidgin);
}

/* An offer is answered, in every media line; without an offer there is no SDP;
 * what is no chat is declined. */
static void test_invite__answers_offers(void **state)
{
    struct pidgin *pidgin = pidgin_enter(*state, "tomas");
    struct heard heard;

    say(pidgin, "INVITE", POOL_URI, "o1", 1, TO_POOL CONTACT, "");
    heard = client_expect(pidgin->client, 200);
    heard_expect(&heard, "Content-Length", "0");
    heard_free(&heard);
    say(pidgin, "INVITE", POOL_URI, "o2", 1, TO_POOL CONTACT SDP_TYPE,
        "v=0\r\nm=audio 4000 RTP/AVP 0 8\r\nm=message 5060 sip null\r\n");
    heard = client_expect(pidgin->client, 200);
    assert_non_null(strstr(heard.body, "m=audio 0 RTP/AVP 0 8\r\n"
                                       "m=message 5060 sip null\r\n"));
    heard_free(&heard);
    say(pidgin, "INVITE", POOL_URI, "o3", 1, TO_POOL CONTACT SDP_TYPE,
        "v=0\r\nm=audio 4000 RTP/AVP 0\r\n");
    client_await(pidgin->client, 488);
    say(pidgin, "INVITE", POOL_URI, "o4", 1,
        TO_POOL CONTACT "Content-Type: application/x-odd\n", "odd");
    heard = client_expect(pidgin->client, 415);
    heard_expect(&heard, "Accept", "application/sdp");
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* Session timers: too short for us is 422 if the client can understand it; the
 * grant lies between the request's Min-SE and our own. */
static void test_invite__grants_session_timer(void **state)
{
    static const struct {
        const char *lines;
        int status;
        const char *granted;
    } cases[] = {
        {"Supported: timer\nSession-Expires: 60\n", 422, NULL},
        {"Session-Expires: 60\n", 200, "90;refresher=uac"},
        {"Supported: timer\nSession-Expires: 300;refresher=uas\n", 200,
         "300;refresher=uac"},
        {"Supported: timer\nSession-Expires: 1800\n", 200, "720;refresher=uac"},
        {"Supported: timer\nSession-Expires: 1800\nMin-SE: 900\n", 200,
         "900;refresher=uac"},
    };
    struct pidgin *pidgin = pidgin_enter(*state, "tomas");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char call_id[16], lines[256];
        struct heard heard;

        snprintf(call_id, sizeof(call_id), "t%zu", i);
        snprintf(lines, sizeof(lines), TO_POOL CONTACT "%s", cases[i].lines);
        say(pidgin, "INVITE", POOL_URI, call_id, 1, lines, "");
        heard = client_expect(pidgin->client, cases[i].status);
        if (cases[i].granted == NULL) {
            heard_expect(&heard, "Min-SE", "90");
        } else {
            heard_expect(&heard, "Session-Expires", cases[i].granted);
        }
        heard_free(&heard);
    }
    pidgin_leave(pidgin);
}

/* The 200 is repeated until the ACK comes, and only until then. */
static void test_invite__repeats_200_until_ack(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call call = {0};
    struct heard first, second;

    call_invite(&call, pidgin, POOL_URI);
    first = client_expect(pidgin->client, 200);
    second = client_hear(pidgin->client, 1500);
    assert_non_null(second.text);
    assert_string_equal(first.text, second.text);
    heard_free(&first);
    heard_free(&second);
    call_ack(&call); /* Takes the next repetition. */
    client_expect_silence(pidgin->client, 2500);
    pidgin_leave(pidgin);
}

/* The same INVITE again gets the same dialog's 200; a lower CSeq 500; a higher
 * one without our tag begins anew. */
static void test_invite__again(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call call;
    struct heard heard;

    call_open(&call, scene, pidgin);
    call.cseq--;
    call_invite(&call, pidgin, POOL_URI);
    heard = client_expect(pidgin->client, 200);
    assert_non_null(strstr(heard_header(&heard, "To"), call.to_tag));
    heard_free(&heard);
    scene_expect_none(scene, INTAKE_DIALOG_OPENED);
    call_say(&call, "UPDATE", NULL);
    client_await(pidgin->client, 200);
    call.cseq -= 2;
    call_invite(&call, pidgin, POOL_URI);
    client_await(pidgin->client, 500);
    call.cseq += 5;
    call_invite(&call, pidgin, POOL_URI);
    call_ack(&call);
    assert_int_equal(scene_expect(scene, INTAKE_DIALOG_CLOSED).ref, call.ref);
    assert_int_not_equal(scene_expect(scene, INTAKE_DIALOG_OPENED).ref,
                         call.ref);
    pidgin_leave(pidgin);
}

/* A re-INVITE inside the dialog moves its Contact and is acknowledged like the
 * first. */
static void test_reinvite__retargets(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct heard heard;
    struct call call;
    char lines[256];

    call_open(&call, scene, pidgin);
    snprintf(lines, sizeof(lines),
             "To: <" POOL_URI ">;tag=%s\nContact: <sip:moved@127.0.0.1>\n",
             call.to_tag);
    client_say_text(pidgin->client,
                    "INVITE " POOL_URI " SIP/2.0\n"
                    "Via: SIP/2.0/tcp 127.0.0.1\n"
                    "From: <sip:tomas@" DOMAIN ">;tag=%s\n"
                    "Call-ID: %s\nCSeq: 9 INVITE\n%sContent-Length: 0\n\n",
                    call.from_tag, call.call_id, lines);
    call_ack(&call);
    scene_deliver(scene, &call.ref, 1, "<b/>", 1);
    heard = call_hear_info(&call);
    assert_memory_equal(heard.text, "INFO sip:moved@127.0.0.1 SIP/2.0\r\n", 34);
    heard_free(&heard);
    scene_expect_none(scene, INTAKE_DIALOG_OPENED);
    pidgin_leave(pidgin);
}

/* Record-Route is copied into the 200 and makes the route of our INFOs. */
static void test_invite__keeps_routes(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct sighting opened;
    struct heard heard;

    say(pidgin, "INVITE", POOL_URI, "rr", 1,
        TO_POOL CONTACT "Record-Route: <sip:p2.example;lr>\n"
                        "Record-Route: <sip:p1.example;lr>\n",
        "");
    heard = client_expect(pidgin->client, 200);
    assert_int_equal(heard_count(&heard, "Record-Route: <sip:p"), 2);
    heard_free(&heard);
    opened = scene_expect(scene, INTAKE_DIALOG_OPENED);
    scene_deliver(scene, &opened.ref, 1, "<b/>", 1);
    heard = client_expect(pidgin->client, 0);
    assert_non_null(strstr(heard.text, "\r\nRoute: <sip:p2.example;lr>\r\n"
                                       "Route: <sip:p1.example;lr>\r\n"));
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* What an option tag asks of us that we do not have is refused by name. */
static void test_require__unknown_is_420(void **state)
{
    struct pidgin *pidgin = pidgin_enter(*state, "tomas");
    struct heard heard;

    say(pidgin, "INVITE", POOL_URI, "rq", 1,
        TO_POOL CONTACT "Require: timer, 100rel\n", "");
    heard = client_expect(pidgin->client, 420);
    heard_expect(&heard, "Unsupported", "100rel");
    heard_free(&heard);
    say(pidgin, "INVITE", POOL_URI, "rq", 2,
        TO_POOL CONTACT "Require: timer\nProxy-Require: ms-benotify\n", "");
    client_await(pidgin->client, 200);
    pidgin_leave(pidgin);
}

/* One connection has only so many dialogs. */
static void test_invite__bounds_dialogs(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");

    for (int i = 0; i <= DIALOGS_PER_CONNECTION_MAX; i++) {
        char call_id[16];

        snprintf(call_id, sizeof(call_id), "d%d", i);
        say(pidgin, "INVITE", POOL_URI, call_id, 1, TO_POOL CONTACT, "");
        client_await(pidgin->client,
                     i < DIALOGS_PER_CONNECTION_MAX ? 200 : 486);
    }
    pidgin_leave(pidgin);
    for (int i = 0; i < DIALOGS_PER_CONNECTION_MAX; i++) {
        scene_expect(scene, INTAKE_DIALOG_CLOSED);
    }
}

/* UPDATE keeps a dialog alive: 200 with the timer. BYE ends it, once. What
 * follows is 481. */
static void test_update_bye(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call call;
    struct heard heard;

    call_open(&call, scene, pidgin);
    call_say(&call, "UPDATE", NULL);
    heard = client_expect(pidgin->client, 200);
    heard_expect(&heard, "Session-Expires", "720;refresher=uac");
    heard_free(&heard);
    call_say(&call, "BYE", NULL);
    client_await(pidgin->client, 200);
    assert_int_equal(scene_expect(scene, INTAKE_DIALOG_CLOSED).ref, call.ref);
    call_say(&call, "BYE", NULL);
    client_await(pidgin->client, 481);
    call_say(&call, "UPDATE", NULL);
    client_await(pidgin->client, 481);
    pidgin_leave(pidgin);
    scene_expect_none(scene, INTAKE_DIALOG_CLOSED);
}

/* A client that was told 481 gives its dialog up and invites again: the state
 * loop learns that the new dialog stands for the old one, of the same
 * connection; without a 481 it stands for itself. */
static void test_unknown_tag__next_dialog_resumes(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call first = {.cseq = 0}, second = {.cseq = 0};
    struct sighting opened, closed;

    call_invite(&first, pidgin, POOL_URI);
    call_ack(&first);
    opened = scene_expect(scene, INTAKE_DIALOG_OPENED);
    assert_false(opened.resumes);
    say(pidgin, "INFO", POOL_URI, first.call_id, 9,
        "To: <" POOL_URI ">;tag=wrong\n", "");
    client_await(pidgin->client, 481);
    call_say(&first, "BYE", NULL);
    client_await(pidgin->client, 200);
    closed = scene_expect(scene, INTAKE_DIALOG_CLOSED);
    assert_int_equal(closed.end, DIALOG_LEFT);
    assert_int_equal(closed.connection, opened.connection);
    call_invite(&second, pidgin, POOL_URI);
    call_ack(&second);
    opened = scene_expect(scene, INTAKE_DIALOG_OPENED);
    assert_true(opened.resumes);
    assert_int_equal(opened.connection, closed.connection);
    pidgin_leave(pidgin);
    assert_int_equal(scene_expect(scene, INTAKE_DIALOG_CLOSED).end,
                     DIALOG_DROPPED);
}

/* A CANCEL comes too late, always: 200 where its INVITE is known, else 481. */
static void test_cancel(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");

    say(pidgin, "INVITE", POOL_URI, "c1", 7, TO_POOL CONTACT, "");
    client_await(pidgin->client, 200);
    say(pidgin, "CANCEL", POOL_URI, "c1", 7, TO_POOL, "");
    client_await(pidgin->client, 200);
    say(pidgin, "CANCEL", POOL_URI, "c1", 8, TO_POOL, "");
    client_await(pidgin->client, 481);
    say(pidgin, "CANCEL", POOL_URI, "c2", 7, TO_POOL, "");
    client_await(pidgin->client, 481);
    assert_int_equal(scene_count(scene, INTAKE_DIALOG_CLOSED), 0);
    pidgin_leave(pidgin);
}

/* Methods that are not served, each by its own rule. */
static void test_methods__not_served(void **state)
{
    static const struct {
        const char *method;
        int status;
    } cases[] = {
        {"MESSAGE", 405}, {"PUBLISH", 405}, {"REFER", 405},  {"NOTIFY", 481},
        {"PRACK", 481},   {"PING", 501},    {"invite", 501},
    };
    struct pidgin *pidgin = pidgin_enter(*state, "tomas");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct heard heard;

        say(pidgin, cases[i].method, POOL_URI, "m", 1, TO_POOL, "");
        heard = client_expect(pidgin->client, cases[i].status);
        if (cases[i].status == 405) {
            assert_non_null(heard_header(&heard, "Allow"));
        }
        heard_free(&heard);
    }
    say(pidgin, "BENOTIFY", POOL_URI, "m", 1, TO_POOL, "");
    client_expect_silence(pidgin->client, 100);
    say(pidgin, "OPTIONS", POOL_URI, "m", 1, TO_POOL, "");
    client_await(pidgin->client, 200);
    pidgin_leave(pidgin);
}

/* A To tag that is not ours names no dialog, whatever the method. */
static void test_unknown_tag__is_481(void **state)
{
    static const char *const methods[] = {"INVITE", "INFO", "UPDATE", "BYE",
                                          "OPTIONS"};
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        say(pidgin, methods[i], POOL_URI, "u", 1,
            "To: <" POOL_URI ">;tag=n2-1-2\n" CONTACT, "");
        client_await(pidgin->client, 481);
    }
    assert_int_equal(scene_count(scene, INTAKE_DIALOG_OPENED), 0);
    pidgin_leave(pidgin);
}

/* An ACK is never answered: not for a failed INVITE, not for none. pidgin-sipe
 * sends none after a failure, and nothing waits for it. */
static void test_ack__is_never_answered(void **state)
{
    struct pidgin *pidgin = pidgin_enter(*state, "tomas");

    say(pidgin, "INVITE", "sip:ingrid@" DOMAIN, "a", 1,
        "To: <sip:ingrid@" DOMAIN ">\n", "");
    client_await(pidgin->client, 404);
    client_expect_silence(pidgin->client, 700);
    say(pidgin, "ACK", "sip:ingrid@" DOMAIN, "a", 1,
        "To: <sip:ingrid@" DOMAIN ">;tag=x\n", "");
    say(pidgin, "ACK", POOL_URI, "b", 1, TO_POOL, "");
    client_expect_silence(pidgin->client, 100);
    pidgin_leave(pidgin);
}

/* A lost connection ends its dialogs, each once. */
static void test_connection_lost__ends_dialogs(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call a, b;

    call_open(&a, scene, pidgin);
    call_open(&b, scene, pidgin);
    client_reset(pidgin->client);
    free(pidgin);
    scene_expect(scene, INTAKE_DIALOG_CLOSED);
    scene_expect(scene, INTAKE_DIALOG_CLOSED);
    scene_expect_none(scene, INTAKE_DIALOG_CLOSED);
    scene_wait_gauge(scene, EDGE_METRIC_DIALOGS, 0);
}

/* Two pidgin-sipe started in one second: Call-ID, tags and branches alike, on
 * two connections. What one says is never the other's. */
static void test_twins__never_meet(void **state)
{
    struct scene *scene = *state;
    struct pidgin *tomas = pidgin_enter(scene, "tomas");
    struct pidgin *ingrid = pidgin_enter(scene, "ingrid");
    struct call a = {0}, b = {0};
    struct sighting seen;
    struct heard heard;

    call_invite(&a, tomas, POOL_URI);
    b = a;
    b.pidgin = ingrid;
    b.cseq = 0;
    call_invite(&b, ingrid, POOL_URI);
    call_ack(&a);
    call_ack(&b);
    a.ref = scene_expect(scene, INTAKE_DIALOG_OPENED).ref;
    b.ref = scene_expect(scene, INTAKE_DIALOG_OPENED).ref;
    assert_int_not_equal(a.ref, b.ref);
    assert_string_not_equal(a.to_tag, b.to_tag);
    call_say(&b, "INFO", REQURI);
    client_await(ingrid->client, 200);
    seen = scene_expect(scene, INTAKE_REQUEST);
    scene_deliver(scene, &seen.ref, 1, "<for-b/>", 1);
    heard = call_hear_info(&b);
    assert_string_equal(heard.body, "<for-b/>");
    assert_non_null(strstr(heard_header(&heard, "To"), "ingrid"));
    heard_free(&heard);
    client_expect_silence(tomas->client, 100);
    /* Even the other's To tag does not help. */
    snprintf(a.to_tag, sizeof(a.to_tag), "%s", b.to_tag);
    call_say(&a, "BYE", NULL);
    client_await(tomas->client, 481);
    scene_expect_none(scene, INTAKE_DIALOG_CLOSED);
    pidgin_leave(tomas);
    pidgin_leave(ingrid);
}

/* A Lync-like client: branches, upper-case TCP, quoted display name, compact
 * headers, timer support, one INVITE and no requri. */
static void test_lync_shaped__is_served(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct heard heard;

    client_say_text(
        pidgin->client,
        "INVITE " POOL_URI " SIP/2.0\n"
        "v: SIP/2.0/TCP 10.3.0.21:5061;branch=z9hG4bK8A1.7;rport\n"
        "Max-Forwards: 70\n"
        "f: \"Vik, Tomas\" <sip:tomas@" DOMAIN ">;tag=c0ffee;epid=0a1b2c\n"
        "t: <" POOL_URI ">\n"
        "i: 5e1f@lync\nCSeq: 1 INVITE\n"
        "m: <sip:tomas@" DOMAIN ";opaque=user:epid:x;gruu>\n"
        "User-Agent: UCCAPI/15.0 OC/15.0 (Microsoft Lync)\n"
        "k: timer\nk: histinfo\nk: ms-sender\nSession-Expires: 1800\n"
        "Ms-Conversation-ID: x\nc: multipart/alternative;boundary=b\n"
        "l: 7\n\n--b--\r\n");
    heard = client_expect(pidgin->client, 200);
    heard_expect(&heard, "Via",
                 "SIP/2.0/TCP 10.3.0.21:5061;branch=z9hG4bK8A1.7;rport");
    heard_expect(&heard, "From",
                 "\"Vik, Tomas\" <sip:tomas@" DOMAIN
                 ">;tag=c0ffee;epid=0a1b2c");
    heard_expect(&heard, "Session-Expires", "720;refresher=uac");
    heard_expect(&heard, "Content-Type", "application/sdp");
    heard_free(&heard);
    scene_expect(scene, INTAKE_DIALOG_OPENED);
    pidgin_leave(pidgin);
}

/* A client that never acknowledges loses its connection; it is never sent a
 * BYE. */
static void test_invite__gives_up_without_ack(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct scene *scene;
    struct pidgin *pidgin;
    struct call call = {0};

    (void)state;
    limits.no_ack_ms = 1200;
    scene = scene_open(&limits);
    pidgin = pidgin_enter(scene, "tomas");
    call_invite(&call, pidgin, POOL_URI);
    client_expect_close(pidgin->client, WAIT_MS);
    assert_null(memmem(pidgin->client->heard.data, pidgin->client->heard.len,
                       "\nBYE ", 5));
    scene_expect(scene, INTAKE_DIALOG_CLOSED);
    pidgin_leave(pidgin);
    scene_close(scene);
}

#define IN(test) RUN_IN(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_subscribe__provisions),
        IN(test_subscribe__tells_the_policy),
        IN(test_subscribe__refuses_other_events),
        IN(test_invite__as_pidgin_says_it),
        IN(test_invite__knows_whom),
        IN(test_invite__answers_offers),
        IN(test_invite__grants_session_timer),
        IN(test_invite__repeats_200_until_ack),
        IN(test_invite__again),
        IN(test_reinvite__retargets),
        IN(test_invite__keeps_routes),
        IN(test_require__unknown_is_420),
        IN(test_invite__bounds_dialogs),
        IN(test_update_bye),
        IN(test_unknown_tag__next_dialog_resumes),
        IN(test_cancel),
        IN(test_methods__not_served),
        IN(test_unknown_tag__is_481),
        IN(test_ack__is_never_answered),
        IN(test_connection_lost__ends_dialogs),
        IN(test_twins__never_meet),
        IN(test_lync_shaped__is_served),
        RUN(test_invite__gives_up_without_ack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
