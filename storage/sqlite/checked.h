/* Files of SQLite's whose pages carry a checksum: what the file system gives
 * back is what was written, or an error.
 *
 *   page: 4,084 bytes of SQLite's | number of the commit | CRC32C of all that
 *                                                          and the page's place
 *
 * The last 8 bytes are those that SQLite sets aside (SQLITE_FCNTL_
 * RESERVE_BYTES). A page that is from a later commit than the file's log knows
 * of is damage, too: part of the log is gone. The log (WAL) is SQLite's own to
 * check.
 *
 * Thread: that of the database.
 */
#ifndef STORAGE_SQLITE_CHECKED_H
#define STORAGE_SQLITE_CHECKED_H

#include <sqlite3.h>
#include <stdint.h>

#include "proto/base/error.h"

#define CHECKED_VFS "perch-checked"

enum {
    CHECKED_PAGE_BYTES = 4096,
    CHECKED_RESERVED_BYTES = 8,
};

/** Make the files known to SQLite under CHECKED_VFS; again does no harm. */
enum error checked_register(void);

/** Say the number of the commit that is made next; pages written from now on
 * carry it. */
void checked_set_commit(sqlite3 *db, uint32_t number);

/** Say the number of the last commit the database knows of: a later page is
 * damage from now on. */
void checked_expect(sqlite3 *db, uint32_t number);

#endif
