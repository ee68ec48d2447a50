#include "storage/rocks/reason.h"

#include <ctype.h>
#include <rocksdb/c.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/journal.h"
#include "storage/rocks/footer.h"

enum { FILE_BYTES_MAX = FOOTER_NAME_BYTES_MAX };

/* The first line whose words are all in the text counts. What the operating
 * system refuses for want of something is never rot, whatever wraps it. */
static const struct {
    const char *words[2];
    enum error error;
} meanings[] = {
    {{"No space left on device"}, ERROR_NO_SPACE},
    {{"Disk quota exceeded"}, ERROR_NO_SPACE},
    {{"Cannot allocate memory"}, ERROR_NO_MEMORY},
    {{"Permission denied"}, ERROR_STORE_IO},
    {{"Read-only file system"}, ERROR_STORE_IO},
    {{"Too many open files"}, ERROR_STORE_IO},
    {{"Input/output error"}, ERROR_STORE_IO},
    {{"lock", "Resource temporarily unavailable"}, ERROR_BUSY},
    {{"lock", "No locks available"}, ERROR_BUSY},
    {{"Column families not opened"}, ERROR_UNSUPPORTED},
    {{"Column family not found"}, ERROR_ROTTEN},
    {{"Corruption"}, ERROR_ROTTEN},
    {{"No such file or directory", ".sst"}, ERROR_ROTTEN},
    {{"No such file or directory", "MANIFEST"}, ERROR_ROTTEN},
    {{"No such file or directory", "CURRENT"}, ERROR_ROTTEN},
};

enum error reason_read(const char *reason)
{
    if (reason == NULL) {
        return ERROR_NONE;
    }
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        const char *second = meanings[i].words[1];

        if (strstr(reason, meanings[i].words[0]) != NULL &&
            (second == NULL || strstr(reason, second) != NULL)) {
            return meanings[i].error;
        }
    }
    return ERROR_STORE_IO;
}

/* Name a table's file by the number before an extension in the text. Missing
 * files are told with the extension they once had. */
static bool table_find(const char *reason, const char *extension,
                       char file[FILE_BYTES_MAX])
{
    const char *end = strstr(reason, extension), *at = end;

    if (end == NULL) {
        return false;
    }
    while (at > reason && isdigit((unsigned char)at[-1])) {
        at--;
    }
    snprintf(file, FILE_BYTES_MAX, "%.*s.sst", (int)(end - at), at);
    return true;
}

/* Find the file that is meant. RocksDB names the MANIFEST in what it says of
 * a table's footer, and only in that. */
static void file_find(const char *reason, const char *path,
                      char file[FILE_BYTES_MAX])
{
    const char *at = strstr(reason, "MANIFEST-");

    if (table_find(reason, ".sst", file) || table_find(reason, ".ldb", file)) {
        return;
    }
    if (footer_find_bad(path, file) == ERROR_NONE && file[0] != '\0') {
        return;
    }
    if (at == NULL) {
        snprintf(file, FILE_BYTES_MAX, "MANIFEST");
    } else {
        snprintf(file, FILE_BYTES_MAX, "MANIFEST-%.*s",
                 (int)strspn(at + 9, "0123456789"), at + 9);
    }
}

enum error reason_take(const char *event, const char *path, char *reason)
{
    enum error error = reason_read(reason);
    char file[FILE_BYTES_MAX];

    if (error == ERROR_ROTTEN) {
        file_find(reason, path, file);
        journal_error("store_rotten", "path=%s file=%s reason=\"%s\"", path,
                      file, reason);
    } else if (error != ERROR_NONE) {
        journal_error(event, "path=%s error=%s reason=\"%s\"", path,
                      error_name(error), reason);
    }
    rocksdb_free(reason);
    return error;
}
