#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sip/pidgin.h"

/* The situations of RFC 4475, one file each in tests/wire/torture, composed
 * anew around a signed-in user (tomas) and the pool's URI, over TCP. */

enum after { GOES_ON, CLOSES };

static const struct {
    const char *name;
    int status; /* 0: dropped without an answer. */
    enum after after;
} cases[] = {
    /* 3.1.1 valid. */
    {"wsinv", 200, GOES_ON},
    {"intmeth", 501, GOES_ON},
    {"esc01", 200, GOES_ON},   /* p%6F%6Fl is pool. */
    {"escnull", 403, GOES_ON}, /* A user, though not this one. */
    {"esc02", 501, GOES_ON},
    {"lwsdisp", 200, GOES_ON},
    {"longreq", 200, GOES_ON},
    {"dblreq", 200, GOES_ON}, /* The second message: see below. */
    {"semiuri", 200, GOES_ON},
    {"transports", 200, GOES_ON},
    {"mpart01", 405, GOES_ON},
    {"unreason", 0, GOES_ON},
    {"noreason", 0, GOES_ON},
    /* 3.1.2 invalid. */
    {"badinv01", 400, GOES_ON},
    {"clerr", 0, GOES_ON}, /* Waits for the rest, until partial_ms. */
    {"ncl", 400, CLOSES},
    {"scalar02", 400, GOES_ON},
    {"scalarlg", 0, GOES_ON},
    {"quotbal", 400, GOES_ON},
    {"ltgtruri", 400, GOES_ON},
    {"lwsruri", 400, GOES_ON},
    {"lwsstart", 400, GOES_ON},
    {"trws", 400, GOES_ON},
    {"escruri", 400, GOES_ON},
    {"baddate", 200, GOES_ON}, /* Date is not looked at. */
    {"regbadct", 400, GOES_ON},
    {"badaspec", 200, GOES_ON}, /* The blanks do no harm. */
    {"baddn", 400, GOES_ON},
    {"badvers", 505, GOES_ON},
    {"mismatch01", 400, GOES_ON},
    {"mismatch02", 400, GOES_ON},
    {"bigcode", 0, GOES_ON},
    /* 3.2 and 3.3. */
    {"badbranch", 200, GOES_ON},
    {"insuf", 400, GOES_ON},
    {"unkscm", 416, GOES_ON},
    {"novelsc", 416, GOES_ON},
    {"unksm2", 400, GOES_ON},
    {"bext01", 420, GOES_ON},
    {"invut", 415, GOES_ON},
    {"regaut01", 200, GOES_ON}, /* The connection is signed in. */
    {"multi01", 400, GOES_ON},
    {"mcl01", 400, CLOSES},
    {"bcast", 0, GOES_ON},
    {"zeromf", 200, GOES_ON}, /* We are where it was going. */
    {"cparam01", 200, GOES_ON},
    {"cparam02", 200, GOES_ON},
    {"regescrt", 200, GOES_ON},
    {"sdp01", 200, GOES_ON}, /* Accept says nothing of SDP offered. */
    /* 3.4. */
    {"inv2543", 200, GOES_ON},
    /* Our own: headers that may stand once, and the parser's list of errors
     * then holds them as they are. */
    {"twomf", 200, GOES_ON},
    {"twoexp", 400, GOES_ON},
};

static void say_file(struct client *client, const char *name)
{
    char path[256], text[32768];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s.sip", TORTURE_FOLDER, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    len = fread(text, 1, sizeof(text), file);
    assert_in_range(len, 100, sizeof(text) - 1);
    fclose(file);
    client_say(client, text, len);
}

static void check_after(struct pidgin *pidgin, enum after after)
{
    struct heard heard;

    if (after == CLOSES) {
        client_expect_close(pidgin->client, WAIT_MS);
        return;
    }
    pidgin_register(pidgin, "");
    heard = client_expect(pidgin->client, 200);
    assert_string_equal(heard_header(&heard, "Call-ID"), "71D3g7Ar");
    heard_free(&heard);
}

static void torture(struct scene *scene, const char *name, int status,
                    enum after after)
{
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    struct heard heard;

    pidgin->serial = 7;
    say_file(pidgin->client, name);
    if (status != 0) {
        heard = client_hear(pidgin->client, WAIT_MS);
        if (heard.status != status) {
            fail_msg("%s: %d, not %d", name, heard.status, status);
        }
        /* Two messages in one file: both are answered. */
        if (strcmp(name, "dblreq") == 0) {
            heard_free(&heard);
            heard = client_expect(pidgin->client, 404);
        }
        heard_free(&heard);
    } else {
        client_expect_silence(pidgin->client, 50);
    }
    if (strcmp(name, "clerr") != 0) {
        check_after(pidgin, after);
    }
    pidgin_leave(pidgin);
}

/* Every message has its outcome, and its connection goes on or ends as said;
 * a bystander sees nothing of it all. */
static void test_torture__each_has_its_outcome(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct pidgin *bystander = pidgin_enter(scene, "ingrid");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        torture(scene, cases[i].name, cases[i].status, cases[i].after);
    }
    client_expect_silence(bystander->client, 50);
    pidgin_sign_in(bystander);
    pidgin_leave(bystander);
    scene_close(scene);
}

/* The same from someone who has not signed in: nothing gets through, nobody
 * is hurt. */
static void test_torture__from_strangers(void **state)
{
    struct scene *scene = scene_open(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client =
            client_connect(scene_port(scene, LISTENER_DIGEST));
        struct heard heard;

        say_file(client, cases[i].name);
        heard = client_hear(client, cases[i].status == 0 ? 30 : WAIT_MS);
        assert_true((heard.status != 0) == (cases[i].status != 0));
        heard_free(&heard);
        client_free(client);
    }
    assert_int_equal(scene_count(scene, INTAKE_DIALOG_OPENED), 0);
    assert_int_equal(scene_count(scene, INTAKE_SIGN_IN), 0);
    scene_close(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_torture__each_has_its_outcome),
        RUN(test_torture__from_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
