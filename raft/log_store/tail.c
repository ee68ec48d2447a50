#include "raft/log_store/tail.h"

#include "raft/log_store/damage.h"

enum error replay_damage(struct replay *replay, enum error error,
                         uint64_t offset, const char *what)
{
    char name[SEGMENT_NAME_BYTES];

    segment_name(replay->segment, name);
    return damage_set(replay->damage, error, name, offset,
                      image_next(&replay->image), what);
}

/* Look for the header of a later batch, which would prove that the one before
 * it had been written whole. */
static enum error find_later_batch(struct replay *replay, uint64_t to,
                                   bool *found_out)
{
    uint64_t at = replay->position + LOG_BLOCK_BYTES;
    const uint8_t *block;
    struct batch batch;

    *found_out = false;
    for (; at < to && !*found_out; at += LOG_BLOCK_BYTES) {
        TRY(log_window_at(&replay->window, at, LOG_BLOCK_BYTES, &block));
        *found_out = batch_read(slice_of(block, LOG_BLOCK_BYTES), &batch) &&
                     batch.directory_id == replay->identity->directory_id &&
                     batch.serial > replay->serial;
    }
    return ERROR_NONE;
}

/* Count the zero sectors of the batch beyond those it was written with. */
static enum error has_missing_sectors(struct replay *replay,
                                      const struct batch *batch,
                                      bool *missing_out)
{
    size_t len = (size_t)batch->blocks * LOG_BLOCK_BYTES;
    const uint8_t *bytes;

    TRY(log_window_at(&replay->window, replay->position, len, &bytes));
    *missing_out = blank_sectors(bytes, len) > batch->blank;
    return ERROR_NONE;
}

/* How far an unfinished batch may reach. */
static uint64_t torn_end_max(const struct replay *replay,
                             const struct batch *batch)
{
    size_t len_max = segment_batch_bytes_max(replay->segment_bytes);
    uint64_t end =
        replay->position +
        (batch != NULL ? (uint64_t)batch->blocks * LOG_BLOCK_BYTES : len_max);

    return end < replay->segment_bytes ? end : replay->segment_bytes;
}

/* What there is behind the last good batch. */
struct tail {
    uint64_t used_end; /* Of the last block that is not zero. */
    bool later;        /* A good header of a later batch. */
    bool missing;      /* Sectors that were not written. */
};

static enum error look_at_tail(struct replay *replay, const struct batch *batch,
                               struct tail *tail)
{
    TRY(log_window_used_end(&replay->window, replay->position,
                            &tail->used_end));
    TRY(find_later_batch(replay, tail->used_end, &tail->later));
    tail->missing = true;
    if (batch != NULL) {
        TRY(has_missing_sectors(replay, batch, &tail->missing));
    }
    return ERROR_NONE;
}

/* Why it cannot be a batch that a crash has cut short; NULL: it can. */
static const char *why_rotten(const struct replay *replay,
                              const struct batch *batch,
                              const struct tail *tail, bool last)
{
    if (!last) {
        return "bad batch before a later segment";
    }
    if (tail->later) {
        return "bad batch before a good one";
    }
    if (tail->used_end > torn_end_max(replay, batch)) {
        return "bad batch before later bytes";
    }
    if (replay->serial < replay->mark.batch) {
        return "bad batch that was acknowledged";
    }
    return tail->missing ? NULL : "bad batch that was written whole";
}

enum error tail_judge(struct replay *replay, const struct batch *batch,
                      bool last)
{
    uint64_t at = replay->position;
    struct tail tail = {0};
    const char *what;
    enum error error = look_at_tail(replay, batch, &tail);

    if (error != ERROR_NONE) {
        return replay_damage(replay, error, at, "cannot be read");
    }
    if (tail.used_end == at) {
        return ERROR_NONE;
    }
    what = why_rotten(replay, batch, &tail, last);
    if (what != NULL) {
        return replay_damage(replay, ERROR_ROTTEN, at, what);
    }
    replay->torn_to = tail.used_end;
    return ERROR_NONE;
}
