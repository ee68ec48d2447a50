/* Keys: made, and as verifier keys; and the checkpoint to pin. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/audit/archive.h"
#include "ops/audit/checkpoints.h"
#include "ops/audit/commands.h"
#include "proto/base/check.h"

int pin_run(const struct options *options)
{
    struct checkpoints checkpoints = {0};
    struct archive *archive = NULL;
    const char *why;
    int exit_code = AUDIT_EXIT_GOOD;
    enum error error = archive_open(options->words[0], &archive);

    if (error != ERROR_NONE) {
        return cannot_read(options->words[0], error_text(error));
    }
    if (checkpoints_open(&checkpoints, archive, &why)) {
        fwrite(checkpoints.head.data, 1, checkpoints.head.len, stdout);
    } else {
        exit_code = cannot_read("checkpoint", why);
    }
    checkpoints_deinit(&checkpoints);
    archive_close(archive);
    return exit_code;
}

static bool read_type(const char *word, enum note_type *type_out)
{
    if (strcmp(word, "log") == 0) {
        *type_out = NOTE_ED25519;
        return true;
    }
    *type_out = NOTE_COSIGNATURE;
    return strcmp(word, "cosigner") == 0;
}

static int print_vkey(const char *name, const char *type_word,
                      const uint8_t key[NOTE_KEY_BYTES])
{
    struct note_verifier verifier;
    struct buffer text = BUFFER_EMPTY;
    enum note_type type;

    if (!read_type(type_word, &type)) {
        fprintf(stderr, "perch-audit: %s: log or cosigner is wanted\n",
                type_word);
        return AUDIT_EXIT_USAGE;
    }
    if (note_verifier_init(&verifier, slice_of_text(name), type, key) !=
        ERROR_NONE) {
        fprintf(stderr,
                "perch-audit: %s: a key's name has no blanks and no plus\n",
                name);
        return AUDIT_EXIT_USAGE;
    }
    note_vkey_write(&verifier, &text);
    printf("%.*s\n", SLICE_PRINT(buffer_slice(&text)));
    buffer_deinit(&text);
    return AUDIT_EXIT_GOOD;
}

/* The public key of a PEM file, private or public. */
static bool read_public(const char *path, uint8_t key_out[NOTE_KEY_BYTES])
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    EVP_PKEY *key = NULL;
    size_t len = NOTE_KEY_BYTES;
    bool good;

    if (file == NULL) {
        return cannot_read(path, strerror(errno)) == 0;
    }
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    if (key == NULL) {
        rewind(file);
        key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    }
    good = key != NULL && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 &&
           EVP_PKEY_get_raw_public_key(key, key_out, &len) == 1;
    EVP_PKEY_free(key);
    if (file != stdin) {
        fclose(file);
    }
    return good || cannot_read(path, "no PEM file of an Ed25519 key") == 0;
}

static int explain(const char *text)
{
    struct note_verifier verifier;

    if (note_vkey_read(slice_of_text(text), &verifier) != ERROR_NONE) {
        printf("NO VERIFIER KEY: %s\n", text);
        return AUDIT_EXIT_BAD;
    }
    printf("name  %s\nid    %08x\ntype  %s\n", verifier.name, verifier.id,
           verifier.type == NOTE_ED25519 ? "log" : "cosigner");
    return AUDIT_EXIT_GOOD;
}

int vkey_run(const struct options *options)
{
    uint8_t key[NOTE_KEY_BYTES];

    if (options->n_words == 1) {
        return explain(options->words[0]);
    }
    if (options->n_words != 3) {
        fputs("Usage: perch-audit vkey KEY | vkey NAME log|cosigner FILE\n",
              stderr);
        return AUDIT_EXIT_USAGE;
    }
    return read_public(options->words[2], key)
               ? print_vkey(options->words[0], options->words[1], key)
               : AUDIT_EXIT_UNREADABLE;
}

/* Write a private key to a file that was not there. */
static bool write_private(const char *path, EVP_PKEY *key)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool good;

    if (file == NULL) {
        return cannot_read(path, strerror(errno)) == 0;
    }
    good = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
           fflush(file) == 0 && fsync(fd) == 0;
    good = fclose(file) == 0 && good;
    return good || cannot_read(path, "cannot be written") == 0;
}

int key_run(const struct options *options)
{
    const char *type = options->n_words == 4 ? options->words[3] : "log";
    uint8_t public_key[NOTE_KEY_BYTES];
    size_t len = sizeof(public_key);
    int exit_code = AUDIT_EXIT_UNREADABLE;
    enum note_type known;
    EVP_PKEY *key;

    if (strcmp(options->words[0], "new") != 0 || !read_type(type, &known) ||
        !note_name_allowed(slice_of_text(options->words[2]))) {
        fputs("Usage: perch-audit key new FILE NAME [log|cosigner]\n", stderr);
        return AUDIT_EXIT_USAGE;
    }
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    CHECK(key != NULL);
    CHECK(EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1);
    if (write_private(options->words[1], key)) {
        exit_code = print_vkey(options->words[2], type, public_key);
    }
    EVP_PKEY_free(key);
    return exit_code;
}
