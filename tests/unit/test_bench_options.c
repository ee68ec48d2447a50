#include "tests/unit/test.h"

#include <netinet/in.h>
#include <string.h>

#include "ops/bench/options.h"
#include "ops/bench/pool.h"

enum { ARGUMENTS_MAX = 16 };

/* Read "perch-bench" and the words. */
static enum options_wish read_words(struct options *options, const char **words,
                                    int n)
{
    char *argv[ARGUMENTS_MAX] = {(char *)(uintptr_t) "perch-bench"};

    for (int i = 0; i < n; i++) {
        argv[i + 1] = (char *)(uintptr_t)words[i];
    }
    return options_read(n + 1, argv, options);
}

#define READ(options, ...)                                                     \
    read_words(options, (const char *[]){__VA_ARGS__},                         \
               (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)))

static void test_options_read__defaults(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(&options, "posts"), OPTIONS_RUN);
    assert_string_equal(options.mode, "posts");
    assert_int_equal(options.outstanding_n, 3);
    assert_int_equal(options.outstanding[2], 1024);
    assert_int_equal(options.sessions, 0);
    assert_false(options.tls);
}

static void test_options_read__values(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(&options, "posts", "--tls", "--outstanding", "7,8",
                          "--seconds", "0.5", "--server", "127.0.0.1:5060",
                          "--server", "127.0.0.1:5070", "--pid", "41",
                          "--json"),
                     OPTIONS_RUN);
    assert_true(options.tls);
    assert_true(options.json);
    assert_int_equal(options.outstanding_n, 2);
    assert_int_equal(options.outstanding[0], 7);
    assert_int_equal(options.outstanding[1], 8);
    assert_true(options.seconds > 0.49 && options.seconds < 0.51);
    assert_int_equal(options.servers_n, 2);
    assert_string_equal(options.servers[1], "127.0.0.1:5070");
    assert_int_equal(options.pids_n, 1);
    assert_int_equal(options.pids[0], 41);
}

static void test_options_read__help_wins(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(&options, "--help"), OPTIONS_HELP);
    assert_int_equal(READ(&options, "posts", "--nonsense", "-h"), OPTIONS_HELP);
}

/* Nothing that cannot be meant is taken for something else. */
static void test_options_read__refuses(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(&options, "--tls"), OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--nonsense"), OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--seconds"), OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--seconds", "0"), OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--seconds", "5s"), OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--seconds", "nan"),
                     OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--sessions", "1.5"),
                     OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--sessions", "-1"),
                     OPTIONS_WRONG);
    assert_int_equal(READ(&options, "posts", "--outstanding", "1,,2"),
                     OPTIONS_WRONG);
    assert_int_equal(
        READ(&options, "posts", "--outstanding", "1,2,3,4,5,6,7,8,9"),
        OPTIONS_WRONG);
}

static void test_pool_read_address__forms(void **state)
{
    struct sockaddr_storage address;
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address;

    (void)state;
    assert_int_equal(pool_read_address("127.0.0.1:5060", &address), ERROR_NONE);
    assert_int_equal(address.ss_family, AF_INET);
    assert_int_equal(ntohs(four->sin_port), 5060);
    assert_int_equal(pool_read_address("[::1]:5061", &address), ERROR_NONE);
    assert_int_equal(address.ss_family, AF_INET6);
    assert_int_equal(pool_read_address("localhost:5060", &address),
                     ERROR_INVALID);
    assert_int_equal(pool_read_address("127.0.0.1", &address), ERROR_INVALID);
    assert_int_equal(pool_read_address(":5060", &address), ERROR_INVALID);
    assert_int_equal(pool_read_address("", &address), ERROR_INVALID);
}

#define NODE(pid, tls)                                                         \
    "{\"id\":1,\"pid\":" pid                                                   \
    ",\"sip_tcp\":\"127.0.0.1:5060\",\"sip_tls\":" tls                         \
    ",\"data_directory\":\"/d/1\"}"

static enum error read_status(const char *json, struct pool *pool)
{
    return pool_read_status(json, strlen(json), pool);
}

/* Both shapes of the list are read; who does not run is left out, and who does
 * not listen by TLS is known not to. */
static void test_pool_read_status__nodes(void **state)
{
    static struct pool pool;
    pid_t pids[POOL_SERVERS_MAX];

    (void)state;
    assert_int_equal(read_status("[" NODE("7", "\"127.0.0.1:5061\"") "," NODE(
                                     "null", "\"\"") "," NODE("9", "null") "]",
                                 &pool),
                     ERROR_NONE);
    assert_int_equal(pool.n, 2);
    assert_int_equal(pool.servers[0].pid, 7);
    assert_int_equal(pool.servers[0].tls.ss_family, AF_INET);
    assert_string_equal(pool.servers[0].data_directory, "/d/1");
    assert_int_equal(pool.servers[1].pid, 9);
    assert_int_equal(pool.servers[1].tls.ss_family, AF_UNSPEC);
    assert_int_equal(
        read_status("{\"nodes\":[" NODE("8", "\"\"") "," NODE("8", "\"\"") "]}",
                    &pool),
        ERROR_NONE);
    assert_int_equal(pool.n, 2);
    assert_int_equal(pool_pids(&pool, pids), 1);
    assert_int_equal(pids[0], 8);
}

static void test_pool_read_status__refuses(void **state)
{
    static struct pool pool;

    (void)state;
    assert_int_equal(read_status("", &pool), ERROR_MALFORMED);
    assert_int_equal(read_status("{}", &pool), ERROR_MALFORMED);
    assert_int_equal(read_status("[]", &pool), ERROR_NOT_FOUND);
    assert_int_equal(read_status("[" NODE("null", "\"\"") "]", &pool),
                     ERROR_NOT_FOUND);
    assert_int_equal(read_status("[" NODE("7", "\"elsewhere\"") "]", &pool),
                     ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_options_read__defaults),    RUN(test_options_read__values),
        RUN(test_options_read__help_wins),   RUN(test_options_read__refuses),
        RUN(test_pool_read_address__forms),  RUN(test_pool_read_status__nodes),
        RUN(test_pool_read_status__refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
