#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/compliance/os/keys.h"
#include "proto/base/journal.h"
#include "proto/tlog/secret.h"
#include "tests/unit/temp_directory.h"

#define MODULE  "/usr/lib/softhsm/libsofthsm2.so"
#define MESSAGE SLICE_LITERAL("fjord.example/perch/1\n7\nAAAA\n")

enum { PATH_BYTES = TEMP_DIRECTORY_BYTES + 64, COMMAND_BYTES = 2048 };

struct scene {
    char directory[TEMP_DIRECTORY_BYTES];
    char log[PATH_BYTES], pin[PATH_BYTES];
    char said[4096]; /* To the journal. */
    struct keys_settings settings;
    struct keys *keys;
};

static void on_line(void *context, enum journal_level level, const char *line)
{
    struct scene *s = context;

    (void)level;
    snprintf(s->said, sizeof(s->said), "%s", line);
}

/* softhsm2 leaks what it decodes a key from, at each signature. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    temp_directory_make(s->directory);
    snprintf(s->log, sizeof(s->log), "%s/log.key", s->directory);
    snprintf(s->pin, sizeof(s->pin), "%s/pin", s->directory);
    s->settings.data = s->directory;
    journal_capture(on_line, s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    keys_close(s->keys);
    journal_capture(NULL, NULL);
    temp_directory_remove(s->directory);
    free(s);
    return 0;
}

static int set_up_token(void **state)
{
    if (__lsan_disable != NULL) {
        __lsan_disable();
    }
    return set_up(state);
}

static int tear_down_token(void **state)
{
    int result = tear_down(state);

    if (__lsan_enable != NULL) {
        __lsan_enable();
    }
    return result;
}

static void reopen(struct scene *s, enum error wanted)
{
    keys_close(s->keys);
    s->keys = NULL;
    if (keys_open(&s->settings, &s->keys) != wanted) {
        fail_msg("%s", s->said);
    }
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
}

__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
    char command[COMMAND_BYTES];
    va_list values;

    va_start(values, format);
    vsnprintf(command, sizeof(command), format, values);
    va_end(values);
    if (system(command) != 0) {
        fail_msg("%s", command);
    }
}

/* What was signed with a key is right under its public key. */
static void assert_signs(const struct scene *s, enum signer_key key)
{
    const struct signer *signer = keys_signer(s->keys);
    uint8_t signature[NOTE_SIGNATURE_BYTES];

    assert_true(signer->has[key]);
    assert_int_equal(signer_sign(signer, key, MESSAGE, signature), ERROR_NONE);
    assert_true(note_check(signer->public_keys[key], MESSAGE,
                           slice_of(signature, sizeof(signature))));
    signature[5] ^= 1;
    assert_false(note_check(signer->public_keys[key], MESSAGE,
                            slice_of(signature, sizeof(signature))));
}

/* A node's key is made at its first start, for its eyes only, and is the same
 * at the next. */
