#include "ops/perchctl/beside.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/perchctl/options.h"
#include "proto/admin.h"
#include "proto/base/check.h"

/* Where the first word stands that is no option; argc: there is none. */
static int word_at(int argc, char *const *argv, int at)
{
    while (at < argc && argv[at][0] == '-') {
        at += options_have_value(argv[at]) ? 2 : 1;
    }
    return at < argc ? at : argc;
}

static bool is_ours(const char *word)
{
    return strcmp(word, "export") == 0 || strcmp(word, "import") == 0;
}

bool beside_is_asked(int argc, char *const *argv)
{
    int at = word_at(argc, argv, 1);

    if (at < argc && strcmp(argv[at], "help") == 0) {
        at = word_at(argc, argv, at + 1);
    }
    return at < argc && is_ours(argv[at]);
}

/* The command first, then all that stood around it; help is its option. */
static void order_words(char **words, int argc, char *const *argv)
{
    int at = word_at(argc, argv, 1);
    int help_at = strcmp(argv[at], "help") == 0 ? at : argc;
    size_t n = 0;

    at = help_at < argc ? word_at(argc, argv, help_at + 1) : at;
    words[n++] = argv[at];
    for (int i = 1; i < argc; i++) {
        if (i == help_at) {
            words[n++] = (char *)(uintptr_t) "--help";
        } else if (i != at) {
            words[n++] = argv[i];
        }
    }
}

int beside_become(int argc, char *const *argv)
{
    static char self[PATH_MAX], other[PATH_MAX + sizeof("perch-archive")];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char **words = calloc((size_t)argc + 3, sizeof(*words));
    char *slash;

    CHECK(words != NULL);
    slash = len > 0 ? strrchr(self, '/') : NULL;
    if (slash != NULL) {
        snprintf(other, sizeof(other), "%.*s/perch-archive",
                 (int)(slash - self), self);
        words[0] = other;
        words[1] = (char *)(uintptr_t) "--perchctl";
        words[2] = self;
        order_words(words + 3, argc, argv);
        execv(other, words);
    }
    fprintf(stderr, "perchctl: %s cannot be run: %s\n", other, strerror(errno));
    free(words);
    return PERCH__ADMIN__RESULT__USAGE;
}
