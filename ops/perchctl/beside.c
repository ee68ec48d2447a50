#include "ops/perchctl/beside.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/admin.h"
#include "proto/base/check.h"

bool beside_is_asked(int argc, char *const *argv)
{
    return argc > 1 &&
           (strcmp(argv[1], "export") == 0 || strcmp(argv[1], "import") == 0);
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
        memcpy(words + 3, argv + 1,
               (size_t)argc * sizeof(*words) - sizeof(*words));
        execv(other, words);
    }
    fprintf(stderr, "perchctl: %s cannot be run: %s\n", other, strerror(errno));
    free(words);
    return PERCH__ADMIN__RESULT__USAGE;
}
