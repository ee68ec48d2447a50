#include "tests/unit/test.h"

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

/* A client that has connected and not signed in. */
static struct pidgin *connect_to(struct scene *scene, size_t listener,
                                 const char *user)
{
    struct pidgin *pidgin = calloc(1, sizeof(*pidgin));

    pidgin->client = client_connect(scene_port(scene, listener));
    pidgin->user = user;
    pidgin->register_cseq = 1;
    return pidgin;
}

/* REGISTER, 407, REGISTER with credentials. Returns the answer. */
static struct heard try_password(struct pidgin *pidgin, const char *username,
                                 const char *password)
{
    struct heard challenge;

    pidgin_register(pidgin, "");
    challenge = client_expect(pidgin->client, 407);
    pidgin_register_again(pidgin, &challenge, username, password);
    heard_free(&challenge);
    return client_hear(pidgin->client, WAIT_MS);
}

/* The 200 has each header in the shape without which pidgin-sipe never starts
 * its chat. */
static void test_register__answered_as_clients_need(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_OPEN, "tomas");
    struct heard heard;

    pidgin_register(pidgin, "Expires: 700\n");
    heard = client_expect(pidgin->client, 200);
    heard_expect(&heard, "Expires", "700");
    assert_int_equal(
        heard_count(&heard, "Supported: msrtc-event-categories\r\n"), 1);
    assert_int_equal(heard_count(&heard, "Supported:"), 1);
    assert_int_equal(
        heard_count(&heard, "Allow-Events: vnd-microsoft-provisioning-v2\r\n"),
        1);
    heard_expect(&heard, "ms-keep-alive",
                 "UAS; tcp=no; hop-hop=yes; end-end=no; timeout=120");
    assert_non_null(strstr(heard_header(&heard, "Contact"),
                           ";transport=tcp;ms-opaque=5b1e>;+sip.instance=\""
                           "<urn:uuid:5f0c2e11-7777-5a2b-9c3d-0123456789ab>\""
                           ";expires=700"));
    heard_expect(&heard, "CSeq", "1 REGISTER");
    assert_non_null(strstr(heard_header(&heard, "Via"), "SIP/2.0/tcp 127"));
    heard_free(&heard);
    assert_string_equal(scene_expect(scene, INTAKE_SIGN_IN).user_uri,
                        "sip:tomas@fjord.example");
    pidgin_leave(pidgin);
}

/* What is asked for is bent into what is allowed; nothing asked for is the
 * default. */
static void test_register__bounds_expires(void **state)
{
    static const struct {
        const char *asked;
        const char *granted;
    } cases[] = {
        {"", "600"}, {"Expires: 5\n", "60"}, {"Expires: 999999\n", "7200"}};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pidgin *pidgin = connect_to(scene, LISTENER_OPEN, "tomas");
        struct heard heard;

        pidgin_register(pidgin, cases[i].asked);
        heard = client_expect(pidgin->client, 200);
        heard_expect(&heard, "Expires", cases[i].granted);
        heard_free(&heard);
        pidgin_leave(pidgin);
    }
}

/* Digest by 407 as pidgin-sipe does it: uri="(null)", the same CSeq, branch
 * and Call-ID in both REGISTERs. */
