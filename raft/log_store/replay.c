#include "raft/log_store/replay.h"

#include <stdlib.h>
#include <string.h>

#include "raft/log_store/damage.h"
#include "raft/log_store/replay_batch.h"
#include "raft/log_store/tail.h"

static void add_segment(struct log_files *files, uint64_t number,
                        uint64_t bytes)
{
    if (files->n == files->capacity) {
        size_t capacity = files->capacity * 2 + 16;
        void *segments =
            realloc(files->segments, capacity * sizeof(*files->segments));

        if (segments == NULL) {
            files->error = ERROR_NO_MEMORY;
            return;
        }
        files->segments = segments;
        files->capacity = capacity;
    }
    files->segments[files->n].number = number;
    files->segments[files->n].bytes = bytes;
    files->n++;
}

static void on_file(void *context, const char *name, uint64_t bytes)
{
    struct log_files *files = context;
    uint64_t number;

    if (segment_name_read(name, &number)) {
        add_segment(files, number, bytes);
    } else if (strcmp(name, SEGMENT_SPARE) == 0) {
        files->has_spare = true;
    }
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b; /* The first members. */

    return (*x > *y) - (*x < *y);
}

static enum error list_files(struct replay *replay)
{
    struct log_files *files = &replay->files;

    TRY(device_list(replay->device, on_file, files));
    TRY(files->error);
    if (files->n > 0) {
        qsort(files->segments, files->n, sizeof(*files->segments), by_number);
    }
    return ERROR_NONE;
}

static enum error file_damage(struct replay *replay, enum error error,
                              uint64_t number, uint64_t offset,
                              const char *what)
{
    char name[SEGMENT_NAME_BYTES];

    segment_name(number, name);
    return damage_set(replay->damage, error, name, offset,
                      image_next(&replay->image), what);
}

/* The position of the first of the segments that follow one another without
 * a gap to the last. Those before are left over from dropping, or prove that
 * one is missing: the markers will tell. */
static size_t run_start(const struct log_files *files)
{
    size_t i = files->n;

    while (i > 1 &&
           files->segments[i - 2].number + 1 == files->segments[i - 1].number) {
        i--;
    }
    return i == 0 ? 0 : i - 1;
}

static enum error look_at(struct replay *replay, size_t i,
                          const uint8_t **block_out)
{
    uint64_t number = replay->files.segments[i].number;
    char name[SEGMENT_NAME_BYTES];
    enum error error;

    segment_name(number, name);
    error = log_window_open(&replay->window, replay->device, name);
    if (error != ERROR_NONE) {
        return file_damage(replay, error, number, 0, "cannot be opened");
    }
    if (replay->window.file_bytes < (uint64_t)2 * LOG_BLOCK_BYTES ||
        replay->window.file_bytes % LOG_BLOCK_BYTES != 0) {
        return file_damage(replay, ERROR_ROTTEN, number,
                           replay->window.file_bytes, "file was cut");
    }
    error = log_window_at(&replay->window, 0, LOG_BLOCK_BYTES, block_out);
    if (error != ERROR_NONE) {
        return file_damage(replay, error, number, 0, "cannot be read");
    }
    return ERROR_NONE;
}

/* A segment not begun is the last of all and holds nothing. */
static enum error take_spare(struct replay *replay, size_t i)
{
    uint64_t number = replay->files.segments[i].number;
    uint64_t used_end;
    enum error error;

    if (i + 1 < replay->files.n) {
        return file_damage(replay, ERROR_ROTTEN, number, 0,
                           "head block is zero before a later segment");
    }
    error = log_window_used_end(&replay->window, 0, &used_end);
    if (error != ERROR_NONE) {
        return file_damage(replay, error, number, 0, "cannot be read");
    }
    if (used_end > 0) {
        return file_damage(replay, ERROR_ROTTEN, number, 0,
                           "head block is zero before later bytes");
    }
    replay->spare = number;
    replay->spare_bytes = replay->files.segments[i].bytes;
    return ERROR_NONE;
}

/* Whether the head is of this file and continues what was read. */
static const char *complaint(const struct replay *replay,
                             const struct segment_head *head, uint64_t number)
{
    if (head->number != number) {
        return "head block is that of another segment";
    }
    if (head->bytes != replay->window.file_bytes) {
        return "file is not as long as it was made";
    }
    if (replay->segment == 0) {
        return head->first_index > 0 && head->first_index <= LOG_INDEX_MAX &&
                       head->first_serial > 0
                   ? NULL
                   : "head block makes no sense";
    }
    if (head->first_index != image_next(&replay->image) ||
        head->first_serial != replay->serial + 1 ||
        head->chain != replay->chain) {
        return "segment does not follow the one before";
    }
    return NULL;
}

