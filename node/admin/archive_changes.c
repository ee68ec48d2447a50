/* The archive is switched, refilled, begun anew and tried. */
#include "node/admin/answers.h"
#include "node/admin/archive_show.h"
#include "node/chat/edition.h"

enum { NONCE_BYTES = 16 };

static void decide_set(struct answer *answer)
{
    const Perch__Admin__ArchiveSet *asked = answer->asked;
    Perch__ArchivePut *put =
        answer_new(answer, &perch__archive_put__descriptor);
    struct archive_view view;

    if (!asked->has_mode) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    archive_view(answer->machine, &view);
    CODEC_SET(put, mode, (Perch__ArchiveMode)asked->mode);
    put->has_origin = asked->has_origin;
    put->origin = asked->origin;
    answer_tells(answer,
                 asked->mode == PERCH__ADMIN__ARCHIVE_MODE__OFF ? "switched off"
                 : asked->mode == PERCH__ADMIN__ARCHIVE_MODE__ON ? "switched on"
                                                                 : "required",
                 "the archive");
    if (view.mode == put->mode &&
        (!put->has_origin ||
         slice_equal(view.origin, codec_slice(put->origin)))) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_ARCHIVE_PUT)->archive_put =
        put;
}

/* A node's own files leave it out and name it: here it is only left out. */
static void leave_out(const struct edition *edition,
                      const struct note_verifier *whose)
{
    (void)edition, (void)whose;
}

/* The published checkpoint as a node's file `checkpoint` has it; empty when
 * there is none that the log's key signed. */
static struct slice write_note(struct answer *answer)
{
    struct edition *edition = arena_alloc(answer->arena, sizeof(*edition));
    struct buffer text = BUFFER_EMPTY;
    struct slice note = SLICE_NONE;

    if (edition_gather(edition, answer->machine)) {
        edition_add_witnesses(edition, answer->machine);
        if (edition_write(edition, &text, leave_out) >= 0) {
            note = arena_copy_slice(answer->arena, buffer_slice(&text));
        }
    }
    buffer_deinit(&text);
    return note;
}

static void decide_checkpoint(struct answer *answer)
{
    Perch__Admin__ArchiveCheckpointReply *body =
        answer_new(answer, &perch__admin__archive_checkpoint_reply__descriptor);
    struct slice note = write_note(answer);

    if (note.len == 0) {
        answer_refuse(answer, REFUSAL_NO_CHECKPOINT);
        return;
    }
    ANSWER_TEXT(body, page, note);
    answer->body = &body->base;
}

/* What is to be brought is judged by the rules: whether it is the next, and
 * whether a witness has seen that there was more. */
static void decide_refill(struct answer *answer)
{
    const Perch__Admin__ArchiveRefill *asked = answer->asked;
    Perch__ArchiveRefill *refill =
        answer_new(answer, &perch__archive_refill__descriptor);

    refill->has_first_csn = asked->has_first_csn;
    refill->first_csn = asked->first_csn;
    refill->n_records = asked->n_records;
    refill->records = asked->records;
    answer_tells(answer, "refilled", "the archive (%zu records)",
                 asked->n_records);
    answer_proposes(answer, PERCH__COMMAND__KIND_ARCHIVE_REFILL)
        ->archive_refill = refill;
}

static void show_refilled(struct answer *answer)
{
    Perch__Admin__ArchiveRefillReply *body =
        answer_new(answer, &perch__admin__archive_refill_reply__descriptor);
    struct archive_view view;

    archive_view(answer->machine, &view);
    CODEC_SET(body, records, view.records);
    answer->body = &body->base;
}

static void decide_reopen(struct answer *answer)
{
    const Perch__Admin__ArchiveReopen *asked = answer->asked;
    Perch__ArchiveReopen *reopen =
        answer_new(answer, &perch__archive_reopen__descriptor);
    struct archive_view view;

    archive_view(answer->machine, &view);
    reopen->has_origin = asked->has_origin;
    reopen->origin = asked->origin;
    reopen->has_reason = asked->has_reason;
    reopen->reason = asked->reason;
    answer_tells(answer, "begun anew", "the archive");
    if (view.origin.len > 0 && !view.halted &&
        slice_equal(view.origin, codec_slice(asked->origin))) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_ARCHIVE_REOPEN)
        ->archive_reopen = reopen;
}

static struct slice write_nonce(struct answer *answer, const uint8_t *nonce)
{
    static const char digits[] = "0123456789abcdef";
    char *text = answer_alloc(answer, 2 * (size_t)NONCE_BYTES);

    for (size_t i = 0; i < NONCE_BYTES; i++) {
        text[2 * i] = digits[nonce[i] >> 4];
        text[2 * i + 1] = digits[nonce[i] & 15];
    }
    return slice_of(text, 2 * (size_t)NONCE_BYTES);
}

/* The nonce is made once: a decision may come again. */
static void decide_canary(struct answer *answer)
{
    Perch__Canary *canary = answer_new(answer, &perch__canary__descriptor);
    Perch__Admin__ArchiveCanaryReply *body =
        answer_new(answer, &perch__admin__archive_canary_reply__descriptor);
    uint8_t *nonce = answer_alloc(answer, NONCE_BYTES);

    loop_random(answer->loop, nonce, NONCE_BYTES);
    CODEC_SET(canary, nonce, codec_bytes(slice_of(nonce, NONCE_BYTES)));
    ANSWER_TEXT(body, nonce, write_nonce(answer, nonce));
    answer->body = &body->base;
    answer_tells(answer, "put into the archive", "canary %.*s",
                 SLICE_PRINT(codec_slice(body->nonce)));
    answer_proposes(answer, PERCH__COMMAND__KIND_CANARY)->canary = canary;
}

const struct answer_row archive_changes_rows[] = {
    {ADMIN_ARCHIVE_SET, decide_set, archive_show},
    {ADMIN_ARCHIVE_CHECKPOINT, decide_checkpoint, NULL},
    {ADMIN_ARCHIVE_REFILL, decide_refill, show_refilled},
    {ADMIN_ARCHIVE_REOPEN, decide_reopen, archive_show},
    {ADMIN_ARCHIVE_CANARY, decide_canary, NULL},
    {.decide = NULL},
};
