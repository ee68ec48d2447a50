#include "ops/perchctl/options.h"

#include <stdlib.h>
#include <string.h>

#include "proto/admin.h"

const struct option_fact option_facts[] = {
    {"--socket", "PATH",
     "a node's local socket, " ADMIN_SOCKET_DEFAULT
     " unless PERCH_SOCKET says other; may be repeated, and the first that "
     "answers is asked"},
    {"--tls", "HOST:PORT",
     "a node's [admin] listen, asked by TLS; may be repeated, likewise"},
    {"--authority", "FILE", "who issues to nodes, PEM; for --tls"},
    {"--certificate", "FILE",
     "the administrator's, CN=admin:NAME, PEM; for --tls"},
    {"--key", "FILE", "its key, PEM; for --tls"},
    {"--json", NULL,
     "print the reply as one JSON object, whatever it is; names of fields stay "
     "as they are from version to version"},
    {"--dry-run", NULL,
     "have a change judged by the pool's rules and print what would come of "
     "it; nothing is changed"},
    {"--reason", "TEXT",
     "why a change is made: one line, kept with the change in the log and "
     "shown in the node's journal"},
    {"--stale", NULL,
     "look at what this node knows now, though the pool may be further"},
    {"--timeout", "SECONDS", "how long to wait for an answer, 10 unless given"},
    {"--limit", "N", "items of a list at most; else all"},
    {"--after", "MARK", "go on with a list behind this mark of an earlier one"},
    {"--help", NULL, "show help, of the command if one is named"},
    {"--version", NULL, "show the version"},
};

const size_t option_facts_n = sizeof(option_facts) / sizeof(option_facts[0]);

void options_init(struct options *options)
{
    memset(options, 0, sizeof(*options));
    options->timeout_s = TIMEOUT_S_DEFAULT;
}

static const char *add_endpoint(struct options *options, bool is_far,
                                const char *name)
{
    if (options->n_endpoints == ENDPOINTS_MAX) {
        return "may be given 16 times at most";
    }
    options->endpoints[options->n_endpoints++] =
        (struct endpoint){is_far, name};
    return NULL;
}

/* Returns otherwise when it is no number from 1 to most. */
static const char *read_count(const char *text, uint32_t most, uint32_t *to,
                              const char *otherwise)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number == 0 ||
        number > most) {
        return otherwise;
    }
    *to = (uint32_t)number;
    return NULL;
}

static bool take_flag(struct options *options, const char *name)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--json", &options->json},       {"-j", &options->json},
        {"--dry-run", &options->dry_run}, {"-n", &options->dry_run},
        {"--stale", &options->stale},     {"--help", &options->help},
        {"-h", &options->help},           {"--version", &options->version}};

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(flags[i].name, name) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static bool take_text(struct options *options, const char *name,
                      const char *value)
{
    struct {
        const char *name;
        const char **text;
    } texts[] = {{"--authority", &options->authority},
                 {"--certificate", &options->certificate},
                 {"--key", &options->key},
                 {"--reason", &options->reason},
                 {"--after", &options->after}};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].name, name) == 0) {
            *texts[i].text = value;
            return true;
        }
    }
    return false;
}

bool options_have_value(const char *name)
{
    for (size_t i = 0; i < option_facts_n; i++) {
        if (strcmp(option_facts[i].name, name) == 0) {
            return option_facts[i].value != NULL;
        }
    }
    return false;
}

bool options_take(struct options *options, const char *name, const char *value,
                  bool *took, const char **why)
{
    *took = false;
    *why = NULL;
    if (take_flag(options, name)) {
        return true;
    }
    if (!options_have_value(name)) {
        return false;
    }
    *took = true;
    if (value == NULL) {
        *why = "needs a value";
    } else if (strcmp(name, "--socket") == 0) {
        *why = add_endpoint(options, false, value);
    } else if (strcmp(name, "--tls") == 0) {
        *why = add_endpoint(options, true, value);
    } else if (strcmp(name, "--timeout") == 0) {
        *why = read_count(value, TIMEOUT_S_MAX, &options->timeout_s,
                          "takes seconds from 1 to 300");
    } else if (strcmp(name, "--limit") == 0) {
        *why = read_count(value, UINT32_MAX, &options->limit,
                          "takes a whole number from 1");
    } else {
        take_text(options, name, value);
    }
    return true;
}

static bool is_far_named(const struct options *options)
{
    for (size_t i = 0; i < options->n_endpoints; i++) {
        if (options->endpoints[i].is_far) {
            return true;
        }
    }
    return false;
}

const char *options_finish(struct options *options)
{
    const char *path = getenv("PERCH_SOCKET");

    if (options->n_endpoints == 0) {
        add_endpoint(options, false,
                     path != NULL && path[0] != '\0' ? path
                                                     : ADMIN_SOCKET_DEFAULT);
    }
    if (is_far_named(options) &&
        (options->authority == NULL || options->certificate == NULL ||
         options->key == NULL)) {
        return "--tls needs --authority, --certificate and --key";
    }
    return NULL;
}
