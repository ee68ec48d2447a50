#include "raft/log_store/opening.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/journal.h"
#include "raft/log_store/damage.h"

enum { ZERO_STEP_BYTES = 256 * 1024 };

/* Overwrite an unfinished batch with zeros, so that its place is again what
 * the rule about torn batches relies on. A crash in here leaves a batch that
 * is as torn as before. */
static enum error zero_tail(struct replay *replay)
{
    uint64_t at = replay->position;
    struct device_file *file = NULL;
    char name[SEGMENT_NAME_BYTES];
    uint8_t *zeros = blocks_alloc(ZERO_STEP_BYTES);
    enum error error = ERROR_NO_MEMORY;

    if (zeros == NULL) {
        return error;
    }
    memset(zeros, 0, ZERO_STEP_BYTES);
    segment_name(replay->segment, name);
    error = device_file_open(replay->device, name, DEVICE_WRITE | DEVICE_DIRECT,
                             &file);
    while (error == ERROR_NONE && at < replay->torn_to) {
        uint64_t left = replay->torn_to - at;
        size_t step = left < ZERO_STEP_BYTES ? (size_t)left : ZERO_STEP_BYTES;

        error = device_file_write(file, at, zeros, step);
        at += step;
    }
    device_file_close(file);
    free(zeros);
    return error;
}

static enum error remove_file(struct device *device, const char *name)
{
    enum error error = device_remove(device, name);

    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Whether the unused segment can serve: another segment_bytes may have been
 * in force when it was made. */
static bool spare_serves(const struct replay *replay,
                         const struct log_store_options *options)
{
    return replay->spare == replay->segment + 1 &&
           replay->spare_bytes == options->segment_bytes;
}

static enum error remove_unneeded(struct replay *replay,
                                  const struct log_store_options *options)
{
    const struct log_files *files = &replay->files;
    char name[SEGMENT_NAME_BYTES];

    if (replay->spare != 0 && !spare_serves(replay, options)) {
        segment_name(replay->spare, name);
        TRY(remove_file(replay->device, name));
        replay->spare = 0;
    }
    for (size_t i = 0; i < files->n; i++) {
        if (files->segments[i].number < replay->keep_from) {
            segment_name(files->segments[i].number, name);
            TRY(remove_file(replay->device, name));
        }
    }
    while (replay->table.n > 0 &&
           replay->table.rows[0].number < replay->keep_from) {
        segment_table_drop_first(&replay->table);
    }
    return files->has_spare ? remove_file(replay->device, SEGMENT_SPARE)
                            : ERROR_NONE;
}

/* Write all copies anew; the mark twice, as marks take turns. */
static enum error rewrite_votes(struct vote_file *votes, struct replay *replay)
{
    TRY(vote_file_put_ballot(votes, &replay->ballot));
    for (size_t i = 0; i < 2; i++) {
        replay->mark.serial++;
        TRY(vote_file_put_mark(votes, &replay->mark));
    }
    return ERROR_NONE;
}

/* Carry out the cut order: first in the log, then forget the order. What a
 * snapshot covers is committed and stays. */
static enum error carry_out_cut(struct opening *opening, struct replay *replay)
{
    struct ballot *ballot = &replay->ballot;
    struct request_list requests = STAILQ_HEAD_INITIALIZER(requests);
    struct request request = {.kind = RECORD_TRUNCATE};

    request.index = ballot->cut_index > replay->image.snapshot_index
                        ? ballot->cut_index
                        : replay->image.snapshot_index + 1;
    if (request.index < image_next(&replay->image)) {
        STAILQ_INSERT_TAIL(&requests, &request, link);
        TRY(writer_write(opening->writer, &requests));
        image_cut(&replay->image, request.index);
    }
    ballot->serial++;
    ballot->cut_index = 0;
    return vote_file_put_ballot(opening->votes, ballot);
}

static enum error first_segment(struct writer *writer)
{
    struct segments *segments = writer_segments(writer);

    while (segments->number == 0 && !segments->spare_ready) {
        TRY(segments_spare_step(segments, segments->segment_bytes));
    }
    return ERROR_NONE;
}

static enum error heal(struct opening *opening,
                       const struct log_store_options *options,
                       struct replay *replay, bool healthy)
{
    if (replay->torn_to != 0) {
        TRY(zero_tail(replay));
    }
    TRY(remove_unneeded(replay, options));
    if (!healthy) {
        TRY(rewrite_votes(opening->votes, replay));
    }
    TRY(writer_open(opening->writer_device, options, replay, &opening->writer));
    if (replay->ballot.cut_index != 0) {
        TRY(carry_out_cut(opening, replay));
    }
    /* From here on all that was recovered is vouched for. */
    TRY(writer_mark(opening->writer));
    return first_segment(opening->writer);
}

static enum error check_floor(const struct opening *opening,
                              const struct log_store_options *options,
                              struct log_damage *damage)
{
    uint64_t free_bytes;
    enum error error = device_free_bytes(opening->device, &free_bytes);

