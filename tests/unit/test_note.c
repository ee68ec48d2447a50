#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/base64.h"
#include "proto/tlog/note.h"

/* The note of Go's documentation, by the key of its tests. */
#define PETER_TEXT                                                             \
    "If you think cryptography is the answer to your problem,\n"               \
    "then you don't know what your problem is.\n"
#define PETER_LINE                                                             \
    "\xe2\x80\x94 PeterNeumann "                                               \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng" \
    "otpRZb6KE6RyyBwJnAM=\n"
#define PETER_VKEY                                                             \
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH_LINE                                                             \
    "\xe2\x80\x94 EnochRoot "                                                  \
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTG" \
    "wnWLox33WWd1RvMc+QQ=\n"
#define ENOCH_VKEY                                                             \
    "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

/* The note of C2SP signed-note. */
#define FOO_TEXT "This is an example message.\n"
#define FOO_LINE                                                               \
    "\xe2\x80\x94 example.com/foo "                                            \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm" \
    "RKuwHjG1Yu72IneyaQM=\n"
#define FOO_VKEY                                                               \
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

/* The checkpoint of C2SP tlog-checkpoint. */
#define SOFA_TEXT                                                              \
    "example.com/behind-the-sofa\n20852163\n"                                  \
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define SOFA_LINE                                                              \
    "\xe2\x80\x94 example.com/behind-the-sofa "                                \
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9" \
    "nTo+zyWE+xeMcTOAYQ8=\n"

struct scene {
    struct note note;
    struct note_verifier verifier;
    struct buffer made;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct scene));
    return *state == NULL;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    buffer_deinit(&scene->made);
    free(scene);
    return 0;
}

static enum error verify(struct scene *scene, const char *bytes,
                         const char *vkey)
{
    assert_int_equal(note_vkey_read(slice_of_text(vkey), &scene->verifier),
                     ERROR_NONE);
    assert_int_equal(note_read(slice_of_text(bytes), &scene->note), ERROR_NONE);
    return note_verify(&scene->note, &scene->verifier, NULL);
}

/* Notes of other programs verify, line by line; unknown keys are let be. */
static void test_note_verify__published(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(verify(scene, FOO_TEXT "\n" FOO_LINE, FOO_VKEY),
                     ERROR_NONE);
    assert_slice_text(scene->note.text, FOO_TEXT);
    assert_int_equal(
        verify(scene, PETER_TEXT "\n" PETER_LINE ENOCH_LINE, PETER_VKEY),
        ERROR_NONE);
    assert_int_equal(
        verify(scene, PETER_TEXT "\n" PETER_LINE ENOCH_LINE, ENOCH_VKEY),
        ERROR_NONE);
    assert_int_equal(scene->note.n, 2);
    assert_int_equal(verify(scene, PETER_TEXT "\n" PETER_LINE, ENOCH_VKEY),
                     ERROR_NOT_FOUND);
}

/* A note with a letter changed, or a known key's line of another text, is
 * wrong, even beside a right one. */
static void test_note_verify__forged(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        verify(scene, "this is an example message.\n\n" FOO_LINE, FOO_VKEY),
        ERROR_MALFORMED);
    assert_int_equal(
        verify(scene, FOO_TEXT "\n" FOO_LINE PETER_LINE, PETER_VKEY),
        ERROR_MALFORMED);
    assert_int_equal(note_vkey_read(SLICE_LITERAL(FOO_VKEY), &scene->verifier),
                     ERROR_NONE);
    buffer_append_text(&scene->made, FOO_TEXT "\n" FOO_LINE);
    note_write_signature(&scene->made, SLICE_LITERAL("example.com/foo"),
                         scene->verifier.id, SLICE_LITERAL("short"));
    buffer_append(&scene->made, "", 1);
    assert_int_equal(verify(scene, (char *)scene->made.data, FOO_VKEY),
                     ERROR_MALFORMED);
}

