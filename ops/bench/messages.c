#include "ops/bench/messages.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"

#define NAMESPACE    "urn:parlano:xml:ns:xccos"
#define EMPTY_SERIAL "0000000000"
/* The same for all: servers send on the connection, wherever Contact points. */
#define VIA     "Via: SIP/2.0/tcp 127.0.0.1:5070\r\n"
#define CONTACT "<sip:127.0.0.1:5070;transport=tcp>"

/* An endpoint's id as pidgin-sipe makes it: twelve hex digits. */
static void write_from(const struct identity *identity, const char *dialog,
                       struct buffer *out)
{
    buffer_printf(out,
                  "From: <sip:%s>;tag=%s%u;epid=%012x\r\n"
                  "Call-ID: %sperchbench%u\r\n"
                  "Max-Forwards: 70\r\n",
                  identity->user, dialog, identity->number,
                  identity->number + 1, dialog, identity->number);
}

void message_register(const struct identity *identity, uint32_t cseq,
                      const char *authorization, struct buffer *out)
{
    buffer_printf(out, "REGISTER sip:%s SIP/2.0\r\n" VIA "To: <sip:%s>\r\n",
                  identity->domain, identity->user);
    write_from(identity, "r", out);
    buffer_printf(out,
                  "CSeq: %u REGISTER\r\n"
                  "Contact: " CONTACT ";proxy=replace;+sip.instance="
                  "\"<urn:uuid:%08x-0000-5000-8000-0123456789ab>\"\r\n"
                  "Event: registration\r\n"
                  "Expires: 7200\r\n"
                  "ms-keep-alive: UAC;hop-hop=yes\r\n"
                  "%sContent-Length: 0\r\n\r\n",
                  cseq, identity->number + 1, authorization);
}

void message_invite(const struct identity *identity, uint32_t cseq,
                    struct buffer *out)
{
    buffer_printf(out, "INVITE %s SIP/2.0\r\n" VIA "To: <%s>\r\n",
                  identity->pool, identity->pool);
    write_from(identity, "i", out);
    buffer_printf(out,
                  "CSeq: %u INVITE\r\n"
                  "Contact: " CONTACT "\r\n"
                  "Supported: ms-sender\r\n"
                  "Content-Length: 0\r\n\r\n",
                  cseq);
}

/* A request in the dialog, up to its CSeq number. */
static void begin_in_dialog(const struct identity *identity, const char *method,
                            struct buffer *out)
{
    buffer_printf(out, "%s %s SIP/2.0\r\n" VIA "To: %s\r\n", method,
                  identity->pool, identity->to);
    write_from(identity, "i", out);
    buffer_append_text(out, "CSeq: ");
}

void message_ack(const struct identity *identity, uint32_t cseq,
                 struct buffer *out)
{
    begin_in_dialog(identity, "ACK", out);
    buffer_printf(out, "%u ACK\r\nContent-Length: 0\r\n\r\n", cseq);
}

/* What posts are cut from: words in no order, which a store compresses as it
 * does what people say. */
static const uint8_t *talk(void)
{
    static const char *const words[] = {
        "the",   "price",  "of",      "brent", "is",    "up",    "again",
        "we",    "should", "ask",     "them",  "to",    "sell",  "before",
        "lunch", "ward",   "seven",   "has",   "two",   "more",  "patients",
        "ready", "for",    "theatre", "and",   "needs", "blood", "now"};
    static uint8_t bytes[TALK_BYTES];
    uint32_t state = 1;
    size_t at = 0;

    while (at < TALK_BYTES && bytes[TALK_BYTES - 1] == 0) {
        const char *word;
        size_t len;

        state = state * 1103515245u + 12345u; /* As C's own rand(). */
        word = words[(state >> 16) % (sizeof(words) / sizeof(words[0]))];
        len = strnlen(word, TALK_BYTES - 1 - at);
        memcpy(bytes + at, word, len);
        at += len;
        bytes[at++] = ' ';
    }
    return bytes;
}

/* How much there is to be put into a post, after its serial. */
static size_t dots_at(struct slice text)
{
    size_t n = 0;

    while (n < text.len && n < TALK_BYTES / 2 && text.data[n] == '.') {
        n++;
    }
    return n;
}