    if (error == ERROR_NONE && free_bytes < options->floor_bytes) {
        error = ERROR_NO_SPACE;
    }
    if (error != ERROR_NONE) {
        return damage_set(damage, error, "", 0, 0, "no room on the disk");
    }
    return ERROR_NONE;
}

static enum error open_votes(struct opening *opening,
                             const struct log_store_options *options,
                             struct log_damage *damage)
{
    enum error error =
        vote_file_open(opening->device, &options->identity, &opening->votes);

    if (error == ERROR_NOT_FOUND) {
        return damage_set(damage, ERROR_FORGOTTEN, VOTE_FILE, 0, 0,
                          "file is missing");
    }
    if (error != ERROR_NONE) {
        return damage_set(damage, error, VOTE_FILE, 0, 0, "cannot be opened");
    }
    return ERROR_NONE;
}

static enum error open_devices(struct opening *opening,
                               const struct log_store_options *options,
                               struct log_damage *damage)
{
    enum error error = device_open(options->path, &opening->device);

    if (error == ERROR_NONE) {
        error = device_open(options->path, &opening->writer_device);
    }
    if (error != ERROR_NONE) {
        return damage_set(damage, error, "", 0, 0,
                          "directory cannot be opened");
    }
    return ERROR_NONE;
}

/* One line for each thing that was found and mended. */
static void tell_mended(const struct replay *replay,
                        const struct log_store_options *options, bool healthy,
                        const struct log_damage *vote_damage)
{
    if (replay->torn_to != 0) {
        journal_notice("tail_torn",
                       "path=%s segment=%" PRIu64 " offset=%" PRIu64
                       " bytes=%" PRIu64 " log_index=%" PRIu64,
                       options->path, replay->segment, replay->position,
                       replay->torn_to - replay->position,
                       image_next(&replay->image));
    }
    if (!healthy) {
        journal_warning(
            "vote_file_mended", "path=%s offset=%" PRIu64 " what=\"%s\"",
            options->path, vote_damage->offset,
            vote_damage->what == NULL ? "copies differ" : vote_damage->what);
    }
}

/* Open the files and read the vote file. */
static enum error examine(struct opening *opening,
                          const struct log_store_options *options,
                          struct replay *replay, bool *healthy_out,
                          struct log_damage *damage)
{
    TRY(open_devices(opening, options, damage));
    TRY(open_votes(opening, options, damage));
    TRY(vote_file_read(opening->votes, &replay->ballot, &replay->mark,
                       healthy_out, damage));
    replay->device = opening->device;
    replay->identity = &options->identity;
    return ERROR_NONE;
}

static enum error take_recovered(struct opening *opening, struct replay *replay,
                                 uint64_t acknowledged, uint64_t cut_index)
{
    struct log_recovered *recovered = image_take(&replay->image);

    if (recovered == NULL) {
        return ERROR_NO_MEMORY;
    }
    recovered->term = replay->ballot.term;
    recovered->vote = replay->ballot.vote;
    recovered->acknowledged_index = acknowledged;
    recovered->cut_index = cut_index;
    if (replay->torn_to != 0) {
        recovered->torn_bytes = replay->torn_to - replay->position;
    }
    opening->ballot = replay->ballot;
    opening->recovered = recovered;
    return ERROR_NONE;
}

enum error opening_run(struct opening *opening,
                       const struct log_store_options *options,
                       struct log_damage *damage)
{
    struct log_damage vote_damage = {0};
    struct replay replay = {.damage = damage};
    uint64_t acknowledged, cut_index;
    bool healthy = false;
    enum error error;

    error = examine(opening, options, &replay, &healthy, damage);
    vote_damage = *damage; /* Of a copy, when the other one is well. */
    if (error == ERROR_NONE) {
        error = replay_run(&replay);
    }
    if (error == ERROR_NONE) {
        error = check_floor(opening, options, damage);
    }
    if (error != ERROR_NONE) {
        goto out;
    }
    acknowledged = replay.mark.index;
    cut_index = replay.ballot.cut_index;
    tell_mended(&replay, options, healthy, &vote_damage);
    error = heal(opening, options, &replay, healthy);
    if (error == ERROR_NONE) {
        error = take_recovered(opening, &replay, acknowledged, cut_index);
    }
    if (error != ERROR_NONE) {
        damage_set(damage, error, "", 0, 0, "cannot be made ready");
    }
out:
    replay_deinit(&replay);
    return error;
}

void opening_undo(struct opening *opening)
{
    writer_close(opening->writer);
    vote_file_close(opening->votes);
    device_close(opening->device);
    device_close(opening->writer_device);
    log_recovered_free(opening->recovered);
    *opening = (struct opening){0};
}
