#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/sip/talk.h"

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

/* A command is answered at once and goes up as it was understood. */
static void test_command__answered_at_once(void **state)
{
    struct talk *talk = *state;
    struct sighting seen;

    talk->scene->asleep = false;
    call_say(&talk->call, "INFO", REQURI);
    client_await(talk->pidgin->client, 200);
    seen = scene_expect(talk->scene, INTAKE_REQUEST);
    assert_int_equal(seen.token, 0);
    assert_string_equal(seen.body, REQURI);
    assert_int_equal(seen.ref, talk->call.ref);
}

/* The 200 to a post waits for its commit, and no longer. */
static void test_post__answered_after_commit(void **state)
{
    struct talk *talk = *state;
    struct sighting post;
    struct heard heard;

    talk->scene->hold = true;
    call_say(&talk->call, "INFO", POST("hello"));
    post = scene_expect(talk->scene, INTAKE_REQUEST);
    assert_int_not_equal(post.token, 0);
    client_expect_silence(talk->pidgin->client, 300);
    scene_answer(talk->scene, &post, 200, "");
    heard = client_expect(talk->pidgin->client, 200);
    assert_string_equal(heard_header(&heard, "CSeq"), "2 INFO");
    assert_null(heard_header(&heard, "ms-diagnostics"));
    heard_free(&heard);
}

/* A post that failed says why, in the words of the pool; what would break the
 * header is left out. */
static void test_post__refusal_says_why(void **state)
{
    struct talk *talk = *state;
    struct sighting post;
    struct heard heard;

    talk->scene->hold = true;
    call_say(&talk->call, "INFO", POST("hello"));
    post = scene_expect(talk->scene, INTAKE_REQUEST);
    scene_answer(talk->scene, &post, 503, "Chat \"service\"\r\nbusy");
    heard = client_expect(talk->pidgin->client, 503);
    assert_string_equal(heard_header(&heard, "ms-diagnostics"),
                        "20000;source=\"node2." DOMAIN
                        "\";reason=\"Chat servicebusy\";"
                        "component=\"GroupChat\"");
    assert_in_range(atoi(heard_header(&heard, "Retry-After")), 5, 9);
    heard_free(&heard);
}

/* Several posts may wait; they are answered as they commit, in any order. */
static void test_posts__wait_together(void **state)
{
    struct talk *talk = *state;
    struct sighting posts[3];
    struct heard heard;

    talk->scene->hold = true;
    for (int i = 0; i < 3; i++) {
        call_say(&talk->call, "INFO", POST("hello"));
    }
    for (int i = 0; i < 3; i++) {
        posts[i] = scene_expect(talk->scene, INTAKE_REQUEST);
    }
    call_say(&talk->call, "INFO", REQURI);
    client_await(talk->pidgin->client, 200); /* Overtakes the posts. */
    for (int i = 2; i >= 0; i--) {
        char cseq[16];

        scene_answer(talk->scene, &posts[i], 200, "");
        heard = client_expect(talk->pidgin->client, 200);
        snprintf(cseq, sizeof(cseq), "%d INFO", i + 2);
        assert_string_equal(heard_header(&heard, "CSeq"), cseq);
        heard_free(&heard);
    }
}

/* Only so many wait in one dialog; the next is refused, not queued. */
static void test_posts__are_bounded(void **state)
{
    struct talk *talk = *state;
    unsigned max = EDGE_LIMITS_DEFAULT.infos_waiting_max;
    struct heard heard;

    talk->scene->hold = true;
    for (unsigned i = 0; i <= max; i++) {
        call_say(&talk->call, "INFO", POST("hello"));
    }
    heard = client_expect(talk->pidgin->client, 503);
    assert_non_null(strstr(heard_header(&heard, "ms-diagnostics"),
                           "Too many posts at once"));
    heard_free(&heard);
    for (unsigned i = 0; i < max; i++) {
        struct sighting post = scene_expect(talk->scene, INTAKE_REQUEST);

        scene_answer(talk->scene, &post, 200, "");
        client_await(talk->pidgin->client, 200);
    }
}

/* A BYE does not undo a post: its answer still comes. */
static void test_post__is_answered_after_bye(void **state)
{
    struct talk *talk = *state;
    struct sighting post;

    talk->scene->hold = true;
    call_say(&talk->call, "INFO", POST("last"));
    post = scene_expect(talk->scene, INTAKE_REQUEST);
    call_say(&talk->call, "BYE", NULL);
    client_await(talk->pidgin->client, 200);
    scene_answer(talk->scene, &post, 200, "");
    client_await(talk->pidgin->client, 200);
}

