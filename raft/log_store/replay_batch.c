#include "raft/log_store/replay_batch.h"

#include "proto/base/check.h"
#include "raft/log_store/damage.h"
#include "raft/log_store/tail.h"

enum verdict {
    VERDICT_GOOD,
    VERDICT_BAD,         /* Bytes that do not check. */
    VERDICT_CONTRADICTS, /* Bytes that check and cannot follow. */
    VERDICT_VOTE_OLDER,  /* A term that the vote file does not know yet. */
};

/* A walk over the records of a batch, before any of it is believed. */
struct walk {
    const struct replay *replay;
    struct slice rest;
    uint32_t chain;
    uint64_t next_index;
    uint64_t snapshot_index;
    uint64_t term_max;
};

static bool entry_follows(struct walk *walk, const struct record *record)
{
    if (record->index != walk->next_index) {
        return false;
    }
    walk->next_index++;
    return true;
}

static bool truncate_follows(struct walk *walk, const struct record *record)
{
    if (record->index <= walk->snapshot_index ||
        record->index > walk->next_index || record->payload.len != 0) {
        return false;
    }
    walk->next_index = record->index;
    return true;
}

static bool snapshot_follows(struct walk *walk, const struct record *record)
{
    struct marker marker;

    if (!marker_read(record->payload, &marker) || record->index == 0 ||
        record->index > LOG_INDEX_MAX || marker.first_index == 0 ||
        marker.first_index > record->index + 1 || marker.keep_from == 0 ||
        marker.keep_from > walk->replay->segment) {
        return false;
    }
    if (marker.replaces) {
        walk->next_index = record->index + 1;
    } else if (record->index < walk->snapshot_index ||
               record->index >= walk->next_index) {
        return false;
    }
    walk->snapshot_index = record->index;
    return true;
}

static bool follows(struct walk *walk, const struct record *record)
{
    if (record->chain != walk->chain) {
        return false;
    }
    walk->chain = record->checksum;
    if (record->term > walk->term_max) {
        walk->term_max = record->term;
    }
    switch (record->kind) {
    case RECORD_ENTRY:
        return entry_follows(walk, record);
    case RECORD_TRUNCATE:
        return truncate_follows(walk, record);
    case RECORD_SNAPSHOT:
        return snapshot_follows(walk, record);
    case RECORD_BATCH:
    default:
        return false;
    }
}

/* Check every byte of a batch, padding included. The first fault decides
 * unless it is one of meaning: bytes come first. */
static enum verdict judge_records(const struct replay *replay,
                                  const struct batch *batch,
                                  struct slice records)
{
    struct walk walk = {
        .replay = replay,
        .rest = records,
        .chain = replay->chain,
        .next_index = image_next(&replay->image),
        .snapshot_index = replay->image.snapshot_index,
    };
    struct record record;
    bool contradicts = false;

    for (uint32_t i = 0; i < batch->records; i++) {
        if (!record_parse(walk.rest, &record) ||
            !record_checks(walk.rest, &record)) {
            return VERDICT_BAD;
        }
        contradicts = contradicts || !follows(&walk, &record);
        walk.rest = slice_after(walk.rest, record_bytes(record.payload.len));
    }
    if (walk.rest.len >= LOG_BLOCK_BYTES ||
        !bytes_are(walk.rest.data, walk.rest.len, BATCH_PAD)) {
        return VERDICT_BAD;
    }
    if (contradicts) {
        return VERDICT_CONTRADICTS;
    }
    return walk.term_max > replay->ballot.term ? VERDICT_VOTE_OLDER
                                               : VERDICT_GOOD;
}

static enum error apply_record(struct replay *replay,
                               const struct record *record)
{
    struct marker marker = {0};

    if (record->kind == RECORD_SNAPSHOT) {
        CHECK(marker_read(record->payload, &marker));
        replay->keep_from = marker.keep_from;
        if (marker.replaces) {
            segment_table_cut(&replay->table, record->index + 1);
        }
    } else if (record->kind == RECORD_TRUNCATE) {
        segment_table_cut(&replay->table, record->index);
    }
    return image_apply(&replay->image, record, &marker);
}

