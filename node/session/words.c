#include "node/session/words.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwbrk.h>

#include "node/session/folding.h"
#include "proto/base/check.h"

void words_init(struct words *words)
{
    buffer_init(&words->folded);
    buffer_init(&words->breaks);
    words->has_breaks = false;
}

void words_deinit(struct words *words)
{
    buffer_deinit(&words->folded);
    buffer_deinit(&words->breaks);
}

void words_take(struct words *words, struct slice text)
{
    folding_text(text, &words->folded);
    words->has_breaks = false;
}

/* Whether Unicode divides words before this byte; told for a whole text, and
 * only when it is asked. */
static bool divides(struct words *words, size_t at)
{
    if (!words->has_breaks) {
        buffer_clear(&words->breaks);
        for (size_t i = 0; i < words->folded.len; i++) {
            buffer_append(&words->breaks, "", 1);
        }
        CHECK(!buffer_failed(&words->breaks));
        u8_wordbreaks(words->folded.data, words->folded.len,
                      (char *)words->breaks.data);
        words->has_breaks = true;
    }
    return words->breaks.data[at] != 0;
}

static bool is_sign(ucs4_t sign)
{
    return !uc_is_alnum(sign) && sign != '_';
}

static bool begins_at(struct words *words, size_t at)
{
    const uint8_t *before;
    ucs4_t sign;

    if (at == 0) {
        return true;
    }
    before = u8_prev(&sign, words->folded.data + at, words->folded.data);
    return before == NULL || is_sign(sign) || divides(words, at);
}

static bool ends_at(struct words *words, size_t at)
{
    size_t left = words->folded.len - at;
    ucs4_t sign;

    if (left == 0) {
        return true;
    }
    u8_mbtouc(&sign, words->folded.data + at, left);
    return is_sign(sign) || divides(words, at);
}

bool words_has(struct words *words, struct slice folded)
{
    const uint8_t *text = words->folded.data, *found = text;
    size_t len = words->folded.len;

    CHECK(folded.len > 0);
    while (len >= folded.len &&
           (found = memmem(found, len - (size_t)(found - text), folded.data,
                           folded.len)) != NULL) {
        size_t at = (size_t)(found - text);

        if (begins_at(words, at) && ends_at(words, at + folded.len)) {
            return true;
        }
        found += 1;
    }
    return false;
}