/* An answer for a connection that is gone hurts nobody. */
static void test_post__outlives_its_client(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct sighting post;
    struct call call;

    scene->hold = true;
    call_open(&call, scene, pidgin);
    call_say(&call, "INFO", POST("last"));
    post = scene_expect(scene, INTAKE_REQUEST);
    client_reset(pidgin->client);
    free(pidgin);
    scene_wait_gauge(scene, EDGE_METRIC_CONNECTIONS, 0);
    scene_answer(scene, &post, 200, "");
    pidgin = pidgin_enter(scene, "ingrid");
    client_expect_silence(pidgin->client, 100);
    pidgin_leave(pidgin);
}

/* The same CSeq again: the same answer, and nothing done twice. A lower one is
 * out of order. One that still waits is not answered twice. */
static void test_info__repeated(void **state)
{
    struct talk *talk = *state;
    struct sighting post;

    talk->scene->hold = true;
    call_say(&talk->call, "INFO", POST("once"));
    post = scene_expect(talk->scene, INTAKE_REQUEST);
    talk->call.cseq--;
    call_say(&talk->call, "INFO", POST("once"));
    client_expect_silence(talk->pidgin->client, 100);
    scene_answer(talk->scene, &post, 403, "");
    client_await(talk->pidgin->client, 403);
    talk->call.cseq--;
    call_say(&talk->call, "INFO", POST("once"));
    client_await(talk->pidgin->client, 403);
    talk->call.cseq -= 2;
    call_say(&talk->call, "INFO", POST("old"));
    client_await(talk->pidgin->client, 500);
    scene_expect_none(talk->scene, INTAKE_REQUEST);
}

/* INFO sent before the 200 of the INVITE was seen: no To tag, and served. */
static void test_info__without_to_tag(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call call = {0};
    struct heard heard;

    call_invite(&call, pidgin, POOL_URI);
    call_say(&call, "INFO", REQURI);
    call_ack(&call);
    heard = client_expect(pidgin->client, 200);
    assert_string_equal(heard_header(&heard, "CSeq"), "2 INFO");
    assert_non_null(strstr(heard_header(&heard, "To"), call.to_tag));
    heard_free(&heard);
    scene_expect(scene, INTAKE_REQUEST);
    pidgin_leave(pidgin);
}

/* Bodies that are not XCCOS: 400 or 415, what is beyond its limits 413, each
 * with the reason; and the dialog stays. */
static void test_info__odd_bodies(void **state)
{
    struct talk *talk = *state;
    struct heard heard;

    call_say(&talk->call, "INFO", "not xml");
    heard = client_expect(talk->pidgin->client, 400);
    heard_expect(&heard, "Warning",
                 "399 node2." DOMAIN " \"the body is not well-formed XML\"");
    heard_free(&heard);
    call_say(&talk->call, "INFO",
             "<xccos xmlns='urn:parlano:xml:ns:xccos'><a><a><a><a><a><a><a><a>"
             "<a><a><a><a><a><a><a><a><a><a>");
    client_await(talk->pidgin->client, 413);
    call_say(&talk->call, "INFO", "<!DOCTYPE x><xccos/>");
    client_await(talk->pidgin->client, 400);
    call_say(&talk->call, "INFO", "");
    client_await(talk->pidgin->client, 200);
    client_say_text(talk->pidgin->client,
                    "INFO " POOL_URI " SIP/2.0\nVia: SIP/2.0/tcp 127.0.0.1\n"
                    "From: <sip:tomas@" DOMAIN ">;tag=%s\n"
                    "To: <" POOL_URI ">;tag=%s\nCall-ID: %s\nCSeq: 50 INFO\n"
                    "Content-Type: application/dtmf-relay\n"
                    "Content-Length: 1\n\n5",
                    talk->call.from_tag, talk->call.to_tag, talk->call.call_id);
    client_await(talk->pidgin->client, 415);
    scene_expect_none(talk->scene, INTAKE_REQUEST);
    talk->call.cseq = 50;
    call_say(&talk->call, "INFO", REQURI);
    client_await(talk->pidgin->client, 200);
}

/* The edge's INFO: on the client's connection, from the URI it invited, with
 * its own CSeq from 1. */
