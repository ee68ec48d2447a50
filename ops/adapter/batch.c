#include "ops/adapter/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ops/adapter/event.h"
#include "proto/base/check.h"

/* Where the reading stands. */
struct reading {
    FILE *from;
    struct batch *batch;
    char *line;
    size_t line_capacity;
    uint64_t number; /* Of the line, from 1. */
    uint64_t offset; /* In the spool. */
    bool has_ended;
};

static enum fault wrong(const struct reading *reading, const char *member,
                        const char *what)
{
    return fault_say(FAULT_FAILED, "line %" PRIu64 ": %s: %s", reading->number,
                     member, what);
}

/* Double an array that is full. */
static bool make_room(void **array, size_t *capacity, size_t n, size_t size)
{
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *grown;

    if (n < *capacity) {
        return true;
    }
    grown = reallocarray(*array, wanted, size);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

/* Read a line without its end. bytes_out is -1 at the end of the input. */
static enum fault next_line(struct reading *reading, ssize_t *bytes_out)
{
    ssize_t bytes =
        getline(&reading->line, &reading->line_capacity, reading->from);

    reading->number += 1;
    if (bytes < 0 && !feof(reading->from)) {
        return fault_say(FAULT_FAILED, "line %" PRIu64 ": %s", reading->number,
                         strerror(errno));
    }
    if (bytes > BATCH_LINE_BYTES_MAX) {
        return wrong(reading, "line", "is longer than 16 MiB");
    }
    if (bytes > 0 && reading->line[bytes - 1] == '\n') {
        bytes -= 1;
    }
    *bytes_out = bytes;
    return FAULT_NONE;
}

/* Keep the newest name of a room. */
static bool keep_name(char **kept, struct slice name)
{
    char *copy;

    if (name.len == 0 || slice_equal_text(name, *kept)) {
        return true;
    }
    copy = strndup((const char *)name.data, name.len);
    if (copy == NULL) {
        return false;
    }
    free(*kept);
    *kept = copy;
    return true;
}

static enum fault add_conversation(struct batch *batch, const char *room,
                                   uint32_t *index_out)
{
    struct conversation *conversation;

    if (!make_room((void **)&batch->conversations,
                   &batch->conversations_capacity, batch->n_conversations,
                   sizeof(*batch->conversations))) {
        return fault_memory();
    }
    conversation = &batch->conversations[batch->n_conversations];
    memset(conversation, 0, sizeof(*conversation));
    memcpy(conversation->room, room, sizeof(conversation->room));
    conversation->first = conversation->last = BATCH_NOWHERE;
    conversation->name = strdup("");
    conversation->category = strdup("");
    *index_out = (uint32_t)batch->n_conversations;
    batch->n_conversations += 1;
    if (conversation->name == NULL || conversation->category == NULL ||
        json_object_set_new(batch->rooms, room,
                            json_integer((json_int_t)*index_out)) != 0) {
        return fault_memory();
    }
    return FAULT_NONE;
}

/* Find the conversation that a record belongs to. */
static enum fault find_conversation(struct reading *reading,
                                    const struct event *event,
                                    uint32_t *index_out)
{
    struct slice text = event_text(event, "room");
    char room[GUID_TEXT_BYTES + 1];
    const json_t *known;
    struct guid guid;

    *index_out = BATCH_POOL;
    if (json_object_get(event->line, "room") == NULL ||
        json_is_array(json_object_get(event->line, "room"))) {
        return FAULT_NONE; /* Of none, or of several. */
    }
    if (guid_read(text, &guid) != ERROR_NONE) {
        return wrong(reading, "room", "is no guid");
    }
    if (guid_is_nil(&guid)) {
        return FAULT_NONE;
    }
    guid_write(&guid, room);
    known = json_object_get(reading->batch->rooms, room);
    if (known == NULL) {
        return add_conversation(reading->batch, room, index_out);
    }
    *index_out = (uint32_t)json_integer_value(known);
    return FAULT_NONE;
}

static void link_entry(struct batch *batch, struct conversation *conversation,
                       const struct event *event)
{
    uint32_t index = (uint32_t)batch->n;

    if (conversation->last == BATCH_NOWHERE) {
        conversation->first = index;
    } else {
        batch->entries[conversation->last].next = index;
    }
    conversation->last = index;
    conversation->records += 1;
    conversation->talk += event->type[0] != '\0';
}

static enum fault count_kind(struct batch *batch, const char *kind)
{
    json_int_t n = json_integer_value(json_object_get(batch->counts, kind));

    return json_object_set_new(batch->counts, kind, json_integer(n + 1)) == 0
               ? FAULT_NONE
               : fault_memory();
}

/* Write the line into the spool and the record into the index. */
static enum fault keep(struct reading *reading, const struct event *event,
                       size_t bytes)
{
    struct batch *batch = reading->batch;
    uint64_t ordinal = event_number(event, "ordinal", 0);
    struct conversation *conversation;
    uint32_t place;

    TAKE(find_conversation(reading, event, &place));
    conversation = &batch->conversations[place];
    if (!keep_name(&conversation->name, event_text(event, "room_name")) ||
        !keep_name(&conversation->category,
                   event_text(event, "category_name"))) {
        return fault_memory();
    }
    if (!make_room((void **)&batch->entries, &batch->capacity, batch->n,
                   sizeof(*batch->entries))) {
        return fault_memory();
    }
    link_entry(batch, conversation, event);
    batch->entries[batch->n] = (struct entry){
        .offset = reading->offset,
        .bytes = (uint32_t)bytes,
        .next = BATCH_NOWHERE,
        .leader =
            (uint32_t)(ordinal <= batch->n ? batch->n - ordinal : batch->n),
        .place = place,
    };
    batch->n += 1;
    batch->last_us = event->time_us;
    reading->offset += bytes;
    if (fwrite(reading->line, 1, bytes, batch->spool) != bytes) {
        return fault_say(FAULT_FAILED, "temporary file: %s", strerror(errno));
    }
    return count_kind(batch, event->kind);
}

/* Check what every record must have. */
static enum fault check_record(struct reading *reading, struct event *event)
{
    const struct batch *batch = reading->batch;
    const json_t *csn = json_object_get(event->line, "csn");
    const json_t *time = json_object_get(event->line, "time_us");
    const json_t *kind = json_object_get(event->line, "kind");

    if (!json_is_integer(csn) ||
        (uint64_t)json_integer_value(csn) != batch->cut.first + batch->n) {
        return fault_say(FAULT_FAILED, "line %" PRIu64 ": csn: is not %" PRIu64,
                         reading->number, batch->cut.first + batch->n);
    }
    if (!json_is_string(kind) || json_string_length(kind) == 0 ||
        strspn(json_string_value(kind), "abcdefghijklmnopqrstuvwxyz_") !=
            json_string_length(kind)) {
        return wrong(reading, "kind", "is missing or no name");
    }
    if (!json_is_integer(time) || json_integer_value(time) < 0 ||
        json_integer_value(time) > BATCH_TIME_US_MAX) {
        return wrong(reading, "time_us", "is missing or no moment");
    }
    if (json_integer_value(time) < batch->last_us) {
        return wrong(reading, "time_us", "is less than the line's before");
    }
    event->kind = json_string_value(kind);
    event->type = event_type_of(event->kind);
    event->time_us = (int64_t)json_integer_value(time);
    return FAULT_NONE;
}

static enum fault read_end(struct reading *reading, const json_t *end)
{
    const struct batch *batch = reading->batch;

    if (!json_is_integer(end) ||
        (uint64_t)json_integer_value(end) != batch->n) {
        return fault_say(FAULT_FAILED,
                         "line %" PRIu64 ": end: is not %zu, the number of "
                         "records that came",
                         reading->number, batch->n);
    }
    if (batch->cut.first + batch->n != batch->cut.last + 1) {
        return fault_say(FAULT_FAILED,
                         "line %" PRIu64
                         ": end: the last record is not %" PRIu64
                         ", the cut's last",
                         reading->number, batch->cut.last);
    }
    reading->has_ended = true;
    return FAULT_NONE;
}

static enum fault read_record(struct reading *reading, size_t bytes)
{
    struct event event = {0};
    json_error_t error;
    enum fault fault;

    event.line = json_loadb(reading->line, bytes,
                            JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(event.line)) {
        json_decref(event.line);
        return fault_say(FAULT_FAILED, "line %" PRIu64 ": no JSON object: %s",
                         reading->number, error.text);
    }
    if (json_object_get(event.line, "end") != NULL) {
        fault = read_end(reading, json_object_get(event.line, "end"));
    } else if (reading->batch->n == BATCH_RECORDS_MAX) {
        fault = wrong(reading, "csn",
                      "more than 50,000,000 records in one cut: shorten the "
                      "interval");
    } else {
        fault = check_record(reading, &event);
        if (fault == FAULT_NONE) {
            fault = keep(reading, &event, bytes);
        }
    }
    json_decref(event.line);
    return fault;
}

static enum fault read_lines(struct reading *reading)
{
    ssize_t bytes;

    TAKE(next_line(reading, &bytes));
    if (bytes < 0) {
        return wrong(reading, "cut", "there is no input");
    }
    TAKE(cut_read(reading->line, (size_t)bytes, &reading->batch->cut));
    for (;;) {
        TAKE(next_line(reading, &bytes));
        if (bytes < 0) {
            return reading->has_ended
                       ? FAULT_NONE
                       : wrong(reading, "end", "the input was cut off");
        }
        if (reading->has_ended) {
            return wrong(reading, "end", "more lines come after it");
        }
        TAKE(read_record(reading, (size_t)bytes));
    }
}

static enum fault map_spool(struct batch *batch, size_t bytes)
{
    void *lines;

    if (fflush(batch->spool) != 0) {
        return fault_say(FAULT_FAILED, "temporary file: %s", strerror(errno));
    }
    if (bytes == 0) {
        return FAULT_NONE;
    }
    lines = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fileno(batch->spool), 0);
    if (lines == MAP_FAILED) {
        return fault_say(FAULT_FAILED, "temporary file: %s", strerror(errno));
    }
    batch->lines = lines;
    batch->lines_bytes = bytes;
    return FAULT_NONE;
}

