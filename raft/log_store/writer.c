#include "raft/log_store/writer.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

struct writer {
    struct segments segments;
    struct vote_file *votes;
    struct mark mark; /* As last written. */
    uint8_t *buffer;  /* One batch. */
    size_t buffer_bytes;

    /* Of what is durable. */
    uint64_t serial;
    uint64_t next_index;
    uint32_t chain;
    uint64_t first_serial; /* Of the first batch in the segment in use. */

    struct writer_report figures;
};

/* A place in the list of requests: the record that is written next. */
struct cursor {
    const struct request *request; /* NULL: the end. */
    size_t entry;
};

/* The batch being put together. */
struct plan {
    struct cursor from;
    uint32_t records;
    size_t bytes; /* Header included, padding not. */
};

size_t writer_record_bytes_max(uint64_t segment_bytes)
{
    return segment_batch_bytes_max(segment_bytes) - BATCH_HEADER_BYTES;
}

enum error writer_open(struct device *device,
                       const struct log_store_options *options,
                       struct replay *replay, struct writer **writer_out)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    enum error error = ERROR_NO_MEMORY;

    if (writer == NULL) {
        return error;
    }
    writer->mark = replay->mark;
    writer->serial = replay->serial;
    writer->next_index = image_next(&replay->image);
    writer->chain = replay->chain;
    writer->buffer_bytes = segment_batch_bytes_max(options->segment_bytes);
    writer->buffer = blocks_alloc(writer->buffer_bytes);
    if (writer->buffer != NULL) {
        error = segments_open(&writer->segments, device, options, replay);
    }
    if (error == ERROR_NONE) {
        error = vote_file_open(device, &options->identity, &writer->votes);
    }
    if (error != ERROR_NONE) {
        writer_close(writer);
        return error;
    }
    *writer_out = writer;
    return ERROR_NONE;
}

void writer_close(struct writer *writer)
{
    if (writer == NULL) {
        return;
    }
    segments_close(&writer->segments);
    vote_file_close(writer->votes);
    free(writer->buffer);
    free(writer);
}

static size_t record_at(const struct cursor *cursor)
{
    const struct request *request = cursor->request;

    switch (request->kind) {
    case RECORD_ENTRY:
        return record_bytes(request->entries[cursor->entry].data.len);
    case RECORD_SNAPSHOT:
        return record_bytes(marker_bytes(&request->marker));
    case RECORD_TRUNCATE:
        return record_bytes(0);
    case RECORD_BATCH:
    default:
        CHECK_UNREACHABLE();
    }
}

static void cursor_step(struct cursor *cursor)
{
    cursor->entry++;
    if (cursor->request->kind != RECORD_ENTRY ||
        cursor->entry == cursor->request->n) {
        cursor->request = STAILQ_NEXT(cursor->request, link);
        cursor->entry = 0;
    }
}

/* Take as many records as fit, one at least. */
static struct plan plan_batch(const struct writer *writer,
                              struct cursor *cursor)
{
    struct plan plan = {.from = *cursor, .bytes = BATCH_HEADER_BYTES};

    while (cursor->request != NULL) {
        size_t more = record_at(cursor);

        if (plan.bytes + more > writer->buffer_bytes) {
            break;
        }
        plan.bytes += more;
        plan.records++;
        cursor_step(cursor);
    }
    CHECK(plan.records > 0);
    return plan;
}

static struct slice entry_payload(uint8_t *to, const struct log_entry *entry)
{
    if (entry->data.len > 0) {
        memcpy(to, entry->data.data, entry->data.len);
    }
    return slice_of(to, entry->data.len);
}

/* Segments are kept from the one that holds the first entry kept, in which
 * replaying can begin; at the latest from the one the marker goes to. */
static struct slice marker_payload(struct writer *writer, uint8_t *to,
                                   const struct request *request)
{
    struct segments *segments = &writer->segments;
    struct marker marker = request->marker;

    if (marker.replaces) {
        segment_table_cut(&segments->table, request->index + 1);
        writer->next_index = request->index + 1;
    }
    marker.keep_from = segment_table_find(&segments->table, marker.first_index);
    marker_write(to, &marker);
    segments->keep_from = marker.keep_from;
    return slice_of(to, marker_bytes(&marker));
}

