/* storage/files.h over a simulated disk (tests/sim/block_disk.h): what storage
 * writes and what raft writes lies on one disk, so that raft can receive what
 * storage then opens, and one crash hits both.
 *
 * A directory is a name like another, with an inode without bytes; what the
 * store's twin keeps in one (files_sim.h) hangs on that. Renaming a directory
 * is one change of names, however many there are below it.
 */
#include "storage/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/block_disk_inner.h"
#include "tests/sim/files_sim.h"

/* Find the disk and the name of a path; NULL: there is none. */
static enum error find(const char *path, struct disk **disk_out,
                       struct name **name_out)
{
    *disk_out = disk_find(path);
    if (*disk_out == NULL) {
        return ERROR_NOT_FOUND;
    }
    if ((*disk_out)->stopped) {
        return ERROR_IO;
    }
    *name_out = disk_name(&(*disk_out)->names, path);
    return ERROR_NONE;
}

/* The disk's root is there without having been made. */
static bool has_parent(const struct disk *disk, const char *path)
{
    size_t len = (size_t)(strrchr(path, '/') - path);
    const struct name *name;

    if (len < strlen(disk->prefix)) {
        return true;
    }
    TAILQ_FOREACH (name, &disk->names, link) {
        if (strlen(name->path) == len && strncmp(name->path, path, len) == 0) {
            return name->inode->is_directory;
        }
    }
    return false;
}

enum error files_sim_object(const char *path,
                            struct files_sim_object ***slot_out)
{
    struct disk *disk;
    struct name *name;

    TRY(find(path, &disk, &name));
    if (name == NULL || !name->inode->is_directory) {
        return ERROR_NOT_FOUND;
    }
    *slot_out = &name->inode->object;
    return ERROR_NONE;
}

enum error files_sim_change(const char *path)
{
    struct disk *disk;
    struct name *name;
    enum error error;

    TRY(find(path, &disk, &name));
    (void)disk_step_happens(disk, &error);
    return error;
}

/* Make an inode under a name that is free. */
static enum error make(struct disk *disk, const char *path, bool is_directory)
{
    struct inode *inode;
    enum error error;

    if (!has_parent(disk, path)) {
        return ERROR_NOT_FOUND;
    }
    if (disk_step_happens(disk, &error)) {
        inode = inode_new();
        inode->is_directory = is_directory;
        disk_change(disk, NULL, path, inode);
        inode_release(inode);
    }
    return error;
}

enum error files_make_directory(const char *path)
{
    struct disk *disk;
    struct name *name;

    TRY(find(path, &disk, &name));
    if (name != NULL) {
        return name->inode->is_directory ? ERROR_NONE : ERROR_IO;
    }
    return make(disk, path, true);
}

