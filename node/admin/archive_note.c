#include "node/admin/archive_note.h"

#include "node/admin/archive_show.h"
#include "proto/base/endian.h"

enum { TIME_BYTES = 8 };

struct writing {
    struct answer *answer;
    struct archive_view view;
    struct buffer text;
};

/* A line of a key; a cosignature has its time in front. */
static void sign(struct writing *writing, struct slice name,
                 enum note_type type, const uint8_t key[NOTE_KEY_BYTES],
                 uint64_t time_s, const uint8_t *signature)
{
    uint8_t bytes[TIME_BYTES + NOTE_SIGNATURE_BYTES];
    struct note_verifier verifier;
    struct slice signed_ = slice_of(signature, NOTE_SIGNATURE_BYTES);

    if (note_verifier_init(&verifier, name, type, key) != ERROR_NONE) {
        return; /* A name the rules do not allow. */
    }
    if (type == NOTE_COSIGNATURE) {
        put_be64(bytes, time_s);
        memcpy(bytes + TIME_BYTES, signature, NOTE_SIGNATURE_BYTES);
        signed_ = slice_of(bytes, sizeof(bytes));
    }
    note_write_signature(&writing->text, name, verifier.id, signed_);
}

static void sign_log(struct writing *writing)
{
    const struct checkpoint_view *checkpoint = &writing->view.published;
    uint8_t key[NOTE_KEY_BYTES];

    if (checkpoint->is_signed &&
        archive_log_key(writing->answer->machine, key)) {
        sign(writing, writing->view.origin, NOTE_ED25519, key, 0,
             checkpoint->log_signature);
    }
}

static void sign_nodes(struct writing *writing)
{
    const struct checkpoint_view *checkpoint = &writing->view.published;

    for (size_t i = 0; i < checkpoint->n; i++) {
        const struct archive_cosignature *word = &checkpoint->cosignatures[i];
        struct archive_node_view node;

        if (archive_node(writing->answer->machine, word->node, &node) &&
            node.has_key) {
            sign(writing,
                 archive_show_key_name(writing->answer, writing->view.origin,
                                       word->node),
                 NOTE_COSIGNATURE, node.public_key, word->time_s, word->bytes);
        }
    }
}

static void sign_witnesses(struct writing *writing)
{
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct witness_view witness;

        if (archive_witness(writing->answer->machine, slot, &witness) &&
            witness.size == writing->view.published.size) {
            sign(writing, witness.name, NOTE_COSIGNATURE, witness.public_key,
                 witness.time_s, witness.cosignature);
        }
    }
}

struct slice archive_note(struct answer *answer)
{
    struct writing writing = {.answer = answer, .text = BUFFER_EMPTY};
    const struct checkpoint_view *checkpoint = &writing.view.published;
    struct slice note = SLICE_NONE;

    archive_view(answer->machine, &writing.view);
    if (checkpoint->is) {
        const struct checkpoint_text text = {.origin = writing.view.origin,
                                             .size = checkpoint->size,
                                             .root = checkpoint->root};

        checkpoint_write(&writing.text, &text);
        buffer_append(&writing.text, "\n", 1);
        sign_log(&writing);
        sign_nodes(&writing);
        sign_witnesses(&writing);
        note = arena_copy_slice(answer->arena, buffer_slice(&writing.text));
    }
    buffer_deinit(&writing.text);
    return note;
}
