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

static bool is_dead(const struct device *device)
{
    return device->disk->stopped || device->life != device->disk->life;
}

/* Whether nothing may be changed in a directory; then why. */
static bool is_refused(const struct device *device, enum error *error_out)
{
    const struct disk_knobs *knobs = &device->disk->knobs;

    *error_out = is_dead(device) ? ERROR_IO : knobs->refused_error;
    return is_dead(device) || (knobs->refused != NULL &&
                               (strcmp(device->path, knobs->refused) == 0 ||
                                path_is_below(device->path, knobs->refused)));
}

/* As those of block_disk_inner.h, for a device that may have died. */
static enum step step_begin(struct device *device, enum error *error_out)
{
    if (is_refused(device, error_out)) {
        return STEP_NONE;
    }
    return disk_step(device->disk, error_out);
}

static bool step_happens(struct device *device, enum error *error_out)
{
    return !is_refused(device, error_out) &&
           disk_step_happens(device->disk, error_out);
}

/* Make a directory and those above it, durably. */
static void make_directory(struct disk *disk, const char *path)
{
    char above[PATH_BYTES_MAX];
    struct inode *inode;

    if (strlen(path) < strlen(disk->prefix) ||
        disk_name(&disk->names, path) != NULL) {
        return;
    }
    CHECK(strlen(path) < sizeof(above));
    strcpy(above, path);
    *strrchr(above, '/') = '\0';
    make_directory(disk, above);
    inode = inode_new();
    inode->is_directory = true;
    disk_change(disk, NULL, path, inode);
    inode_release(inode);
    disk_settle(disk, path);
}

static enum error open_device(const char *path, bool make,
                              struct device **device_out)
{
    struct disk *disk = disk_find(path);
    struct device *device;

    if (disk == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (disk->stopped) {
        return ERROR_IO;
    }
    if (!make && disk_name(&disk->names, path) == NULL) {
        return ERROR_NOT_FOUND;
    }
    device = calloc(1, sizeof(*device));
    CHECK(device != NULL);
    device->disk = disk;
    device->life = disk->life;
    device->path = strdup(path);
    CHECK(device->path != NULL);
    make_directory(disk, path);
    *device_out = device;
    return ERROR_NONE;
}

enum error device_open(const char *path, struct device **device_out)
{
    return open_device(path, true, device_out);
}

enum error device_find(const char *path, struct device **device_out)
{
    return open_device(path, false, device_out);
}

void device_close(struct device *device)
{
    if (device != NULL) {
        free(device->path);
        free(device);
    }
}

enum error device_remove_directory(const char *path)
{
    struct disk *disk = disk_find(path);
    struct name *name;

    if (disk == NULL) {
        return ERROR_NONE;
    }
    if (disk->stopped) {
        return ERROR_IO;
    }
    TAILQ_FOREACH (name, &disk->names, link) {
        if (path_is_below(name->path, path)) {
            return ERROR_IO;
        }
    }
    name = disk_name(&disk->names, path);
    if (name != NULL) {
        disk_change(disk, path, NULL, name->inode);
        disk_settle(disk, path);
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
        if (path_is_below(name->path, device->path) &&
            !name->inode->is_directory &&
            strchr(name->path + len + 1, '/') == NULL) {
            each(context, name->path + len + 1, name->inode->len);
        }
    }
    return ERROR_NONE;
}

static void path_below(const struct device *device, const char *name,
                       char path[PATH_BYTES_MAX])
{
    size_t directory = strlen(device->path), len = strlen(name);

    CHECK(len > 0);
    CHECK(directory + len + 2 <= PATH_BYTES_MAX);
    memcpy(path, device->path, directory);
    path[directory] = '/';
    memcpy(path + directory + 1, name, len + 1);
}

static void whole_path(const struct device *device, const char *name,
                       char path[PATH_BYTES_MAX])
{
    CHECK(strchr(name, '/') == NULL);
    path_below(device, name, path);
}

static struct inode *inode_at(const struct device *device, const char *path)
{
    struct name *name = disk_name(&device->disk->names, path);

    return name == NULL ? NULL : name->inode;
}

/* A directory's own name, or one below it. */
static struct name *name_of_directory(const struct device *device,
                                      const char *directory)
{
    struct name *name;

    TAILQ_FOREACH (name, &device->disk->names, link) {
        if (strcmp(name->path, directory) == 0 ||
            path_is_below(name->path, directory)) {
            return name;
        }
    }
    return NULL;
}

/* One name after the other, each durable at once, so that a crash may leave
 * some behind: harder than what file systems do. */
static enum error rename_directory(struct device *device, const char *from,
                                   const char *to)
{
    char path[PATH_BYTES_MAX];
    struct name *name = name_of_directory(device, from);
    enum error error = name == NULL ? ERROR_NOT_FOUND : ERROR_NONE;
    int n;

    while (error == ERROR_NONE && name != NULL) {
        n = snprintf(path, sizeof(path), "%s%s", to, name->path + strlen(from));
        CHECK(n > 0 && (size_t)n < sizeof(path));
        if (step_happens(device, &error)) {
            disk_change(device->disk, name->path, path, name->inode);
            disk_settle(device->disk, path);
        }
        name = name_of_directory(device, from);
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
    path_below(device, to, to_path);
    inode = inode_at(device, from_path);
    if (inode == NULL || inode->is_directory) {
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

enum error device_free_bytes(struct device *device, uint64_t *bytes_out)
{
    if (is_dead(device)) {
        return ERROR_IO;
    }
    *bytes_out = disk_left_bytes(device->disk);
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

/* A drive that keeps another bit than it was given, once. */
static enum error write_bent(struct device_file *file, uint64_t offset,
                             const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len);
    enum error error;

    CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    copy[0] ^= 1;
    file->device->disk->knobs.bent = NULL;
    error = disk_write(file->device->disk, file->inode, offset, copy, len,
                       file->direct);
    free(copy);
    return error;
}

static bool is_bent(const struct device *device, size_t len)
{
    const char *bent = device->disk->knobs.bent;

    return bent != NULL && len > 0 && strstr(device->path, bent) != NULL;
}

enum error device_file_write(struct device_file *file, uint64_t offset,
                             const void *bytes, size_t len)
{
    enum error error;

    check_aligned(file, offset, bytes, len);
    if (!is_refused(file->device, &error) && is_bent(file->device, len)) {
        return write_bent(file, offset, bytes, len);
    }
    return is_refused(file->device, &error)
               ? error
               : disk_write(file->device->disk, file->inode, offset, bytes, len,
                            file->direct);
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
    if (step == STEP_WHOLE && more > disk_left_bytes(file->device->disk)) {
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
