#include "ops/perchctl/command.h"

#include <string.h>

#define WORD(name, field, meaning)                                             \
    {                                                                          \
        PARAMETER_WORD, name, field, NULL, meaning                             \
    }
#define OPTION(name, field, value, meaning)                                    \
    {                                                                          \
        PARAMETER_OPTION, name, field, value, meaning                          \
    }
#define NEEDED(name, field, value, meaning)                                    \
    {                                                                          \
        PARAMETER_NEEDED, name, field, value, meaning                          \
    }
#define FLAG(name, field, value, meaning)                                      \
    {                                                                          \
        PARAMETER_FLAG, name, field, value, meaning                            \
    }
#define PRESET(field, value)                                                   \
    {                                                                          \
        PARAMETER_PRESET, "", field, value, ""                                 \
    }

#define ROOM_WORD WORD("ROOM", "room", "name, guid or URI of the room")
#define CATEGORY_WORD                                                          \
    WORD("CATEGORY", "category", "name, guid or URI of the category")
#define ADDIN_WORD WORD("ADDIN", "addin", "name or guid of the add-in")
#define ADDIN                                                                  \
    OPTION("--addin", "addin", "ADDIN", "the page shown beside it; none: none")
#define USER_WORD WORD("USER", "user", "name, NAME@DOMAIN or URI of the user")
#define IF_VERSION                                                             \
    OPTION("--if-version", "if_version", "N",                                  \
           "only when it is still at this version, as show tells")
#define DELETES                                                                \
    "; what is not there needs no deletion, so asking again does no harm"
#define ADMINISTRATOR_WORD                                                     \
    WORD("NAME", "administrator",                                              \
         "local:USER of the nodes' machines, or certificate:NAME of "          \
         "CN=admin:NAME")
#define ADMINISTRATOR_ROLES                                                    \
    "viewer|room_administrator|compliance_officer|operator|administrator"
/* Those who are put into a list of the command's and taken out of it. */
#define MOVES(noun, field, meaning)                                            \
    OPTION("--add-" noun, field "_add", "USER|GROUP", meaning),                \
        OPTION("--remove-" noun, field "_remove", "USER|GROUP", "")
#define MATCH(what)                                                            \
    OPTION("--match", "match", "TEXT", "only those whose " what " has it in")
#define DESCRIPTION                                                            \
    OPTION("--description", "description", "TEXT", "what it is for")
#define VISIBILITY                                                             \
    OPTION("--visibility", "visibility", "open|closed|secret",                 \
           "open: any user of the category may enter; closed: members and "    \
           "managers only; secret: and nobody else knows of it")
#define BEHAVIOR                                                               \
    OPTION("--behavior", "behavior", "normal|auditorium",                      \
           "auditorium: only presenters may post")
#define INVITATIONS(of) OPTION("--invitations", "invitations", "yes|no", of)
#define FILE_UPLOAD(of) OPTION("--file-upload", "file_upload", "yes|no", of)
#define AS_CATEGORY     "no: none; yes: as the category has it"
#define HISTORY                                                                \
    OPTION("--history", "history", "yes|no",                                   \
           "whether what is said is shown later; no: it is kept for the "      \
           "archive alone")
#define EVERYONE                                                               \
    OPTION("--everyone", "everyone", "yes|no",                                 \
           "its rooms may be for everyone but those denied; no: for those "    \
           "allowed")
#define CHAT                                                                   \
    OPTION("--chat", "chat", "enabled|disabled|unset",                         \
           "may use persistent chat; unset: as the groups say, else the pool")
#define OWNER(meaning) OPTION("--owner", "owner", "DIRECTORY", meaning)
#define OWNER_SET                                                              \
    OWNER("the directory that keeps it from now on; \"\": administrators")
#define OWNER_ONLY   OWNER("only those this directory keeps")
#define GROUP_WORD   WORD("GROUP", "group", "group:NAME, unit:NAME or site:NAME")
#define MESSAGE_WORD WORD("MESSAGE", "message", "its number in the room")
#define MEANT                                                                  \
    OPTION("--message", "messages", "N|N-M",                                   \
           "these, by their numbers; may be repeated"),                        \
        OPTION("--author", "author", "USER", "those of this user"),            \
        OPTION("--match", "match", "TEXT",                                     \
               "those that have it in, in whatever case; may be repeated, "    \
               "and then all of them"),                                        \
        OPTION("--since", "since", "MOMENT",                                   \
               "those from YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ on"),            \
        OPTION("--until", "until", "MOMENT", "those of before")
#define REASON OPTION("--reason", "reason", "TEXT", "why; people are told")
#define REASON_NEEDED                                                          \
    NEEDED("--reason", "reason", "TEXT", "why; it is recorded")
#define DAYS        OPTION("--days", "days", "N", "0: for ever")
#define HOLD_WORD   WORD("NAME", "name", "of the case")
#define HELD_ROOM   OPTION("--room", "room", "ROOM", "either this room")
#define HELD_USER   OPTION("--user", "user", "USER", "or this user")
#define FILTER_WORD WORD("FILTER", "filter", "name of the filter")
#define NOTICE                                                                 \
    OPTION(                                                                    \
        "--notice", "notice", "TEXT",                                          \
        "told with the filter's name to authors and, of a warning, readers")
