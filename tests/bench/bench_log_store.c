/* How much of the disk's own speed the log store leaves to its owner.
 *
 *   bench_log_store DIRECTORY [SECONDS]
 *
 * Entries of 288 bytes, 1, 64 and 1024 outstanding, against a bare loop of
 * O_DIRECT|O_DSYNC writes of the size that as many entries have, into a file
 * made of zeros as segments are. Both take turns in slices, so that a busy
 * machine slows both; read the ratios, not the rates.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "raft/device.h"
#include "raft/log_store.h"

enum {
    ENTRY_BYTES = 288,
    RECORD_BYTES = 32 + ENTRY_BYTES, /* As the store lays it out. */
    BATCH_BYTES = 72,
    OUTSTANDING_MAX = 1024,
    SLICES = 16,
    SNAPSHOT_EVERY = 200000,
    TRAILING = 1000,
    LATENCIES_MAX = 4 * 1024 * 1024,
    RAW_FILE_BYTES = 64 * 1024 * 1024,
};

struct tally {
    uint64_t entries;
    uint64_t writes;
    uint64_t us;
    uint32_t *latencies; /* us of each call; the first LATENCIES_MAX. */
    size_t n;
};

struct bench {
    struct loop *loop;
    struct log_store *store;
    struct tally *tally;
    size_t per_call;
    size_t outstanding; /* Calls. */
    uint64_t begun_us[OUTSTANDING_MAX];
    size_t next; /* Ring of begun_us: completions come in order. */
    size_t oldest;
    uint64_t done_index;
    uint64_t snapshot_at;
    bool stopping;
    uint8_t bytes[ENTRY_BYTES];
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void on_failed(void *context, enum error error)
{
    (void)context;
    fprintf(stderr, "the log cannot be written: %s\n", error_text(error));
    exit(1);
}

static void on_snapshot(void *context, enum error error)
{
    (void)context;
    CHECK(error == ERROR_NONE);
}

/* Let old segments go, as compaction does. */
static void drop_old(struct bench *bench)
{
    const struct log_snapshot snapshot = {.index = bench->done_index,
                                          .term = 1};

    if (bench->done_index < bench->snapshot_at) {
        return;
    }
    bench->snapshot_at = bench->done_index + SNAPSHOT_EVERY;
    CHECK(log_store_snapshot_put(bench->store, TRAILING, &snapshot, on_snapshot,
                                 NULL) == ERROR_NONE);
}

static void call(struct bench *bench);

static void on_done(void *context, enum error error)
{
    struct bench *bench = context;
    struct tally *tally = bench->tally;
    uint64_t us = now_us() - bench->begun_us[bench->oldest];

    CHECK(error == ERROR_NONE);
    bench->oldest = (bench->oldest + 1) % OUTSTANDING_MAX;
    bench->done_index += bench->per_call;
    bench->outstanding--;
    tally->entries += bench->per_call;
    if (tally->n < LATENCIES_MAX) {
        tally->latencies[tally->n++] = (uint32_t)us;
    }
    drop_old(bench);
    if (!bench->stopping) {
        call(bench);
    } else if (bench->outstanding == 0) {
        loop_stop(bench->loop);
    }
}

static void call(struct bench *bench)
{
    static struct log_entry entries[OUTSTANDING_MAX];

    for (size_t i = 0; i < bench->per_call; i++) {
        entries[i] =
            (struct log_entry){1, 1, slice_of(bench->bytes, ENTRY_BYTES)};
    }
    bench->begun_us[bench->next] = now_us();
    bench->next = (bench->next + 1) % OUTSTANDING_MAX;
    bench->outstanding++;
    CHECK(log_store_append(bench->store, entries, bench->per_call, on_done,
                           bench) == ERROR_NONE);
}

static void on_over(void *context)
{
    ((struct bench *)context)->stopping = true;
}

static void run_store(struct bench *bench, struct tally *tally, size_t calls,
                      size_t per_call, double seconds)
{
    struct timer *timer = timer_new(bench->loop, on_over, bench);
    struct log_store_status before, after;
    uint64_t begin_us = now_us();

    bench->tally = tally;
    bench->per_call = per_call;
    bench->stopping = false;
    log_store_status(bench->store, &before);
    timer_start(timer, (uint64_t)(seconds * 1000), 0);
    for (size_t i = 0; i < calls; i++) {
        call(bench);
    }
    loop_run(bench->loop);
    log_store_status(bench->store, &after);
    tally->us += now_us() - begin_us;
    tally->writes += after.syncs - before.syncs;
    timer_free(timer);
}

static int raw_open(const char *path)
{
    uint8_t *zeros = calloc(1, 1024 * 1024);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0 && zeros != NULL);
    for (off_t at = 0; at < RAW_FILE_BYTES; at += 1024 * 1024) {
        CHECK(pwrite(fd, zeros, 1024 * 1024, at) == 1024 * 1024);
    }
    CHECK(fsync(fd) == 0);
    close(fd);
    free(zeros);
    fd = open(path, O_RDWR | O_DIRECT | O_DSYNC);
    CHECK(fd >= 0);
    return fd;
}

