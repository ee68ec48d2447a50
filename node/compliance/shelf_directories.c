/* The shelf's directories as wholes: moved, cleared, listed. */
#include <stdio.h>
#include <string.h>

#include "node/compliance/shelf_parts.h"
#include "proto/base/check.h"

/* All is closed first: what is open would be written under the old name. */
enum error shelf_move(struct shelf *shelf, const char *name,
                      const char *directory)
{
    char path[SHELF_PATH_BYTES_MAX], to[SHELF_PATH_BYTES_MAX];
    struct place *place;
    enum error error;
    int n = snprintf(to, sizeof(to), "%s/%s", directory, name);

    if (n <= 0 || (size_t)n >= sizeof(to)) {
        return ERROR_TOO_LARGE;
    }
    shelf_reset(shelf);
    TRY(shelf_directory_of(shelf, directory, true, path));
    TRY(shelf_open_place(shelf, path, true, &place));
    TRY(shelf_open_place(shelf, shelf->directory, true, &place));
    error = device_rename(place->device, name, to);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error shelf_sync_moves(struct shelf *shelf, const char *directory)
{
    char path[SHELF_PATH_BYTES_MAX];
    struct place *place;

    TRY(shelf_directory_of(shelf, directory, true, path));
    TRY(shelf_open_place(shelf, path, true, &place));
    TRY(device_sync(place->device));
    TRY(shelf_open_place(shelf, shelf->directory, true, &place));
    return device_sync(place->device);
}

/* The names of a directory's files, one after the other, each with its NUL. */
static void note_name(void *context, const char *name, uint64_t bytes)
{
    struct buffer *names = context;

    (void)bytes;
    buffer_append(names, name, strlen(name) + 1);
}

static enum error remove_all(struct device *device, const struct buffer *names)
{
    for (size_t at = 0; at < names->len;) {
        const char *name = (const char *)names->data + at;

        TRY(device_remove(device, name));
        at += strlen(name) + 1;
    }
    return device_sync(device);
}

static enum error clear(struct place *place)
{
    struct buffer names = BUFFER_EMPTY;
    enum error error = device_list(place->device, note_name, &names);

    if (error == ERROR_NONE && buffer_failed(&names)) {
        error = ERROR_NO_MEMORY;
    }
    if (error == ERROR_NONE) {
        error = remove_all(place->device, &names);
    }
    buffer_deinit(&names);
    return error;
}

enum error shelf_clear(struct shelf *shelf, const char *path)
{
    char directory[SHELF_PATH_BYTES_MAX];
    struct place *place;
    enum error error;

    TRY(shelf_directory_of(shelf, path, true, directory));
    error = shelf_open_place(shelf, directory, false, &place);
    if (error == ERROR_NOT_FOUND) {
        return ERROR_NONE;
    }
    if (error != ERROR_NONE) {
        return error;
    }
    CHECK(place->pins == 0);
    TRY(clear(place));
    device_close(place->device);
    place->device = NULL;
    return device_remove_directory(directory);
}

enum error shelf_list(struct shelf *shelf, const char *path,
                      void (*each)(void *context, const char *name,
                                   uint64_t bytes),
                      void *context)
{
    char directory[SHELF_PATH_BYTES_MAX];
    struct place *place;
    enum error error;

    TRY(shelf_directory_of(shelf, path, true, directory));
    error = shelf_open_place(shelf, directory, false, &place);
    if (error == ERROR_NOT_FOUND) {
        return ERROR_NONE;
    }
    return error == ERROR_NONE ? device_list(place->device, each, context)
                               : error;
}
