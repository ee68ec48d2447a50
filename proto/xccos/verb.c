#include "proto/xccos/verb.h"

#include <stddef.h>

#include "proto/xccos/text.h"

static const char *const names[XCCOS_VERB_COUNT] = {
    [XCCOS_VERB_UNKNOWN] = "",
#define XCCOS_VERB_ROW(name, text) [XCCOS_VERB_##name] = text,
    XCCOS_VERB_LIST(XCCOS_VERB_ROW)
#undef XCCOS_VERB_ROW
};

/* Other names for the same. What Microsoft's server calls some of them is not
 * known; these are the candidates, and taking them costs nothing. */
static const struct {
    const char *alias;
    enum xccos_verb verb;
} aliases[] = {
    {"getservinfo", XCCOS_VERB_GETSERVERINFO},
    {"bcsrch", XCCOS_VERB_BCSEARCH},
    {"bcbytext", XCCOS_VERB_BCSEARCH},
    {"bcbydate", XCCOS_VERB_BCSEARCH},
    {"bcbymsg", XCCOS_VERB_BCSEARCH},
    {"nodecreate", XCCOS_VERB_CHANCREATE},
    {"chanmod", XCCOS_VERB_CHANMODIFY},
    {"nodemodify", XCCOS_VERB_CHANMODIFY},
};

enum xccos_verb xccos_verb_find(struct slice text)
{
    for (int verb = XCCOS_VERB_UNKNOWN + 1; verb < XCCOS_VERB_COUNT; verb++) {
        if (slice_equal_nocase(text, slice_of_text(names[verb]))) {
            return verb;
        }
    }
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (slice_equal_nocase(text, slice_of_text(aliases[i].alias))) {
            return aliases[i].verb;
        }
    }
    return XCCOS_VERB_UNKNOWN;
}

const char *xccos_verb_name(enum xccos_verb verb)
{
    return (unsigned)verb < XCCOS_VERB_COUNT ? names[verb] : "";
}

bool xccos_verb_from_id(struct slice id, struct slice prefix,
                        struct slice *verb_out)
{
    struct slice verb = slice_after(id, prefix.len + 1);

    if (verb.len == 0 || verb.len > XCCOS_VERB_BYTES_MAX ||
        id.data[prefix.len] != ':' ||
        !slice_equal_nocase(slice_of(id.data, prefix.len), prefix)) {
        return false;
    }
    for (size_t i = 0; i < verb.len; i++) {
        if (!text_is_letter_or_digit(verb.data[i])) {
            return false;
        }
    }
    *verb_out = verb;
    return true;
}
