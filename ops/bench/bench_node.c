/* A node that replicates commands and does nothing with them: log, peers and
 * core of perchd without SIP, rules and store.
 *
 *   bench_node DIRECTORY NODE CLIENT-PORT PEER-PORT...
 *
 * One PEER-PORT per node of the pool, on 127.0.0.1; NODE counts them from 1.
 * As in perchd, the raft loop and the loop of the owner are two threads, and
 * the log is written by a third. The state is which commands have been counted,
 * in memory only: it lives as long as its process, and so does a comparison.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/complain.h"
#include "ops/bench/node_serve.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "proto/base/os/scheduling.h"
#include "proto/entry.h"
#include "raft/replica_open.h"

enum { NODES_MAX = REPLICA_NODES_MAX, START_BYTES = 16, PORT_MAX = 65535 };

/* What is known of one node's proposals. */
struct origin {
    uint8_t start[START_BYTES]; /* What began its epoch. */
    uint64_t epoch;             /* 0: none yet. */
    uint64_t last;              /* The last number counted. */
};

struct node {
    uint8_t number;
    struct transport_node nodes[NODES_MAX];
    size_t n;
    struct loop *loop, *raft_loop;
    struct replica *replica;
    struct serve *serve;
    struct origin origins[NODES_MAX + 1]; /* By node. */
    uint64_t proposed;                    /* The last number given out. */
    uint64_t applied_index;
    uint64_t flush_index; /* Wanted; 0: none. */
};

static struct origin *own(struct node *node)
{
    return &node->origins[node->number];
}

static void start_epoch(struct node *node, const struct replica_entry *at,
                        const struct entry *entry)
{
    struct origin *origin = &node->origins[entry->origin_node];

    CHECK(entry->command.len == START_BYTES);
    if (memcmp(origin->start, entry->command.data, START_BYTES) == 0) {
        return; /* Proposed again before it was known to be committed. */
    }
    CHECK(entry->origin_node != node->number || origin->epoch == 0);
    memcpy(origin->start, entry->command.data, START_BYTES);
    origin->epoch = at->index;
    origin->last = 0;
    if (entry->origin_node == node->number) {
        replica_answered(node->replica, 0);
    }
}

/* A command counts once, and in the order of its numbers. */
static void count(struct node *node, const struct entry *entry)
{
    struct origin *origin = &node->origins[entry->origin_node];

    if (entry->origin_epoch != origin->epoch ||
        entry->number != origin->last + 1) {
        return;
    }
    origin->last++;
    if (entry->origin_node == node->number) {
        serve_applied(node->serve);
    }
}

static void tell_flushed(struct node *node)
{
    if (node->flush_index != 0 && node->flush_index <= node->applied_index) {
        node->flush_index = 0;
        replica_flushed(node->replica, node->applied_index);
    }
}

static void on_committed(void *context, const struct replica_entry *entries,
                         size_t n)
{
    struct node *node = context;

    for (size_t i = 0; i < n; i++) {
        struct entry entry;

        CHECK(entry_read(entries[i].bytes, &entry) == ERROR_NONE);
        CHECK(entry.origin_node >= 1 && entry.origin_node <= node->n);
        if (entry.number == 0) {
            start_epoch(node, &entries[i], &entry);
        } else {
            count(node, &entry);
        }
        node->applied_index = entries[i].index;
    }
    replica_answered(node->replica, own(node)->last);
    replica_applied(node->replica, node->applied_index);
    tell_flushed(node);
}

static void on_changed(void *context, const struct replica_status *status)
{
    (void)context, (void)status;
}

static void on_read_ready(void *context, uint64_t token, enum error error,
                          uint64_t log_index)
{
    (void)context, (void)token, (void)error, (void)log_index;
}

static void on_withdrawn(void *context, uint64_t number, bool taken_back)
{
    (void)context, (void)number, (void)taken_back;
}

static void on_flush_wanted(void *context, uint64_t log_index)
{
    struct node *node = context;

    node->flush_index = log_index;
    tell_flushed(node);
}

static void on_checkpoint_wanted(void *context, uint64_t id,
                                 const char *directory)
{
    struct node *node = context;

    (void)directory; /* Nothing to put there: whoever needs it must stop. */
    replica_checkpoint_made(node->replica, id, ERROR_UNSUPPORTED,
                            node->applied_index);
}

static void on_checkpoint_dropped(void *context, uint64_t id)
{
    (void)context, (void)id;
}

static void on_restore(void *context, const char *directory, uint64_t log_index)
{
    (void)context, (void)directory, (void)log_index;
    complain(ERROR_UNSUPPORTED, "bench_node keeps no state to be restored");
    exit(1);
}