static enum error begin_segment(struct replay *replay,
                                const struct segment_head *head)
{
    if (replay->segment == 0) {
        image_deinit(&replay->image);
        image_init(&replay->image, head->first_index);
        replay->serial = head->first_serial - 1;
        replay->chain = head->chain;
    }
    replay->segment = head->number;
    replay->segment_bytes = head->bytes;
    replay->position = LOG_BLOCK_BYTES;
    return segment_table_begin(&replay->table, head->number, head->first_index);
}

/* Whether a later segment has been begun: then this one was finished. */
static enum error is_last(struct replay *replay, size_t i, bool *last_out)
{
    const uint8_t *block;

    *last_out = true;
    if (i + 1 < replay->files.n) {
        TRY(look_at(replay, i + 1, &block));
        *last_out = bytes_are(block, LOG_BLOCK_BYTES, 0);
    }
    return ERROR_NONE;
}

static enum error read_segment(struct replay *replay, size_t i)
{
    uint64_t number = replay->files.segments[i].number;
    struct segment_head head;
    const uint8_t *block;
    const char *what;
    enum error error;
    bool last, more = true;

    TRY(is_last(replay, i, &last));
    TRY(look_at(replay, i, &block));
    if (bytes_are(block, LOG_BLOCK_BYTES, 0)) {
        return take_spare(replay, i);
    }
    error = segment_head_read(block, replay->identity, &head);
    if (error != ERROR_NONE) {
        return file_damage(replay, error, number, 0, block_complaint(error));
    }
    what = complaint(replay, &head, number);
    if (what != NULL) {
        return file_damage(replay, ERROR_ROTTEN, number, 0, what);
    }
    TRY(begin_segment(replay, &head));
    while (more) {
        TRY(replay_batch(replay, last, &more));
    }
    return ERROR_NONE;
}

static uint64_t first_index_due(const struct replay *replay)
{
    const struct image *image = &replay->image;

    if (image->snapshot_index == 0) {
        return 1;
    }
    return image->snapshot.replaces ? image->snapshot_index + 1
                                    : image->snapshot.first_index;
}

/* No segment was begun. That is all there is to a log never written to. */
static enum error find_all_missing(struct replay *replay)
{
    if (replay->mark.batch == 0) {
        return ERROR_NONE;
    }
    if (replay->spare > 1) {
        return file_damage(replay, ERROR_FORGOTTEN, replay->spare - 1, 0,
                           "segment is missing");
    }
    return damage_set(replay->damage, ERROR_FORGOTTEN, "", 0, 0,
                      "no segment is left");
}

/* All segments are read and agree; is anything missing before or after? */
static enum error find_missing(struct replay *replay)
{
    uint64_t first;

    if (replay->segment == 0) {
        return find_all_missing(replay);
    }
    first = replay->table.rows[0].number;
    if (first > replay->keep_from) {
        return file_damage(replay, ERROR_FORGOTTEN, first - 1, 0,
                           "segment is missing");
    }
    if (replay->serial < replay->mark.batch) {
        return replay_damage(replay, ERROR_FORGOTTEN, replay->position,
                             "log ends before what was acknowledged");
    }
    if (replay->image.first_index != first_index_due(replay)) {
        return file_damage(replay, ERROR_FORGOTTEN, first, 0,
                           "entries before the first segment are missing");
    }
    return ERROR_NONE;
}

static size_t view_bytes(const struct log_files *files)
{
    uint64_t most = (uint64_t)2 * LOG_BLOCK_BYTES;

    for (size_t i = 0; i < files->n; i++) {
        if (files->segments[i].bytes > most) {
            most = files->segments[i].bytes;
        }
    }
    most -= most % LOG_BLOCK_BYTES;
    return segment_batch_bytes_max(most);
}

enum error replay_run(struct replay *replay)
{
    enum error error;

    image_init(&replay->image, 1);
    replay->keep_from = 1;
    error = list_files(replay);
    if (error == ERROR_NONE) {
        error = log_window_init(&replay->window, view_bytes(&replay->files));
    }
    if (error != ERROR_NONE) {
        return damage_set(replay->damage, error, "", 0, 0,
                          "directory cannot be read");
    }
    for (size_t i = run_start(&replay->files); i < replay->files.n; i++) {
        TRY(read_segment(replay, i));
    }
    return find_missing(replay);
}

void replay_deinit(struct replay *replay)
{
    free(replay->files.segments);
    replay->files = (struct log_files){0};
    log_window_deinit(&replay->window);
    image_deinit(&replay->image);
    segment_table_deinit(&replay->table);
}
