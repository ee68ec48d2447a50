#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "node/web/notify.h"
#include "proto/base/journal.h"

/* A service manager that only listens. */
struct scene {
    int manager;
    char folder[64];
    char path[96];
    struct notify *notify;
    int lines; /* Written to the journal, */
    enum journal_level level;
    char line[256]; /* and the last of them. */
};

static void take_line(void *context, enum journal_level level, const char *line)
{
    struct scene *scene = context;

    scene->level = level;
    snprintf(scene->line, sizeof(scene->line), "%s", line);
    scene->lines++;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    strcpy(scene->folder, "/tmp/perch-notify-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->path, sizeof(scene->path), "%s/socket", scene->folder);
    scene->manager = -1;
    journal_capture(take_line, scene);
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    notify_close(scene->notify);
    if (scene->manager >= 0) {
        close(scene->manager);
    }
    unlink(scene->path);
    rmdir(scene->folder);
    journal_capture(NULL, NULL);
    unsetenv("NOTIFY_SOCKET");
    free(scene);
    return 0;
}

/* Listen at a path, or at a name whose first byte is NUL. */
static void listen_at(struct scene *scene, const char *name, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, name, len);
    scene->manager = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(
        bind(scene->manager, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
}

static void open_at_path(struct scene *scene)
{
    listen_at(scene, scene->path, strlen(scene->path) + 1);
    setenv("NOTIFY_SOCKET", scene->path, 1);
    assert_int_equal(notify_open(&scene->notify), ERROR_NONE);
}

static void assert_heard(struct scene *scene, const char *expected)
{
    char message[1024];
    ssize_t len =
        recv(scene->manager, message, sizeof(message) - 1, MSG_DONTWAIT);

    assert_true(len > 0);
    message[len] = '\0';
    assert_string_equal(message, expected);
}

/* Each call is one datagram in the words of sd_notify(3). */
static void test_notify__speaks_the_protocol(void **state)
{
    struct scene *scene = *state;

    open_at_path(scene);
    assert_int_equal(notify_ready(scene->notify, "follower"), ERROR_NONE);
    assert_heard(scene, "READY=1\nSTATUS=follower");
    assert_int_equal(notify_status(scene->notify, "leader, term 41"),
                     ERROR_NONE);
    assert_heard(scene, "STATUS=leader, term 41");
    assert_int_equal(notify_reloading(scene->notify, 1234567), ERROR_NONE);
    assert_heard(scene, "RELOADING=1\nMONOTONIC_USEC=1234567\n");
    assert_int_equal(notify_watchdog(scene->notify), ERROR_NONE);
    assert_heard(scene, "WATCHDOG=1\n");
    assert_int_equal(notify_extend_timeout(scene->notify, 30000000),
                     ERROR_NONE);
    assert_heard(scene, "EXTEND_TIMEOUT_USEC=30000000\n");
    assert_int_equal(notify_stopping(scene->notify, "draining"), ERROR_NONE);
    assert_heard(scene, "STOPPING=1\nSTATUS=draining");
    assert_int_equal(scene->lines, 0);
}

/* An abstract socket is named with @ for its NUL. */
static void test_notify_open__takes_abstract_names(void **state)
{
    struct scene *scene = *state;
    char name[100], variable[100];
    int len = snprintf(name, sizeof(name), "_perch-notify-%d", (int)getpid());

    snprintf(variable, sizeof(variable), "%s", name);
    variable[0] = '@';
    name[0] = '\0';
    listen_at(scene, name, (size_t)len);
    setenv("NOTIFY_SOCKET", variable, 1);
    assert_int_equal(notify_open(&scene->notify), ERROR_NONE);
    assert_int_equal(notify_watchdog(scene->notify), ERROR_NONE);
    assert_heard(scene, "WATCHDOG=1\n");
}

/* Without a manager nothing happens and nothing is complained of. */
static void test_notify__is_silent_without_a_socket(void **state)
{
    struct scene *scene = *state;

    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(notify_open(&scene->notify), ERROR_NONE);
    assert_int_equal(notify_ready(scene->notify, "x"), ERROR_NONE);
    assert_int_equal(notify_watchdog(scene->notify), ERROR_NONE);
    notify_close(scene->notify);
    setenv("NOTIFY_SOCKET", "", 1);
    assert_int_equal(notify_open(&scene->notify), ERROR_NONE);
    assert_int_equal(notify_stopping(scene->notify, "x"), ERROR_NONE);
    assert_int_equal(scene->lines, 0);
}

/* An address that is none is refused, and the journal says which it was. */
static void test_notify_open__refuses_other_addresses(void **state)
{
    static const char *const bad[] = {"relative", "/", "@", "vsock:2:1234"};
    struct scene *scene = *state;
    char far[200];

    for (int i = 0; i < 4; i++) {
        setenv("NOTIFY_SOCKET", bad[i], 1);
        assert_int_equal(notify_open(&scene->notify), ERROR_INVALID);
        assert_null(scene->notify);
    }
    memset(far, 'x', sizeof(far));
    far[0] = '/';
    far[sizeof(far) - 1] = '\0';
    setenv("NOTIFY_SOCKET", far, 1);
    assert_int_equal(notify_open(&scene->notify), ERROR_INVALID);
    assert_int_equal(scene->lines, 5);
}

/* A status cannot smuggle in another assignment, nor run over. */
static void test_notify_status__is_one_bounded_line(void **state)
{
    struct scene *scene = *state;
    char status[2 * NOTIFY_STATUS_BYTES_MAX];
    char expected[8 + NOTIFY_STATUS_BYTES_MAX];

    open_at_path(scene);
    notify_status(scene->notify, "a\nWATCHDOG=1\r\x7f");
    assert_heard(scene, "STATUS=a WATCHDOG=1  ");
    memset(status, 'x', sizeof(status));
    status[sizeof(status) - 1] = '\0';
    notify_status(scene->notify, status);
    snprintf(expected, sizeof(expected), "STATUS=%.*s", NOTIFY_STATUS_BYTES_MAX,
             status);
    assert_heard(scene, expected);
}

/* A manager that is gone is told of in the journal once, and once more when it
 * is back. */
static void test_notify__reports_a_lost_manager_once(void **state)
{
    struct scene *scene = *state;

    open_at_path(scene);
    close(scene->manager);
    assert_int_not_equal(notify_watchdog(scene->notify), ERROR_NONE);
    assert_int_not_equal(notify_watchdog(scene->notify), ERROR_NONE);
    assert_int_equal(scene->lines, 1);
    assert_int_equal(scene->level, JOURNAL_WARNING);
    assert_non_null(strstr(scene->line, "notify_failed reason=\"Connection"));
    unlink(scene->path);
    listen_at(scene, scene->path, strlen(scene->path) + 1);
    assert_int_equal(notify_watchdog(scene->notify), ERROR_NONE);
    assert_int_equal(notify_watchdog(scene->notify), ERROR_NONE);
    assert_int_equal(scene->lines, 2);
    assert_int_equal(scene->level, JOURNAL_NOTICE);
    assert_non_null(strstr(scene->line, "notify_recovered"));
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A manager that does not read holds no loop up: the watchdog never waits, the
 * others only so long. */
static void test_notify__waits_no_longer_than_promised(void **state)
{
    struct scene *scene = *state;
    uint64_t begin_ms;
    int sent = 0;

    open_at_path(scene);
    begin_ms = now_ms();
    while (notify_watchdog(scene->notify) == ERROR_NONE) {
        sent++;
    }
    assert_true(sent > 0);
    assert_true(now_ms() - begin_ms < NOTIFY_WAIT_MS_MAX);
    begin_ms = now_ms();
    assert_int_not_equal(notify_status(scene->notify, "x"), ERROR_NONE);
    assert_in_range(now_ms() - begin_ms, NOTIFY_WAIT_MS_MAX / 2,
                    3 * NOTIFY_WAIT_MS_MAX);
}

/* The watchdog's period counts when it is meant for this process. */
static void test_notify_watchdog_us__is_for_this_process(void **state)
{
    char pid[32];

    (void)state;
    assert_int_equal(notify_watchdog_us(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_watchdog_us(), 30000000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_watchdog_us(), 0);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_us(), 30000000);
    setenv("WATCHDOG_USEC", "30s", 1);
    assert_int_equal(notify_watchdog_us(), 0);
    setenv("WATCHDOG_USEC", "-1", 1);
    assert_int_equal(notify_watchdog_us(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_notify__speaks_the_protocol, set_up, tear_down),
        RUN_IN(test_notify_open__takes_abstract_names, set_up, tear_down),
        RUN_IN(test_notify__is_silent_without_a_socket, set_up, tear_down),
        RUN_IN(test_notify_open__refuses_other_addresses, set_up, tear_down),
        RUN_IN(test_notify_status__is_one_bounded_line, set_up, tear_down),
        RUN_IN(test_notify__reports_a_lost_manager_once, set_up, tear_down),
        RUN_IN(test_notify__waits_no_longer_than_promised, set_up, tear_down),
        RUN_IN(test_notify_watchdog_us__is_for_this_process, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
