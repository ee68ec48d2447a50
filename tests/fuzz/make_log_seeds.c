/* Writes logs as the fuzzer of their loader takes them (log_input.h).
 *
 *   make_log_seeds DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/log_store/segment.h"
#include "tests/fuzz/log_input.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/unit/fake_loop.h"

#define PATH "/seeds/log"

enum { SEEDS = 12 };

static uint64_t draw(void *context)
{
    uint64_t *state = context;

    return *state = *state * 6364136223846793005u + 1442695040888963407u;
}

static uint64_t below(uint64_t *random, uint64_t bound)
{
    return (draw(random) >> 33) % bound;
}

/* A short life: entries of some sizes, a truncate, markers of both kinds. */
static void live(struct log_store *store, struct loop *loop, uint64_t *random)
{
    static const uint8_t bytes[3000] = "bytes of an entry";
    struct log_store_status status;

    CHECK(log_store_set_term(store, 3) == ERROR_NONE);
    CHECK(log_store_set_vote(store, 0x102) == ERROR_NONE);
    for (uint64_t calls = 3 + below(random, 8); calls > 0; calls--) {
        struct log_entry entry = {3, 1, slice_of(bytes, below(random, 3000))};
        struct log_snapshot snapshot = {
            .term = 2, .configuration = SLICE_LITERAL("1,2,3")};

        CHECK(log_store_append(store, &entry, 1, NULL, NULL) == ERROR_NONE);
        log_store_status(store, &status);
        snapshot.index = status.next_index - 1;
        switch (below(random, 8)) {
        case 0:
            log_store_truncate(store, status.next_index - 1);
            break;
        case 1:
            log_store_snapshot_put(store, 2, &snapshot, NULL, NULL);
            break;
        case 2:
            snapshot.index += 10;
            log_store_snapshot_put(store, 0, &snapshot, NULL, NULL);
            break;
        default:
            fake_loop_settle(loop);
        }
    }
    fake_loop_settle(loop);
}

struct writing {
    struct disk *disk;
    FILE *file;
    uint64_t first; /* Number of the oldest segment. */
};

static void find_first(void *context, const char *path, size_t bytes)
{
    struct writing *writing = context;
    uint64_t number;

    (void)bytes;
    if (segment_name_read(strrchr(path, '/') + 1, &number) &&
        (writing->first == 0 || number < writing->first)) {
        writing->first = number;
    }
}

static void write_seed(struct writing *writing, bool mend)
{
    uint8_t header[LOG_INPUT_HEADER_BYTES];
    const uint8_t *bytes;
    size_t len;

    disk_each(writing->disk, find_first, writing);
    header[0] = mend ? LOG_INPUT_MEND : 0;
    header[1] = (uint8_t)writing->first;
    fwrite(header, 1, sizeof(header), writing->file);
    bytes = disk_bytes(writing->disk, PATH "/vote", &len);
    CHECK(bytes != NULL && len == LOG_INPUT_VOTE_BYTES);
    fwrite(bytes, 1, len, writing->file);
    for (uint64_t i = 0; i < LOG_INPUT_SEGMENTS_MAX; i++) {
        char path[64] = PATH "/";

        segment_name(writing->first + i, path + strlen(path));
        bytes = disk_bytes(writing->disk, path, &len);
        if (bytes == NULL) {
            break;
        }
        fwrite(bytes, 1, len, writing->file);
    }
}

static void make_log(struct loop *loop, uint64_t *random)
{
    const struct log_store_options options = {
        .path = PATH,
        .identity = {.directory_id = LOG_INPUT_DIRECTORY_ID},
        .segment_bytes = LOG_INPUT_SEGMENT_BYTES,
        .floor_bytes = 1,
    };
    const struct log_store_owner owner = {NULL, NULL, NULL};
    struct log_recovered *recovered;
    struct log_store *store;
    struct log_damage damage;

    CHECK(log_store_format(&options) == ERROR_NONE);
    CHECK(log_store_open(loop, &options, &owner, &store, &recovered, &damage) ==
          ERROR_NONE);
    log_recovered_free(recovered);
    live(store, loop, random);
    log_store_close(store);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    journal_configure(JOURNAL_WARNING, false, false);
    mkdir(argv[1], 0755);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint64_t random = seed + 1;
        struct writing writing = {.disk = disk_new("/seeds", draw, &random)};
        struct loop *loop = fake_loop_new(seed);
        char path[512];

        make_log(loop, &random);
        snprintf(path, sizeof(path), "%s/log-%02d", argv[1], (int)seed);
        writing.file = fopen(path, "wb");
        CHECK(writing.file != NULL);
        write_seed(&writing, seed % 2 == 1);
        CHECK(fclose(writing.file) == 0);
        disk_free(writing.disk);
        fake_loop_free(loop);
    }
    return 0;
}