static enum error apply_batch(struct replay *replay, const struct batch *batch,
                              struct slice records)
{
    struct record record;

    for (uint32_t i = 0; i < batch->records; i++) {
        CHECK(record_parse(records, &record));
        TRY(apply_record(replay, &record));
        replay->chain = record.checksum;
        records = slice_after(records, record_bytes(record.payload.len));
    }
    replay->serial = batch->serial;
    replay->position += (uint64_t)batch->blocks * LOG_BLOCK_BYTES;
    return ERROR_NONE;
}

/* Is the header, which checks, that of the batch that ought to be here? */
static bool is_next(const struct replay *replay, const struct batch *batch)
{
    uint64_t room = replay->segment_bytes - replay->position;
    uint64_t max = segment_batch_bytes_max(replay->segment_bytes);
    uint64_t len = (uint64_t)batch->blocks * LOG_BLOCK_BYTES;

    return batch->serial == replay->serial + 1 &&
           batch->directory_id == replay->identity->directory_id &&
           batch->segment == replay->segment &&
           (uint64_t)batch->block * LOG_BLOCK_BYTES == replay->position &&
           batch->chain == replay->chain &&
           batch->acknowledged + 1 == image_next(&replay->image) && len > 0 &&
           len <= max && len <= room && batch->records > 0;
}

/* The mark was made when this batch was the last: it knew the last index. */
static enum error compare_with_mark(struct replay *replay, uint64_t offset)
{
    if (replay->serial == replay->mark.batch &&
        image_next(&replay->image) - 1 != replay->mark.index) {
        return replay_damage(replay, ERROR_ROTTEN, offset,
                             "last index is not as the vote file noted");
    }
    return ERROR_NONE;
}

static enum error take_batch(struct replay *replay, const struct batch *batch,
                             bool last, bool *more_out)
{
    uint64_t offset = replay->position;
    const uint8_t *bytes;
    struct slice records;
    enum error error;

    error = log_window_at(&replay->window, offset,
                          (size_t)batch->blocks * LOG_BLOCK_BYTES, &bytes);
    if (error != ERROR_NONE) {
        return replay_damage(replay, error, offset, "cannot be read");
    }
    records =
        slice_after(slice_of(bytes, (size_t)batch->blocks * LOG_BLOCK_BYTES),
                    BATCH_HEADER_BYTES);
    switch (judge_records(replay, batch, records)) {
    case VERDICT_BAD:
        return tail_judge(replay, batch, last);
    case VERDICT_CONTRADICTS:
        return replay_damage(replay, ERROR_ROTTEN, offset,
                             "records contradict what is before them");
    case VERDICT_VOTE_OLDER:
        return damage_set(replay->damage, ERROR_FORGOTTEN, VOTE_FILE, 0,
                          image_next(&replay->image),
                          "term is lower than that of the log");
    case VERDICT_GOOD:
    default:
        break;
    }
    error = apply_batch(replay, batch, records);
    if (error != ERROR_NONE) {
        return replay_damage(replay, error, offset, "no memory for the log");
    }
    *more_out = true;
    return compare_with_mark(replay, offset);
}

enum error replay_batch(struct replay *replay, bool last, bool *more_out)
{
    const uint8_t *block;
    struct batch batch;
    enum error error;

    *more_out = false;
    if (replay->position == replay->segment_bytes) {
        return ERROR_NONE;
    }
    error = log_window_at(&replay->window, replay->position, LOG_BLOCK_BYTES,
                          &block);
    if (error != ERROR_NONE) {
        return replay_damage(replay, error, replay->position, "cannot be read");
    }
    if (bytes_are(block, LOG_SECTOR_BYTES, 0)) {
        return tail_judge(replay, NULL, last);
    }
    /* The sector was written, and sectors are written whole. */
    if (!batch_read(slice_of(block, LOG_BLOCK_BYTES), &batch)) {
        return replay_damage(replay, ERROR_ROTTEN, replay->position,
                             "batch header does not check");
    }
    if (!is_next(replay, &batch)) {
        return replay_damage(replay, ERROR_ROTTEN, replay->position,
                             "batch does not follow the one before");
    }
    return take_batch(replay, &batch, last, more_out);
}
