#include "tests/sim/block_disk.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/block_disk_inner.h"

static SLIST_HEAD(, disk) disks = SLIST_HEAD_INITIALIZER(disks);

struct disk *disk_new(const char *prefix, uint64_t (*random)(void *context),
                      void *context)
{
    struct disk *disk = calloc(1, sizeof(*disk));

    if (disk == NULL) {
        return NULL;
    }
    disk->prefix = strdup(prefix);
    if (disk->prefix == NULL) {
        free(disk);
        return NULL;
    }
    disk->random = random;
    disk->context = context;
    TAILQ_INIT(&disk->names);
    TAILQ_INIT(&disk->durable);
    TAILQ_INIT(&disk->changes);
    SLIST_INSERT_HEAD(&disks, disk, link);
    return disk;
}

static void name_remove(struct name_list *names, const char *path)
{
    struct name *name = disk_name(names, path);

    if (name != NULL) {
        TAILQ_REMOVE(names, name, link);
        inode_release(name->inode);
        free(name);
    }
}

static void name_add(struct name_list *names, const char *path,
                     struct inode *inode)
{
    struct name *name = calloc(1, sizeof(*name) + strlen(path) + 1);

    CHECK(name != NULL);
    strcpy(name->path, path);
    name->inode = inode;
    inode->refs++;
    TAILQ_INSERT_TAIL(names, name, link);
}

static void names_apply(struct name_list *names, const char *from,
                        const char *to, struct inode *inode)
{
    inode->refs++; /* It may have no name for a moment. */
    if (from != NULL) {
        name_remove(names, from);
    }
    if (to != NULL) {
        name_remove(names, to);
        name_add(names, to, inode);
    }
    inode_release(inode);
}

static void names_clear(struct name_list *names)
{
    struct name *name;

    while ((name = TAILQ_FIRST(names)) != NULL) {
        name_remove(names, name->path);
    }
}

static void change_free(struct disk *disk, struct change *change)
{
    TAILQ_REMOVE(&disk->changes, change, link);
    inode_release(change->inode);
    free(change->from);
    free(change->to);
    free(change);
}

static void changes_clear(struct disk *disk)
{
    struct change *change;

    while ((change = TAILQ_FIRST(&disk->changes)) != NULL) {
        change_free(disk, change);
    }
}

void disk_free(struct disk *disk)
{
    if (disk == NULL) {
        return;
    }
    changes_clear(disk);
    names_clear(&disk->names);
    names_clear(&disk->durable);
    SLIST_REMOVE(&disks, disk, disk, link);
    free(disk->prefix);
    free(disk);
}

struct disk_knobs *disk_knobs(struct disk *disk)
{
    return &disk->knobs;
}

uint64_t disk_steps(const struct disk *disk)
{
    return disk->steps;
}

void disk_stop(struct disk *disk)
{
    disk->stopped = true;
}

bool disk_stopped(const struct disk *disk)
{
    return disk->stopped;
}

uint64_t disk_take_us(struct disk *disk)
{
    uint64_t us = disk->us;

    disk->us = 0;
    return us;
}

uint64_t disk_draw(struct disk *disk, uint64_t bound)
{
    return disk->random(disk->context) % bound;
}

/* The longest prefix answers, so that one disk may lie below another. */
struct disk *disk_find(const char *path)
{
    struct disk *disk, *best = NULL;

    SLIST_FOREACH (disk, &disks, link) {
        size_t len = strlen(disk->prefix);

        if (strncmp(path, disk->prefix, len) == 0 &&
            (best == NULL || len > strlen(best->prefix))) {
            best = disk;
        }
    }
    return best;
}

struct name *disk_name(struct name_list *names, const char *path)
{
    struct name *name;

    TAILQ_FOREACH (name, names, link) {
        if (strcmp(name->path, path) == 0) {
            return name;
        }
    }
    return NULL;
}

