#include "node/chat/effects.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

enum {
    EVENTS_FIRST = 16,
    IDS_FIRST = 16,
    RECORDS_FIRST = 16,
    /* Of records, that are kept from entry to entry: the loss of a node may
     * make very many. */
    RECORD_BYTES_KEPT = 1024 * 1024,
};

void effects_init(struct effects *effects)
{
    memset(effects, 0, sizeof(*effects));
}

void effects_deinit(struct effects *effects)
{
    free(effects->events);
    free(effects->ids);
    free(effects->records.ends);
    buffer_deinit(&effects->records.bytes);
    free(effects->brought.rows);
    buffer_deinit(&effects->brought.values);
    effects_init(effects);
}

static void clear_records(struct records *records)
{
    records->n = 0;
    records->refilled = 0;
    records->payload = SLICE_NONE;
    if (records->bytes.capacity > RECORD_BYTES_KEPT) {
        buffer_deinit(&records->bytes);
        free(records->ends);
        records->ends = NULL;
        records->capacity = 0;
    }
    buffer_clear(&records->bytes);
}

static void clear_brought(struct brought_rows *brought)
{
    brought->n = 0;
    if (brought->values.capacity > RECORD_BYTES_KEPT) {
        buffer_deinit(&brought->values);
    }
    buffer_clear(&brought->values);
}

void effects_clear(struct effects *effects)
{
    effects->command = NULL;
    effects->has_message = false;
    effects->imported.import = NULL;
    effects->revised.kind = REVISION_NONE;
    effects->purged_room = 0;
    effects->n_ids = 0;
    effects->facts = NULL;
    effects->n_events = 0;
    clear_records(&effects->records);
    clear_brought(&effects->brought);
}

struct event *effects_event(struct effects *effects, enum event_kind kind)
{
    struct event *event;

    if (effects->n_events == effects->capacity) {
        size_t capacity =
            effects->capacity == 0 ? EVENTS_FIRST : effects->capacity * 2;
        struct event *events =
            realloc(effects->events, capacity * sizeof(*events));

        CHECK(events != NULL); /* An event lost is a lie told. */
        effects->events = events;
        effects->capacity = capacity;
    }
    event = &effects->events[effects->n_events++];
    memset(event, 0, sizeof(*event));
    event->kind = (uint8_t)kind;
    return event;
}

void effects_id(struct effects *effects, uint64_t message_id)
{
    CHECK(effects->n_ids == 0 || effects->ids[effects->n_ids - 1] < message_id);
    if (effects->n_ids == effects->ids_capacity) {
        size_t capacity =
            effects->ids_capacity == 0 ? IDS_FIRST : effects->ids_capacity * 2;
        uint64_t *ids = realloc(effects->ids, capacity * sizeof(*ids));

        CHECK(ids != NULL); /* As an event. */
        effects->ids = ids;
        effects->ids_capacity = capacity;
    }
    effects->ids[effects->n_ids++] = message_id;
}

void effects_record(struct effects *effects, const struct record *record)
{
    struct records *records = &effects->records;

    if (records->n == records->capacity) {
        size_t capacity =
            records->capacity == 0 ? RECORDS_FIRST : records->capacity * 2;
        size_t *ends = realloc(records->ends, capacity * sizeof(*ends));

        CHECK(ends != NULL); /* As an event. */
        records->ends = ends;
        records->capacity = capacity;
    }
    record_write(record, &records->bytes);
    CHECK(!buffer_failed(&records->bytes));
    if (records->n == 0) {
        records->csn = record->csn;
    }
    CHECK(record->csn == records->csn + records->n);
    records->ends[records->n++] = records->bytes.len;
}

struct slice effects_record_at(const struct effects *effects, size_t at)
{
    const struct records *records = &effects->records;
    size_t begin;

    CHECK(at < records->n);
    begin = at == 0 ? 0 : records->ends[at - 1];
    return slice_of(records->bytes.data + begin, records->ends[at] - begin);
}

void effects_brought(struct effects *effects, uint32_t room,
                     uint64_t message_id, bool is_revision, struct slice value)
{
    struct brought_rows *brought = &effects->brought;

    if (brought->n == brought->capacity) {
        size_t capacity =
            brought->capacity == 0 ? IDS_FIRST : brought->capacity * 2;
        struct brought_row *rows =
            realloc(brought->rows, capacity * sizeof(*rows));

        CHECK(rows != NULL); /* As an event. */
        brought->rows = rows;
        brought->capacity = capacity;
    }
    buffer_append(&brought->values, value.data, value.len);
    CHECK(!buffer_failed(&brought->values));
    brought->rows[brought->n++] = (struct brought_row){
        room, message_id, is_revision, brought->values.len};
}

