#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/edition.h"
#include "node/compliance/signer.h"

#define ORIGIN "fjord.example/perch/1"

/* A checkpoint of three nodes and a witness, as the state has it. */
struct scene {
    struct edition edition;
    uint8_t log_key[NOTE_KEY_BYTES];
    struct buffer note;
    unsigned forged;
    char whose[NOTE_NAME_BYTES_MAX + 1]; /* The last that was forged. */
};

static struct scene *scene; /* What is forged is told without a context. */

static void on_forged(const struct edition *edition,
                      const struct note_verifier *whose)
{
    assert_ptr_equal(edition, &scene->edition);
    scene->forged += 1;
    snprintf(scene->whose, sizeof(scene->whose), "%s", whose->name);
}

static void fill_word(struct scene *s, struct edition_word *word,
                      const char *name, uint8_t seed)
{
    uint8_t key[NOTE_KEY_BYTES], public_key[NOTE_KEY_BYTES];
    struct buffer text = BUFFER_EMPTY, message = BUFFER_EMPTY;

    memset(key, seed, sizeof(key));
    note_public_key(key, public_key);
    assert_int_equal(note_verifier_init(&word->verifier, slice_of_text(name),
                                        NOTE_COSIGNATURE, public_key),
                     ERROR_NONE);
    word->time_s = 1700000000u + seed;
    edition_text(&s->edition, &text);
    cosignature_message(&message, word->time_s, buffer_slice(&text));
    note_sign(key, buffer_slice(&message), word->bytes);
    buffer_deinit(&message);
    buffer_deinit(&text);
}

static void sign_log(struct scene *s)
{
    struct buffer text = BUFFER_EMPTY;

    edition_text(&s->edition, &text);
    note_sign(s->log_key, buffer_slice(&text), s->edition.log_signature);
    s->edition.is_signed = true;
    buffer_deinit(&text);
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    uint8_t public_key[NOTE_KEY_BYTES];

    memset(s->log_key, 1, sizeof(s->log_key));
    note_public_key(s->log_key, public_key);
    snprintf(s->edition.origin, sizeof(s->edition.origin), ORIGIN);
    s->edition.size = 7;
    memset(&s->edition.root, 3, sizeof(s->edition.root));
    assert_int_equal(note_verifier_init(&s->edition.log, SLICE_LITERAL(ORIGIN),
                                        NOTE_ED25519, public_key),
                     ERROR_NONE);
    sign_log(s);
    s->edition.n_nodes = 3;
    fill_word(s, &s->edition.nodes[0], ORIGIN "/node1", 11);
    fill_word(s, &s->edition.nodes[1], ORIGIN "/node2", 12);
    fill_word(s, &s->edition.nodes[2], ORIGIN "/node3", 13);
    s->edition.n_witnesses = 1;
    fill_word(s, &s->edition.witnesses[0], "w.example/1", 14);
    scene = s;
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    buffer_deinit(&s->note);
    free(s);
    return 0;
}

/* All that is right is in the note, and verifies there. */
static void test_edition_write__all_are_right(void **state)
{
    struct scene *s = *state;
    struct note *note = malloc(sizeof(*note));
    uint64_t time_s;

    assert_int_equal(edition_write(&s->edition, &s->note, on_forged), 3);
    assert_int_equal(s->forged, 0);
    assert_int_equal(note_read(buffer_slice(&s->note), note), ERROR_NONE);
    assert_int_equal(note->n, 5);
    assert_int_equal(note_verify(note, &s->edition.log, NULL), ERROR_NONE);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            note_verify(note, &s->edition.nodes[i].verifier, &time_s),
            ERROR_NONE);
        assert_int_equal(time_s, 1700000011 + i);
    }
    assert_int_equal(note_verify(note, &s->edition.witnesses[0].verifier, NULL),
                     ERROR_NONE);
    free(note);
}

/* A cosignature in the state that its key did not make is named and left out:
 * flipped, of another time, of another node, of another root. */
static void test_edition_write__forged_is_named(void **state)
{
    struct scene *s = *state;
    struct edition_word *word = &s->edition.nodes[1];
    const struct edition_word right = *word;

    for (unsigned fault = 0; fault < 4; fault++) {
        *word = right;
        if (fault == 0) {
            word->bytes[63] ^= 1;
        } else if (fault == 1) {
            word->time_s += 1;
        } else if (fault == 2) {
            memcpy(word->bytes, s->edition.nodes[0].bytes, sizeof(word->bytes));
        } else {
            s->edition.size += 1;
            fill_word(s, word, ORIGIN "/node2", 12);
            s->edition.size -= 1;
        }
        s->forged = 0;
        buffer_clear(&s->note);
        assert_int_equal(edition_write(&s->edition, &s->note, on_forged), 2);
        assert_int_equal(s->forged, 1);
        assert_string_equal(s->whose, ORIGIN "/node2");
        assert_null(memmem(s->note.data, s->note.len, "/node2", 6));
        assert_non_null(memmem(s->note.data, s->note.len, "/node3", 6));
        assert_non_null(memmem(s->note.data, s->note.len, "w.example", 9));
    }
}

/* A node that has another key since the checkpoint began is not said to have
 * forged the word it gave before; a word of the new key stands. */
static void test_edition_write__key_is_younger(void **state)
{
    struct scene *s = *state;

    s->edition.nodes[0].is_key_younger = true;
    s->edition.nodes[0].bytes[0] ^= 1;
    s->edition.nodes[2].is_key_younger = true;
    assert_int_equal(edition_write(&s->edition, &s->note, on_forged), 2);
    assert_int_equal(s->forged, 0);
    assert_null(memmem(s->note.data, s->note.len, "/node1", 6));
    assert_non_null(memmem(s->note.data, s->note.len, "/node3", 6));
}

/* Without the log's own signature nothing is published. */
static void test_edition_write__unsigned(void **state)
{
    struct scene *s = *state;

    s->edition.log_signature[0] ^= 1;
    assert_int_equal(edition_write(&s->edition, &s->note, on_forged), -1);
    assert_string_equal(s->whose, ORIGIN);
    assert_int_equal(s->note.len, 0);
    s->edition.is_signed = false;
    assert_int_equal(edition_write(&s->edition, &s->note, on_forged), -1);
    assert_int_equal(s->forged, 1);
}

/* A signer of keys in memory signs as the keys do. */
static void test_signer_of_seeds(void **state)
{
    struct signer_seeds seeds = {.keys = {{1}, {2}}};
    const bool has[SIGNER_KEYS] = {false, true};
    uint8_t signature[NOTE_SIGNATURE_BYTES];
    struct signer signer;

    (void)state;
    signer_of_seeds(&signer, &seeds, has);
    assert_false(signer.has[SIGNER_LOG]);
    assert_int_equal(
        signer_sign(&signer, SIGNER_NODE, SLICE_LITERAL("x"), signature),
        ERROR_NONE);
    assert_true(note_check(signer.public_keys[SIGNER_NODE], SLICE_LITERAL("x"),
                           slice_of(signature, sizeof(signature))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_edition_write__all_are_right, set_up, tear_down),
        RUN_IN(test_edition_write__forged_is_named, set_up, tear_down),
        RUN_IN(test_edition_write__key_is_younger, set_up, tear_down),
        RUN_IN(test_edition_write__unsigned, set_up, tear_down),
        RUN(test_signer_of_seeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
