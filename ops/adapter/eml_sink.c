#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ops/adapter/mail.h"
#include "ops/adapter/sheet.h"
#include "ops/adapter/sinks.h"
#include "ops/adapter/smtp.h"
#include "ops/adapter/transcript.h"

/* Of a transcript and of its records: a longer conversation goes into several
 * messages. Mail archives take 25 MiB and more; base64 adds a third. */
enum { EML_CONTENT_BYTES_MAX = 8 * 1024 * 1024 };

struct post {
    const struct batch *batch;
    struct folder *folder; /* Where messages are files, or */
    struct smtp *smtp;     /* where they are sent. */
    struct smtp_url url;
    struct mail_span span;
    struct buffer transcript, records, message;
    struct buffer files; /* struct folder_file of what was sent. */
};

static void put_number(struct buffer *to, const char *name, uint64_t number)
{
    buffer_printf(to, "%s: %" PRIu64 "\r\n", name, number);
}

static void put_addresses(struct buffer *to, const struct post *post)
{
    struct buffer list = BUFFER_EMPTY;

    if (post->smtp == NULL) {
        buffer_printf(&list, "perch-archive@%s", post->batch->cut.domain);
        mail_field(to, "From", buffer_slice(&list));
        buffer_clear(&list);
        buffer_printf(&list, "compliance@%s", post->batch->cut.domain);
    } else {
        mail_field(to, "From", slice_of_text(post->url.from));
        for (size_t i = 0; i < post->url.n_to; i++) {
            buffer_printf(&list, "%s%s", i == 0 ? "" : ", ", post->url.to[i]);
        }
    }
    mail_field(to, "To", buffer_slice(&list));
    to->failed = to->failed || list.failed;
    buffer_deinit(&list);
}

static void put_subject(struct buffer *to, const struct post *post,
                        const char *what)
{
    struct buffer subject = BUFFER_EMPTY;

    buffer_printf(&subject, "%s (records %" PRIu64 "-%" PRIu64 ")", what,
                  post->span.first_csn, post->span.last_csn);
    mail_field(to, "Subject", buffer_slice(&subject));
    to->failed = to->failed || subject.failed;
    buffer_deinit(&subject);
}

static void put_head(struct buffer *to, const struct post *post,
                     const char *what, const char *room)
{
    const struct cut *cut = &post->batch->cut;

    put_addresses(to, post);
    mail_date(to, post->span.last_us);
    put_subject(to, post, what);
    mail_id(to, cut, room, post->span.first_csn, post->span.last_csn);
    mail_field(to, "X-Perch-Pool", slice_of_text(cut->pool));
    mail_field(to, "X-Perch-Origin", slice_of_text(cut->origin));
    mail_field(to, "X-Perch-Adapter", slice_of_text(cut->adapter));
    mail_field(to, "X-Perch-Room", slice_of_text(room));
    put_number(to, "X-Perch-Cut-First", cut->first);
    put_number(to, "X-Perch-Cut-Last", cut->last);
    put_number(to, "X-Perch-First", post->span.first_csn);
    put_number(to, "X-Perch-Last", post->span.last_csn);
    put_number(to, "X-Perch-Events", post->span.events);
}

/* Hand the message to the folder, or to the server. */
static enum fault deliver(struct post *post, const char *tail)
{
    struct folder_file sent = {.bytes = post->message.len};

    if (buffer_failed(&post->message)) {
        return fault_memory();
    }
    if (post->smtp == NULL) {
        TAKE(folder_begin(post->folder, tail));
        TAKE(folder_write(post->folder, &post->message));
        return folder_end(post->folder);
    }
    TAKE(smtp_send(post->smtp, buffer_slice(&post->message)));
    snprintf(sent.name, sizeof(sent.name), "%s", tail + 1);
    sha256_text(post->message.data, post->message.len, sent.sha256);
    buffer_append(&post->files, &sent, sizeof(sent));
    buffer_clear(&post->message);
    return buffer_failed(&post->files) ? fault_memory() : FAULT_NONE;
}

/* End a message: what was gathered of a conversation. */
static enum fault end_message(struct post *post)
{
    const struct conversation *conversation =
        &post->batch->conversations[post->span.place];
    char tail[96];