#define EXPRESSIONS                                                            \
    "word:TEXT, like:TEXT with * and ?, or regex:TEXT; may be repeated"
#define PASSWORD                                                               \
    {                                                                          \
        PARAMETER_SECRET, "--password", "password", NULL,                      \
            "ask for a password on the terminal, or read a line of standard "  \
            "input "                                                           \
            "when that is none"                                                \
    }
#define ADAPTER_WORD WORD("NAME", "adapter", "name of the adapter")
#define ADAPTER_OUTPUT                                                         \
    "directory below one that the nodes' [archive] output allows; of eml "     \
    "also "                                                                    \
    "smtp://HOST:PORT; of postgresql a connection string without password"
/* What both add and change take. */
#define ADAPTER_OPTIONS                                                        \
    OPTION("--run-interval", "run_interval_s", "SECONDS",                      \
           "60 to 2592000; 900 unless said"),                                  \
        OPTION("--one-room-per-file", "one_room_per_file", "yes|no",           \
               "a file for each room instead of one for all"),                 \
        OPTION("--room-details", "room_details", "yes|no",                     \
               "add who may what in the rooms"),                               \
        OPTION("--user-details", "user_details", "yes|no",                     \
               "add what is known of users"),                                  \
        OPTION("--attachments-manifest", "attachments_manifest", "yes|no",     \
               "an .ATTACH file beside the output that lists transfers"),      \
        {PARAMETER_FILE, "--transform", "transform", "FILE",                   \
         "XSLT that is applied to the output; an empty file: none"},           \
        OPTION("--program", "program", "NAME",                                 \
               "of type program: as [archive] program of the nodes names it"), \
        OPTION("--disabled", "disabled", "yes|no",                             \
               "nothing is cut off or given to it")
#define DISABLED_ONLY                                                          \
    FLAG("--disabled", "disabled", "yes", "only disabled ones")
#define ENABLED_ONLY FLAG("--enabled", "disabled", "no", "only enabled ones")

