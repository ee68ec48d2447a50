#include "node/chat/edition.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/endian.h"

enum { COSIGNATURE_BYTES = 8 + NOTE_SIGNATURE_BYTES };

bool edition_node_verifier(struct note_verifier *verifier, const char *origin,
                           uint8_t node, const uint8_t key[NOTE_KEY_BYTES])
{
    char name[NOTE_NAME_BYTES_MAX + 16];
    int len = snprintf(name, sizeof(name), "%s/node%u", origin, node);

    return len > 0 && len <= NOTE_NAME_BYTES_MAX &&
           note_verifier_init(verifier, slice_of_text(name), NOTE_COSIGNATURE,
                              key) == ERROR_NONE;
}

/* The words of nodes whose keys are believed still. */
static void gather_nodes(struct edition *edition, const struct machine *machine,
                         const struct checkpoint_view *checkpoint)
{
    edition->n_nodes = 0;
    for (size_t i = 0; i < checkpoint->n; i++) {
        const struct archive_cosignature *said = &checkpoint->cosignatures[i];
        struct edition_word *word = &edition->nodes[edition->n_nodes];
        struct archive_node_view node;

        if (edition->n_nodes == EDITION_NODES_MAX) {
            return;
        }
        if (!archive_node(machine, said->node, &node) || !node.has_key ||
            !edition_node_verifier(&word->verifier, edition->origin, said->node,
                                   node.public_key)) {
            continue;
        }
        word->time_s = said->time_s;
        word->is_key_younger = node.keyed_us >= checkpoint->begun_us;
        memcpy(word->bytes, said->bytes, sizeof(word->bytes));
        edition->n_nodes += 1;
    }
}

bool edition_gather(struct edition *edition, const struct machine *machine)
{
    struct archive_view archive;
    uint8_t key[NOTE_KEY_BYTES];

    archive_view(machine, &archive);
    if (!archive.published.is || !archive_log_key(machine, key) ||
        archive.origin.len >= sizeof(edition->origin)) {
        return false;
    }
    memcpy(edition->origin, archive.origin.data, archive.origin.len);
    edition->origin[archive.origin.len] = '\0';
    if (note_verifier_init(&edition->log, archive.origin, NOTE_ED25519, key) !=
        ERROR_NONE) {
        return false;
    }
    edition->size = archive.published.size;
    edition->root = archive.published.root;
    edition->index = archive.published.index;
    edition->begun_us = archive.published.begun_us;
    edition->is_signed = archive.published.is_signed;
    memcpy(edition->log_signature, archive.published.log_signature,
           NOTE_SIGNATURE_BYTES);
    gather_nodes(edition, machine, &archive.published);
    edition->n_witnesses = 0;
    return true;
}

/* Each once, its latest. */
static struct edition_word *place_of(struct edition *edition,
                                     const struct note_verifier *verifier)
{
    for (size_t i = 0; i < edition->n_witnesses; i++) {
        struct edition_word *word = &edition->witnesses[i];

        if (word->verifier.id == verifier->id &&
            strcmp(word->verifier.name, verifier->name) == 0) {
            return word;
        }
    }
    return edition->n_witnesses == ARCHIVE_WITNESSES_MAX
               ? NULL
               : &edition->witnesses[edition->n_witnesses++];
}

void edition_add_witnesses(struct edition *edition,
                           const struct machine *machine)
{
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct note_verifier verifier;
        struct witness_view witness;
        struct edition_word *word;

        if (!archive_witness(machine, slot, &witness) ||
            witness.size != edition->size || witness.size == 0 ||
            note_verifier_init(&verifier, witness.name, NOTE_COSIGNATURE,
                               witness.public_key) != ERROR_NONE) {
            continue;
        }
        word = place_of(edition, &verifier);
        if (word != NULL) {
            word->verifier = verifier;
            word->time_s = witness.time_s;
            word->is_key_younger = false; /* A new key comes without a word. */
            memcpy(word->bytes, witness.cosignature, sizeof(word->bytes));
        }
    }
}

void edition_text(const struct edition *edition, struct buffer *to)
{
    const struct checkpoint_text text = {slice_of_text(edition->origin),
                                         edition->size, edition->root};

    checkpoint_write(to, &text);
}

static bool is_right(const struct edition_word *word, struct slice text)
{
    struct buffer message = BUFFER_EMPTY;
    bool is;

    cosignature_message(&message, word->time_s, text);
    is = !buffer_failed(&message) &&
         note_check(word->verifier.key, buffer_slice(&message),
                    slice_of(word->bytes, sizeof(word->bytes)));
    buffer_deinit(&message);
    return is;
}

/* Returns how many are right. */
static int write_words(const struct edition *edition,
                       const struct edition_word *words, size_t n,
                       struct slice text, struct buffer *to,
                       void (*forged)(const struct edition *edition,
                                      const struct note_verifier *whose))
{
    uint8_t bytes[COSIGNATURE_BYTES];
    int right = 0;

    for (size_t i = 0; i < n; i++) {
        const struct note_verifier *whose = &words[i].verifier;

        if (!is_right(&words[i], text)) {
            if (!words[i].is_key_younger) {
                forged(edition, whose);
            }
            continue;
        }
        put_be64(bytes, words[i].time_s);
        memcpy(bytes + 8, words[i].bytes, NOTE_SIGNATURE_BYTES);
        note_write_signature(to, slice_of_text(whose->name), whose->id,
                             slice_of(bytes, sizeof(bytes)));
        right += 1;
    }
    return right;
}

static int write_signatures(const struct edition *edition, struct slice text,
                            struct buffer *to,
                            void (*forged)(const struct edition *edition,
                                           const struct note_verifier *whose))
{
    const struct slice signature =
        slice_of(edition->log_signature, NOTE_SIGNATURE_BYTES);
    int nodes;

    if (!edition->is_signed) {
        return -1;
    }
    if (!note_check(edition->log.key, text, signature)) {
        forged(edition, &edition->log);
        return -1;
    }
    buffer_append_slice(to, text);
    buffer_append_text(to, "\n");
    note_write_signature(to, slice_of_text(edition->log.name), edition->log.id,
                         signature);
    nodes = write_words(edition, edition->nodes, edition->n_nodes, text, to,
                        forged);
    (void)write_words(edition, edition->witnesses, edition->n_witnesses, text,
                      to, forged);
    return buffer_failed(to) ? -1 : nodes;
}

int edition_write(const struct edition *edition, struct buffer *to,
                  void (*forged)(const struct edition *edition,
                                 const struct note_verifier *whose))
{
    struct buffer text = BUFFER_EMPTY;
    int nodes = -1;

    edition_text(edition, &text);
    if (!buffer_failed(&text)) {
        nodes = write_signatures(edition, buffer_slice(&text), to, forged);
    }
    buffer_deinit(&text);
    return nodes;
}
