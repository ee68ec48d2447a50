/* Signing in: no password, Digest, refusals, redirects, a busy pool; and what
 * keeps a client signed in. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/client/scene.h"

/* Without a password a client is online after REGISTER, SUBSCRIBE, INVITE to
 * the URI of the document. */
static void test_start__without_password(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    scene_online(scene, "ingrid");
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 1);
    assert_int_equal(pool_count(scene->pool, "SUBSCRIBE", 0), 1);
    assert_int_equal(pool_count(scene->pool, "INVITE", 0), 1);
    assert_int_equal(pool_count(scene->pool, "ACK", 0), 1);
    assert_string_equal(pool_nth(scene->pool, "INVITE", 0)->note, POOL_URI);
}

/* Starts a client with a password and waits for the state. */
static struct owner *start(struct scene *scene, const char *password,
                           enum client_state wanted)
{
    struct client_settings settings = {.password = password};
    struct owner *owner = scene_client(scene, "ingrid", &settings);

    client_start(owner->client);
    scene_state(owner, wanted);
    return owner;
}

/* The last that was told of a state; others may have followed by now. */
static const struct told *last_told(const struct owner *owner,
                                    enum client_state state)
{
    const struct told *last = NULL;

    for (int i = 0; i < owner->n; i++) {
        if (owner->told[i].kind == CLIENT_EVENT_STATE &&
            owner->told[i].state == state) {
            last = &owner->told[i];
        }
    }
    assert_non_null(last);
    return last;
}

/* A 407 is answered with the proof, under a new number. */
static void test_start__digest(void **state)
{
    struct scene *scene = *state;

    pool_add_user(scene->pool, "ingrid", "s3cret");
    scene_nodes(scene, 1);
    start(scene, "s3cret", CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 2);
    assert_int_equal(pool_nth(scene->pool, "REGISTER", 1)->cseq, 2);
}

/* A wrong password is told in the pool's words, and not tried again. */
static void test_start__wrong_password(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    pool_add_user(scene->pool, "ingrid", "s3cret");
    scene_nodes(scene, 2);
    owner = start(scene, "guess", CLIENT_DENIED);
    assert_int_equal(last_told(owner, CLIENT_DENIED)->cause,
                     CLIENT_CAUSE_DENIED);
    assert_int_equal(last_told(owner, CLIENT_DENIED)->code, 403);
    assert_non_null(strstr(last_told(owner, CLIENT_DENIED)->text,
                           "Wrong user name or password"));
    scene_run(scene, 150);
    assert_int_equal(pool_count(scene->pool, "REGISTER", -1), 2);
    assert_int_equal(pool_guests(scene->pool), 0);
}

/* Without a password a challenge cannot be met. */
static void test_start__password_missing(void **state)
{
    struct scene *scene = *state;

    pool_add_user(scene->pool, "ingrid", "s3cret");
    scene_nodes(scene, 1);
    assert_non_null(strstr(
        last_told(start(scene, NULL, CLIENT_DENIED), CLIENT_DENIED)->text,
        "wants a password"));
}

static void challenge_with(struct scene *scene, const char *lines,
                           unsigned times)
{
    pool_add_rule(scene->pool, (struct pool_rule){.what = "REGISTER",
                                                  .node = -1,
                                                  .times = times,
                                                  .fault = POOL_REFUSE,
                                                  .status = 407,
                                                  .lines = lines});
}

/* A second challenge to the same proof says the password is wrong; unless it
 * says the nonce was stale; and there is an end to that too. */
static void test_start__challenged_again(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    challenge_with(scene,
                   "Proxy-Authenticate: Digest realm=\"a\", "
                   "nonce=\"b\", stale=true\r\n",
                   2);
    start(scene, "s3cret", CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 3);
    challenge_with(
        scene, "Proxy-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n", 2);
    assert_non_null(strstr(
        last_told(start(scene, "s3cret", CLIENT_DENIED), CLIENT_DENIED)->text,
        "password is wrong"));
}

/* Kinds of proof that are not known here end it, in words. */
static void test_start__unknown_proof(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    challenge_with(scene,
                   "Proxy-Authenticate: Digest realm=\"a\", nonce=\"b\", "
                   "algorithm=SHA-512\r\n",
                   1);
    assert_non_null(strstr(
        last_told(start(scene, "s3cret", CLIENT_DENIED), CLIENT_DENIED)->text,
        "not known here"));
    challenge_with(scene, "Proxy-Authenticate: NTLM realm=\"a\"\r\n", 1);
    start(scene, "s3cret", CLIENT_DENIED);
    pool_add_rule(scene->pool, (struct pool_rule){.what = "REGISTER",
                                                  .node = -1,
                                                  .times = 1,
                                                  .fault = POOL_REFUSE,
                                                  .status = 401});
    start(scene, "s3cret", CLIENT_DENIED);
}

