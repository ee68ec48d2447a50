#include "tests/unit/temp_directory.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"

void temp_directory_make(char path[TEMP_DIRECTORY_BYTES])
{
    const char *above = getenv("TMPDIR");
    int len = snprintf(path, TEMP_DIRECTORY_BYTES, "%s/perch-test-XXXXXX",
                       above == NULL ? "/tmp" : above);

    CHECK(len > 0 && len < TEMP_DIRECTORY_BYTES);
    CHECK(mkdtemp(path) != NULL);
}

static int remove_one(const char *path, const struct stat *stat, int type,
                      struct FTW *place)
{
    (void)stat;
    (void)type;
    (void)place;
    return remove(path);
}

void temp_directory_remove(const char *path)
{
    CHECK(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}
