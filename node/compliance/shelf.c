#include "node/compliance/shelf_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

#define TEMPORARY ".new"

struct shelf *shelf_new(const char *directory)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));

    CHECK(shelf != NULL);
    CHECK(strlen(directory) < sizeof(shelf->directory));
    strcpy(shelf->directory, directory);
    return shelf;
}

void shelf_reset(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->n; i++) {
        device_file_close(shelf->group[i].file);
    }
    shelf->n = 0;
    for (size_t i = 0; i < SHELF_DIRECTORIES_MAX; i++) {
        device_close(shelf->places[i].device);
        shelf->places[i] = (struct place){.device = NULL};
    }
}

void shelf_free(struct shelf *shelf)
{
    if (shelf != NULL) {
        shelf_reset(shelf);
        free(shelf);
    }
}

enum error shelf_directory_of(const struct shelf *shelf, const char *path,
                              bool whole, char to[SHELF_PATH_BYTES_MAX])
{
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 0 : (int)(slash - path);
    int n;

    if (whole) {
        len = (int)strlen(path);
    }
    n = snprintf(to, SHELF_PATH_BYTES_MAX, "%s%s%.*s", shelf->directory,
                 len > 0 ? "/" : "", len, path);
    return n > 0 && n < SHELF_PATH_BYTES_MAX ? ERROR_NONE : ERROR_TOO_LARGE;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* A slot for one more directory: a free one, or the one that was not used for
 * the longest time. */
static struct place *make_room(struct shelf *shelf)
{
    struct place *oldest = NULL;

    for (size_t i = 0; i < SHELF_DIRECTORIES_MAX; i++) {
        struct place *place = &shelf->places[i];

        if (place->device == NULL) {
            return place;
        }
        if (place->pins == 0 && !place->dirty &&
            (oldest == NULL || place->used < oldest->used)) {
            oldest = place;
        }
    }
    if (oldest != NULL) {
        device_close(oldest->device);
        oldest->device = NULL;
    }
    return oldest;
}

static struct place *open_already(struct shelf *shelf, const char *path)
{
    for (size_t i = 0; i < SHELF_DIRECTORIES_MAX; i++) {
        if (shelf->places[i].device != NULL &&
            strcmp(shelf->places[i].path, path) == 0) {
            return &shelf->places[i];
        }
    }
    return NULL;
}

enum error shelf_open_place(struct shelf *shelf, const char *path, bool make,
                            struct place **place_out)
{
    struct place *place = open_already(shelf, path);

    if (place == NULL) {
        place = make_room(shelf);
        if (place == NULL) { /* All changed: make that durable first. */
            TRY(shelf_commit(shelf));
            place = make_room(shelf);
            CHECK(place != NULL);
        }
        TRY(make ? device_open(path, &place->device)
                 : device_find(path, &place->device));
        strcpy(place->path, path);
        place->pins = 0;
        place->dirty = false;
    }
    place->used = ++shelf->uses;
    *place_out = place;
    return ERROR_NONE;
}

/* What a process that was killed has left goes first. */
static enum error create(struct device *device, const char *name,
                         struct device_file **file_out)
{
    enum error error =
        device_file_open(device, name, DEVICE_WRITE | DEVICE_CREATE, file_out);

    if (error != ERROR_EXISTS) {
        return error;
    }
    TRY(device_remove(device, name));
    return device_file_open(device, name, DEVICE_WRITE | DEVICE_CREATE,
                            file_out);
}

static enum error temporary_name(const char *name,
                                 char to[DEVICE_NAME_BYTES_MAX + 1])
{
    int n = snprintf(to, DEVICE_NAME_BYTES_MAX + 1, "%s" TEMPORARY, name);

    return n > 0 && n <= DEVICE_NAME_BYTES_MAX ? ERROR_NONE : ERROR_TOO_LARGE;
}

enum error shelf_put(struct shelf *shelf, const char *path, struct slice bytes)
{
    char directory[SHELF_PATH_BYTES_MAX], name[DEVICE_NAME_BYTES_MAX + 1];
    struct newcomer *newcomer;
    struct place *place;

    if (shelf->n == SHELF_GROUP_MAX) {
        TRY(shelf_commit(shelf));
    }
    TRY(shelf_directory_of(shelf, path, false, directory));
    TRY(shelf_open_place(shelf, directory, true, &place));
    TRY(temporary_name(name_of(path), name));
    newcomer = &shelf->group[shelf->n];
    TRY(create(place->device, name, &newcomer->file));
    strcpy(newcomer->name, name_of(path));
    newcomer->place = place;
    place->pins += 1;
    place->dirty = true;
    shelf->n += 1;
    shelf->bytes += bytes.len;
    return bytes.len == 0
               ? ERROR_NONE
               : device_file_write(newcomer->file, 0, bytes.data, bytes.len);
}

/* Bytes before names: a name is only ever that of a whole file. */
static enum error sync_bytes(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->n; i++) {
        TRY(device_file_sync(shelf->group[i].file));
    }
    return ERROR_NONE;
}

