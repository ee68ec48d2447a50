/* Commands about what is said: shown, taken back, kept, held, filtered. */
#include "ops/perchctl/command_parts.h"

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
#define REASON      OPTION("--reason", "reason", "TEXT", "why; people are told")
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

const struct command command_messages[] = {
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
    {0},
};
