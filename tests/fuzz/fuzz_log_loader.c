/* Loads a log from any bytes. What opens must make sense, take another entry
 * and open again with it. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "raft/log_store/record.h"
#include "raft/log_store/segment.h"
#include "tests/fuzz/log_input.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/quiet.h"

#define PATH "/fuzz/log"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t draw(void *context)
{
    uint64_t *state = context;

    return *state = *state * 6364136223846793005u + 1442695040888963407u;
}

static void mend_head(uint8_t *block)
{
    put_le32(block + 8, checksum_of(block + 12, LOG_SECTOR_BYTES - 12));
}

static size_t mend_record(uint8_t *at, size_t left, uint32_t *chain)
{
    struct record record;

    if (!record_parse(slice_of(at, left), &record)) {
        return 0;
    }
    record.chain = *chain;
    *chain = record_seal(at, &record);
    return record_bytes(record.payload.len);
}

/* Put right what binds the bytes together, never what they say. */
static void mend_segment(uint8_t *bytes, size_t len)
{
    uint32_t chain = len < LOG_BLOCK_BYTES ? 0 : get_le32(bytes + 72);
    size_t at = LOG_BLOCK_BYTES;

    if (len >= LOG_BLOCK_BYTES) {
        mend_head(bytes);
    }
    while (at + LOG_BLOCK_BYTES <= len) {
        size_t blocks = get_le32(bytes + at + RECORD_HEADER_BYTES + 28);
        size_t records = get_le32(bytes + at + RECORD_HEADER_BYTES + 32);
        size_t end = blocks == 0 || blocks > 3 ? LOG_BLOCK_BYTES
                                               : blocks * LOG_BLOCK_BYTES;
        size_t in = BATCH_HEADER_BYTES, step = 1;
        uint32_t own = chain;

        end = end < len - at ? end : len - at;
        mend_record(bytes + at, BATCH_HEADER_BYTES, &own);
        while (records-- > 0 && in < end && step > 0) {
            step = mend_record(bytes + at + in, end - in, &chain);
            in += step;
        }
        at += end;
    }
}

static size_t at_most(size_t size, size_t max)
{
    return size < max ? size : max;
}

static void lay_out(struct disk *disk, uint8_t *data, size_t size)
{
    bool mend = (data[0] & LOG_INPUT_MEND) != 0;
    uint64_t number = data[1];
    size_t len;

    data += LOG_INPUT_HEADER_BYTES;
    size -= LOG_INPUT_HEADER_BYTES;
    len = at_most(size, LOG_INPUT_VOTE_BYTES);
    for (size_t at = 0; mend && at + LOG_BLOCK_BYTES <= len;
         at += LOG_BLOCK_BYTES) {
        mend_head(data + at);
    }
    disk_put(disk, PATH "/vote", data, len);
    for (int i = 0; i < LOG_INPUT_SEGMENTS_MAX && size > len; i++, number++) {
        char path[64] = PATH "/";

        data += len;
        size -= len;
        len = at_most(size, LOG_INPUT_SEGMENT_BYTES);
        if (mend) {
            mend_segment(data, len);
        }
        segment_name(number, path + strlen(path));
        disk_put(disk, path, data, len);
    }
}

static enum error open_log(struct loop *loop, struct log_store **store_out,
                           struct log_recovered **recovered_out)
{
    const struct log_store_options options = {
        .path = PATH,
        .identity = {.directory_id = LOG_INPUT_DIRECTORY_ID},
        .segment_bytes = LOG_INPUT_SEGMENT_BYTES,
        .floor_bytes = 1,
    };
    const struct log_store_owner owner = {NULL, NULL, NULL};
    struct log_damage damage;
    enum error error = log_store_open(loop, &options, &owner, store_out,
                                      recovered_out, &damage);

    CHECK(damage.error == error);
    return error;
}

static void check_sense(const struct log_recovered *recovered)
{
    CHECK(recovered->first_index > 0);
    CHECK(recovered->first_index <= recovered->snapshot.index + 1);
    for (size_t i = 0; i < recovered->n; i++) {
        CHECK(recovered->entries[i].term <= recovered->term);
        CHECK((recovered->entries[i].data != NULL) ==
              (recovered->entries[i].len > 0));
    }
}

static void on_done(void *context, enum error error)
{
    CHECK(error == ERROR_NONE);
    *(bool *)context = true;
}

/* What opened takes an entry, and has it when it is opened again. */
static void go_on(struct loop *loop, struct log_store *store,
                  const struct log_recovered *before)
{
    struct log_entry entry = {before->term, 1, SLICE_LITERAL("8 bytes.")};
    struct log_recovered *after = NULL;
    bool done = false;

    CHECK(log_store_append(store, &entry, 1, on_done, &done) == ERROR_NONE);
    fake_loop_settle(loop);
    CHECK(done);
    log_store_close(store);
    CHECK(open_log(loop, &store, &after) == ERROR_NONE);
    check_sense(after);
    CHECK(after->n == before->n + 1);
    CHECK(after->first_index == before->first_index);
    CHECK(after->term == before->term && after->vote == before->vote);
    CHECK(after->snapshot.index == before->snapshot.index);
    log_recovered_free(after);
    log_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t random = 1;
    struct log_store *store = NULL;
    struct log_recovered *recovered = NULL;
    struct disk *disk;
    struct loop *loop;
    uint8_t *copy;

    if (size < LOG_INPUT_HEADER_BYTES) {
        return 0;
    }
    quiet_begin();
    copy = malloc(size);
    memcpy(copy, data, size);
    disk = disk_new("/fuzz", draw, &random);
    loop = fake_loop_new(1);
    lay_out(disk, copy, size);
    if (open_log(loop, &store, &recovered) == ERROR_NONE) {
        check_sense(recovered);
        go_on(loop, store, recovered);
        log_recovered_free(recovered);
    }
    fake_loop_free(loop);
    disk_free(disk);
    free(copy);
    return 0;
}
