#include "ops/bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ops/bench/complain.h"
#include "proto/base/check.h"

enum { PORTS_MAX = 16, POLL_MS = 20, CANNOT_RUN = 127 };

/* In the child. Only what may be called after fork. */
static _Noreturn void become(const char *const *argv, const char *log_file,
                             pid_t parent)
{
    int log = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int nothing = open("/dev/null", O_RDONLY);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(CANNOT_RUN); /* The parent died before prctl. */
    }
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_IGN); /* perch-bench ends it. */
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(CANNOT_RUN);
}

enum error child_start(const char *const *argv, const char *log_file,
                       pid_t *pid_out)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0) {
        return complain(ERROR_IO, "cannot fork: %s", strerror(errno));
    }
    if (pid == 0) {
        become(argv, log_file, parent);
    }
    *pid_out = pid;
    return ERROR_NONE;
}

enum error child_check(pid_t *pid, const char *name, const char *log_file)
{
    int status;

    if (waitpid(*pid, &status, WNOHANG) != *pid) {
        return ERROR_NONE;
    }
    *pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_RUN) {
        return complain(ERROR_CLOSED,
                        "cannot run %s; ops/test builds bench_node, "
                        "ops/install-deps bench installs etcd",
                        name);
    }
    return complain(ERROR_CLOSED, "%s has ended (status %#x); it said: %s",
                    name, (unsigned)status, log_file);
}

static void pause_ms(long ms)
{
    struct timespec wait = {.tv_sec = ms / 1000,
                            .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&wait, NULL);
}

/* Take those that have ended off the list. Returns how many are left. */
static size_t reap(pid_t *pids, size_t n)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++) {
        if (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) != 0) {
            pids[i] = 0;
        }
        left += pids[i] > 0;
    }
    return left;
}

static void signal_all(const pid_t *pids, size_t n, int number)
{
    for (size_t i = 0; i < n; i++) {
        if (pids[i] > 0) {
            kill(pids[i], number);
        }
    }
}

void child_stop_all(pid_t *pids, size_t n)
{
    signal_all(pids, n, SIGTERM);
    for (int ms = 0; ms < CHILD_STOP_MS; ms += POLL_MS) {
        if (reap(pids, n) == 0) {
            return;
        }
        pause_ms(POLL_MS);
    }
    signal_all(pids, n, SIGKILL);
    for (size_t i = 0; i < n; i++) {
        if (pids[i] > 0) {
            waitpid(pids[i], NULL, 0);
            pids[i] = 0;
        }
    }
}

bool child_listens(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool listens;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listens = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return listens;
}

static int bind_any(uint16_t *port_out)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
                    getsockname(fd, (struct sockaddr *)&at, &len) != 0)) {
        close(fd);
        return -1;
    }
    *port_out = ntohs(at.sin_port);
    return fd;
}

/* All are held until the last is found, so that none is found twice. */
enum error child_free_ports(uint16_t *ports, size_t n)
{
    int fds[PORTS_MAX];
    size_t found = 0;

    CHECK(n <= PORTS_MAX);

    while (found < n) {
        fds[found] = bind_any(&ports[found]);
        if (fds[found] < 0) {
            break;
        }
        found++;
    }
    for (size_t i = 0; i < found; i++) {
        close(fds[i]);
    }
    return found == n ? ERROR_NONE
                      : complain(ERROR_BUSY, "no free ports on 127.0.0.1");
}
