#include "node/sip/aor.h"

#include <stdio.h>

static bool is_clean(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c == '"' || *c == '<' || *c == '>' || *c == '\\' ||
            *c == 0x7f) {
            return false; /* Signed chars: bytes above 127, too. */
        }
    }
    return true;
}

static void lower(char *to, const char *from)
{
    do {
        *to++ = *from >= 'A' && *from <= 'Z' ? (char)(*from + 32) : *from;
    } while (*from++ != '\0');
}

enum error aor_read(struct aor *aor, const url_t *url)
{
    int len;

    if ((url->url_type != url_sip && url->url_type != url_sips) ||
        url->url_user == NULL || url->url_host == NULL ||
        url->url_user[0] == '\0' || url->url_host[0] == '\0') {
        return ERROR_MALFORMED;
    }
    len = snprintf(aor->text, sizeof(aor->text), "%s@%s", url->url_user,
                   url->url_host);
    if (len < 0 || (size_t)len >= sizeof(aor->text)) {
        return ERROR_TOO_LARGE;
    }
    aor->user_len = strlen(url->url_user);
    lower(aor->lower, aor->text);
    return is_clean(aor->text) ? ERROR_NONE : ERROR_MALFORMED;
}

enum error aor_read_text(struct aor *aor, struct slice uri)
{
    char text[AOR_BYTES_MAX * 2];
    url_t url = {.url_type = url_unknown};

    if (uri.len >= sizeof(text)) {
        return ERROR_TOO_LARGE;
    }
    snprintf(text, sizeof(text), "%.*s", SLICE_PRINT(uri));
    if (url_d(&url, text) < 0) {
        return ERROR_MALFORMED;
    }
    return aor_read(aor, &url);
}

bool aor_equal(const struct aor *a, const struct aor *b)
{
    return strcmp(a->lower, b->lower) == 0;
}
