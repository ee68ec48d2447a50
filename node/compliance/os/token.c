#include "node/compliance/os/token.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/journal.h"

enum {
    SLOTS_MAX = 64, /* That are looked through. */
    /* An EC point as DER writes it: OCTET STRING of the key's length. */
    POINT_HEAD_BYTES = 2,
    POINT_BYTES = POINT_HEAD_BYTES + NOTE_KEY_BYTES,
};

struct token_module {
    CK_FUNCTION_LIST *calls;
};

struct token {
    CK_FUNCTION_LIST *calls;
    P11KitUri *uri;
    char *place; /* The URI as it was given. */
    char pin[TOKEN_PIN_BYTES_MAX + 1];
    bool has_pin;
    CK_SESSION_HANDLE session;
    bool is_open;
    CK_OBJECT_HANDLE key;
    uint8_t public_key[NOTE_KEY_BYTES];
};

bool token_is_uri(const char *place)
{
    return strncmp(place, "pkcs11:", strlen("pkcs11:")) == 0;
}

enum error token_module_open(const char *path, struct token_module **module_out)
{
    struct token_module *module = calloc(1, sizeof(*module));

    if (module == NULL) {
        return ERROR_NO_MEMORY;
    }
    module->calls = p11_kit_module_load(path, 0);
    if (module->calls == NULL ||
        p11_kit_module_initialize(module->calls) != CKR_OK) {
        journal_error("pkcs11_module_failed", "path=%s reason=\"%s\"", path,
                      p11_kit_message());
        if (module->calls != NULL) {
            p11_kit_module_release(module->calls);
        }
        free(module);
        return ERROR_IO;
    }
    *module_out = module;
    return ERROR_NONE;
}

void token_module_close(struct token_module *module)
{
    if (module != NULL) {
        p11_kit_module_finalize(module->calls);
        p11_kit_module_release(module->calls);
        free(module);
    }
}

static enum error complain(const struct token *token, const char *what,
                           CK_RV code, enum error error)
{
    journal_error("pkcs11_failed",
                  "key=\"%s\" call=%s code=0x%lx reason=\"%s\"", token->place,
                  what, code, p11_kit_strerror(code));
    return error;
}

/* --- Finding --- */

static bool is_the_token(const struct token *token, CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;

    return token->calls->C_GetTokenInfo(slot, &info) == CKR_OK &&
           p11_kit_uri_match_token_info(token->uri, &info);
}

static enum error find_slot(const struct token *token, CK_SLOT_ID *slot_out)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    CK_RV code = token->calls->C_GetSlotList(CK_TRUE, slots, &n);

    if (code != CKR_OK) {
        return complain(token, "C_GetSlotList", code, ERROR_IO);
    }
    for (CK_ULONG i = 0; i < n; i++) {
        if (is_the_token(token, slots[i])) {
            *slot_out = slots[i];
            return ERROR_NONE;
        }
    }
    return complain(token, "C_GetTokenInfo", CKR_TOKEN_NOT_PRESENT,
                    ERROR_NOT_FOUND);
}

static enum error log_in(struct token *token)
{
    CK_RV code;

    if (!token->has_pin) {
        return ERROR_NONE;
    }
    code =
        token->calls->C_Login(token->session, CKU_USER,
                              (unsigned char *)token->pin, strlen(token->pin));
    if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) {
        return ERROR_NONE;
    }
    return complain(token, "C_Login", code,
                    code == CKR_PIN_INCORRECT || code == CKR_PIN_LOCKED
                        ? ERROR_REFUSED
                        : ERROR_IO);
}

/* Find the one object of that class that the URI names. */
static enum error find_object(const struct token *token, CK_OBJECT_CLASS class,
                              CK_OBJECT_HANDLE *object_out)
{
    CK_ATTRIBUTE wanted[4] = {{CKA_CLASS, &class, sizeof(class)}};
    const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
    CK_ULONG n = 1, found = 0;
    CK_RV code;

    for (unsigned i = 0; i < 2; i++) {
        CK_ATTRIBUTE *said = p11_kit_uri_get_attribute(token->uri, types[i]);

        if (said != NULL) {
            wanted[n++] = *said;
        }
    }
    code = token->calls->C_FindObjectsInit(token->session, wanted, n);
    if (code != CKR_OK) {
        return complain(token, "C_FindObjectsInit", code, ERROR_IO);
    }
    code = token->calls->C_FindObjects(token->session, object_out, 1, &found);
    (void)token->calls->C_FindObjectsFinal(token->session);
    if (code != CKR_OK) {
        return complain(token, "C_FindObjects", code, ERROR_IO);
    }
    return found == 1 ? ERROR_NONE
                      : complain(token, "C_FindObjects", CKR_KEY_HANDLE_INVALID,
                                 ERROR_NOT_FOUND);
}

/* Tokens show the point bare, or as DER has it. */
static bool take_point(const unsigned char *point, size_t len,
                       uint8_t public_out[NOTE_KEY_BYTES])
{
    if (len == POINT_BYTES && point[0] == 0x04 && point[1] == NOTE_KEY_BYTES) {
        point += POINT_HEAD_BYTES;
        len -= POINT_HEAD_BYTES;
    }
    if (len != NOTE_KEY_BYTES) {
        return false;
    }
    memcpy(public_out, point, NOTE_KEY_BYTES);
    return true;
}

