/* The last bytes of a table's file, which RocksDB does not checksum: they say
 * how its blocks are checked, and one flipped bit there says "not at all".
 *
 * Spec: RocksDB's block based table, footer of format 1 to 5: checksum kind
 * (1), two block handles and padding (40), format (4), magic (8);
 * little-endian.
 *
 * Thread: any.
 */
#ifndef STORAGE_ROCKS_FOOTER_H
#define STORAGE_ROCKS_FOOTER_H

#include "proto/base/error.h"

enum {
    FOOTER_BYTES = 53,
    FOOTER_NAME_BYTES_MAX = 64,
    TABLE_FORMAT = 5, /* The newest that 7.8.3 writes. */
    /* RocksDB's numbers of the sums our tables have had. */
    TABLE_CHECKSUM_CRC32C = 1,
    TABLE_CHECKSUM_XXH3 = 4,
};

/**
 * Look for a table's file whose footer is not as our tables' are.
 *
 * In a store that was not closed in good order such a file may also be what a
 * flush left half written; in a checkpoint it is damage.
 *
 * @name_out  Of the first one; FOOTER_NAME_BYTES_MAX bytes; empty for none.
 *
 * Returns what files_list and files_read return.
 */
enum error footer_find_bad(const char *directory, char *name_out);

#endif