static char *copy_path(const char *path)
{
    char *copy = path == NULL ? NULL : strdup(path);

    CHECK(path == NULL || copy != NULL);
    return copy;
}

static void add_change(struct disk *disk, const char *from, const char *to,
                       struct inode *inode, bool follows)
{
    struct change *change = calloc(1, sizeof(*change));

    CHECK(change != NULL);
    change->from = copy_path(from);
    change->to = copy_path(to);
    change->inode = inode;
    change->follows = follows;
    inode->refs++;
    TAILQ_INSERT_TAIL(&disk->changes, change, link);
    names_apply(&disk->names, change->from, change->to, inode);
}

void disk_change(struct disk *disk, const char *from, const char *to,
                 struct inode *inode)
{
    add_change(disk, from, to, inode, false);
}

void disk_change_too(struct disk *disk, const char *from, const char *to,
                     struct inode *inode)
{
    add_change(disk, from, to, inode, true);
}

bool path_is_below(const char *path, const char *directory)
{
    size_t len = strlen(directory);

    return strncmp(path, directory, len) == 0 && path[len] == '/';
}

static bool change_is_in(const struct change *change, const char *directory)
{
    const char *path = change->to != NULL ? change->to : change->from;

    return path_is_below(path, directory) &&
           strchr(path + strlen(directory) + 1, '/') == NULL;
}

static void make_durable(struct disk *disk, struct change *change)
{
    names_apply(&disk->durable, change->from, change->to, change->inode);
    change_free(disk, change);
}

static bool is_at_or_below(const char *path, const char *of)
{
    return path != NULL && (strcmp(path, of) == 0 || path_is_below(path, of));
}

/* What happened before to a name that goes now, or below it, cannot happen
 * after it. */
static void make_past_durable(struct disk *disk, const struct change *until)
{
    struct change *change = TAILQ_FIRST(&disk->changes), *next;

    for (; until->from != NULL && change != until; change = next) {
        next = TAILQ_NEXT(change, link);
        if (is_at_or_below(change->to, until->from) ||
            is_at_or_below(change->from, until->from)) {
            make_durable(disk, change);
        }
    }
}

void disk_names_sync(struct disk *disk, const char *directory)
{
    struct change *change, *next;
    bool happens = false;

    for (change = TAILQ_FIRST(&disk->changes); change != NULL; change = next) {
        if (!change->follows) {
            happens = change_is_in(change, directory);
        }
        if (happens) {
            make_past_durable(disk, change);
        }
        next = TAILQ_NEXT(change, link);
        if (happens) {
            make_durable(disk, change);
        }
    }
}

void disk_settle(struct disk *disk, const char *path)
{
    char *directory = copy_path(path);
    char *slash = strrchr(directory, '/');

    if (slash != NULL) {
        *slash = '\0';
        disk_names_sync(disk, directory);
    }
    free(directory);
}

static void names_crash(struct disk *disk)
{
    struct change *change;
    struct name *name;
    uint64_t n = 0;

    TAILQ_FOREACH (change, &disk->changes, link) {
        n++;
    }
    n = disk_draw(disk, n + 1);
    TAILQ_FOREACH (change, &disk->changes, link) {
        if (n == 0 && !change->follows) {
            break;
        }
        n -= n > 0;
        names_apply(&disk->durable, change->from, change->to, change->inode);
    }
    changes_clear(disk);
    names_clear(&disk->names);
    TAILQ_FOREACH (name, &disk->durable, link) {
        name_add(&disk->names, name->path, name->inode);
    }
}

void disk_crash(struct disk *disk)
{
    struct name *name;

    names_crash(disk);
    TAILQ_FOREACH (name, &disk->names, link) {
        inode_crash(name->inode, disk);
    }
    disk->life++;
    disk->stopped = false;
    disk->knobs.stop_at_step = 0;
    disk->knobs.fail_at_step = 0;
    disk->knobs.fail_on = false;
}
