#include "node/session/folding.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "proto/base/check.h"

struct folded {
    uint32_t version;
    uint32_t name_bytes;
    uint32_t bytes; /* Name and description. */
    uint8_t text[];
};

enum { ROOMS_FIRST = 64 };

void folding_init(struct folding *folding)
{
    memset(folding, 0, sizeof(*folding));
}

void folding_deinit(struct folding *folding)
{
    for (uint32_t i = 0; i < folding->n; i++) {
        free(folding->rooms[i]);
    }
    free(folding->rooms);
    buffer_deinit(&folding->text);
    folding_init(folding);
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static void append_ascii(struct slice text, struct buffer *out)
{
    uint8_t piece[64];

    for (size_t i = 0; i < text.len; i += sizeof(piece)) {
        size_t n = text.len - i < sizeof(piece) ? text.len - i : sizeof(piece);

        for (size_t j = 0; j < n; j++) {
            uint8_t c = text.data[i + j];

            piece[j] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        }
        buffer_append(out, piece, n);
    }
}

static void append_folded(struct slice text, struct buffer *out)
{
    uint8_t *folded;
    size_t len = 0;

    if (is_ascii(text)) { /* Most are, and it takes a tenth of the time. */
        append_ascii(text, out);
        return;
    }
    folded = u8_casefold(text.data, text.len, NULL, UNINORM_NFC, NULL, &len);
    if (folded == NULL) {
        buffer_append_slice(out, text);
        return;
    }
    buffer_append(out, folded, len);
    free(folded);
}

void folding_text(struct slice text, struct buffer *out)
{
    buffer_clear(out);
    append_folded(text, out);
    CHECK(!buffer_failed(out));
}

static void append_unmarked(struct slice text, struct buffer *out)
{
    const uint8_t *at = text.data, *end = text.data + text.len;

    while (at < end) {
        ucs4_t character;
        int bytes = u8_mbtouc(&character, at, (size_t)(end - at));

        if (!uc_is_general_category(character, UC_NON_SPACING_MARK)) {
            buffer_append(out, at, (size_t)bytes);
        }
        at += bytes;
    }
}

void folding_key(struct slice text, struct buffer *out)
{
    uint8_t *apart;
    size_t len = 0;

    folding_text(text, out);
    if (is_ascii(text)) {
        return;
    }
    apart = u8_normalize(UNINORM_NFD, out->data, out->len, NULL, &len);
    if (apart != NULL) {
        buffer_clear(out);
        append_unmarked(slice_of(apart, len), out);
        free(apart);
    }
    CHECK(!buffer_failed(out));
}

static void make_place(struct folding *folding, uint32_t number)
{
    uint32_t n = folding->n == 0 ? ROOMS_FIRST : folding->n;
    struct folded **rooms;

    if (number < folding->n) {
        return;
    }
    while (n <= number) {
        n *= 2;
    }
    rooms = realloc(folding->rooms, n * sizeof(*rooms));
    CHECK(rooms != NULL);
    memset(rooms + folding->n, 0, (n - folding->n) * sizeof(*rooms));
    folding->rooms = rooms;
    folding->n = n;
}

static struct folded *fold(const struct folding_room *room)
{
    struct buffer text = BUFFER_EMPTY;
    struct folded *folded;
    size_t name_bytes;

    append_folded(room->name, &text);
    name_bytes = text.len;
    append_folded(room->description, &text);
    folded = malloc(sizeof(*folded) + text.len);
    CHECK(folded != NULL && !buffer_failed(&text));
    folded->version = room->version;
    folded->name_bytes = (uint32_t)name_bytes;
    folded->bytes = (uint32_t)text.len;
    if (text.len > 0) {
        memcpy(folded->text, text.data, text.len);
    }
    buffer_deinit(&text);
    return folded;
}

static const struct folded *folded_of(struct folding *folding,
                                      const struct folding_room *room)
{
    struct folded **place;

    make_place(folding, room->number);
    place = &folding->rooms[room->number];
    if (*place == NULL || (*place)->version != room->version) {
        free(*place);
        *place = fold(room);
    }
    return *place;
}

static bool has(const uint8_t *text, size_t bytes, struct slice needle)
{
    return needle.len == 0 ||
           memmem(text, bytes, needle.data, needle.len) != NULL;
}

bool folding_has(struct folding *folding, const struct folding_room *room,
                 struct slice needle, bool in_description)
{
    const struct folded *folded = folded_of(folding, room);

    return has(folded->text, folded->name_bytes, needle) ||
           (in_description && has(folded->text + folded->name_bytes,
                                  folded->bytes - folded->name_bytes, needle));
}

size_t folding_words(struct slice folded, bool is_phrase, struct slice *words,
                     size_t max)
{
    size_t n = 0;

    for (size_t at = 0; at < folded.len && n < max; at++) {
        size_t begin = at;

        while (at < folded.len && (is_phrase || folded.data[at] != ' ')) {
            at += 1;
        }
        if (at > begin) {
            words[n++] = slice_of(folded.data + begin, at - begin);
        }
    }
    return n;
}

bool folding_texts_have(struct folding *folding, struct slice a, struct slice b,
                        const struct slice *words, size_t n, bool all)
{
    struct buffer *text = &folding->text;

    buffer_clear(text);
    append_folded(a, text);
    buffer_append(text, "\n", 1); /* Part of no word. */
    append_folded(b, text);
    CHECK(!buffer_failed(text));
    for (size_t i = 0; i < n; i++) {
        bool found = has(text->data, text->len, words[i]);

        if (found != all) {
            return found;
        }
    }
    return all || n == 0;
}
