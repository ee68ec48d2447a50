/* Commands about rooms, categories and add-ins. */
#include "ops/perchctl/command_parts.h"

#define ADDIN_WORD WORD("ADDIN", "addin", "name or guid of the add-in")
#define ADDIN                                                                  \
    OPTION("--addin", "addin", "ADDIN", "the page shown beside it; none: none")
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

const struct command command_rooms[] = {
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
    {0},
};