static void test_digest__signs_in(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct heard heard = try_password(pidgin, "tomas@" DOMAIN, "hav");

    assert_int_equal(heard.status, 200);
    heard_expect(&heard, "CSeq", "1 REGISTER");
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* The bare user name, with its own hash, and other letter cases of the name do
 * as well. */
static void test_digest__takes_bare_user_name(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "Tomas");
    struct heard heard = try_password(pidgin, "tomas", "hav");

    assert_int_equal(heard.status, 200);
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* Another's name with one's own password proves nothing. */
static void test_digest__refuses_name_of_another(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct heard heard = try_password(pidgin, "ingrid@" DOMAIN, "fjell");

    assert_int_equal(heard.status, 403);
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* Everything but what differs by nature: Via, tags and the user. */
static void blank_out(char *text, const char *user)
{
    char *at = text;

    while ((at = strstr(at, user)) != NULL) {
        memset(at, '*', strlen(user));
    }
    for (at = strstr(text, "127.0.0.1:"); at != NULL && *at != ';'; at++) {
        *at = '*';
    }
}

/* A wrong password and an unknown user get the same 403, byte for byte; the
 * state loop is asked in both cases. */
static void test_digest__unknown_user_looks_like_wrong_password(void **state)
{
    struct scene *scene = *state;
    struct pidgin *known = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct pidgin *stranger = connect_to(scene, LISTENER_DIGEST, "nobod");
    struct heard a = try_password(known, "tomas@" DOMAIN, "wrong");
    struct heard b = try_password(stranger, "nobod@" DOMAIN, "wrong");

    assert_int_equal(a.status, 403);
    assert_int_equal(b.status, 403);
    heard_expect(&a, "ms-diagnostics-public",
                 "4101;reason=\"Wrong user name or password\"");
    blank_out(a.text, "tomas");
    blank_out(b.text, "nobod");
    assert_string_equal(a.text, b.text);
    assert_int_equal(scene_count(scene, INTAKE_SIGN_IN), 2);
    heard_free(&a);
    heard_free(&b);
    pidgin_leave(known);
    pidgin_leave(stranger);
}

/* A hash holds its name as it was spelt, so that a name with capitals never
 * fits: whoever gives one is told what to do, the stranger too. */
static void test_digest__capitals_are_explained(void **state)
{
    static const char *const names[] = {"Tomas@" DOMAIN, "TOMAS",
                                        "Nobody@" DOMAIN};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct pidgin *pidgin =
            connect_to(scene, LISTENER_DIGEST, i == 2 ? "Nobody" : "Tomas");
        struct heard heard = try_password(pidgin, names[i], "hav");

        assert_int_equal(heard.status, 403);
        heard_expect(
            &heard, "ms-diagnostics-public",
            "4101;reason=\"Wrong password, or a user name not in lower case\"");
        heard_free(&heard);
        pidgin_leave(pidgin);
    }
}

/* Where there is no hash to compare with - no such user, a name that is not
 * the user's, no hash of the bare name - nothing that an attacker could guess
 * is taken for it: not zeroes, not an empty one. */
static void test_digest__no_hash_is_no_entry(void **state)
{
    static const struct {
        const char *user;
        const char *name;
    } cases[] = {{"nobody", "nobody@" DOMAIN},
                 {"tomas", "someone"},
                 {"tomas", "x@" DOMAIN},
                 {"ingrid", "ingrid"}};
    static const char *const hashes[] = {"00000000000000000000000000000000",
                                         ""};
    struct scene *scene = *state;

    scene->no_bare_hash = true;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        struct pidgin *pidgin =
            connect_to(scene, LISTENER_DIGEST, cases[i / 2].user);
        struct heard challenge;

        pidgin_register(pidgin, "");
        challenge = client_expect(pidgin->client, 407);
        pidgin_register_hash(pidgin, &challenge, cases[i / 2].name,
                             hashes[i % 2]);
        heard_free(&challenge);
        client_await(pidgin->client, 403);
        pidgin_leave(pidgin);
    }
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_SIGN_INS), 0);
}

