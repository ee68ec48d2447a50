#include "tests/sim/block_disk_rot.h"

#include <stdlib.h>
#include <string.h>

#include "raft/device.h"
#include "tests/sim/block_disk_inner.h"

static struct inode *inode_of(struct disk *disk, const char *path)
{
    struct name *name = disk_name(&disk->names, path);

    return name == NULL ? NULL : name->inode;
}

uint8_t *disk_bytes(struct disk *disk, const char *path, size_t *len_out)
{
    struct inode *inode = inode_of(disk, path);

    if (inode == NULL) {
        return NULL;
    }
    *len_out = inode->len;
    return inode->bytes;
}

bool disk_flip_bit(struct disk *disk, const char *path, uint64_t bit)
{
    struct inode *inode = inode_of(disk, path);

    if (inode == NULL || bit / 8 >= inode->len) {
        return false;
    }
    inode->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return true;
}

/* The block that holds the offset, as far as the file reaches. */
static size_t block_at(const struct inode *inode, uint64_t offset,
                       size_t *len_out)
{
    size_t from = offset / DEVICE_BLOCK_BYTES * DEVICE_BLOCK_BYTES;
    size_t left = inode->len - from;

    *len_out = left < DEVICE_BLOCK_BYTES ? left : DEVICE_BLOCK_BYTES;
    return from;
}

bool disk_zero_block(struct disk *disk, const char *path, uint64_t offset)
{
    struct inode *inode = inode_of(disk, path);
    size_t from, len;

    if (inode == NULL || offset >= inode->len) {
        return false;
    }
    from = block_at(inode, offset, &len);
    memset(inode->bytes + from, 0, len);
    return true;
}

bool disk_stale_block(struct disk *disk, const char *path, uint64_t offset)
{
    struct inode *inode = inode_of(disk, path);
    size_t from, len;

    if (inode == NULL || inode->before == NULL || offset >= inode->len) {
        return false;
    }
    from = block_at(inode, offset, &len);
    memcpy(inode->bytes + from, inode->before + from, len);
    return true;
}

bool disk_resize(struct disk *disk, const char *path, size_t bytes)
{
    struct inode *inode = inode_of(disk, path);

    if (inode == NULL) {
        return false;
    }
    inode_resize(inode, bytes);
    inode_sync(inode);
    return true;
}

bool disk_delete(struct disk *disk, const char *path)
{
    struct inode *inode = inode_of(disk, path);

    if (inode == NULL) {
        return false;
    }
    disk_change(disk, path, NULL, inode);
    disk_settle(disk, path);
    return true;
}

bool disk_swap(struct disk *disk, const char *path, const char *other)
{
    struct name *a = disk_name(&disk->names, path);
    struct name *b = disk_name(&disk->names, other);
    struct inode *inode;

    if (a == NULL || b == NULL) {
        return false;
    }
    inode = a->inode;
    inode->refs++; /* Held over the moment in which it has no name. */
    disk_change(disk, NULL, path, b->inode);
    disk_change(disk, NULL, other, inode);
    inode_release(inode);
    disk_settle(disk, path);
    disk_settle(disk, other);
    return true;
}

bool disk_put(struct disk *disk, const char *path, const void *bytes,
              size_t len)
{
    struct inode *inode = inode_new();

    inode_write(inode, 0, bytes, len, true, false);
    disk_change(disk, NULL, path, inode);
    inode_release(inode);
    disk_settle(disk, path);
    return true;
}

void disk_each(struct disk *disk,
               void (*each)(void *context, const char *path, size_t bytes),
               void *context)
{
    struct name *name;

    TAILQ_FOREACH (name, &disk->names, link) {
        if (!name->inode->is_directory) {
            each(context, name->path, name->inode->len);
        }
    }
}