const struct command commands[] = {
    {"status", "", ADMIN_STATUS,
     "Show the pool as one node sees it, with or without a leader",
     .examples = "perchctl status\n"
                 "perchctl --json status | jq .quorum.spare\n"},
    {"ping", "", ADMIN_PING, "Tell whether a node answers at all",
     .examples = "perchctl --timeout 2 ping\n"},
    {"metrics", "", ADMIN_METRICS,
     "Print the node's metrics as Prometheus reads them",
     .examples = "perchctl metrics | grep perch_raft\n"},

    {"nodes", "list", ADMIN_NODES_LIST,
     "List the pool's servers and how far each is", .list = "members",
     .columns = "node raft_id role leader connected trails_by lost admitted "
                "rules_known",
     .examples = "perchctl nodes list\n"},
    {"nodes", "transfer", ADMIN_NODES_TRANSFER,
     "Hand leadership over before work on the leader's machine",
     .parameters = {OPTION("--to", "to", "NODE",
                           "to this node; else to the fittest")},
     .examples = "perchctl nodes transfer --to 2\n"
                 "perchctl --dry-run nodes transfer\n"},
    {"nodes", "replace", ADMIN_NODES_REPLACE,
     "Let a node whose disk is lost come back once as a new member, where the "
     "policy leaves that to administrators",
     .parameters = {WORD("NODE", "node", "number of the node"),
                    FLAG("--force", "force", "yes",
                         "though it is connected and votes")},
     .examples = "perchctl nodes replace 3\n"},
    {"nodes", "policy", ADMIN_NODES_POLICY,
     "Show or set whether an emptied node comes back by itself",
     .parameters = {{PARAMETER_OPTIONAL, "POLICY", "policy", NULL,
                     "automatic or manual"}},
     .examples = "perchctl nodes policy\n"
                 "perchctl nodes policy manual\n"},

    {"rooms", "list", ADMIN_ROOMS_LIST, "List rooms by name",
     .parameters = {MATCH("name"),
                    OPTION("--category", "category", "CATEGORY",
                           "only those of the category"),
                    OPTION("--member", "member", "USER",
                           "only those the user is a member of"),
                    OPTION("--manager", "manager", "USER",
                           "only those the user manages"),
                    OPTION("--visibility", "visibility", "open|closed|secret",
                           "only these"),
                    OPTION("--addin", "addin", "ADDIN",
                           "only those that carry it"),
                    DISABLED_ONLY, ENABLED_ONLY},
     .list = "rooms",
     .columns = "name category visibility disabled users_present messages",
     .examples = "perchctl rooms list --category Trade --enabled\n"
                 "perchctl --json rooms list --member alice\n"},
    {"rooms", "show", ADMIN_ROOMS_SHOW, "Show a room",
     .parameters = {ROOM_WORD}, .examples = "perchctl rooms show Lobby\n"},
    {"rooms", "roles", ADMIN_ROOMS_ROLES, "List a room's members and managers",
     .parameters = {ROOM_WORD,
                    OPTION("--role", "role", "member|manager|presenter",
                           "only those")},
     .list = "users",
     .columns = "uri display_name member manager presenter disabled",
     .examples = "perchctl rooms roles Lobby --role manager\n"},
    {"rooms", "create", ADMIN_ROOMS_CREATE, "Create a room",
     .parameters = {WORD("NAME", "name", "what people call it"),
                    NEEDED("--category", "category", "CATEGORY",
                           "where it belongs"),
                    DESCRIPTION, VISIBILITY,
                    OPTION("--member", "members", "USER|GROUP",
                           "who may enter; may be repeated"),
                    OPTION("--manager", "managers", "USER|GROUP",
                           "who manages it; may be repeated"),
                    BEHAVIOR,
                    OPTION("--presenter", "presenters", "USER|GROUP",
                           "who posts in an auditorium; may be repeated"),
                    INVITATIONS(AS_CATEGORY), FILE_UPLOAD(AS_CATEGORY), ADDIN,
                    OPTION("--id", "id", "GUID", "instead of a random one"),
                    FLAG("--disabled", "disabled", "yes",
                         "nobody may enter yet")},
     .examples =
         "perchctl rooms create Lobby --category Trade --visibility open\n"
         "perchctl rooms create Desk --category Trade --member alice --member "
         "bob \\\n    --manager alice --description \"Cash and futures\"\n"},
    {"rooms", "change", ADMIN_ROOMS_CHANGE,
     "Change a room; what is not named stays",
     .parameters = {ROOM_WORD, OPTION("--name", "name", "NAME", "rename it"),
                    OPTION("--category", "category", "CATEGORY", "move it"),
                    DESCRIPTION, VISIBILITY, BEHAVIOR, INVITATIONS(AS_CATEGORY),
                    FILE_UPLOAD(AS_CATEGORY), ADDIN,
                    MOVES("member", "members",
                          "may be repeated, as the next five"),
                    MOVES("manager", "managers", ""),
                    MOVES("presenter", "presenters", ""), IF_VERSION},
     .examples = "perchctl rooms change Desk --add-member carol\n"
                 "perchctl --dry-run rooms change Desk --name \"Old desk\" "
                 "--if-version 4\n"},
    {"rooms", "disable", ADMIN_ROOMS_CHANGE,
     "Close a room to everyone; its history stays",
     .parameters = {ROOM_WORD, IF_VERSION, PRESET("disabled", "yes")},
     .examples = "perchctl rooms disable Desk\n"},
    {"rooms", "enable", ADMIN_ROOMS_CHANGE, "Open a disabled room again",
     .parameters = {ROOM_WORD, IF_VERSION, PRESET("disabled", "no")},
     .examples = "perchctl rooms enable Desk\n"},

    {"rooms", "delete", ADMIN_ROOMS_DELETE,
     "Delete a room: who is in it leaves, what was said in it is shown to "
     "nobody and kept beneath" DELETES,
     .parameters = {ROOM_WORD, IF_VERSION},
     .examples = "perchctl --dry-run rooms delete Desk\n"
                 "perchctl --reason \"desk closed\" rooms delete Desk\n"},

    {"categories", "list", ADMIN_CATEGORIES_LIST, "List categories by name",
     .parameters = {MATCH("name")}, .list = "categories",
     .columns = "name everyone rooms description version id",
     .examples = "perchctl categories list\n"},
    {"categories", "show", ADMIN_CATEGORIES_SHOW, "Show a category",
     .parameters = {CATEGORY_WORD},
     .examples = "perchctl categories show Trade\n"},
    {"categories", "roles", ADMIN_CATEGORIES_ROLES,
     "List whom a category allows and denies and who creates rooms in it",
     .parameters = {CATEGORY_WORD,
                    OPTION("--role", "role", "allowed|denied|creator",
                           "only those")},
     .list = "users",
     .columns = "uri display_name allowed denied creator disabled",
     .examples = "perchctl categories roles Trade --role denied\n"},
    {"categories", "create", ADMIN_CATEGORIES_CREATE, "Create a category",
     .parameters = {WORD("NAME", "name", "what people call it"), DESCRIPTION,
                    EVERYONE,
                    OPTION("--allow", "allowed", "USER|GROUP",
                           "whom its rooms may be for; may be repeated"),
                    OPTION("--deny", "denied", "USER|GROUP",
                           "and whom never, allowed or not; may be repeated"),
                    OPTION("--creator", "creators", "USER|GROUP",
                           "who may create rooms in it; may be repeated"),
                    INVITATIONS("its rooms invite those who become members"),
                    FILE_UPLOAD("its rooms are shown as taking files"), HISTORY,
                    OPTION("--id", "id", "GUID", "instead of a random one")},
     .examples = "perchctl categories create Trade --description \"All "
                 "desks\"\n"
                 "perchctl categories create Research --allow group:analysts "
                 "--deny group:traders\n"},
    {"categories", "change", ADMIN_CATEGORIES_CHANGE,
     "Change a category; what is not named stays",
     .parameters =
         {CATEGORY_WORD, OPTION("--name", "name", "NAME", "rename it"),
          DESCRIPTION, EVERYONE,
          OPTION("--allow", "allowed_add", "USER|GROUP",
                 "ends everyone; may be repeated, as the next five"),
          OPTION("--remove-allowed", "allowed_remove", "USER|GROUP", ""),
          OPTION("--deny", "denied_add", "USER|GROUP", ""),
          OPTION("--remove-denied", "denied_remove", "USER|GROUP", ""),
          MOVES("creator", "creators", ""),
          INVITATIONS("its rooms invite those who become members"),
          FILE_UPLOAD("its rooms are shown as taking files"), HISTORY,
          IF_VERSION},
     .examples = "perchctl categories change Trade --name Trading\n"
                 "perchctl categories change Trade --deny group:analysts\n"},
    {"categories", "delete", ADMIN_CATEGORIES_DELETE,
     "Delete a category that has no rooms" DELETES,
     .parameters = {CATEGORY_WORD, IF_VERSION},
     .examples = "perchctl categories delete Trade\n"},

    {"categories", "eligible", ADMIN_CATEGORIES_ELIGIBLE,
     "List the users and groups that a category's rooms may be for",
     .parameters = {CATEGORY_WORD, MATCH("URI or display name")},
     .list = "principals", .columns = "uri display_name is_group",
     .examples = "perchctl categories eligible Trade --match ali\n"},

    {"addins", "list", ADMIN_ADDINS_LIST, "List registered add-ins by age",
     .parameters = {MATCH("name")}, .list = "addins",
     .columns = "name url rooms version id",
     .examples = "perchctl addins list\n"},
    {"addins", "show", ADMIN_ADDINS_SHOW, "Show an add-in",
     .parameters = {ADDIN_WORD}, .examples = "perchctl addins show Tides\n"},
    {"addins", "create", ADMIN_ADDINS_CREATE,
     "Register an add-in: a web page that clients show beside rooms",
     .parameters = {WORD("NAME", "name", "what people call it"),
                    NEEDED("--url", "url", "URL", "http:// or https://"),
                    OPTION("--id", "id", "GUID", "instead of a random one")},
     .examples = "perchctl addins create Tides --url "
                 "https://tides.example.com/now\n"
                 "perchctl rooms change Desk --addin Tides\n"},
    {"addins", "change", ADMIN_ADDINS_CHANGE,
     "Change an add-in for all rooms that carry it; what is not named stays",
     .parameters = {ADDIN_WORD, OPTION("--name", "name", "NAME", "rename it"),
                    OPTION("--url", "url", "URL", "http:// or https://"),
                    IF_VERSION},
     .examples = "perchctl addins change Tides --url "
                 "https://tides.example.com/\n"},
    {"addins", "delete", ADMIN_ADDINS_DELETE,
     "Delete an add-in that no room carries",
     .parameters = {ADDIN_WORD, IF_VERSION},
     .examples = "perchctl rooms list --addin Tides\n"
                 "perchctl addins delete Tides\n"},

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
     .parameters =
         {USER_WORD,
          OPTION("--display-name", "display_name", "NAME", "as others see it"),
          PASSWORD,
          CHAT, OWNER_SET,
          FLAG("--disabled", "disabled", "yes", "may not sign in yet")},
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

    {"messages", "search", ADMIN_MESSAGES_SEARCH,
     "Find what was said, the newest first",
     .parameters = {{PARAMETER_OPTIONAL, "TEXT", "text", NULL,
                     "words, and phrases in double quotes"},
                    FLAG("--exact", "exact", "yes", "the text is one phrase"),
                    FLAG("--case", "match_case", "yes", "letter case matters"),
                    OPTION("--room", "rooms", "ROOM",
                           "only there, else in every room; may be repeated"),
                    OPTION("--author", "authors", "USER",
                           "only by these; may be repeated"),
                    OPTION("--from", "from", "DAY",
                           "2031-02-03 or 2031-02-03T07:31:00Z"),
                    OPTION("--to", "to", "DAY", "likewise, inclusive"),
                    FLAG("--oldest", "oldest_first", "yes", "the oldest first"),
                    OPTION("--most", "most", "N",
                           "at most so many: 100, up to 999")},
     .list = "messages", .columns = "sent_at_us room id author text",
     .examples = "perchctl messages search crane --room Lobby\n"
                 "perchctl --json messages search '\"tall crane\" permit' "
                 "--author bob \\\n    --from 2031-02-01 --to 2031-02-28\n"},
    {"messages", "list", ADMIN_MESSAGES_LIST,
     "List what was said in a room, as it is now, the oldest first",
     .parameters = {ROOM_WORD, MEANT}, .list = "messages",
     .columns = "id author sent_at_us state text",
     .examples = "perchctl messages list Lobby --author bob --match \"price\"\n"
                 "perchctl messages list Lobby --since 2026-11-01 --until "
                 "2026-11-02\n"},
    {"messages", "show", ADMIN_MESSAGES_SHOW,
     "Show a message with every text it had: who, when and why",
     .parameters = {ROOM_WORD, MESSAGE_WORD},
     .examples = "perchctl messages show Lobby 17\n"},
    {"messages", "redact", ADMIN_MESSAGES_REDACT,
     "Take messages out of sight; what they said is kept for the archive",
     .parameters = {ROOM_WORD, MEANT, REASON_NEEDED}, .list = "messages",
     .columns = "id author sent_at_us text",
     .examples =
         "perchctl messages redact Lobby --message 17 --reason \"a password\"\n"
         "perchctl --dry-run messages redact Lobby --author bob --match "
         "secret --reason \"policy 7\"\n"},
    {"messages", "replace", ADMIN_MESSAGES_REDACT,
     "Put a text in the place of messages; what they said is kept for the "
     "archive",
     .parameters = {ROOM_WORD, MEANT,
                    NEEDED("--with", "replacement", "TEXT",
                           "what is shown instead"),
                    REASON_NEEDED},
     .list = "messages", .columns = "id author sent_at_us text",
     .examples = "perchctl messages replace Lobby --message 17 --with "
                 "\"see the handbook\" --reason \"out of date\"\n"},
    {"messages", "withdraw", ADMIN_MESSAGES_WITHDRAW,
     "Withdraw a message in its author's stead, at any time",
     .parameters = {ROOM_WORD, MESSAGE_WORD, REASON},
     .examples = "perchctl messages withdraw Lobby 17 --reason "
                 "\"asked by phone\"\n"},
    {"messages", "clear", ADMIN_ROOMS_CLEAR,
     "Take all of a room out of sight that was said before a moment",
     .parameters = {ROOM_WORD,
                    NEEDED("--before", "before", "MOMENT",
                           "YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ"),
                    REASON_NEEDED},
     .examples = "perchctl --dry-run messages clear Lobby --before 2026-01-01 "
                 "--reason \"a new year\"\n"},
    {"messages", "purge", ADMIN_ROOMS_PURGE,
     "Erase now what retention has ended for, the next 100 messages; the "
     "leader does so by itself",
     .parameters = {ROOM_WORD}, .examples = "perchctl messages purge Lobby\n"},

    {"retention", "room", ADMIN_ROOMS_RETENTION,
     "Set how many days a room's messages are kept; without, as its category",
     .parameters = {ROOM_WORD, DAYS},
     .examples = "perchctl retention room Lobby --days 365\n"
                 "perchctl retention room Lobby\n"},
    {"retention", "category", ADMIN_CATEGORIES_RETENTION,
     "Set how many days messages of a category's rooms are kept; without, for "
     "ever",
     .parameters = {CATEGORY_WORD, DAYS},
     .examples = "perchctl retention category Trade --days 2555\n"},

    {"holds", "list", ADMIN_HOLDS_LIST, "List legal holds",
     .parameters = {MATCH("name")}, .list = "holds",
     .columns = "name room user placed_at_us administrator reason",
     .examples = "perchctl holds list\n"},
    {"holds", "place", ADMIN_HOLDS_PLACE,
     "Keep from being erased what is said in a room, or by a user anywhere",
     .parameters = {HOLD_WORD, HELD_ROOM, HELD_USER, REASON_NEEDED},
     .examples = "perchctl holds place \"Smith v. Jones\" --user bob --reason "
                 "\"order of 3 May\"\n"},
    {"holds", "lift", ADMIN_HOLDS_LIFT,
     "Lift a hold; others that lie there stay",
     .parameters = {HOLD_WORD, HELD_ROOM, HELD_USER, REASON_NEEDED},
     .examples = "perchctl holds lift \"Smith v. Jones\" --user bob --reason "
                 "settled\n"},
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
    {"messages", "export", ADMIN_MESSAGES_EXPORT,
     "Read all that was said in a room, a page at a time, as it is imported",
     .parameters = {ROOM_WORD,
                    OPTION("--first", "first", "N",
                           "from this message on: the reply's next")},
     .examples = "perchctl --json messages export Desk\n"
                 "perchctl --json messages export Desk --first 257\n"},
    {"messages", "import", ADMIN_MESSAGES_IMPORT,
     "Put messages into a room as they were said elsewhere: up to 256, read as "
     "a "
     "JSON array",
     .parameters = {ROOM_WORD,
                    NEEDED(
                        "--first", "first", "N",
                        "what the first becomes; refused unless the room has "
                        "one message less"),
                    {PARAMETER_INPUT, "", "messages", NULL, ""}},
     .examples = "perchctl messages import Desk --first 1 < batch.json\n"},

    {"filters", "list", ADMIN_FILTERS_LIST,
     "List the filters that posts are looked through for",
     .parameters = {MATCH("name")}, .list = "filters",
     .columns = "name action disabled expressions_n categories_n version",
     .examples = "perchctl filters list\n"},
    {"filters", "show", ADMIN_FILTERS_SHOW,
     "Show a filter and what it looks for", .parameters = {FILTER_WORD},
     .examples = "perchctl filters show deals\n"},
    {"filters", "create", ADMIN_FILTERS_CREATE,
     "Create a filter: a list of expressions that posts are looked through for",
     .parameters =
         {WORD("NAME", "name", "what authors are told it is called"),
          NEEDED("--action", "action", "block|warn",
                 "block: such posts are refused; warn: they go "
                 "through, annotated"),
          OPTION("--expression", "expressions", "EXPRESSION", EXPRESSIONS),
          NOTICE,
          OPTION("--category", "categories", "CATEGORY",
                 "only in its rooms; may be repeated; without: in all "
                 "rooms"),
          FLAG("--disabled", "disabled", "yes",
               "is kept, and not looked for yet")},
     .examples = "perchctl filters create deals --action block --notice \"Ask "
                 "compliance\" --expression \"word:insider\" --expression "
                 "\"like:merg*\"\n"
                 "perchctl filters create cards --action warn --expression "
                 "'regex:\\b(?:\\d{4}[ -]?){4}\\b' --category Trade\n"},
    {"filters", "change", ADMIN_FILTERS_CHANGE,
     "Change a filter; what is not named stays",
     .parameters = {FILTER_WORD, OPTION("--name", "name", "NAME", "rename it"),
                    OPTION("--action", "action", "block|warn", "what it does"),
                    NOTICE,
                    OPTION("--add-expression", "expressions_add", "EXPRESSION",
                           EXPRESSIONS),
                    OPTION("--remove-expression", "expressions_remove",
                           "EXPRESSION",
                           "exactly as show tells it; may be repeated"),
                    OPTION("--add-category", "categories_add", "CATEGORY",
                           "may be repeated"),
                    OPTION("--remove-category", "categories_remove", "CATEGORY",
                           "may be repeated; the last needs --everywhere"),
                    FLAG("--everywhere", "everywhere", "yes",
                         "in all rooms, or only in those of --add-category"),
                    IF_VERSION},
     .examples = "perchctl filters change deals --add-expression "
                 "\"word:tip off\"\n"
                 "perchctl --dry-run filters change deals --action warn\n"},
    {"filters", "disable", ADMIN_FILTERS_CHANGE,
     "Look for a filter no more; it is kept",
     .parameters = {FILTER_WORD, IF_VERSION, PRESET("disabled", "yes")},
     .examples = "perchctl filters disable deals\n"},
    {"filters", "enable", ADMIN_FILTERS_CHANGE, "Look for a filter again",
     .parameters = {FILTER_WORD, IF_VERSION, PRESET("disabled", "no")},
     .examples = "perchctl filters enable deals\n"},
    {"filters", "delete", ADMIN_FILTERS_DELETE,
     "Delete a filter; posts it annotated keep that",
     .parameters = {FILTER_WORD, IF_VERSION},
     .examples = "perchctl filters delete deals\n"},
    {"filters", "test", ADMIN_FILTERS_TEST,
     "Say what the filters would make of a post; nothing is posted",
     .parameters = {WORD("TEXT", "text", "what the post would say"),
                    OPTION("--room", "room", "ROOM",
                           "as if in this room; without: as if all filters "
                           "were for it"),
                    OPTION("--filter", "filter", "FILTER",
                           "only this one, though it be disabled")},
     .examples = "perchctl filters test \"an insider told me\" --room Desk\n"},

    {"archive", "status", ADMIN_ARCHIVE_STATUS,
     "Show how the compliance archive is: what is to be seen to, mode, "
     "checkpoints, nodes, witnesses and adapters",
     .examples = "perchctl archive status\n"
                 "perchctl --json archive status | jq '.warnings[]'\n"},
    {"archive", "set", ADMIN_ARCHIVE_SET,
     "Switch the compliance archive; the first time it is on its origin is "
     "fixed",
     .parameters = {WORD("MODE", "mode",
                         "off: nothing is kept; on: a record of all that "
                         "happens; required: and what cannot be archived is "
                         "refused"),
                    OPTION("--origin", "origin", "NAME",
                           "the log's name, a URL without its scheme; unless "
                           "said made of the pool's domain")},
     .examples = "perchctl archive set on --origin example.com/perch\n"
                 "perchctl --reason \"rule 17a-4\" archive set required\n"},
    {"archive", "key show", ADMIN_ARCHIVE_KEYS,
     "Show whose signatures are believed, as verifier keys",
     .examples = "perchctl archive key show\n"},
    {"archive", "key put", ADMIN_ARCHIVE_KEY_PUT,
     "Believe a key from now on: the log's, or a node's. Nodes put theirs "
     "themselves",
     .parameters = {WORD("KEY", "key", "name+hash+key, a .vkey file's line"),
                    OPTION("--node", "node", "NODE",
                           "whose it is, 0: the log's; unless said as its "
                           "name tells")},
     .examples = "perchctl archive key put \"$(cat log.vkey)\" --node 0\n"},
    {"archive", "key remove", ADMIN_ARCHIVE_KEY_REMOVE, "Believe a key no more",
     .parameters = {WORD("NODE", "node", "whose; 0: the log's")},
     .examples = "perchctl archive key remove 3\n"},
    {"archive", "witness list", ADMIN_ARCHIVE_WITNESSES,
     "List who witnesses the archive, and how far", .list = "witnesses",
     .columns = "name size trails_by age_s url",
     .examples = "perchctl archive witness list\n"},
    {"archive", "witness add", ADMIN_ARCHIVE_WITNESS_PUT,
     "Have checkpoints cosigned by a witness, or give one another address",
     .parameters = {WORD("KEY", "key", "name+hash+key, as the witness says"),
                    NEEDED("--url", "url", "URL",
                           "http or https, without add-checkpoint")},
     .examples = "perchctl archive witness add witness.example+1234abcd+BF... "
                 "--url https://witness.example/\n"},
    {"archive", "witness remove", ADMIN_ARCHIVE_WITNESS_REMOVE,
     "Ask a witness no more" DELETES,
     .parameters = {WORD("NAME", "name", "of the witness's key")},
     .examples = "perchctl archive witness remove witness.example\n"},
    {"archive", "adapters list", ADMIN_ARCHIVE_ADAPTERS_LIST,
     "List compliance adapters: what takes the records where",
     .parameters = {MATCH("name")}, .list = "adapters",
     .columns = "name type disabled run_interval_s acked_csn lag attempts "
                "error output",
     .examples = "perchctl archive adapters list\n"},
    {"archive", "adapters show", ADMIN_ARCHIVE_ADAPTERS_SHOW,
     "Show a compliance adapter with its transform",
     .parameters = {ADAPTER_WORD},
     .examples = "perchctl archive adapters show vault\n"},
    {"archive", "adapters add", ADMIN_ARCHIVE_ADAPTERS_ADD,
     "Add a compliance adapter; it gets all records from the archive's first "
     "on",
     .parameters = {ADAPTER_WORD,
                    NEEDED("--type", "type",
                           "xml|filedump|csv|eml|rsmf|postgresql|program",
                           "see ops/adapter/README.md"),
                    OPTION("--output", "output", "WHERE", ADAPTER_OUTPUT),
                    ADAPTER_OPTIONS, PRESET("if_version", "0")},
     .examples = "perchctl archive adapters add vault --type xml --output "
                 "/srv/vault --user-details yes\n"
                 "perchctl archive adapters add actiance --type filedump "
                 "--output /srv/actiance --transform actiance.xsl\n"},
    {"archive", "adapters change", ADMIN_ARCHIVE_ADAPTERS_CHANGE,
     "Change a compliance adapter; what is not named stays",
     .parameters = {ADAPTER_WORD,
                    OPTION("--type", "type",
                           "xml|filedump|csv|eml|rsmf|postgresql|program", ""),
                    OPTION("--output", "output", "WHERE", ADAPTER_OUTPUT),
                    ADAPTER_OPTIONS, IF_VERSION},
     .examples = "perchctl archive adapters change vault --run-interval 300\n"
                 "perchctl archive adapters change vault --disabled yes\n"},
    {"archive", "adapters run", ADMIN_ARCHIVE_ADAPTERS_RUN,
     "Have an adapter take at once what its run interval would have it wait "
     "with",
     .parameters = {ADAPTER_WORD},
     .examples = "perchctl archive adapters run vault\n"},
    {"archive", "adapters remove", ADMIN_ARCHIVE_ADAPTERS_REMOVE,
     "Remove a compliance adapter with its cuts; what its sink has "
     "stays" DELETES,
     .parameters = {ADAPTER_WORD, IF_VERSION},
     .examples = "perchctl archive adapters remove vault\n"},
    {"archive", "checkpoint", ADMIN_ARCHIVE_CHECKPOINT,
     "Print the published checkpoint with all its signatures, for pinning: "
     "whoever has it can prove later what the archive was",
     .examples = "perchctl archive checkpoint > pin-$(date +%F).note\n"},
    {"archive", "canary", ADMIN_ARCHIVE_CANARY,
     "Put a random number into the archive, to be looked for in what arrives "
     "elsewhere",
     .examples = "perchctl --json archive canary | jq -r .nonce\n"},
    {"archive", "refill", 0,
     "Bring back records that the pool has lost and a copy of the archive "
     "has; verify the copy first: perch-audit verify DIR. Payloads of withheld "
     "commands are to be copied into the nodes' archives by hand",
     .parameters = {NEEDED("--from", "from", "DIR",
                           "the copy of an archive's directory")},
     .examples = "perchctl --reason \"restored from tape\" archive refill "
                 "--from /mnt/copy/archive\n",
     .own = &perch__admin__archive_refill_from__descriptor},
    {"archive", "reopen", ADMIN_ARCHIVE_REOPEN,
     "Go on without lost records, under a new origin whose first record says "
     "what is missing, who has decided that and why",
     .parameters = {NEEDED("--origin", "origin", "NAME", "the new log's name"),
                    REASON_NEEDED},
     .examples = "perchctl archive reopen --origin example.com/perch/2 "
                 "--reason \"two disks lost in the fire of 4 May\"\n"},

    {"sessions", "list", ADMIN_SESSIONS_LIST, "List who is signed in",
     .parameters = {OPTION("--user", "user", "USER", "only of this user"),
                    OPTION("--room", "room", "ROOM", "only those in it"),
                    OPTION("--node", "node", "NODE", "only on this node")},
     .list = "sessions",
     .columns = "id user node rooms opened_at_us endpoint_id",
     .examples = "perchctl sessions list --room Lobby\n"},
    {"sessions", "expel", ADMIN_SESSIONS_CLOSE,
     "End a session; its user may sign in again unless disabled",
     .parameters = {WORD("SESSION", "session",
                         "NODE/EPOCH/SERIAL, as list tells")},
     .examples = "perchctl sessions expel 2/4711/38\n"},

    {"messages", "test", 0,
     "Have two users sign in, enter a room, say something to each other and "
     "leave, and tell how long each step took: for monitoring",
     .parameters =
         {WORD("ROOM", "room", "name or URI of a room that both may enter"),
          NEEDED("--from", "from", "NAME@DOMAIN", "the user who begins"),
          NEEDED("--to", "to", "NAME@DOMAIN", "the user who answers"),
          NEEDED("--server", "server", "HOST:PORT",
                 "where they sign in by SIP; one server, so that what is told "
                 "is of that one"),
          OPTION("--to-server", "to_server", "HOST:PORT",
                 "where the one who answers does, if elsewhere"),
          {PARAMETER_SECRET, "--password", "password", NULL,
           "ask for the password of both on the terminal, or read a line of "
           "standard input when that is none"},
          OPTION("--sip-authority", "sip_authority", "FILE",
                 "sign in by TLS, servers' certificates being issued by this "
                 "one, PEM; else by TCP"),
          FLAG("--setup", "setup", "yes",
               "first have a node make the users and the room, where they are "
               "not there")},
     .examples = "perchctl messages test Probe --from probe1@example.com --to "
                 "probe2@example.com \\\n    --server node1:5061 --to-server "
                 "node2:5061 --sip-authority ca.pem \\\n    --password < "
                 "/etc/perch/probe.password\n"
                 "perchctl --json --timeout 5 messages test Probe --setup "
                 "--from p1@example.com \\\n    --to p2@example.com --server "
                 "127.0.0.1:5060 --password\n",
     .own = &perch__admin__messages_test__descriptor},

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

    {"pool", "show", ADMIN_SETTINGS_LIST, "Show what holds for the whole pool",
     .parameters = {MATCH("name")}, .list = "settings",
     .columns = "name value standard least most text",
     .examples = "perchctl pool show --match max\n"},
    {"pool", "rules", ADMIN_POOL_RULES,
     "Show the rules version in force, or raise it once all nodes know it",
     .parameters = {{PARAMETER_OPTIONAL, "VERSION", "version", NULL,
                     "the version to raise the pool to"}},
     .examples = "perchctl pool rules\n"
                 "perchctl --dry-run pool rules 2\n"},
    {"pool", "set", ADMIN_SETTINGS_SET,
     "Set what holds for the whole pool: all that is named, or nothing",
     .parameters = {{PARAMETER_PAIRS, "NAME VALUE", "settings", NULL,
                     "a setting and its value; or any number of "
                     "NAME=VALUE"}},
     .examples = "perchctl pool set domain example.com\n"
                 "perchctl pool set users_max=600000 rooms_max=200000\n"},
};

