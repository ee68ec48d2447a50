#include "ops/client/servers.h"

#include <stdio.h>

#include "tests/unit/test.h"

static const struct client_limits limits = {.backoff_min_ms = 100,
                                            .backoff_max_ms = 5000};

static struct servers read(const char *text)
{
    struct servers servers;

    assert_int_equal(servers_read(&servers, slice_of_text(text), 5060),
                     ERROR_NONE);
    return servers;
}

/* Every form of a server's name is read, and written as it is dialed. */
static void test_servers_read__forms(void **state)
{
    static const char *const rows[][2] = {
        {"pool.example", "pool.example:5060"},
        {"pool.example:5061", "pool.example:5061"},
        {"192.0.2.1", "192.0.2.1:5060"},
        {"192.0.2.1:1", "192.0.2.1:1"},
        {"[2001:db8::1]:65535", "[2001:db8::1]:65535"},
        {"[2001:db8::1]", "[2001:db8::1]:5060"},
        {"2001:db8::1", "[2001:db8::1]:5060"},
        {" a ", "a:5060"},
    };
    char text[SERVER_TEXT_BYTES_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct servers servers = read(rows[i][0]);

        server_write(servers_current(&servers), text);
        assert_string_equal(text, rows[i][1]);
        assert_int_equal(servers.n, 1);
    }
    assert_int_equal(read("a,b:2, c").n, 3);
}

/* What is no server is refused. */
static void test_servers_read__refuses(void **state)
{
    static const char *const rows[] = {
        "",        ",",   "a,",      "a,,b",   ":5060", "a:0",
        "a:65536", "a:b", "a:",      "[::1",   "[]:1",  "[::1]5",
        "a b",     "a/b", "sip:a@b", "a\r\nb", "<a>",
    };
    struct servers servers;
    char many[256] = "a";

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (servers_read(&servers, slice_of_text(rows[i]), 5060) !=
            ERROR_INVALID) {
            fail_msg("taken: %s", rows[i]);
        }
    }
    for (int i = 0; i < CLIENT_SERVERS_MAX; i++) {
        strcat(many, ",b");
    }
    assert_int_equal(servers_read(&servers, slice_of_text(many), 5060),
                     ERROR_TOO_LARGE);
}

/* A failure moves on, a success stays: the last good server is the first to
 * be tried next time. */
static void test_servers_fail__moves_on(void **state)
{
    struct servers servers = read("a,b,c");

    (void)state;
    assert_int_equal(servers_choose(&servers, &limits, 0, 0), 0);
    servers_fail(&servers);
    assert_string_equal(servers_current(&servers)->host, "b");
    servers_succeed(&servers);
    assert_int_equal(servers_choose(&servers, &limits, 0, 77), 0);
    assert_string_equal(servers_current(&servers)->host, "b");
    servers_fail(&servers);
    servers_fail(&servers);
    assert_string_equal(servers_current(&servers)->host, "a");
    assert_int_equal(servers.list[1].turns, 1);
}

/* Waits stay within their bounds, double with each round of all servers, and
 * differ with the random number. */
static void test_servers_choose__backs_off(void **state)
{
    static const uint64_t most_ms[] = {0,   100,  200,  200,  400,  400, 800,
                                       800, 1600, 1600, 3200, 3200, 5000};
    struct servers servers = read("a,b");

    (void)state;
    for (size_t i = 0; i < sizeof(most_ms) / sizeof(most_ms[0]); i++) {
        uint64_t least_us = i < 2 ? 0 : most_ms[i] * 500;
        uint64_t highest = 0, lowest = UINT64_MAX;

        for (uint32_t random = 0; random < 100; random++) {
            struct servers copy = servers;
            uint64_t us =
                servers_choose(&copy, &limits, 0, random * 2654435761u);

            highest = us > highest ? us : highest;
            lowest = us < lowest ? us : lowest;
        }
        assert_true(highest <= most_ms[i] * 1000);
        assert_true(lowest >= least_us);
        assert_true(i == 0 || highest - lowest > most_ms[i] * 300);
        servers_fail(&servers);
    }
}

/* A server that asked for time is passed over; when all have, the one that
 * asked for least is waited for. */
static void test_servers_hold__passed_over(void **state)
{
    struct servers servers = read("a,b");

    (void)state;
    servers_hold(&servers, 9000000);
    servers_fail(&servers);
    servers_hold(&servers, 4000000);
    servers_fail(&servers);
    assert_int_equal(servers_choose(&servers, &limits, 1000000, 0), 3000000);
    assert_string_equal(servers_current(&servers)->host, "b");
    assert_in_range(servers_choose(&servers, &limits, 4000000, 0), 50000,
                    200000);
    assert_string_equal(servers_current(&servers)->host, "b");
    servers_fail(&servers);
    servers_choose(&servers, &limits, 4000000, 0);
    assert_string_equal(servers_current(&servers)->host, "b");
    servers_choose(&servers, &limits, 9000000, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_servers_read__forms),
        RUN(test_servers_read__refuses),
        RUN(test_servers_fail__moves_on),
        RUN(test_servers_choose__backs_off),
        RUN(test_servers_hold__passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