static enum error read_public_key(struct token *token)
{
    unsigned char point[POINT_BYTES + 16];
    CK_ATTRIBUTE asked = {CKA_EC_POINT, point, sizeof(point)};
    CK_OBJECT_HANDLE object;
    CK_RV code;

    TRY(find_object(token, CKO_PUBLIC_KEY, &object));
    code = token->calls->C_GetAttributeValue(token->session, object, &asked, 1);
    if (code != CKR_OK) {
        return complain(token, "C_GetAttributeValue", code, ERROR_MALFORMED);
    }
    return take_point(point, asked.ulValueLen, token->public_key)
               ? ERROR_NONE
               : complain(token, "C_GetAttributeValue",
                          CKR_KEY_TYPE_INCONSISTENT, ERROR_MALFORMED);
}

static void close_session(struct token *token)
{
    if (token->is_open) {
        (void)token->calls->C_CloseSession(token->session);
        token->is_open = false;
    }
}

static enum error open_session(struct token *token)
{
    CK_SLOT_ID slot;
    CK_RV code;

    close_session(token);
    TRY(find_slot(token, &slot));
    code = token->calls->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL,
                                       &token->session);
    if (code != CKR_OK) {
        return complain(token, "C_OpenSession", code, ERROR_IO);
    }
    token->is_open = true;
    TRY(log_in(token));
    return find_object(token, CKO_PRIVATE_KEY, &token->key);
}

/* --- Signing --- */

static CK_RV sign_once(struct token *token, struct slice message,
                       uint8_t signature_out[NOTE_SIGNATURE_BYTES])
{
    CK_MECHANISM mechanism = {CKM_EDDSA, NULL, 0};
    CK_ULONG len = NOTE_SIGNATURE_BYTES;
    CK_RV code =
        token->calls->C_SignInit(token->session, &mechanism, token->key);

    if (code != CKR_OK) {
        return code;
    }
    code = token->calls->C_Sign(token->session,
                                (unsigned char *)(uintptr_t)message.data,
                                message.len, signature_out, &len);
    return code == CKR_OK && len != NOTE_SIGNATURE_BYTES
               ? CKR_SIGNATURE_LEN_RANGE
               : code;
}

/* What comes out is believed when the public key says it is right. */
enum error token_sign(struct token *token, struct slice message,
                      uint8_t signature_out[NOTE_SIGNATURE_BYTES])
{
    CK_RV code = token->is_open ? sign_once(token, message, signature_out)
                                : CKR_SESSION_HANDLE_INVALID;

    if (code != CKR_OK) {
        TRY(open_session(token));
        code = sign_once(token, message, signature_out);
    }
    if (code != CKR_OK) {
        close_session(token);
        return complain(token, "C_Sign", code, ERROR_IO);
    }
    return note_check(token->public_key, message,
                      slice_of(signature_out, NOTE_SIGNATURE_BYTES))
               ? ERROR_NONE
               : complain(token, "C_Sign", CKR_SIGNATURE_INVALID, ERROR_IO);
}

/* A key is good when it has signed something. */
static enum error prove(struct token *token)
{
    uint8_t signature[NOTE_SIGNATURE_BYTES];

    return token_sign(token, SLICE_LITERAL("perch key test"), signature);
}

static enum error begin(struct token *token, const char *uri, const char *pin)
{
    int code;

    token->place = strdup(uri);
    token->uri = p11_kit_uri_new();
    if (token->place == NULL || token->uri == NULL) {
        return ERROR_NO_MEMORY;
    }
    code = p11_kit_uri_parse(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, token->uri);
    if (code != P11_KIT_URI_OK) {
        journal_error("pkcs11_uri_invalid", "uri=\"%s\" reason=\"%s\"", uri,
                      p11_kit_uri_message(code));
        return ERROR_INVALID;
    }
    if (pin != NULL) {
        token->has_pin = true;
        strncpy(token->pin, pin, TOKEN_PIN_BYTES_MAX);
    }
    TRY(open_session(token));
    TRY(read_public_key(token));
    return prove(token);
}

enum error token_open(struct token_module *module, const char *uri,
                      const char *pin, struct token **token_out)
{
    struct token *token = calloc(1, sizeof(*token));
    enum error error;

    if (token == NULL) {
        return ERROR_NO_MEMORY;
    }
    token->calls = module->calls;
    error = begin(token, uri, pin);
    if (error != ERROR_NONE) {
        token_close(token);
        return error;
    }
    *token_out = token;
    return ERROR_NONE;
}

void token_close(struct token *token)
{
    if (token != NULL) {
        close_session(token);
        if (token->uri != NULL) {
            p11_kit_uri_free(token->uri);
        }
        explicit_bzero(token->pin, sizeof(token->pin));
        free(token->place);
        free(token);
    }
}

void token_public_key(const struct token *token,
                      uint8_t public_out[NOTE_KEY_BYTES])
{
    memcpy(public_out, token->public_key, NOTE_KEY_BYTES);
}
