#include "storage/sqlite/checked.h"

#include <inttypes.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/journal.h"

/* SQLite allots szOsFile bytes: ours, then those of the files beneath. */
struct checked_file {
    sqlite3_file base; /* First. */
    bool is_pages;     /* The database, not its log. */
    uint32_t commit;   /* Of the pages written next. */
    uint32_t commit_max;
    const char *path; /* SQLite keeps it as long as the file is open. */
    sqlite3_file beneath[];
};

enum {
    COMMIT_OFFSET = CHECKED_PAGE_BYTES - CHECKED_RESERVED_BYTES,
    SUM_OFFSET = CHECKED_PAGE_BYTES - 4,
};

static sqlite3_vfs checked_vfs;
static sqlite3_vfs *system_vfs;

static struct checked_file *checked_of(sqlite3_file *file)
{
    return (struct checked_file *)file;
}

static sqlite3_file *beneath(sqlite3_file *file)
{
    return checked_of(file)->beneath;
}

static uint32_t sum_of(const uint8_t *page, sqlite3_int64 offset)
{
    uint64_t place = (uint64_t)offset;

    return checksum_extend(checksum_of(&place, sizeof(place)), page,
                           SUM_OFFSET);
}

static bool is_page(const struct checked_file *file, int n,
                    sqlite3_int64 offset)
{
    return file->is_pages && n == CHECKED_PAGE_BYTES &&
           offset % CHECKED_PAGE_BYTES == 0;
}

static int rotten(const struct checked_file *file, sqlite3_int64 offset,
                  const char *reason)
{
    journal_error("catalog_rotten", "file=%s page=%lld reason=\"%s\"",
                  file->path, (long long)(offset / CHECKED_PAGE_BYTES) + 1,
                  reason);
    return SQLITE_CORRUPT;
}

static int verify(const struct checked_file *file, const uint8_t *page,
                  sqlite3_int64 offset)
{
    uint32_t commit, sum;

    memcpy(&commit, page + COMMIT_OFFSET, sizeof(commit));
    memcpy(&sum, page + SUM_OFFSET, sizeof(sum));
    if (sum != sum_of(page, offset)) {
        return rotten(file, offset, "its checksum is another");
    }
    if (commit > file->commit_max) {
        return rotten(file, offset, "it is newer than the log's end");
    }
    return SQLITE_OK;
}

static int on_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 offset)
{
    int rc = beneath(file)->pMethods->xRead(beneath(file), bytes, n, offset);

    if (!is_page(checked_of(file), n, offset)) {
        return rc;
    }
    if (rc == SQLITE_IOERR_SHORT_READ && offset > 0) {
        return rotten(checked_of(file), offset, "the file ends before it");
    }
    return rc == SQLITE_OK ? verify(checked_of(file), bytes, offset) : rc;
}

static int on_write(sqlite3_file *file, const void *bytes, int n,
                    sqlite3_int64 offset)
{
    uint8_t page[CHECKED_PAGE_BYTES];
    uint32_t sum;

    if (!is_page(checked_of(file), n, offset)) {
        return beneath(file)->pMethods->xWrite(beneath(file), bytes, n, offset);
    }
    memcpy(page, bytes, sizeof(page));
    memcpy(page + COMMIT_OFFSET, &checked_of(file)->commit, 4);
    sum = sum_of(page, offset);
    memcpy(page + SUM_OFFSET, &sum, sizeof(sum));
    return beneath(file)->pMethods->xWrite(beneath(file), page, n, offset);
}

/* All else goes to the files beneath as it is. */

static int on_close(sqlite3_file *file)
{
    return beneath(file)->pMethods->xClose(beneath(file));
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return beneath(file)->pMethods->xTruncate(beneath(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    return beneath(file)->pMethods->xSync(beneath(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size_out)
{
    return beneath(file)->pMethods->xFileSize(beneath(file), size_out);
}

static int on_lock(sqlite3_file *file, int level)
{
    return beneath(file)->pMethods->xLock(beneath(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return beneath(file)->pMethods->xUnlock(beneath(file), level);
}

static int on_check_lock(sqlite3_file *file, int *held_out)
{
    return beneath(file)->pMethods->xCheckReservedLock(beneath(file), held_out);
}

static int on_control(sqlite3_file *file, int what, void *argument)
{
    return beneath(file)->pMethods->xFileControl(beneath(file), what, argument);
}

static int on_sector_size(sqlite3_file *file)
{
    return beneath(file)->pMethods->xSectorSize(beneath(file));
}

static int on_characteristics(sqlite3_file *file)
{
    return beneath(file)->pMethods->xDeviceCharacteristics(beneath(file));
}

/* Version 1: no pages in shared or mapped memory, past our reads. A log needs
 * neither while one connection alone has the file. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_lock,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_characteristics,
};

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file,
                   int flags, int *flags_out)
{
    struct checked_file *checked = checked_of(file);
    int rc;

    (void)vfs;
    memset(checked, 0, sizeof(*checked));
    rc =
        system_vfs->xOpen(system_vfs, path, checked->beneath, flags, flags_out);
    if (rc == SQLITE_OK) {
        checked->base.pMethods = &methods;
        checked->is_pages = (flags & SQLITE_OPEN_MAIN_DB) != 0;
        checked->commit_max = UINT32_MAX;
        checked->path = path;
    }
    return rc;
}

enum error checked_register(void)
{
    if (sqlite3_vfs_find(CHECKED_VFS) != NULL) {
        return ERROR_NONE;
    }
    system_vfs = sqlite3_vfs_find(NULL);
    if (system_vfs == NULL) {
        return ERROR_STORE_IO;
    }
    checked_vfs = *system_vfs;
    checked_vfs.zName = CHECKED_VFS;
    checked_vfs.pNext = NULL;
    checked_vfs.szOsFile += (int)sizeof(struct checked_file);
    checked_vfs.xOpen = on_open;
    return sqlite3_vfs_register(&checked_vfs, 0) == SQLITE_OK ? ERROR_NONE
                                                              : ERROR_NO_MEMORY;
}

static struct checked_file *file_of(sqlite3 *db)
{
    sqlite3_file *file = NULL;

    CHECK(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) ==
          SQLITE_OK);
    CHECK(file != NULL && file->pMethods == &methods);
    return checked_of(file);
}

void checked_set_commit(sqlite3 *db, uint32_t number)
{
    file_of(db)->commit = number;
}

void checked_expect(sqlite3 *db, uint32_t number)
{
    file_of(db)->commit_max = number;
}
