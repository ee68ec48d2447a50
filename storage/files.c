#include "storage/files.h"

#include <stdio.h>

/* What is the same on every kind of disk. */

enum error files_path(char to[FILES_PATH_BYTES_MAX], const char *directory,
                      const char *name)
{
    int bytes = snprintf(to, FILES_PATH_BYTES_MAX, "%s/%s", directory, name);

    return bytes < FILES_PATH_BYTES_MAX ? ERROR_NONE : ERROR_TOO_LARGE;
}
