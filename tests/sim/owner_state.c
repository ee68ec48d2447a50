/* The tests' owner: its state on disk. */
#include <stdio.h>

#include "proto/base/check.h"
#include "raft/device.h"
#include "tests/sim/owner_inner.h"

static enum error write_file(const char *directory, const char *name,
                             const uint8_t bytes[TALLY_BYTES])
{
    struct device_file *file = NULL;
    struct device *device = NULL;
    enum error error;

    TRY(device_open(directory, &device));
    (void)device_remove(device, "new");
    error =
        device_file_open(device, "new", DEVICE_WRITE | DEVICE_CREATE, &file);
    if (error == ERROR_NONE) {
        error = device_file_write(file, 0, bytes, TALLY_BYTES);
    }
    if (error == ERROR_NONE) {
        error = device_file_sync(file);
    }
    device_file_close(file);
    if (error == ERROR_NONE) {
        error = device_rename(device, "new", name);
    }
    if (error == ERROR_NONE) {
        error = device_sync(device);
    }
    device_close(device);
    return error;
}

enum error owner_save(struct owner *owner, const char *directory)
{
    uint8_t bytes[TALLY_BYTES];

    tally_write(&owner->tally, bytes);
    return write_file(directory, "tally", bytes);
}

static enum error load(const char *directory, struct tally *tally_out)
{
    uint8_t bytes[TALLY_BYTES];
    struct device_file *file = NULL;
    struct device *device = NULL;
    size_t got = 0;
    enum error error;

    TRY(device_open(directory, &device));
    error = device_file_open(device, "tally", DEVICE_READ, &file);
    if (error == ERROR_NONE) {
        error = device_file_read(file, 0, bytes, sizeof(bytes), &got);
    }
    device_file_close(file);
    device_close(device);
    TRY(error);
    return tally_read(slice_of(bytes, got), tally_out) ? ERROR_NONE
                                                       : ERROR_ROTTEN;
}

enum error owner_open(struct owner *owner)
{
    enum error error = load(owner->directory, &owner->tally);

    if (error == ERROR_NOT_FOUND) {
        owner->tally = (struct tally){.index = 0};
        error = ERROR_NONE;
    }
    owner->durable_index = owner->tally.index;
    return error;
}

/* What is not applied yet is not waited for: the replica asks again. */
void owner_flush(struct owner *owner)
{
    enum error error = owner_save(owner, owner->directory);

    if (error != ERROR_NONE) {
        owner_fail(owner, error, "the state cannot be written");
        return;
    }
    owner->durable_index = owner->tally.index;
    replica_flushed(owner->replica, owner->durable_index);
}

/* Meanwhile no entry comes, and a read that was granted waits. */
void owner_switch(void *context)
{
    struct owner *owner = context;
    struct owner_watch *watch = &owner->settings.watch;
    struct tally tally;
    enum error error = load(owner->restore_from, &tally);

    CHECK(STAILQ_EMPTY(&owner->entries) || owner->paused);
    if (error == ERROR_NONE && tally.index < owner->restore_index) {
        error = ERROR_ROTTEN;
    }
    if (error == ERROR_NONE) {
        owner->tally = tally;
        error = owner_save(owner, owner->directory);
    }
    if (error != ERROR_NONE) {
        owner_fail(owner, error, "a snapshot cannot be restored");
        return;
    }
    owner->durable_index = owner->tally.index;
    if (watch->restored != NULL) {
        watch->restored(watch->context, owner);
    }
    owner_look_up(owner);
    replica_restored(owner->replica, owner->tally.index);
    owner_after_applying(owner, owner->tally.index);
}

/* A real state takes a while to switch. */
void owner_restore(void *context, const char *directory, uint64_t log_index)
{
    struct owner *owner = context;

    if (log_index <= owner->tally.index) {
        replica_restored(owner->replica, owner->tally.index);
        return;
    }
    snprintf(owner->restore_from, sizeof(owner->restore_from), "%s", directory);
    owner->restore_index = log_index;
    timer_start(owner->switcher, SWITCH_MS, 0);
}
