#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "node/plan.h"
#include "tests/unit/config_text.h"

#define POOL "[pool]\nid = 6f1c3e1e-94a1-4b0e-9a53-1f2d6f0a7b11\n"
#define NODE "[node]\nid = 2\n"
#define PEERS                                                                  \
    "[peer]\nlisten = 127.0.0.1:6002\nnode = 1 127.0.0.1:6001\n"               \
    "node = 2 127.0.0.1:6002\n"
#define LEAST POOL NODE PEERS

static enum error plan_of(const char *text, struct plan *plan,
                          char error[CONFIG_ERROR_BYTES])
{
    struct config config;
    enum error result;

    config_of_text(text, &config);
    result = plan_make(&config, plan, error);
    config_deinit(&config);
    return result;
}

static void assert_refused(const char *text, const char *because)
{
    struct plan plan;
    char error[CONFIG_ERROR_BYTES] = "";

    assert_int_equal(plan_of(text, &plan, error), ERROR_INVALID);
    if (strstr(error, because) == NULL) {
        print_error("\"%s\" does not say \"%s\"\n", error, because);
    }
    assert_non_null(strstr(error, because));
}

/* Every text of the file is read as what it stands for. */
static void test_plan_make__reads_addresses(void **state)
{
    struct plan plan;
    char error[CONFIG_ERROR_BYTES];

    (void)state;
    assert_int_equal(plan_of(LEAST
                             "plain = yes\n[sip]\nlisten = tcp 127.0.0.1:5060 "
                             "auth=none\nlisten = tls [::]:5061\n",
                             &plan, error),
                     ERROR_NONE);
    assert_int_equal(plan.node, 2);
    assert_int_equal(plan.pool.bytes[0], 0x6f);
    assert_int_equal(plan.journal_level, JOURNAL_INFO);
    assert_int_equal(plan.n_nodes, 2);
    assert_int_equal(plan.nodes[0].node, 1);
    assert_string_equal(plan.nodes[1].at.host, "127.0.0.1");
    assert_int_equal(plan.nodes[1].at.port, 6002);
    assert_int_equal(plan.n_listeners, 2);
    assert_false(plan.listeners[0].tls);
    assert_false(plan.listeners[0].digest);
    assert_true(plan.listeners[1].tls);
    assert_true(plan.listeners[1].digest);
    assert_string_equal(plan.listeners[1].at.host, "::");
    assert_string_equal(plan.admin_listen.host, "");
}

/* Where the node listens besides, as the file says. */
static void test_plan_make__reads_the_other_listeners(void **state)
{
    struct plan plan;
    char error[CONFIG_ERROR_BYTES];

    (void)state;
    assert_int_equal(plan_of(LEAST "[web]\nlisten = 127.0.0.1:9001\n"
                                   "[admin]\nlisten = [::1]:9002\n"
                                   "authorities = /ca.pem\n",
                             &plan, error),
                     ERROR_NONE);
    assert_string_equal(plan.peer_listen.host, "127.0.0.1");
    assert_int_equal(plan.peer_listen.port, 6002);
    assert_string_equal(plan.web_listen.host, "127.0.0.1");
    assert_int_equal(plan.web_listen.port, 9001);
    assert_string_equal(plan.admin_listen.host, "::1");
    assert_int_equal(plan.admin_listen.port, 9002);
}

/* Each level has its word. */
static void test_plan_make__reads_levels(void **state)
{
    static const struct {
        const char *word;
        enum journal_level level;
    } levels[] = {{"error", JOURNAL_ERROR},
                  {"warning", JOURNAL_WARNING},
                  {"notice", JOURNAL_NOTICE},
                  {"info", JOURNAL_INFO},
                  {"debug", JOURNAL_DEBUG}};
    char text[512], error[CONFIG_ERROR_BYTES];
    struct plan plan;

    (void)state;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        snprintf(text, sizeof(text), POOL NODE "journal_level = %s\n" PEERS,
                 levels[i].word);
        assert_int_equal(plan_of(text, &plan, error), ERROR_NONE);
        assert_int_equal(plan.journal_level, levels[i].level);
    }
}