static enum error give_names(struct shelf *shelf)
{
    char temporary[DEVICE_NAME_BYTES_MAX + 1];

    for (size_t i = 0; i < shelf->n; i++) {
        struct newcomer *newcomer = &shelf->group[i];

        TRY(temporary_name(newcomer->name, temporary));
        TRY(device_rename(newcomer->place->device, temporary, newcomer->name));
    }
    return ERROR_NONE;
}

static enum error sync_names(struct shelf *shelf)
{
    for (size_t i = 0; i < SHELF_DIRECTORIES_MAX; i++) {
        struct place *place = &shelf->places[i];

        if (place->device != NULL && place->dirty) {
            TRY(device_sync(place->device));
            place->dirty = false;
        }
    }
    return ERROR_NONE;
}

enum error shelf_commit(struct shelf *shelf)
{
    TRY(sync_bytes(shelf));
    TRY(give_names(shelf));
    TRY(sync_names(shelf));
    for (size_t i = 0; i < shelf->n; i++) {
        device_file_close(shelf->group[i].file);
        shelf->group[i].place->pins -= 1;
    }
    shelf->n = 0;
    return ERROR_NONE;
}

/* Open a file for reading. */
static enum error open_file(struct shelf *shelf, const char *path,
                            struct device_file **file_out)
{
    char directory[SHELF_PATH_BYTES_MAX];
    struct place *place;

    TRY(shelf_directory_of(shelf, path, false, directory));
    TRY(shelf_open_place(shelf, directory, false, &place));
    return device_file_open(place->device, name_of(path), DEVICE_READ,
                            file_out);
}

static enum error read_whole(struct device_file *file, size_t bytes_max,
                             struct buffer *to)
{
    uint64_t bytes;
    uint8_t *at;
    size_t got;

    buffer_clear(to);
    TRY(device_file_bytes(file, &bytes));
    if (bytes > bytes_max) {
        return ERROR_TOO_LARGE;
    }
    if (bytes == 0) {
        return ERROR_NONE;
    }
    at = buffer_reserve(to, (size_t)bytes);
    if (at == NULL) {
        return ERROR_NO_MEMORY;
    }
    TRY(device_file_read(file, 0, at, (size_t)bytes, &got));
    to->len += got;
    return got == bytes ? ERROR_NONE : ERROR_TRUNCATED;
}

enum error shelf_read(struct shelf *shelf, const char *path, size_t bytes_max,
                      struct buffer *to)
{
    struct device_file *file;
    enum error error;

    TRY(open_file(shelf, path, &file));
    error = read_whole(file, bytes_max, to);
    device_file_close(file);
    return error;
}

enum error shelf_find(struct shelf *shelf, const char *path,
                      uint64_t *bytes_out)
{
    struct device_file *file;
    enum error error;

    TRY(open_file(shelf, path, &file));
    error = device_file_bytes(file, bytes_out);
    device_file_close(file);
    return error;
}

enum error shelf_remove(struct shelf *shelf, const char *path)
{
    char directory[SHELF_PATH_BYTES_MAX];
    struct place *place;
    enum error error;

    TRY(shelf_directory_of(shelf, path, false, directory));
    error = shelf_open_place(shelf, directory, false, &place);
    if (error == ERROR_NONE) {
        error = device_remove(place->device, name_of(path));
    }
    if (error == ERROR_NONE) {
        place->dirty = true;
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error shelf_free_bytes(struct shelf *shelf, uint64_t *bytes_out)
{
    struct place *place;

    TRY(shelf_open_place(shelf, shelf->directory, true, &place));
    return device_free_bytes(place->device, bytes_out);
}

uint64_t shelf_bytes(const struct shelf *shelf)
{
    return shelf->bytes;
}
