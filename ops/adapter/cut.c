#include "ops/adapter/cut.h"

#include <string.h>

static const char *const type_names[CUT_TYPES] = {
    [CUT_XML] = "xml",   [CUT_FILEDUMP] = "filedump",
    [CUT_CSV] = "csv",   [CUT_EML] = "eml",
    [CUT_RSMF] = "rsmf", [CUT_POSTGRESQL] = "postgresql",
};

const char *cut_type_name(enum cut_type type)
{
    return type_names[type];
}

static enum fault wrong(const char *member, const char *what)
{
    return fault_say(FAULT_FAILED, "line 1: cut.%s: %s", member, what);
}

/* A text that C can hold: no NUL within. */
static enum fault read_text(const json_t *object, const char *member,
                            size_t bytes_min, size_t bytes_max,
                            const char **text_out)
{
    const json_t *value = json_object_get(object, member);
    size_t bytes = json_string_length(value);

    if (!json_is_string(value)) {
        return wrong(member, "is missing or no text");
    }
    if (strlen(json_string_value(value)) != bytes) {
        return wrong(member, "has a NUL in it");
    }
    if (bytes < bytes_min) {
        return wrong(member, "is empty");
    }
    if (bytes > bytes_max) {
        return wrong(member, "is too long");
    }
    *text_out = json_string_value(value);
    return FAULT_NONE;
}

static enum fault read_number(const json_t *object, const char *member,
                              uint64_t *number_out)
{
    const json_t *value = json_object_get(object, member);

    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return wrong(member, "is missing or no number from 0 up");
    }
    *number_out = (uint64_t)json_integer_value(value);
    return FAULT_NONE;
}

/* Settings that are left out are off. */
static enum fault read_switch(const json_t *object, const char *member,
                              bool *is_on_out)
{
    const json_t *value = json_object_get(object, member);

    if (value != NULL && !json_is_boolean(value)) {
        return wrong(member, "is neither true nor false");
    }
    *is_on_out = json_is_true(value);
    return FAULT_NONE;
}

static enum fault read_type(const json_t *object, enum cut_type *type_out)
{
    const char *name;

    TAKE(read_text(object, "type", 1, CUT_NAME_BYTES_MAX, &name));
    for (int i = 0; i < CUT_TYPES; i++) {
        if (strcmp(type_names[i], name) == 0) {
            *type_out = (enum cut_type)i;
            return FAULT_NONE;
        }
    }
    return wrong("type", "is none that perch-adapter has");
}

static bool is_sheet(const char *text)
{
    return strlen(text) == 64 &&
           strspn(text, "0123456789abcdef") == strlen(text);
}

static enum fault read_place(const json_t *object, struct cut *cut)
{
    uint64_t interface, cut_us;

    TAKE(read_number(object, "interface", &interface));
    if (interface != CUT_INTERFACE) {
        return wrong("interface", "is another than 1");
    }
    TAKE(read_type(object, &cut->type));
    TAKE(read_text(object, "pool", 1, CUT_NAME_BYTES_MAX, &cut->pool));
    TAKE(read_text(object, "origin", 1, CUT_OUTPUT_BYTES_MAX, &cut->origin));
    TAKE(read_text(object, "domain", 1, CUT_NAME_BYTES_MAX, &cut->domain));
    TAKE(read_text(object, "adapter", 1, CUT_NAME_BYTES_MAX, &cut->adapter));
    TAKE(read_number(object, "first", &cut->first));
    TAKE(read_number(object, "last", &cut->last));
    if (cut->last < cut->first) {
        return wrong("last", "is less than first");
    }
    TAKE(read_number(object, "cut_at", &cut_us));
    cut->cut_us = (int64_t)cut_us;
    TAKE(read_number(object, "tree_size", &cut->tree_size));
    TAKE(read_text(object, "root", 0, CUT_NAME_BYTES_MAX, &cut->root));
    TAKE(read_text(object, "previous_sheet", 0, 64, &cut->previous_sheet));
    if (cut->previous_sheet[0] != '\0' && !is_sheet(cut->previous_sheet)) {
        return wrong("previous_sheet", "is no SHA-256 in hex");
    }
    return FAULT_NONE;
}

static enum fault read_settings(const json_t *object, struct cut *cut)
{
    TAKE(read_text(object, "output", 1, CUT_OUTPUT_BYTES_MAX, &cut->output));
    cut->transform = cut->attachments = "";
    if (json_object_get(object, "transform") != NULL) {
        TAKE(read_text(object, "transform", 0, SIZE_MAX, &cut->transform));
        cut->transform_bytes = strlen(cut->transform);
    }
    if (json_object_get(object, "attachments") != NULL) {
        TAKE(read_text(object, "attachments", 0, SIZE_MAX, &cut->attachments));
    }
    TAKE(read_switch(object, "one_room_per_file", &cut->one_room_per_file));
    TAKE(read_switch(object, "room_details", &cut->room_details));
    TAKE(read_switch(object, "user_details", &cut->user_details));
    return read_switch(object, "attachments_manifest",
                       &cut->attachments_manifest);
}

enum fault cut_read(const char *line, size_t bytes, struct cut *cut_out)
{
    json_error_t error;
    const json_t *object;

    memset(cut_out, 0, sizeof(*cut_out));
    cut_out->json = json_loadb(line, bytes,
                               JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (cut_out->json == NULL) {
        return fault_say(FAULT_FAILED, "line 1: no JSON: %s", error.text);
    }
    object = json_object_get(cut_out->json, "cut");
    if (!json_is_object(object)) {
        return fault_say(FAULT_FAILED, "line 1: is no cut");
    }
    TAKE(read_place(object, cut_out));
    return read_settings(object, cut_out);
}

void cut_deinit(struct cut *cut)
{
    json_decref(cut->json);
    cut->json = NULL;
}
