/* A table of settings: what a key is called, where its value goes, its default,
 * range and meaning. The reader (config.c) finds keys in it and hands values
 * over; printing and the manual's list walk it. The node has one, and each
 * program beside it that reads a file of the same dialect.
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
    size_t offset;       /* Of the value in the program's struct. */
    const char *initial; /* As it would stand in the file; NULL: none. */
    uint64_t least, most;
    const char *meaning;
};

enum { SETTINGS_MAX = 64 };

struct setting_table {
    const struct setting *settings;
    size_t n; /* At most SETTINGS_MAX. */
};

/* The node's. */
extern const struct setting_table config_settings;

/**
 * Set all defaults, then read a file into what a table is about, which is zero.
 *
 * @error_out  CONFIG_ERROR_BYTES; as config_load.
 *
 * Returns as config_load; what was read so far is then to be freed, too.
 */
enum error config_table_load(const struct setting_table *table,
                             const char *path, void *config,
                             char error_out[CONFIG_ERROR_BYTES]);

/** Free the texts and lists that were read. */
void config_table_free(const struct setting_table *table, void *config);

/** Print every setting with its value in effect, as a file that loads. */
void config_table_print(const struct setting_table *table, const void *config,
                        FILE *to);

/** Print the manual's list. */
void config_table_describe(const struct setting_table *table, FILE *to);

/** Find a key. NULL when the section has no such key. */
const struct setting *config_setting_find(const struct setting_table *table,
                                          const char *section, const char *key);

/** Tell whether any key belongs to a section of this name. */
bool config_setting_section_known(const struct setting_table *table,
                                  const char *section);

/**
 * Find the key most like one that does not exist, for "did you mean".
 *
 * Returns a key of any section, those of the given one preferred.
 */
const struct setting *config_setting_nearest(const struct setting_table *table,
                                             const char *section,
                                             const char *key);

/**
 * Read a value as the setting's kind and put it into its field.
 *
 * @why  On an error says what is wrong with the value.
 *
 * Returns INVALID, and the field is then as it was.
 */
enum error config_setting_set(const struct setting *setting, void *config,
                              const char *text, char why[CONFIG_ERROR_BYTES]);

#endif
