#include "node/session/spelling.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <unistring/version.h>

#include "proto/base/check.h"

unsigned spelling_library(void)
{
    return (unsigned)_libunistring_version;
}

enum kind { KIND_GAP, KIND_LETTER, KIND_SOLO };

/* Blocks whose scripts are written without blanks between words, or, as
 * Korean, with words that grow at their ends. */
static const struct {
    ucs4_t first, last;
} solo_blocks[] = {
    {0x0e00, 0x0eff},   /* Thai, Lao */
    {0x0f00, 0x0fff},   /* Tibetan */
    {0x1000, 0x109f},   /* Myanmar */
    {0x1100, 0x11ff},   /* Hangul Jamo */
    {0x1780, 0x17ff},   /* Khmer */
    {0x2e80, 0x2fdf},   /* CJK radicals */
    {0x3005, 0x3007},   /* Iteration mark, closing mark, zero */
    {0x3021, 0x3035},   /* Hangzhou numerals, kana repeat marks */
    {0x3038, 0x318f},   /* Hiragana, Katakana, Bopomofo, Hangul letters */
    {0x31a0, 0x31ff},   /* Bopomofo and Katakana extensions */
    {0x3400, 0x4dbf},   /* CJK extension A */
    {0x4e00, 0x9fff},   /* CJK */
    {0xa960, 0xa97f},   /* Hangul Jamo extended */
    {0xac00, 0xd7ff},   /* Hangul */
    {0xf900, 0xfaff},   /* CJK compatibility */
    {0xff66, 0xffdc},   /* Halfwidth Katakana and Hangul */
    {0x1aff0, 0x1b16f}, /* Kana supplements */
    {0x20000, 0x3ffff}, /* CJK extensions B and on */
};

static bool is_in_solo_block(ucs4_t c)
{
    size_t n = sizeof(solo_blocks) / sizeof(solo_blocks[0]);

    for (size_t i = 0; i < n && c >= solo_blocks[i].first; i++) {
        if (c <= solo_blocks[i].last) {
            return true;
        }
    }
    return false;
}

static enum kind kind_of(ucs4_t c)
{
    if (c < 0x80 && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     (c >= 'A' && c <= 'Z'))) {
        return KIND_LETTER;
    }
    if (c <= ' ') {
        return KIND_GAP;
    }
    if (uc_is_general_category_withtable(
            c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N)) {
        return is_in_solo_block(c) ? KIND_SOLO : KIND_LETTER;
    }
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_S) ? KIND_SOLO
                                                                   : KIND_GAP;
}

/* Words are read one by one off a text that has its final case. */
struct reader {
    struct slice rest;
    struct slice word; /* The one at hand. */
    bool is_solo;
};

static size_t peek(struct slice text, enum kind *kind_out)
{
    ucs4_t c;
    int n = u8_mbtouc(&c, text.data, text.len);

    *kind_out = kind_of(c);
    return n > 0 ? (size_t)n : 1;
}

static void skip_gaps(struct reader *reader)
{
    enum kind kind;

    while (reader->rest.len > 0) {
        size_t n = peek(reader->rest, &kind);

        if (kind != KIND_GAP) {
            return;
        }
        reader->rest = slice_after(reader->rest, n);
    }
}