/* Only who knows the password learns that the account is disabled. */
static void test_digest__disabled_needs_the_password(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "mei");
    struct heard heard = try_password(pidgin, "mei@" DOMAIN, "wrong");

    assert_int_equal(heard.status, 403);
    assert_non_null(strstr(heard_header(&heard, "ms-diagnostics-public"),
                           "Wrong user name or password"));
    heard_free(&heard);
    heard = try_password(pidgin, "mei@" DOMAIN, "tide");
    assert_int_equal(heard.status, 403);
    assert_non_null(strstr(heard_header(&heard, "ms-diagnostics-public"),
                           "This account is disabled"));
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* A policy keeps out by another word, and also only who knows the password. */
static void test_digest__not_enabled_needs_the_password(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "olav");
    struct heard heard = try_password(pidgin, "olav@" DOMAIN, "wrong");

    assert_int_equal(heard.status, 403);
    assert_non_null(strstr(heard_header(&heard, "ms-diagnostics-public"),
                           "Wrong user name or password"));
    heard_free(&heard);
    heard = try_password(pidgin, "olav@" DOMAIN, "skip");
    assert_int_equal(heard.status, 403);
    heard_expect(
        &heard, "ms-diagnostics-public",
        "4107;reason=\"This account is not enabled for persistent chat\"");
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* A nonce works once: after a failure the same credentials are challenged
 * anew, as stale. */
static void test_digest__nonce_is_used_once(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct heard challenge, heard;

    pidgin_register(pidgin, "");
    challenge = client_expect(pidgin->client, 407);
    pidgin_register_again(pidgin, &challenge, "tomas@" DOMAIN, "wrong");
    client_await(pidgin->client, 403);
    pidgin_register_again(pidgin, &challenge, "tomas@" DOMAIN, "hav");
    heard = client_expect(pidgin->client, 407);
    assert_non_null(
        strstr(heard_header(&heard, "Proxy-Authenticate"), "stale=true"));
    pidgin_register_again(pidgin, &heard, "tomas@" DOMAIN, "hav");
    heard_free(&heard);
    client_await(pidgin->client, 200);
    heard_free(&challenge);
    pidgin_leave(pidgin);
}

/* A nonce belongs to the connection it was sent on. */
static void test_digest__nonce_is_bound_to_connection(void **state)
{
    struct scene *scene = *state;
    struct pidgin *a = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct pidgin *b = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct heard challenge;

    pidgin_register(a, "");
    challenge = client_expect(a->client, 407);
    pidgin_register_again(b, &challenge, "tomas@" DOMAIN, "hav");
    client_await(b->client, 407);
    heard_free(&challenge);
    pidgin_leave(a);
    pidgin_leave(b);
}

/* After a few wrong passwords the connection is over, and so are endless
 * challenges. */
static void test_digest__attempts_are_counted(void **state)
{
    struct scene *scene = *state;
    struct pidgin *guesser = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct pidgin *asker = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct heard heard;

    for (int i = 0; i < SIGN_IN_FAILURES_MAX; i++) {
        heard = try_password(guesser, "tomas@" DOMAIN, "guess");
        assert_int_equal(heard.status, 403);
        heard_free(&heard);
    }
    client_expect_close(guesser->client, WAIT_MS);
    for (int i = 0; i < CHALLENGES_MAX; i++) {
        pidgin_register(asker, "");
        heard = client_expect(asker->client, 407);
        heard_free(&heard);
    }
    pidgin_register(asker, "");
    client_await(asker->client, 403);
    client_expect_close(asker->client, WAIT_MS);
    pidgin_leave(guesser);
    pidgin_leave(asker);
}

/* Credentials that are not Digest MD5 auth are refused, not waited for. */
static void test_digest__other_schemes_are_refused(void **state)
{
    static const char *const cases[] = {
        "Proxy-Authorization: Basic realm=\"" DOMAIN "\"\n",
        "Proxy-Authorization: Digest username=\"tomas\", realm=\"" DOMAIN
        "\", nonce=\"1\"\n",
        "Proxy-Authorization: Digest username=\"tomas\", realm=\"" DOMAIN
        "\", nonce=\"1\", uri=\"x\", qop=auth-int, nc=00000001, cnonce=\"1\", "
        "response=\"00000000000000000000000000000000\"\n",
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "tomas");
        struct heard heard;

        pidgin_register(pidgin, cases[i]);
        heard = client_expect(pidgin->client, 400);
        heard_free(&heard);
        pidgin_leave(pidgin);
    }
    assert_int_equal(scene_count(scene, INTAKE_SIGN_IN), 0);
}

