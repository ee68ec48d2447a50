#include "tests/sim/mix.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/random.h"

enum { STREAM_MIX = 5 };

uint32_t mix_draw(const struct mix *mix, uint64_t seed)
{
    struct random random = random_stream(seed, STREAM_MIX);

    return mix->always | (mix->sometimes & (uint32_t)random_next(&random));
}

static bool read_word(const struct mix_names *names, const char *text,
                      size_t len, uint32_t *bits)
{
    for (size_t i = 0; i < names->n; i++) {
        if (strlen(names->words[i]) == len &&
            memcmp(names->words[i], text, len) == 0) {
            *bits |= UINT32_C(1) << i;
            return true;
        }
    }
    return false;
}

bool mix_read(const struct mix_names *names, const char *text,
              struct mix *mix_out)
{
    for (size_t i = 0; i < names->n_mixes; i++) {
        if (strcmp(names->mixes[i].name, text) == 0) {
            *mix_out = names->mixes[i].mix;
            return true;
        }
    }
    *mix_out = (struct mix){0, 0};
    for (;;) {
        size_t len = strcspn(text, ",");

        if (!read_word(names, text, len, &mix_out->always)) {
            return false;
        }
        if (text[len] == '\0') {
            return true;
        }
        text += len + 1;
    }
}

void mix_list(const struct mix_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        printf("  %-12s %s\n", names->words[i], names->whats[i]);
    }
}
