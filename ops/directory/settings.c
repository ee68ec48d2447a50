#include "ops/directory/settings.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config_table.h"
#include "proto/admin.h"
#include "proto/base/check.h"

#define AT(field) offsetof(struct directory_settings, field)

static const struct setting directory_rows[] = {
    {"directory", "name", SETTING_TEXT, AT(name), NULL, 0, 0,
     "What the pool calls it: owner of its users and groups"},
    {"directory", "schema", SETTING_TEXT, AT(schema), "openldap", 0, 0,
     "ad or openldap: gives [users], [groups], [units] their defaults"},
    {"directory", "holder", SETTING_TEXT, AT(holder), NULL, 0, 0,
     "This adapter among those of one directory; none: the host's name"},
    {"directory", "state_dir", SETTING_TEXT, AT(state_dir),
     "/var/lib/perch-directory", 0, 0, "Where a held run is kept"},
    {"directory", "interval", SETTING_DURATION, AT(interval_ms), "5min", 1000,
     86400000, "From one run to the next"},
    {"directory", "journal_level", SETTING_TEXT, AT(journal_level), "info", 0,
     0, "error, warning, notice, info or debug"},

    {"pool", "socket", SETTING_TEXT, AT(socket), ADMIN_SOCKET_DEFAULT, 0, 0,
     "The node's socket for administrators"},
    {"pool", "patience", SETTING_DURATION, AT(patience_ms), "60s", 1000,
     3600000, "How long a run waits for a node, or for the pool to decide"},

    {"ldap", "uri", SETTING_TEXT, AT(uri), NULL, 0, 0,
     "ldaps://HOST, ldap://HOST or ldapi://; several, by spaces: in turn"},
    {"ldap", "starttls", SETTING_BOOLEAN, AT(starttls), "yes", 0, 0,
     "Secure an ldap:// connection before anything else is said"},
    {"ldap", "plain", SETTING_BOOLEAN, AT(plain), "no", 0, 0,
     "Allow ldap:// without TLS: names and passwords can be read and changed"},
    {"ldap", "authorities", SETTING_TEXT, AT(authorities), NULL, 0, 0,
     "Who may issue the server's certificate, PEM; none: the system's"},
    {"ldap", "certificate", SETTING_TEXT, AT(certificate), NULL, 0, 0,
     "Certificate of this adapter, PEM, for bind = external"},
    {"ldap", "key", SETTING_TEXT, AT(key), NULL, 0, 0, "Its private key, PEM"},
    {"ldap", "bind", SETTING_TEXT, AT(bind), "simple", 0, 0,
     "simple, external (certificate, or the user on ldapi://) or anonymous"},
    {"ldap", "bind_dn", SETTING_TEXT, AT(bind_dn), NULL, 0, 0,
     "Who asks, for bind = simple"},
    {"ldap", "password_file", SETTING_TEXT, AT(password_file), NULL, 0, 0,
     "File with the password in its first line, for its owner alone"},
    {"ldap", "base", SETTING_TEXT, AT(base), NULL, 0, 0,
     "Below which all is searched, where no other base is set"},
    {"ldap", "timeout", SETTING_DURATION, AT(timeout_ms), "30s", 100, 600000,
     "To connect, and for each page"},
    {"ldap", "deadline", SETTING_DURATION, AT(deadline_ms), "15min", 1000,
     86400000, "For reading all of it"},
    {"ldap", "page_size", SETTING_NUMBER, AT(page_size), "500", 1, 10000,
     "Entries asked for at once"},
    {"ldap", "ignore_referrals", SETTING_BOOLEAN, AT(ignore_referrals), "no", 0,
     0, "What other servers have is not wanted; no: a referral fails the run"},

    {"users", "base", SETTING_TEXT, AT(users_base), NULL, 0, 0,
     "Instead of [ldap] base"},
    {"users", "filter", SETTING_TEXT, AT(users_filter), NULL, 0, 0,
     "Which entries are users"},
    {"users", "address", SETTING_LIST, AT(address), NULL, 0, 0,
     "Attribute with the SIP address; the first that has one counts"},
    {"users", "name", SETTING_LIST, AT(name_of_user), NULL, 0, 0,
     "Attribute with the display name, likewise"},
    {"users", "login", SETTING_TEXT, AT(login), NULL, 0, 0,
     "Attribute that memberUid names"},
    {"users", "site", SETTING_TEXT, AT(site), NULL, 0, 0,
     "Attribute that makes site:VALUE; none: no sites"},

    {"groups", "follow", SETTING_BOOLEAN, AT(groups), "yes", 0, 0,
     "Whether groups are taken over"},
    {"groups", "base", SETTING_TEXT, AT(groups_base), NULL, 0, 0,
     "Instead of [ldap] base"},
    {"groups", "filter", SETTING_TEXT, AT(groups_filter), NULL, 0, 0,
     "Which entries are groups"},
    {"groups", "name", SETTING_TEXT, AT(group_name), NULL, 0, 0,
     "Attribute that makes group:VALUE"},
    {"groups", "display", SETTING_LIST, AT(group_display), NULL, 0, 0,
     "Attribute with the display name; the first that has one counts"},
    {"groups", "member", SETTING_LIST, AT(member), NULL, 0, 0,
     "Attribute with members, by DN; memberUid: by login; all count"},

    {"units", "follow", SETTING_BOOLEAN, AT(units), "yes", 0, 0,
     "Whether organisational units are taken over, as unit:PATH"},
    {"units", "base", SETTING_TEXT, AT(units_base), NULL, 0, 0,
     "Instead of [ldap] base"},
    {"units", "filter", SETTING_TEXT, AT(units_filter), NULL, 0, 0,
     "Which entries are units"},

    {"guard", "percent", SETTING_NUMBER, AT(percent), "10", 0, 100,
     "More than this share of users, groups or a group going is held,"},
    {"guard", "least", SETTING_NUMBER, AT(least), "3", 1, 1000000,
     "when it is at least so many"},
};

