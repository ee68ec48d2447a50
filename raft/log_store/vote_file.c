#include "raft/log_store/vote_file.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/endian.h"
#include "raft/log_store/damage.h"

#define MAGIC    "perchvot"
#define NEW_FILE "vote.new"

enum {
    KIND_BALLOT = 1,
    KIND_MARK = 2,

    SLOT_MARKS = 2, /* The first slot that holds a mark. */
    SLOTS = 4,

    AT_KIND = BLOCK_FIELDS_AT,
    AT_SERIAL = AT_KIND + 8,
    AT_VALUES = AT_SERIAL + 8,
    VALUES = 3,
};

struct slot {
    uint32_t kind;
    uint64_t serial;
    uint64_t values[VALUES];
};

struct vote_file {
    struct device_file *file;
    struct log_identity identity;
    uint8_t *blocks; /* SLOTS of them. */
};

static void slot_write(uint8_t *block, const struct slot *slot,
                       const struct log_identity *identity)
{
    memset(block, 0, LOG_BLOCK_BYTES);
    put_le32(block + AT_KIND, slot->kind);
    put_le64(block + AT_SERIAL, slot->serial);
    for (size_t i = 0; i < VALUES; i++) {
        put_le64(block + AT_VALUES + 8 * i, slot->values[i]);
    }
    block_seal(block, MAGIC, identity);
}

static struct slot ballot_slot(const struct ballot *ballot)
{
    return (struct slot){
        KIND_BALLOT,
        ballot->serial,
        {ballot->term, ballot->vote, ballot->cut_index},
    };
}

static struct slot mark_slot(const struct mark *mark)
{
    return (struct slot){
        KIND_MARK, mark->serial, {mark->batch, mark->index, 0}};
}

void vote_file_close(struct vote_file *file)
{
    if (file == NULL) {
        return;
    }
    device_file_close(file->file);
    free(file->blocks);
    free(file);
}

static enum error open_as(struct device *device, const char *name,
                          unsigned flags, const struct log_identity *identity,
                          struct vote_file **file_out)
{
    struct vote_file *file = calloc(1, sizeof(*file));
    enum error error = ERROR_NO_MEMORY;

    if (file == NULL) {
        return error;
    }
    file->identity = *identity;
    file->blocks = blocks_alloc((size_t)SLOTS * LOG_BLOCK_BYTES);
    if (file->blocks != NULL) {
        error = device_file_open(
            device, name, flags | DEVICE_WRITE | DEVICE_DIRECT, &file->file);
    }
    if (error != ERROR_NONE) {
        vote_file_close(file);
        return error;
    }
    *file_out = file;
    return ERROR_NONE;
}

enum error vote_file_open(struct device *device,
                          const struct log_identity *identity,
                          struct vote_file **file_out)
{
    return open_as(device, VOTE_FILE, 0, identity, file_out);
}

static enum error put_slot(struct vote_file *file, unsigned at,
                           const struct slot *slot)
{
    slot_write(file->blocks, slot, &file->identity);
    return device_file_write(file->file, (uint64_t)at * LOG_BLOCK_BYTES,
                             file->blocks, LOG_BLOCK_BYTES);
}

enum error vote_file_put_ballot(struct vote_file *file,
                                const struct ballot *ballot)
{
    struct slot slot = ballot_slot(ballot);

    TRY(put_slot(file, 0, &slot));
    return put_slot(file, 1, &slot);
}

enum error vote_file_put_mark(struct vote_file *file, const struct mark *mark)
{
    struct slot slot = mark_slot(mark);

    return put_slot(file, SLOT_MARKS + (unsigned)(mark->serial % 2), &slot);
}

static enum error create_new(struct device *device,
                             const struct log_identity *identity)
{
    const struct ballot ballot = {.serial = 1};
    const struct mark marks[2] = {{.serial = 1}, {.serial = 2}};
    struct vote_file *file = NULL;
    enum error error;

    error = open_as(device, NEW_FILE, DEVICE_CREATE, identity, &file);
    if (error == ERROR_NONE) {
        error = vote_file_put_ballot(file, &ballot);
    }
    for (size_t i = 0; error == ERROR_NONE && i < 2; i++) {
        error = vote_file_put_mark(file, &marks[i]);
    }
    vote_file_close(file);
    return error;
}

