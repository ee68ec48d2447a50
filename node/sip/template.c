#include "node/sip/template.h"

#include <stdlib.h>

#define AFTER_CSEQ " INFO\r\nContent-Length: "

enum { NUMBER_BYTES_MAX = 20 };

static void render(struct template *template, struct buffer *text,
                   const struct template_facts *facts)
{
    buffer_printf(text, "INFO %.*s SIP/2.0\r\n", SLICE_PRINT(facts->target));
    buffer_printf(text, "Via: SIP/2.0/%s %s;branch=z9hG4bK%s.",
                  facts->transport, facts->via_host, facts->branch);
    template->branch_end = (uint32_t)text->len;
    buffer_printf(text, "\r\nFrom: <%.*s>;tag=%s\r\n",
                  SLICE_PRINT(facts->local_uri), facts->local_tag);
    buffer_printf(text, "To: %.*s\r\n", SLICE_PRINT(facts->remote));
    buffer_append_slice(text, facts->routes);
    buffer_printf(text, "Max-Forwards: 70\r\nCall-ID: %.*s\r\n",
                  SLICE_PRINT(facts->call_id));
    buffer_printf(text, "Contact: <%.*s>\r\nContent-Type: text/plain\r\n",
                  SLICE_PRINT(facts->local_uri));
    buffer_append_text(text, "CSeq: ");
    template->cseq_at = (uint32_t)text->len;
    buffer_append_text(text, AFTER_CSEQ);
}

enum error template_render(struct template *template,
                           const struct template_facts *facts)
{
    struct buffer text = BUFFER_EMPTY;
    char *fitting;

    render(template, &text, facts);
    if (buffer_failed(&text)) {
        buffer_deinit(&text);
        return ERROR_NO_MEMORY;
    }
    /* It lives as long as the dialog: give back what grew too large. */
    fitting = realloc(text.data, text.len);
    template->text = fitting == NULL ? (char *)text.data : fitting;
    template->len = (uint32_t)text.len;
    return ERROR_NONE;
}

void template_deinit(struct template *template)
{
    free(template->text);
    template->text = NULL;
}

/* printf would cost more than all the rest. */
static char *write_number(char *to, uint64_t number)
{
    char digits[NUMBER_BYTES_MAX];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (n > 0) {
        *to++ = digits[--n];
    }
    return to;
}

static char *write_bytes(char *to, const void *from, size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

void template_write(const struct template *template, struct buffer *out,
                    uint32_t cseq, struct slice body)
{
    char *start = (char *)buffer_reserve(out, template->len + body.len +
                                                  3 * NUMBER_BYTES_MAX + 4);
    const char *text = template->text;
    char *to = start;

    if (start == NULL) {
        return;
    }
    to = write_bytes(to, text, template->branch_end);
    to = write_number(to, cseq);
    to = write_bytes(to, text + template->branch_end,
                     template->cseq_at - template->branch_end);
    to = write_number(to, cseq);
    to = write_bytes(to, text + template->cseq_at,
                     template->len - template->cseq_at);
    to = write_number(to, body.len);
    to = write_bytes(to, "\r\n\r\n", 4);
    if (body.len > 0) {
        to = write_bytes(to, body.data, body.len);
    }
    out->len += (size_t)(to - start);
}