static void refuse_once(struct scene *scene, const char *what, int node,
                        int status, const char *lines)
{
    pool_add_rule(scene->pool, (struct pool_rule){.what = what,
                                                  .node = node,
                                                  .times = 1,
                                                  .fault = POOL_REFUSE,
                                                  .status = status,
                                                  .lines = lines});
}

/* A busy server is left for the next at once, and tried again no sooner than
 * it asked for. */
static void test_start__busy_asks_for_time(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    uint64_t began_us = loop_now_us(scene->loop);

    scene_nodes(scene, 1);
    refuse_once(scene, "REGISTER", 0, 503,
                "Retry-After: 1\r\nms-diagnostics: 20000;reason=\"No quorum\""
                "\r\n");
    owner = start(scene, NULL, CLIENT_ONLINE);
    assert_true(loop_now_us(scene->loop) - began_us >= 1000000);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->cause,
                     CLIENT_CAUSE_BUSY);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->code, 503);
    assert_non_null(
        strstr(told_nth(owner, CLIENT_EVENT_STATE, 1)->text, "No quorum"));
    assert_in_range(told_nth(owner, CLIENT_EVENT_STATE, 1)->retry_in_ms, 900,
                    1000);
}

static void test_start__busy_goes_to_the_next(void **state)
{
    struct scene *scene = *state;
    uint64_t began_us = loop_now_us(scene->loop);

    scene_nodes(scene, 2);
    refuse_once(scene, "REGISTER", 0, 503, "Retry-After: 9\r\n");
    refuse_once(scene, "INVITE", 1, 503, "Retry-After: 1 (soon)\r\n");
    start(scene, NULL, CLIENT_ONLINE);
    assert_true(loop_now_us(scene->loop) - began_us < 3000000);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 1);
    assert_int_equal(pool_count(scene->pool, "INVITE", 1), 2);
}

/* Answers that mean nothing to a client send it to the next server. */
static void test_start__unfit_answers(void **state)
{
    static const struct {
        const char *what;
        int status;
        enum client_cause cause;
    } rows[] = {
        {"REGISTER", 202, CLIENT_CAUSE_UNFIT},
        {"REGISTER", 302, CLIENT_CAUSE_UNFIT},
        {"REGISTER", 408, CLIENT_CAUSE_UNFIT},
        {"REGISTER", 480, CLIENT_CAUSE_BUSY},
        {"REGISTER", 500, CLIENT_CAUSE_BUSY},
        {"REGISTER", 504, CLIENT_CAUSE_BUSY},
        {"REGISTER", 606, CLIENT_CAUSE_UNFIT},
        {"INVITE", 404, CLIENT_CAUSE_UNFIT},
        {"INVITE", 486, CLIENT_CAUSE_UNFIT},
    };
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        refuse_once(scene, rows[i].what, 0, rows[i].status, NULL);
    }
    owner = start(scene, NULL, CLIENT_ONLINE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct told *waiting =
            told_nth(owner, CLIENT_EVENT_STATE, (int)(2 * i + 1));

        assert_int_equal(waiting->state, CLIENT_WAITING);
        assert_int_equal(waiting->code, rows[i].status);
        assert_int_equal(waiting->cause, rows[i].cause);
    }
}

/* A user the pool does not have, or has disabled, is told so once. */
static void test_start__account_refused(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    refuse_once(scene, "REGISTER", 0, 404,
                "Warning: 399 host \"No such user\"\r\n");
    assert_non_null(strstr(
        last_told(start(scene, NULL, CLIENT_DENIED), CLIENT_DENIED)->text,
        "No such user"));
}

static void redirect(struct scene *scene, int from, const char *to)
{
    static char uris[POOL_NODES_MAX][64];

    snprintf(uris[from], sizeof(uris[from]), "%s", to);
    scene->pool->nodes[from].redirect = uris[from];
}