/* Signing with Go's test key gives Go's bytes. */
static void test_note_sign__published(void **state)
{
    struct scene *scene = *state;
    uint8_t key[1 + NOTE_KEY_BYTES], public_key[NOTE_KEY_BYTES];
    uint8_t signature[NOTE_SIGNATURE_BYTES];
    size_t n;

    assert_int_equal(
        base64_read(
            SLICE_LITERAL("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"), key,
            sizeof(key), &n),
        ERROR_NONE);
    note_public_key(key + 1, public_key);
    assert_int_equal(note_verifier_init(&scene->verifier,
                                        SLICE_LITERAL("PeterNeumann"),
                                        NOTE_ED25519, public_key),
                     ERROR_NONE);
    note_vkey_write(&scene->verifier, &scene->made);
    assert_slice_text(buffer_slice(&scene->made), PETER_VKEY);
    buffer_clear(&scene->made);
    note_sign(key + 1, SLICE_LITERAL(PETER_TEXT), signature);
    note_write_signature(&scene->made, SLICE_LITERAL("PeterNeumann"),
                         scene->verifier.id,
                         slice_of(signature, sizeof(signature)));
    assert_slice_text(buffer_slice(&scene->made), PETER_LINE);
}

/* A cosignature holds for its text and moment alone, and tells the moment. */
static void test_note_verify__cosignature(void **state)
{
    static const uint8_t key[NOTE_KEY_BYTES] = {7};
    struct scene *scene = *state;
    uint8_t public_key[NOTE_KEY_BYTES], payload[8 + NOTE_SIGNATURE_BYTES] = {0};
    struct buffer message = BUFFER_EMPTY;
    uint64_t time_s = 0;

    note_public_key(key, public_key);
    assert_int_equal(note_verifier_init(&scene->verifier,
                                        SLICE_LITERAL("w.example"),
                                        NOTE_COSIGNATURE, public_key),
                     ERROR_NONE);
    cosignature_message(&message, 1700000000, SLICE_LITERAL(SOFA_TEXT));
    assert_slice_text(buffer_slice(&message),
                      "cosignature/v1\ntime 1700000000\n" SOFA_TEXT);
    memcpy(payload + 4, (uint8_t[]){0x65, 0x53, 0xf1, 0x00}, 4);
    note_sign(key, buffer_slice(&message), payload + 8);
    for (int altered = 0; altered < 2; altered++) {
        buffer_clear(&scene->made);
        buffer_append_text(&scene->made, SOFA_TEXT "\n" SOFA_LINE);
        note_write_signature(&scene->made, SLICE_LITERAL("w.example"),
                             scene->verifier.id,
                             slice_of(payload, sizeof(payload)));
        assert_int_equal(note_read(buffer_slice(&scene->made), &scene->note),
                         ERROR_NONE);
        assert_int_equal(note_verify(&scene->note, &scene->verifier, &time_s),
                         altered ? ERROR_MALFORMED : ERROR_NONE);
        assert_int_equal(time_s, 1700000000);
        payload[7] ^= 1; /* Another moment. */
    }
    buffer_deinit(&message);
}

/* Bytes that are no notes. */
static void test_note_read__malformed(void **state)
{
    static const struct slice bad[] = {
        SLICE_LITERAL(""),
        SLICE_LITERAL("\n"),
        SLICE_LITERAL(FOO_TEXT),
        SLICE_LITERAL(FOO_TEXT "\n"),
        SLICE_LITERAL(FOO_TEXT FOO_LINE),
        SLICE_LITERAL("no newline" FOO_LINE),
        SLICE_LITERAL(FOO_TEXT "\n" FOO_LINE "x"),
        SLICE_LITERAL(FOO_TEXT "\n" FOO_LINE "\n"),
        SLICE_LITERAL(FOO_TEXT "\n- example.com/foo AAAAAAAA\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94"
                               "example.com/foo AAAAAAAA\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 example.com/foo\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 example.com/foo \n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 example.com/foo AAAA\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 example.com/foo AAAAA==\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 example.com/foo AAAAAA!=\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 example.com/foo AAAAAAB=\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 example.com/foo AAAAAA== \n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94  AAAAAAAA\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 a+b AAAAAAAA\n"),
        SLICE_LITERAL(FOO_TEXT "\n\xe2\x80\x94 a\xc2\xa0"
                               "b AAAAAAAA\n"),
        SLICE_LITERAL("tab\there\n\n" FOO_LINE),
        SLICE_LITERAL("carriage\r\n\n" FOO_LINE),
        SLICE_LITERAL("nul\0here\n\n" FOO_LINE),
        SLICE_LITERAL("no UTF-8 \xff\n\n" FOO_LINE),
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(note_read(bad[i], &scene->note), ERROR_MALFORMED);
    }
}

/* The text ends at the last empty line; a long signature of a type not known
 * here is told without its bytes; 64 signatures are read, a 65th is not. */
