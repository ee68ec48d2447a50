#include "ops/perchctl/help.h"

#include <string.h>

#include "ops/perchctl/command.h"
#include "ops/perchctl/options.h"

enum { NAME_WIDTH = 24 };

/* Every exit code: number and what it means. */
static const struct {
    int code;
    const char *meaning;
} exit_codes[] = {
    {0, "what was asked for holds; also when it was so before"},
    {1, "refused, and the rule that refused is named; nothing was changed"},
    {2, "the command makes no sense; nothing was changed"},
    {3, "no node that was named could be asked, or answered a question; "
        "nothing was changed"},
    {4, "the pool has no leader, so nothing can be decided or known to be up "
        "to date; nothing was changed"},
    {5, "refused for safety; --force does it all the same; nothing was "
        "changed"},
    {6, "the pool was given the change and the answer was lost: whether it was "
        "made is not known. Ask again: what is so already is not done twice"},
};

enum { EXIT_CODES = sizeof(exit_codes) / sizeof(exit_codes[0]) };

static bool is_shown(const struct parameter *parameter)
{
    return parameter->field != NULL && parameter->kind != PARAMETER_PRESET &&
           parameter->kind != PARAMETER_INPUT;
}

static bool is_option(const struct parameter *parameter)
{
    return is_shown(parameter) && parameter->name[0] == '-';
}

/* "--member USER". */
static void write_name(char *to, size_t room, const char *name,
                       const char *value)
{
    snprintf(to, room, "%s%s%s", name, value == NULL ? "" : " ",
             value == NULL ? "" : value);
}

/* What stands behind a parameter's name; flags have none. */
static const char *value_of(const struct parameter *parameter)
{
    return parameter->kind == PARAMETER_OPTION ||
                   parameter->kind == PARAMETER_NEEDED ||
                   parameter->kind == PARAMETER_FILE
               ? parameter->value
               : NULL;
}

static void print_synopsis(FILE *to, const struct command *command)
{
    fprintf(to, "%s%s%s", command->group, command->verb[0] == '\0' ? "" : " ",
            command->verb);
    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &command->parameters[i];

        if (!is_shown(parameter)) {
            continue;
        }
        if (parameter->kind == PARAMETER_NEEDED) {
            fprintf(to, " %s %s", parameter->name, parameter->value);
        } else if (parameter->kind == PARAMETER_OPTIONAL) {
            fprintf(to, " [%s]", parameter->name);
        } else if (!is_option(parameter)) {
            fprintf(to, " %s", parameter->name);
        }
    }
}

static bool has_options(const struct command *command)
{
    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        if (is_option(&command->parameters[i]) &&
            command->parameters[i].kind != PARAMETER_NEEDED) {
            return true;
        }
    }
    return false;
}

static void print_parameters(FILE *to, const struct command *command)
{
    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &command->parameters[i];
        char name[128];

        if (is_shown(parameter)) {
            write_name(name, sizeof(name), parameter->name,
                       value_of(parameter));
            fprintf(to, "  %-*s  %s\n", NAME_WIDTH, name, parameter->meaning);
        }
    }
}

static void print_examples(FILE *to, const char *examples)
{
    while (*examples != '\0') {
        size_t len = strcspn(examples, "\n");

        fprintf(to, "  %.*s\n", (int)len, examples);
        examples += len + (examples[len] == '\n');
    }
}

static void print_command(FILE *to, const struct command *command)
{
    fputs("perchctl [OPTION]... ", to);
    print_synopsis(to, command);
    fprintf(to, "%s\n\n%s.\n\n", has_options(command) ? " [OPTION]..." : "",
            command->summary);
    print_parameters(to, command);
    fputs(command->parameters[0].field == NULL ? "For example:\n"
                                               : "\nFor example:\n",
          to);
    print_examples(to, command->examples);
}

static void print_options(FILE *to)
{
    for (size_t i = 0; i < option_facts_n; i++) {
        const struct option_fact *fact = &option_facts[i];
        char name[128];

        write_name(name, sizeof(name), fact->name, fact->value);
        fprintf(to, "  %-*s  %s\n", NAME_WIDTH, name, fact->meaning);
    }
}

static void print_summaries(FILE *to, const char *group)
{
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        char name[128];

        if (group == NULL || command_is_of(command, group)) {
            snprintf(name, sizeof(name), "%s %s", command->group,
                     command->verb);
            fprintf(to, "  %-*s  %s\n", NAME_WIDTH, name, command->summary);
        }
    }
}

static void print_all(FILE *to)
{
    fputs("perchctl [OPTION]... COMMAND [ARGUMENT]...\n\n"
          "Administer a perch pool through any of its nodes.\n\n"
          "Commands (perchctl help GROUP VERB tells all of one):\n",
          to);
    print_summaries(to, NULL);
    fputs("  export, import            Take the pool's data out as a zip, "
          "and in again: perchctl help export\n",
          to);
    fputs("\nOptions of every command:\n", to);
    print_options(to);
    fputs("\nExit codes:\n", to);
    for (size_t i = 0; i < EXIT_CODES; i++) {
        fprintf(to, "  %d  %s\n", exit_codes[i].code, exit_codes[i].meaning);
    }
    fputs("\nFor example:\n"
          "  perchctl status\n"
          "  perchctl users create alice --password\n"
          "  perchctl rooms create Lobby --category Trade --visibility open\n"
          "  perchctl --dry-run rooms change Lobby --add-member bob\n",
          to);
}

