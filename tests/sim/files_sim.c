#include "tests/sim/files_sim.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "storage/files.h"
#include "tests/sim/tree_sim.h"

static struct node *root;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct node *root_get(void)
{
    if (root == NULL) {
        root = node_new(true);
        root->names = 1;
    }
    return root;
}

/* Where a path leads. */
struct place {
    struct node *directory;
    struct node *node; /* NULL when there is none. */
    struct node *disk; /* The nearest above that is down or may fail. */
    const char *name;  /* Of node in directory; borrowed from the path. */
};

static enum error place_find(const char *path, struct place *place)
{
    const char *at = path;

    *place = (struct place){.node = root_get()};
    while (*at != '\0') {
        size_t len = strcspn(at, "/");
        struct name *name;

        if (len == 0) {
            at += 1;
            continue;
        }
        if (place->node == NULL || !place->node->is_directory) {
            return ERROR_NOT_FOUND;
        }
        place->directory = place->node;
        place->name = at;
        name = name_find(&place->node->now, at, len);
        place->node = name == NULL ? NULL : name->node;
        at += len;
        if (place->node != NULL && place->node->down) {
            return ERROR_IO;
        }
        if (place->node != NULL && place->node->fails != ERROR_NONE) {
            place->disk = place->node;
        }
    }
    return ERROR_NONE;
}

/* Find a place and spend one change there. */
static enum error place_change(const char *path, struct place *place)
{
    TRY(place_find(path, place));
    if (place->disk == NULL) {
        return ERROR_NONE;
    }
    if (place->disk->changes_left == 0) {
        return place->disk->fails;
    }
    place->disk->changes_left -= 1;
    return ERROR_NONE;
}

static enum error make_directory(const char *path)
{
    struct place place;

    TRY(place_change(path, &place));
    if (place.node != NULL) {
        return place.node->is_directory ? ERROR_NONE : ERROR_IO;
    }
    name_set(&place.directory->now, place.name, node_new(true));
    return ERROR_NONE;
}

