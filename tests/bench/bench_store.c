/* What the store costs on this machine.
 *
 *   bench_store [--dir D] [--memtable MIB] [--cache MIB] [--mib MIB]
 *
 * Commits batches of 1, 16 and 128 entries, each entry a message of 300 bytes,
 * each batch one dirty row of 1 KiB besides; then grows the store to --mib
 * (200) and times a checkpoint, opening, and reading the last 25 messages of a
 * room. Figures are of this run alone; compare only with others of this
 * machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "storage/checkpoint.h"
#include "storage/cursor.h"
#include "storage/files.h"
#include "storage/store.h"

enum {
    MESSAGE_BYTES = 300,
    DIRTY_BYTES = 1024,
    ROOMS = 1000,
    READS = 20000,
    LAST_MESSAGES = 25,
};

struct bench {
    const char *directory;
    char path[FILES_PATH_BYTES_MAX];
    char checkpoint[FILES_PATH_BYTES_MAX];
    struct store_options options;
    uint64_t mib;
    struct store *store;
    struct batch *batch;
    uint64_t index;
    uint64_t messages[ROOMS];
    uint8_t text[DIRTY_BYTES * 64];
};

static double wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* CPU of this thread alone, and of all threads: flushes and merges too. */
static double cpu_s(int who)
{
    struct rusage usage;

    CHECK(getrusage(who, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void must(enum error error, const char *what)
{
    if (error != ERROR_NONE) {
        fprintf(stderr, "%s: %s\n", what, error_text(error));
        exit(1);
    }
}

static uint64_t random_next(void)
{
    static uint64_t state = 88172645463325252U;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Text that compresses as talk does: words, not noise and not one letter. */
static void text_fill(struct bench *bench)
{
    static const char *const words[] = {
        "the ", "room ", "is ",   "open ", "again ", "price ", "of ",   "oil ",
        "now ", "see ",  "mail ", "thx ",  "7:30 ",  "at ",    "desk ", "12 "};
    size_t at = 0;

    while (at + 8 < sizeof(bench->text)) {
        at += (size_t)sprintf((char *)bench->text + at, "%s",
                              words[random_next() % 16]);
    }
}

static struct slice text_some(struct bench *bench, size_t bytes)
{
    return slice_of(bench->text +
                        random_next() % (sizeof(bench->text) - DIRTY_BYTES),
                    bytes);
}

static void message_put(struct bench *bench)
{
    uint64_t room = random_next() % ROOMS;
    struct key key;

    key_build(TABLE_MESSAGES, (uint64_t[]){room, ++bench->messages[room]},
              &key);
    batch_put(bench->batch, TABLE_MESSAGES, key_slice(&key),
              text_some(bench, MESSAGE_BYTES));
}

static void batch_commit(struct bench *bench, unsigned entries)
{
    struct key key;

    batch_clear(bench->batch);
    for (unsigned i = 0; i < entries; i++) {
        message_put(bench);
    }
    key_build(TABLE_ROOMS, (uint64_t[]){(uint16_t)bench->index}, &key);
    batch_put(bench->batch, TABLE_ROOMS, key_slice(&key),
              text_some(bench, DIRTY_BYTES));
    bench->index += entries;
    must(store_commit(bench->store, bench->batch, bench->index), "commit");
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Commit batches for about two seconds. */
static void bench_commit(struct bench *bench, unsigned entries)
{
    enum { BATCHES_MAX = 1000000 };
    static double took[BATCHES_MAX];
    double began = wall_s(), thread = cpu_s(RUSAGE_THREAD);
    double all = cpu_s(RUSAGE_SELF), now = began, rows;
    size_t n = 0;

    while (now - began < 2 && n < BATCHES_MAX) {
        double before = now;

        batch_commit(bench, entries);
        now = wall_s();
        took[n++] = now - before;
    }
    rows = (double)n * (entries + 1);
    thread = cpu_s(RUSAGE_THREAD) - thread;
    all = cpu_s(RUSAGE_SELF) - all;
    qsort(took, n, sizeof(took[0]), by_size);
    printf("commit  batch %3u entries: %8.0f rows/s, CPU %.2f us/row in the "
           "loop, %.2f in all, batch p50 %.1f p99 %.1f max %.0f us\n",
           entries, rows / (now - began), thread / rows * 1e6, all / rows * 1e6,
           took[n / 2] * 1e6, took[n * 99 / 100] * 1e6, took[n - 1] * 1e6);
}

/* How many files there are, and of how many bytes. */
struct size {
    uint64_t files, bytes;
};

static enum error size_add(void *context, const struct files_entry *entry)
{
    struct size *size = context;

    size->files += 1;
    size->bytes += entry->bytes;
    return ERROR_NONE;
}

/* Make a checkpoint, and see what its parts cost. */
static uint64_t bench_checkpoint(struct bench *bench)
{
    struct size size = {0};
    double began, flushed, made, verified;
    uint64_t index;

    files_remove(bench->checkpoint);
    began = wall_s();
    must(store_flush(bench->store, UINT64_MAX), "flush");
    flushed = wall_s();
    must(store_checkpoint(bench->store, bench->checkpoint, &index),
         "checkpoint");
    made = wall_s();
    must(checkpoint_verify(bench->checkpoint), "verify");
    verified = wall_s();
    must(files_list(bench->checkpoint, size_add, &size), "list");
    printf("checkpoint of %" PRIu64 " MiB in %" PRIu64 " files (%.0f bytes a "
           "message): flush %.1f ms, links and index %.1f ms, verify %.0f ms\n",
           size.bytes >> 20, size.files,
           (double)size.bytes / (double)bench->index, (flushed - began) * 1e3,
           (made - flushed) * 1e3, (verified - made) * 1e3);
    must(files_remove(bench->checkpoint), "remove");
    return size.bytes;
}

static void grow(struct bench *bench)
{
    while (bench_checkpoint(bench) < bench->mib << 20) {
        for (unsigned i = 0; i < 2000; i++) {
            batch_commit(bench, 128);
        }
    }
}

static void room_read(struct bench *bench, uint64_t room)
{
    struct key lower, upper;
    struct cursor *cursor;
    struct view *view;
    struct row row;

    key_prefix(TABLE_MESSAGES, 1, &room, &lower);
    upper = lower;
    key_after(&upper);
    must(view_open(bench->store, &view), "view");
    must(cursor_open(view, TABLE_MESSAGES,
                     (struct range){key_slice(&lower), key_slice(&upper), true},
                     &cursor),
         "cursor");
    for (unsigned i = 0; i < LAST_MESSAGES; i++) {
        enum error error = cursor_next(cursor, &row);

        if (error == ERROR_NOT_FOUND) {
            break;
        }
        must(error, "row");
    }
    cursor_close(cursor);
    view_close(view);
}

/* Read the last messages of random rooms, or of one again and again. */
static void bench_read(struct bench *bench, uint64_t rooms)
{
    double began = wall_s();

    for (unsigned i = 0; i < READS; i++) {
        room_read(bench, random_next() % rooms);
    }
    printf("last %d messages, of %" PRIu64 " rooms: %.1f us\n", LAST_MESSAGES,
           rooms, (wall_s() - began) / READS * 1e6);
}

static void bench_reopen(struct bench *bench)
{
    double began = wall_s(), closed;

    must(store_close(bench->store), "close");
    closed = wall_s();
    must(store_open(bench->path, &bench->options, &bench->store), "open");
    printf("close %.1f ms, open %.1f ms\n", (closed - began) * 1e3,
           (wall_s() - closed) * 1e3);
}

static void bench_new(struct bench *bench)
{
    double began = wall_s(), formatted;

    must(store_format(bench->path), "format");
    formatted = wall_s();
    must(store_open(bench->path, &bench->options, &bench->store), "open");
    printf("empty store: format %.1f ms, open %.1f ms\n",
           (formatted - began) * 1e3, (wall_s() - formatted) * 1e3);
}

static void arguments_read(struct bench *bench, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t number = strtoull(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--dir") == 0) {
            bench->directory = argv[i + 1];
        } else if (strcmp(argv[i], "--memtable") == 0) {
            bench->options.memtable_bytes = number << 20;
        } else if (strcmp(argv[i], "--cache") == 0) {
            bench->options.cache_bytes = number << 20;
        } else if (strcmp(argv[i], "--mib") == 0) {
            bench->mib = number;
        }
    }
}

int main(int argc, char **argv)
{
    static struct bench bench = {.directory = "/tmp/perch-bench-store",
                                 .options = STORE_OPTIONS_DEFAULT,
                                 .mib = 200};
    static const unsigned entries[] = {1, 16, 128};

    arguments_read(&bench, argc, argv);
    files_remove(bench.directory);
    must(files_make_directory(bench.directory), bench.directory);
    must(files_path(bench.path, bench.directory, "store"), "path");
    must(files_path(bench.checkpoint, bench.directory, "checkpoint"), "path");
    bench.batch = batch_new();
    CHECK(bench.batch != NULL);
    text_fill(&bench);
    bench_new(&bench);
    for (unsigned i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        bench_commit(&bench, entries[i]);
    }
    grow(&bench);
    bench_reopen(&bench);
    bench_read(&bench, ROOMS);
    bench_read(&bench, 1);
    must(store_close(bench.store), "close");
    batch_free(bench.batch);
    must(files_remove(bench.directory), "remove");
    return 0;
}
