#include "ops/perchctl/errand.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ops/perchctl/field.h"
#include "proto/base/check.h"

enum { FILE_BYTES_MAX = 256 * 1024 }; /* More than a node takes of any. */

/* The words that are left, and what they are told about. */
struct reading {
    struct errand *errand;
    int argc, at;
    char *const *argv;
    bool only_words; /* "--" was seen. */
    size_t words;    /* Read that stand by themselves. */
    unsigned given;  /* Set of bits: parameters that were given. */
    char *why;
};

static bool refuse(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(struct reading *reading, const char *format, ...)
{
    const struct command *command = reading->errand->command;
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(reading->why, WHY_BYTES, format, arguments);
    va_end(arguments);
    if (len >= 0 && len < WHY_BYTES) {
        snprintf(reading->why + len, WHY_BYTES - (size_t)len,
                 "; see perchctl help%s%s%s%s", command == NULL ? "" : " ",
                 command == NULL ? "" : command->group,
                 command == NULL || command->verb[0] == '\0' ? "" : " ",
                 command == NULL ? "" : command->verb);
    }
    return false;
}

static bool set_field(struct reading *reading, const char *name,
                      const char *field, const char *text)
{
    char would_do[FIELD_WHY_BYTES];

    if (!field_set(reading->errand->arena, reading->errand->request, field,
                   text, would_do)) {
        return refuse(reading, "%s takes %s, not \"%s\"", name, would_do, text);
    }
    return true;
}

/* Split "--name=value"; the name is copied, the value is where it is. */
static const char *split(char *name, size_t room, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);

    if (len >= room) {
        len = room - 1;
    }
    memcpy(name, word, len);
    name[len] = '\0';
    return equals == NULL ? NULL : equals + 1;
}

static const char reason_option[] = "--reason";

static const struct parameter *find_option(const struct command *command,
                                           const char *name)
{
    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &command->parameters[i];

        if (parameter->field != NULL && parameter->name[0] == '-' &&
            strcmp(parameter->name, name) == 0) {
            return parameter;
        }
    }
    return NULL;
}

static void mark_given(struct reading *reading,
                       const struct parameter *parameter)
{
    reading->given |= 1u << (parameter - reading->errand->command->parameters);
}

/* What a file has, ended by NUL as words are. */
static bool set_of_file(struct reading *reading,
                        const struct parameter *parameter, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = arena_alloc(reading->errand->arena, FILE_BYTES_MAX + 2);
    size_t len = 0;
    bool whole = false;

    CHECK(text != NULL);
    if (file != NULL) {
        len = fread(text, 1, FILE_BYTES_MAX + 1, file);
        whole = !ferror(file);
        fclose(file);
    }
    if (!whole) {
        return refuse(reading, "%s: %s cannot be read", parameter->name, path);
    }
    text[len] = '\0';
    if (len > FILE_BYTES_MAX || strlen(text) != len) {
        return refuse(reading, "%s: %s is no text of up to %d bytes",
                      parameter->name, path, FILE_BYTES_MAX);
    }
    return set_field(reading, parameter->name, parameter->field, text);
}

/* An option of the command's own. @value is NULL when none stands with it. */
static bool take_parameter(struct reading *reading,
                           const struct parameter *parameter, const char *value,
                           bool *took)
{
    mark_given(reading, parameter);
    *took = parameter->kind == PARAMETER_OPTION ||
            parameter->kind == PARAMETER_NEEDED ||
            parameter->kind == PARAMETER_FILE;
    if (parameter->kind == PARAMETER_SECRET) {
        reading->errand->wants_secret = true;
        return true;
    }
    if (!*took) {
        return set_field(reading, parameter->name, parameter->field,
                         parameter->value);
    }
    if (value == NULL) {
        return refuse(reading, "%s needs a value", parameter->name);
    }
    if (parameter->kind == PARAMETER_FILE) {
        return set_of_file(reading, parameter, value);
    }
    if (strcmp(parameter->name, reason_option) == 0) {
        reading->errand->options.reason = value;
    }
    return set_field(reading, parameter->name, parameter->field, value);
}

/* Why is said once, wherever: it goes with the request, and into the command
 * that has a place for it. */
