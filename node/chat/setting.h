/* The table of settings: what each is called, its default and its range.
 *
 * Thread: any.
 */
#ifndef NODE_CHAT_SETTING_H
#define NODE_CHAT_SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/limits.h"
#include "proto/base/slice.h"

struct setting_fact {
    const char *name; /* "message_characters_max" */
    const char *text; /* What it says, in a few words. */
    uint32_t standard;
    uint32_t least;
    uint32_t most;
};

/** Borrow what is known of a setting; it must be one. */
const struct setting_fact *setting_fact(enum setting setting);

/**
 * Find a setting by its name.
 *
 * Returns false when there is none of that name.
 */
bool setting_find(struct slice name, enum setting *setting_out);

/** Tell whether the value lies in the setting's range. */
bool setting_allows(enum setting setting, uint32_t value);

#endif