static bool on_may_rejoin(void *context, uint8_t number)
{
    (void)context, (void)number;
    return false;
}

static bool on_knows_directory(void *context, uint64_t raft_id,
                               uint64_t directory_id)
{
    (void)context, (void)raft_id, (void)directory_id;
    return true;
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    (void)context;
    complain(error, "bench_node must stop: %s", reason);
    exit(1);
}

static enum error propose(void *context, struct slice command)
{
    struct node *node = context;

    if (own(node)->epoch == 0) {
        return ERROR_NO_LEADER;
    }
    TRY(replica_propose(node->replica, own(node)->epoch, node->proposed + 1,
                        command));
    node->proposed++;
    return ERROR_NONE;
}

static uint32_t leader(void *context)
{
    struct node *node = context;

    return own(node)->epoch == 0 ? 0 : replica_status(node->replica)->leader;
}

static enum error open_replica(struct node *node, const char *directory)
{
    struct replica_settings settings = {
        .directory = directory,
        .pool.bytes = "perch-bench pool",
        .node = node->number,
        .founding = true,
        .nodes = node->nodes,
        .n_nodes = node->n,
        .listen_host = "127.0.0.1",
        .listen_port = node->nodes[node->number - 1].port,
        .plain = true,
        .software = "bench_node",
        .sip_address = "",
        .rules_version = 1,
        .noop = SLICE_LITERAL("noop"),
        .owner_loop = node->loop,
        .raft_loop = node->raft_loop,
        .events = {.context = node,
                   .committed = on_committed,
                   .changed = on_changed,
                   .read_ready = on_read_ready,
                   .withdrawn = on_withdrawn,
                   .flush_wanted = on_flush_wanted,
                   .checkpoint_wanted = on_checkpoint_wanted,
                   .checkpoint_dropped = on_checkpoint_dropped,
                   .restore = on_restore,
                   .may_rejoin = on_may_rejoin,
                   .knows_directory = on_knows_directory,
                   .fatal = on_fatal}};

    return replica_open(&settings, &node->replica);
}

static void *run_raft(void *context)
{
    struct node *node = context;

    loop_run(node->raft_loop);
    return NULL;
}

/* Runs until it is killed. */
static enum error run(struct node *node, const char *directory,
                      uint16_t client_port)
{
    struct serve_owner owner = {node, propose, leader};
    uint8_t start[START_BYTES];
    pthread_t thread;

    node->loop = loop_new();
    node->raft_loop = loop_new();
    CHECK(node->loop != NULL && node->raft_loop != NULL);
    TRY(open_replica(node, directory));
    TRY(serve_open(&node->serve, node->loop, client_port, &owner));
    loop_random(node->loop, start, sizeof(start));
    TRY(replica_start(node->replica, 0));
    TRY(replica_begin_epoch(node->replica, slice_of(start, sizeof(start))));
    CHECK(pthread_create(&thread, NULL, run_raft, node) == 0);
    loop_run(node->loop);
    return ERROR_NONE;
}

/* A number of at least 1; 0 when it is none. */
static uint16_t read_number(const char *text, long most)
{
    char *end;
    long number = strtol(text, &end, 10);

    return *end == '\0' && number >= 1 && number <= most ? (uint16_t)number : 0;
}

static bool read_arguments(int argc, char **argv, struct node *node,
                           uint16_t *client_port)
{
    if (argc < 5 || argc - 4 > NODES_MAX) {
        return false;
    }
    node->n = (size_t)argc - 4;
    node->number = (uint8_t)read_number(argv[2], (long)node->n);
    *client_port = read_number(argv[3], PORT_MAX);
    for (size_t i = 0; i < node->n; i++) {
        node->nodes[i] =
            (struct transport_node){.node = (uint8_t)(i + 1),
                                    .host = "127.0.0.1",
                                    .port = read_number(argv[4 + i], PORT_MAX)};
        if (node->nodes[i].port == 0) {
            return false;
        }
    }
    return node->number != 0 && *client_port != 0;
}

int main(int argc, char **argv)
{
    static struct node node;
    uint16_t client_port;
    enum error error;

    if (!read_arguments(argc, argv, &node, &client_port)) {
        fprintf(stderr, "usage: bench_node DIRECTORY NODE CLIENT-PORT "
                        "PEER-PORT... (one for each node)\n");
        return 2;
    }
    journal_configure(JOURNAL_WARNING, false, true);
    scheduling_gather();
    error = run(&node, argv[1], client_port);
    if (error != ERROR_NONE) {
        complain(error, "bench_node: %s", error_text(error));
    }
    return 1;
}