static enum error file_read(const char *path, uint64_t offset, void *bytes,
                            size_t len, size_t *got_out)
{
    struct place place;
    size_t left;

    TRY(place_find(path, &place));
    if (place.node == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (place.node->is_directory) {
        return ERROR_IO;
    }
    left = offset < place.node->bytes.len
               ? place.node->bytes.len - (size_t)offset
               : 0;
    *got_out = len < left ? len : left;
    if (*got_out > 0) {
        memcpy(bytes, place.node->bytes.data + offset, *got_out);
    }
    return ERROR_NONE;
}

static enum error file_write(const char *path, uint64_t offset,
                             const void *bytes, size_t len)
{
    struct place place;

    TRY(place_change(path, &place));
    if (place.directory == NULL ||
        (place.node != NULL && place.node->is_directory)) {
        return ERROR_IO;
    }
    if (place.node == NULL) {
        place.node = node_new(false);
        name_set(&place.directory->now, place.name, place.node);
    }
    bytes_extend(&place.node->bytes, (size_t)offset + len);
    if (len > 0) {
        memcpy(place.node->bytes.data + offset, bytes, len);
    }
    return ERROR_NONE;
}

static enum error node_sync(const char *path)
{
    struct place place;

    TRY(place_change(path, &place));
    if (place.node == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (place.node->is_directory) {
        names_copy(&place.node->synced, &place.node->now);
    } else {
        bytes_copy(&place.node->bytes_synced, &place.node->bytes);
    }
    return ERROR_NONE;
}

static enum error node_rename(const char *from, const char *to)
{
    struct place source, target;

    TRY(place_change(from, &source));
    TRY(place_find(to, &target));
    if (source.node == NULL || target.directory == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (target.node != NULL && target.node->is_directory) {
        return ERROR_EXISTS;
    }
    name_set(&target.directory->now, target.name, source.node);
    name_remove(
        &source.directory->now,
        name_find(&source.directory->now, source.name, strlen(source.name)));
    return ERROR_NONE;
}

static enum error node_remove(const char *path)
{
    struct place place;

    TRY(place_change(path, &place));
    if (place.node == NULL) {
        return ERROR_NOT_FOUND;
    }
    node_clear(place.node);
    name_remove(
        &place.directory->now,
        name_find(&place.directory->now, place.name, strlen(place.name)));
    return ERROR_NONE;
}

/* A copy of a directory's entries, to call back without the lock. */
struct entries {
    size_t n;
    struct files_entry *entries; /* Their names are owned. */
};

static void entries_free(struct entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        free((void *)(uintptr_t)entries->entries[i].name);
    }
    free(entries->entries);
}

static enum error entries_copy(const char *path, struct entries *entries)
{
    struct place place;
    struct name *name;
    size_t n = 0;

    *entries = (struct entries){0};
    TRY(place_find(path, &place));
    if (place.node == NULL || !place.node->is_directory) {
        return ERROR_NOT_FOUND;
    }
    TAILQ_FOREACH (name, &place.node->now, link) {
        n += 1;
    }
    entries->entries = calloc(n + 1, sizeof(*entries->entries));
    CHECK(entries->entries != NULL);
    TAILQ_FOREACH (name, &place.node->now, link) {
        entries->entries[entries->n++] = (struct files_entry){
            .name = strdup(name->text),
            .is_directory = name->node->is_directory,
            .bytes = name->node->bytes.len,
        };
    }
    return ERROR_NONE;
}

void files_sim_reset(void)
{
    pthread_mutex_lock(&lock);
    if (root != NULL) {
        node_drop(root);
        root = NULL;
    }
    pthread_mutex_unlock(&lock);
}

void files_sim_crash(const char *path, uint64_t seed)
{
    struct place place;

    pthread_mutex_lock(&lock);
    if (place_find(path, &place) == ERROR_NONE && place.node != NULL) {
        node_crash(place.node, &seed);
        place.node->down = true;
    }
    pthread_mutex_unlock(&lock);
}

void files_sim_restart(const char *path)
{
    struct place place;

    pthread_mutex_lock(&lock);
    /* It may answer IO, for it is down; it is found all the same. */
    if (place_find(path, &place) != ERROR_NOT_FOUND && place.node != NULL) {
        place.node->down = false;
        place.node->fails = ERROR_NONE;
    }
    pthread_mutex_unlock(&lock);
}

void files_sim_fail(const char *path, uint64_t changes, enum error error)
{
    struct place place;

    pthread_mutex_lock(&lock);
    if (place_find(path, &place) == ERROR_NONE && place.node != NULL) {
        place.node->fails = error;
        place.node->changes_left = changes;
    }
    pthread_mutex_unlock(&lock);
}

enum error files_sim_object(const char *path,
                            struct files_sim_object ***slot_out)
{
    struct place place;
    enum error error;

    pthread_mutex_lock(&lock);
    error = place_find(path, &place);
    if (error == ERROR_NONE &&
        (place.node == NULL || !place.node->is_directory)) {
        error = ERROR_NOT_FOUND;
    }
    if (error == ERROR_NONE) {
        *slot_out = &place.node->object;
    }
    pthread_mutex_unlock(&lock);
    return error;
}

/* The calls of storage/files.h: the same, under the lock. */
#define LOCKED(call)                                                           \
    do {                                                                       \
        enum error error_;                                                     \
                                                                               \
        pthread_mutex_lock(&lock);                                             \
        error_ = (call);                                                       \
        pthread_mutex_unlock(&lock);                                           \
        return error_;                                                         \
    } while (0)

enum error files_sim_change(const char *path)
{
    struct place place;

    LOCKED(place_change(path, &place));
}

enum error files_make_directory(const char *path)
{
    LOCKED(make_directory(path));
}

enum error files_read(const char *path, uint64_t offset, void *bytes,
                      size_t len, size_t *got_out)
{
    LOCKED(file_read(path, offset, bytes, len, got_out));
}

enum error files_write(const char *path, uint64_t offset, const void *bytes,
                       size_t len)
{
    LOCKED(file_write(path, offset, bytes, len));
}

enum error files_sync(const char *path)
{
    LOCKED(node_sync(path));
}

enum error files_rename(const char *from, const char *to)
{
    LOCKED(node_rename(from, to));
}

enum error files_remove(const char *path)
{
    LOCKED(node_remove(path));
}

enum error files_list(const char *path,
                      enum error (*each)(void *context,
                                         const struct files_entry *entry),
                      void *context)
{
    struct entries entries;
    enum error error;

    pthread_mutex_lock(&lock);
    error = entries_copy(path, &entries);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < entries.n && error == ERROR_NONE; i++) {
        error = each(context, &entries.entries[i]);
    }
    entries_free(&entries);
    return error;
}