bool help_print(FILE *to, const char *group, const char *verb)
{
    const struct command *command =
        group == NULL ? NULL : command_find(group, verb);

    if (group == NULL) {
        print_all(to);
    } else if (command != NULL) {
        print_command(to, command);
    } else if (command_has_group(group) && verb == NULL) {
        print_summaries(to, group);
    } else {
        return false;
    }
    return true;
}

/* A text of the manual: a minus stays one, and nothing is a request. */
static void roff(FILE *to, const char *text)
{
    for (bool starts = true; *text != '\0'; text++) {
        if (starts && (*text == '.' || *text == '\'')) {
            fputs("\\&", to);
        }
        if (*text == '-') {
            fputs("\\-", to);
        } else if (*text == '\\') {
            fputs("\\e", to);
        } else {
            fputc(*text, to);
        }
        starts = *text == '\n';
    }
}

static void roff_entry(FILE *to, const char *name, const char *value,
                       const char *meaning)
{
    fputs(".TP\n\\fB", to);
    roff(to, name);
    fputs("\\fR", to);
    if (value != NULL) {
        fputs(" \\fI", to);
        roff(to, value);
        fputs("\\fR", to);
    }
    fputc('\n', to);
    roff(to, meaning[0] == '\0' ? "as the one before" : meaning);
    fputc('\n', to);
}

static void roff_command(FILE *to, const struct command *command)
{
    fputs(".SS ", to);
    print_synopsis(to, command);
    fputc('\n', to);
    roff(to, command->summary);
    fputs(".\n", to);
    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &command->parameters[i];

        if (is_shown(parameter)) {
            roff_entry(to, parameter->name, value_of(parameter),
                       parameter->meaning);
        }
    }
    fputs(".PP\n.nf\n.RS 4\n", to);
    roff(to, command->examples);
    fputs(".RE\n.fi\n", to);
}

/* What a program beside this one does. */
static void roff_left(FILE *to)
{
    fputs(".SS export FILE, import FILE\n", to);
    roff(to, "Take the pool's people, categories, rooms and what was said out "
             "as a zip, and in again, into this pool or another. Reports are "
             "JSON.\n");
    roff_entry(to, "--level", "all|users|categories|rooms|content",
               "how much is exported");
    roff_entry(to, "--room", "ROOM", "export only it; may be repeated");
    roff_entry(to, "--since, --until", "T",
               "export only what was said at or after, and before");
    roff_entry(to, "--conflicts", "skip|rename|fail",
               "what an import does about a name that is another's");
    roff_entry(to, "--dry-run", NULL,
               "look the file through and say what an import would do");
    fputs(".PP\n.nf\n.RS 4\n", to);
    roff(to, "perchctl export pool.zip --level content --room Desk\n"
             "perchctl import pool.zip --dry-run\n");
    fputs(".RE\n.fi\n", to);
}

static void roff_ends(FILE *to)
{
    fputs(".SH EXIT STATUS\n", to);
    for (size_t i = 0; i < EXIT_CODES; i++) {
        char code[16];

        snprintf(code, sizeof(code), "%d", exit_codes[i].code);
        roff_entry(to, code, NULL, exit_codes[i].meaning);
    }
    fputs(".SH ENVIRONMENT\n", to);
    roff_entry(to, "PERCH_SOCKET", NULL,
               "the local socket to ask when no node is named");
    fputs(".SH FILES\n", to);
    roff_entry(to, ADMIN_SOCKET_DEFAULT, NULL,
               "a node's local socket: admin.sock in the node's run_dir");
}

void help_manual(FILE *to)
{
    fputs(".\\\" Made by perchctl help manual; a test compares the two.\n"
          ".TH PERCHCTL 1 \"\" perch \"Administration of perch\"\n"
          ".SH NAME\nperchctl \\- administer a perch pool\n"
          ".SH SYNOPSIS\n.B perchctl\n[\\fIOPTION\\fR]... \\fICOMMAND\\fR "
          "[\\fIARGUMENT\\fR]...\n"
          ".SH DESCRIPTION\n"
          "Asks one node of a pool, through its local socket or by TLS with an "
          "administrator's certificate. What is shown is as new as any "
          "acknowledged change, on whichever node; a change is judged by the "
          "pool's rules and holds on every node when perchctl says so.\n"
          ".SH OPTIONS\n",
          to);
    for (size_t i = 0; i < option_facts_n; i++) {
        roff_entry(to, option_facts[i].name, option_facts[i].value,
                   option_facts[i].meaning);
    }
    fputs(".SH COMMANDS\n", to);
    for (size_t i = 0; command_at(i) != NULL; i++) {
        roff_command(to, command_at(i));
    }
    roff_left(to);
    roff_ends(to);
}
