#include "node/sip/sdp.h"

#include "node/sip/head.h"

/* Take the next line off a text. */
static struct slice take_line(struct slice *text)
{
    const uint8_t *lf = memchr(text->data, '\n', text->len);
    size_t len = lf == NULL ? text->len : (size_t)(lf - text->data) + 1;
    struct slice line = head_trim(slice_of(text->data, len));

    *text = slice_after(*text, len);
    return line;
}

/* Take the next word off a line. */
static struct slice take_word(struct slice *line)
{
    size_t n = 0;
    struct slice word;

    while (n < line->len && line->data[n] != ' ') {
        n++;
    }
    word = slice_of(line->data, n);
    *line = head_trim(slice_after(*line, n));
    return word;
}

/* Messages are taken; every other medium is declined with port 0. */
static bool answer_media(struct buffer *out, struct slice line)
{
    struct slice media = take_word(&line);
    struct slice rest;

    if (slice_equal_text(media, "message")) {
        buffer_append_text(out, "m=message 5060 sip null\r\n"
                                "a=accept-types:text/plain\r\n");
        return true;
    }
    (void)take_word(&line); /* Its port. */
    rest = line;
    buffer_printf(out, "m=%.*s 0 %.*s\r\n", SLICE_PRINT(media),
                  SLICE_PRINT(rest));
    return false;
}

enum error sdp_answer(struct buffer *out, struct slice offer,
                      const struct address *local)
{
    char host[ADDRESS_TEXT_BYTES];
    unsigned offered = 0, taken = 0;

    address_write_host(local, host);
    buffer_printf(out,
                  "v=0\r\no=- 0 0 IN %s %s\r\ns=session\r\nc=IN %s %s\r\n"
                  "t=0 0\r\n",
                  address_is_ipv4(local) ? "IP4" : "IP6", host,
                  address_is_ipv4(local) ? "IP4" : "IP6", host);
    while (offer.len > 0) {
        struct slice line = take_line(&offer);

        if (!slice_begins(line, SLICE_LITERAL("m="))) {
            continue;
        }
        if (offered++ == SDP_MEDIA_MAX) {
            return ERROR_TOO_LARGE;
        }
        taken += answer_media(out, slice_after(line, 2));
    }
    if (offered == 0) { /* Not a medium named: pidgin-sipe need not care. */
        answer_media(out, SLICE_LITERAL("message"));
        return ERROR_NONE;
    }
    return taken > 0 ? ERROR_NONE : ERROR_UNSUPPORTED;
}