static void test_delivery__is_shaped_for_clients(void **state)
{
    struct talk *talk = *state;
    struct heard heard;
    char wanted[256];

    scene_deliver(talk->scene, &talk->call.ref, 1, "<a/>", 0);
    scene_deliver(talk->scene, &talk->call.ref, 1, "<bc/>", 0);
    heard = call_hear_info(&talk->call);
    snprintf(wanted, sizeof(wanted), "<" POOL_URI ">;tag=%s",
             talk->call.to_tag);
    assert_string_equal(heard_header(&heard, "From"), wanted);
    snprintf(wanted, sizeof(wanted),
             "<sip:tomas@" DOMAIN ">;tag=%s;epid=9a31c07be512",
             talk->call.from_tag);
    assert_string_equal(heard_header(&heard, "To"), wanted);
    assert_string_equal(heard_header(&heard, "Call-ID"), talk->call.call_id);
    assert_string_equal(heard_header(&heard, "CSeq"), "1 INFO");
    assert_string_equal(heard_header(&heard, "Content-Type"), "text/plain");
    assert_string_equal(heard.body, "<a/>");
    heard_free(&heard);
    heard = call_hear_info(&talk->call);
    assert_string_equal(heard_header(&heard, "CSeq"), "2 INFO");
    assert_string_equal(heard.body, "<bc/>");
    heard_free(&heard);
    scene_wait_metric(talk->scene, EDGE_METRIC_DELIVERIES_ANSWERED, 2);
}

/* Only so many are unanswered; the rest follows answer by answer, in order. */
static void test_delivery__window(void **state)
{
    struct talk *talk = *state;
    unsigned max = EDGE_LIMITS_DEFAULT.in_flight_max;
    struct heard heard[64];

    for (unsigned i = 0; i < max + 10; i++) {
        char body[16];

        snprintf(body, sizeof(body), "<n%u/>", i);
        scene_deliver(talk->scene, &talk->call.ref, 1, body, i + 1);
    }
    for (unsigned i = 0; i < max; i++) {
        heard[i] = client_expect(talk->pidgin->client, 0);
    }
    client_expect_silence(talk->pidgin->client, 100);
    for (unsigned i = 0; i < max + 10; i++) {
        char body[16];

        snprintf(body, sizeof(body), "<n%u/>", i);
        assert_string_equal(heard[i].body, body);
        pidgin_answer(talk->pidgin, &heard[i], 200);
        heard_free(&heard[i]);
        if (i < 10) {
            heard[max + i] = client_expect(talk->pidgin->client, 0);
        }
    }
    scene_wait_metric(talk->scene, EDGE_METRIC_DELIVERIES_ANSWERED, max + 10);
}

/* The mark a dialog reports is the index up to which ALL was answered: answers
 * out of order do not move it past a gap, and of two bodies of one entry both
 * count. */
static void test_marks__tell_what_was_confirmed(void **state)
{
    static const uint64_t indexes[] = {10, 0, 11, 11, 12};
    struct talk *talk = *state;
    struct heard heard[5];
    struct sighting mark;

    for (size_t i = 0; i < 5; i++) {
        scene_deliver(talk->scene, &talk->call.ref, 1, "<x/>", indexes[i]);
        heard[i] = client_expect(talk->pidgin->client, 0);
    }
    pidgin_answer(talk->pidgin, &heard[4], 200);
    pidgin_answer(talk->pidgin, &heard[2], 200);
    usleep(600 * 1000);
    scene_expect_none(talk->scene, INTAKE_DELIVERED);
    pidgin_answer(talk->pidgin, &heard[0], 200);
    mark = scene_expect(talk->scene, INTAKE_DELIVERED);
    assert_int_equal(mark.ref, talk->call.ref);
    assert_int_equal(mark.log_index, 10);
    pidgin_answer(talk->pidgin, &heard[1], 200);
    usleep(600 * 1000);
    scene_expect_none(talk->scene, INTAKE_DELIVERED); /* 11 is half done. */
    pidgin_answer(talk->pidgin, &heard[3], 200);
    assert_int_equal(scene_expect(talk->scene, INTAKE_DELIVERED).log_index, 12);
    for (size_t i = 0; i < 5; i++) {
        heard_free(&heard[i]);
    }
    call_say(&talk->call, "BYE", NULL);
    client_await(talk->pidgin->client, 200);
    assert_int_equal(scene_expect(talk->scene, INTAKE_DIALOG_CLOSED).log_index,
                     12);
}

/* Beside the index a dialog reports how many of the bodies for it alone were
 * answered, with all before them. */