enum fault batch_read(FILE *from, struct batch *batch_out)
{
    struct reading reading = {.from = from, .batch = batch_out};
    enum fault fault;
    uint32_t pool;

    memset(batch_out, 0, sizeof(*batch_out));
    batch_out->spool = tmpfile();
    if (batch_out->spool == NULL) {
        return fault_say(FAULT_FAILED, "temporary file: %s", strerror(errno));
    }
    batch_out->rooms = json_object();
    batch_out->counts = json_object();
    if (batch_out->rooms == NULL || batch_out->counts == NULL) {
        return fault_memory();
    }
    TAKE(add_conversation(batch_out, BATCH_POOL_ROOM, &pool));
    CHECK(pool == BATCH_POOL);
    fault = read_lines(&reading);
    if (fault == FAULT_NONE) {
        fault = map_spool(batch_out, reading.offset);
    }
    free(reading.line);
    return fault;
}

void batch_deinit(struct batch *batch)
{
    if (batch->lines != NULL) {
        munmap((void *)(uintptr_t)batch->lines, batch->lines_bytes);
    }
    if (batch->spool != NULL) {
        fclose(batch->spool);
    }
    for (size_t i = 0; i < batch->n_conversations; i++) {
        free(batch->conversations[i].name);
        free(batch->conversations[i].category);
    }
    free(batch->conversations);
    free(batch->entries);
    json_decref(batch->rooms);
    json_decref(batch->counts);
    cut_deinit(&batch->cut);
    memset(batch, 0, sizeof(*batch));
}