static void test_keys_open__makes_the_nodes_own(void **state)
{
    struct scene *s = *state;
    uint8_t first[NOTE_KEY_BYTES];
    char path[PATH_BYTES];
    struct stat status;

    reopen(s, ERROR_NONE);
    assert_signs(s, SIGNER_NODE);
    assert_false(keys_signer(s->keys)->has[SIGNER_LOG]);
    memcpy(first, keys_signer(s->keys)->public_keys[SIGNER_NODE],
           sizeof(first));
    snprintf(path, sizeof(path), "%s/" KEYS_NODE_NAME, s->directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    reopen(s, ERROR_NONE);
    assert_memory_equal(first, keys_signer(s->keys)->public_keys[SIGNER_NODE],
                        sizeof(first));
}

/* openssl's files are read, and its word for the public key is ours. */
static void test_keys_open__openssl(void **state)
{
    struct scene *s = *state;
    char der[PATH_BYTES];
    uint8_t bytes[64];
    FILE *file;
    size_t len;

    run("umask 077; openssl genpkey -algorithm ed25519 -out %s", s->log);
    snprintf(der, sizeof(der), "%s/public", s->directory);
    run("openssl pkey -in %s -pubout -outform DER -out %s", s->log, der);
    s->settings.log_key = s->log;
    reopen(s, ERROR_NONE);
    assert_signs(s, SIGNER_LOG);
    file = fopen(der, "r");
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_int_equal(len, 44);
    assert_memory_equal(bytes + 12,
                        keys_signer(s->keys)->public_keys[SIGNER_LOG],
                        NOTE_KEY_BYTES);
}

/* What is no key, or no secret, is named and refused. */
static void test_keys_open__refuses(void **state)
{
    struct scene *s = *state;

    s->settings.log_key = s->log;
    reopen(s, ERROR_NOT_FOUND);
    assert_non_null(strstr(s->said, s->log));
    write_text(s->log, "no key\n");
    chmod(s->log, 0600);
    reopen(s, ERROR_MALFORMED);
    run("umask 077; openssl genpkey -algorithm x25519 -out %s", s->log);
    reopen(s, ERROR_MALFORMED);
    run("umask 077; openssl genpkey -algorithm ed25519 -aes-256-cbc "
        "-pass pass:secret -out %s",
        s->log);
    reopen(s, ERROR_MALFORMED);
    run("umask 077; openssl genpkey -algorithm ed25519 -out %s", s->log);
    chmod(s->log, 0644);
    reopen(s, ERROR_REFUSED);
    assert_non_null(strstr(s->said, "everybody may read"));
    chmod(s->log, 0640);
    reopen(s, ERROR_NONE);
    s->settings.log_key = "pkcs11:token=perch;object=log";
    reopen(s, ERROR_INVALID);
    assert_non_null(strstr(s->said, "pkcs11_module"));
}

/* A key is made once, and a crash in the middle leaves none. */
static void test_secret_make__once(void **state)
{
    struct scene *s = *state;
    uint8_t first[NOTE_KEY_BYTES], again[NOTE_KEY_BYTES];

    assert_int_equal(secret_make(s->log, first), ERROR_NONE);
    assert_int_equal(secret_make(s->log, again), ERROR_EXISTS);
    assert_int_equal(secret_read(s->log, again), ERROR_NONE);
    assert_memory_equal(first, again, sizeof(first));
    assert_int_equal(secret_make("/no/such/place/key", again), ERROR_NOT_FOUND);
}

/* A token of softhsm2 with one key, "log"; the PIN is 1234. */
static void make_token(struct scene *s)
{
    char path[PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof(path), "%s/softhsm2.conf", s->directory);
    file = fopen(path, "w");
    fprintf(file,
            "directories.tokendir = %s/tokens\nobjectstore.backend = "
            "file\nlog.level = ERROR\n",
            s->directory);
    fclose(file);
    snprintf(s->pin, sizeof(s->pin), "%s/tokens", s->directory);
    mkdir(s->pin, 0700);
    snprintf(s->pin, sizeof(s->pin), "%s/pin", s->directory);
    write_text(s->pin, "1234\n");
    setenv("SOFTHSM2_CONF", path, 1);
    run("softhsm2-util --init-token --free --label perch --pin 1234 --so-pin "
        "5678 "
        ">/dev/null");
    run("pkcs11-tool --module %s --login --pin 1234 --keypairgen --key-type "
        "EC:edwards25519 --label log --id 01 >/dev/null 2>&1",
        MODULE);
    s->settings.pkcs11_module = MODULE;
    s->settings.pkcs11_pin_file = s->pin;
    s->settings.log_key = "pkcs11:token=perch;object=log";
}

/* A key that never leaves its token signs as one in a file does; the node's
 * own stays in a file. */
static void test_keys_open__token(void **state)
{
    struct scene *s = *state;

    if (access(MODULE, R_OK) != 0) {
        skip();
    }
    make_token(s);
    reopen(s, ERROR_NONE);
    assert_signs(s, SIGNER_LOG);
    assert_signs(s, SIGNER_NODE);
    reopen(s, ERROR_NONE);
    assert_signs(s, SIGNER_LOG);
    s->settings.log_key = "pkcs11:token=perch;id=%01";
    reopen(s, ERROR_NONE);
    assert_signs(s, SIGNER_LOG);
}

/* What is wrong with a token is named. */
static void test_keys_open__token_refuses(void **state)
{
    struct scene *s = *state;

    if (access(MODULE, R_OK) != 0) {
        skip();
    }
    make_token(s);
    s->settings.log_key = "pkcs11:token=other;object=log";
    reopen(s, ERROR_NOT_FOUND);
    assert_non_null(strstr(s->said, "token=other"));
    s->settings.log_key = "pkcs11:token=perch;object=other";
    reopen(s, ERROR_NOT_FOUND);
    s->settings.log_key = "pkcs11:tok en";
    reopen(s, ERROR_INVALID);
    s->settings.log_key = "pkcs11:token=perch;object=log";
    write_text(s->pin, "4321\n");
    reopen(s, ERROR_REFUSED);
    write_text(s->pin, "1234\n");
    s->settings.pkcs11_module = "/no/such/module.so";
    reopen(s, ERROR_IO);
    assert_non_null(strstr(s->said, "/no/such/module.so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_keys_open__makes_the_nodes_own, set_up, tear_down),
        RUN_IN(test_keys_open__openssl, set_up, tear_down),
        RUN_IN(test_keys_open__refuses, set_up, tear_down),
        RUN_IN(test_secret_make__once, set_up, tear_down),
        RUN_IN(test_keys_open__token, set_up_token, tear_down_token),
        RUN_IN(test_keys_open__token_refuses, set_up_token, tear_down_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