static const struct setting_table table = {
    directory_rows, sizeof(directory_rows) / sizeof(directory_rows[0])};

_Static_assert(sizeof(directory_rows) / sizeof(directory_rows[0]) <=
                   SETTINGS_MAX,
               "the reader marks at most SETTINGS_MAX settings as given");

/* What an unset key is in each schema; a list where the key may be repeated. */
static const struct {
    const char *section, *key;
    const char *openldap[5], *ad[5];
} schemas[] = {
    {"users",
     "filter",
     {"(objectClass=inetOrgPerson)"},
     {"(&(objectCategory=person)(objectClass=user))"}},
    {"users",
     "address",
     {"mail"},
     {"msRTCSIP-PrimaryUserAddress", "proxyAddresses", "mail"}},
    {"users", "name", {"displayName", "cn"}, {"displayName", "cn"}},
    {"users", "login", {"uid"}, {"sAMAccountName"}},
    {"groups",
     "filter",
     {"(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
      "(objectClass=posixGroup))"},
     {"(objectClass=group)"}},
    {"groups", "name", {"cn"}, {"sAMAccountName"}},
    {"groups", "display", {"description", "cn"}, {"displayName", "cn"}},
    {"groups", "member", {"member", "uniqueMember", "memberUid"}, {"member"}},
    {"units",
     "filter",
     {"(objectClass=organizationalUnit)"},
     {"(objectClass=organizationalUnit)"}},
};

static bool is_unset(struct directory_settings *settings,
                     const struct setting *setting)
{
    const char *at = (const char *)settings + setting->offset;

    return setting->kind == SETTING_LIST
               ? ((const struct config_list *)at)->n == 0
               : *(char *const *)at == NULL;
}

static void put(struct directory_settings *settings, const char *section,
                const char *key, const char *value)
{
    char why[CONFIG_ERROR_BYTES];

    CHECK(config_setting_set(config_setting_find(&table, section, key),
                             settings, value, why) == ERROR_NONE);
}

