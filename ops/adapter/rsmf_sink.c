#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "ops/adapter/mail.h"
#include "ops/adapter/rsmf_manifest.h"
#include "ops/adapter/sheet.h"
#include "ops/adapter/sinks.h"
#include "proto/base/time_text.h"

/* Of the only entry: 1980-01-01 00:00:00, where MS-DOS began. */
enum { ZIP_DATE = (1 << 5) | 1, ZIP_TIME = 0 };

static enum fault zip_failed(const char *reason)
{
    return fault_say(FAULT_FAILED, "rsmf.zip: %s", reason);
}

/* Stored, not compressed: the same bytes from every version of zlib. */
static bool add_entry(zip_t *zip, const char *name, const char *text)
{
    zip_source_t *content = zip_source_buffer(zip, text, strlen(text), 0);
    zip_int64_t index;

    if (content == NULL) {
        return false;
    }
    index = zip_file_add(zip, name, content, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(content);
        return false;
    }
    return zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE,
                                    0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)index, ZIP_TIME, ZIP_DATE,
                                0) == 0;
}

/* Read back what was written into memory. */
static bool read_back(zip_source_t *source, struct buffer *to)
{
    zip_stat_t stat;
    uint8_t *room;
    zip_int64_t n;

    if (zip_source_open(source) != 0) {
        return false;
    }
    if (zip_source_stat(source, &stat) != 0 ||
        (room = buffer_reserve(to, stat.size)) == NULL) {
        zip_source_close(source);
        return false;
    }
    n = zip_source_read(source, room, stat.size);
    zip_source_close(source);
    if (n < 0 || (zip_uint64_t)n != stat.size) {
        return false;
    }
    to->len += stat.size;
    return true;
}

static enum fault make_zip(const char *manifest, struct buffer *to)
{
    zip_error_t error;
    zip_source_t *source;
    zip_t *zip;
    enum fault fault = FAULT_NONE;

    zip_error_init(&error);
    source = zip_source_buffer_create(NULL, 0, 0, &error);
    if (source == NULL) {
        return fault_memory();
    }
    zip_source_keep(source); /* Beyond zip_close. */
    zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    if (zip == NULL) {
        zip_source_free(source);
        fault = zip_failed(zip_error_strerror(&error));
    } else if (!add_entry(zip, "rsmf_manifest.json", manifest)) {
        fault = zip_failed(zip_strerror(zip));
        zip_discard(zip);
    } else if (zip_close(zip) != 0) {
        fault = zip_failed(zip_strerror(zip));
        zip_discard(zip);
    } else if (!read_back(source, to)) {
        fault = fault_memory();
    }
    zip_source_free(source);
    zip_error_fini(&error);
    return fault;
}

struct writing {
    const struct batch *batch;
    struct folder *folder;
    struct mail_span span;
    struct rsmf_manifest manifest;
    struct buffer zip, message;
};

static void put_moment(struct buffer *to, const char *name, int64_t time_us)
{
    char text[TIME_TEXT_BYTES + 1];

    time_write(time_us, text);
    mail_field(to, name, slice_of_text(text));
}

static void put_message(struct writing *writing)
{
    const struct batch *batch = writing->batch;
    const struct mail_span *span = &writing->span;
    const struct conversation *conversation =
        &batch->conversations[span->place];
    struct buffer *to = &writing->message;

    buffer_append_text(to, "X-RSMF-Version: " RSMF_VERSION "\r\n"
                           "X-RSMF-Generator: perch\r\n");
    put_moment(to, "X-RSMF-BeginDate", span->first_us);
    put_moment(to, "X-RSMF-EndDate", span->last_us);
    buffer_printf(to, "X-RSMF-EventCount: %" PRIu32 "\r\n", span->events);
    buffer_printf(to, "From: perch-archive@%s\r\n", batch->cut.domain);
    buffer_printf(to, "To: compliance@%s\r\n", batch->cut.domain);
    mail_date(to, span->last_us);
    mail_field(to, "Subject",
               slice_of_text(conversation->name[0] != '\0' ? conversation->name
                                                           : "(in no room)"));
    mail_id(to, &batch->cut, conversation->room, span->first_csn,
            span->last_csn);
    mail_begin_parts(to);
    mail_part(to, "text/plain; charset=utf-8", NULL,
              SLICE_LITERAL("A conversation of a perch pool; see rsmf.zip.\n"));
    mail_part(to, "application/zip", "rsmf.zip", buffer_slice(&writing->zip));
    mail_end_parts(to);
}

static enum fault end_file(struct writing *writing)
{
    char tail[96],
        *manifest = rsmf_manifest_dump(&writing->manifest, writing->span.place);
    enum fault fault =
        manifest == NULL ? fault_memory() : make_zip(manifest, &writing->zip);

    free(manifest);
    TAKE(fault);
    put_message(writing);
    snprintf(tail, sizeof(tail), "-%s-%04" PRIu32 ".rsmf",
             writing->batch->conversations[writing->span.place].room,
             writing->span.part);
    TAKE(folder_begin(writing->folder, tail));
    TAKE(folder_write(writing->folder, &writing->message));
    TAKE(folder_end(writing->folder));
    buffer_clear(&writing->zip);
    rsmf_manifest_deinit(&writing->manifest);
    rsmf_manifest_init(&writing->manifest, writing->batch);
    writing->span.events = 0;
    writing->span.part += 1;
    return FAULT_NONE;
}

static void gather(struct writing *writing, const struct event *event)
{
    struct mail_span *span = &writing->span;

    if (span->events == 0) {
        span->first_csn = event->csn;
        span->first_us = event->time_us;
    }
    span->last_csn = event->csn;
    span->last_us = event->time_us;
    span->events += 1;
    rsmf_manifest_add(&writing->manifest, event);
}

static enum fault write_conversation(struct writing *writing, uint32_t place)
{
    const struct batch *batch = writing->batch;

    writing->span = (struct mail_span){.place = place, .part = 1};
    for (uint32_t i = batch->conversations[place].first; i != BATCH_NOWHERE;
         i = batch->entries[i].next) {
        struct event event;
        enum fault fault = event_read(batch, i, &event);
        if (fault == FAULT_NONE) {
            gather(writing, &event);
        }
        event_deinit(&event);
        TAKE(fault);
        if (writing->span.events == RSMF_EVENTS_MAX) {
            TAKE(end_file(writing));
        }
    }
    return writing->span.events > 0 ? end_file(writing) : FAULT_NONE;
}

static enum fault write_all(struct writing *writing, char sheet_out[])
{
    TAKE(folder_open(&writing->batch->cut, &writing->folder));
    for (uint32_t i = 0; i < writing->batch->n_conversations; i++) {
        TAKE(write_conversation(writing, i));
    }
    return sheet_finish(writing->batch, writing->folder, sheet_out);
}

enum fault rsmf_sink(const struct batch *batch, char sheet_out[])
{
    struct writing writing = {.batch = batch};
    enum fault fault;

    rsmf_manifest_init(&writing.manifest, batch);
    fault = write_all(&writing, sheet_out);
    rsmf_manifest_deinit(&writing.manifest);
    folder_close(writing.folder);
    buffer_deinit(&writing.zip);
    buffer_deinit(&writing.message);
    return fault;
}
