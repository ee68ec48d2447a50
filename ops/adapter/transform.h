/* An administrator's XSLT over a document, shut in: it reads and writes no
 * file and no address, and ends.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_TRANSFORM_H
#define OPS_ADAPTER_TRANSFORM_H

#include "ops/adapter/fault.h"
#include "proto/base/buffer.h"
#include "proto/base/slice.h"

enum {
    /* A document is a tree in memory while it is transformed, ten times its
     * size and more. */
    TRANSFORM_INPUT_BYTES_MAX = 256 * 1024 * 1024,
    TRANSFORM_OUTPUT_BYTES_MAX = 1024 * 1024 * 1024,
    TRANSFORM_DEPTH_MAX = 1000, /* Of templates within templates. */
    TRANSFORM_OPERATIONS_MAX = 1000 * 1000 * 1000, /* Of XPath, in all. */
};

/**
 * Transform a document.
 *
 * @xslt           XSLT 1.0; no import, include, document() or extension that
 *                 leads outside.
 * @extension_out  Of the file: ".xml", ".html" or ".txt", after xsl:output.
 *
 * Returns FAILED with what libxslt says.
 */
enum fault transform_apply(struct slice xslt, struct slice document,
                           struct buffer *result, const char **extension_out);

#endif
