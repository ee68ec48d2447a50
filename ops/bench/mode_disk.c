#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/interrupt.h"
#include "ops/bench/lane.h"
#include "ops/bench/modes.h"

/* One writer, one file that exists already in full, one write and one
 * fdatasync for all operations under way: as good as a log can be. */
enum { DISK_FILE_BYTES = 64 * 1024 * 1024, FILL_BYTES = 1024 * 1024 };

struct disk {
    const struct bench *bench;
    char directory[PATH_MAX];
    int file;
    uint8_t *block; /* FILL_BYTES. */
    off_t at;
};

static void close_disk(void *lane)
{
    struct disk *disk = lane;

    if (disk == NULL) {
        return;
    }
    if (disk->file >= 0) {
        close(disk->file);
    }
    lane_remove_directory(disk->directory);
    free(disk->block);
    free(disk);
}

/* Give the file its blocks, so that writing over them moves no metadata. */
static enum error fill(struct disk *disk)
{
    for (off_t at = 0; at < DISK_FILE_BYTES; at += FILL_BYTES) {
        if (pwrite(disk->file, disk->block, FILL_BYTES, at) != FILL_BYTES) {
            return complain(error_from_errno(errno), "cannot write %s: %s",
                            disk->directory, strerror(errno));
        }
    }
    return fsync(disk->file) == 0
               ? ERROR_NONE
               : complain(ERROR_IO, "cannot sync: %s", strerror(errno));
}

static enum error make_file(struct disk *disk)
{
    char path[PATH_MAX + 8];

    TRY(lane_directory(disk->bench, "disk", disk->directory));
    snprintf(path, sizeof(path), "%s/block", disk->directory);
    disk->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (disk->file < 0) {
        return complain(error_from_errno(errno), "cannot make %s: %s", path,
                        strerror(errno));
    }
    disk->block = malloc(FILL_BYTES);
    if (disk->block == NULL) {
        return ERROR_NO_MEMORY;
    }
    memset(disk->block, 'x', FILL_BYTES);
    return fill(disk);
}

static enum error open_disk(const struct bench *bench, void **lane_out)
{
    struct disk *disk = calloc(1, sizeof(*disk));
    enum error error;

    if (disk == NULL) {
        return ERROR_NO_MEMORY;
    }
    disk->bench = bench;
    disk->file = -1;
    error = make_file(disk);
    if (error != ERROR_NONE) {
        close_disk(disk);
        return error;
    }
    *lane_out = disk;
    return ERROR_NONE;
}

static enum error write_bytes(struct disk *disk, size_t left)
{
    while (left > 0) {
        size_t n = left < FILL_BYTES ? left : FILL_BYTES;

        if (disk->at + (off_t)n > DISK_FILE_BYTES) {
            disk->at = 0;
        }
        if (pwrite(disk->file, disk->block, n, disk->at) != (ssize_t)n) {
            return complain(ERROR_IO, "cannot write: %s", strerror(errno));
        }
        disk->at += (off_t)n;
        left -= n;
    }
    return fdatasync(disk->file) == 0
               ? ERROR_NONE
               : complain(ERROR_IO, "cannot sync: %s", strerror(errno));
}

static enum error measure_disk(void *lane, unsigned outstanding,
                               struct figures *figures)
{
    struct disk *disk = lane;
    const struct options *options = disk->bench->options;
    uint64_t until_ns;

    TRY(figures_begin(figures, NULL, 0));
    until_ns = clock_after(options->seconds);
    while (clock_ns() < until_ns) {
        uint64_t begun_ns = clock_ns();

        TRY(interrupt_check());
        TRY(write_bytes(disk, (size_t)outstanding * options->bytes));
        histogram_record(&figures->latency,
                         (clock_ns() - begun_ns) / NS_PER_US);
        figures->operations += outstanding;
    }
    return figures_end(figures);
}

const struct lane lane_disk = {"disk", false, open_disk, measure_disk,
                               close_disk};

enum error mode_disk(const struct bench *bench)
{
    return lane_run(&lane_disk, bench);
}
