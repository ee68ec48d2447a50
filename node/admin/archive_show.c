#include "node/admin/archive_show.h"

#include <openssl/evp.h>

#include "node/chat/adapter_output.h"
#include "node/chat/archive_lag.h"
#include "proto/base/check.h"

enum { HASH_TEXT_BYTES = 48, US_PER_S = 1000000 };

/* Whole seconds from then until now; never negative. */
static uint32_t age_s(const struct answer *answer, int64_t then_us)
{
    int64_t age_us = loop_wall_us(answer->loop) - then_us;

    return age_us <= 0 ? 0 : (uint32_t)(age_us / US_PER_S);
}

struct slice archive_show_key_name(struct answer *answer, struct slice origin,
                                   uint8_t node)
{
    return node == 0 ? answer_printf(answer, "%.*s", SLICE_PRINT(origin))
                     : answer_printf(answer, "%.*s/node%u", SLICE_PRINT(origin),
                                     (unsigned)node);
}

struct slice archive_show_key(struct answer *answer, struct slice origin,
                              uint8_t node, const uint8_t key[NOTE_KEY_BYTES])
{
    struct buffer text = BUFFER_EMPTY;
    struct note_verifier verifier;
    struct slice shown = SLICE_NONE;

    if (note_verifier_init(
            &verifier, archive_show_key_name(answer, origin, node),
            node == 0 ? NOTE_ED25519 : NOTE_COSIGNATURE, key) == ERROR_NONE) {
        note_vkey_write(&verifier, &text);
        shown = arena_copy_slice(answer->arena, buffer_slice(&text));
    }
    buffer_deinit(&text);
    return shown;
}

Perch__Admin__ArchiveCheckpoint *archive_show_checkpoint(
    struct answer *answer, const struct checkpoint_view *view)
{
    Perch__Admin__ArchiveCheckpoint *shown =
        answer_new(answer, &perch__admin__archive_checkpoint__descriptor);
    unsigned char root[HASH_TEXT_BYTES];

    if (!view->is) {
        return NULL;
    }
    EVP_EncodeBlock(root, view->root.bytes, MERKLE_HASH_BYTES);
    CODEC_SET(shown, size, view->size);
    ANSWER_TEXT(shown, root, answer_printf(answer, "%s", (char *)root));
    CODEC_SET(shown, begun_at_us, view->begun_us);
    CODEC_SET(shown, age_s, age_s(answer, view->begun_us));
    CODEC_SET(shown, log_signed, view->is_signed);
    shown->n_cosigners = view->n;
    shown->cosigners =
        answer_alloc(answer, (view->n + 1) * sizeof(*shown->cosigners));
    for (size_t i = 0; i < view->n; i++) {
        shown->cosigners[i] = codec_bytes(answer_printf(
            answer, "node%u", (unsigned)view->cosignatures[i].node));
    }
    return shown;
}

static const char *state_word(Perch__ArchiveMark__State state)
{
    switch (state) {
    case PERCH__ARCHIVE_MARK__STATE__FULL:
        return "full";
    case PERCH__ARCHIVE_MARK__STATE__FAILED:
        return "failed";
    default:
        return "fine";
    }
}

static Perch__Admin__ArchiveNode *show_node(
    struct answer *answer, const struct archive_view *view, uint8_t number,
    const struct archive_node_view *node)
{
    Perch__Admin__ArchiveNode *shown =
        answer_new(answer, &perch__admin__archive_node__descriptor);

    CODEC_SET(shown, node, number);
    CODEC_SET(shown, records, node->records);
    CODEC_SET(shown, trails_by,
              view->records > node->records ? view->records - node->records
                                            : 0);
    if (node->marked_us != 0) {
        ANSWER_TEXT(shown, state,
                    answer_printf(answer, "%s", state_word(node->state)));
        CODEC_SET(shown, marked_at_us, node->marked_us);
    }
    CODEC_SET(shown, has_key, node->has_key);
    CODEC_SET(shown, diverged_size, node->diverged_size);
    return shown;
}

Perch__Admin__ArchiveNode **archive_show_nodes(struct answer *answer,
                                               const struct archive_view *view,
                                               size_t *n_out)
{
    Perch__Admin__ArchiveNode **nodes =
        answer_alloc(answer, ARCHIVE_NODES * sizeof(*nodes));

    *n_out = 0;
    for (unsigned number = 1; number < ARCHIVE_NODES; number++) {
        struct archive_node_view node;

        if (archive_node(answer->machine, (uint8_t)number, &node)) {
            nodes[(*n_out)++] = show_node(answer, view, (uint8_t)number, &node);
        }
    }
    return nodes;
}

static Perch__Admin__ArchiveWitness *show_witness(
    struct answer *answer, const struct archive_view *view,
    const struct witness_view *witness)
{
    Perch__Admin__ArchiveWitness *shown =
        answer_new(answer, &perch__admin__archive_witness__descriptor);
    struct buffer key = BUFFER_EMPTY;
    struct note_verifier verifier;

    ANSWER_TEXT(shown, name, witness->name);
    ANSWER_TEXT(shown, url, witness->url);
    if (note_verifier_init(&verifier, witness->name, NOTE_COSIGNATURE,
                           witness->public_key) == ERROR_NONE) {
        note_vkey_write(&verifier, &key);
        ANSWER_TEXT(shown, key,
                    arena_copy_slice(answer->arena, buffer_slice(&key)));
    }
    buffer_deinit(&key);
    CODEC_SET(shown, size, witness->size);
    CODEC_SET(shown, trails_by,
              view->published.is && view->published.size > witness->size
                  ? view->published.size - witness->size
                  : 0);
    if (witness->at_us != 0) {
        CODEC_SET(shown, cosigned_at_us, (int64_t)witness->time_s * US_PER_S);
        CODEC_SET(shown, age_s, age_s(answer, witness->at_us));
    }
    return shown;
}

