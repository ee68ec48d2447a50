#include "ops/audit/withheld.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/audit/names.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/tlog/hash.h"

enum { NUMBER_BYTES = 8, HEX_BYTES = 2 * MERKLE_HASH_BYTES };

void withheld_init(struct withheld *withheld, const struct archive *archive,
                   struct findings *findings)
{
    *withheld = (struct withheld){.archive = archive, .findings = findings};
}

void withheld_deinit(struct withheld *withheld)
{
    free(withheld->missing);
    buffer_deinit(&withheld->named);
    buffer_deinit(&withheld->payload);
    *withheld = (struct withheld){0};
}

static void add_missing(struct withheld *withheld, uint64_t csn, bool is_file)
{
    size_t n = withheld->n_missing;

    if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4, ... */
        withheld->missing = reallocarray(withheld->missing, n == 0 ? 1 : n * 2,
                                         sizeof(*withheld->missing));
        CHECK(withheld->missing != NULL);
    }
    withheld->missing[n] = (struct missing){.csn = csn, .is_file = is_file};
    withheld->n_missing++;
}

/* The first of a CSN: a command and its file may both be gone. */
static struct missing *find_missing(struct withheld *withheld, uint64_t csn)
{
    size_t low = 0, high = withheld->n_missing;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (withheld->missing[middle].csn < csn) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < withheld->n_missing && withheld->missing[low].csn == csn
               ? &withheld->missing[low]
               : NULL;
}

static void check_payload(struct withheld *withheld,
                          const struct record *record)
{
    char path[ARCHIVE_PATH_BYTES];
    struct merkle_hash digest;
    enum error error;

    withheld->n++;
    archive_payload_path(path, record->csn);
    error = archive_read(withheld->archive, path, ARCHIVE_PAYLOAD_BYTES_MAX,
                         &withheld->payload);
    if (error == ERROR_NOT_FOUND) {
        add_missing(withheld, record->csn, false);
        return;
    }
    if (error != ERROR_NONE) {
        findings_error(withheld->findings, AUDIT_WITHHELD, "%s: %s", path,
                       error_text(error));
        return;
    }
    hash_bytes(buffer_slice(&withheld->payload), &digest);
    if (memcmp(digest.bytes, record->command.data, MERKLE_HASH_BYTES) != 0) {
        findings_error(withheld->findings, AUDIT_WITHHELD,
                       "%s is not what record %" PRIu64 " has the digest of",
                       path, record->csn);
    }
}

static void file_path(const char *hex, char path[ARCHIVE_PATH_BYTES])
{
    snprintf(path, ARCHIVE_PATH_BYTES, "files/%.2s/%s", hex, hex);
}

static void check_file(struct withheld *withheld, const struct record *record)
{
    char hex[HEX_BYTES + 1], path[ARCHIVE_PATH_BYTES];
    struct merkle_hash digest;
    struct slice value;

    if (!record_find(record, RECORD_FIELD_DIGEST, &value) ||
        value.len != MERKLE_HASH_BYTES) {
        findings_error(withheld->findings, AUDIT_FILES,
                       "record %" PRIu64 " does not say which file",
                       record->csn);
        return;
    }
    memcpy(digest.bytes, value.data, MERKLE_HASH_BYTES);
    buffer_append_slice(&withheld->named, value);
    names_hex(&digest, hex);
    file_path(hex, path);
    if (!archive_has(withheld->archive, path)) {
        add_missing(withheld, record->csn, true);
    }
}

static void explain(struct withheld *withheld, const struct record *record,
                    uint64_t csn)
{
    struct missing *missing;
    char path[ARCHIVE_PATH_BYTES];

    if (csn > record->csn) {
        findings_error(withheld->findings, AUDIT_WITHHELD,
                       "record %" PRIu64 " withholds record %" PRIu64
                       ", which comes later",
                       record->csn, csn);
        return;
    }
    missing = find_missing(withheld, csn);
    if (missing != NULL) {
        const struct missing *end = withheld->missing + withheld->n_missing;

        for (; missing < end && missing->csn == csn; missing++) {
            missing->is_explained = true;
            missing->by = record->csn;
        }
        return;
    }
    archive_payload_path(path, csn);
    if (archive_has(withheld->archive, path)) {
        findings_notice(withheld->findings, AUDIT_WITHHELD,
                        "%s is still there, though record %" PRIu64
                        " says that it is gone",
                        path, record->csn);
    }
}

static void take_tombstone(struct withheld *withheld,
                           const struct record *record)
{
    struct slice rest = record->fields, value;
    uint8_t tag;

    while (record_next_field(&rest, &tag, &value)) {
        if (tag != RECORD_FIELD_WITHHOLDS) {
            continue;
        }
        for (; value.len >= NUMBER_BYTES;
             value = slice_after(value, NUMBER_BYTES)) {
            explain(withheld, record, get_be64(value.data));
        }
    }
}