    put_head(&post->message, post,
             conversation->name[0] != '\0' ? conversation->name
                                           : "(in no room)",
             conversation->room);
    mail_begin_parts(&post->message);
    mail_part(&post->message, "text/plain; charset=utf-8", NULL,
              buffer_slice(&post->transcript));
    mail_part(&post->message, "application/x-ndjson", "records.jsonl",
              buffer_slice(&post->records));
    mail_end_parts(&post->message);
    post->message.failed =
        post->message.failed || post->transcript.failed || post->records.failed;
    snprintf(tail, sizeof(tail), "-%s-%04" PRIu32 ".eml", conversation->room,
             post->span.part);
    TAKE(deliver(post, tail));
    buffer_clear(&post->transcript);
    buffer_clear(&post->records);
    post->span.events = 0;
    post->span.part += 1;
    return FAULT_NONE;
}

static void gather(struct post *post, struct event *event)
{
    if (post->span.events == 0) {
        post->span.first_csn = event->csn;
        post->span.first_us = event->time_us;
    }
    post->span.last_csn = event->csn;
    post->span.last_us = event->time_us;
    post->span.events += 1;
    transcript_line(&post->transcript, event);
    transcript_json(&post->records, event);
}

static enum fault write_conversation(struct post *post, uint32_t place)
{
    post->span = (struct mail_span){.place = place, .part = 1};
    for (uint32_t i = post->batch->conversations[place].first;
         i != BATCH_NOWHERE; i = post->batch->entries[i].next) {
        struct event event;
        enum fault fault = event_read(post->batch, i, &event);
        if (fault == FAULT_NONE) {
            gather(post, &event);
        }
        event_deinit(&event);
        TAKE(fault);
        if (post->transcript.len + post->records.len >= EML_CONTENT_BYTES_MAX) {
            TAKE(end_message(post));
        }
    }
    return post->span.events > 0 ? end_message(post) : FAULT_NONE;
}

/* The sheet is the last message, so that its arrival says: all were sent. */
static enum fault send_sheet(struct post *post, char sheet_out[])
{
    struct buffer sheet = BUFFER_EMPTY;
    const struct cut *cut = &post->batch->cut;
    enum fault fault =
        sheet_write(post->batch, SHEET_MESSAGES, (const void *)post->files.data,
                    post->files.len / sizeof(struct folder_file), &sheet);

    if (fault == FAULT_NONE) {
        sha256_text(sheet.data, sheet.len, sheet_out);
        post->span = (struct mail_span){.first_csn = cut->first,
                                        .last_csn = cut->last,
                                        .last_us = post->batch->last_us,
                                        .events = (uint32_t)post->batch->n};
        put_head(&post->message, post, "Reconciliation sheet", "sheet");
        mail_begin_parts(&post->message);
        mail_part(&post->message, "application/json", "sheet.json",
                  buffer_slice(&sheet));
        mail_end_parts(&post->message);
        fault = deliver(post, "-sheet.eml");
    }
    buffer_deinit(&sheet);
    return fault;
}

static enum fault open_sink(struct post *post)
{
    if (!smtp_url_is(post->batch->cut.output)) {
        return folder_open(&post->batch->cut, &post->folder);
    }
    TAKE(smtp_url_read(&post->batch->cut, &post->url));
    return smtp_open(&post->url, &post->smtp);
}

static enum fault write_all(struct post *post, char sheet_out[])
{
    TAKE(open_sink(post));
    for (uint32_t i = 0; i < post->batch->n_conversations; i++) {
        TAKE(write_conversation(post, i));
    }
    return post->smtp == NULL
               ? sheet_finish(post->batch, post->folder, sheet_out)
               : send_sheet(post, sheet_out);
}

enum fault eml_sink(const struct batch *batch, char sheet_out[])
{
    struct post post = {.batch = batch};
    enum fault fault = write_all(&post, sheet_out);

    smtp_close(post.smtp);
    smtp_url_deinit(&post.url);
    folder_close(post.folder);
    buffer_deinit(&post.transcript);
    buffer_deinit(&post.records);
    buffer_deinit(&post.message);
    buffer_deinit(&post.files);
    return fault;
}
