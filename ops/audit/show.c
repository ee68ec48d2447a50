#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/audit/archive.h"
#include "ops/audit/checkpoints.h"
#include "ops/audit/commands.h"
#include "proto/base/check.h"
#include "proto/base/guid.h"
#include "proto/base/time_text.h"
#include "proto/record_json.h"

enum { NAME_BYTES = 200 };

int cannot_read(const char *what, const char *why)
{
    fprintf(stderr, "perch-audit: %s: %s\n", what, why);
    return AUDIT_EXIT_UNREADABLE;
}

/* A text on one line: control characters as \xNN, so that what people have
 * written cannot pretend to be another line, nor move a terminal's cursor. */
static void print_text(const char *text)
{
    for (; *text != 0; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            printf("\\x%02x", (unsigned char)*text);
        } else {
            putchar(*text);
        }
    }
}

static void print_value(const char *name, const json_t *value)
{
    char *text;

    printf("  %s: ", name);
    if (json_is_string(value)) {
        print_text(json_string_value(value));
    } else {
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        CHECK(text != NULL);
        fputs(text, stdout);
        free(text);
    }
    putchar('\n');
}

/* Members of objects within objects under names like command.post.text. */
static void print_members(const char *before, json_t *object)
{
    char name[NAME_BYTES];
    const char *key;
    json_t *value;

    json_object_foreach (object, key, value) {
        snprintf(name, sizeof(name), "%s%s", before, key);
        if (json_is_object(value) && json_object_size(value) > 0) {
            size_t len = strlen(name);

            snprintf(name + len, sizeof(name) - len, ".");
            print_members(name, value);
        } else {
            print_value(name, value);
        }
    }
}

static void print_lines(const struct record *record, json_t *object)
{
    char time[TIME_TEXT_BYTES + 1];

    time_write(record->time_us, time);
    printf("%" PRIu64 " %s %s\n", record->csn, time,
           record_kind_name(record->kind));
    json_object_del(object, "csn");
    json_object_del(object, "kind");
    json_object_del(object, "time_us");
    print_members("", object);
}

bool show_record(struct slice bytes, struct slice payload, bool is_json)
{
    struct record record;
    json_t *object;

    if (record_read(bytes, &record) != ERROR_NONE) {
        return false;
    }
    object = record_json(&record, is_json ? bytes : SLICE_NONE, payload);
    CHECK(object != NULL);
    if (is_json) {
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        print_lines(&record, object);
    }
    json_decref(object);
    return true;
}

static bool is_room(const struct record *record, const char *wanted)
{
    char text[GUID_TEXT_BYTES + 1];
    struct slice value;
    struct guid guid;

    if (record_find(record, RECORD_FIELD_ROOM_NAME, &value) &&
        slice_equal_text(value, wanted)) {
        return true;
    }
    if (!record_find(record, RECORD_FIELD_ROOM, &value)) {
        return false;
    }
    memcpy(guid.bytes, value.data, GUID_BYTES);
    guid_write(&guid, text);
    return slice_equal_nocase(slice_of_text(text), slice_of_text(wanted));
}

static bool is_wanted(const struct options *options,
                      const struct record *record)
{
    struct slice user;

    if (options->kind != NULL &&
        strcmp(record_kind_name(record->kind), options->kind) != 0) {
        return false;
    }
    if (options->room != NULL && !is_room(record, options->room)) {
        return false;
    }
    return options->user == NULL ||
           (record_find(record, RECORD_FIELD_USER, &user) &&
            slice_equal_nocase(user, slice_of_text(options->user)));
}

/* Show a record of the archive, with what lies beside. */
static bool show_one(const struct options *options,
                     const struct archive *archive, struct slice bytes)
{
    struct buffer payload = BUFFER_EMPTY;
    char path[ARCHIVE_PATH_BYTES];
    struct record record;
    bool good = true;

    if (record_read(bytes, &record) != ERROR_NONE) {
        return false;
    }
    if (is_wanted(options, &record)) {
        if ((record.flags & RECORD_WITHHELD) != 0) {
            archive_payload_path(path, record.csn);
            if (archive_read(archive, path, ARCHIVE_PAYLOAD_BYTES_MAX,
                             &payload) != ERROR_NONE) {
                buffer_clear(&payload);
            }
        }
        good = show_record(bytes, buffer_slice(&payload), options->is_json);
        buffer_deinit(&payload);
    }
    return good;
}

/* Show those of a bundle that are in the range. */
static bool show_bundle(const struct options *options,
                        const struct archive *archive, uint64_t index,
                        struct slice bundle)
{
    struct slice bytes;

    for (uint64_t csn = index * TILE_WIDTH;
         csn <= options->to && bundle_next(&bundle, &bytes) == ERROR_NONE;
         csn++) {
        if (csn >= options->from && !show_one(options, archive, bytes)) {
            fprintf(stderr, "perch-audit: record %" PRIu64 " cannot be read\n",
                    csn);
            return false;
        }
    }
    return true;
}

static int show_all(const struct options *options,
                    const struct archive *archive, uint64_t size)
{
    struct buffer bundle = BUFFER_EMPTY;
    enum error error = ERROR_NONE;
    bool good = true;

    for (uint64_t index = options->from / TILE_WIDTH;
         good && index * TILE_WIDTH < size && index * TILE_WIDTH <= options->to;
         index++) {
        char path[TILE_PATH_BYTES];
        unsigned width = tile_width(TILE_ENTRIES, index, size);

        error = archive_tile(archive, TILE_ENTRIES, index, width, &bundle);
        tile_path(path, TILE_ENTRIES, index, width);
        good = error == ERROR_NONE
                   ? show_bundle(options, archive, index, buffer_slice(&bundle))
                   : cannot_read(path, error_text(error)) == 0;
    }
    buffer_deinit(&bundle);
    return good ? AUDIT_EXIT_GOOD : AUDIT_EXIT_UNREADABLE;
}

int show_run(const struct options *options)
{
    struct checkpoints checkpoints = {0};
    struct archive *archive = NULL;
    const char *why;
    int exit_code;
    enum error error = archive_open(options->words[0], &archive);

    if (error != ERROR_NONE) {
        return cannot_read(options->words[0], error_text(error));
    }
    exit_code = checkpoints_open(&checkpoints, archive, &why)
                    ? show_all(options, archive, checkpoints.size)
                    : cannot_read("checkpoint", why);
    checkpoints_deinit(&checkpoints);
    archive_close(archive);
    return exit_code;
}
