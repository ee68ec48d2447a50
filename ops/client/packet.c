#include "ops/client/packet.h"

#include "ops/client/value.h"

#define VERSION "SIP/2.0"

/* Spec: RFC 3261 7.3.3 and the extensions a pool speaks. */
static const struct {
    const char *name;
    char letter;
} compact_names[] = {
    {"Via", 'v'},          {"From", 'f'},         {"To", 't'},
    {"Call-ID", 'i'},      {"Contact", 'm'},      {"Content-Length", 'l'},
    {"Content-Type", 'c'}, {"Allow-Events", 'u'}, {"Session-Expires", 'x'},
    {"Event", 'o'},
};

static bool is_named(struct slice name, const char *wanted)
{
    if (slice_equal_nocase(name, slice_of_text(wanted))) {
        return true;
    }
    if (name.len != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof(compact_names) / sizeof(compact_names[0]);
         i++) {
        if (slice_equal_text(slice_of_text(wanted), compact_names[i].name)) {
            return (name.data[0] | 0x20) == compact_names[i].letter;
        }
    }
    return false;
}

struct slice packet_next(const struct packet *packet, const char *name,
                         size_t *at_io)
{
    while (*at_io < packet->n) {
        const struct packet_line *line = &packet->lines[(*at_io)++];

        if (is_named(line->name, name)) {
            return line->value;
        }
    }
    return SLICE_NONE;
}

struct slice packet_value(const struct packet *packet, const char *name)
{
    size_t at = 0;

    return packet_next(packet, name, &at);
}

enum error packet_body_bytes(const struct packet *packet, size_t *bytes_out)
{
    size_t at = 0;
    struct slice value = packet_next(packet, "Content-Length", &at);
    uint32_t bytes;

    if (!value_number(value, UINT32_MAX, &bytes) ||
        packet_next(packet, "Content-Length", &at).data != NULL) {
        return ERROR_MALFORMED;
    }
    if (bytes > PACKET_BODY_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    *bytes_out = bytes;
    return ERROR_NONE;
}

/* Cut a word off, up to the next blank. */
static struct slice take_word(struct slice *rest_io)
{
    const uint8_t *blank =
        rest_io->len == 0 ? NULL : memchr(rest_io->data, ' ', rest_io->len);
    size_t len = blank == NULL ? rest_io->len : (size_t)(blank - rest_io->data);
    struct slice word = slice_of(rest_io->data, len);

    *rest_io = slice_after(*rest_io, len + 1);
    return word;
}

static enum error read_start(struct packet *packet, struct slice line)
{
    struct slice rest = line;
    struct slice first = take_word(&rest);
    struct slice second = take_word(&rest);
    uint32_t status;

    if (slice_equal_text(first, VERSION)) {
        if (second.len != 3 || !value_number(second, 699, &status) ||
            status < 100) {
            return ERROR_MALFORMED;
        }
        packet->status = (int)status;
        packet->phrase = rest;
        return ERROR_NONE;
    }
    if (first.len == 0 || second.len == 0 || !slice_equal_text(rest, VERSION)) {
        return ERROR_MALFORMED;
    }
    packet->method = first;
    return ERROR_NONE;
}

/* Cut the next line off, with the folds that belong to it, and without its
 * CRLF. */
static struct slice take_line(struct slice *rest_io)
{
    struct slice all = *rest_io;
    size_t end = 0;

    while (end < all.len) {
        bool is_end = end + 1 < all.len && all.data[end] == '\r' &&
                      all.data[end + 1] == '\n';
        bool is_fold = is_end && end + 2 < all.len &&
                       (all.data[end + 2] == ' ' || all.data[end + 2] == '\t');

        if (is_end && !is_fold) {
            break;
        }
        end++;
    }
    *rest_io = slice_after(all, end + 2);
    return slice_of(all.data, end);
}

/* No header has these; a bare CR or LF, or a NUL, is someone's attempt to be
 * read in two ways. */
static bool has_forbidden(struct slice line)
{
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.data[i];
        bool is_fold =
            (c == '\r' && i + 1 < line.len && line.data[i + 1] == '\n') ||
            (c == '\n' && i > 0 && line.data[i - 1] == '\r');

        if (c == 0 || ((c == '\r' || c == '\n') && !is_fold)) {
            return true;
        }
    }
    return false;
}

static enum error read_line(struct packet *packet, struct slice line)
{
    const uint8_t *colon =
        line.len == 0 ? NULL : memchr(line.data, ':', line.len);
    struct slice name;

    if (colon == NULL || has_forbidden(line)) {
        return ERROR_MALFORMED;
    }
    if (packet->n == PACKET_LINES_MAX) {
        return ERROR_TOO_LARGE;
    }
    name = value_trim(slice_of(line.data, (size_t)(colon - line.data)));
    if (name.len == 0 || memchr(name.data, ' ', name.len) != NULL) {
        return ERROR_MALFORMED;
    }
    packet->lines[packet->n].name = name;
    packet->lines[packet->n].value =
        value_trim(slice_after(line, (size_t)(colon - line.data) + 1));
    packet->n++;
    return ERROR_NONE;
}

/* What answers and dialogs are told apart by. */
static enum error read_keys(struct packet *packet)
{
    struct slice rest = packet_value(packet, "CSeq");
    struct slice number = take_word(&rest);
    struct slice method = value_trim(rest);

    packet->call_id = packet_value(packet, "Call-ID");
    if (!value_number(number, UINT32_MAX, &packet->cseq) || method.len == 0 ||
        packet->call_id.len == 0 || packet_value(packet, "Via").len == 0 ||
        packet_value(packet, "From").len == 0 ||
        packet_value(packet, "To").len == 0) {
        return ERROR_MALFORMED;
    }
    if (packet->status == 0 && !slice_equal(method, packet->method)) {
        return ERROR_MALFORMED;
    }
    packet->method = method;
    return ERROR_NONE;
}

enum error packet_read_head(struct packet *packet_out, struct slice bytes)
{
    struct slice rest = bytes;
    struct slice start = take_line(&rest);

    packet_out->status = 0;
    packet_out->n = 0;
    packet_out->phrase = SLICE_NONE;
    packet_out->method = SLICE_NONE;
    packet_out->body = SLICE_NONE;
    if (has_forbidden(start)) {
        return ERROR_MALFORMED;
    }
    TRY(read_start(packet_out, start));
    while (rest.len > 0) {
        TRY(read_line(packet_out, take_line(&rest)));
    }
    return read_keys(packet_out);
}
