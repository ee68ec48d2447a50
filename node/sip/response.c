#include "node/sip/response.h"

#include <inttypes.h>
#include <stdio.h>

#include "node/sip/engine.h"
#include "node/sip/stream.h"
#include "proto/base/check.h"

enum { TAG_BYTES = 48 };

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {301, "Moved Permanently"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Conditional Request Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {422, "Session Interval Too Small"},
    {424, "Bad Location Information"},
    {423, "Locked"}, /* As HTTP has it; RFC 3261's is for REGISTER alone. */
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {489, "Bad Event"},
    {500, "Server Internal Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Server Time-out"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
};

const char *response_phrase(int status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "Unspecified";
}

static void echo_line(struct buffer *out, const char *name, struct slice value)
{
    buffer_append_text(out, name);
    buffer_append(out, ": ", 2);
    buffer_append_slice(out, value);
    buffer_append(out, "\r\n", 2);
}

static void echo_to(struct buffer *out, struct slice value, const char *tag)
{
    bool has_tag = head_address_param(value, "tag").data != NULL;

    buffer_append_text(out, "To: ");
    buffer_append_slice(out, value);
    if (!has_tag && tag != NULL) {
        buffer_append_text(out, ";tag=");
        buffer_append_text(out, tag);
    }
    buffer_append(out, "\r\n", 2);
}

void echo_write(struct buffer *out, const struct head *head, const char *to_tag)
{
    for (size_t i = 0; i < head->n; i++) {
        const struct head_line *line = &head->lines[i];

        switch (line->name) {
        case HEAD_VIA:
            echo_line(out, "Via", line->value);
            break;
        case HEAD_FROM:
            echo_line(out, "From", line->value);
            break;
        case HEAD_TO:
            echo_to(out, line->value, to_tag);
            break;
        case HEAD_CALL_ID:
            echo_line(out, "Call-ID", line->value);
            break;
        case HEAD_CSEQ:
            echo_line(out, "CSeq", line->value);
            break;
        default:
            break;
        }
    }
}

bool echo_is_possible(const struct head *head)
{
    return head_value(head, HEAD_VIA).data != NULL &&
           head_value(head, HEAD_CSEQ).data != NULL;
}

static struct buffer *begin(struct connection *connection, int status)
{
    struct buffer *out = stream_output(connection);

    if (status == 503) {
        edge_count(connection->edge, EDGE_METRIC_UNAVAILABLE, 1);
    }
    if (status == 200) { /* Nearly always. */
        buffer_append_text(out, "SIP/2.0 200 OK\r\n");
    } else {
        buffer_printf(out, "SIP/2.0 %d %s\r\n", status,
                      response_phrase(status));
    }
    return out;
}

struct buffer *response_begin_kept(struct connection *connection, int status,
                                   struct slice echo)
{
    struct buffer *out = begin(connection, status);

    buffer_append_slice(out, echo);
    return out;
}

struct buffer *response_begin_tagged(struct connection *connection,
                                     const struct head *head, int status,
                                     const char *to_tag)
{
    struct buffer *out = begin(connection, status);

    echo_write(out, head, to_tag);
    return out;
}

struct buffer *response_begin(struct connection *connection,
                              const struct head *head, int status)
{
    char tag[TAG_BYTES];

    snprintf(tag, sizeof(tag), "%" PRIx64 "%s", connection->ref,
             connection->edge->tag_salt);
    return response_begin_tagged(connection, head, status, tag);
}

void response_explain(struct buffer *out, enum diagnostic number,
                      const char *text)
{
    buffer_printf(out, "ms-diagnostics-public: %d;reason=\"%s\"\r\n", number,
                  text);
}

/* A quoted string's text: what would end it is left out. */
static void append_quoted(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f) {
            buffer_append(out, &text.data[i], 1);
        }
    }
}

void response_busy(struct connection *connection, struct buffer *out,
                   unsigned retry_after_s, struct slice reason)
{
    if (retry_after_s > 0) {
        buffer_printf(out, "Retry-After: %u\r\n",
                      retry_after_s +
                          edge_jitter(connection->edge, retry_after_s));
    }
    buffer_printf(out, "ms-diagnostics: %d;source=\"%s\";reason=\"",
                  DIAGNOSTIC_BUSY, connection->edge->settings.host);
    append_quoted(out, reason);
    buffer_append_text(out, "\";component=\"GroupChat\"\r\n");
}

void response_end(struct buffer *out)
{
    buffer_append_text(out, "Content-Length: 0\r\n\r\n");
}

void response_end_body(struct buffer *out, const char *type, struct slice body)
{
    buffer_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", type,
                  body.len);
    buffer_append_slice(out, body);
}
