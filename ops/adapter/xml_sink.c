#include <stdio.h>
#include <string.h>

#include "ops/adapter/attach.h"
#include "ops/adapter/conversations.h"
#include "ops/adapter/extension.h"
#include "ops/adapter/filedump_xsl.h"
#include "ops/adapter/sheet.h"
#include "ops/adapter/sinks.h"
#include "ops/adapter/transform.h"

/* A file and what is written to it. */
struct writing {
    const struct batch *batch;
    struct folder *folder;
    struct slice xslt; /* Empty: none. */
    struct buffer text, result;
};

/* What a document's file names begin with after the adapter's: "-ROOM". */
static void tail_of(const struct batch *batch, uint32_t which,
                    const char *extension, char tail[64])
{
    if (which == CONVERSATIONS_ALL) {
        snprintf(tail, 64, "%s", extension);
    } else {
        snprintf(tail, 64, "-%s%s", batch->conversations[which].room,
                 extension);
    }
}

static enum fault write_plain(struct writing *writing, uint32_t which)
{
    char tail[64];

    tail_of(writing->batch, which, ".xml", tail);
    TAKE(folder_begin(writing->folder, tail));
    TAKE(conversations_write(writing->batch, which, writing->folder,
                             &writing->text));
    return folder_end(writing->folder);
}

static enum fault write_transformed(struct writing *writing, uint32_t which)
{
    const char *extension;
    char tail[64];

    TAKE(conversations_write(writing->batch, which, NULL, &writing->text));
    TAKE(transform_apply(writing->xslt, buffer_slice(&writing->text),
                         &writing->result, &extension));
    buffer_clear(&writing->text);
    tail_of(writing->batch, which, extension, tail);
    TAKE(folder_begin(writing->folder, tail));
    TAKE(folder_write(writing->folder, &writing->result));
    return folder_end(writing->folder);
}

static enum fault write_manifest(struct writing *writing, uint32_t which)
{
    char tail[64];

    TAKE(attach_write(writing->batch, which, &writing->text));
    if (writing->text.len == 0) {
        return FAULT_NONE; /* Nothing was transferred. */
    }
    tail_of(writing->batch, which, ".ATTACH", tail);
    TAKE(folder_begin(writing->folder, tail));
    TAKE(folder_write(writing->folder, &writing->text));
    return folder_end(writing->folder);
}

static enum fault write_document(struct writing *writing, uint32_t which)
{
    TAKE(writing->xslt.len > 0 ? write_transformed(writing, which)
                               : write_plain(writing, which));
    return writing->batch->cut.attachments_manifest
               ? write_manifest(writing, which)
               : FAULT_NONE;
}

static enum fault write_documents(struct writing *writing)
{
    const struct batch *batch = writing->batch;

    if (!batch->cut.one_room_per_file) {
        return write_document(writing, CONVERSATIONS_ALL);
    }
    for (uint32_t i = 0; i < batch->n_conversations; i++) {
        if (batch->conversations[i].talk > 0) {
            TAKE(write_document(writing, i));
        }
    }
    return FAULT_NONE;
}

static enum fault write_all(struct writing *writing, char sheet_out[])
{
    TAKE(folder_open(&writing->batch->cut, &writing->folder));
    TAKE(write_documents(writing));
    TAKE(folder_begin(writing->folder, ".extension.xml"));
    TAKE(extension_write(writing->batch, writing->folder));
    TAKE(folder_end(writing->folder));
    return sheet_finish(writing->batch, writing->folder, sheet_out);
}

static enum fault sink(const struct batch *batch, struct slice xslt,
                       char sheet_out[])
{
    struct writing writing = {.batch = batch, .xslt = xslt};
    enum fault fault;

    if (batch->cut.transform_bytes > 0) {
        writing.xslt =
            slice_of(batch->cut.transform, batch->cut.transform_bytes);
    }
    fault = write_all(&writing, sheet_out);
    folder_close(writing.folder);
    buffer_deinit(&writing.text);
    buffer_deinit(&writing.result);
    return fault;
}

enum fault xml_sink(const struct batch *batch, char sheet_out[])
{
    return sink(batch, SLICE_NONE, sheet_out);
}

enum fault filedump_sink(const struct batch *batch, char sheet_out[])
{
    return sink(batch, slice_of(filedump_xsl, sizeof(filedump_xsl)), sheet_out);
}
