#include "node/compliance/adapter_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"

enum {
    DIRECTORY_MODE = 0750,
    STREAMS = 3,
    CHUNK_BYTES = 64 * 1024,
    FIRST_OTHER_FD = 3
};

/* Lines as they come, of which the last is kept. */
struct lines {
    char text[ADAPTER_LINE_BYTES_MAX + 1]; /* The one that is read. */
    size_t len;
    char last[ADAPTER_LINE_BYTES_MAX + 1];
    unsigned n;
    const char *journal; /* Whose they are, for the journal; NULL: not there. */
};

struct run {
    const struct adapter_order *order;
    struct adapter_result *result;
    pid_t pid;
    int fds[STREAMS]; /* Our ends; -1: closed. */
    struct buffer input;
    size_t taken; /* Bytes of input that the program took. */
    bool fed;     /* There is no more. */
    struct lines out, err;
    uint64_t moved_ms; /* When it last took something. */
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void end_line(struct lines *lines)
{
    if (lines->len == 0) {
        return;
    }
    lines->text[lines->len] = '\0';
    memcpy(lines->last, lines->text, lines->len + 1);
    lines->len = 0;
    lines->n++;
    if (lines->journal != NULL && lines->n <= ADAPTER_LINES_JOURNALED_MAX) {
        journal_notice("adapter_says", "adapter=%s text=\"%s\"", lines->journal,
                       lines->last);
    }
}

/* Control characters and quotes would make other lines of a journal's. */
static char plain(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f ? ' ' : c;
}

static void add_lines(struct lines *lines, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(lines);
        } else if (lines->len < ADAPTER_LINE_BYTES_MAX) {
            lines->text[lines->len++] = plain(bytes[i]);
        }
    }
}

static void close_stream(struct run *run, int stream)
{
    if (run->fds[stream] >= 0) {
        close(run->fds[stream]);
        run->fds[stream] = -1;
    }
}

/* Returns false when it is the end. */
static bool read_stream(struct run *run, int stream, struct lines *lines)
{
    char bytes[ADAPTER_LINE_BYTES_MAX];
    ssize_t n = read(run->fds[stream], bytes, sizeof(bytes));

    if (n > 0) {
        add_lines(lines, bytes, (size_t)n);
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    end_line(lines);
    close_stream(run, stream);
    return false;
}

/* Have the next lines made when the program has taken those before. */
static enum error refill(struct run *run)
{
    if (run->taken < run->input.len || run->fed) {
        return ERROR_NONE;
    }
    buffer_clear(&run->input);
    run->taken = 0;
    TRY(run->order->feed(run->order->context, &run->input));
    if (run->input.len == 0) {
        run->fed = true;
        close_stream(run, STDIN_FILENO);
    }
    return ERROR_NONE;
}

/* Of a program that reads no more nothing is expected but its end. */
static void write_input(struct run *run)
{
    size_t left = run->input.len - run->taken;
    ssize_t n = write(run->fds[STDIN_FILENO], run->input.data + run->taken,
                      left < CHUNK_BYTES ? left : CHUNK_BYTES);

    if (n > 0) {
        run->taken += (size_t)n;
        run->moved_ms = now_ms();
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        close_stream(run, STDIN_FILENO);
    }
}

/* Wait for what the streams bring, for a moment. */
static enum error turn(struct run *run)
{
    struct pollfd polled[STREAMS] = {
        {.fd = run->fds[STDIN_FILENO], .events = POLLOUT},
        {.fd = run->fds[STDOUT_FILENO], .events = POLLIN},
        {.fd = run->fds[STDERR_FILENO], .events = POLLIN}};

    if (run->fds[STDIN_FILENO] >= 0) {
        TRY(refill(run));
        polled[STDIN_FILENO].fd = run->fds[STDIN_FILENO];
    }
    if (poll(polled, STREAMS, ADAPTER_POLL_MS) <= 0) {
        return ERROR_NONE;
    }
    if (polled[STDIN_FILENO].revents != 0) {
        write_input(run);
    }
    if (polled[STDOUT_FILENO].revents != 0) {
        read_stream(run, STDOUT_FILENO, &run->out);
    }
    if (polled[STDERR_FILENO].revents != 0) {
        read_stream(run, STDERR_FILENO, &run->err);
    }
    return ERROR_NONE;
}

/* What it said before it ended is still in its pipes. A child of its own may
 * hold them open: they are not waited for. */
static void drain(struct run *run)
{
    for (int turns = 0; turns < ADAPTER_LINES_JOURNALED_MAX; turns++) {
        struct pollfd polled[] = {
            {.fd = run->fds[STDOUT_FILENO], .events = POLLIN},
            {.fd = run->fds[STDERR_FILENO], .events = POLLIN}};

        if (poll(polled, 2, 0) <= 0) {
            break;
        }
        if (polled[0].revents != 0) {
            read_stream(run, STDOUT_FILENO, &run->out);
        }
        if (polled[1].revents != 0) {
            read_stream(run, STDERR_FILENO, &run->err);
        }
    }
    end_line(&run->out);
    end_line(&run->err);
}

static enum error explain(struct run *run, enum error error, const char *what)
{
    snprintf(run->result->why, ADAPTER_WHY_BYTES, "%s%s%.300s", what,
             run->err.last[0] == '\0' ? "" : ": ", run->err.last);
    return error;
}

/* It has ended by itself. */
static enum error judge(struct run *run, int status)
{
    char what[64];

    if (WIFSIGNALED(status)) {
        snprintf(what, sizeof(what), "killed by signal %d", WTERMSIG(status));
        return explain(run, ERROR_REFUSED, what);
    }
    if (WEXITSTATUS(status) != 0) {
        snprintf(what, sizeof(what), "exit %d", WEXITSTATUS(status));
        return explain(run, ERROR_REFUSED, what);
    }
    if (!run->fed) {
        return explain(run, ERROR_REFUSED, "ended before it took all records");
    }
    return ERROR_NONE;
}

/* End it, and whatever it has started. */
static void put_down(struct run *run)
{
    kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static enum error give_up(struct run *run, enum error error, const char *what)
{
    put_down(run);
    drain(run);
    return explain(run, error, what);
}

static enum error follow(struct run *run)
{
    const struct adapter_order *order = run->order;
    char what[64];

    for (;;) {
        int status;
        enum error error = turn(run);

        if (error != ERROR_NONE) {
            return give_up(run, error, error_text(error));
        }
        if (waitpid(run->pid, &status, WNOHANG) == run->pid) {
            kill(-run->pid, SIGKILL); /* What it may have left behind. */
            drain(run);
            return judge(run, status);
        }
        if (atomic_load(order->cancelled)) {
            return give_up(run, ERROR_CLOSED, "not wanted any more");
        }
        if (now_ms() - run->moved_ms >= order->deadline_ms) {
            snprintf(what, sizeof(what), "killed after %llu s of silence",
                     (unsigned long long)order->deadline_ms / 1000);
            return give_up(run, ERROR_TIMED_OUT, what);
        }
    }
}

/* Three pipes: [stream][end], of which [0] is read. */
static enum error open_pipes(int pipes[STREAMS][2])
{
    for (int i = 0; i < STREAMS; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) != 0) {
            pipes[i][0] = pipes[i][1] = -1;
            return ERROR_IO;
        }
    }
    return ERROR_NONE;
}

