#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/device.h"
#include "tests/sim/block_disk_inner.h"

struct inode *inode_new(void)
{
    struct inode *inode = calloc(1, sizeof(*inode));

    CHECK(inode != NULL);
    inode->refs = 1;
    return inode;
}

static void forget_unsynced(struct inode *inode)
{
    free(inode->durable);
    free(inode->dirty);
    inode->durable = NULL;
    inode->dirty = NULL;
}

void inode_release(struct inode *inode)
{
    CHECK(inode->refs > 0);
    if (--inode->refs > 0) {
        return;
    }
    if (inode->object != NULL) {
        inode->object->free(inode->object);
    }
    forget_unsynced(inode);
    free(inode->bytes);
    free(inode->before);
    free(inode);
}

static uint8_t *resized(uint8_t *bytes, size_t from, size_t to)
{
    bytes = realloc(bytes, to + 1); /* Never 0, which would free. */
    CHECK(bytes != NULL);
    if (to > from) {
        memset(bytes + from, 0, to - from);
    }
    return bytes;
}

static size_t sectors(size_t bytes)
{
    return (bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
}

void inode_resize(struct inode *inode, size_t len)
{
    inode->bytes = resized(inode->bytes, inode->len, len);
    if (inode->before != NULL) {
        inode->before = resized(inode->before, inode->len, len);
    }
    if (inode->dirty != NULL) {
        inode->durable = resized(inode->durable, inode->len, len);
        inode->dirty = resized(inode->dirty, sectors(inode->len), sectors(len));
    }
    inode->len = len;
}

/* The part of a sector that lies in the file. */
static size_t sector_len(const struct inode *inode, size_t sector)
{
    size_t left = inode->len - sector * SECTOR_BYTES;

    return left < SECTOR_BYTES ? left : SECTOR_BYTES;
}

/* Keep what the sectors hold, once, for a crash that loses the new bytes. */
static void save_sectors(struct inode *inode, uint64_t offset, size_t len)
{
    if (inode->dirty == NULL) {
        inode->durable = resized(NULL, 0, inode->len);
        inode->dirty = resized(NULL, 0, sectors(inode->len));
    }
    for (size_t s = offset / SECTOR_BYTES; s < sectors(offset + len); s++) {
        if (!inode->dirty[s]) {
            inode->dirty[s] = 1;
            memcpy(inode->durable + s * SECTOR_BYTES,
                   inode->bytes + s * SECTOR_BYTES, sector_len(inode, s));
        }
    }
}

static void save_blocks(struct inode *inode, uint64_t offset, size_t len)
{
    size_t from = offset / DEVICE_BLOCK_BYTES * DEVICE_BLOCK_BYTES;
    size_t to = offset + len;

    to =
        (to + DEVICE_BLOCK_BYTES - 1) / DEVICE_BLOCK_BYTES * DEVICE_BLOCK_BYTES;
    to = to < inode->len ? to : inode->len;
    if (inode->before == NULL) {
        inode->before = resized(NULL, 0, inode->len);
    }
    memcpy(inode->before + from, inode->bytes + from, to - from);
}

void inode_write(struct inode *inode, uint64_t offset, const void *bytes,
                 size_t len, bool durable, bool remember)
{
    if (len == 0) {
        return;
    }
    if (offset + len > inode->len) {
        inode_resize(inode, offset + len);
    }
    if (!durable) {
        save_sectors(inode, offset, len);
    } else if (inode->len_durable < offset + len) {
        inode->len_durable = offset + len;
    }
    if (remember) {
        save_blocks(inode, offset, len);
    }
    memcpy(inode->bytes + offset, bytes, len);
}

void inode_sync(struct inode *inode)
{
    forget_unsynced(inode);
    inode->len_durable = inode->len;
}

void inode_crash(struct inode *inode, struct disk *disk)
{
    if (inode->object != NULL) {
        inode->object->crash(inode->object);
    }
    for (size_t s = 0; inode->dirty != NULL && s < sectors(inode->len); s++) {
        if (inode->dirty[s] && disk_draw(disk, 2) == 0) {
            memcpy(inode->bytes + s * SECTOR_BYTES,
                   inode->durable + s * SECTOR_BYTES, sector_len(inode, s));
        }
    }
    if (inode->len != inode->len_durable && disk_draw(disk, 2) == 0) {
        inode_resize(inode, inode->len_durable);
    }
    inode_sync(inode);
}
