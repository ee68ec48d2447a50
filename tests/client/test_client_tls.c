/* TLS: only a server that is who it should be is spoken to. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/client/scene.h"

#define DIR CERTIFICATES_DIR "/client"

/* Makes what the tests need; what is there stays. */
static int make_certificates(void **state)
{
    (void)state;
    return system(MAKE_CERTS
                  " --dir " DIR
                  " --sip localhost,127.0.0.1 --sip elsewhere.test"
                  " >/dev/null && " MAKE_CERTS " --dir " DIR
                  "/other --sip localhost,127.0.0.1 >/dev/null && " MAKE_CERTS
                  " --dir " DIR "/old --authority " DIR
                  " --sip localhost,127.0.0.1 --days -1 "
                  ">/dev/null");
}

static int node(struct scene *scene, const char *dir, const char *name)
{
    char certificate[512], key[512];

    snprintf(certificate, sizeof(certificate), "%s/sip-%s.pem", dir, name);
    snprintf(key, sizeof(key), "%s/sip-%s.key", dir, name);
    return pool_add_node(scene->pool, certificate, key);
}

static struct trust *trust_in(const char *authority, bool any)
{
    char reason[SECURE_REASON_BYTES_MAX];
    struct trust *trust = NULL;

    assert_int_equal(trust_open(authority, any, &trust, reason), ERROR_NONE);
    return trust;
}

static struct owner *start(struct scene *scene, struct trust *trust)
{
    struct client_settings settings = {.trust = trust};
    struct owner *owner = scene_client(scene, "ingrid", &settings);

    client_start(owner->client);
    return owner;
}

static void assert_untrusted(struct owner *owner, const char *why)
{
    const struct told *waiting;

    scene_state(owner, CLIENT_WAITING);
    waiting = told_nth(owner, CLIENT_EVENT_STATE, 1);
    assert_int_equal(waiting->cause, CLIENT_CAUSE_UNTRUSTED);
    if (strstr(waiting->text, why) == NULL) {
        fail_msg("not \"%s\" but: %s", why, waiting->text);
    }
    assert_int_equal(pool_count(owner->scene->pool, "REGISTER", -1), 0);
}

/* The right certificate, by name and by address; all goes through TLS. */
static void test_tls__trusted(void **state)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct scene *scene = *state;
    struct trust *trust = trust_in(DIR "/ca.pem", false);
    int room;

    node(scene, DIR, "localhost");
    room = pool_add_room(scene->pool, "Tide Desk");
    for (int i = 0; i < 2; i++) {
        struct owner *owner;

        scene->servers[0] = '\0';
        scene_name_servers(scene, hosts[i]);
        owner = start(scene, trust);
        scene_state(owner, CLIENT_ONLINE);
        scene_join(owner, room, 0);
        assert_int_equal(
            scene_end(owner, scene_post(owner, room, "one", 3000))->result,
            CLIENT_DONE);
        client_stop(owner->client);
        scene_state(owner, CLIENT_STOPPED);
    }
    trust_close(trust);
}

/* Texts and histories larger than a TLS record pass. */
static void test_tls__large(void **state)
{
    struct scene *scene = *state;
    struct trust *trust = trust_in(DIR "/ca.pem", false);
    static char text[60001];
    struct owner *owner;
    int room;

    node(scene, DIR, "localhost");
    scene_name_servers(scene, "localhost");
    room = pool_add_room(scene->pool, "Tide Desk");
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < 10; i++) {
        pool_say(scene->pool, room, "tomas", text);
    }
    owner = start(scene, trust);
    scene_state(owner, CLIENT_ONLINE);
    scene_join(owner, room, 10);
    scene_ids(owner, room, "1 2 3 4 5 6 7 8 9 10");
    assert_int_equal(scene_end(owner, scene_post(owner, room, text, 3000))->id,
                     11);
    trust_close(trust);
}

/* A certificate for another name. */
static void test_tls__wrong_name(void **state)
{
    struct scene *scene = *state;
    struct trust *trust = trust_in(DIR "/ca.pem", false);

    node(scene, DIR, "elsewhere.test");
    scene_name_servers(scene, "localhost");
    assert_untrusted(start(scene, trust), "hostname mismatch");
    scene->servers[0] = '\0';
    scene_name_servers(scene, "127.0.0.1");
    assert_untrusted(start(scene, trust), "IP address mismatch");
    trust_close(trust);
}

/* A certificate of an authority nobody here knows. */
static void test_tls__unknown_authority(void **state)
{
    struct scene *scene = *state;
    struct trust *trust = trust_in(DIR "/ca.pem", false);

    node(scene, DIR "/other", "localhost");
    scene_name_servers(scene, "localhost");
    assert_untrusted(start(scene, trust), "certificate");
    trust_close(trust);
}

