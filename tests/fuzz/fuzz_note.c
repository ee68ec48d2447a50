/* Any bytes as a note, a checkpoint, a verifier key, an entry bundle and what a
 * witness is sent: what is read lies within the bytes, and written again is
 * read as the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/tlog/note.h"
#include "proto/tlog/submission.h"
#include "proto/tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct slice part, struct slice whole)
{
    return part.len == 0 || (part.data >= whole.data &&
                             part.data + part.len <= whole.data + whole.len);
}

static void try_checkpoint(struct slice bytes)
{
    struct checkpoint_text checkpoint, again;
    struct buffer made = BUFFER_EMPTY;

    if (checkpoint_read(bytes, &checkpoint) != ERROR_NONE) {
        return;
    }
    CHECK(within(checkpoint.origin, bytes));
    checkpoint_write(&made, &checkpoint);
    CHECK(slice_begins(bytes, buffer_slice(&made)));
    CHECK(checkpoint_read(buffer_slice(&made), &again) == ERROR_NONE);
    CHECK(again.size == checkpoint.size);
    buffer_deinit(&made);
}

static void try_note(struct slice bytes)
{
    static const struct note_verifier stranger = {.name = "stranger",
                                                  .type = NOTE_ED25519};
    struct note *note = malloc(sizeof(*note));

    CHECK(note != NULL);
    if (note_read(bytes, note) == ERROR_NONE) {
        CHECK(within(note->text, bytes) && note->text.len > 0);
        CHECK(note->text.data[note->text.len - 1] == '\n');
        CHECK(note->n > 0 && note->n <= NOTE_SIGNATURES_MAX);
        for (size_t i = 0; i < note->n; i++) {
            CHECK(within(note->signatures[i].name, bytes));
        }
        (void)note_verify(note, &stranger, NULL);
        try_checkpoint(note->text);
    }
    free(note);
}

static void try_vkey(struct slice bytes)
{
    struct note_verifier verifier;
    struct buffer made = BUFFER_EMPTY;

    if (note_vkey_read(bytes, &verifier) == ERROR_NONE) {
        note_vkey_write(&verifier, &made);
        CHECK(slice_equal(bytes, buffer_slice(&made)));
        CHECK(made.len <= NOTE_VKEY_BYTES_MAX);
    }
    buffer_deinit(&made);
}

static void try_bundle(struct slice bytes)
{
    struct slice rest = bytes, record;
    struct buffer made = BUFFER_EMPTY;

    while (bundle_next(&rest, &record) == ERROR_NONE) {
        CHECK(within(record, bytes));
        bundle_add(&made, record);
    }
    CHECK(slice_begins(bytes, buffer_slice(&made)));
    CHECK(made.len + rest.len == bytes.len);
    buffer_deinit(&made);
}

static void try_submission(struct slice bytes)
{
    struct submission *submission = malloc(sizeof(*submission));
    struct buffer made = BUFFER_EMPTY;

    CHECK(submission != NULL);
    if (submission_read(bytes, submission) == ERROR_NONE) {
        CHECK(submission->n <= MERKLE_DEPTH_MAX);
        CHECK(within(submission->checkpoint, bytes));
        submission_write(&made, submission);
        CHECK(slice_equal(bytes, buffer_slice(&made)));
    }
    buffer_deinit(&made);
    free(submission);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);

    try_note(bytes);
    try_checkpoint(bytes);
    try_vkey(bytes);
    try_bundle(bytes);
    try_submission(bytes);
    return 0;
}