static void complete(struct directory_settings *settings)
{
    bool ad = strcmp(settings->schema, "ad") == 0;

    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        const char *const *values = ad ? schemas[i].ad : schemas[i].openldap;
        const struct setting *setting =
            config_setting_find(&table, schemas[i].section, schemas[i].key);

        if (!is_unset(settings, setting)) {
            continue;
        }
        for (size_t j = 0; values[j] != NULL; j++) {
            put(settings, setting->section, setting->key, values[j]);
        }
    }
    for (size_t i = 0; i < 3 && settings->base != NULL; i++) {
        static const char *const sections[] = {"users", "groups", "units"};

        if (is_unset(settings,
                     config_setting_find(&table, sections[i], "base"))) {
            put(settings, sections[i], "base", settings->base);
        }
    }
    if (settings->holder == NULL) {
        char host[HOST_NAME_MAX + 1] = "";

        gethostname(host, sizeof(host) - 1);
        put(settings, "directory", "holder", host[0] == '\0' ? "?" : host);
    }
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words != NULL && strcmp(*words, text) != 0) {
        words++;
    }
    return *words != NULL;
}

/* What must be given; NULL when all is. */
static const char *find_missing(const struct directory_settings *settings)
{
    if (settings->name == NULL) {
        return "[directory] name is missing";
    }
    if (settings->uri == NULL) {
        return "[ldap] uri is missing";
    }
    if (settings->users_base == NULL || settings->groups_base == NULL ||
        settings->units_base == NULL) {
        return "[ldap] base is missing";
    }
    if (strcmp(settings->bind, "simple") == 0 &&
        (settings->bind_dn == NULL || settings->password_file == NULL)) {
        return "[ldap] bind = simple needs bind_dn and password_file";
    }
    return NULL;
}

static const char *find_wrong(const struct directory_settings *settings)
{
    static const char *const known[] = {"ad", "openldap", NULL};
    static const char *const binds[] = {"simple", "external", "anonymous",
                                        NULL};

    if (!is_one_of(settings->schema, known)) {
        return "[directory] schema must be ad or openldap";
    }
    if (!is_one_of(settings->bind, binds)) {
        return "[ldap] bind must be simple, external or anonymous";
    }
    if (strlen(settings->name) > SETTINGS_NAME_BYTES_MAX ||
        settings->name[strspn(settings->name, "abcdefghijklmnopqrstuvwxyz"
                                              "0123456789.-_")] != '\0' ||
        settings->name[0] == '\0') {
        return "[directory] name is 1 to 64 of a-z, 0-9, dot, dash, "
               "underscore";
    }
    if (strstr(settings->uri, "ldap://") != NULL && !settings->starttls &&
        !settings->plain) {
        return "[ldap] uri is ldap:// and starttls is no: that needs plain = "
               "yes";
    }
    return NULL;
}

enum error settings_load(const char *path, struct directory_settings *settings,
                         char why[SETTINGS_WHY_BYTES])
{
    const char *wrong;

    memset(settings, 0, sizeof(*settings));
    TRY(config_table_load(&table, path, settings, why));
    complete(settings);
    wrong = find_missing(settings);
    if (wrong == NULL) {
        wrong = find_wrong(settings);
    }
    if (wrong != NULL) {
        snprintf(why, SETTINGS_WHY_BYTES, "%s: %s", path, wrong);
        return ERROR_INVALID;
    }
    return ERROR_NONE;
}

void settings_deinit(struct directory_settings *settings)
{
    config_table_free(&table, settings);
    memset(settings, 0, sizeof(*settings));
}

void settings_print(const struct directory_settings *settings, FILE *to)
{
    config_table_print(&table, settings, to);
}

void settings_describe(FILE *to)
{
    config_table_describe(&table, to);
}

static struct mapping_names names_of(const struct config_list *list)
{
    struct mapping_names names = {.n = list->n};

    _Static_assert((int)MAPPING_NAMES_MAX >= (int)CONFIG_LIST_MAX,
                   "all of a list have a place");
    for (size_t i = 0; i < list->n; i++) {
        names.all[i] = list->values[i];
    }
    return names;
}

struct mapping settings_mapping(const struct directory_settings *settings)
{
    return (struct mapping){
        .address = names_of(&settings->address),
        .name = names_of(&settings->name_of_user),
        .login = settings->login,
        .site = settings->site,
        .group_name = settings->group_name,
        .group_display = names_of(&settings->group_display),
        .member = names_of(&settings->member),
    };
}

struct guard settings_guard(const struct directory_settings *settings)
{
    return (struct guard){.percent = (unsigned)settings->percent,
                          .least = (unsigned)settings->least};
}
