#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ops/adapter/details.h"
#include "ops/adapter/sheet.h"
#include "ops/adapter/sinks.h"
#include "proto/base/time_text.h"

/* RFC 4180: CR LF after each row, quotes around each text. A text that a
 * spreadsheet would take for a formula gets an apostrophe in front, and so does
 * one that begins with an apostrophe: take one away and have the text. */
static void put_text(struct buffer *to, struct slice text)
{
    buffer_append_text(to, "\"");
    if (text.len > 0 && strchr("=+-@\t\r'", text.data[0]) != NULL) {
        buffer_append_text(to, "'");
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') {
            buffer_append_text(to, "\"\"");
        } else if (text.data[i] == '\0') {
            buffer_append_text(to, "\xef\xbf\xbd"); /* U+FFFD */
        } else {
            buffer_append(to, &text.data[i], 1);
        }
    }
    buffer_append_text(to, "\"");
}

enum form { TEXT, NUMBER };

/* Columns that are fields of the record. */
static const struct {
    const char *name;
    enum form form;
} fields[] = {
    {"node", NUMBER},       {"log_index", NUMBER},  {"term", NUMBER},
    {"ordinal", NUMBER},    {"outcome", NUMBER},    {"room", TEXT},
    {"room_name", TEXT},    {"category", TEXT},     {"category_name", TEXT},
    {"user", TEXT},         {"display_name", TEXT}, {"principal", NUMBER},
    {"message_id", NUMBER}, {"of_csn", NUMBER},     {"author", TEXT},
    {"reason", TEXT},       {"before", TEXT},       {"after", TEXT},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static void put_head(struct buffer *to)
{
    buffer_append_text(to, "csn,kind,type,time");
    for (size_t i = 0; i < FIELDS; i++) {
        buffer_printf(to, ",%s", fields[i].name);
    }
    buffer_append_text(to, ",content,all\r\n");
}

/* Everything but the leaf, as JSON. */
static void put_all(struct buffer *to, struct event *event)
{
    char *dump;

    json_object_del(event->line, "leaf");
    dump = json_dumps(event->line, JSON_SORT_KEYS | JSON_COMPACT);
    if (dump == NULL) {
        to->failed = true;
        return;
    }
    put_text(to, slice_of_text(dump));
    free(dump);
}

static void put_row(struct buffer *to, struct event *event)
{
    char time[TIME_TEXT_BYTES + 1];

    time_write(event->time_us, time);
    buffer_printf(to, "%" PRIu64 ",\"%s\",\"%s\",\"%s\"", event->csn,
                  event->kind, event->type, time);
    for (size_t i = 0; i < FIELDS; i++) {
        uint64_t number = event_number(event, fields[i].name, UINT64_MAX);
        buffer_append_text(to, ",");
        if (fields[i].form == TEXT) {
            put_text(to, event_text(event, fields[i].name));
        } else if (number != UINT64_MAX) {
            buffer_printf(to, "%" PRIu64, number);
        }
    }
    buffer_append_text(to, ",");
    put_text(to, event_content(event));
    buffer_append_text(to, ",");
    put_all(to, event);
    buffer_append_text(to, "\r\n");
}

struct table {
    const struct batch *batch;
    struct folder *folder;
    struct buffer text;
    struct details details;
};

static enum fault add_row(struct table *table, size_t index)
{
    struct event event;
    enum fault fault = event_read(table->batch, index, &event);

    if (fault == FAULT_NONE) {
        fault = details_add(&table->details, table->batch, index, &event);
    }
    if (fault == FAULT_NONE) {
        put_row(&table->text, &event);
        if (table->text.len >= FOLDER_WRITE_BYTES) {
            fault = folder_write(table->folder, &table->text);
        }
    }
    event_deinit(&event);
    return fault;
}

static enum fault begin(struct table *table, const char *tail)
{
    TAKE(folder_begin(table->folder, tail));
    put_head(&table->text);
    return FAULT_NONE;
}

static enum fault end(struct table *table)
{
    TAKE(folder_write(table->folder, &table->text));
    return folder_end(table->folder);
}

static enum fault write_one(struct table *table)
{
    TAKE(begin(table, ".csv"));
    for (size_t i = 0; i < table->batch->n; i++) {
        TAKE(add_row(table, i));
    }
    return end(table);
}

static enum fault write_room(struct table *table, uint32_t which)
{
    const struct conversation *room = &table->batch->conversations[which];
    char tail[64];

    snprintf(tail, sizeof(tail), "-%s.csv", room->room);
    TAKE(begin(table, tail));
    for (uint32_t i = room->first; i != BATCH_NOWHERE;
         i = table->batch->entries[i].next) {
        TAKE(add_row(table, i));
    }
    return end(table);
}

static enum fault write_rooms(struct table *table)
{
    for (uint32_t i = 0; i < table->batch->n_conversations; i++) {
        if (table->batch->conversations[i].records > 0) {
            TAKE(write_room(table, i));
        }
    }
    return FAULT_NONE;
}

static void put_detail(struct buffer *to, const char *key, const json_t *one)
{
    char *dump = json_dumps(one, JSON_SORT_KEYS | JSON_COMPACT);

    put_text(to, slice_of_text(key));
    buffer_append_text(to, ",");
    put_text(to, slice_of_text(dump));
    buffer_append_text(to, "\r\n");
    to->failed = to->failed || dump == NULL;
    free(dump);
}

/* A table of details: who or which, and all that is known, as JSON. */
static enum fault write_details(struct table *table, json_t *all,
                                const char *head, const char *tail)
{
    const char *key;
    json_t *one;

    if (all == NULL) {
        return FAULT_NONE;
    }
    TAKE(folder_begin(table->folder, tail));
    buffer_append_text(&table->text, head);
    json_object_foreach (all, key, one) {
        put_detail(&table->text, key, one);
    }
    return end(table);
}

static enum fault write_all(struct table *table, char sheet_out[])
{
    const struct cut *cut = &table->batch->cut;

    TAKE(folder_open(cut, &table->folder));
    TAKE(details_init(&table->details, cut));
    TAKE(cut->one_room_per_file ? write_rooms(table) : write_one(table));
    TAKE(write_details(table, table->details.rooms, "room,all\r\n",
                       ".rooms.csv"));
    TAKE(write_details(table, table->details.users, "user,all\r\n",
                       ".users.csv"));
    return sheet_finish(table->batch, table->folder, sheet_out);
}

enum fault csv_sink(const struct batch *batch, char sheet_out[])
{
    struct table table = {.batch = batch};
    enum fault fault = write_all(&table, sheet_out);

    details_deinit(&table.details);
    folder_close(table.folder);
    buffer_deinit(&table.text);
    return fault;
}
