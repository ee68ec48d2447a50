/* How many commands a pool of three replicas commits per second, on real loops,
 * disks and loopback sockets, all in this process: a closed loop with so many
 * outstanding, on the leader or on a follower. And the same for reads.
 *
 *   bench_replica [SECONDS [BYTES]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/histogram.h"
#include "proto/base/journal.h"
#include "raft/replica_meters.h"
#include "tests/cluster/replica_pool.h"

enum { SLOTS = 65536 };

struct bench {
    uint64_t next; /* Word, or read. */
    uint64_t until_us;
    uint64_t begun_us[SLOTS];
    uint64_t done;
    size_t outstanding;
    struct histogram latency;
    bool reads;
    atomic_bool ended;
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void go_on(struct bench *bench, struct owner *owner)
{
    uint64_t word = ++bench->next;

    bench->begun_us[word % SLOTS] = now_us();
    if (bench->reads) {
        CHECK(owner_read(owner, word, 5000) == ERROR_NONE);
    } else {
        CHECK(owner_propose(owner, word));
    }
}

static void one_done(struct bench *bench, struct owner *owner, uint64_t word)
{
    uint64_t now = now_us();

    bench->done++;
    histogram_record(&bench->latency, now - bench->begun_us[word % SLOTS]);
    if (now < bench->until_us) {
        go_on(bench, owner);
    } else if (--bench->outstanding == 0) {
        bench->ended = true;
    }
}

static void on_acknowledged(void *context, struct owner *owner, uint64_t word,
                            uint64_t index)
{
    (void)index;
    one_done(context, owner, word);
}

static void on_read(void *context, struct owner *owner, uint64_t token,
                    enum error error)
{
    CHECK(error == ERROR_NONE);
    one_done(context, owner, token);
}

static void begin(struct owner *owner, void *context)
{
    struct bench *bench = context;

    for (size_t i = 0; i < bench->outstanding; i++) {
        go_on(bench, owner);
    }
}

static void get_batches(struct owner *owner, void *context)
{
    const struct replica_meters *meters = replica_meters(owner_replica(owner));

    ((uint64_t *)context)[0] = meter_count(&meters->batches);
    ((uint64_t *)context)[1] = meter_count(&meters->led);
}

static void run(struct replica_pool *pool, struct bench *bench, unsigned node,
                unsigned leader, size_t outstanding, double seconds, bool reads)
{
    uint64_t before[2], after[2], began_us = now_us();
    double took;

    bench->outstanding = outstanding;
    bench->done = 0;
    bench->reads = reads;
    bench->ended = false;
    bench->until_us = began_us + (uint64_t)(seconds * 1e6);
    histogram_init(&bench->latency);
    replica_pool_do(pool, leader, get_batches, before);
    replica_pool_do(pool, node, begin, bench);
    while (!bench->ended) {
        usleep(1000);
    }
    took = (double)(now_us() - began_us) / 1e6;
    replica_pool_do(pool, leader, get_batches, after);
    printf("%-7s %-9s %5zu outstanding: %9.0f/s  p50 %6" PRIu64
           " us  p99 %6" PRIu64 " us  %6.1f entries/batch\n",
           reads ? "read" : "command", node == leader ? "leader" : "follower",
           outstanding, (double)bench->done / took,
           histogram_at(&bench->latency, 500000),
           histogram_at(&bench->latency, 990000),
           after[0] == before[0] ? 0
                                 : (double)(after[1] - before[1]) /
                                       (double)(after[0] - before[0]));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const size_t outstandings[] = {1, 64, 1024};
    double seconds = argc > 1 ? atof(argv[1]) : 3;
    struct bench *bench = calloc(1, sizeof(*bench));
    struct replica_pool_settings settings = {
        .n_nodes = 3,
        .command_bytes = argc > 2 ? (size_t)atoi(argv[2]) : 256,
        .acknowledged = on_acknowledged,
        .read = on_read,
        .context = bench};
    struct replica_pool *pool;
    unsigned leader;

    journal_configure(JOURNAL_WARNING, false, false);
    CHECK(bench != NULL);
    pool = replica_pool_new(&settings);
    leader = replica_pool_leader(pool);
    CHECK(leader != 0);
    for (int reads = 0; reads < 2; reads++) {
        for (unsigned at = 0; at < 2; at++) {
            for (size_t i = 0; i < 3; i++) {
                run(pool, bench, at == 0 ? leader : leader % 3 + 1, leader,
                    outstandings[i], seconds, reads == 1);
            }
        }
    }
    replica_pool_free(pool);
    free(bench);
    return 0;
}