void withheld_take(struct withheld *withheld, const struct record *record)
{
    if ((record->flags & RECORD_WITHHELD) != 0) {
        check_payload(withheld, record);
    }
    if (record->kind == RECORD_FILE_UP) {
        withheld->n_files++;
        check_file(withheld, record);
    }
    withheld->tombstones += record->kind == RECORD_PURGE;
    take_tombstone(withheld, record);
}

/* Say of each that is missing whether it may be. */
static uint64_t tell_missing(struct withheld *withheld)
{
    uint64_t secrets = 0;

    for (size_t i = 0; i < withheld->n_missing; i++) {
        const struct missing *missing = &withheld->missing[i];
        enum audit_check check =
            missing->is_file ? AUDIT_FILES : AUDIT_WITHHELD;
        const char *what = missing->is_file ? "its file" : "what it says";

        if (!missing->is_explained) {
            findings_error(withheld->findings, check,
                           "record %" PRIu64 ": %s is missing, and no "
                           "tombstone explains it",
                           missing->csn, what);
        } else if (missing->by == missing->csn) {
            secrets++;
        } else {
            findings_notice(withheld->findings, check,
                            "record %" PRIu64 ": %s is gone, by the tombstone "
                            "of record %" PRIu64,
                            missing->csn, what, missing->by);
        }
    }
    return secrets;
}

static int compare_hashes(const void *a, const void *b)
{
    return memcmp(a, b, MERKLE_HASH_BYTES);
}

/* A file that came after the checkpoint has its record there, too. */
static void tell_unnamed(struct withheld *withheld,
                         const struct merkle_hash *hash, const char *relative)
{
    const struct buffer *named = &withheld->named;

    if (named->len == 0 ||
        bsearch(hash->bytes, named->data, named->len / MERKLE_HASH_BYTES,
                MERKLE_HASH_BYTES, compare_hashes) == NULL) {
        findings_notice(withheld->findings, AUDIT_FILES,
                        "%s: no record up to the checkpoint names it",
                        relative);
    }
}

/* Hash a file that lies under its digest. */
static void hash_file(struct withheld *withheld, const char *name)
{
    char path[NAMES_PATH_BYTES], relative[ARCHIVE_PATH_BYTES];
    char hex[HEX_BYTES + 1];
    struct merkle_hash hash;
    uint64_t bytes;
    enum error error;

    if (strlen(name) != HEX_BYTES) {
        findings_notice(withheld->findings, AUDIT_FILES,
                        "%s is no file of the archive", name);
        return;
    }
    file_path(name, relative);
    snprintf(path, sizeof(path), "%s/%s", archive_directory(withheld->archive),
             relative);
    error = names_hash_file(path, &hash, &bytes);
    if (error != ERROR_NONE) {
        findings_error(withheld->findings, AUDIT_FILES, "%s: %s", relative,
                       error_text(error));
        return;
    }
    names_hex(&hash, hex);
    if (strcmp(hex, name) != 0) {
        findings_error(withheld->findings, AUDIT_FILES,
                       "%s has another content than its name says", relative);
        return;
    }
    tell_unnamed(withheld, &hash, relative);
}

/* Hash all files of a folder of files/. Returns how many. */
static uint64_t hash_folder(struct withheld *withheld, const char *folder)
{
    char path[ARCHIVE_PATH_BYTES];
    struct names names;
    uint64_t n;

    snprintf(path, sizeof(path), "files/%.8s", folder);
    if (names_list(archive_directory(withheld->archive), path, &names) !=
        ERROR_NONE) {
        return 0;
    }
    for (size_t i = 0; i < names.n; i++) {
        hash_file(withheld, names.names[i]);
    }
    n = names.n;
    names_deinit(&names);
    return n;
}

static uint64_t hash_files(struct withheld *withheld)
{
    struct names names;
    uint64_t n = 0;

    if (names_list(archive_directory(withheld->archive), "files", &names) !=
        ERROR_NONE) {
        return 0;
    }
    for (size_t i = 0; i < names.n; i++) {
        n += hash_folder(withheld, names.names[i]);
    }
    names_deinit(&names);
    return n;
}

void withheld_end(struct withheld *withheld)
{
    uint64_t secrets = tell_missing(withheld);
    uint64_t files;

    if (withheld->named.len > 0) {
        qsort(withheld->named.data, withheld->named.len / MERKLE_HASH_BYTES,
              MERKLE_HASH_BYTES, compare_hashes);
    }
    files = hash_files(withheld);
    findings_made(withheld->findings, AUDIT_WITHHELD, withheld->n,
                  "%" PRIu64 " beside, %" PRIu64
                  " of them secrets never kept; %" PRIu64 " purges",
                  withheld->n, secrets, withheld->tombstones);
    findings_made(withheld->findings, AUDIT_FILES, files,
                  "%" PRIu64 " files, %" PRIu64 " uploads", files,
                  withheld->n_files);
}