/* A certificate whose time is over. */
static void test_tls__expired(void **state)
{
    struct scene *scene = *state;
    struct trust *trust = trust_in(DIR "/ca.pem", false);

    node(scene, DIR "/old", "localhost");
    scene_name_servers(scene, "localhost");
    assert_untrusted(start(scene, trust), "expired");
    trust_close(trust);
}

/* Who trusts anyone is let in anywhere, and knows it. */
static void test_tls__anyone(void **state)
{
    struct scene *scene = *state;
    struct trust *trust = trust_in(NULL, true);

    node(scene, DIR "/other", "localhost");
    scene_name_servers(scene, "127.0.0.1");
    scene_state(start(scene, trust), CLIENT_ONLINE);
    trust_close(trust);
}

static bool has_guest(struct scene *scene, const void *by)
{
    (void)by;
    return pool_guests(scene->pool) == 1;
}

/* A server without TLS: one that answers in its own words, and one that
 * waits for more. */
static void test_tls__not_spoken(void **state)
{
    struct scene *scene = *state;
    struct trust *trust = trust_in(DIR "/ca.pem", false);
    struct owner *owner;

    pool_add_node(scene->pool, NULL, NULL);
    scene_name_servers(scene, "127.0.0.1");
    owner = start(scene, trust);
    assert_true(scene_until(scene, has_guest, NULL));
    pool_send_raw(scene->pool, SLICE_LITERAL("SIP/2.0 400 What?\r\n\r\n"));
    scene_state(owner, CLIENT_WAITING);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->cause,
                     CLIENT_CAUSE_UNTRUSTED);
    scene_told(owner, CLIENT_EVENT_STATE, 3);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 3)->cause,
                     CLIENT_CAUSE_UNREACHED);
    assert_non_null(
        strstr(told_nth(owner, CLIENT_EVENT_STATE, 3)->text, "handshake"));
    trust_close(trust);
}

/* A client without TLS at a server with it gets nowhere, and says why. */
static void test_tls__wanted_by_server(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    node(scene, DIR, "localhost");
    scene_name_servers(scene, "127.0.0.1");
    owner = start(scene, NULL);
    scene_state(owner, CLIENT_WAITING);
    assert_int_not_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->cause,
                         CLIENT_CAUSE_NONE);
}

/* Among several, the one that can be trusted is found; a 301 leads from TLS to
 * TLS, to a server that is looked at as closely. */
static void test_tls__among_others(void **state)
{
    struct scene *scene = *state;
    struct trust *trust = trust_in(DIR "/ca.pem", false);
    struct owner *owner;
    char uri[64];
    int good, other;

    node(scene, DIR "/other", "localhost");
    node(scene, DIR, "elsewhere.test");
    good = node(scene, DIR, "localhost");
    other = node(scene, DIR "/other", "localhost");
    scene_name_servers(scene, "localhost");
    owner = start(scene, trust);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "INVITE", good), 1);
    snprintf(uri, sizeof(uri), "sip:localhost:%u;transport=tls",
             scene->pool->nodes[other].port);
    scene->pool->nodes[good].redirect = uri;
    pool_drop(scene->pool, -1);
    scene_run(scene, 300);
    assert_int_not_equal(client_state(owner->client), CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", other), 0);
    scene->pool->nodes[good].redirect = NULL;
    scene_state(owner, CLIENT_ONLINE);
    trust_close(trust);
}

/* Authorities that are not there are told by name. */
static void test_trust_open__no_file(void **state)
{
    char reason[SECURE_REASON_BYTES_MAX];
    struct trust *trust = NULL;

    (void)state;
    assert_int_equal(trust_open("/no/such/file.pem", false, &trust, reason),
                     ERROR_TLS);
    assert_non_null(strstr(reason, "/no/such/file.pem"));
    assert_null(trust);
    assert_int_equal(trust_open(MAKE_CERTS, false, &trust, reason), ERROR_TLS);
}

int main(void)
{
#define IN(function) RUN_IN(function, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        IN(test_tls__trusted),      IN(test_tls__large),
        IN(test_tls__wrong_name),   IN(test_tls__unknown_authority),
        IN(test_tls__expired),      IN(test_tls__anyone),
        IN(test_tls__not_spoken),   IN(test_tls__wanted_by_server),
        IN(test_tls__among_others), RUN(test_trust_open__no_file),
    };

    return cmocka_run_group_tests(tests, make_certificates, NULL);
}
