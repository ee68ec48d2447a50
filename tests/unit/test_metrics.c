#include "tests/unit/test.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/web/metrics.h"
#include "proto/base/board.h"
#include "proto/base/journal.h"
#include "tests/unit/exposition.h"

enum { POSTS = 20000 };

struct status {
    uint64_t term;
    double behind_seconds; /* NAN: not known. */
};

struct scene {
    struct metrics *metrics;
    struct meter_counter posts, notices;
    struct meter_gauge waiting, age_us;
    struct meter_histogram fsync, batch;
    struct board *board;
    struct buffer page;
};

static void fill_status(void *context, double *values)
{
    struct scene *scene = context;
    struct status status;

    if (board_read(scene->board, &status)) {
        values[0] = (double)status.term;
        values[1] = status.behind_seconds;
    }
}

static void register_all(struct scene *scene)
{
    const struct metric rows[] = {
        {.name = "perch_chat_accepted_total",
         .help = "Bodies accepted from clients.",
         .type = METRIC_COUNTER,
         .kind = "post",
         .counter = &scene->posts},
        {.name = "perch_queue_letters",
         .help = "Letters that wait.",
         .type = METRIC_GAUGE,
         .node = 3,
         .kind = "in",
         .gauge = &scene->waiting},
        {.name = "perch_log_sync_seconds",
         .help = "Time to write and sync a batch.",
         .type = METRIC_HISTOGRAM,
         .histogram = &scene->fsync},
        {.name = "perch_log_batch_bytes",
         .help = "Bytes written by one sync.",
         .type = METRIC_HISTOGRAM,
         .kind = "log",
         .histogram = &scene->batch},
        {.name = "perch_chat_accepted_total",
         .help = "Bodies accepted from clients.",
         .type = METRIC_COUNTER,
         .kind = "notice",
         .counter = &scene->notices},
        {.name = "perch_oldest_request_seconds",
         .help = "Age of the oldest request.",
         .type = METRIC_GAUGE,
         .per_unit = 1000000,
         .gauge = &scene->age_us},
    };
    const struct metric group[] = {
        {.name = "perch_raft_term",
         .help = "Current term.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_behind_seconds",
         .help = "How long ago the leader was last heard.",
         .type = METRIC_GAUGE},
    };

    assert_int_equal(metrics_add(scene->metrics, rows, 6), ERROR_NONE);
    assert_int_equal(
        metrics_add_group(scene->metrics, group, 2, fill_status, scene),
        ERROR_NONE);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->metrics = metrics_new();
    scene->board = board_new(sizeof(struct status));
    meter_histogram_init(&scene->fsync, &meter_seconds);
    meter_histogram_init(&scene->batch, &meter_sizes);
    register_all(scene);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    metrics_free(scene->metrics);
    board_free(scene->board);
    buffer_deinit(&scene->page);
    free(scene);
    return 0;
}

/* The page as text; complains about what is not to the letter. */
static const char *page_of(struct scene *scene)
{
    char why[EXPOSITION_WHY_BYTES];

    buffer_clear(&scene->page);
    metrics_write(scene->metrics, &scene->page);
    buffer_append(&scene->page, "", 1);
    assert_false(buffer_failed(&scene->page));
    if (exposition_check((char *)scene->page.data, why) < 0) {
        fail_msg("%s", why);
    }
    return (char *)scene->page.data;
}

static void assert_holds(const char *page, const char *lines)
{
    if (strstr(page, lines) == NULL) {
        fail_msg("no \"%s\" in:\n%s", lines, page);
    }
}

static void fill_scene(struct scene *scene)
{
    struct status status = {.term = 41, .behind_seconds = 0.25};

    meter_add(&scene->posts, 7);
    meter_add(&scene->notices, 9007199254740991);
    meter_set(&scene->waiting, -2);
    meter_set(&scene->age_us, 1500000);
    meter_observe(&scene->fsync, 230);
    meter_observe(&scene->fsync, 100000001);
    meter_observe(&scene->batch, 4096);
    board_post(scene->board, &status);
}

/* Values appear under their names, in base units, families side by side though
 * they were registered apart. */
