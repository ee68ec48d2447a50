#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/edge/whole.h"

/* The whole flow of two people who talk; one comes back and reads. */
static void test_flow__two_people(void **state)
{
    struct whole *whole = *state;
    struct call to_tomas, to_ingrid;
    struct pidgin *tomas = whole_enter(whole, "tomas", &to_tomas);
    struct pidgin *ingrid = whole_enter(whole, "ingrid", &to_ingrid);

    call_say(&to_tomas, "INFO", REQURI);
    whole_expect(&to_tomas, "<uib uri=\"" POOL_URI "\"/>");
    whole_join(&to_tomas);
    whole_join(&to_ingrid);
    whole_expect(&to_tomas, "ntc:join");
    whole_say(&to_ingrid, "hello");
    whole_expect(&to_ingrid, "<chat>hello</chat>");
    whole_expect(&to_tomas, "<chat>hello</chat>");
    pidgin_leave(tomas);
    whole_expect(&to_ingrid, "ntc:part");
    whole_say(&to_ingrid, "where are you?");
    whole_expect(&to_ingrid, "where are you?");
    tomas = whole_enter(whole, "tomas", &to_tomas);
    whole_join(&to_tomas);
    call_say(&to_tomas, "INFO",
             ASK("bccontext",
                 "<chanib uri=\"" LOBBY "\"/><bcq><last cnt=\"0\"/></bcq>"));
    whole_expect(&to_tomas, "<chat>where are you?</chat>");
    pidgin_leave(tomas);
    pidgin_leave(ingrid);
}

/* The wrong password is the wrong password. */
static void test_flow__wrong_password(void **state)
{
    struct whole *whole = *state;
    struct pidgin *pidgin = calloc(1, sizeof(*pidgin));
    struct heard challenge;

    pidgin->client = client_connect(whole_port(whole));
    pidgin->user = "tomas";
    pidgin->register_cseq = 1;
    pidgin_register(pidgin, "");
    challenge = client_expect(pidgin->client, 407);
    pidgin_register_again(pidgin, &challenge, "tomas@" DOMAIN, "guess");
    heard_free(&challenge);
    client_await(pidgin->client, 403);
    pidgin_leave(pidgin);
}

/* Hear messages until so many have come in all, and write down their ids and
 * texts. */
static void write_down(struct call *call, struct buffer *seen, unsigned *n,
                       unsigned until)
{
    while (*n < until) {
        char *body = whole_hear(call, "<grpchat ");
        char id[32];

        *n += 1;
        snprintf(id, sizeof(id), " chatId=\"%u\" ", *n);
        assert_non_null(strstr(body, id)); /* Dense, from 1. */
        buffer_append_text(seen, strstr(body, " author="));
        free(body);
    }
}

/* Everybody sees everything in one order, while all talk at once. */
static void test_flow__one_order(void **state)
{
    enum { EACH = 200, AT_ONCE = 20 };
    struct whole *whole = *state;
    struct call calls[2];
    struct pidgin *people[2] = {whole_enter(whole, "tomas", &calls[0]),
                                whole_enter(whole, "ingrid", &calls[1])};
    struct buffer seen[2] = {BUFFER_EMPTY, BUFFER_EMPTY};
    unsigned n[2] = {0, 0};

    whole_join(&calls[0]);
    whole_join(&calls[1]);
    for (unsigned i = 1; i <= EACH; i++) {
        whole_say(&calls[0], "from one");
        whole_say(&calls[1], "from the other");
        if (i % AT_ONCE == 0) { /* Only so many posts may wait. */
            write_down(&calls[0], &seen[0], &n[0], 2 * i);
            write_down(&calls[1], &seen[1], &n[1], 2 * i);
        }
    }
    assert_int_equal(seen[0].len, seen[1].len);
    assert_memory_equal(seen[0].data, seen[1].data, seen[0].len);
    for (int i = 0; i < 2; i++) {
        buffer_deinit(&seen[i]);
        pidgin_leave(people[i]);
    }
}

#define IN(test) RUN_IN(test, whole_set_up, whole_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_flow__two_people),
        IN(test_flow__wrong_password),
        IN(test_flow__one_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
