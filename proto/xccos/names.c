#include "proto/xccos/names.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/xccos/text.h"

static const struct slice room_scheme = {(const uint8_t *)"ma-chan://", 10};
static const struct slice category_scheme = {(const uint8_t *)"ma-cat://", 9};

bool xccos_domain_is_valid(struct slice domain)
{
    bool label_is_empty = true;

    if (domain.len > XCCOS_DOMAIN_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < domain.len; i++) {
        if (domain.data[i] == '.' && !label_is_empty) {
            label_is_empty = true;
        } else if (domain.data[i] == '-' ||
                   text_is_letter_or_digit(domain.data[i])) {
            label_is_empty = false;
        } else {
            return false;
        }
    }
    return !label_is_empty;
}

/* Read the guid in the one form perch writes. */
static enum error read_guid_exactly(struct slice text, struct guid *guid_out)
{
    char again[GUID_TEXT_BYTES + 1];

    TRY(guid_read(text, guid_out));
    guid_write(guid_out, again);
    return slice_equal_text(text, again) ? ERROR_NONE : ERROR_MALFORMED;
}

static enum error read_name(struct slice uri, struct slice scheme,
                            struct xccos_name *name_out)
{
    struct slice rest = slice_after(uri, scheme.len);
    struct xccos_name name;

    if (!slice_begins(uri, scheme) || rest.len < 1 + GUID_TEXT_BYTES) {
        return ERROR_MALFORMED;
    }
    name.domain = slice_of(rest.data, rest.len - GUID_TEXT_BYTES - 1);
    rest = slice_after(rest, name.domain.len);
    if (rest.data[0] != '/' || !xccos_domain_is_valid(name.domain)) {
        return ERROR_MALFORMED;
    }
    TRY(read_guid_exactly(slice_after(rest, 1), &name.guid));
    *name_out = name;
    return ERROR_NONE;
}

enum error xccos_room_uri_read(struct slice uri, struct xccos_name *name_out)
{
    return read_name(uri, room_scheme, name_out);
}

enum error xccos_category_uri_read(struct slice uri,
                                   struct xccos_name *name_out)
{
    return read_name(uri, category_scheme, name_out);
}

static struct slice write_name(struct arena *arena, struct slice scheme,
                               const struct xccos_name *name)
{
    size_t len = scheme.len + name->domain.len + 1 + GUID_TEXT_BYTES;
    char *uri = arena_alloc(arena, len + 1);
    char *at = uri;

    CHECK(xccos_domain_is_valid(name->domain));
    if (uri == NULL) {
        return SLICE_NONE;
    }
    at = (char *)mempcpy(at, scheme.data, scheme.len);
    at = (char *)mempcpy(at, name->domain.data, name->domain.len);
    *at++ = '/';
    guid_write(&name->guid, at);
    return slice_of(uri, len);
}

struct slice xccos_room_uri(struct arena *arena, const struct xccos_name *name)
{
    return write_name(arena, room_scheme, name);
}

struct slice xccos_category_uri(struct arena *arena,
                                const struct xccos_name *name)
{
    return write_name(arena, category_scheme, name);
}

struct slice xccos_fallback_uri(struct arena *arena, struct slice domain)
{
    char uri[XCCOS_DOMAIN_BYTES_MAX + 64];
    int len;

    CHECK(xccos_domain_is_valid(domain));
    len = snprintf(uri, sizeof(uri), "sip:ocschat@%.*s", SLICE_PRINT(domain));
    return arena_copy_slice(arena, slice_of(uri, (size_t)len));
}
