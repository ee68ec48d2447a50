#include "storage/rocks/reason.h"

#include <ctype.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/journal.h"

enum { FILE_BYTES_MAX = 64 };

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

/* Find the file that a text names: 000123.sst, MANIFEST-000123. */
static void file_find(const char *reason, char file[FILE_BYTES_MAX])
{
    const char *at = strstr(reason, ".sst");
    const char *end = at;

    if (at != NULL) {
        while (at > reason && isdigit((unsigned char)at[-1])) {
            at--;
        }
        snprintf(file, FILE_BYTES_MAX, "%.*s", (int)(end - at) + 4, at);
        return;
    }
    /* What RocksDB says about no table's file it says about the MANIFEST. */
    at = strstr(reason, "MANIFEST-");
    end = at == NULL ? NULL : at + 9 + strspn(at + 9, "0123456789");
    if (at == NULL) {
        snprintf(file, FILE_BYTES_MAX, "MANIFEST");
    } else {
        snprintf(file, FILE_BYTES_MAX, "%.*s", (int)(end - at), at);
    }
}

enum error reason_take(const char *event, const char *path, char *reason)
{
    enum error error = reason_read(reason);
    char file[FILE_BYTES_MAX];

    if (error == ERROR_ROTTEN) {
        file_find(reason, file);
        journal_error("store_rotten", "path=%s file=%s reason=\"%s\"", path,
                      file, reason);
    } else if (error != ERROR_NONE) {
        journal_error(event, "path=%s error=%s reason=\"%s\"", path,
                      error_name(error), reason);
    }
    rocksdb_free(reason);
    return error;
}
