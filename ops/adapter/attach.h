/* The attachment manifest: a .ATTACH file beside an output file, one line for
 * each file that went up or down.
 *
 *   stored name TAB name TAB bytes TAB sha256 TAB FILEUPLOAD or FILEDOWNLOAD
 *   TAB user TAB time TAB csn LF
 *
 * In a name, a backslash, tab and line end are \\, \t, \n and \r. What is not
 * known is empty. The file itself lies in the archive, files/ab/abcd... by its
 * SHA-256.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_ATTACH_H
#define OPS_ADAPTER_ATTACH_H

#include "ops/adapter/batch.h"
#include "proto/base/buffer.h"

/** Write the manifest of all conversations, or one. Empty without transfers. */
enum fault attach_write(const struct batch *batch, uint32_t which,
                        struct buffer *text);

#endif
