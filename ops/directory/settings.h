/* What perch-directory is told by its file, in the dialect of perchd.conf
 * (node/config.h). One table makes the reader, the defaults and the manual's
 * list.
 *
 * Thread: the program's only one; read-only once loaded.
 */
#ifndef OPS_DIRECTORY_SETTINGS_H
#define OPS_DIRECTORY_SETTINGS_H

#include "node/config.h"
#include "ops/directory/guard.h"
#include "ops/directory/mapping.h"

enum {
    SETTINGS_WHY_BYTES = CONFIG_ERROR_BYTES,
    SETTINGS_NAME_BYTES_MAX = 64, /* Of a directory, as the rules have it. */
};

struct directory_settings {
    /* [directory] */
    char *name;
    char *schema; /* "ad" or "openldap": the defaults of what is below. */
    char *holder;
    char *state_dir;
    uint64_t interval_ms;
    char *journal_level;

    /* [pool] */
    char *socket;
    uint64_t patience_ms;

    /* [ldap] */
    char *uri;
    bool starttls, plain, ignore_referrals;
    char *authorities, *certificate, *key;
    char *bind, *bind_dn, *password_file;
    char *base;
    uint64_t timeout_ms, deadline_ms, page_size;

    /* [users] */
    char *users_base, *users_filter, *login, *site;
    struct config_list address, name_of_user;

    /* [groups] */
    bool groups;
    char *groups_base, *groups_filter, *group_name;
    struct config_list group_display, member;

    /* [units] */
    bool units;
    char *units_base, *units_filter;

    /* [guard] */
    uint64_t percent, least;
};

/**
 * Load a file and complete it by the defaults of its schema.
 *
 * @why  On an error: file, line and what is wrong there.
 *
 * Returns as config_load. Free with settings_deinit, after an error, too.
 */
enum error settings_load(const char *path, struct directory_settings *settings,
                         char why[SETTINGS_WHY_BYTES]);

/** Free what was loaded. */
void settings_deinit(struct directory_settings *settings);

/** Print all settings in effect, as a file that loads. */
void settings_print(const struct directory_settings *settings, FILE *to);

/** Print the manual's list of settings. */
void settings_describe(FILE *to);

/** Say which attribute says what. Borrows from the settings. */
struct mapping settings_mapping(const struct directory_settings *settings);

/** Say how much may go at once. */
struct guard settings_guard(const struct directory_settings *settings);

#endif