static enum error does_not_exist(struct device *device)
{
    struct device_file *file = NULL;
    enum error error = device_file_open(device, VOTE_FILE, DEVICE_READ, &file);

    device_file_close(file);
    if (error == ERROR_NOT_FOUND) {
        return ERROR_NONE;
    }
    return error == ERROR_NONE ? ERROR_EXISTS : error;
}

enum error vote_file_create(struct device *device,
                            const struct log_identity *identity)
{
    enum error error;

    TRY(does_not_exist(device));
    error = device_remove(device, NEW_FILE); /* Of a crash in here. */
    if (error != ERROR_NONE && error != ERROR_NOT_FOUND) {
        return error;
    }
    TRY(create_new(device, identity));
    TRY(device_rename(device, NEW_FILE, VOTE_FILE));
    return device_sync(device);
}

static enum error slot_read(const uint8_t *block, uint32_t kind,
                            const struct log_identity *identity,
                            struct slot *slot_out)
{
    TRY(block_check(block, MAGIC, identity));
    slot_out->kind = get_le32(block + AT_KIND);
    slot_out->serial = get_le64(block + AT_SERIAL);
    for (size_t i = 0; i < VALUES; i++) {
        slot_out->values[i] = get_le64(block + AT_VALUES + 8 * i);
    }
    return slot_out->kind == kind ? ERROR_NONE : ERROR_ROTTEN;
}

/* Read the two slots of a kind and take the one that counts. A format or an
 * owner that is not ours decides even when the other copy is well. */
static enum error read_pair(const struct vote_file *file, unsigned at,
                            uint32_t kind, struct slot slots[2],
                            struct log_damage *damage)
{
    enum error errors[2];

    for (unsigned i = 0; i < 2; i++) {
        uint64_t offset = (uint64_t)(at + i) * LOG_BLOCK_BYTES;

        slots[i] = (struct slot){0};
        errors[i] =
            slot_read(file->blocks + offset, kind, &file->identity, &slots[i]);
        if (errors[i] != ERROR_NONE) {
            damage_set(damage, errors[i], VOTE_FILE, offset, 0,
                       block_complaint(errors[i]));
            slots[i] = (struct slot){0};
        }
        if (errors[i] == ERROR_UNSUPPORTED || errors[i] == ERROR_WRONG_POOL) {
            return errors[i];
        }
    }
    if (errors[0] != ERROR_NONE && errors[1] != ERROR_NONE) {
        return ERROR_ROTTEN;
    }
    return ERROR_NONE;
}

static const struct slot *newer(const struct slot slots[2])
{
    return slots[1].serial > slots[0].serial ? &slots[1] : &slots[0];
}

static enum error read_blocks(struct vote_file *file, struct log_damage *damage)
{
    size_t len = (size_t)SLOTS * LOG_BLOCK_BYTES;
    size_t got = 0;
    enum error error = device_file_read(file->file, 0, file->blocks, len, &got);

    if (error != ERROR_NONE) {
        return damage_set(damage, error, VOTE_FILE, 0, 0, "cannot be read");
    }
    /* What is cut off does not check: no block is all zero. */
    memset(file->blocks + got, 0, len - got);
    return ERROR_NONE;
}

enum error vote_file_read(struct vote_file *file, struct ballot *ballot_out,
                          struct mark *mark_out, bool *healthy_out,
                          struct log_damage *damage_out)
{
    struct slot ballots[2], marks[2];
    const struct slot *ballot, *mark;

    TRY(read_blocks(file, damage_out));
    TRY(read_pair(file, 0, KIND_BALLOT, ballots, damage_out));
    TRY(read_pair(file, SLOT_MARKS, KIND_MARK, marks, damage_out));
    ballot = newer(ballots);
    mark = newer(marks);
    *ballot_out = (struct ballot){ballot->serial, ballot->values[0],
                                  ballot->values[1], ballot->values[2]};
    *mark_out = (struct mark){mark->serial, mark->values[0], mark->values[1]};
    *healthy_out = ballots[0].serial == ballots[1].serial &&
                   marks[0].serial != 0 && marks[1].serial != 0;
    return ERROR_NONE;
}
