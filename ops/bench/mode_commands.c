#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "ops/bench/calls.h"
#include "ops/bench/child.h"
#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/interrupt.h"
#include "ops/bench/lane.h"
#include "ops/bench/modes.h"
#include "ops/bench/node_protocol.h"
#include "ops/bench/wire.h"

enum {
    NODES = 3,
    READY_S = 30,
    READY_POLL_MS = 100,
    ARGUMENT_BYTES = 16,
    LEADER_TAG = 0, /* Commands have the moment they began. */
};

#define PROGRAM "bench_node"

struct commands;

struct commands_node {
    struct commands *commands;
    pid_t pid;
    struct wire wire;
    uint32_t leader; /* As it last said; 0: none. */
};

struct commands {
    const struct bench *bench;
    char directory[PATH_MAX];
    char program[PATH_MAX];
    uint16_t ports[2 * NODES]; /* For clients, then for each other. */
    struct commands_node nodes[NODES];
    int epoll;
    uint8_t *question; /* Head and command, again and again. */
    uint8_t *room;     /* WIRE_READ_BYTES. */
    unsigned next;
    struct calls calls;
};

static void log_file(const struct commands *commands, unsigned i,
                     char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.*s/node%u.log", PATH_MAX - 16,
             commands->directory, i + 1);
}

/* bench_node DIRECTORY NODE CLIENT-PORT PEER-PORT PEER-PORT PEER-PORT */
static enum error start_node(struct commands *commands, unsigned i)
{
    char data[PATH_MAX + 16], number[ARGUMENT_BYTES], log[PATH_MAX];
    char ports[NODES + 1][ARGUMENT_BYTES];
    const char *const argv[] = {commands->program, data,     number,   ports[0],
                                ports[1],          ports[2], ports[3], NULL};

    snprintf(data, sizeof(data), "%s/node%u", commands->directory, i + 1);
    snprintf(number, sizeof(number), "%u", i + 1);
    snprintf(ports[0], ARGUMENT_BYTES, "%u", commands->ports[i]);
    for (unsigned k = 0; k < NODES; k++) {
        snprintf(ports[k + 1], ARGUMENT_BYTES, "%u",
                 commands->ports[NODES + k]);
    }
    log_file(commands, i, log);
    return child_start(argv, log, &commands->nodes[i].pid);
}

static size_t take_answers(void *context, struct slice received)
{
    struct commands_node *node = context;
    size_t at = 0;

    while (received.len - at >= NODE_ANSWER_BYTES) {
        const uint8_t *answer = received.data + at;
        uint64_t tag = get_le64(answer);
        uint32_t result = get_le32(answer + 8);

        if (tag == LEADER_TAG) {
            node->leader = result <= NODES ? result : 0;
        } else {
            calls_finish(&node->commands->calls, tag, result == NODE_DONE);
        }
        at += NODE_ANSWER_BYTES;
    }
    return at;
}

static enum error turn(void *context)
{
    struct commands *commands = context;
    struct epoll_event events[NODES];
    int n;

    for (unsigned i = 0; i < NODES; i++) {
        TRY(wire_flush(&commands->nodes[i].wire));
    }
    n = epoll_wait(commands->epoll, events, NODES, CALLS_TURN_MS);
    for (int i = 0; i < n; i++) {
        struct commands_node *node = events[i].data.ptr;

        if (wire_read(&node->wire, commands->room, take_answers, node) !=
            ERROR_NONE) {
            return complain(ERROR_CLOSED,
                            PROGRAM " closed a connection; it said: %s/*.log",
                            commands->directory);
        }
    }
    return ERROR_NONE;
}

/* The tag is the moment it begins. */
static enum error commit(void *context)
{
    struct commands *commands = context;
    struct commands_node *node = &commands->nodes[commands->next];
    uint32_t bytes = commands->bench->options->bytes;

    node_put_question(commands->question, bytes, NODE_COMMIT, clock_ns());
    buffer_append(&node->wire.out, commands->question,
                  NODE_QUESTION_BYTES + bytes);
    if (!commands->bench->options->to_leader) {
        commands->next = (commands->next + 1) % NODES;
    }
    return ERROR_NONE;
}

static enum error measure_commands(void *lane, unsigned outstanding,
                                   struct figures *figures)
{
    struct commands *commands = lane;
    pid_t pids[NODES];

    for (unsigned i = 0; i < NODES; i++) {
        pids[i] = commands->nodes[i].pid;
    }
    return calls_measure(&commands->calls, outstanding, figures,
                         commands->bench->options, pids, NODES);
}

static void pause_ms(long ms)
{
    struct timespec wait = {.tv_nsec = ms * 1000000};

    nanosleep(&wait, NULL);
}

/* Connect to a node that listens. */
static enum error connect_node(struct commands *commands, unsigned i)
{
    struct commands_node *node = &commands->nodes[i];
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.ptr = node};
    struct sockaddr_storage to = {0};
    struct sockaddr_in *at = (struct sockaddr_in *)&to;
    enum error error;

    at->sin_family = AF_INET;
    at->sin_port = htons(commands->ports[i]);
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TRY(wire_open(&node->wire, &to, NULL, NULL));
    while ((error = wire_establish(&node->wire)) == ERROR_BUSY) {
        pause_ms(1);
    }
    TRY(error);
    return epoll_ctl(commands->epoll, EPOLL_CTL_ADD, node->wire.fd, &event) == 0
               ? ERROR_NONE
               : ERROR_IO;
}