static void test_marks__count_replies(void **state)
{
    struct talk *talk = *state;
    struct heard heard[4];
    struct sighting mark;

    scene_deliver_reply(talk->scene, talk->call.ref, "<x/>", 1);
    heard[0] = client_expect(talk->pidgin->client, 0);
    scene_deliver(talk->scene, &talk->call.ref, 1, "<x/>", 7);
    heard[1] = client_expect(talk->pidgin->client, 0);
    for (uint32_t reply = 2; reply < 4; reply++) {
        scene_deliver_reply(talk->scene, talk->call.ref, "<x/>", reply);
        heard[reply] = client_expect(talk->pidgin->client, 0);
    }
    pidgin_answer(talk->pidgin, &heard[0], 200);
    mark = scene_expect(talk->scene, INTAKE_DELIVERED);
    assert_int_equal(mark.replies, 1);
    assert_int_equal(mark.log_index, 0);
    pidgin_answer(talk->pidgin, &heard[2], 200);
    usleep(600 * 1000);
    scene_expect_none(talk->scene, INTAKE_DELIVERED);
    pidgin_answer(talk->pidgin, &heard[1], 200);
    mark = scene_expect(talk->scene, INTAKE_DELIVERED);
    assert_int_equal(mark.replies, 2);
    assert_int_equal(mark.log_index, 7);
    call_say(&talk->call, "BYE", NULL);
    client_await(talk->pidgin->client, 200);
    assert_int_equal(scene_expect(talk->scene, INTAKE_DIALOG_CLOSED).replies,
                     2);
    for (size_t i = 0; i < 4; i++) {
        heard_free(&heard[i]);
    }
}

/* What is answered just before the end is told with the end. */
static void test_marks__close_carries_the_last(void **state)
{
    struct talk *talk = *state;
    struct heard heard;

    scene_deliver(talk->scene, &talk->call.ref, 1, "<x/>", 77);
    heard = call_hear_info(&talk->call);
    heard_free(&heard);
    call_say(&talk->call, "BYE", NULL);
    assert_int_equal(scene_expect(talk->scene, INTAKE_DIALOG_CLOSED).log_index,
                     77);
}

/* A client that says it has forgotten the dialog has none: told once, and no
 * further INFO goes there. */
static void test_delivery__client_forgot(void **state)
{
    static const int statuses[] = {481, 487, 408};
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");

    for (size_t i = 0; i < 3; i++) {
        struct heard heard;
        struct call call;

        call_open(&call, scene, pidgin);
        scene_deliver(scene, &call.ref, 1, "<x/>", 1);
        heard = client_expect(pidgin->client, 0);
        pidgin_answer(pidgin, &heard, statuses[i]);
        heard_free(&heard);
        assert_int_equal(scene_expect(scene, INTAKE_DIALOG_CLOSED).ref,
                         call.ref);
        scene_deliver(scene, &call.ref, 1, "<y/>", 2);
        client_expect_silence(pidgin->client, 100);
    }
    pidgin_leave(pidgin);
}

/* Any other refusal is an answer: the client has had the INFO. */
static void test_delivery__refused_counts_as_answered(void **state)
{
    struct talk *talk = *state;
    struct heard heard;

    scene_deliver(talk->scene, &talk->call.ref, 1, "<x/>", 5);
    heard = client_expect(talk->pidgin->client, 0);
    pidgin_answer(talk->pidgin, &heard, 415);
    heard_free(&heard);
    assert_int_equal(scene_expect(talk->scene, INTAKE_DELIVERED).log_index, 5);
    scene_wait_metric(talk->scene, EDGE_METRIC_DELIVERIES_REFUSED, 1);
}

/* Answers that match nothing due are dropped: made-up CSeqs, tags and
 * statuses move no mark. */