static void test_note_read__let_through(void **state)
{
    static const uint8_t long_signature[2420];
    struct scene *scene = *state;

    assert_int_equal(
        note_read(SLICE_LITERAL("a\n\nb\n\n" FOO_LINE), &scene->note),
        ERROR_NONE);
    assert_slice_text(scene->note.text, "a\n\nb\n");
    buffer_append_text(&scene->made, "a\n\n");
    note_write_signature(&scene->made, SLICE_LITERAL("quantum"), 0x01020304,
                         slice_of(long_signature, sizeof(long_signature)));
    assert_int_equal(note_read(buffer_slice(&scene->made), &scene->note),
                     ERROR_NONE);
    assert_int_equal(scene->note.signatures[0].id, 0x01020304);
    assert_int_equal(scene->note.signatures[0].bytes.len, 0);
    buffer_clear(&scene->made);
    buffer_append_text(&scene->made, "a\n\n");
    for (int i = 0; i < NOTE_SIGNATURES_MAX; i++) {
        buffer_append_text(&scene->made, FOO_LINE);
    }
    assert_int_equal(note_read(buffer_slice(&scene->made), &scene->note),
                     ERROR_NONE);
    assert_int_equal(scene->note.n, NOTE_SIGNATURES_MAX);
    buffer_append_text(&scene->made, FOO_LINE);
    assert_int_equal(note_read(buffer_slice(&scene->made), &scene->note),
                     ERROR_MALFORMED);
}

/* A note beyond the limit is refused unread. */
static void test_note_read__too_large(void **state)
{
    struct scene *scene = *state;
    size_t fill = NOTE_BYTES_MAX - (sizeof("\n\n" FOO_LINE) - 1);
    uint8_t *room = buffer_reserve(&scene->made, fill);

    memset(room, 'x', fill);
    scene->made.len = fill;
    buffer_append_text(&scene->made, "\n\n" FOO_LINE);
    assert_int_equal(note_read(buffer_slice(&scene->made), &scene->note),
                     ERROR_NONE);
    buffer_append_text(&scene->made, FOO_LINE);
    assert_int_equal(note_read(buffer_slice(&scene->made), &scene->note),
                     ERROR_TOO_LARGE);
}

/* Names without spaces of any script, and of a length that fits. */
static void test_note_name_allowed__spaces(void **state)
{
    static const char *const bad[] = {
        "",
        "a b",
        "a+b",
        "a\tb",
        "a\nb",
        "a\xc2\x85",         /* U+0085 */
        "a\xc2\xa0",         /* U+00A0 */
        "a\xe1\x9a\x80",     /* U+1680 */
        "a\xe2\x80\x80",     /* U+2000 */
        "a\xe2\x80\x8a",     /* U+200A */
        "a\xe2\x80\xa8",     /* U+2028 */
        "a\xe2\x80\xa9",     /* U+2029 */
        "a\xe2\x80\xaf",     /* U+202F */
        "a\xe2\x81\x9f",     /* U+205F */
        "a\xe3\x80\x80",     /* U+3000 */
        "a\xff",             /* No UTF-8. */
        "a\xc0\xaf",         /* Overlong. */
        "a\xed\xa0\x80",     /* A surrogate. */
        "a\xf4\x90\x80\x80", /* Beyond Unicode. */
        "a\xe2\x80",         /* Cut. */
        "a\x01",
    };
    static const char *const good[] = {
        "perch.example/pool",
        "\xc3\xa9t\xc3\xa9",
        "a\xe2\x80\x8b", /* U+200B */
        "\xf0\x9f\x90\x9f",
    };
    char name[NOTE_NAME_BYTES_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(note_name_allowed(slice_of_text(bad[i])));
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(note_name_allowed(slice_of_text(good[i])));
    }
    memset(name, 'n', sizeof(name));
    assert_true(note_name_allowed(slice_of(name, NOTE_NAME_BYTES_MAX)));
    assert_false(note_name_allowed(slice_of(name, NOTE_NAME_BYTES_MAX + 1)));
}

/* Verifier keys that are none, or whose id is another's. */
static void test_note_vkey_read__malformed(void **state)
{
#define FOO_KEY "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    static const char *const bad[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903b+" FOO_KEY,
        "example.com/foo+530D903A+" FOO_KEY,
        "example.com/fo+530d903a+" FOO_KEY,
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U",
        "example.com/foo+530d903a+" FOO_KEY "AA==",
        "example.com/foo+530d903a+",
        "+530d903a+" FOO_KEY,
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            note_vkey_read(slice_of_text(bad[i]), &scene->verifier),
            ERROR_MALFORMED);
    }
    assert_int_equal(
        note_vkey_read(SLICE_LITERAL("a+00000000+BekyeRrm"), &scene->verifier),
        ERROR_UNSUPPORTED);
    assert_int_equal(note_verifier_init(&scene->verifier, SLICE_LITERAL("a b"),
                                        NOTE_ED25519, scene->verifier.key),
                     ERROR_INVALID);
}

