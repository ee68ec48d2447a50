/* Commands about users, groups, where they come from, and who may administer.
 */
#include "ops/perchctl/command_parts.h"

#define USER_WORD WORD("USER", "user", "name, NAME@DOMAIN or URI of the user")
#define ADMINISTRATOR_WORD                                                     \
    WORD("NAME", "administrator",                                              \
         "local:USER of the nodes' machines, or certificate:NAME of "          \
         "CN=admin:NAME")
#define ADMINISTRATOR_ROLES                                                    \
    "viewer|room_administrator|compliance_officer|operator|administrator"
#define CHAT                                                                   \
    OPTION("--chat", "chat", "enabled|disabled|unset",                         \
           "may use persistent chat; unset: as the groups say, else the pool")
#define OWNER(meaning) OPTION("--owner", "owner", "DIRECTORY", meaning)
#define OWNER_SET                                                              \
    OWNER("the directory that keeps it from now on; \"\": administrators")
#define OWNER_ONLY OWNER("only those this directory keeps")
#define GROUP_WORD WORD("GROUP", "group", "group:NAME, unit:NAME or site:NAME")
#define PASSWORD                                                               \
    {                                                                          \
        PARAMETER_SECRET, "--password", "password", NULL,                      \
            "ask for a password on the terminal, or read a line of standard "  \
            "input "                                                           \
            "when that is none"                                                \
    }

