#include "node/web/http_head.h"

#include <microhttpd.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "proto/base/check.h"

static const struct {
    unsigned status;
    const char *name, *text;
} faults[] = {
#define HTTP_FAULT_ROW(name, status, word, text)                               \
    [HTTP_FAULT_##name] = {status, word, text},
    HTTP_FAULT_LIST(HTTP_FAULT_ROW)
#undef HTTP_FAULT_ROW
};

const char *http_fault_name(enum http_fault fault)
{
    CHECK(fault < HTTP_FAULTS);
    return faults[fault].name;
}

const char *http_fault_text(enum http_fault fault)
{
    CHECK(fault < HTTP_FAULTS);
    return faults[fault].text;
}

unsigned http_fault_status(enum http_fault fault)
{
    CHECK(fault < HTTP_FAULTS);
    return faults[fault].status;
}

bool http_target_is_plain(const char *target)
{
    if (target == NULL || target[0] != '/') {
        return false;
    }
    for (const char *at = target; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7f) {
            return false;
        }
    }
    return strstr(target, "%00") == NULL;
}

/* Where the walk stands between the first and the last byte of the head. */
struct walk {
    const char *at, *end;
    enum http_fault fault;
    unsigned fields, hosts, lengths, encodings;
    bool has_body;
};

/* Step over CR LF, both overwritten by NUL. */
static bool take_line_end(struct walk *walk)
{
    if (walk->end - walk->at < 2 || walk->at[0] != '\0' ||
        walk->at[1] != '\0') {
        return false;
    }
    walk->at += 2;
    return true;
}

/* A token of RFC 9110: what methods and field names are made of. */
static bool is_token(const char *text, size_t len)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < len; i++) {
        bool letter = (text[i] >= 'a' && text[i] <= 'z') ||
                      (text[i] >= 'A' && text[i] <= 'Z') ||
                      (text[i] >= '0' && text[i] <= '9');

        if (!letter && (text[i] == '\0' || strchr(others, text[i]) == NULL)) {
            return false;
        }
    }
    return len > 0;
}

/* A field's value: no control characters but the tab. */
static bool is_value(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Method, one space, target, one space, version, CR LF. */
static enum http_fault walk_line(struct walk *walk,
                                 const struct http_head *head)
{
    size_t method_len = strlen(head->method);

    if (!is_token(head->method, method_len) ||
        head->url != walk->at + method_len + 1 ||
        head->version != head->url + head->target_len + 1) {
        return HTTP_FAULT_LINE;
    }
    if (strcmp(head->version, MHD_HTTP_VERSION_1_1) != 0 &&
        strcmp(head->version, MHD_HTTP_VERSION_1_0) != 0) {
        return HTTP_FAULT_VERSION;
    }
    walk->at = head->version + strlen(head->version);
    return take_line_end(walk) ? HTTP_FAULT_NONE : HTTP_FAULT_LINE_END;
}

static bool is_named(const char *name, size_t len, const char *wanted)
{
    return len == strlen(wanted) && strncasecmp(name, wanted, len) == 0;
}

/* Note the fields that decide where the request ends and whose it is. */
static void note_field(struct walk *walk, const char *name, size_t name_len,
                       const char *value, size_t value_len)
{
    walk->fields++;
    if (is_named(name, name_len, MHD_HTTP_HEADER_HOST)) {
        walk->hosts++;
    }
    if (is_named(name, name_len, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
        walk->encodings++;
        walk->has_body = true;
    }
    if (is_named(name, name_len, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
        walk->lengths++;
        walk->has_body = walk->has_body || value_len != 1 || value[0] != '0';
    }
}

/* Name, colon (overwritten by NUL), spaces, value, CR LF: each where the one
 * before ends. A folded field was copied together elsewhere. */
static enum http_fault walk_field(struct walk *walk, const char *name,
                                  size_t name_len, const char *value,
                                  size_t value_len)
{
    if (name != walk->at || !is_token(name, name_len) || value == NULL ||
        !is_value(value, value_len)) {
        return HTTP_FAULT_FIELD;
    }
    walk->at += name_len + 1;
    while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\t')) {
        walk->at++;
    }
    if (value != walk->at) {
        return HTTP_FAULT_FIELD;
    }
    walk->at += value_len;
    if (!take_line_end(walk)) {
        return HTTP_FAULT_LINE_END;
    }
    note_field(walk, name, name_len, value, value_len);
    return walk->fields > HTTP_FIELDS_MAX ? HTTP_FAULT_FIELDS : HTTP_FAULT_NONE;
}

static enum MHD_Result on_field(void *context, enum MHD_ValueKind kind,
                                const char *name, size_t name_len,
                                const char *value, size_t value_len)
{
    struct walk *walk = context;

    (void)kind;
    walk->fault = walk_field(walk, name, name_len, value, value_len);
    return walk->fault == HTTP_FAULT_NONE ? MHD_YES : MHD_NO;
}

/* What the fields say together. */
static enum http_fault judge_fields(const struct walk *walk, bool host_needed)
{
    if (walk->hosts > 1 || (host_needed && walk->hosts == 0)) {
        return HTTP_FAULT_HOST;
    }
    if (walk->lengths + walk->encodings > 1) {
        return HTTP_FAULT_LENGTHS;
    }
    return walk->has_body ? HTTP_FAULT_BODY : HTTP_FAULT_NONE;
}

enum http_fault http_head_check(const struct http_head *head)
{
    const union MHD_ConnectionInfo *size = MHD_get_connection_info(
        head->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct walk walk = {.at = head->method, .fault = HTTP_FAULT_NONE};
    enum http_fault fault;

    CHECK(size != NULL && head->method != NULL && head->version != NULL);
    walk.end = head->method + size->header_size;
    fault = walk_line(&walk, head);
    if (fault != HTTP_FAULT_NONE) {
        return fault;
    }
    MHD_get_connection_values_n(head->connection, MHD_HEADER_KIND, on_field,
                                &walk);
    if (walk.fault != HTTP_FAULT_NONE) {
        return walk.fault;
    }
    if (!take_line_end(&walk) || walk.at != walk.end) {
        return HTTP_FAULT_LINE_END;
    }
    return judge_fields(&walk,
                        strcmp(head->version, MHD_HTTP_VERSION_1_1) == 0);
}