static void close_pipes(int pipes[STREAMS][2])
{
    for (int i = 0; i < STREAMS; i++) {
        for (int end = 0; end < 2; end++) {
            if (pipes[i][end] >= 0) {
                close(pipes[i][end]);
                pipes[i][end] = -1;
            }
        }
    }
}

/* Which end is the program's: it reads the first stream and writes the others.
 */
static int end_of(int stream)
{
    return stream == STDIN_FILENO ? 0 : 1;
}

/* Keep our ends, which must not block; those of the program are its own. */
static void keep_ends(struct run *run, int pipes[STREAMS][2])
{
    for (int i = 0; i < STREAMS; i++) {
        int *ours = &pipes[i][1 - end_of(i)];

        fcntl(*ours, F_SETFL, fcntl(*ours, F_GETFL) | O_NONBLOCK);
        run->fds[i] = *ours;
        *ours = -1;
    }
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
                                                    POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

static int spawn(struct run *run, int pipes[STREAMS][2])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = 0; i < STREAMS; i++) {
        posix_spawn_file_actions_adddup2(&actions, pipes[i][end_of(i)], i);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, FIRST_OTHER_FD);
    set_attributes(&attributes);
    failed = posix_spawn(&run->pid, run->order->words[0], &actions, &attributes,
                         (char *const *)(uintptr_t)run->order->words,
                         (char *const *)(uintptr_t)run->order->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* Make a directory and those above it. */
static enum error make_directory(struct run *run, const char *path)
{
    char made[PATH_MAX];

    for (size_t i = 1; i < sizeof(made) && i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        snprintf(made, i + 1, "%s", path);
        if (mkdir(made, DIRECTORY_MODE) != 0 && errno != EEXIST) {
            snprintf(run->result->why, ADAPTER_WHY_BYTES,
                     "%.300s cannot be made: %s", made, strerror(errno));
            return ERROR_IO;
        }
    }
    return ERROR_NONE;
}

static enum error start(struct run *run)
{
    int pipes[STREAMS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    enum error error;
    int failed;

    if (run->order->directory != NULL) {
        TRY(make_directory(run, run->order->directory));
    }
    error = open_pipes(pipes);
    failed = error == ERROR_NONE ? spawn(run, pipes) : errno;
    if (failed == 0) {
        keep_ends(run, pipes);
    } else {
        snprintf(run->result->why, ADAPTER_WHY_BYTES,
                 "%.200s cannot be started: %s", run->order->words[0],
                 strerror(failed));
        error = ERROR_NOT_FOUND;
    }
    close_pipes(pipes);
    return error;
}

enum error adapter_process_run(const struct adapter_order *order,
                               struct adapter_result *result_out)
{
    struct run run = {.order = order,
                      .result = result_out,
                      .fds = {-1, -1, -1},
                      .input = BUFFER_EMPTY,
                      .err = {.journal = order->name},
                      .moved_ms = now_ms()};
    enum error error;

    CHECK(order->words[0] != NULL && order->deadline_ms > 0);
    memset(result_out, 0, sizeof(*result_out));
    error = start(&run);
    if (error == ERROR_NONE) {
        error = follow(&run);
        memcpy(result_out->line, run.out.last, sizeof(result_out->line));
    }
    for (int i = 0; i < STREAMS; i++) {
        close_stream(&run, i);
    }
    buffer_deinit(&run.input);
    return error;
}