/* What cannot be right is named, before anything is opened. */
static void test_plan_make__names_what_is_wrong(void **state)
{
    (void)state;
    assert_refused("[pool]\nid = pool\n" NODE PEERS, "must be a GUID");
    assert_refused(POOL "[node]\nid = 3\n" PEERS, "not among");
    assert_refused(LEAST "node = 1 127.0.0.1:9\n", "stands twice");
    assert_refused(LEAST "node = 0 127.0.0.1:9\n", "ID of 1 to 255");
    assert_refused(LEAST "node = 127.0.0.1:9\n", "ID of 1 to 255");
    assert_refused(LEAST "node = 3 127.0.0.1\n", "HOST:PORT");
    assert_refused(LEAST "plain = yes\nnode = 3 192.0.2.1:9\n", "loopback");
    assert_refused(LEAST "plain = yes\nnode = 3 127.example.com:9\n",
                   "loopback");
    assert_refused(LEAST "[sip]\nlisten = udp 127.0.0.1:9\n", "tcp or tls");
    assert_refused(LEAST "[sip]\nlisten = tcp 127.0.0.1:9 auth=maybe\n",
                   "auth=digest");
    assert_refused(LEAST "[sip]\nlisten = tcp 0.0.0.0:9 auth=none\n",
                   "for loopback");
    assert_refused(LEAST "[sip]\nlisten = tcp localhost:9 auth=none\n",
                   "for loopback");
    assert_refused(LEAST "[sip]\nlisten = tcp 127.0.0.1:9 auth=none x\n",
                   "HOST:PORT");
    assert_refused(POOL "[node]\nid = 2\njournal_level = loud\n" PEERS,
                   "journal_level");
    assert_refused(LEAST "[admin]\nlisten = 127.0.0.1:9\n", "authorities");
}

/* More nodes than raft is built for are refused here, not later. */
static void test_plan_make__refuses_a_crowd(void **state)
{
    char text[1024] = LEAST;

    (void)state;
    for (int i = 3; i <= 10; i++) {
        size_t len = strlen(text);

        snprintf(text + len, sizeof(text) - len, "node = %d 127.0.0.1:%d\n", i,
                 7000 + i);
    }
    assert_refused(text, "at most 9 nodes");
}

/* What the absence of an external program means is said in the file, not
 * guessed; its socket is a path that a socket can have. */
static void test_plan_make__hook(void **state)
{
    struct plan plan;
    char error[CONFIG_ERROR_BYTES];
    char path[600];

    (void)state;
    assert_refused(LEAST "plain = yes\n[hook]\nsocket = /run/h\n", "absent");
    assert_refused(LEAST "plain = yes\n[hook]\nsocket = /run/h\n"
                         "absent = maybe\n",
                   "allow or refuse");
    assert_refused(LEAST "plain = yes\n[hook]\nsocket = h\nabsent = allow\n",
                   "a path from /");
    snprintf(path, sizeof(path),
             LEAST "plain = yes\n[hook]\nabsent = allow\nsocket = /%0*d\n",
             PLAN_SOCKET_BYTES_MAX, 0);
    assert_refused(path, "107 bytes");
    assert_int_equal(plan_of(LEAST "plain = yes\n[hook]\nsocket = /run/h\n"
                                   "absent = refuse\n",
                             &plan, error),
                     ERROR_NONE);
    assert_true(plan.hook_absent_refuses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_plan_make__reads_addresses),
        RUN(test_plan_make__reads_the_other_listeners),
        RUN(test_plan_make__reads_levels),
        RUN(test_plan_make__names_what_is_wrong),
        RUN(test_plan_make__refuses_a_crowd),
        RUN(test_plan_make__hook),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
