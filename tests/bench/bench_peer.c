/* What a frame between two nodes costs: rate, round trip and CPU time of both
 * ends for 1 KiB entries, with and without TLS, by frames per loop turn.
 *
 *   bench_peer [SECONDS]    each measurement takes that long (default 2)
 *
 * Node 1 sends a batch, node 2 answers its last frame, node 1 sends the next.
 * The last column keeps the queue full instead. Two processes on loopback;
 * read the ratios, for the machine is shared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "raft/transport.h"

enum { ENTRY_BYTES = 1024, FULL = 0 };

static const unsigned batches[] = {1, 16, 64, FULL};

struct end {
    struct loop *loop;
    struct transport *transport;
    uint8_t other;
    unsigned batch; /* FULL keeps the queue full. */
    uint64_t frames;
    struct timer *timer;
};

static double cpu_s(int who)
{
    struct rusage usage;

    CHECK(getrusage(who, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static enum error send_entry(struct end *end, bool last)
{
    static uint8_t bytes[ENTRY_BYTES];
    struct peer_entry entry = {1, PEER_ENTRY_COMMAND,
                               slice_of(bytes, sizeof(bytes))};
    struct peer_message message = {
        .kind = PEER_APPEND_ENTRIES,
        .append_entries = {.term = 1,
                           .prev_log_index = last,
                           .entries = &entry,
                           .n = 1},
    };

    return transport_send(end->transport, end->other, &message);
}

static void send_batch(struct end *end)
{
    for (unsigned i = 0; i < end->batch; i++) {
        CHECK(send_entry(end, i + 1 == end->batch) == ERROR_NONE);
    }
    end->frames += end->batch;
}

static void fill_queue(void *context)
{
    struct end *end = context;

    while (end->batch == FULL && send_entry(end, false) == ERROR_NONE) {
        end->frames++;
    }
    timer_start(end->timer, 1, 0);
}

static enum peer_refusal admit(void *context, const struct peer_hello *hello)
{
    (void)context;
    (void)hello;
    return PEER_REFUSAL_NONE;
}

static void on_connected(void *context, uint8_t node,
                         const struct peer_hello *hello)
{
    struct end *end = context;

    (void)hello;
    if (node != 2) {
        return;
    }
    if (end->batch == FULL) {
        fill_queue(end);
    } else {
        send_batch(end);
    }
}

/* Only the end of a measurement may part them; the parent sees to that. */
static void on_disconnected(void *context, uint8_t node,
                            enum transport_reason reason)
{
    (void)node;
    (void)reason;
    loop_stop(((struct end *)context)->loop);
}

static void on_received(void *context, uint8_t node,
                        const struct peer_message *message)
{
    struct end *end = context;
    struct peer_message answer = {.kind = PEER_APPEND_ENTRIES_RESULT};

    if (message->kind == PEER_APPEND_ENTRIES_RESULT) {
        send_batch(end);
    } else if (message->append_entries.prev_log_index == 1) {
        CHECK(transport_send(end->transport, node, &answer) == ERROR_NONE);
    }
}

static void open_end(struct end *end, uint8_t node, const char *certificates,
                     uint16_t port)
{
    static const struct transport_events events = {
        admit, on_connected, on_disconnected, on_received};
    struct transport_node other = {(uint8_t)(3 - node), "127.0.0.1",
                                   port != 0 ? port : 1};
    char files[3][512];
    struct transport_settings settings = {
        .hello = {.node = node,
                  .raft_id = node,
                  .version_min = PEER_VERSION_MIN,
                  .version_max = PEER_VERSION_MAX},
        .nodes = &other,
        .n_nodes = 1,
        .listen_host = "127.0.0.1",
        .plain = certificates == NULL,
    };

    if (certificates != NULL) {
        snprintf(files[0], sizeof(files[0]), "%s/node%u.pem", certificates,
                 (unsigned)node);
        snprintf(files[1], sizeof(files[1]), "%s/node%u.key", certificates,
                 (unsigned)node);
        snprintf(files[2], sizeof(files[2]), "%s/ca.pem", certificates);
        settings.tls = (struct transport_tls){files[0], files[1], files[2]};
    }
    end->other = other.node;
    end->loop = loop_new();
    CHECK(transport_open(end->loop, &settings, &events, end, &end->transport) ==
          ERROR_NONE);
}

/* The receiving process: until the sender goes. */
static void receive_all(const char *certificates, int to_parent)
{
    struct end end = {0};
    uint16_t port;

    open_end(&end, 2, certificates, 0);
    port = transport_port(end.transport);
    CHECK(write(to_parent, &port, sizeof(port)) == sizeof(port));
    loop_run(end.loop);
    exit(0);
}

static void on_time(void *context)
{
    loop_stop(((struct end *)context)->loop);
}

struct figures {
    double frames_per_s;
    double cpu_us; /* Of both ends, per frame. */
};

static struct figures measure(const char *certificates, unsigned batch,
                              unsigned seconds)
{
    struct end end = {.batch = batch};
    double begin_cpu = cpu_s(RUSAGE_SELF), child_cpu = cpu_s(RUSAGE_CHILDREN);
    struct timer *deadline;
    double used;
    uint16_t port;
    int pipes[2];
    pid_t child;

    CHECK(pipe(pipes) == 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        receive_all(certificates, pipes[1]);
    }
    CHECK(read(pipes[0], &port, sizeof(port)) == sizeof(port));
    open_end(&end, 1, certificates, port);
    end.timer = timer_new(end.loop, fill_queue, &end);
    deadline = timer_new(end.loop, on_time, &end);
    timer_start(deadline, seconds * 1000, 0);
    loop_run(end.loop);
    timer_free(deadline);
    timer_free(end.timer);
    transport_close(end.transport);
    loop_free(end.loop);
    close(pipes[0]);
    close(pipes[1]);
    CHECK(waitpid(child, NULL, 0) == child);
    used = cpu_s(RUSAGE_SELF) - begin_cpu + cpu_s(RUSAGE_CHILDREN) - child_cpu;
    return (struct figures){(double)end.frames / seconds,
                            used * 1e6 / (double)end.frames};
}

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 2;

    journal_configure(JOURNAL_ERROR, false, false);
    CHECK(seconds > 0);
    CHECK(system("'" MAKE_CERTS "' --dir '" CERTIFICATES_DIR
                 "/pool' --nodes 5") == 0);
    printf("batch   plain/s  us cpu     tls/s  us cpu   tls/plain: rate  "
           "cpu\n");
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        struct figures plain = measure(NULL, batches[i], seconds);
        struct figures tls =
            measure(CERTIFICATES_DIR "/pool", batches[i], seconds);
        char name[16];

        snprintf(name, sizeof(name), "%u", batches[i]);
        printf("%5s %9.0f %7.2f %9.0f %7.2f %17.2f %4.2f\n",
               batches[i] == FULL ? "full" : name, plain.frames_per_s,
               plain.cpu_us, tls.frames_per_s, tls.cpu_us,
               tls.frames_per_s / plain.frames_per_s,
               tls.cpu_us / plain.cpu_us);
    }
    return 0;
}
