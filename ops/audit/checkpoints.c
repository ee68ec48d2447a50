#include "ops/audit/checkpoints.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/audit/names.h"
#include "ops/audit/notes.h"
#include "proto/base/check.h"

enum { FILE_BYTES_MAX = 64 * 1024 * 1024 };

bool checkpoints_open(struct checkpoints *checkpoints,
                      const struct archive *archive, const char **why_out)
{
    static struct note note;
    struct checkpoint_text text;
    enum error error;

    *checkpoints = (struct checkpoints){0};
    error =
        archive_read(archive, "checkpoint", NOTE_BYTES_MAX, &checkpoints->head);
    *why_out = error_text(error);
    if (error != ERROR_NONE) {
        return false;
    }
    *why_out = "it is no checkpoint";
    if (note_read(buffer_slice(&checkpoints->head), &note) != ERROR_NONE ||
        checkpoint_read(note.text, &text) != ERROR_NONE ||
        text.origin.len > NOTE_NAME_BYTES_MAX) {
        return false;
    }
    memcpy(checkpoints->origin, text.origin.data, text.origin.len);
    checkpoints->size = text.size;
    checkpoints->root = text.root;
    checkpoints_add(checkpoints, CHECKPOINT_HEAD, text.size, &text.root,
                    "checkpoint");
    return true;
}

void checkpoints_deinit(struct checkpoints *checkpoints)
{
    for (size_t i = 0; i < checkpoints->n; i++) {
        free(checkpoints->list[i].name);
    }
    free(checkpoints->list);
    buffer_deinit(&checkpoints->head);
    *checkpoints = (struct checkpoints){0};
}

void checkpoints_add(struct checkpoints *checkpoints,
                     enum checkpoint_source source, uint64_t size,
                     const struct merkle_hash *root, const char *name)
{
    size_t n = checkpoints->n;

    if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4, ... */
        checkpoints->list = reallocarray(checkpoints->list, n == 0 ? 1 : n * 2,
                                         sizeof(*checkpoints->list));
        CHECK(checkpoints->list != NULL);
    }
    checkpoints->list[n] =
        (struct held_checkpoint){source, size, *root, strdup(name)};
    CHECK(checkpoints->list[n].name != NULL);
    checkpoints->n++;
}

static void add_earlier(struct checkpoints *checkpoints,
                        const struct archive *archive, const char *path,
                        struct findings *findings)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct checkpoint_text text;

    if (archive_read(archive, path, NOTE_BYTES_MAX, &bytes) == ERROR_NONE &&
        notes_text(buffer_slice(&bytes), &text)) {
        checkpoints_add(checkpoints, CHECKPOINT_HISTORY, text.size, &text.root,
                        path);
    } else {
        findings_error(findings, AUDIT_HISTORY, "%s is no checkpoint", path);
    }
    buffer_deinit(&bytes);
}

void checkpoints_add_history(struct checkpoints *checkpoints,
                             const struct archive *archive,
                             struct findings *findings)
{
    struct names names = {0};
    size_t n = 0;

    if (archive_has(archive, ARCHIVE_WITNESSED)) {
        add_earlier(checkpoints, archive, ARCHIVE_WITNESSED, findings);
        n++;
    }
    (void)names_list(archive_directory(archive), "checkpoints", &names);
    for (size_t i = 0; i < names.n; i++) {
        char path[ARCHIVE_PATH_BYTES];

        snprintf(path, sizeof(path), "checkpoints/%.60s", names.names[i]);
        add_earlier(checkpoints, archive, path, findings);
        n++;
    }
    if (n == 0) {
        findings_not_made(findings, AUDIT_HISTORY, "none are kept");
    } else {
        findings_made(findings, AUDIT_HISTORY, n, "%zu earlier checkpoints", n);
    }
    names_deinit(&names);
}