/* Without authentication the user must still exist and be enabled. */
static void test_open_listener__refuses_whom_the_pool_does_not_know(
    void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_OPEN, "nobody");
    struct heard heard;

    pidgin_register(pidgin, "");
    heard = client_expect(pidgin->client, 403);
    heard_expect(&heard, "ms-diagnostics-public",
                 "4103;reason=\"There is no such user here\"");
    heard_free(&heard);
    pidgin->user = "mei";
    pidgin_register(pidgin, "");
    heard = client_expect(pidgin->client, 403);
    heard_expect(&heard, "ms-diagnostics-public",
                 "4102;reason=\"This account is disabled\"");
    heard_free(&heard);
    pidgin_leave(pidgin);
}

/* A node that does not know the pool's state yet says so. */
static void test_register__not_ready_is_503(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_OPEN, "tomas");
    struct heard heard;
    int retry;

    scene->not_ready = true;
    pidgin_register(pidgin, "");
    heard = client_expect(pidgin->client, 503);
    retry = atoi(heard_header(&heard, "Retry-After"));
    assert_in_range(retry, 5, 9);
    heard_free(&heard);
    scene->not_ready = false;
    pidgin_sign_in(pidgin);
    pidgin_leave(pidgin);
}

/* What comes behind a REGISTER in one segment is served after it, in order. */
static void test_register__pipelined_requests_wait(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_OPEN, "tomas");
    struct heard heard;
    struct call call = {0};

    scene->mute = true;
    pidgin_register(pidgin, "");
    call_invite(&call, pidgin, POOL_URI);
    client_expect_silence(pidgin->client, 200);
    scene->mute = false;
    scene->not_ready = false;
    client_free(pidgin->client);
    free(pidgin);

    pidgin = connect_to(scene, LISTENER_OPEN, "tomas");
    memset(&call, 0, sizeof(call));
    pidgin_register(pidgin, "");
    call_invite(&call, pidgin, POOL_URI);
    heard = client_expect(pidgin->client, 200);
    assert_non_null(strstr(heard.text, "REGISTER"));
    heard_free(&heard);
    call_ack(&call);
    pidgin_leave(pidgin);
}

/* A refresh needs no password again, and keeps what is open. */
static void test_register__refreshes(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct heard heard = try_password(pidgin, "tomas@" DOMAIN, "hav");
    struct call call;

    assert_int_equal(heard.status, 200);
    heard_free(&heard);
    call_open(&call, scene, pidgin);
    pidgin->register_cseq++;
    pidgin_sign_in(pidgin);
    scene_expect_none(scene, INTAKE_DIALOG_CLOSED);
    assert_int_equal(scene_count(scene, INTAKE_SIGN_IN), 1);
    pidgin_leave(pidgin);
}

/* Expires 0 ends the dialogs; the connection stays its user's. */
static void test_register__signs_out(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct heard heard;
    struct call call;

    call_open(&call, scene, pidgin);
    pidgin_register(pidgin, "Expires: 0\n");
    heard = client_expect(pidgin->client, 200);
    heard_expect(&heard, "Expires", "0");
    heard_free(&heard);
    assert_int_equal(scene_expect(scene, INTAKE_DIALOG_CLOSED).ref, call.ref);
    call_say(&call, "INFO", REQURI);
    client_await(pidgin->client, 481);
    pidgin->user = "ingrid";
    pidgin_register(pidgin, "");
    client_await(pidgin->client, 403);
    pidgin->user = "tomas";
    pidgin_sign_in(pidgin);
    pidgin_leave(pidgin);
}

/* BYE, REGISTER Expires 0 and close at once, as pidgin-sipe leaves. */
static void test_register__close_right_after_sign_out(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct call call;

    call_open(&call, scene, pidgin);
    call_say(&call, "BYE", NULL);
    pidgin_register(pidgin, "Expires: 0\n");
    client_reset(pidgin->client);
    free(pidgin);
    assert_int_equal(scene_expect(scene, INTAKE_DIALOG_CLOSED).ref, call.ref);
    scene_expect_none(scene, INTAKE_DIALOG_CLOSED);
    scene_wait_gauge(scene, EDGE_METRIC_CONNECTIONS, 0);
}

