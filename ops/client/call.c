#include "ops/client/call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ops/client/value.h"

#define USER_AGENT "perch/0.1"

struct slice speaker_domain(const struct speaker *speaker)
{
    const char *at = strchr(speaker->user, '@');

    return slice_of_text(at == NULL ? NULL : at + 1);
}

static void write_random(struct loop *loop, char *text, size_t len)
{
    uint8_t random[CALL_ID_BYTES / 2];

    loop_random(loop, random, len / 2);
    for (size_t i = 0; i < len / 2; i++) {
        snprintf(text + 2 * i, 3, "%02x", random[i]);
    }
}

/* A URI that may stand in a request line: what would end the line, or the URI
 * in it, is someone's attempt to say more. */
static bool is_uri(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] == 0x7f ||
            text.data[i] == '<' || text.data[i] == '>') {
            return false;
        }
    }
    return text.len > 0;
}

enum error call_begin(struct call *call, struct loop *loop, struct slice target,
                      struct slice to)
{
    call_deinit(call);
    if (!is_uri(target) || !is_uri(to)) {
        return ERROR_MALFORMED;
    }
    write_random(loop, call->id, CALL_ID_BYTES);
    write_random(loop, call->tag, CALL_TAG_BYTES);
    buffer_append_slice(&call->target, target);
    buffer_printf(&call->remote, "<%.*s>", SLICE_PRINT(to));
    return buffer_failed(&call->target) || buffer_failed(&call->remote)
               ? ERROR_NO_MEMORY
               : ERROR_NONE;
}

void call_deinit(struct call *call)
{
    buffer_deinit(&call->target);
    buffer_deinit(&call->remote);
    memset(call, 0, sizeof(*call));
}

enum error call_accept(struct call *call, const struct packet *answer)
{
    struct slice to = packet_value(answer, "To");
    struct slice contact = value_uri(packet_value(answer, "Contact"));

    if (value_param(to, "tag").len == 0 ||
        (contact.len > 0 && !is_uri(contact))) {
        return ERROR_MALFORMED;
    }
    buffer_clear(&call->remote);
    buffer_append_slice(&call->remote, to);
    if (contact.len > 0) {
        buffer_clear(&call->target);
        buffer_append_slice(&call->target, contact);
    }
    return buffer_failed(&call->target) || buffer_failed(&call->remote)
               ? ERROR_NO_MEMORY
               : ERROR_NONE;
}

void call_say(struct buffer *out, const struct call *call,
              const struct speaker *speaker, const struct saying *saying)
{
    buffer_printf(out, "%s %.*s SIP/2.0\r\n", saying->method,
                  SLICE_PRINT(buffer_slice(&call->target)));
    buffer_printf(out,
                  "Via: SIP/2.0/%s %s;branch=z9hG4bK%s.%" PRIu32 ".%s\r\n"
                  "From: <sip:%s>;tag=%s;epid=%s\r\n",
                  speaker->is_secure ? "TLS" : "TCP", speaker->local, call->tag,
                  saying->cseq, saying->method, speaker->user, call->tag,
                  speaker->epid);
    buffer_printf(out,
                  "To: %.*s\r\nCall-ID: %s\r\nCSeq: %" PRIu32 " %s\r\n"
                  "Max-Forwards: 70\r\nUser-Agent: " USER_AGENT "\r\n",
                  SLICE_PRINT(buffer_slice(&call->remote)), call->id,
                  saying->cseq, saying->method);
    buffer_append_slice(out, saying->lines);
    if (saying->type != NULL) {
        buffer_printf(out, "Content-Type: %s\r\n", saying->type);
    }
    buffer_printf(out, "Content-Length: %zu\r\n\r\n", saying->body.len);
    buffer_append_slice(out, saying->body);
}

static const char *phrase_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 481:
        return "Call/Transaction Does Not Exist";
    case 500:
        return "Server Internal Error";
    default:
        return "Not Implemented";
    }
}

static void echo(struct buffer *out, const struct packet *request,
                 const char *name)
{
    struct slice value;
    size_t at = 0;

    while ((value = packet_next(request, name, &at)).data != NULL) {
        buffer_printf(out, "%s: %.*s\r\n", name, SLICE_PRINT(value));
    }
}

static void echo_to(struct buffer *out, const struct packet *request,
                    const char *tag)
{
    struct slice to = packet_value(request, "To");

    buffer_printf(out, "To: %.*s", SLICE_PRINT(to));
    if (value_param(to, "tag").data == NULL) {
        buffer_printf(out, ";tag=%s", tag);
    }
    buffer_append_text(out, "\r\n");
}

void call_answer(struct buffer *out, const struct packet *request, int status,
                 const char *tag, struct slice lines)
{
    buffer_printf(out, "SIP/2.0 %d %s\r\n", status, phrase_of(status));
    echo(out, request, "Via");
    echo(out, request, "From");
    echo_to(out, request, tag);
    echo(out, request, "Call-ID");
    echo(out, request, "CSeq");
    buffer_append_slice(out, lines);
    buffer_append_text(out, "Content-Length: 0\r\n\r\n");
}
