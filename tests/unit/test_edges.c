#include "tests/unit/test.h"

#include <stdio.h>
#include <sys/resource.h>

#include "node/descriptors.h"
#include "node/edges.h"
#include "tests/unit/config_text.h"

enum { TEXT_BYTES = 512 };

/* What a configuration with this [sip] section makes of an edge. */
static struct edge_limits limits_of(const char *sip)
{
    struct edge_limits limits;
    struct config config;
    char text[TEXT_BYTES];

    snprintf(text, sizeof(text),
             "[pool]\nid = 6f1c3e1e-94a1-4b0e-9a53-1f2d6f0a7b11\n"
             "[node]\nid = 1\n[peer]\nnode = 1 127.0.0.1:5062\n"
             "[sip]\n%s",
             sip);
    config_of_text(text, &config);
    limits = edges_limits(&config);
    config_deinit(&config);
    return limits;
}

/* Each setting reaches the limit it is named for, and no other. */
static void test_edges_limits__are_the_settings(void **state)
{
    struct edge_limits limits = limits_of("connections_max = 5001\n"
                                          "connections_per_address_max = 17\n"
                                          "session_expires = 1800s\n"
                                          "register_expires = 1201s\n"
                                          "keep_alive = 45s\n");
    struct edge_limits others = EDGE_LIMITS_DEFAULT;

    (void)state;
    others.connections_max = 5001;
    others.connections_per_address_max = 17;
    others.session_s = 1800;
    others.expires_default_s = 1201;
    others.keep_alive_s = 45;
    others.descriptors_max = descriptors_for_callers();
    assert_memory_equal(&limits, &others, sizeof(limits));
}

/* Edges share what there is of connections, with none too few. */
static void test_edges_limits__divide_connections(void **state)
{
    (void)state;
    assert_int_equal(
        limits_of("edges = 4\nconnections_max = 8\n").connections_max, 2);
    assert_int_equal(
        limits_of("edges = 4\nconnections_max = 9\n").connections_max, 3);
    assert_int_equal(
        limits_of("edges = 16\nconnections_max = 1\n").connections_max, 1);
    assert_int_equal(limits_of("edges = 4\nconnections_per_address_max = 9\n")
                         .connections_per_address_max,
                     9);
}

/* A sign-in that lasts as long as the operator says is not cut short by what
 * clients may ask for at most; and a shorter one does not bind them. */
static void test_edges_limits__long_sign_ins(void **state)
{
    unsigned most_s = EDGE_LIMITS_DEFAULT.expires_max_s;
    char longer[64];

    (void)state;
    snprintf(longer, sizeof(longer), "register_expires = %us\n", most_s + 60);
    assert_int_equal(limits_of(longer).expires_default_s, most_s + 60);
    assert_int_equal(limits_of(longer).expires_max_s, most_s + 60);
    assert_int_equal(limits_of("register_expires = 60s\n").expires_max_s,
                     most_s);
}

/* What the node needs for files is not for callers, however many may come. */
static void test_edges_limits__leave_descriptors(void **state)
{
    struct rlimit before, few;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){DESCRIPTORS_MIN, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(limits_of("").descriptors_max,
                     DESCRIPTORS_MIN - DESCRIPTORS_KEPT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_edges_limits__are_the_settings),
        RUN(test_edges_limits__divide_connections),
        RUN(test_edges_limits__long_sign_ins),
        RUN(test_edges_limits__leave_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