Perch__Admin__ArchiveWitness **archive_show_witnesses(
    struct answer *answer, const struct archive_view *view, size_t *n_out)
{
    Perch__Admin__ArchiveWitness **witnesses =
        answer_alloc(answer, ARCHIVE_WITNESSES_MAX * sizeof(*witnesses));

    *n_out = 0;
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct witness_view witness;

        if (archive_witness(answer->machine, slot, &witness)) {
            witnesses[(*n_out)++] = show_witness(answer, view, &witness);
        }
    }
    return witnesses;
}

static Perch__Admin__ArchiveAdapterState *show_state(
    struct answer *answer, const struct archive_view *view,
    const struct adapter_view *adapter)
{
    Perch__Admin__ArchiveAdapterState *shown =
        answer_new(answer, &perch__admin__archive_adapter_state__descriptor);
    int64_t now_us = loop_wall_us(answer->loop);

    ANSWER_TEXT(shown, name, adapter->name);
    CODEC_SET(shown, type, adapter->type);
    CODEC_SET(shown, disabled, adapter->disabled);
    CODEC_SET(shown, acked, adapter->acked_csn);
    CODEC_SET(shown, lag, archive_lag(view, adapter));
    CODEC_SET(shown, lag_s, archive_lag_s(view, adapter, now_us));
    CODEC_SET(shown, cuts_waiting, (uint32_t)adapter->n_cuts);
    CODEC_SET(shown, late,
              archive_is_late(answer->machine, view, adapter, now_us));
    CODEC_SET(shown, attempts, adapter->attempts);
    CODEC_SET_BYTES(shown, error, adapter->error);
    return shown;
}

Perch__Admin__ArchiveAdapterState **archive_show_adapter_states(
    struct answer *answer, const struct archive_view *view, size_t *n_out)
{
    Perch__Admin__ArchiveAdapterState **states =
        answer_alloc(answer, ARCHIVE_ADAPTERS_MAX * sizeof(*states));

    *n_out = 0;
    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct adapter_view adapter;

        if (archive_adapter(answer->machine, slot, &adapter)) {
            states[(*n_out)++] = show_state(answer, view, &adapter);
        }
    }
    return states;
}

/* 32 bytes as 64 digits. */
static struct slice write_digest(struct answer *answer, const uint8_t *digest)
{
    static const char digits[] = "0123456789abcdef";
    char *text = answer_alloc(answer, 2 * MERKLE_HASH_BYTES);

    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    return slice_of(text, 2 * MERKLE_HASH_BYTES);
}

/* As in records: a password is masked. */
static struct slice show_output(struct answer *answer, struct slice output)
{
    struct buffer shown = BUFFER_EMPTY;
    struct slice text;

    adapter_output_show(output, &shown);
    text = answer_printf(answer, "%.*s", SLICE_PRINT(buffer_slice(&shown)));
    buffer_deinit(&shown);
    return text;
}

/* What its configuration says. */
static void fill_options(struct answer *answer,
                         Perch__Admin__ArchiveAdapter *shown,
                         const struct adapter_view *adapter)
{
    ANSWER_TEXT(shown, name, adapter->name);
    CODEC_SET(shown, type, adapter->type);
    ANSWER_TEXT(shown, output, show_output(answer, adapter->output));
    CODEC_SET(shown, run_interval_s, adapter->run_interval_s);
    CODEC_SET(shown, one_room_per_file, adapter->one_room_per_file);
    CODEC_SET(shown, room_details, adapter->room_details);
    CODEC_SET(shown, user_details, adapter->user_details);
    CODEC_SET(shown, attachments_manifest, adapter->attachments_manifest);
    CODEC_SET_BYTES(shown, program, adapter->program);
    CODEC_SET(shown, disabled, adapter->disabled);
    CODEC_SET(shown, transform_bytes, (uint32_t)adapter->transform.len);
    CODEC_SET(shown, version, adapter->version);
}

Perch__Admin__ArchiveAdapter *archive_show_adapter(
    struct answer *answer, const struct archive_view *view,
    const struct adapter_view *adapter, bool whole)
{
    Perch__Admin__ArchiveAdapter *shown =
        answer_new(answer, &perch__admin__archive_adapter__descriptor);

    fill_options(answer, shown, adapter);
    if (whole) {
        CODEC_SET_BYTES(shown, transform, adapter->transform);
    }
    CODEC_SET(shown, from_csn, adapter->from_csn);
    CODEC_SET(shown, cut_csn, adapter->cut_csn);
    CODEC_SET(shown, acked_csn, adapter->acked_csn);
    if (adapter->cut_us != 0) {
        CODEC_SET(shown, cut_at_us, adapter->cut_us);
    }
    if (adapter->acked_us != 0) {
        CODEC_SET(shown, acked_at_us, adapter->acked_us);
        ANSWER_TEXT(shown, sheet, write_digest(answer, adapter->sheet));
    }
    CODEC_SET(shown, cuts_waiting, (uint32_t)adapter->n_cuts);
    CODEC_SET(shown, lag, archive_lag(view, adapter));
    CODEC_SET(shown, attempts, adapter->attempts);
    CODEC_SET_BYTES(shown, error, adapter->error);
    return shown;
}