static void put_record(struct writer *writer, uint8_t *to,
                       const struct cursor *cursor)
{
    const struct request *request = cursor->request;
    struct record record = {
        .chain = writer->chain,
        .kind = request->kind,
        .index = request->index + cursor->entry,
        .term = request->term,
    };

    switch (request->kind) {
    case RECORD_ENTRY:
        record.term = request->entries[cursor->entry].term;
        record.type = request->entries[cursor->entry].type;
        record.payload = entry_payload(to + RECORD_HEADER_BYTES,
                                       &request->entries[cursor->entry]);
        CHECK(record.index == writer->next_index);
        writer->next_index++;
        writer->figures.entries++;
        break;
    case RECORD_SNAPSHOT:
        record.payload =
            marker_payload(writer, to + RECORD_HEADER_BYTES, request);
        break;
    case RECORD_TRUNCATE:
        segment_table_cut(&writer->segments.table, request->index);
        writer->next_index = request->index;
        break;
    case RECORD_BATCH:
    default:
        CHECK_UNREACHABLE();
    }
    writer->chain = record_seal(to, &record);
}

static size_t round_up(size_t bytes)
{
    return (bytes + LOG_BLOCK_BYTES - 1) / LOG_BLOCK_BYTES * LOG_BLOCK_BYTES;
}

/* Lay the planned records into the buffer, pad, and seal the header last: it
 * counts the sectors that are zero on purpose. */
static void encode(struct writer *writer, const struct plan *plan, size_t len)
{
    struct cursor cursor = plan->from;
    size_t at = BATCH_HEADER_BYTES;
    struct batch batch = {
        .acknowledged = writer->next_index - 1,
        .chain = writer->chain,
        .serial = writer->serial + 1,
        .directory_id = writer->segments.identity.directory_id,
        .segment = writer->segments.number,
        .block = (uint32_t)(writer->segments.position / LOG_BLOCK_BYTES),
        .blocks = (uint32_t)(len / LOG_BLOCK_BYTES),
        .records = plan->records,
    };

    for (uint32_t i = 0; i < plan->records; i++) {
        size_t bytes = record_at(&cursor);

        put_record(writer, writer->buffer + at, &cursor);
        cursor_step(&cursor);
        at += bytes;
    }
    CHECK(at == plan->bytes);
    memset(writer->buffer + at, BATCH_PAD, len - at);
    /* The first sector is not zero, whatever the header will say. */
    batch.blank = (uint32_t)blank_sectors(writer->buffer + LOG_SECTOR_BYTES,
                                          len - LOG_SECTOR_BYTES);
    batch_seal(writer->buffer, &batch);
}

static enum error write_batch(struct writer *writer, const struct plan *plan)
{
    size_t len = round_up(plan->bytes);
    const struct segment_head head = {
        .first_index = writer->next_index,
        .first_serial = writer->serial + 1,
        .chain = writer->chain,
    };

    TRY(segments_room(&writer->segments, len, &head));
    if (writer->segments.position == LOG_BLOCK_BYTES) {
        writer->first_serial = head.first_serial;
    }
    encode(writer, plan, len);
    TRY(segments_write(&writer->segments, writer->buffer, len));
    writer->serial++;
    writer->figures.batches++;
    writer->figures.bytes += len;
    return ERROR_NONE;
}

enum error writer_write(struct writer *writer,
                        const struct request_list *requests)
{
    struct cursor cursor = {.request = STAILQ_FIRST(requests)};

    while (cursor.request != NULL) {
        struct plan plan = plan_batch(writer, &cursor);

        TRY(write_batch(writer, &plan));
    }
    return ERROR_NONE;
}

enum error writer_mark(struct writer *writer)
{
    const struct mark mark = {
        .serial = writer->mark.serial + 1,
        .batch = writer->serial,
        .index = writer->next_index - 1,
    };

    if (writer->mark.batch == mark.batch) {
        return ERROR_NONE;
    }
    TRY(vote_file_put_mark(writer->votes, &mark));
    writer->mark = mark;
    writer->figures.marks++;
    return ERROR_NONE;
}

struct segments *writer_segments(struct writer *writer)
{
    return &writer->segments;
}

void writer_report(const struct writer *writer,
                   struct writer_report *report_out)
{
    const struct segments *segments = &writer->segments;

    *report_out = writer->figures;
    report_out->position = segments->position;
    report_out->segment_bytes = segments->segment_bytes;
    report_out->spare_filled = segments->spare_filled;
    report_out->spare_ready = segments->spare_ready;
    report_out->can_drop = segments_can_drop(segments);
    report_out->segments = segments->table.n;
    report_out->spare_waits = segments->spare_waits;
    report_out->unmarked = writer->serial - writer->mark.batch;
    report_out->segment_unmarked = writer->mark.batch < writer->first_serial;
}