static void test_metrics_write__says_what_was_counted(void **state)
{
    struct scene *scene = *state;
    const char *page;

    fill_scene(scene);
    page = page_of(scene);
    assert_holds(page, "# HELP perch_chat_accepted_total Bodies accepted from "
                       "clients.\n"
                       "# TYPE perch_chat_accepted_total counter\n"
                       "perch_chat_accepted_total{kind=\"post\"} 7\n"
                       "perch_chat_accepted_total{kind=\"notice\"} "
                       "9007199254740991\n");
    assert_holds(page, "\nperch_queue_letters{node=\"3\",kind=\"in\"} -2\n");
    assert_holds(page, "\nperch_oldest_request_seconds 1.5\n");
    assert_holds(page, "\nperch_log_sync_seconds_bucket{le=\"0.0001\"} 0\n"
                       "perch_log_sync_seconds_bucket{le=\"0.00025\"} 1\n");
    assert_holds(page, "\nperch_log_sync_seconds_bucket{le=\"100\"} 1\n"
                       "perch_log_sync_seconds_bucket{le=\"+Inf\"} 2\n"
                       "perch_log_sync_seconds_sum 100.000231\n"
                       "perch_log_sync_seconds_count 2\n");
    assert_holds(page, "\nperch_log_batch_bytes_bucket{kind=\"log\",le=\"1024"
                       "\"} 0\nperch_log_batch_bytes_bucket{kind=\"log\",le=\""
                       "4096\"} 1\n");
    assert_holds(page, "\nperch_raft_term 41\n");
    assert_holds(page, "\nperch_raft_behind_seconds 0.25\n");
}

/* What is not known is not exported: neither a status nobody has posted nor a
 * value its owner left open. */
static void test_metrics_write__leaves_out_what_is_unknown(void **state)
{
    struct scene *scene = *state;
    struct status status = {.term = 1, .behind_seconds = NAN};
    const char *page = page_of(scene);

    assert_true(isnan(exposition_value(page, "perch_raft_term")));
    board_post(scene->board, &status);
    page = page_of(scene);
    assert_true(exposition_value(page, "perch_raft_term") == 1);
    assert_true(isnan(exposition_value(page, "perch_raft_behind_seconds")));
}

static void *update(void *context)
{
    struct scene *scene = context;

    for (int i = 0; i < POSTS; i++) {
        struct status status = {.term = (uint64_t)i, .behind_seconds = i};

        meter_add(&scene->posts, 1);
        meter_observe(&scene->fsync, (uint64_t)i);
        board_post(scene->board, &status);
    }
    return NULL;
}

/* A page written while others count is well-formed, counters never go back,
 * and at the end nothing is missing. */
static void test_metrics_write__beside_counting_threads(void **state)
{
    struct scene *scene = *state;
    pthread_t threads[2];
    double before = 0;

    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, update, scene);
    }
    for (int i = 0; i < 50; i++) {
        const char *page = page_of(scene);
        double now =
            exposition_value(page, "perch_chat_accepted_total{kind=\"post\"}");

        assert_true(now >= before);
        before = now;
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(exposition_value(page_of(scene),
                                 "perch_log_sync_seconds_count") == 2 * POSTS);
}