/* A connection speaks for one user; every request says who. */
static void test_spoofed_from__is_403(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");

    struct call call, other = {0};

    call_open(&call, scene, pidgin);
    pidgin->user = "ingrid";
    call_invite(&other, pidgin, POOL_URI);
    client_await(pidgin->client, 403);
    call_say(&call, "INFO", POST("forged"));
    client_await(pidgin->client, 403);
    pidgin_register(pidgin, "");
    client_await(pidgin->client, 403);
    scene_expect_none(scene, INTAKE_REQUEST);
    scene_wait_metric(scene, EDGE_METRIC_SPOOFED, 3);
    pidgin_leave(pidgin);
}

/* Before sign-in there is REGISTER and OPTIONS, and no dialog. */
static void test_stranger__may_do_little(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_DIGEST, "tomas");
    struct call call = {0};
    struct heard heard;

    call_invite(&call, pidgin, POOL_URI);
    heard = client_expect(pidgin->client, 403);
    heard_expect(&heard, "ms-diagnostics-public",
                 "4104;reason=\"Sign in first\"");
    heard_free(&heard);
    call_say(&call, "INFO", REQURI);
    client_await(pidgin->client, 481);
    call_say(&call, "OPTIONS", NULL);
    client_await(pidgin->client, 200);
    scene_expect_none(scene, INTAKE_DIALOG_OPENED);
    pidgin_leave(pidgin);
}

/* Closed to new: who is in stays in and may refresh; a new sign-in gets 503
 * before it is challenged. */
static void test_admission__spares_who_is_in(void **state)
{
    struct scene *scene = *state;
    struct pidgin *in = pidgin_enter(scene, "tomas");
    struct pidgin *late = connect_to(scene, LISTENER_DIGEST, "ingrid");
    struct heard heard;

    edge_set_admission(scene->edge, EDGE_CLOSED_TO_NEW);
    pidgin_register(late, "");
    heard = client_expect(late->client, 503);
    assert_non_null(heard_header(&heard, "Retry-After"));
    heard_free(&heard);
    pidgin_sign_in(in);
    edge_set_admission(scene->edge, EDGE_OPEN);
    heard = try_password(late, "ingrid@" DOMAIN, "fjell");
    assert_int_equal(heard.status, 200);
    heard_free(&heard);
    pidgin_leave(in);
    pidgin_leave(late);
}

/* An edge of a node that is loaded already opens with its door closed: nobody
 * slips in before the first word about the load. */
static void test_admission__may_begin_closed(void **state)
{
    struct scene *scene = *state;
    struct edge_settings settings = scene->settings;
    struct edge_listener listener = scene->listeners[LISTENER_DIGEST];
    struct edge *edge = NULL;
    struct pidgin *early = calloc(1, sizeof(*early));

    settings.listeners = &listener;
    settings.n = 1;
    settings.admission = EDGE_CLOSED_TO_NEW;
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_NONE);
    early->client = client_connect(edge_port(edge, 0));
    early->user = "ingrid";
    pidgin_register(early, "");
    client_await(early->client, 503);
    edge_set_admission(edge, EDGE_OPEN);
    pidgin_register(early, "");
    client_await(early->client, 407);
    pidgin_leave(early);
    edge_close(edge);
}

/* Draining: a first REGISTER is sent elsewhere, later ones never are; then
 * connections close, without a BYE. */
