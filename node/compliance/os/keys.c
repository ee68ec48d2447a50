#include "node/compliance/os/keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/os/token.h"
#include "proto/base/journal.h"
#include "proto/tlog/secret.h"

/* Where one key is. */
struct place {
    struct token *token; /* NULL: the seed is it. */
    uint8_t seed[NOTE_KEY_BYTES];
};

struct keys {
    struct signer signer;
    struct place places[SIGNER_KEYS];
    struct token_module *module;
    char pin[TOKEN_PIN_BYTES_MAX + 1];
    bool has_pin;
};

static const char *const names[SIGNER_KEYS] = {"log", "node"};

static enum error sign(void *context, enum signer_key key, struct slice message,
                       uint8_t signature_out[NOTE_SIGNATURE_BYTES])
{
    struct keys *keys = context;
    struct place *place = &keys->places[key];

    if (place->token != NULL) {
        return token_sign(place->token, message, signature_out);
    }
    note_sign(place->seed, message, signature_out);
    return ERROR_NONE;
}

static enum error complain(enum signer_key key, const char *path,
                           enum error error)
{
    journal_error("archive_key_failed", "key=%s path=%s error=%s reason=\"%s\"",
                  names[key], path, error_name(error),
                  error == ERROR_REFUSED ? "everybody may read or write it"
                                         : error_text(error));
    return error;
}

static enum error read_pin(struct keys *keys, const char *path)
{
    FILE *file = fopen(path, "re");
    char *end;

    if (file == NULL || fgets(keys->pin, sizeof(keys->pin), file) == NULL) {
        enum error error =
            file == NULL ? error_from_errno(errno) : ERROR_MALFORMED;

        if (file != NULL) {
            (void)fclose(file);
        }
        journal_error("archive_pin_failed", "path=%s error=%s", path,
                      error_name(error));
        return error;
    }
    (void)fclose(file);
    end = strpbrk(keys->pin, "\r\n");
    if (end != NULL) {
        *end = '\0';
    }
    keys->has_pin = true;
    return ERROR_NONE;
}

/* The module and the PIN, for the first key that needs them. */
static enum error open_module(struct keys *keys,
                              const struct keys_settings *settings)
{
    if (keys->module != NULL) {
        return ERROR_NONE;
    }
    if (settings->pkcs11_module == NULL) {
        journal_error("archive_key_failed",
                      "reason=\"a pkcs11: key needs [archive] "
                      "pkcs11_module\"");
        return ERROR_INVALID;
    }
    if (settings->pkcs11_pin_file != NULL) {
        TRY(read_pin(keys, settings->pkcs11_pin_file));
    }
    return token_module_open(settings->pkcs11_module, &keys->module);
}

static enum error open_token(struct keys *keys, enum signer_key key,
                             const struct keys_settings *settings,
                             const char *uri)
{
    struct place *place = &keys->places[key];

    TRY(open_module(keys, settings));
    TRY(token_open(keys->module, uri, keys->has_pin ? keys->pin : NULL,
                   &place->token));
    token_public_key(place->token, keys->signer.public_keys[key]);
    keys->signer.has[key] = true;
    return ERROR_NONE;
}

static void has_seed(struct keys *keys, enum signer_key key)
{
    note_public_key(keys->places[key].seed, keys->signer.public_keys[key]);
    keys->signer.has[key] = true;
}

static enum error open_key(struct keys *keys, enum signer_key key,
                           const struct keys_settings *settings,
                           const char *where)
{
    enum error error;

    if (token_is_uri(where)) {
        return open_token(keys, key, settings, where);
    }
    error = secret_read(where, keys->places[key].seed);
    if (error != ERROR_NONE) {
        return complain(key, where, error);
    }
    has_seed(keys, key);
    return ERROR_NONE;
}

/* The node's own: read, or made at the first start. */
static enum error open_own(struct keys *keys, const char *data)
{
    uint8_t *seed = keys->places[SIGNER_NODE].seed;
    char path[PATH_MAX];
    enum error error;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", data, KEYS_NODE_NAME) >=
        sizeof(path)) {
        return complain(SIGNER_NODE, data, ERROR_TOO_LARGE);
    }
    error = secret_read(path, seed);
    if (error == ERROR_NOT_FOUND) {
        error = secret_make(path, seed);
        if (error == ERROR_NONE) {
            journal_notice("archive_key_made", "key=node path=%s", path);
        }
    }
    if (error != ERROR_NONE) {
        return complain(SIGNER_NODE, path, error);
    }
    has_seed(keys, SIGNER_NODE);
    return ERROR_NONE;
}

static enum error open_all(struct keys *keys,
                           const struct keys_settings *settings)
{
    if (settings->log_key != NULL) {
        TRY(open_key(keys, SIGNER_LOG, settings, settings->log_key));
    }
    return settings->node_key != NULL
               ? open_key(keys, SIGNER_NODE, settings, settings->node_key)
               : open_own(keys, settings->data);
}

enum error keys_open(const struct keys_settings *settings,
                     struct keys **keys_out)
{
    struct keys *keys = calloc(1, sizeof(*keys));
    enum error error;

    if (keys == NULL) {
        return ERROR_NO_MEMORY;
    }
    keys->signer.context = keys;
    keys->signer.sign = sign;
    error = open_all(keys, settings);
    if (error != ERROR_NONE) {
        keys_close(keys);
        return error;
    }
    *keys_out = keys;
    return ERROR_NONE;
}

void keys_close(struct keys *keys)
{
    if (keys == NULL) {
        return;
    }
    for (unsigned i = 0; i < SIGNER_KEYS; i++) {
        token_close(keys->places[i].token);
        secret_wipe(keys->places[i].seed);
    }
    token_module_close(keys->module);
    explicit_bzero(keys->pin, sizeof(keys->pin));
    free(keys);
}

const struct signer *keys_signer(const struct keys *keys)
{
    return &keys->signer;
}