/* A 301 is followed once, also to a server that was not configured. */
static void test_start__moved(void **state)
{
    struct scene *scene = *state;
    struct client_settings settings = {0};
    char first[64], uri[64];
    struct owner *owner;

    scene_nodes(scene, 2);
    snprintf(first, sizeof(first), "127.0.0.1:%u", scene->pool->nodes[0].port);
    snprintf(uri, sizeof(uri), "sip:pool@127.0.0.1:%u;transport=tcp",
             scene->pool->nodes[1].port);
    settings.servers = first;
    redirect(scene, 0, uri);
    owner = scene_client(scene, "ingrid", &settings);
    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 1);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 1), 1);

    /* When the other dies, the configured one is where to begin again. */
    pool_kill(scene->pool, 1);
    scene->pool->nodes[0].redirect = NULL;
    scene_state(owner, CLIENT_WAITING);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 2);
}

/* Servers that send a client in circles are left alone for a while. */
static void test_start__moved_in_circles(void **state)
{
    struct scene *scene = *state;
    char uri[64];
    struct owner *owner;

    scene_nodes(scene, 2);
    for (int i = 0; i < 2; i++) {
        snprintf(uri, sizeof(uri), "sip:127.0.0.1:%u;transport=tcp",
                 scene->pool->nodes[1 - i].port);
        redirect(scene, i, uri);
    }
    owner = scene_client(scene, "ingrid", NULL);
    client_start(owner->client);
    scene_run(scene, 1000);
    assert_int_not_equal(client_state(owner->client), CLIENT_ONLINE);
    assert_in_range(pool_count(scene->pool, "REGISTER", -1), 4, 150);
    scene->pool->nodes[1].redirect = NULL;
    scene_state(owner, CLIENT_ONLINE);
}

/* Where a 301 points must be a server, of the same security. */
static void test_start__moved_nowhere(void **state)
{
    static const char *const uris[] = {
        "sips:127.0.0.1",  "sip:127.0.0.1;transport=tls",
        "mailto:a@b",      "sip:",
        "sip:127.0.0.1:0", "tel:+1",
    };
    struct scene *scene = *state;

    scene_nodes(scene, 2);
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        char lines[128];
        struct owner *owner;

        snprintf(lines, sizeof(lines), "Contact: <%s>\r\n", uris[i]);
        refuse_once(scene, "REGISTER", 0, 301, lines);
        owner = scene_client(scene, "ingrid", NULL);
        client_start(owner->client);
        scene_state(owner, CLIENT_ONLINE);
        assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->cause,
                         CLIENT_CAUSE_UNFIT);
        client_free(owner->client);
        scene->owners[0] = NULL;
        scene->owners_n = 0;
        free(owner);
    }
}

/* The sign-in is renewed before it expires; a server that puts that off does
 * not end the stay, one that refuses it does. */
static void test_ready__refreshes(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    scene->pool->expires = "2";
    pool_add_user(scene->pool, "ingrid", NULL);
    owner = start(scene, NULL, CLIENT_ONLINE);
    refuse_once(scene, "REGISTER", 0, 503, "Retry-After: 1\r\n");
    scene_run(scene, 2200);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 2);
    assert_int_equal(client_state(owner->client), CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "INVITE", 0), 1);
}

static void test_ready__refresh_refused(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    scene->pool->expires = "1";
    pool_add_rule(scene->pool, (struct pool_rule){.what = "REGISTER",
                                                  .node = 0,
                                                  .skip = 1,
                                                  .times = 1,
                                                  .fault = POOL_REFUSE,
                                                  .status = 403});
    start(scene, NULL, CLIENT_ONLINE);
    scene_state(scene->owners[0], CLIENT_DENIED);
}

/* Line ends go out often enough for the server, when nothing else does. */
static void test_ready__keeps_alive(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    scene->pool->keep_alive = "2";
    start(scene, NULL, CLIENT_ONLINE);
    scene_run(scene, 2600);
    assert_in_range(scene->pool->pings, 1, 3);
}

/* The session timer's UPDATE goes out at half its time. */
static void test_ready__session_timer(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    scene->pool->session_expires = "2";
    start(scene, NULL, CLIENT_ONLINE);
    scene_run(scene, 2600);
    assert_in_range(pool_count(scene->pool, "UPDATE", 0), 1, 2);
}