/* Register one row in a child; tell whether that stopped it. */
static bool stops_the_node(struct scene *scene, struct metric row)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        _exit(metrics_add(scene->metrics, &row, 1) == ERROR_NONE ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static struct metric counter_row(struct scene *scene, const char *name,
                                 const char *kind)
{
    return (struct metric){.name = name,
                           .help = "Bodies accepted from clients.",
                           .type = METRIC_COUNTER,
                           .kind = kind,
                           .counter = &scene->posts};
}

/* A table that breaks the rules of names never gets to serve. */
static void test_metrics_add__stops_at_bad_tables(void **state)
{
    struct scene *scene = *state;
    struct metric row = counter_row(scene, "perch_new_total", "a");
    struct metric gauge = {.name = "perch_new_total",
                           .help = "Text.",
                           .type = METRIC_GAUGE,
                           .gauge = &scene->waiting};
    struct metric slow = {.name = "perch_new_bytes",
                          .help = "Text.",
                          .type = METRIC_HISTOGRAM,
                          .histogram = &scene->fsync};

    assert_false(stops_the_node(scene, row));
    assert_true(stops_the_node(scene, gauge));
    assert_true(stops_the_node(scene, slow));
    assert_true(stops_the_node(scene, counter_row(scene, "perch_new", "a")));
    assert_true(stops_the_node(scene, counter_row(scene, "x_total", "a")));
    assert_true(
        stops_the_node(scene, counter_row(scene, "perch_new_ms_total", "a")));
    assert_false(
        stops_the_node(scene, counter_row(scene, "perch_new_msg_total", "a")));
    assert_true(
        stops_the_node(scene, counter_row(scene, "perch_New_total", "a")));
    assert_true(
        stops_the_node(scene, counter_row(scene, "perch_new_total", "#room")));
    assert_true(stops_the_node(
        scene, counter_row(scene, "perch_chat_accepted_total", "post")));
    assert_false(stops_the_node(
        scene, counter_row(scene, "perch_chat_accepted_total", "other")));
    row.help = "Other words.";
    row.name = "perch_chat_accepted_total";
    assert_true(stops_the_node(scene, row));
    row.help = "Two\nlines.";
    row.name = "perch_new_total";
    assert_true(stops_the_node(scene, row));
    row.help = "Text.";
    row.counter = NULL;
    assert_true(stops_the_node(scene, row));
}

#define HEAD(name, type) "# HELP " name " x\n# TYPE " name " " type "\n"

/* The reader that judges pages refuses all promtool does, and more; else tests
 * above would prove little. */
static void test_exposition_check__refuses_what_promtool_refuses(void **state)
{
    static const char *const bad[] = {
        HEAD("a_total", "counter") "a_total 1",
        HEAD("a_total", "counter") "a_total 1\na_total 2\n",
        HEAD("a_total", "counter") "a_total one\n",
        HEAD("a_total", "counter") "a_total  1\n",
        HEAD("a_total", "counter") "a_total{kind=\"x} 1\n",
        HEAD("a_total", "counter") "a_total{room=\"x\"} 1\n",
        HEAD("a_total", "counter") "a_total{kind=\"x\",} 1\n",
        HEAD("a_total", "counter") "b_total 1\n",
        HEAD("a_total", "counter") HEAD("b", "gauge") "b 1\na_total 1\n",
        HEAD("a", "counter") "a 1\n",
        HEAD("a_total", "gauge") "a_total 1\n",
        HEAD("a_ms", "gauge") "a_ms 1\n",
        HEAD("a_milliseconds", "gauge") "a_milliseconds 1\n",
        HEAD("aB", "gauge") "aB 1\n",
        HEAD("a_gauge", "gauge") "a_gauge 1\n",
        HEAD("a_count", "gauge") "a_count 1\n",
        "# TYPE a gauge\na 1\n",
        "a 1\n",
        HEAD("a", "gauge") HEAD("a", "gauge") "a 1\n",
        HEAD("a", "histogram") "a_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
        HEAD("a", "histogram") "a_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n"
                               "a_sum 1\na_count 1\n",
        HEAD("a", "histogram") "a_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\n"
                               "a_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        HEAD("a", "histogram") "a_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n",
        HEAD("a", "histogram") "a_bucket{le=\"+Inf\"} 2\na_sum 1\n",
    };
    char why[EXPOSITION_WHY_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (exposition_check(bad[i], why) >= 0) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(
        exposition_check(HEAD("a", "histogram") "a_bucket{le=\"+Inf\"} 1\n"
                                                "a_sum 1\na_count 1\n",
                         why),
        3);
}

/* Print the page of the tests, for promtool. */
static int print_page(void)
{
    void *state;
    struct scene *scene;

    set_up(&state);
    scene = state;
    fill_scene(scene);
    metrics_write(scene->metrics, &scene->page);
    fwrite(scene->page.data, 1, scene->page.len, stdout);
    return tear_down(&state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_metrics_write__says_what_was_counted, set_up, tear_down),
        RUN_IN(test_metrics_write__leaves_out_what_is_unknown, set_up,
               tear_down),
        RUN_IN(test_metrics_write__beside_counting_threads, set_up, tear_down),
        RUN_IN(test_metrics_add__stops_at_bad_tables, set_up, tear_down),
        RUN(test_exposition_check__refuses_what_promtool_refuses),
    };

    if (argc == 2 && strcmp(argv[1], "--page") == 0) {
        return print_page();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