static bool read_word(struct reader *reader)
{
    enum kind kind = KIND_GAP, next;
    size_t len;

    skip_gaps(reader);
    if (reader->rest.len == 0) {
        return false;
    }
    len = peek(reader->rest, &kind);
    while (kind == KIND_LETTER && len < reader->rest.len) {
        size_t n = peek(slice_after(reader->rest, len), &next);

        if (next != KIND_LETTER) {
            break;
        }
        len += n;
    }
    reader->word = slice_of(reader->rest.data, len);
    reader->is_solo = kind == KIND_SOLO;
    reader->rest = slice_after(reader->rest, len);
    return true;
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

static void append_lower(struct slice text, struct buffer *out)
{
    uint8_t *to = buffer_reserve(out, text.len);

    for (size_t i = 0; to != NULL && i < text.len; i++) {
        uint8_t c = text.data[i];

        to[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
    out->len += to != NULL ? text.len : 0;
}

/* The text in its final case, composed. */
static void append_cased(struct slice text, bool match_case, struct buffer *out)
{
    uint8_t *made;
    size_t len = 0;

    if (is_ascii(text)) { /* Most are, and it takes a tenth of the time. */
        if (match_case) {
            buffer_append_slice(out, text);
        } else {
            append_lower(text, out);
        }
        return;
    }
    made =
        match_case
            ? u8_normalize(UNINORM_NFC, text.data, text.len, NULL, &len)
            : u8_casefold(text.data, text.len, NULL, UNINORM_NFC, NULL, &len);
    if (made == NULL) { /* What is not UTF-8 stays as it is. */
        buffer_append_slice(out, text);
        return;
    }
    buffer_append(out, made, len);
    free(made);
}

void spelling_spell(struct slice text, bool match_case, struct buffer *out)
{
    struct buffer cased = BUFFER_EMPTY;
    struct reader reader;

    append_cased(text, match_case, &cased);
    CHECK(!buffer_failed(&cased));
    reader = (struct reader){.rest = buffer_slice(&cased)};
    buffer_clear(out);
    buffer_append_text(out, " ");
    while (read_word(&reader)) {
        buffer_append_slice(out, reader.word);
        buffer_append_text(out, " ");
    }
    CHECK(!buffer_failed(out));
    buffer_deinit(&cased);
}

/* Cut at the beginning of a character. */
static struct slice cut(struct slice word)
{
    size_t len = word.len;

    if (len <= SPELLING_WORD_BYTES_MAX) {
        return word;
    }
    len = SPELLING_WORD_BYTES_MAX;
    while (len > 0 && (word.data[len] & 0xc0) == 0x80) {
        len -= 1;
    }
    return slice_of(word.data, len);
}

/* Append what the word at hand and the next make, when both are single
 * characters: rarer than either. */
static bool append_pair(const struct reader *reader, struct buffer *out)
{
    struct reader ahead = *reader;

    if (!reader->is_solo || !read_word(&ahead) || !ahead.is_solo) {
        return false;
    }
    buffer_append_slice(out, reader->word);
    buffer_append_slice(out, ahead.word);
    return true;
}

static void append_second(const struct reader *reader, struct buffer *out)
{
    size_t before = out->len;

    buffer_append_text(out, "\t");
    if (!append_pair(reader, out)) {
        out->len = before;
    }
}

void spelling_catalog(struct slice text, struct buffer *out)
{
    struct buffer cased = BUFFER_EMPTY;
    struct reader reader;

    append_cased(text, false, &cased);
    CHECK(!buffer_failed(&cased));
    reader = (struct reader){.rest = buffer_slice(&cased)};
    buffer_clear(out);
    while (read_word(&reader)) {
        buffer_append_text(out, out->len > 0 ? " " : "");
        buffer_append_slice(out, cut(reader.word));
        append_second(&reader, out);
    }
    CHECK(!buffer_failed(out));
    buffer_deinit(&cased);
}

/* A phrase as the catalog has it: pairs, which are rarer, where there are
 * pairs. The last of a row is in the pair before it, and says nothing more at
 * the end of the phrase. */
static void write_phrase(struct slice cased, struct buffer *out)
{
    struct reader reader = {.rest = cased};
    bool was_paired = false;

    buffer_clear(out);
    while (read_word(&reader)) {
        struct reader ahead = reader;
        bool is_last = !read_word(&ahead);

        if (is_last && was_paired) {
            return;
        }
        buffer_append_text(out, out->len > 0 ? " " : "");
        was_paired = append_pair(&reader, out);
        if (!was_paired) {
            buffer_append_slice(out, cut(reader.word));
        }
    }
}

static struct slice keep(struct arena *arena, const struct buffer *made)
{
    return buffer_failed(made) ? SLICE_NONE
                               : arena_copy_slice(arena, buffer_slice(made));
}

/* Take in one phrase; one without words says nothing. */
static enum error add_phrase(struct spelling *spelling, struct arena *arena,
                             struct slice text)
{
    struct buffer cased = BUFFER_EMPTY, made = BUFFER_EMPTY;
    struct slice phrase, spelt;

    append_cased(text, false, &cased);
    write_phrase(buffer_slice(&cased), &made);
    phrase = keep(arena, &made);
    spelling_spell(text, spelling->match_case, &made);
    spelt = keep(arena, &made);
    buffer_deinit(&cased);
    buffer_deinit(&made);
    if (spelt.len <= 1) {
        return spelt.len == 1 ? ERROR_NONE : ERROR_NO_MEMORY;
    }
    if (spelling->n >= SPELLING_PHRASES_MAX) {
        return ERROR_TOO_LARGE;
    }
    spelling->phrases[spelling->n] = phrase;
    spelling->spelt[spelling->n] = spelt;
    spelling->n += 1;
    return phrase.len > 0 ? ERROR_NONE : ERROR_NO_MEMORY;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Take the next phrase off a text: up to a blank, or what quotes enclose. A
 * quote that is not closed encloses the rest. */
static struct slice next_phrase(struct slice *rest)
{
    bool quoted;
    size_t n = 0;
    struct slice phrase;

    while (rest->len > 0 && is_blank(rest->data[0])) {
        *rest = slice_after(*rest, 1);
    }
    quoted = rest->len > 0 && rest->data[0] == '"';
    if (quoted) {
        *rest = slice_after(*rest, 1);
    }
    while (n < rest->len && rest->data[n] != '"' &&
           (quoted || !is_blank(rest->data[n]))) {
        n += 1;
    }
    phrase = slice_of(rest->data, n);
    *rest = slice_after(*rest, quoted ? n + 1 : n);
    return phrase;
}

enum error spelling_read(struct slice text, bool exact, bool match_case,
                         struct arena *arena, struct spelling *spelling_out)
{
    bool is_empty = text.len == 0;

    *spelling_out = (struct spelling){.match_case = match_case};
    if (text.len > SPELLING_QUERY_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    if (exact) {
        TRY(add_phrase(spelling_out, arena, text));
    } else {
        while (text.len > 0) {
            TRY(add_phrase(spelling_out, arena, next_phrase(&text)));
        }
    }
    return spelling_out->n == 0 && !is_empty ? ERROR_INVALID : ERROR_NONE;
}

bool spelling_matches(const struct spelling *spelling, struct slice text,
                      struct buffer *scratch)
{
    if (spelling->n == 0) {
        return true;
    }
    spelling_spell(text, spelling->match_case, scratch);
    for (size_t i = 0; i < spelling->n; i++) {
        if (memmem(scratch->data, scratch->len, spelling->spelt[i].data,
                   spelling->spelt[i].len) == NULL) {
            return false;
        }
    }
    return true;
}