const size_t commands_n = sizeof(commands) / sizeof(commands[0]);

const ProtobufCMessageDescriptor *command_request(const struct command *command)
{
    return command->own != NULL ? command->own
                                : admin_fact(command->kind)->request;
}

bool command_is_of(const struct command *command, const char *group)
{
    static const struct {
        const char *other, *group;
    } others[] = {{"node", "nodes"},
                  {"room", "rooms"},
                  {"category", "categories"},
                  {"user", "users"},
                  {"group", "groups"},
                  {"session", "sessions"},
                  {"administrator", "administrators"},
                  {"addin", "addins"},
                  {"filter", "filters"},
                  {"message", "messages"},
                  {"hold", "holds"},
                  {"settings", "pool"}};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(group, others[i].other) == 0) {
            group = others[i].group;
        }
    }
    return strcmp(command->group, group) == 0;
}

bool command_has_group(const char *group)
{
    for (size_t i = 0; i < commands_n; i++) {
        if (command_is_of(&commands[i], group)) {
            return true;
        }
    }
    return false;
}

bool command_verb_goes_on(const char *group, const char *verb)
{
    size_t len = strlen(verb);

    for (size_t i = 0; i < commands_n; i++) {
        if (command_is_of(&commands[i], group) &&
            strncmp(commands[i].verb, verb, len) == 0 &&
            commands[i].verb[len] == ' ') {
            return true;
        }
    }
    return false;
}

const struct command *command_find(const char *group, const char *verb)
{
    for (size_t i = 0; i < commands_n; i++) {
        const struct command *command = &commands[i];

        if (command_is_of(command, group) &&
            (command->verb[0] == '\0' ||
             (verb != NULL && strcmp(command->verb, verb) == 0))) {
            return command;
        }
    }
    return NULL;
}