static bool share_reason(struct reading *reading)
{
    const struct parameter *parameter =
        find_option(reading->errand->command, reason_option);
    bool took;

    return parameter == NULL || reading->errand->options.reason == NULL ||
           take_parameter(reading, parameter, reading->errand->options.reason,
                          &took);
}

static bool take_known(struct reading *reading, const char *name,
                       const char *value, bool *took)
{
    const struct command *command = reading->errand->command;
    const struct parameter *parameter =
        command == NULL ? NULL : find_option(command, name);
    const char *bad = NULL;

    if (parameter != NULL) {
        return take_parameter(reading, parameter, value, took);
    }
    if (!options_take(&reading->errand->options, name, value, took, &bad)) {
        return command == NULL
                   ? refuse(reading, "no such option: %s", name)
                   : refuse(reading, "%s%s%s has no option %s", command->group,
                            command->verb[0] == '\0' ? "" : " ", command->verb,
                            name);
    }
    if (bad == NULL) {
        return true;
    }
    return value == NULL
               ? refuse(reading, "%s %s", name, bad)
               : refuse(reading, "%s %s, not \"%s\"", name, bad, value);
}

static bool take_option(struct reading *reading, const char *word)
{
    char name[64];
    const char *inside = split(name, sizeof(name), word);
    const char *next =
        reading->at < reading->argc ? reading->argv[reading->at] : NULL;
    bool took = false;

    if (!take_known(reading, name, inside != NULL ? inside : next, &took)) {
        return false;
    }
    if (inside != NULL && !took) {
        return refuse(reading, "%s takes no value", name);
    }
    reading->at += took && inside == NULL;
    return true;
}

/* The parameter that the next word stands for. */
static const struct parameter *next_word(const struct reading *reading)
{
    const struct command *command = reading->errand->command;
    size_t place = 0;

    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &command->parameters[i];

        if (parameter->field == NULL) {
            return NULL;
        }
        if (parameter->kind == PARAMETER_PAIRS) {
            return parameter;
        }
        if ((parameter->kind == PARAMETER_WORD ||
             parameter->kind == PARAMETER_OPTIONAL) &&
            place++ == reading->words) {
            return parameter;
        }
    }
    return NULL;
}

/* NAME=VALUE, or NAME and VALUE in two words. */
static const char *read_pair(struct reading *reading, const char *word)
{
    char *pair;
    size_t len;

    if (strchr(word, '=') != NULL || reading->at == reading->argc) {
        return word; /* Without '=' the node says what is wrong with it. */
    }
    len = strlen(word) + strlen(reading->argv[reading->at]) + 2;
    pair = arena_alloc(reading->errand->arena, len);
    CHECK(pair != NULL);
    snprintf(pair, len, "%s=%s", word, reading->argv[reading->at++]);
    return pair;
}

static bool take_word(struct reading *reading, const char *word)
{
    const struct parameter *parameter = next_word(reading);

    if (parameter == NULL) {
        return refuse(reading, "\"%s\" is a word too many", word);
    }
    mark_given(reading, parameter);
    reading->words += 1;
    if (parameter->kind == PARAMETER_PAIRS) {
        word = read_pair(reading, word);
    }
    return set_field(reading, parameter->name, parameter->field, word);
}

static bool is_option(const struct reading *reading, const char *word)
{
    return !reading->only_words && word[0] == '-' && word[1] != '\0';
}

/* The next word that is no option; NULL at the end. Options before it are
 * taken. */
static bool read_word(struct reading *reading, const char **word_out)
{
    *word_out = NULL;
    while (reading->at < reading->argc) {
        const char *word = reading->argv[reading->at++];

        if (!reading->only_words && strcmp(word, "--") == 0) {
            reading->only_words = true;
        } else if (!is_option(reading, word)) {
            *word_out = word;
            return true;
        } else if (!take_option(reading, word)) {
            return false;
        }
    }
    return true;
}

static void begin_command(struct reading *reading,
                          const struct command *command)
{
    struct errand *errand = reading->errand;
    const ProtobufCMessageDescriptor *descriptor = command_request(command);

    errand->command = command;
    errand->request = arena_alloc(errand->arena, descriptor->sizeof_message);
    CHECK(errand->request != NULL);
    descriptor->message_init(errand->request);
}