void template_init(struct template *template, const struct identity *identity,
                   struct slice inside)
{
    static const char open[] =
        "<xccos ver=\"1\" envid=\"" EMPTY_SERIAL "\" xmlns=\"" NAMESPACE "\">";
    static const char close[] = "</xccos>";
    const uint8_t *mark;
    struct buffer *text = &template->text;

    *template = (struct template){0};
    begin_in_dialog(identity, "INFO", text);
    template->cseq_at = text->len;
    buffer_printf(text,
                  EMPTY_SERIAL " INFO\r\n"
                               "User-Agent: perch-bench\r\n"
                               "Content-Type: text/plain\r\n"
                               "Content-Length: %zu\r\n\r\n",
                  sizeof(open) - 1 + inside.len + sizeof(close) - 1);
    template->envid_at = text->len + strlen("<xccos ver=\"1\" envid=\"");
    buffer_append_text(text, open);
    mark = memmem(inside.data, inside.len, SERIAL_MARK, strlen(SERIAL_MARK));
    if (mark != NULL) {
        template->serial_at =
            text->len + (size_t)(mark - inside.data) + strlen(SERIAL_MARK);
        template->talk_len = dots_at(slice_after(
            inside, template->serial_at - text->len + SERIAL_DIGITS));
    }
    buffer_append_slice(text, inside);
    buffer_append_text(text, close);
}

void template_deinit(struct template *template)
{
    buffer_deinit(&template->text);
    *template = (struct template){0};
}

static void put_digits(uint8_t *at, uint32_t number)
{
    for (int i = SERIAL_DIGITS - 1; i >= 0; i--) {
        at[i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}

void template_write(struct template *template, uint32_t cseq, uint32_t envid,
                    uint32_t serial, struct buffer *out)
{
    uint8_t *text = template->text.data;

    CHECK(cseq >= SERIAL_FIRST && envid >= SERIAL_FIRST);
    CHECK(serial >= SERIAL_FIRST || template->serial_at == 0);

    put_digits(text + template->cseq_at, cseq);
    put_digits(text + template->envid_at, envid);
    if (template->serial_at != 0) {
        put_digits(text + template->serial_at, serial);
        memcpy(text + template->serial_at + SERIAL_DIGITS,
               talk() + serial % (TALK_BYTES / 2), template->talk_len);
    }
    buffer_append(out, text, template->text.len);
}

void inside_post(const struct identity *identity, const char *room_uri,
                 size_t text_bytes, struct buffer *out)
{
    static const char mark[] = SERIAL_MARK EMPTY_SERIAL;
    uint8_t *fill;
    size_t n = text_bytes > sizeof(mark) ? text_bytes - (sizeof(mark) - 1) : 0;

    buffer_printf(out,
                  "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"%s\" "
                  "author=\"sip:%s\" ts=\"2031-02-03T07:31:09Z\"><chat>%s",
                  room_uri, identity->user, mark);
    fill = buffer_reserve(out, n);
    if (fill != NULL) {
        memset(fill, '.', n); /* Each post has other words there. */
        out->len += n;
    }
    buffer_append_text(out, "</chat></grpchat>");
}

/* "ma-chan://domain/guid" in two parts. */
static bool split_uri(const char *uri, struct slice *domain, struct slice *guid)
{
    static const char scheme[] = "ma-chan://";
    const char *at, *slash;

    if (strncmp(uri, scheme, sizeof(scheme) - 1) != 0) {
        return false;
    }
    at = uri + sizeof(scheme) - 1;
    slash = strchr(at, '/');
    if (slash == NULL) {
        return false;
    }
    *domain = slice_of(at, (size_t)(slash - at));
    *guid = slice_of_text(slash + 1);
    return true;
}

void inside_join(const char *const *room_uris, size_t n, struct buffer *out)
{
    buffer_append_text(out, "<cmd id=\"cmd:bjoin\" seqid=\"1\"><data>");
    for (size_t i = 0; i < n; i++) {
        struct slice domain, guid;

        if (split_uri(room_uris[i], &domain, &guid)) {
            buffer_printf(
                out, "<chanid key=\"%zu\" domain=\"%.*s\" value=\"%.*s\"/>", i,
                SLICE_PRINT(domain), SLICE_PRINT(guid));
        }
    }
    buffer_append_text(out, "</data></cmd>");
}