static void test_answers__that_match_nothing(void **state)
{
    static const char *const odd[] = {
        "SIP/2.0 200 OK\nCSeq: 99 INFO\n",
        "SIP/2.0 200 OK\nCSeq: 1 BYE\n",
        "SIP/2.0 200 OK\nCSeq: x INFO\n",
        "SIP/2.0 99999 OK\nCSeq: 1 INFO\n",
        "SIP/2.0 100 Trying\nCSeq: 1 INFO\n",
        "SIP/2.0\nCSeq: 1 INFO\n",
        "SIP/2.0 200 OK\nCSeq: 0 INFO\n",
        "SIP/2.0 200 OK\n",
    };
    struct talk *talk = *state;
    struct heard heard;

    scene_deliver(talk->scene, &talk->call.ref, 1, "<x/>", 5);
    heard = client_expect(talk->pidgin->client, 0);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        client_say_text(talk->pidgin->client,
                        "%sVia: SIP/2.0/TCP h\nFrom: <" POOL_URI
                        ">;tag=%s\nTo: <sip:tomas@" DOMAIN
                        ">;tag=%s\nCall-ID: %s\nContent-Length: 0\n\n",
                        odd[i], talk->call.to_tag, talk->call.from_tag,
                        talk->call.call_id);
    }
    client_say_text(talk->pidgin->client,
                    "SIP/2.0 200 OK\nCSeq: 1 INFO\nVia: SIP/2.0/TCP h\n"
                    "From: <" POOL_URI ">;tag=other\nTo: <sip:tomas@" DOMAIN
                    ">;tag=%s\nCall-ID: %s\nContent-Length: 0\n\n",
                    talk->call.from_tag, talk->call.call_id);
    scene_wait_metric(talk->scene, EDGE_METRIC_RESPONSES, 9);
    assert_int_equal(
        edge_metric(talk->scene->edge, EDGE_METRIC_DELIVERIES_ANSWERED), 0);
    pidgin_answer(talk->pidgin, &heard, 200);
    pidgin_answer(talk->pidgin, &heard, 200); /* Twice is once. */
    heard_free(&heard);
    scene_wait_metric(talk->scene, EDGE_METRIC_RESPONSES, 11);
    assert_int_equal(
        edge_metric(talk->scene->edge, EDGE_METRIC_DELIVERIES_ANSWERED), 1);
}

/* A body for many goes to each once, in the order it was given, however many
 * there are; names of nobody are skipped. */
static void test_fanout__reaches_everyone(void **state)
{
    enum { CALLS = 40 };
    struct scene *scene = *state;
    struct pidgin *pidgins[CALLS];
    struct call calls[CALLS];
    edge_ref refs[CALLS + 1];

    for (int i = 0; i < CALLS; i++) {
        pidgins[i] = pidgin_enter(scene, i % 2 ? "tomas" : "ingrid");
        call_open(&calls[i], scene, pidgins[i]);
        refs[i] = calls[i].ref;
    }
    refs[CALLS] = 0x0123456789abcdef;
    for (int n = 0; n < 20; n++) {
        char body[16];

        snprintf(body, sizeof(body), "<n%d/>", n);
        scene_deliver(scene, refs, CALLS + 1, body, (uint64_t)n + 1);
    }
    for (int i = 0; i < CALLS; i++) {
        for (int n = 0; n < 20; n++) {
            struct heard heard = call_hear_info(&calls[i]);
            char body[16];

            snprintf(body, sizeof(body), "<n%d/>", n);
            assert_string_equal(heard.body, body);
            heard_free(&heard);
        }
    }
    scene_wait_metric(scene, EDGE_METRIC_DELIVERIES_ANSWERED, CALLS * 20);
    for (int i = 0; i < CALLS; i++) {
        pidgin_leave(pidgins[i]);
    }
}

/* A fan-out goes on turn by turn without waiting for anything else to happen,
 * and what else happens is served between its turns. */
static void test_fanout__in_chunks(void **state)
{
    enum { CALLS = 40 };
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct pidgin *pidgins[CALLS];
    struct call calls[CALLS];
    edge_ref refs[CALLS];
    struct scene *scene;
    uint64_t start;

    (void)state;
    limits.fanout_chunk = 1;
    scene = scene_open(&limits);
    for (int i = 0; i < CALLS; i++) {
        pidgins[i] = pidgin_enter(scene, "tomas");
        call_open(&calls[i], scene, pidgins[i]);
        refs[i] = calls[i].ref;
    }
    start = now_ms();
    scene_deliver(scene, refs, CALLS, "<n/>", 1);
    scene_wait_metric(scene, EDGE_METRIC_DELIVERIES, CALLS);
    /* At one dialog per tick it would take ten seconds. */
    assert_in_range(now_ms() - start, 0, 2000);
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_FANOUT_WAITING), 0);
    for (int i = 0; i < CALLS; i++) {
        pidgin_leave(pidgins[i]);
    }
    scene_close(scene);
}

/* The state loop can have connections closed; what was delivered before goes
 * out before. */