/* A silent server is asked for a sign of life, and left when it gives none. */
static void test_ready__probes(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 2);
    scene->limits.probe_ms = 100;
    owner = start(scene, NULL, CLIENT_ONLINE);
    scene_run(scene, 2300);
    assert_in_range(pool_count(scene->pool, "UPDATE", 0), 1, 30);
    assert_int_equal(pool_count(scene->pool, "INVITE", -1), 1);
    pool_add_rule(scene->pool, (struct pool_rule){.what = "UPDATE",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_SILENT});
    scene_state(owner, CLIENT_WAITING);
    assert_int_equal(last_told(owner, CLIENT_WAITING)->cause,
                     CLIENT_CAUSE_SILENT);
    assert_non_null(strstr(last_told(owner, CLIENT_WAITING)->text, "UPDATE"));
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "INVITE", 1), 1);
}

/* A chat the server does not know any more is begun anew. */
static void test_ready__chat_unknown(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    scene->pool->session_expires = "1";
    refuse_once(scene, "UPDATE", 0, 481, NULL);
    owner = start(scene, NULL, CLIENT_ONLINE);
    scene_state(owner, CLIENT_WAITING);
    assert_int_equal(last_told(owner, CLIENT_WAITING)->cause,
                     CLIENT_CAUSE_LOST);
    scene_state(owner, CLIENT_ONLINE);
}

/* Without a document, or without an answer in it, the chat is looked for where
 * clients of old look. */
static void test_provisioning__missing(void **state)
{
    static const char *const documents[] = {
        "", "<a",
        ("<provisionGroupList xmlns=\"http://schemas.microsoft.com/"
         "2006/09/sip/provisiongrouplist-notification\"/>")};
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    refuse_once(scene, "SUBSCRIBE", 0, 489, NULL);
    start(scene, NULL, CLIENT_ONLINE);
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        scene->pool->provisioning = documents[i];
        start(scene, NULL, CLIENT_ONLINE);
        assert_string_equal(pool_nth(scene->pool, "INVITE", (int)i)->note,
                            "sip:ocschat@" POOL_DOMAIN);
    }
}

#define DOCUMENT(enabled, uri)                                                 \
    "<provisionGroupList xmlns=\"http://schemas.microsoft.com/2006/09/sip/"    \
    "provisiongrouplist-notification\"><provisionGroup name=\"other\">"        \
    "<propertyEntryList><property name=\"EnablePersistentChat\">false"         \
    "</property></propertyEntryList></provisionGroup><provisionGroup "         \
    "name=\"persistentChatConfiguration\"><propertyEntryList>"                 \
    "<property name=\"EnablePersistentChat\">" enabled "</property>"           \
    "<property name=\"DefaultPersistentChatPoolUri\">" uri                     \
    "</property></propertyEntryList></provisionGroup></provisionGroupList>"

/* The document's word counts: another pool, or none. */
static void test_provisioning__names_the_pool(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    scene->pool->provisioning = DOCUMENT("true", "sip:other@fjord.example");
    start(scene, NULL, CLIENT_ONLINE);
    assert_string_equal(pool_nth(scene->pool, "INVITE", 0)->note,
                        "sip:other@fjord.example");
    scene->pool->provisioning = DOCUMENT("false", "sip:other@fjord.example");
    assert_non_null(strstr(
        last_told(start(scene, NULL, CLIENT_DENIED), CLIENT_DENIED)->text,
        "switched off"));
}

/* A URI that would end its line is not used. */
static void test_provisioning__hostile_uri(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    scene->pool->provisioning =
        DOCUMENT("true", "sip:x SIP/2.0&#13;&#10;Evil: yes");
    owner = scene_client(scene, "ingrid", NULL);
    client_start(owner->client);
    scene_state(owner, CLIENT_WAITING);
    assert_int_equal(last_told(owner, CLIENT_WAITING)->cause,
                     CLIENT_CAUSE_UNFIT);
    assert_int_equal(pool_count(scene->pool, "INVITE", -1), 0);
}

/* Asked for, requri tells whom to invite: the same, which is kept, or another,
 * which is invited instead. */
static void test_locate__same_and_other(void **state)
{
    struct scene *scene = *state;
    struct client_settings settings = {.locates = true};
    struct owner *owner;

    scene_nodes(scene, 1);
    owner = scene_client(scene, "ingrid", &settings);
    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "cmd:requri", 0), 1);
    assert_int_equal(pool_count(scene->pool, "INVITE", 0), 1);
    assert_int_equal(pool_count(scene->pool, "BYE", 0), 0);

    scene->pool->locate = "sip:node7@" POOL_DOMAIN;
    owner = scene_client(scene, "tomas", &settings);
    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "cmd:requri", 0), 2);
    assert_int_equal(pool_count(scene->pool, "INVITE", 0), 3);
    assert_int_equal(pool_count(scene->pool, "BYE", 0), 1);
    assert_string_equal(pool_nth(scene->pool, "INVITE", 2)->note,
                        "sip:node7@" POOL_DOMAIN);
}