static enum audit_check check_of(enum checkpoint_source source)
{
    switch (source) {
    case CHECKPOINT_HEAD:
        return AUDIT_TREE;
    case CHECKPOINT_HISTORY:
        return AUDIT_HISTORY;
    case CHECKPOINT_PIN:
        return AUDIT_PINS;
    case CHECKPOINT_WITNESS:
        return AUDIT_WITNESSES;
    case CHECKPOINT_SHEET:
        break;
    }
    return AUDIT_EXPORTS;
}

/* One note of a file. */
static void add_note(struct checkpoints *checkpoints,
                     enum checkpoint_source source, const char *name,
                     struct slice bytes, const struct trust *trust,
                     struct findings *findings)
{
    struct checkpoint_text text;

    if (!notes_text(bytes, &text)) {
        findings_error(findings, check_of(source), "%s is no checkpoint", name);
    } else if (!slice_equal_text(text.origin, checkpoints->origin)) {
        findings_notice(findings, check_of(source),
                        "%s is of another log, %.*s: not looked at", name,
                        SLICE_PRINT(text.origin));
    } else if (!notes_signed(bytes, trust)) {
        findings_error(findings, check_of(source),
                       "%s is not signed by the log", name);
    } else {
        checkpoints_add(checkpoints, source, text.size, &text.root, name);
    }
}

enum error checkpoints_add_file(struct checkpoints *checkpoints,
                                enum checkpoint_source source, const char *path,
                                const struct trust *trust,
                                struct findings *findings)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct slice rest, note;
    char name[NAMES_PATH_BYTES];
    enum error error = names_read_file(path, FILE_BYTES_MAX, &bytes);
    unsigned n = 0;

    rest = buffer_slice(&bytes);
    while (error == ERROR_NONE && notes_next(&rest, &note)) {
        n++;
        snprintf(name, sizeof(name), "%.4000s, note %u", path, n);
        add_note(checkpoints, source, name, note, trust, findings);
    }
    if (error == ERROR_NONE) {
        uint64_t before = findings->checks[check_of(source)].looked_at;

        if (n == 0) {
            findings_error(findings, check_of(source),
                           "%s has no checkpoints in it", path);
        }
        findings_made(findings, check_of(source), before + n,
                      "%" PRIu64 " checkpoints", before + n);
    }
    buffer_deinit(&bytes);
    return error;
}

static int compare(const void *a, const void *b)
{
    const struct held_checkpoint *x = a, *y = b;

    return (x->size > y->size) - (x->size < y->size);
}

void checkpoints_sort(struct checkpoints *checkpoints)
{
    CHECK(checkpoints->n > 0);
    qsort(checkpoints->list, checkpoints->n, sizeof(checkpoints->list[0]),
          compare);
    checkpoints->at = 0;
}

uint64_t checkpoints_next(const struct checkpoints *checkpoints)
{
    return checkpoints->at < checkpoints->n
               ? checkpoints->list[checkpoints->at].size
               : UINT64_MAX;
}

void checkpoints_reach(struct checkpoints *checkpoints, uint64_t size,
                       const struct merkle_hash *root,
                       struct findings *findings)
{
    for (; checkpoints_next(checkpoints) == size; checkpoints->at++) {
        const struct held_checkpoint *held =
            &checkpoints->list[checkpoints->at];

        if (!merkle_equal(&held->root, root)) {
            findings_error(findings, check_of(held->source),
                           "the first %" PRIu64
                           " records do not make the root that %s has",
                           size, held->name);
        }
    }
}

void checkpoints_end(struct checkpoints *checkpoints, uint64_t size,
                     struct findings *findings)
{
    for (; checkpoints->at < checkpoints->n; checkpoints->at++) {
        const struct held_checkpoint *held =
            &checkpoints->list[checkpoints->at];

        findings_error(findings, check_of(held->source),
                       "%s has seen %" PRIu64 " records, here are %" PRIu64
                       ": records %" PRIu64 " to %" PRIu64 " are missing",
                       held->name, held->size, size, size, held->size - 1);
    }
}
