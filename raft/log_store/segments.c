#include "raft/log_store/segments.h"

#include <stdlib.h>

#include "proto/base/check.h"

static enum error open_segment(struct segments *segments, uint64_t number,
                               struct device_file **file_out)
{
    char name[SEGMENT_NAME_BYTES];

    segment_name(number, name);
    return device_file_open(segments->device, name,
                            DEVICE_WRITE | DEVICE_DIRECT, file_out);
}

enum error segments_open(struct segments *segments, struct device *device,
                         const struct log_store_options *options,
                         struct replay *replay)
{
    *segments = (struct segments){
        .device = device,
        .identity = options->identity,
        .segment_bytes = options->segment_bytes,
        .floor_bytes = options->floor_bytes,
        .table = replay->table,
        .keep_from = replay->keep_from,
        .number = replay->segment,
        .bytes = replay->segment_bytes,
        .position = replay->position,
    };
    replay->table = (struct segment_table){0};
    segments->block = blocks_alloc(LOG_BLOCK_BYTES);
    if (segments->block == NULL) {
        return ERROR_NO_MEMORY;
    }
    if (replay->spare != 0) {
        CHECK(replay->spare == segments->number + 1);
        TRY(open_segment(segments, replay->spare, &segments->spare));
        segments->spare_filled = segments->segment_bytes;
        segments->spare_ready = true;
    }
    if (segments->number == 0) {
        return ERROR_NONE;
    }
    return open_segment(segments, segments->number, &segments->file);
}

void segments_close(struct segments *segments)
{
    device_file_close(segments->file);
    device_file_close(segments->spare);
    free(segments->block);
    segment_table_deinit(&segments->table);
    *segments = (struct segments){0};
}

static enum error remove_if_there(struct device *device, const char *name)
{
    enum error error = device_remove(device, name);

    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* The floor is for those who also write to this disk: the log must not be the
 * one to take their last bytes, and stops growing first. */
static enum error begin_spare(struct segments *segments)
{
    uint64_t free_bytes;

    TRY(remove_if_there(segments->device, SEGMENT_SPARE));
    TRY(device_free_bytes(segments->device, &free_bytes));
    if (free_bytes < segments->floor_bytes ||
        free_bytes - segments->floor_bytes < segments->segment_bytes) {
        return ERROR_NO_SPACE;
    }
    segments->spare_filled = 0;
    return device_file_open(segments->device, SEGMENT_SPARE,
                            DEVICE_WRITE | DEVICE_CREATE | DEVICE_DIRECT,
                            &segments->spare);
}

static enum error fill_spare(struct segments *segments, uint64_t filled)
{
    uint64_t to = segments->spare_filled + SEGMENT_SPARE_STEP_BYTES;

    if (to < filled) {
        to = filled;
    }
    if (to > segments->segment_bytes) {
        to = segments->segment_bytes;
    }
    TRY(device_file_fill(segments->spare, to));
    segments->spare_filled = to;
    return ERROR_NONE;
}

static enum error number_spare(struct segments *segments)
{
    char name[SEGMENT_NAME_BYTES];

    segment_name(segments->number + 1, name);
    TRY(device_file_sync(segments->spare));
    TRY(device_rename(segments->device, SEGMENT_SPARE, name));
    TRY(device_sync(segments->device));
    segments->spare_ready = true;
    return ERROR_NONE;
}

static enum error spare_step(struct segments *segments, uint64_t filled)
{
    if (segments->spare == NULL) {
        return begin_spare(segments);
    }
    if (segments->spare_filled < segments->segment_bytes) {
        return fill_spare(segments, filled);
    }
    return number_spare(segments);
}

enum error segments_spare_step(struct segments *segments, uint64_t filled)
{
    enum error error;

    if (segments->spare_ready) {
        return ERROR_NONE;
    }
    error = spare_step(segments, filled);
    if (error != ERROR_NO_SPACE) {
        return error;
    }
    device_file_close(segments->spare);
    segments->spare = NULL;
    segments->spare_filled = 0;
    TRY(remove_if_there(segments->device, SEGMENT_SPARE));
    return ERROR_NO_SPACE;
}

static enum error begin_next(struct segments *segments,
                             const struct segment_head *head)
{
    struct segment_head whole = *head;

    whole.number = segments->number + 1;
    whole.bytes = segments->segment_bytes;
    TRY(segment_table_begin(&segments->table, whole.number, whole.first_index));
    segment_head_write(segments->block, &whole, &segments->identity);
    TRY(device_file_write(segments->spare, 0, segments->block,
                          LOG_BLOCK_BYTES));
    device_file_close(segments->file);
    segments->file = segments->spare;
    segments->number = whole.number;
    segments->bytes = whole.bytes;
    segments->position = LOG_BLOCK_BYTES;
    segments->spare = NULL;
    segments->spare_filled = 0;
    segments->spare_ready = false;
    return ERROR_NONE;
}

enum error segments_room(struct segments *segments, size_t len,
                         const struct segment_head *head)
{
    CHECK(len <= segment_batch_bytes_max(segments->segment_bytes));
    if (segments->number != 0 && segments->bytes - segments->position >= len) {
        return ERROR_NONE;
    }
    if (!segments->spare_ready && segments->number != 0) {
        segments->spare_waits++;
    }
    while (!segments->spare_ready) {
        TRY(segments_spare_step(segments, segments->segment_bytes));
    }
    return begin_next(segments, head);
}

enum error segments_write(struct segments *segments, const uint8_t *bytes,
                          size_t len)
{
    CHECK(segments->bytes - segments->position >= len);
    TRY(device_file_write(segments->file, segments->position, bytes, len));
    segments->position += len;
    return ERROR_NONE;
}

bool segments_can_drop(const struct segments *segments)
{
    return segments->table.n > 0 &&
           segments->table.rows[0].number < segments->keep_from;
}

enum error segments_drop_step(struct segments *segments)
{
    char name[SEGMENT_NAME_BYTES];

    CHECK(segments_can_drop(segments) && segments->table.n > 1);
    segment_name(segments->table.rows[0].number, name);
    TRY(remove_if_there(segments->device, name));
    segment_table_drop_first(&segments->table);
    return ERROR_NONE;
}
