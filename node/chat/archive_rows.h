/* The rows of the archive, its adapters and its witnesses.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ARCHIVE_ROWS_H
#define NODE_CHAT_ARCHIVE_ROWS_H

#include "node/chat/encode.h"
#include "node/chat/load.h"

/** Append the archive's row, as an encoder. */
encoder encode_archive;

/** Take in the archive's row, as a loader. */
loader load_archive;

/** The same of adapters. */
encoder encode_adapter;
loader load_adapter;

/** The same of witnesses. */
encoder encode_witness;
loader load_witness;

#endif