const struct command command_users[] = {
    {"users", "list", ADMIN_USERS_LIST, "List users by URI",
     .parameters = {MATCH("URI or display name"), DISABLED_ONLY, ENABLED_ONLY,
                    OWNER_ONLY},
     .list = "users",
     .columns = "uri display_name disabled has_password sessions owner",
     .examples = "perchctl users list --match ali\n"},
    {"users", "show", ADMIN_USERS_SHOW,
     "Show a user, and what the user follows, has read and looks for",
     .parameters = {USER_WORD},
     .examples = "perchctl users show alice@example.com\n"},
    {"users", "create", ADMIN_USERS_CREATE, "Create a user",
     .parameters = {USER_WORD,
                    OPTION("--display-name", "display_name", "NAME",
                           "as others see it"),
                    PASSWORD, CHAT, OWNER_SET,
                    FLAG("--disabled", "disabled", "yes",
                         "may not sign in yet")},
     .examples = "perchctl users create alice --display-name \"Alice A.\" "
                 "--password\n"
                 "pass show perch/bob | perchctl users create bob "
                 "--password\n"},
    {"users", "change", ADMIN_USERS_CHANGE,
     "Change a user; what is not named stays",
     .parameters = {USER_WORD,
                    OPTION("--display-name", "display_name", "NAME",
                           "as others see it"),
                    PASSWORD,
                    FLAG("--no-password", "no_password", "yes",
                         "take the password away"),
                    CHAT, OWNER_SET, IF_VERSION},
     .examples = "perchctl users change alice --password\n"
                 "perchctl users change alice --chat disabled\n"},
    {"users", "disable", ADMIN_USERS_CHANGE,
     "Keep a user out; what was said stays",
     .parameters = {USER_WORD, IF_VERSION, PRESET("disabled", "yes")},
     .examples = "perchctl users disable mallory\n"},
    {"users", "enable", ADMIN_USERS_CHANGE, "Let a disabled user in again",
     .parameters = {USER_WORD, IF_VERSION, PRESET("disabled", "no")},
     .examples = "perchctl users enable alice\n"},
    {"users", "delete", ADMIN_USERS_DELETE,
     "Delete a user: sessions end, roles and memberships go, what was said "
     "keeps its author; another of the same URI has none of it" DELETES,
     .parameters = {USER_WORD, IF_VERSION},
     .examples = "perchctl --reason \"left the firm\" users delete mallory\n"},

    {"groups", "list", ADMIN_GROUPS_LIST,
     "List groups, organisational units and sites by URI",
     .parameters = {MATCH("URI or display name"), OWNER_ONLY}, .list = "groups",
     .columns = "uri display_name members chat version owner",
     .examples = "perchctl groups list --match trad\n"},
    {"groups", "show", ADMIN_GROUPS_SHOW, "Show a group",
     .parameters = {GROUP_WORD},
     .examples = "perchctl groups show group:traders\n"},
    {"groups", "members", ADMIN_GROUPS_MEMBERS,
     "List who is in a group, users and groups", .parameters = {GROUP_WORD},
     .list = "members", .columns = "uri display_name is_group disabled",
     .examples = "perchctl groups members group:traders\n"},
    {"groups", "create", ADMIN_GROUPS_CREATE, "Create a group",
     .parameters = {GROUP_WORD,
                    OPTION("--display-name", "display_name", "NAME",
                           "as others see it"),
                    OPTION("--member", "members", "USER|GROUP",
                           "who is in it; may be repeated"),
                    CHAT, OWNER_SET},
     .examples = "perchctl groups create group:traders --member alice "
                 "--member unit:london\n"
                 "perchctl groups create site:paris --chat enabled\n"},
    {"groups", "change", ADMIN_GROUPS_CHANGE,
     "Change a group; what is not named stays",
     .parameters = {GROUP_WORD,
                    OPTION("--display-name", "display_name", "NAME",
                           "as others see it"),
                    MOVES("member", "members", "may be repeated, as the next"),
                    CHAT, OWNER_SET, IF_VERSION},
     .examples = "perchctl groups change group:traders --remove-member bob\n"},
    {"groups", "delete", ADMIN_GROUPS_DELETE,
     "Delete a group: who was in it loses what only the group gave" DELETES,
     .parameters = {GROUP_WORD, IF_VERSION},
     .examples = "perchctl groups delete group:traders\n"},

    {"directory", "status", ADMIN_DIRECTORY_STATUS,
     "Show how the directories that keep users and groups are followed",
     .parameters = {MATCH("name")}, .list = "directories",
     .columns = "name phase holder users groups changes leaving held confirmed "
                "done_at_us text",
     .examples = "perchctl directory status\n"},
    {"directory", "confirm", ADMIN_DIRECTORY_CONFIRM,
     "Let a run go through that is held because it takes away too much",
     .parameters = {WORD("RUN", "run", "as status shows it under held")},
     .examples = "perchctl directory confirm 5b1e0c2a94d37f68\n"},
    {"directory", "report", ADMIN_DIRECTORY_REPORT,
     "Tell where an adapter of one's own stands; perch-directory does so "
     "itself",
     .parameters =
         {WORD("DIRECTORY", "directory", "a-z, 0-9, dot, dash, underscore"),
          NEEDED("--holder", "holder", "TEXT", "which adapter"),
          NEEDED("--phase", "phase", "reading|applying|done|held|failed",
                 "where it stands"),
          OPTION("--lease", "lease_s", "SECONDS",
                 "keep other adapters out so long; else they are let in"),
          OPTION("--run", "run", "RUN", "what it would take away, by a name"),
          OPTION("--text", "text", "TEXT", "why"),
          OPTION("--users", "users", "N", "in the directory"),
          OPTION("--groups", "groups", "N", "in the directory"),
          OPTION("--changes", "changes", "N", "there are to make"),
          OPTION("--leaving", "leaving", "N", "that take something away")},
     .examples = "perchctl directory report hr --holder nightly --phase "
                 "reading --lease 600\n"},

    {"administrators", "list", ADMIN_ADMINISTRATORS_LIST,
     "List who may administer and what; while nobody has a role, whoever the "
     "nodes admit may do everything",
     .parameters = {MATCH("name")}, .list = "administrators",
     .columns = "name roles changed_at_us",
     .examples = "perchctl administrators list\n"},
    {"administrators", "grant", ADMIN_ADMINISTRATORS_GRANT,
     "Give a role in administration; with the first one local:root and you "
     "become administrators, and the list decides from then on",
     .parameters = {ADMINISTRATOR_WORD,
                    NEEDED("--role", "role", ADMINISTRATOR_ROLES,
                           "viewer: look, but not at what is said; "
                           "room_administrator: rooms, "
                           "categories, groups; compliance_officer: what is "
                           "said; operator: users, sessions, nodes, the pool; "
                           "administrator: everything")},
     .examples = "perchctl administrators grant certificate:olga --role "
                 "operator\n"
                 "perchctl administrators grant local:carl --role viewer\n"},
    {"administrators", "revoke", ADMIN_ADMINISTRATORS_REVOKE,
     "Take a role in administration away, or all; one administrator is always "
     "left",
     .parameters = {ADMINISTRATOR_WORD,
                    OPTION("--role", "role", ADMINISTRATOR_ROLES,
                           "only this one")},
     .examples = "perchctl administrators revoke certificate:olga\n"},
    {0},
};