/* C2SP's checkpoint is read, and written as it was; further lines are let
 * through. */
static void test_checkpoint_read__published(void **state)
{
    struct scene *scene = *state;
    struct checkpoint_text checkpoint;

    assert_int_equal(
        note_read(SLICE_LITERAL(SOFA_TEXT "\n" SOFA_LINE), &scene->note),
        ERROR_NONE);
    assert_int_equal(checkpoint_read(scene->note.text, &checkpoint),
                     ERROR_NONE);
    assert_slice_text(checkpoint.origin, "example.com/behind-the-sofa");
    assert_int_equal(checkpoint.size, 20852163);
    checkpoint_write(&scene->made, &checkpoint);
    assert_slice_text(buffer_slice(&scene->made), SOFA_TEXT);
    assert_int_equal(
        checkpoint_read(SLICE_LITERAL(SOFA_TEXT "more\n"), &checkpoint),
        ERROR_NONE);
}

/* Texts that are no checkpoints; sizes at the edges. */
static void test_checkpoint_read__malformed(void **state)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    static const char *const bad[] = {
        "",
        "o\n",
        "o\n1\n",
        "\n1\n" ROOT,
        "o\n\n" ROOT,
        "o\n01\n" ROOT,
        "o\n-1\n" ROOT,
        "o\n+1\n" ROOT,
        "o\n1 \n" ROOT,
        "o\n0x1\n" ROOT,
        "o\n9223372036854775808\n" ROOT,
        "o\n18446744073709551616\n" ROOT,
        "o\n99999999999999999999\n" ROOT,
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA\n",
        "o\n1\n\n",
    };
    struct checkpoint_text checkpoint;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(checkpoint_read(slice_of_text(bad[i]), &checkpoint),
                         ERROR_MALFORMED);
    }
    assert_int_equal(checkpoint_read(SLICE_LITERAL("o\n0\n" ROOT), &checkpoint),
                     ERROR_NONE);
    assert_int_equal(
        checkpoint_read(SLICE_LITERAL("o\n9223372036854775807\n" ROOT),
                        &checkpoint),
        ERROR_NONE);
    assert_int_equal(checkpoint.size, INT64_MAX);
}

/* Bytes of every length go through base64 and come back; of more than there is
 * room for, the number alone. */
static void test_base64_read__returns_what_was_written(void **state)
{
    struct scene *scene = *state;
    uint8_t bytes[70], back[70];
    size_t n;

    for (uint8_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37 + 251);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        buffer_clear(&scene->made);
        base64_write(&scene->made, slice_of(bytes, len));
        assert_int_equal(scene->made.len, (len + 2) / 3 * 4);
        assert_int_equal(
            base64_read(buffer_slice(&scene->made), back, sizeof(back), &n),
            ERROR_NONE);
        assert_int_equal(n, len);
        assert_memory_equal(back, bytes, len);
    }
    memset(back, 0, sizeof(back));
    assert_int_equal(base64_read(buffer_slice(&scene->made), back, 7, &n),
                     ERROR_NONE);
    assert_int_equal(n, sizeof(bytes));
    assert_memory_equal(back, bytes, 7);
    assert_int_equal(back[7], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_note_verify__published, set_up, tear_down),
        RUN_IN(test_note_verify__forged, set_up, tear_down),
        RUN_IN(test_note_sign__published, set_up, tear_down),
        RUN_IN(test_note_verify__cosignature, set_up, tear_down),
        RUN_IN(test_note_read__malformed, set_up, tear_down),
        RUN_IN(test_note_read__let_through, set_up, tear_down),
        RUN_IN(test_note_read__too_large, set_up, tear_down),
        RUN(test_note_name_allowed__spaces),
        RUN_IN(test_note_vkey_read__malformed, set_up, tear_down),
        RUN_IN(test_checkpoint_read__published, set_up, tear_down),
        RUN(test_checkpoint_read__malformed),
        RUN_IN(test_base64_read__returns_what_was_written, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