static void test_drain__sends_new_ones_elsewhere(void **state)
{
    struct scene *scene = *state;
    struct pidgin *in = pidgin_enter(scene, "tomas");
    struct pidgin *late = connect_to(scene, LISTENER_OPEN, "ingrid");
    struct call call;
    struct heard heard;

    call_open(&call, scene, in);
    edge_drain(scene->edge, "sip:node3." DOMAIN ":5061;transport=tls", 0, 100);
    usleep(50 * 1000);
    pidgin_register(late, "");
    heard = client_expect(late->client, 301);
    heard_expect(&heard, "Contact",
                 "<sip:node3." DOMAIN ":5061;transport=tls>");
    heard_free(&heard);
    pidgin_sign_in(in);
    edge_drain(scene->edge, NULL, 1, 50);
    usleep(10 * 1000);
    client_expect_close(in->client, WAIT_MS);
    client_expect_close(late->client, WAIT_MS);
    assert_null(
        memmem(in->client->heard.data, in->client->heard.len, "BYE", 3));
    scene_expect(scene, INTAKE_DIALOG_CLOSED);
    pidgin_leave(in);
    pidgin_leave(late);
}

/* Odd REGISTERs. */
static void test_register__refuses_what_it_cannot_mean(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = connect_to(scene, LISTENER_OPEN, "tomas");

    client_say_text(pidgin->client,
                    "REGISTER sip:" DOMAIN " SIP/2.0\n"
                    "Via: SIP/2.0/TCP 127.0.0.1\n"
                    "From: <sip:tomas@" DOMAIN ">;tag=1\n"
                    "To: <sip:ingrid@" DOMAIN ">\n"
                    "CSeq: 1 REGISTER\nCall-ID: x\nContent-Length: 0\n\n");
    client_await(pidgin->client, 403); /* For someone else. */
    client_say_text(pidgin->client,
                    "REGISTER sip:" DOMAIN " SIP/2.0\n"
                    "Via: SIP/2.0/TCP 127.0.0.1\n"
                    "From: <sip:tomas@" DOMAIN ">;tag=1\n"
                    "To: <sip:tomas@" DOMAIN ">\n"
                    "Event: presence\n"
                    "CSeq: 1 REGISTER\nCall-ID: x\nContent-Length: 0\n\n");
    client_await(pidgin->client, 489);
    client_say_text(pidgin->client,
                    "REGISTER sip:" DOMAIN " SIP/2.0\n"
                    "Via: SIP/2.0/TCP 127.0.0.1\n"
                    "From: <tel:+4712345678>;tag=1\n"
                    "To: <tel:+4712345678>\n"
                    "CSeq: 1 REGISTER\nCall-ID: x\nContent-Length: 0\n\n");
    client_await(pidgin->client, 400);
    assert_int_equal(scene_count(scene, INTAKE_SIGN_IN), 0);
    pidgin_leave(pidgin);
}

#define IN(test) RUN_IN(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_register__answered_as_clients_need),
        IN(test_register__bounds_expires),
        IN(test_digest__signs_in),
        IN(test_digest__takes_bare_user_name),
        IN(test_digest__refuses_name_of_another),
        IN(test_digest__unknown_user_looks_like_wrong_password),
        IN(test_digest__capitals_are_explained),
        IN(test_digest__no_hash_is_no_entry),
        IN(test_digest__disabled_needs_the_password),
        IN(test_digest__not_enabled_needs_the_password),
        IN(test_digest__nonce_is_used_once),
        IN(test_digest__nonce_is_bound_to_connection),
        IN(test_digest__attempts_are_counted),
        IN(test_digest__other_schemes_are_refused),
        IN(test_open_listener__refuses_whom_the_pool_does_not_know),
        IN(test_register__not_ready_is_503),
        IN(test_register__pipelined_requests_wait),
        IN(test_register__refreshes),
        IN(test_register__signs_out),
        IN(test_register__close_right_after_sign_out),
        IN(test_spoofed_from__is_403),
        IN(test_stranger__may_do_little),
        IN(test_admission__spares_who_is_in),
        IN(test_admission__may_begin_closed),
        IN(test_drain__sends_new_ones_elsewhere),
        IN(test_register__refuses_what_it_cannot_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
