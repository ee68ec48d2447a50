#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/config_table.h"

#define POOL  "[pool]\nid = 6f1c3e1e-94a1-4b0e-9a53-1f2d6f0a7b11\n"
#define LEAST POOL "[node]\nid = 2\n[peer]\nnode = 1 127.0.0.1:5062\n"

struct scene {
    char folder[64];
    char path[128];
    struct config config;
    char error[CONFIG_ERROR_BYTES];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    strcpy(scene->folder, "/tmp/perch-config-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->path, sizeof(scene->path), "%s/perch.conf", scene->folder);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    char command[128];

    config_deinit(&scene->config);
    snprintf(command, sizeof(command), "rm -r %s", scene->folder);
    assert_int_equal(system(command), 0);
    free(scene);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static enum error load(struct scene *scene, const char *text)
{
    write_text(scene->path, text);
    config_deinit(&scene->config);
    return config_load(scene->path, &scene->config, scene->error);
}

/* Refused, with a message that holds these words. */
static void assert_refused(struct scene *scene, const char *text,
                           const char *words)
{
    assert_int_equal(load(scene, text), ERROR_INVALID);
    if (strstr(scene->error, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene->error, words);
    }
}

/* What the file does not say has its documented default. */
static void test_config_load__keeps_defaults(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(load(scene, LEAST), ERROR_NONE);
    assert_int_equal(scene->config.node_id, 2);
    assert_int_equal(scene->config.raft_election_ms, 500);
    assert_int_equal(scene->config.raft_segment_bytes, 64 * 1024 * 1024);
    assert_string_equal(scene->config.data_dir, "/var/lib/perch");
    assert_false(scene->config.peer_plain);
    assert_int_equal(scene->config.peer_nodes.n, 1);
}

/* Units, quotes, comments and repeated keys read as written. */
static void test_config_load__reads_the_dialect(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(load(scene,
                          LEAST "node = \"2 [::1]:5062\" # the second\n"
                                "plain = yes\n\n[raft]\n election = 2s\n"
                                "heartbeat=100ms\n# segment_bytes = 1MiB\n"
                                "[node]\ndata_dir = \"/tmp/a # b\"\n"),
                     ERROR_NONE);
    assert_int_equal(scene->config.peer_nodes.n, 2);
    assert_string_equal(scene->config.peer_nodes.values[1], "2 [::1]:5062");
    assert_int_equal(scene->config.raft_election_ms, 2000);
    assert_string_equal(scene->config.data_dir, "/tmp/a # b");
    assert_true(scene->config.peer_plain);
}

/* Whatever is wrong is named with file, line and what would be right. */
static void test_config_load__names_what_is_wrong(void **state)
{
    struct scene *scene = *state;

    assert_refused(scene, LEAST "[raft]\nelektion = 1s\n",
                   "perch.conf:8: [raft] has no key \"elektion\"; the nearest "
                   "is election");
    assert_refused(scene, LEAST "[rafts]\n", "no section [rafts]");
    assert_refused(scene, LEAST "[raft]\nelection = 1\n", "a duration such as");
    assert_refused(scene, LEAST "[raft]\nelection = 1h\n", "between 50 and");
    assert_refused(scene, LEAST "[sip]\nkeep_alive = 29s\n",
                   "between 30000 and");
    assert_refused(scene, LEAST "[raft]\nelection = 99999999999999999999s\n",
                   "a duration such as");
    assert_refused(scene, LEAST "plain = true\n", "yes or no");
    assert_refused(scene, "[node]\nid = 1\nid = 1\n", "a second time");
    assert_refused(scene, "[node]\nid = \"1\n", "never closed");
    assert_refused(scene, "[node]\nid\n", "key = value");
    assert_refused(scene, "[node]\nid = 1\n", "[peer] node is missing");
    assert_refused(scene, "", "[node] id is missing");
    assert_refused(scene, "[node]\nid = 1\n[peer]\nnode = 1 127.0.0.1:5062\n",
                   "[pool] id is missing");
    assert_refused(scene, LEAST "[raft]\nheartbeat = 400ms\n", "5 heartbeats");
    config_deinit(&scene->config);
    assert_int_equal(
        config_load("/nonexistent/x", &scene->config, scene->error),
        ERROR_NOT_FOUND);
    assert_non_null(strstr(scene->error, "/nonexistent/x"));
}

/* A folder of parts is read in order of name; parts do not nest. */
static void test_config_load__includes_a_folder(void **state)
{
    struct scene *scene = *state;
    char text[512], path[256];

    snprintf(path, sizeof(path), "%s/10.conf", scene->folder);
    snprintf(text, sizeof(text), LEAST "[config]\ninclude = %s\n",
             scene->folder);
    write_text(path, "[raft]\nelection = 3s\n");
    unlink(scene->path);
    snprintf(scene->path, sizeof(scene->path), "%s/main", scene->folder);
    assert_int_equal(load(scene, text), ERROR_NONE);
    assert_int_equal(scene->config.raft_election_ms, 3000);
    write_text(path, "[raft]\nelection = 3x\n");
    assert_refused(scene, text, "10.conf:2:");
    write_text(path, "[config]\ninclude = /tmp\n");
    assert_refused(scene, text, "may not include again");
}

/* What is printed loads again and prints the same. */
static void test_config_print__loads_again(void **state)
{
    struct scene *scene = *state;
    char *first = NULL, *second = NULL;
    size_t len;
    FILE *to;

    assert_int_equal(load(scene, LEAST "[sip]\nlisten = tcp 127.0.0.1:5060\n"),
                     ERROR_NONE);
    to = open_memstream(&first, &len);
    config_print(&scene->config, to);
    fclose(to);
    assert_int_equal(load(scene, first), ERROR_NONE);
    to = open_memstream(&second, &len);
    config_print(&scene->config, to);
    fclose(to);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

/* The list of settings has a line for each, with default and range in the
 * units one would write. */
static void test_config_describe__tells_defaults_and_ranges(void **state)
{
    char *text = NULL;
    size_t bytes;
    FILE *to = open_memstream(&text, &bytes);
    size_t lines = 0;

    (void)state;
    assert_non_null(to);
    config_describe(to);
    fclose(to);
    for (const char *at = text; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    assert_int_equal(lines, 1 + config_settings.n);
    assert_non_null(strstr(text, " 720s                     90s to 86400s "));
    assert_non_null(strstr(text, " 64MiB                    1MiB to 16GiB "));
    assert_non_null(strstr(text, " 500ms                    50ms to 60s "));
    assert_non_null(strstr(text, " 1GiB                     0 to 1024GiB "));
    assert_non_null(strstr(text, " no                       yes, no "));
    free(text);
}

/* An address is host and port, IPv6 in brackets. */
static void test_config_split_address__takes_both_families(void **state)
{
    char host[256];
    uint16_t port;

    (void)state;
    assert_int_equal(config_split_address("[::1]:5060", host, &port),
                     ERROR_NONE);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 5060);
    assert_int_equal(config_split_address("node1.x:1", host, &port),
                     ERROR_NONE);
    assert_string_equal(host, "node1.x");
    assert_int_equal(config_split_address("::1:5060", host, &port),
                     ERROR_INVALID);
    assert_int_equal(config_split_address("x:0", host, &port), ERROR_INVALID);
    assert_int_equal(config_split_address("x:70000", host, &port),
                     ERROR_INVALID);
    assert_int_equal(config_split_address("x", host, &port), ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_config_load__keeps_defaults, set_up, tear_down),
        RUN_IN(test_config_load__reads_the_dialect, set_up, tear_down),
        RUN_IN(test_config_load__names_what_is_wrong, set_up, tear_down),
        RUN_IN(test_config_load__includes_a_folder, set_up, tear_down),
        RUN_IN(test_config_print__loads_again, set_up, tear_down),
        RUN(test_config_describe__tells_defaults_and_ranges),
        RUN(test_config_split_address__takes_both_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