/* A verb, of one word or two. NULL at the end. */
static bool read_verb(struct reading *reading, const char *group,
                      const char **verb_out)
{
    const char *second = NULL;
    size_t len;
    char *both;

    if (!read_word(reading, verb_out)) {
        return false;
    }
    if (*verb_out == NULL || !command_verb_goes_on(group, *verb_out)) {
        return true;
    }
    if (!read_word(reading, &second)) {
        return false;
    }
    if (second != NULL) {
        len = strlen(*verb_out) + strlen(second) + 2;
        both = arena_alloc(reading->errand->arena, len);
        CHECK(both != NULL);
        snprintf(both, len, "%s %s", *verb_out, second);
        *verb_out = both;
    }
    return true;
}

static bool read_help(struct reading *reading)
{
    struct errand *errand = reading->errand;

    errand->options.help = true;
    return read_word(reading, &errand->topic[0]) &&
           (errand->topic[0] == NULL ||
            read_verb(reading, errand->topic[0], &errand->topic[1]));
}

/* Group and verb. */
static bool read_command(struct reading *reading)
{
    struct errand *errand = reading->errand;
    const char *group, *verb = NULL;

    if (!read_word(reading, &group)) {
        return false;
    }
    if (group == NULL || strcmp(group, "help") == 0) {
        return group == NULL || read_help(reading);
    }
    if (!command_has_group(group)) {
        return refuse(reading, "no such command: %s", group);
    }
    errand->topic[0] = group;
    if (command_find(group, NULL) == NULL &&
        !read_verb(reading, group, &verb)) {
        return false;
    }
    errand->topic[1] = verb;
    if (command_find(group, verb) != NULL) {
        begin_command(reading, command_find(group, verb));
        return true;
    }
    if (errand->options.help) {
        return true;
    }
    return verb == NULL
               ? refuse(reading, "%s: what about them is not said", group)
               : refuse(reading, "no such command: %s %s", group, verb);
}

static bool set_presets(struct reading *reading)
{
    const struct command *command = reading->errand->command;

    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &command->parameters[i];

        if (parameter->field != NULL && parameter->kind == PARAMETER_INPUT) {
            reading->errand->input = parameter->field;
        }
        if (parameter->field != NULL && parameter->kind == PARAMETER_PRESET &&
            !set_field(reading, "", parameter->field, parameter->value)) {
            return false;
        }
    }
    return true;
}

static bool check_complete(struct reading *reading)
{
    const struct command *command = reading->errand->command;
    const struct options *options = &reading->errand->options;

    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &command->parameters[i];

        if (parameter->field != NULL && (reading->given & (1u << i)) == 0 &&
            (parameter->kind == PARAMETER_WORD ||
             parameter->kind == PARAMETER_PAIRS ||
             parameter->kind == PARAMETER_NEEDED)) {
            return refuse(reading, "%s is missing", parameter->name);
        }
    }
    if (command->list == NULL &&
        (options->limit != 0 || options->after != NULL)) {
        return refuse(reading, "--limit and --after are for lists");
    }
    return true;
}

static bool read_rest(struct reading *reading)
{
    const char *word;

    do {
        if (!read_word(reading, &word) ||
            (word != NULL && !take_word(reading, word))) {
            return false;
        }
    } while (word != NULL);
    return true;
}

bool errand_read(struct errand *errand, struct arena *arena, int argc,
                 char *const *argv, char why[WHY_BYTES])
{
    struct reading reading = {
        .errand = errand, .argc = argc, .at = 1, .argv = argv, .why = why};
    const char *missing;

    memset(errand, 0, sizeof(*errand));
    errand->arena = arena;
    options_init(&errand->options);
    if (!read_command(&reading) ||
        (errand->command != NULL &&
         (!read_rest(&reading) || !set_presets(&reading) ||
          !share_reason(&reading)))) {
        return false;
    }
    if (errand->options.help || errand->options.version) {
        return true;
    }
    if (errand->command == NULL) {
        return refuse(&reading, "no command was given");
    }
    missing = options_finish(&errand->options);
    if (missing != NULL) {
        return refuse(&reading, "%s", missing);
    }
    return check_complete(&reading);
}