enum error files_read(const char *path, uint64_t offset, void *bytes,
                      size_t len, size_t *got_out)
{
    struct disk *disk;
    struct name *name;
    size_t left;

    TRY(find(path, &disk, &name));
    if (name == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (name->inode->is_directory) {
        return ERROR_IO;
    }
    TRY(disk->knobs.read_error);
    left = offset < name->inode->len ? name->inode->len - (size_t)offset : 0;
    *got_out = len < left ? len : left;
    if (*got_out > 0) {
        memcpy(bytes, name->inode->bytes + offset, *got_out);
    }
    return ERROR_NONE;
}

enum error files_write(const char *path, uint64_t offset, const void *bytes,
                       size_t len)
{
    struct disk *disk;
    struct name *name;

    TRY(find(path, &disk, &name));
    if (name == NULL) {
        TRY(make(disk, path, false));
        name = disk_name(&disk->names, path);
    }
    if (name->inode->is_directory) {
        return ERROR_IO;
    }
    return disk_write(disk, name->inode, offset, bytes, len, false);
}

enum error files_sync(const char *path)
{
    struct disk *disk;
    struct name *name;
    enum error error;

    TRY(find(path, &disk, &name));
    if (name == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (disk_step_happens(disk, &error)) {
        if (name->inode->is_directory) {
            disk_names_sync(disk, path);
        } else {
            inode_sync(name->inode);
        }
    }
    return error;
}

/* Any name below a directory; NULL: none. */
static struct name *name_below(struct disk *disk, const char *directory)
{
    struct name *name;

    TAILQ_FOREACH (name, &disk->names, link) {
        if (path_is_below(name->path, directory)) {
            return name;
        }
    }
    return NULL;
}

/* What is below goes along. */
static void rename_below(struct disk *disk, const char *from, const char *to)
{
    char path[FILES_PATH_BYTES_MAX];
    struct name *name;
    int n;

    while ((name = name_below(disk, from)) != NULL) {
        n = snprintf(path, sizeof(path), "%s%s", to, name->path + strlen(from));
        CHECK(n > 0 && (size_t)n < sizeof(path));
        disk_change_too(disk, name->path, path, name->inode);
    }
}

enum error files_rename(const char *from, const char *to)
{
    struct disk *disk, *other;
    struct name *source, *target;
    enum error error;

    TRY(find(from, &disk, &source));
    TRY(find(to, &other, &target));
    CHECK(disk == other);
    if (source == NULL || !has_parent(disk, to)) {
        return ERROR_NOT_FOUND;
    }
    if (target != NULL && target->inode->is_directory) {
        return ERROR_EXISTS;
    }
    if (disk_step_happens(disk, &error)) {
        bool is_directory = source->inode->is_directory;

        disk_change(disk, from, to, source->inode);
        if (is_directory) {
            rename_below(disk, from, to);
        }
    }
    return error;
}

static enum error remove_name(struct disk *disk, struct name *name)
{
    enum error error;

    if (disk_step_happens(disk, &error)) {
        disk_change(disk, name->path, NULL, name->inode);
    }
    return error;
}

/* A name below a directory with none below itself; NULL: none. */
static struct name *deepest_below(struct disk *disk, const char *directory)
{
    struct name *deepest = NULL, *name = name_below(disk, directory);

    for (; name != NULL; name = name_below(disk, name->path)) {
        deepest = name;
    }
    return deepest;
}

/* Name by name: what is in a directory goes before it. */
enum error files_remove(const char *path)
{
    struct disk *disk;
    struct name *name, *below;

    TRY(find(path, &disk, &name));
    if (name == NULL) {
        return ERROR_NOT_FOUND;
    }
    while ((below = deepest_below(disk, path)) != NULL) {
        TRY(remove_name(disk, below));
    }
    return remove_name(disk, name);
}

/* A copy of a directory's entries: each may remove its own. */
struct entries {
    size_t n;
    struct files_entry *entries; /* Their names are owned. */
};

static void entries_add(struct entries *entries, const struct name *name,
                        const char *text)
{
    entries->entries =
        realloc(entries->entries, (entries->n + 1) * sizeof(*entries->entries));
    CHECK(entries->entries != NULL);
    entries->entries[entries->n++] =
        (struct files_entry){.name = strdup(text),
                             .is_directory = name->inode->is_directory,
                             .bytes = name->inode->len};
}

enum error files_list(const char *path,
                      enum error (*each)(void *context,
                                         const struct files_entry *entry),
                      void *context)
{
    struct entries entries = {.n = 0};
    enum error error = ERROR_NONE;
    size_t len = strlen(path);
    struct disk *disk;
    struct name *name;

    TRY(find(path, &disk, &name));
    if (name == NULL || !name->inode->is_directory) {
        return ERROR_NOT_FOUND;
    }
    TAILQ_FOREACH (name, &disk->names, link) {
        if (path_is_below(name->path, path) &&
            strchr(name->path + len + 1, '/') == NULL) {
            entries_add(&entries, name, name->path + len + 1);
        }
    }
    for (size_t i = 0; i < entries.n; i++) {
        if (error == ERROR_NONE) {
            error = each(context, &entries.entries[i]);
        }
        free((void *)(uintptr_t)entries.entries[i].name);
    }
    free(entries.entries);
    return error;
}
