#include "ops/audit/sheet.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/base64.h"
#include "proto/base/check.h"
#include "proto/record.h"
#include "proto/tlog/hash.h"

static char *copy(const char *text)
{
    char *copied = strdup(text);

    CHECK(copied != NULL);
    return copied;
}

/* A kind of its name; 0 for a later program's. */
static uint8_t kind_named(const char *name)
{
    for (unsigned kind = 1; kind < SHEET_KINDS; kind++) {
        if (strcmp(record_kind_name((enum record_kind)kind), name) == 0 &&
            strcmp(name, "unknown") != 0) {
            return (uint8_t)kind;
        }
    }
    return 0;
}

static bool read_counts(const json_t *object, struct sheet *sheet)
{
    const char *name;
    json_t *value;

    sheet->counts =
        calloc(json_object_size(object) + 1, sizeof(*sheet->counts));
    CHECK(sheet->counts != NULL);
    json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
        struct sheet_count *count = &sheet->counts[sheet->n_counts];

        count->kind = kind_named(name);
        count->n = (uint64_t)json_integer_value(value);
        if (count->kind == 0 || !json_is_integer(value)) {
            return false;
        }
        sheet->n_counts++;
    }
    return true;
}

static bool read_hash(const char *text, struct merkle_hash *hash_out)
{
    size_t n;

    return base64_read(slice_of_text(text), hash_out->bytes, MERKLE_HASH_BYTES,
                       &n) == ERROR_NONE &&
           n == MERKLE_HASH_BYTES;
}

/* Hold a file against what the sheet says of it. */
static void check_file(const char *folder, const struct sheet *sheet,
                       const json_t *file, struct findings *findings)
{
    const char *name = json_string_value(json_object_get(file, "name"));
    const char *sha256 = json_string_value(json_object_get(file, "sha256"));
    json_int_t bytes = json_integer_value(json_object_get(file, "bytes"));
    char path[NAMES_PATH_BYTES], hex[SHEET_HEX_BYTES + 1];
    struct merkle_hash hash;
    uint64_t has;
    enum error error;

    if (name == NULL || sha256 == NULL || strchr(name, '/') != NULL) {
        findings_error(findings, AUDIT_EXPORTS, "%s names no file",
                       sheet->path);
        return;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    error = names_hash_file(path, &hash, &has);
    if (error != ERROR_NONE) {
        findings_error(findings, AUDIT_EXPORTS, "%s: %s", path,
                       error_text(error));
        return;
    }
    names_hex(&hash, hex);
    if (strcmp(hex, sha256) != 0 || has != (uint64_t)bytes) {
        findings_error(findings, AUDIT_EXPORTS,
                       "%s is not the file of its sheet", path);
    }
}

static bool read_object(json_t *object, struct sheet *sheet,
                        const char **root_out)
{
    json_int_t version, first, last, records, tree_size;
    const char *adapter, *origin, *previous;
    json_t *counts;

    if (json_unpack(object,
                    "{s:I, s:s, s:s, s:I, s:I, s:I, s:o, s:s, s:I, s:s}",
                    "sheet", &version, "origin", &origin, "adapter", &adapter,
                    "first_csn", &first, "last_csn", &last, "records", &records,
                    "counts", &counts, "previous_sheet", &previous, "tree_size",
                    &tree_size, "root", root_out) != 0 ||
        version != 1 || first < 0 || last < first ||
        strlen(previous) > SHEET_HEX_BYTES) {
        return false;
    }
    sheet->adapter = copy(adapter);
    sheet->origin = copy(origin);
    sheet->first = (uint64_t)first;
    sheet->last = (uint64_t)last;
    sheet->records = (uint64_t)records;
    sheet->tree_size = (uint64_t)tree_size;
    memcpy(sheet->previous, previous, strlen(previous) + 1);
    return read_hash(*root_out, &sheet->root) && read_counts(counts, sheet);
}

static void check_files(const char *folder, json_t *object, struct sheet *sheet,
                        struct findings *findings)
{
    json_t *files = json_object_get(object, "files"), *file;
    size_t i;

    json_array_foreach (files, i, file) {
        check_file(folder, sheet, file, findings);
        sheet->files++;
    }
}

bool sheet_read(const char *folder, const char *name, struct findings *findings,
                struct sheet *sheet)
{
    char path[NAMES_PATH_BYTES];
    struct buffer bytes = BUFFER_EMPTY;
    struct merkle_hash hash;
    const char *root;
    json_t *object;
    bool good;

    *sheet = (struct sheet){0};
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    sheet->path = copy(path);
    if (names_read_file(path, SHEET_FILE_BYTES_MAX, &bytes) != ERROR_NONE) {
        buffer_clear(&bytes);
    }
    object =
        json_loadb(bytes.len > 0 ? (char *)bytes.data : "", bytes.len, 0, NULL);
    good = object != NULL && read_object(object, sheet, &root);
    if (good) {
        hash_bytes(buffer_slice(&bytes), &hash);
        names_hex(&hash, sheet->sha256);
        check_files(folder, object, sheet, findings);
    } else {
        findings_error(findings, AUDIT_EXPORTS, "%s is no sheet", path);
        sheet_deinit(sheet);
    }
    json_decref(object);
    buffer_deinit(&bytes);
    return good;
}

void sheet_deinit(struct sheet *sheet)
{
    free(sheet->adapter);
    free(sheet->origin);
    free(sheet->path);
    free(sheet->counts);
    *sheet = (struct sheet){0};
}