/* Wait until a node listens. */
static enum error await_node(struct commands *commands, unsigned i,
                             uint64_t until_ns)
{
    char log[PATH_MAX];

    log_file(commands, i, log);
    while (!child_listens(commands->ports[i])) {
        TRY(interrupt_check());
        TRY(child_check(&commands->nodes[i].pid, commands->program, log));
        if (clock_ns() >= until_ns) {
            return complain(ERROR_TIMED_OUT, PROGRAM " does not listen");
        }
        pause_ms(READY_POLL_MS);
    }
    return ERROR_NONE;
}

static enum error connect_all(struct commands *commands, uint64_t until_ns)
{
    for (unsigned i = 0; i < NODES; i++) {
        TRY(await_node(commands, i, until_ns));
        TRY(connect_node(commands, i));
    }
    return ERROR_NONE;
}

/* Ask everyone until everyone names a leader. */
static enum error await_leader(struct commands *commands, uint64_t until_ns)
{
    uint8_t question[NODE_QUESTION_BYTES];
    unsigned ready = 0;

    node_put_question(question, 0, NODE_LEADER, LEADER_TAG);
    while (ready < NODES) {
        if (clock_ns() >= until_ns) {
            return complain(ERROR_TIMED_OUT, PROGRAM "s find no leader");
        }
        ready = 0;
        for (unsigned i = 0; i < NODES; i++) {
            ready += commands->nodes[i].leader != 0;
            buffer_append(&commands->nodes[i].wire.out, question,
                          sizeof(question));
        }
        TRY(turn(commands));
        pause_ms(ready < NODES ? READY_POLL_MS : 0);
    }
    commands->next = commands->nodes[0].leader - 1;
    return ERROR_NONE;
}

/* Beside perch-bench unless --bench-node names another. */
static void find_program(struct commands *commands)
{
    const char *named = commands->bench->options->bench_node;
    char self[PATH_MAX - 16];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (named != NULL || n < 0) {
        snprintf(commands->program, sizeof(commands->program), "%s",
                 named != NULL ? named : PROGRAM);
        return;
    }
    self[n] = '\0';
    slash = strrchr(self, '/');
    snprintf(commands->program, sizeof(commands->program), "%.*s/" PROGRAM,
             (int)(slash - self), self);
}

static enum error start(struct commands *commands)
{
    uint64_t until_ns = clock_after(READY_S);

    find_program(commands);
    TRY(lane_directory(commands->bench, "commands", commands->directory));
    TRY(child_free_ports(commands->ports, 2 * NODES));
    for (unsigned i = 0; i < NODES; i++) {
        TRY(start_node(commands, i));
    }
    TRY(connect_all(commands, until_ns));
    return await_leader(commands, until_ns);
}

static void close_commands(void *lane)
{
    struct commands *commands = lane;
    pid_t pids[NODES];

    if (commands == NULL) {
        return;
    }
    for (unsigned i = 0; i < NODES; i++) {
        wire_close(&commands->nodes[i].wire);
        pids[i] = commands->nodes[i].pid;
    }
    child_stop_all(pids, NODES);
    if (commands->epoll >= 0) {
        close(commands->epoll);
    }
    lane_remove_directory(commands->directory);
    free(commands->question);
    free(commands->room);
    free(commands);
}

static enum error make_parts(struct commands *commands)
{
    size_t bytes = NODE_QUESTION_BYTES + commands->bench->options->bytes;

    commands->calls =
        (struct calls){.begin = commit, .turn = turn, .context = commands};
    for (unsigned i = 0; i < NODES; i++) {
        commands->nodes[i].commands = commands;
        wire_init(&commands->nodes[i].wire);
    }
    commands->epoll = epoll_create1(EPOLL_CLOEXEC);
    commands->question = malloc(bytes);
    commands->room = malloc(WIRE_READ_BYTES);
    if (commands->epoll < 0 || commands->question == NULL ||
        commands->room == NULL) {
        return ERROR_NO_MEMORY;
    }
    memset(commands->question, 'x', bytes);
    return ERROR_NONE;
}

static enum error open_commands(const struct bench *bench, void **lane_out)
{
    struct commands *commands = calloc(1, sizeof(*commands));
    enum error error;

    if (commands == NULL) {
        return ERROR_NO_MEMORY;
    }
    commands->bench = bench;
    error = make_parts(commands);
    if (error == ERROR_NONE) {
        error = start(commands);
    }
    if (error != ERROR_NONE) {
        close_commands(commands);
        return error;
    }
    *lane_out = commands;
    return ERROR_NONE;
}

const struct lane lane_commands = {"commands", false, open_commands,
                                   measure_commands, close_commands};

enum error mode_commands(const struct bench *bench)
{
    return lane_run(&lane_commands, bench);
}
