#include "ops/adapter/mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/base/base64.h"

/* Every part is base64, in which this cannot be. */
#define BOUNDARY "=_perch_="

enum {
    LINE_BYTES_MAX = 76, /* Of base64: RFC 2045, 6.8. */
    /* Bytes of text in an encoded word: "=?utf-8?B?...?=" has 75 at most
     * (RFC 2047, 2). */
    WORD_BYTES_MAX = 45,
    PLAIN_BYTES_MAX = 900, /* Of a line: RFC 5322, 2.1.1 says 998. */
};

static bool is_plain(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] > 0x7e) {
            return false;
        }
    }
    return value.len <= PLAIN_BYTES_MAX &&
           memmem(value.data, value.len, "=?", 2) == NULL;
}

/* How many bytes of whole characters go into the next word. */
static size_t word_bytes(struct slice rest)
{
    size_t n = rest.len < WORD_BYTES_MAX ? rest.len : (size_t)WORD_BYTES_MAX;

    while (n < rest.len && n > 1 && (rest.data[n] & 0xc0) == 0x80) {
        n -= 1;
    }
    return n;
}

void mail_field(struct buffer *to, const char *name, struct slice value)
{
    buffer_printf(to, "%s: ", name);
    if (value.len > 0 && is_plain(value)) {
        buffer_append_slice(to, value);
        value = SLICE_NONE;
    }
    for (bool is_first = true; value.len > 0; is_first = false) {
        size_t n = word_bytes(value);
        buffer_append_text(to, is_first ? "=?utf-8?B?" : "\r\n =?utf-8?B?");
        base64_write(to, slice_of(value.data, n));
        buffer_append_text(to, "?=");
        value = slice_after(value, n);
    }
    buffer_append_text(to, "\r\n");
}

void mail_date(struct buffer *to, int64_t time_us)
{
    /* Not strftime: it asks the locale. */
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
                                   "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    buffer_printf(to, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
                  days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon],
                  utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* What an atom may have, and no dot but in a domain. */
static void put_atom(struct buffer *to, const char *text, bool with_dots)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool is_letter = (*at >= '0' && *at <= '9') ||
                         (*at >= 'A' && *at <= 'Z') ||
                         (*at >= 'a' && *at <= 'z') || *at == '-' ||
                         *at == '_' || (*at == '.' && with_dots);
        if (is_letter) {
            buffer_append(to, at, 1);
        } else {
            buffer_printf(to, "%%%02X", (unsigned char)*at);
        }
    }
}

void mail_id(struct buffer *to, const struct cut *cut, const char *room,
             uint64_t first_csn, uint64_t last_csn)
{
    buffer_append_text(to, "Message-ID: <");
    put_atom(to, cut->pool, false);
    buffer_printf(to, ".%" PRIu64 "-%" PRIu64 ".%s.", first_csn, last_csn,
                  room);
    put_atom(to, cut->adapter, false);
    buffer_append_text(to, "@");
    put_atom(to, cut->domain, true);
    buffer_append_text(to, ">\r\n");
}

void mail_begin_parts(struct buffer *to)
{
    buffer_append_text(to, "MIME-Version: 1.0\r\n"
                           "Content-Type: multipart/mixed;"
                           " boundary=\"" BOUNDARY "\"\r\n\r\n");
}

void mail_part(struct buffer *to, const char *type, const char *name,
               struct slice content)
{
    enum { LINE_CONTENT_BYTES = LINE_BYTES_MAX / 4 * 3 };

    buffer_printf(to, "--" BOUNDARY "\r\nContent-Type: %s", type);
    if (name != NULL) {
        buffer_printf(to,
                      "; name=\"%s\"\r\n"
                      "Content-Disposition: attachment; filename=\"%s\"",
                      name, name);
    }
    buffer_append_text(to, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    while (content.len > 0) {
        size_t n = content.len < LINE_CONTENT_BYTES
                       ? content.len
                       : (size_t)LINE_CONTENT_BYTES;
        base64_write(to, slice_of(content.data, n));
        buffer_append_text(to, "\r\n");
        content = slice_after(content, n);
    }
}

void mail_end_parts(struct buffer *to)
{
    buffer_append_text(to, "--" BOUNDARY "--\r\n");
}
