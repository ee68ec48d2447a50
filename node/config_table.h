/* The one table of settings: what a key is called, where its value goes, its
 * default, range and meaning. The reader (config.c) finds keys here and hands
 * values over; printing and the manual's list walk it.
 *
 * Thread: as config.h; the table itself is constant.
 */
#ifndef NODE_CONFIG_TABLE_H
#define NODE_CONFIG_TABLE_H

#include "node/config.h"

enum setting_kind {
    SETTING_TEXT,
    SETTING_LIST,
    SETTING_NUMBER,
    SETTING_BOOLEAN,
    SETTING_DURATION,
    SETTING_SIZE,
};

struct setting {
    const char *section, *key;
    enum setting_kind kind;
    size_t offset;       /* Of the value in struct config. */
    const char *initial; /* As it would stand in the file; NULL: none. */
    uint64_t least, most;
    const char *meaning;
};

enum { SETTINGS_MAX = 64 };

extern const struct setting settings[];
extern const size_t settings_n; /* At most SETTINGS_MAX. */

/** Find a key. NULL when the section has no such key. */
const struct setting *config_setting_find(const char *section, const char *key);

/** Tell whether any key belongs to a section of this name. */
bool config_setting_section_known(const char *section);

/**
 * Find the key most like one that does not exist, for "did you mean".
 *
 * Returns a key of any section, those of the given one preferred.
 */
const struct setting *config_setting_nearest(const char *section,
                                             const char *key);

/**
 * Read a value as the setting's kind and put it into its field.
 *
 * @why  On an error says what is wrong with the value.
 *
 * Returns INVALID, and the field is then as it was.
 */
enum error config_setting_set(const struct setting *setting,
                              struct config *config, const char *text,
                              char why[CONFIG_ERROR_BYTES]);

#endif
