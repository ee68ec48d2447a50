/* raft/device.h over a simulated disk (tests/sim/block_disk.h). */
#include "raft/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/block_disk_inner.h"

enum { PATH_BYTES_MAX = 1024 };

/* Open ones are bound to one life of the disk: after a crash they only fail,
 * as the descriptors of a dead process would. */
struct device {
    struct disk *disk;
    uint64_t life;
    char *path;
};

struct device_file {
    struct device *device;
    struct inode *inode;
    bool direct;
};

/* What a step may do. */
enum step {
    STEP_WHOLE, /* All of it. */
    STEP_TORN,  /* A part of it, and then an error. */
    STEP_NONE,  /* Nothing but an error. */
};

static bool is_dead(const struct device *device)
{
    return device->disk->stopped || device->life != device->disk->life;
}

/* Count a step and say how far it goes and what it returns. */
static enum step step_begin(struct device *device, enum error *error_out)
{
    struct disk *disk = device->disk;
    const struct disk_knobs *knobs = &disk->knobs;

    *error_out = ERROR_IO;
    if (is_dead(device)) {
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

/* A step that is done as a whole or not at all: torn is one or the other. */
static bool step_happens(struct device *device, enum error *error_out)
{
    enum step step = step_begin(device, error_out);

    return step == STEP_WHOLE ||
           (step == STEP_TORN && disk_draw(device->disk, 2) == 1);
}

enum error device_open(const char *path, struct device **device_out)
{
    struct disk *disk = disk_find(path);
    struct device *device;

    if (disk == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (disk->stopped) {
        return ERROR_IO;
    }
    device = calloc(1, sizeof(*device));
    CHECK(device != NULL);
    device->disk = disk;
    device->life = disk->life;
    device->path = strdup(path);
    CHECK(device->path != NULL);
    *device_out = device;
    return ERROR_NONE;
}

void device_close(struct device *device)
{
    if (device != NULL) {
        free(device->path);
        free(device);
    }
}

/* A directory is there while a file's name begins with it. */
enum error device_remove_directory(const char *path)
{
    struct disk *disk = disk_find(path);
    size_t len = strlen(path);
    struct name *name;

    if (disk == NULL) {
        return ERROR_NONE;
    }
    if (disk->stopped) {
        return ERROR_IO;
    }
    TAILQ_FOREACH (name, &disk->names, link) {
        if (strncmp(name->path, path, len) == 0 && name->path[len] == '/') {
            return ERROR_IO;
        }
    }
    return ERROR_NONE;
}

const char *device_path(const struct device *device)
{
    return device->path;
}

enum error device_list(struct device *device,
                       void (*each)(void *context, const char *name,
                                    uint64_t bytes),
                       void *context)
{
    size_t len = strlen(device->path);
    struct name *name;

    if (is_dead(device)) {
        return ERROR_IO;
    }
    TAILQ_FOREACH (name, &device->disk->names, link) {
        if (strncmp(name->path, device->path, len) == 0 &&
            name->path[len] == '/' &&
            strchr(name->path + len + 1, '/') == NULL) {
            each(context, name->path + len + 1, name->inode->len);
        }
    }
    return ERROR_NONE;
}

static void whole_path(const struct device *device, const char *name,
                       char path[PATH_BYTES_MAX])
{
    size_t directory = strlen(device->path), len = strlen(name);

    CHECK(len > 0 && strchr(name, '/') == NULL);
    CHECK(directory + len + 2 <= PATH_BYTES_MAX);
    memcpy(path, device->path, directory);
    path[directory] = '/';
    memcpy(path + directory + 1, name, len + 1);
}

static struct inode *inode_at(const struct device *device, const char *path)
{
    struct name *name = disk_name(&device->disk->names, path);

    return name == NULL ? NULL : name->inode;
}

/* A directory is the beginning of its files' paths. */
static bool is_below(const char *path, const char *directory)
{
    size_t len = strlen(directory);

    return strncmp(path, directory, len) == 0 && path[len] == '/';
}

static struct name *name_below(const struct device *device,
                               const char *directory)
{
    struct name *name;

    TAILQ_FOREACH (name, &device->disk->names, link) {
        if (is_below(name->path, directory)) {
            return name;
        }
    }
    return NULL;
}

/* One file after the other, each durable at once, so that a crash may leave
 * some behind: harder than what file systems do. */
static enum error rename_directory(struct device *device, const char *from,
                                   const char *to)
{
    char path[PATH_BYTES_MAX];
    struct name *name = name_below(device, from);
    enum error error = name == NULL ? ERROR_NOT_FOUND : ERROR_NONE;
    int n;

    while (error == ERROR_NONE && name != NULL) {
        n = snprintf(path, sizeof(path), "%s%s", to, name->path + strlen(from));
        CHECK(n > 0 && (size_t)n < sizeof(path));
        if (step_happens(device, &error)) {
            disk_change(device->disk, name->path, path, name->inode);
            disk_names_sync(device->disk, to);
        }
        name = name_below(device, from);
    }
    return error;
}

enum error device_rename(struct device *device, const char *from,
                         const char *to)
{
    char from_path[PATH_BYTES_MAX], to_path[PATH_BYTES_MAX];
    struct inode *inode;
    enum error error;

    whole_path(device, from, from_path);
    whole_path(device, to, to_path);
    inode = inode_at(device, from_path);
    if (inode == NULL) {
        return rename_directory(device, from_path, to_path);
    }
    if (step_happens(device, &error)) {
        disk_change(device->disk, from_path, to_path, inode);
    }
    return error;
}

enum error device_remove(struct device *device, const char *name)
{
    char path[PATH_BYTES_MAX];
    struct inode *inode;
    enum error error;

    whole_path(device, name, path);
    inode = inode_at(device, path);
    if (inode == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (step_happens(device, &error)) {
        disk_change(device->disk, path, NULL, inode);
    }
    return error;
}

enum error device_sync(struct device *device)
{
    enum error error;

    if (step_happens(device, &error)) {
        disk_names_sync(device->disk, device->path);
    }
    return error;
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

static uint64_t left_bytes(const struct disk *disk)
{
    uint64_t used = used_bytes(disk);
    uint64_t capacity = disk->knobs.capacity_bytes;

    if (capacity == 0) {
        return UINT64_MAX - used;
    }
    return used < capacity ? capacity - used : 0;
}

enum error device_free_bytes(struct device *device, uint64_t *bytes_out)
{
    if (is_dead(device)) {
        return ERROR_IO;
    }
    *bytes_out = left_bytes(device->disk);
    return ERROR_NONE;
}

/* Find the inode a file is opened on; made when the flags say so. */
static enum error inode_for_open(struct device *device, const char *path,
                                 unsigned flags, struct inode **inode_out)
{
    struct inode *inode = inode_at(device, path);
    enum error error;

    if (inode != NULL) {
        inode->refs++;
        *inode_out = inode;
        return flags & DEVICE_CREATE ? ERROR_EXISTS : ERROR_NONE;
    }
    *inode_out = NULL;
    if (!(flags & DEVICE_CREATE)) {
        return ERROR_NOT_FOUND;
    }
    if (step_happens(device, &error)) {
        *inode_out = inode_new();
        disk_change(device->disk, NULL, path, *inode_out);
    }
    return error;
}

enum error device_file_open(struct device *device, const char *name,
                            unsigned flags, struct device_file **file_out)
{
    char path[PATH_BYTES_MAX];
    struct device_file *file;
    struct inode *inode = NULL;
    enum error error;

    if (is_dead(device)) {
        return ERROR_IO;
    }
    whole_path(device, name, path);
    error = inode_for_open(device, path, flags, &inode);
    if (error != ERROR_NONE) {
        if (inode != NULL) {
            inode_release(inode);
        }
        return error;
    }
    file = calloc(1, sizeof(*file));
    CHECK(file != NULL);
    file->device = device;
    file->inode = inode;
    file->direct = (flags & DEVICE_DIRECT) != 0;
    *file_out = file;
    return ERROR_NONE;
}

void device_file_close(struct device_file *file)
{
    if (file != NULL) {
        inode_release(file->inode);
        free(file);
    }
}

enum error device_file_bytes(struct device_file *file, uint64_t *bytes_out)
{
    if (is_dead(file->device)) {
        return ERROR_IO;
    }
    *bytes_out = file->inode->len;
    return ERROR_NONE;
}

static void check_aligned(const struct device_file *file, uint64_t offset,
                          const void *bytes, size_t len)
{
    CHECK(!file->direct ||
          ((offset | (uintptr_t)bytes | len) & (DEVICE_BLOCK_BYTES - 1)) == 0);
}

enum error device_file_read(struct device_file *file, uint64_t offset,
                            void *bytes, size_t len, size_t *got_out)
{
    const struct inode *inode = file->inode;
    size_t left = offset < inode->len ? inode->len - offset : 0;

    check_aligned(file, offset, bytes, len);
    if (is_dead(file->device)) {
        return ERROR_IO;
    }
    if (file->device->disk->knobs.read_error != ERROR_NONE) {
        return file->device->disk->knobs.read_error;
    }
    *got_out = left < len ? left : len;
    if (*got_out > 0) {
        memcpy(bytes, inode->bytes + offset, *got_out);
    }
    return ERROR_NONE;
}

static void write_part(struct device_file *file, uint64_t offset,
                       const uint8_t *bytes, size_t len)
{
    inode_write(file->inode, offset, bytes, len, file->direct,
                file->device->disk->knobs.remember);
}

/* Write some sectors of what was asked: none, all, the first few, or each by
 * a coin of this write's own bias. */
static void write_torn(struct device_file *file, uint64_t offset,
                       const uint8_t *bytes, size_t len)
{
    struct disk *disk = file->device->disk;
    uint64_t sectors = (len + SECTOR_BYTES - 1) / SECTOR_BYTES;
    uint64_t bias = disk_draw(disk, 5); /* Of 4: never to always. */
    bool prefix = disk_draw(disk, 3) == 0;
    uint64_t first = disk_draw(disk, sectors + 1);

    for (uint64_t s = 0; s < sectors; s++) {
        size_t at = s * SECTOR_BYTES;
        size_t left = len - at;
        bool kept = prefix ? s < first : disk_draw(disk, 4) < bias;

        if (kept) {
            write_part(file, offset + at, bytes + at,
                       left < SECTOR_BYTES ? left : SECTOR_BYTES);
        }
    }
}

static bool has_room(const struct device_file *file, uint64_t end)
{
    return end <= file->inode->len ||
           end - file->inode->len <= left_bytes(file->device->disk);
}

enum error device_file_write(struct device_file *file, uint64_t offset,
                             const void *bytes, size_t len)
{
    enum error error;
    enum step step;

    check_aligned(file, offset, bytes, len);
    step = step_begin(file->device, &error);
    file->device->disk->us += len * file->device->disk->knobs.mib_us >> 20;
    if (step == STEP_TORN) {
        if (error != ERROR_NO_SPACE && len > 0) {
            write_torn(file, offset, bytes, len);
        }
    } else if (step == STEP_WHOLE) {
        if (!has_room(file, offset + len)) {
            return ERROR_NO_SPACE;
        }
        write_part(file, offset, bytes, len);
    }
    return error;
}

enum error device_file_sync(struct device_file *file)
{
    enum error error;

    if (step_happens(file->device, &error)) {
        inode_sync(file->inode);
    }
    return error;
}

enum error device_file_fill(struct device_file *file, uint64_t bytes)
{
    struct inode *inode = file->inode;
    uint64_t more = bytes > inode->len ? bytes - inode->len : 0;
    enum error error;
    enum step step = step_begin(file->device, &error);

    file->device->disk->us += more * file->device->disk->knobs.mib_us >> 20;
    if (step == STEP_WHOLE && !has_room(file, bytes)) {
        return ERROR_NO_SPACE;
    }
    if (step == STEP_TORN) {
        more = disk_draw(file->device->disk, more / SECTOR_BYTES + 1) *
               SECTOR_BYTES;
    }
    if (step != STEP_NONE && more > 0) {
        inode_resize(inode, inode->len + more);
    }
    return error;
}

enum error device_file_cut(struct device_file *file, uint64_t bytes)
{
    enum error error;

    if (step_happens(file->device, &error)) {
        inode_resize(file->inode, bytes);
    }
    return error;
}
