/* Any bytes as an adapter's input: it is refused, or read into records that
 * all formats can show; what becomes XML is well-formed, whatever they say.
 */
#include <libxml/parser.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/adapter/attach.h"
#include "ops/adapter/batch.h"
#include "ops/adapter/conversations.h"
#include "ops/adapter/event.h"
#include "ops/adapter/rsmf_manifest.h"
#include "ops/adapter/sheet.h"
#include "ops/adapter/smtp_url.h"
#include "ops/adapter/transcript.h"
#include "proto/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_xml(const struct batch *batch)
{
    struct buffer text = BUFFER_EMPTY;
    xmlDocPtr document;

    CHECK(conversations_write(batch, CONVERSATIONS_ALL, NULL, &text) ==
          FAULT_NONE);
    document = xmlReadMemory((const char *)text.data, (int)text.len, "made",
                             NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    CHECK(document != NULL);
    xmlFreeDoc(document);
    buffer_clear(&text);
    CHECK(attach_write(batch, CONVERSATIONS_ALL, &text) == FAULT_NONE);
    buffer_clear(&text);
    CHECK(sheet_write(batch, SHEET_FILES, NULL, 0, &text) == FAULT_NONE);
    buffer_deinit(&text);
}

static void try_records(const struct batch *batch)
{
    struct rsmf_manifest manifest;
    struct buffer text = BUFFER_EMPTY;
    char *dump;

    rsmf_manifest_init(&manifest, batch);
    for (size_t i = 0; i < batch->n; i++) {
        struct event event;
        CHECK(event_read(batch, i, &event) == FAULT_NONE);
        CHECK(event.csn == batch->cut.first + i);
        rsmf_manifest_add(&manifest, &event);
        transcript_line(&text, &event);
        transcript_json(&text, &event);
        event_deinit(&event);
    }
    CHECK(!buffer_failed(&text));
    dump = rsmf_manifest_dump(&manifest, BATCH_POOL);
    CHECK(dump != NULL);
    free(dump);
    rsmf_manifest_deinit(&manifest);
    buffer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smtp_url url;
    struct batch batch;
    FILE *input;

    if (size == 0) {
        return 0;
    }
    input = fmemopen((void *)(uintptr_t)data, size, "r");
    CHECK(input != NULL);
    if (batch_read(input, &batch) == FAULT_NONE) {
        try_xml(&batch);
        try_records(&batch);
        (void)smtp_url_read(&batch.cut, &url);
        smtp_url_deinit(&url);
    }
    batch_deinit(&batch);
    fclose(input);
    return 0;
}