static void test_delivery_close__closes_after_what_was_said(void **state)
{
    struct talk *talk = *state;
    struct heard heard;

    scene_deliver(talk->scene, &talk->call.ref, 1, "<bye/>", 1);
    scene_deliver_close(talk->scene, &talk->call.ref, 1);
    heard = client_expect(talk->pidgin->client, 0);
    assert_string_equal(heard.body, "<bye/>");
    heard_free(&heard);
    client_expect_close(talk->pidgin->client, WAIT_MS);
    scene_expect(talk->scene, INTAKE_DIALOG_CLOSED);
}

/* Who is deleted loses connections that have no dialog; those that have one are
 * closed with it, and other users' stay. */
static void test_delivery_dismiss__connections_without_a_dialog(void **state)
{
    struct talk *talk = *state;
    struct pidgin *idle = pidgin_enter(talk->scene, "tomas");
    struct pidgin *other = pidgin_enter(talk->scene, "ingrid");
    struct heard heard;

    scene_deliver_dismiss(talk->scene, "sip:nobody@" DOMAIN);
    scene_deliver_dismiss(talk->scene, "sip:Tomas@" DOMAIN);
    client_expect_close(idle->client, WAIT_MS);
    scene_deliver(talk->scene, &talk->call.ref, 1, "<still/>", 1);
    heard = client_expect(talk->pidgin->client, 0);
    assert_string_equal(heard.body, "<still/>");
    heard_free(&heard);
    pidgin_sign_in(other); /* Its connection is there. */
    pidgin_leave(idle);
    pidgin_leave(other);
}

/* A state loop that takes nothing: its queue fills, INFOs get 503, so do new
 * sign-ins, and the connection lives on. Ends of dialogs are told all the same.
 */
static void test_full_queue__is_503(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct scene *scene;
    struct pidgin *pidgin;
    struct pidgin late = {.user = "ingrid", .register_cseq = 1};
    struct heard heard = {0};
    struct call call;
    int sent = 0;

    (void)state;
    limits.infos_per_s_max = 1000000;
    scene = scene_open(&limits);
    pidgin = pidgin_enter(scene, "tomas");
    call_open(&call, scene, pidgin);
    scene->asleep = true;
    letters_send_reply(scene->wake, calloc(1, sizeof(struct letter)));
    usleep(20 * 1000);
    do {
        heard_free(&heard);
        call_say(&call, "INFO", REQURI);
        heard = client_hear(pidgin->client, WAIT_MS);
        assert_non_null(heard.text);
        sent++;
    } while (heard.status == 200 && sent < 2 * INTAKES_WAITING_MAX);
    assert_int_equal(heard.status, 503);
    assert_in_range(sent, INTAKES_WAITING_MAX - 10, INTAKES_WAITING_MAX + 10);
    assert_non_null(strstr(heard_header(&heard, "ms-diagnostics"), "20000;"));
    heard_free(&heard);
    late.client = client_connect(scene_port(scene, LISTENER_OPEN));
    pidgin_register(&late, "");
    client_await(late.client, 503);
    client_free(late.client);
    call_say(&call, "BYE", NULL);
    client_await(pidgin->client, 200);
    scene->asleep = false;
    scene_expect(scene, INTAKE_DIALOG_CLOSED);
    pidgin_leave(pidgin);
    scene_close(scene);
}

#define IN(test)   RUN_IN(test, set_up, tear_down)
#define TALK(test) RUN_IN(test, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(test_command__answered_at_once),
        TALK(test_post__answered_after_commit),
        TALK(test_post__refusal_says_why),
        TALK(test_posts__wait_together),
        TALK(test_posts__are_bounded),
        TALK(test_post__is_answered_after_bye),
        IN(test_post__outlives_its_client),
        TALK(test_info__repeated),
        IN(test_info__without_to_tag),
        TALK(test_info__odd_bodies),
        TALK(test_delivery__is_shaped_for_clients),
        TALK(test_delivery__window),
        TALK(test_marks__tell_what_was_confirmed),
        TALK(test_marks__count_replies),
        TALK(test_marks__close_carries_the_last),
        IN(test_delivery__client_forgot),
        TALK(test_delivery__refused_counts_as_answered),
        TALK(test_answers__that_match_nothing),
        IN(test_fanout__reaches_everyone),
        RUN(test_fanout__in_chunks),
        TALK(test_delivery_close__closes_after_what_was_said),
        TALK(test_delivery_dismiss__connections_without_a_dialog),
        RUN(test_full_queue__is_503),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
