#include "ops/perch/help.h"

#include "ops/perch/command.h"

enum { HELP_COLUMN = 32 }; /* Where a command's meaning begins. */

static const char options_text[] =
    "\n"
    "Options:\n"
    "  -s, --server HOST[:PORT]   a server of the pool; several are tried in\n"
    "                             turn (port 5060, with TLS 5061)\n"
    "  -u, --user NAME@DOMAIN     who signs in\n"
    "      --login NAME           the name the password is for, if another\n"
    "      --tls                  TLS, trusting the system's authorities\n"
    "      --ca FILE              TLS, trusting these authorities alone\n"
    "      --insecure             TLS, trusting anyone: for tests only\n"
    "      --password-file FILE   its first line is the password; - is\n"
    "                             standard input\n"
    "  -t, --timeout SECONDS      how long one thing may take (30)\n"
    "  -j, --json                 JSON, one object a line, in and out\n"
    "      --transcript FILE      write down which messages were delivered,\n"
    "                             with the numbers of their records\n"
    "  -q, --quiet                no word about connections\n"
    "  -n, --last N               begin with the newest N messages (history "
    "and\n"
    "                             chat 20, follow none); search: at most N\n"
    "      --after ID             history: what follows a message\n"
    "      --all                  history: all of it\n"
    "      --room ROOM            search: there, and not in all one's rooms;\n"
    "                             may be given again\n"
    "      --author NAME@DOMAIN   search: what these have said; may be given\n"
    "                             again\n"
    "      --from DAY, --to DAY   search: 2031-02-03 or 2031-02-03T07:31:00Z\n"
    "      --exact                search: the words as they stand together\n"
    "      --case                 search: letter case matters\n"
    "      --oldest               search: the oldest first\n"
    "      --count N              follow: end after N messages\n"
    "      --watch                news: go on, telling what becomes of it\n"
    "      --back                 read: also to an earlier message\n"
    "      --author USER          feed: what this user says; up to 16 times\n"
    "      --remove               feed: take it away\n"
    "      --lines                post: each line of standard input by itself\n"
    "      --alert                post: as an alert\n"
    "      --story                post: as a story, its first line the title\n"
    "      --retry-id ID          post: the same id again posts nothing again\n"
    "      --mine, --managed      rooms: those one is a member of, or manages\n"
    "      --forever              follow, chat: wait for a pool that is down\n"
    "      --instance GUID        names this device to the pool\n"
    "      --locate               ask the pool where chat is served\n"
    "  -h, --help                 this\n"
    "  -V, --version\n"
    "\n"
    "A room is a name, as it stands, or its URI (ma-chan://...). The password\n"
    "comes from --password-file, PERCH_PASSWORD_FILE, PERCH_PASSWORD or, when\n"
    "the pool asks for one, the terminal; never from the command line.\n"
    "PERCH_SERVERS, PERCH_USER, PERCH_LOGIN, PERCH_TLS and PERCH_CA stand for\n"
    "the options of these names.\n"
    "\n"
    "Examples:\n"
    "  export PERCH_SERVERS=127.0.0.1:5060,127.0.0.1:5070\n"
    "  export PERCH_USER=ingrid@fjord.example PERCH_PASSWORD_FILE=~/.perch\n"
    "  perch check && perch rooms tide\n"
    "  perch who 'Tide Desk'\n"
    "  perch chat 'Tide Desk'\n"
    "  perch post 'Tide Desk' the ferry is late\n"
    "  perch followed 'Tide Desk' && perch follow\n"
    "  perch news && perch read 'Tide Desk'\n"
    "  perch feed ice 'first ice' frost --author ingrid@fjord.example\n"
    "  uptime | perch post 'Tide Desk'\n"
    "  perch correct 'Tide Desk' 42 the ferry is on time\n"
    "  perch withdraw 'Tide Desk' 42 wrong room\n"
    "  perch --json follow 'Tide Desk' 'Harbour' | jq -r .text\n"
    "  perch search --author bo@fjord.example 'mail-box' late\n"
    "  perch --json history --all 'Tide Desk' > tide-desk.jsonl\n"
    "\n"
    "Exit codes: 0 done, 1 refused, 2 usage, 3 no server reached in time,\n"
    "4 the pool is busy, 6 sent but the outcome is unknown, 130 interrupted.\n";

void help_print(FILE *to)
{
    const struct command *command;

    fputs("Usage: perch [options] COMMAND ...\n\n"
          "A persistent chat client for terminals and scripts.\n\nCommands:\n",
          to);
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        int len = fprintf(to, "  %-9s%s", command->name, command->usage);

        fprintf(to, "%*s%s\n", len < HELP_COLUMN ? HELP_COLUMN - len : 1, "",
                command->help);
    }
    fputs(options_text, to);
}

void help_version(FILE *to)
{
    fprintf(to, "perch %s\n", PERCH_VERSION);
}