struct slice effects_brought_at(const struct effects *effects, size_t at)
{
    const struct brought_rows *brought = &effects->brought;
    size_t begin = at == 0 ? 0 : brought->rows[at - 1].end;

    CHECK(at < brought->n);
    return slice_of(brought->values.data + begin,
                    brought->rows[at].end - begin);
}

void revision_write(const struct effects *effects, size_t at, struct buffer *to)
{
    Perch__Stored__Revision row = PERCH__STORED__REVISION__INIT;
    const struct revised *revised = &effects->revised;

    CHECK(revised->kind != REVISION_NONE);
    CODEC_SET(&row, kind, revised->kind);
    CODEC_SET(&row, at_us, effects->sent_at_us);
    CODEC_SET_BYTES(&row, user, codec_slice(effects->command->user));
    CODEC_SET_BYTES(&row, administrator,
                    codec_slice(effects->command->administrator));
    CODEC_SET_BYTES(&row, source, codec_slice(effects->command->source));
    CODEC_SET_BYTES(&row, reason, revised->reason);
    CODEC_SET_BYTES(&row, text, revised->text);
    CODEC_SET_BYTES(&row, extra, revised->extra);
    if (revised->kind == REVISION_CLEARED) {
        CODEC_SET(&row, upto_id, revised->upto_id);
        CODEC_SET(&row, before_us, revised->before_us);
    }
    if (revised->has_csn) {
        CODEC_SET(&row, csn, revised->csn + at);
    }
    codec_write(&row.base, to);
}

void effects_imported(const struct effects *effects, size_t at,
                      struct message *message_out)
{
    const struct imported *imported = &effects->imported;
    const Perch__MessagesImport__Message *message;

    CHECK(imported->import != NULL && at < imported->import->n_messages);
    message = imported->import->messages[at];
    *message_out = (struct message){
        .room = imported->room,
        .message_id = imported->import->first_id + at,
        .log_index = effects->log_index,
        .sent_at_us = message->sent_at_us,
        .author_uri = codec_slice(message->author),
        .display_name = codec_slice(message->display_name),
        .hidden = imported->hidden,
        .post = message->post,
        .importer = imported->administrator,
        .imported_at_us = effects->sent_at_us,
        .has_csn = imported->has_csn,
        .csn = imported->csn + at,
        .is_shared = imported->has_csn,
        .command_csn = imported->csn,
    };
}

void message_write(const struct message *message, struct buffer *to)
{
    Perch__Stored__Message row = PERCH__STORED__MESSAGE__INIT;
    const Perch__Post *post = message->post;

    CODEC_SET(&row, log_index, message->log_index);
    CODEC_SET(&row, message_id, message->message_id);
    CODEC_SET(&row, sent_at_us, message->sent_at_us);
    CODEC_SET_BYTES(&row, author, message->author_uri);
    CODEC_SET_BYTES(&row, display_name, message->display_name);
    CODEC_SET_BYTES(&row, text, codec_slice(post->text));
    CODEC_SET_BYTES(&row, extra, codec_slice(post->extra));
    if (post->alert) {
        CODEC_SET(&row, alert, true);
    }
    if (post->has_client_at_us) {
        CODEC_SET(&row, client_at_us, post->client_at_us);
    }
    CODEC_SET_BYTES(&row, retry_id, codec_slice(post->retry_id));
    if (post->story) {
        CODEC_SET(&row, story, true);
    }
    if (message->hidden) {
        CODEC_SET(&row, hidden, true);
    }
    CODEC_SET_BYTES(&row, annotation, codec_slice(post->annotation));
    if (message->importer.len > 0) {
        CODEC_SET_BYTES(&row, importer, message->importer);
        CODEC_SET(&row, imported_at_us, message->imported_at_us);
    }
    if (message->has_csn) {
        CODEC_SET(&row, csn, message->csn);
    }
    if (message->is_shared) {
        CODEC_SET(&row, command_csn, message->command_csn);
    }
    codec_write(&row.base, to);
}

const char *leave_text(enum leave leave)
{
    static const char *const texts[LEAVES] = {
#define LEAVE_ROW(name, text) [LEAVE_##name] = text,
        LEAVE_LIST(LEAVE_ROW)
#undef LEAVE_ROW
    };

    return (unsigned)leave < LEAVES ? texts[leave] : "unknown";
}