static void run_raw(int fd, struct tally *tally, size_t n, double seconds)
{
    size_t len = (BATCH_BYTES + n * RECORD_BYTES + DEVICE_BLOCK_BYTES - 1) /
                 DEVICE_BLOCK_BYTES * DEVICE_BLOCK_BYTES;
    uint64_t begin_us = now_us(), at_us = begin_us;
    static off_t at;
    void *bytes = NULL;

    CHECK(posix_memalign(&bytes, DEVICE_BLOCK_BYTES, len) == 0);
    memset(bytes, 7, len);
    while (at_us - begin_us < (uint64_t)(seconds * 1000000)) {
        uint64_t done_us;

        at = at + (off_t)len > RAW_FILE_BYTES ? 0 : at;
        CHECK(pwrite(fd, bytes, len, at) == (ssize_t)len);
        at += (off_t)len;
        done_us = now_us();
        if (tally->n < LATENCIES_MAX) {
            tally->latencies[tally->n++] = (uint32_t)(done_us - at_us);
        }
        at_us = done_us;
        tally->writes++;
        tally->entries += n;
    }
    tally->us += at_us - begin_us;
    free(bytes);
}

static int by_value(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_tally(const char *name, struct tally *tally,
                        const struct tally *bare)
{
    double seconds = (double)tally->us / 1000000;
    double rate = (double)tally->entries / seconds;
    double bare_rate = (double)bare->entries * 1000000 / (double)bare->us;

    qsort(tally->latencies, tally->n, sizeof(*tally->latencies), by_value);
    printf("  %-22s %9.0f entries/s %6.0f syncs/s  p50 %5u us  p99 %5u us"
           "  rate x %.2f  p50 x %.2f\n",
           name, rate, (double)tally->writes / seconds,
           tally->latencies[tally->n / 2],
           tally->latencies[tally->n * 99 / 100], rate / bare_rate,
           (double)tally->latencies[tally->n / 2] /
               (double)bare->latencies[bare->n / 2]);
}

static void compare(struct bench *bench, int fd, size_t n, double seconds)
{
    struct tally raw = {0}, single = {0}, whole = {0};
    struct tally *all[] = {&raw, &single, &whole};

    for (size_t i = 0; i < 3; i++) {
        all[i]->latencies = calloc(LATENCIES_MAX, sizeof(uint32_t));
        CHECK(all[i]->latencies != NULL);
    }
    for (int slice = 0; slice < SLICES; slice++) {
        run_raw(fd, &raw, n, seconds / SLICES);
        run_store(bench, &single, n, 1, seconds / SLICES);
        run_store(bench, &whole, 1, n, seconds / SLICES);
    }
    printf("%zu outstanding\n", n);
    print_tally("bare writes", &raw, &raw);
    print_tally("store, a call an entry", &single, &raw);
    print_tally("store, one call", &whole, &raw);
    for (size_t i = 0; i < 3; i++) {
        free(all[i]->latencies);
    }
}

static void open_store(struct bench *bench, const char *path)
{
    const struct log_store_options options = {
        .path = path, .identity = {.pool_id = {{1}}, .directory_id = 1}};
    const struct log_store_owner owner = {on_failed, NULL, NULL};
    struct log_recovered *recovered;
    struct log_damage damage;
    enum error error = log_store_format(&options);

    CHECK(error == ERROR_NONE || error == ERROR_EXISTS);
    CHECK(log_store_open(bench->loop, &options, &owner, &bench->store,
                         &recovered, &damage) == ERROR_NONE);
    if (recovered->term == 0) {
        CHECK(log_store_set_term(bench->store, 1) == ERROR_NONE);
    }
    bench->done_index = recovered->first_index + recovered->n - 1;
    printf("%zu entries recovered\n", recovered->n);
    bench->snapshot_at = bench->done_index + SNAPSHOT_EVERY;
    log_recovered_free(recovered);
}

/* Make the log as long as it gets between two snapshots and open it anew. */
static void reopen(struct bench *bench, const char *path)
{
    struct tally tally = {.n = LATENCIES_MAX};
    uint64_t begin_us;

    bench->snapshot_at = UINT64_MAX;
    run_store(bench, &tally, 64, 1, 2);
    log_store_close(bench->store);
    begin_us = now_us();
    open_store(bench, path);
    printf("opened after a clean close in %.0f ms\n",
           (double)(now_us() - begin_us) / 1000);
}

static void print_store(const struct bench *bench)
{
    struct log_store_status status;

    log_store_status(bench->store, &status);
    printf("%zu MiB in %zu syncs, %zu turnovers that waited, %zu marks\n",
           (size_t)(status.bytes >> 20), (size_t)status.syncs,
           (size_t)status.spare_waits, (size_t)status.marks);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    double seconds = argc > 2 ? atof(argv[2]) : 4;
    char path[512];
    int fd;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_log_store DIRECTORY [SECONDS]\n");
        return 2;
    }
    journal_configure(JOURNAL_WARNING, false, false);
    CHECK(mkdir(argv[1], 0700) == 0 || access(argv[1], W_OK) == 0);
    snprintf(path, sizeof(path), "%s/raw", argv[1]);
    fd = raw_open(path);
    snprintf(path, sizeof(path), "%s/log", argv[1]);
    bench.loop = loop_new();
    open_store(&bench, path);
    compare(&bench, fd, 1, seconds);
    compare(&bench, fd, 64, seconds);
    compare(&bench, fd, OUTSTANDING_MAX, seconds);
    print_store(&bench);
    reopen(&bench, path);
    log_store_close(bench.store);
    loop_free(bench.loop);
    close(fd);
    return 0;
}
