/* Who witnesses the archive. */
#include "node/admin/answers.h"
#include "node/admin/archive_show.h"

static bool find_witness(const struct machine *machine, struct slice name,
                         struct witness_view *witness_out)
{
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        if (archive_witness(machine, slot, witness_out) &&
            slice_equal(witness_out->name, name)) {
            return true;
        }
    }
    return false;
}

static void show_witnesses(struct answer *answer)
{
    Perch__Admin__ArchiveWitnessesReply *body =
        answer_new(answer, &perch__admin__archive_witnesses_reply__descriptor);
    struct archive_view view;

    archive_view(answer->machine, &view);
    body->witnesses = archive_show_witnesses(answer, &view, &body->n_witnesses);
    answer->body = &body->base;
}

static void decide_put(struct answer *answer)
{
    const Perch__Admin__ArchiveWitnessPut *asked = answer->asked;
    Perch__WitnessPut *put =
        answer_new(answer, &perch__witness_put__descriptor);
    struct note_verifier verifier;
    struct witness_view witness;
    struct slice name, key;

    if (note_vkey_read(codec_slice(asked->key), &verifier) != ERROR_NONE) {
        answer_refuse(answer, REFUSAL_KEY_INVALID);
        return;
    }
    name = answer_printf(answer, "%s", verifier.name);
    key =
        arena_copy_slice(answer->arena, slice_of(verifier.key, NOTE_KEY_BYTES));
    CODEC_SET(put, name, codec_bytes(name));
    CODEC_SET(put, url, asked->url);
    CODEC_SET(put, public_key, codec_bytes(key));
    answer_tells(answer, "added", "witness %s", verifier.name);
    if (find_witness(answer->machine, name, &witness) &&
        slice_equal(witness.url, codec_slice(asked->url)) &&
        slice_equal(slice_of(witness.public_key, NOTE_KEY_BYTES), key)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_WITNESS_PUT)->witness_put =
        put;
}

static void decide_remove(struct answer *answer)
{
    const Perch__Admin__ArchiveWitnessRemove *asked = answer->asked;
    Perch__WitnessRemove *removal =
        answer_new(answer, &perch__witness_remove__descriptor);
    struct witness_view witness;

    if (asked->name.len == 0) {
        answer_refuse(answer, REFUSAL_NAME_MISSING);
        return;
    }
    if (!find_witness(answer->machine, codec_slice(asked->name), &witness)) {
        deletions_tell_gone(answer, "witness", asked->name);
        return;
    }
    answer_tells(answer, "removed", "witness %.*s",
                 SLICE_PRINT(codec_slice(asked->name)));
    CODEC_SET(removal, name, asked->name);
    answer_proposes(answer, PERCH__COMMAND__KIND_WITNESS_REMOVE)
        ->witness_remove = removal;
}

const struct answer_row archive_witnesses_rows[] = {
    {ADMIN_ARCHIVE_WITNESSES, show_witnesses, NULL},
    {ADMIN_ARCHIVE_WITNESS_PUT, decide_put, show_witnesses},
    {ADMIN_ARCHIVE_WITNESS_REMOVE, decide_remove, show_witnesses},
    {.decide = NULL},
};