/* A pool that does not say where the chat is, or refuses, is left. */
static void test_locate__no_answer(void **state)
{
    struct scene *scene = *state;
    struct client_settings settings = {.locates = true};
    struct owner *owner;

    scene_nodes(scene, 1);
    pool_add_rule(scene->pool, (struct pool_rule){.what = "cmd:requri",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_CODE,
                                                  .status = 200});
    refuse_once(scene, "cmd:requri", 0, 503, NULL);
    pool_add_rule(scene->pool, (struct pool_rule){.what = "cmd:requri",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_NO_REPLY});
    owner = scene_client(scene, "ingrid", &settings);
    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->cause,
                     CLIENT_CAUSE_UNFIT);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 3)->cause,
                     CLIENT_CAUSE_UNFIT);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 5)->cause,
                     CLIENT_CAUSE_SILENT);
}

/* Signing out says BYE and REGISTER with Expires 0, and then it is over. */
static void test_stop__signs_out(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    owner = start(scene, NULL, CLIENT_ONLINE);
    client_stop(owner->client);
    client_stop(owner->client);
    assert_int_equal(client_state(owner->client), CLIENT_LEAVING);
    scene_state(owner, CLIENT_STOPPED);
    assert_int_equal(pool_count(scene->pool, "BYE", 0), 1);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 2);
    scene_run(scene, 50);
    assert_int_equal(pool_guests(scene->pool), 0);
}

/* A server that does not answer the sign-out does not hold it up; nor does one
 * that was never reached. */
static void test_stop__nobody_answers(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    owner = start(scene, NULL, CLIENT_ONLINE);
    pool_add_rule(scene->pool, (struct pool_rule){.what = "REGISTER",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_SILENT});
    client_stop(owner->client);
    scene_state(owner, CLIENT_STOPPED);

    pool_kill(scene->pool, 0);
    owner = scene_client(scene, "tomas", NULL);
    client_start(owner->client);
    scene_run(scene, 30);
    client_stop(owner->client);
    scene_state(owner, CLIENT_STOPPED);
}

/* Settings that cannot be are refused in words. */
static void test_new__refuses(void **state)
{
    static const struct client_settings rows[] = {
        {.user = NULL, .servers = "a"},
        {.user = "ingrid", .servers = "a"},
        {.user = "@fjord.example", .servers = "a"},
        {.user = "ingrid@", .servers = "a"},
        {.user = "in grid@fjord.example", .servers = "a"},
        {.user = "in\"grid@fjord.example", .servers = "a"},
        {.user = "a@b@c", .servers = "a"},
        {.user = "ingrid@fjord.example", .servers = ""},
        {.user = "ingrid@fjord.example", .servers = NULL},
        {.user = "ingrid@fjord.example", .servers = "a", .login = "a\"b"},
        {.user = "ingrid@fjord.example", .servers = "a", .instance = "x"},
    };
    struct scene *scene = *state;
    struct client *client;
    const char *why;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        why = NULL;
        assert_int_equal(
            client_new(scene->loop, &rows[i], NULL, NULL, &client, &why),
            ERROR_INVALID);
        assert_true(strlen(why) > 10);
    }
}

int main(void)
{
#define IN(function) RUN_IN(function, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        IN(test_start__without_password),
        IN(test_start__digest),
        IN(test_start__wrong_password),
        IN(test_start__password_missing),
        IN(test_start__challenged_again),
        IN(test_start__unknown_proof),
        IN(test_start__busy_asks_for_time),
        IN(test_start__busy_goes_to_the_next),
        IN(test_start__unfit_answers),
        IN(test_start__account_refused),
        IN(test_start__moved),
        IN(test_start__moved_in_circles),
        IN(test_start__moved_nowhere),
        IN(test_ready__refreshes),
        IN(test_ready__refresh_refused),
        IN(test_ready__keeps_alive),
        IN(test_ready__session_timer),
        IN(test_ready__probes),
        IN(test_ready__chat_unknown),
        IN(test_provisioning__missing),
        IN(test_provisioning__names_the_pool),
        IN(test_provisioning__hostile_uri),
        IN(test_locate__same_and_other),
        IN(test_locate__no_answer),
        IN(test_stop__signs_out),
        IN(test_stop__nobody_answers),
        IN(test_new__refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
