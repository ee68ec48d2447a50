/* One step of a simulated disk: how far it goes, what it costs, what it
 * tears. */
#include "tests/sim/block_disk_inner.h"

enum step disk_step(struct disk *disk, enum error *error_out)
{
    const struct disk_knobs *knobs = &disk->knobs;

    *error_out = ERROR_IO;
    if (disk->stopped) {
        return STEP_NONE;
    }
    disk->steps++;
    disk->us += knobs->step_us;
    if (knobs->stop_at_step == disk->steps) {
        disk->stopped = true;
        return STEP_TORN;
    }
    if (knobs->fail_at_step != 0 &&
        (knobs->fail_at_step == disk->steps ||
         (knobs->fail_on && disk->steps > knobs->fail_at_step))) {
        *error_out = knobs->fail_error;
        return STEP_TORN;
    }
    *error_out = ERROR_NONE;
    return STEP_WHOLE;
}

bool disk_step_happens(struct disk *disk, enum error *error_out)
{
    enum step step = disk_step(disk, error_out);

    return step == STEP_WHOLE || (step == STEP_TORN && disk_draw(disk, 2) == 1);
}

static uint64_t used_bytes(const struct disk *disk)
{
    struct name *name;
    uint64_t used = 0;

    TAILQ_FOREACH (name, &disk->names, link) {
        used += name->inode->len;
    }
    return used;
}

uint64_t disk_left_bytes(const struct disk *disk)
{
    uint64_t used = used_bytes(disk);
    uint64_t capacity = disk->knobs.capacity_bytes;

    if (capacity == 0) {
        return UINT64_MAX - used;
    }
    return used < capacity ? capacity - used : 0;
}

/* Write some sectors of what was asked: none, all, the first few, or each by
 * a coin of this write's own bias. */
static void write_torn(struct disk *disk, struct inode *inode, uint64_t offset,
                       const uint8_t *bytes, size_t len, bool durable)
{
    uint64_t sectors = (len + SECTOR_BYTES - 1) / SECTOR_BYTES;
    uint64_t bias = disk_draw(disk, 5); /* Of 4: never to always. */
    bool prefix = disk_draw(disk, 3) == 0;
    uint64_t first = disk_draw(disk, sectors + 1);

    for (uint64_t s = 0; s < sectors; s++) {
        size_t at = s * SECTOR_BYTES;
        size_t left = len - at;
        bool kept = prefix ? s < first : disk_draw(disk, 4) < bias;

        if (kept) {
            inode_write(inode, offset + at, bytes + at,
                        left < SECTOR_BYTES ? left : SECTOR_BYTES, durable,
                        disk->knobs.remember);
        }
    }
}

static bool has_room(const struct disk *disk, const struct inode *inode,
                     uint64_t end)
{
    return end <= inode->len || end - inode->len <= disk_left_bytes(disk);
}

enum error disk_write(struct disk *disk, struct inode *inode, uint64_t offset,
                      const void *bytes, size_t len, bool durable)
{
    enum error error;
    enum step step = disk_step(disk, &error);

    disk->us += len * disk->knobs.mib_us >> 20;
    if (step == STEP_TORN) {
        if (error != ERROR_NO_SPACE && len > 0) {
            write_torn(disk, inode, offset, bytes, len, durable);
        }
    } else if (step == STEP_WHOLE) {
        if (!has_room(disk, inode, offset + len)) {
            return ERROR_NO_SPACE;
        }
        inode_write(inode, offset, bytes, len, durable, disk->knobs.remember);
    }
    return error;
}
