#include "node/chat/record_draft.h"

#include "node/chat/place.h"
#include "node/chat/query.h"
#include "node/chat/room.h"
#include "node/chat/tombstone.h"
#include "node/chat/user.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"

#define CUT_MARK SLICE_LITERAL("\xe2\x80\xa6")

enum {
    NUMBER_BYTES = 8,
    SESSION_BYTES = 17,
    FIELD_HEADER_BYTES = 3, /* Tag and length. */
};

void draft_begin(struct draft *draft, enum record_kind kind)
{
    draft->kind = kind;
    draft->outcome = OUTCOME_DONE;
    draft->tag = 0;
    buffer_clear(draft->fields);
}

static void put(struct draft *draft, enum record_field field,
                struct slice value)
{
    CHECK((uint8_t)field >= draft->tag);
    draft->tag = (uint8_t)field;
    record_put_text(draft->fields, field, value);
}

/* The beginning of a text, up to a character's end. */
static struct slice begin_of(struct slice text, size_t max)
{
    while (max > 0 && (text.data[max] & 0xc0) == 0x80) {
        max -= 1;
    }
    return slice_of(text.data, max);
}

static void put_cut(struct draft *draft, enum record_field field,
                    struct slice text, size_t max)
{
    uint8_t bytes[DRAFT_LINES_BYTES_MAX];
    struct slice mark = CUT_MARK, begin;

    if (text.len <= max) {
        put(draft, field, text);
        return;
    }
    CHECK(max <= sizeof(bytes));
    begin = begin_of(text, max - mark.len);
    memcpy(bytes, begin.data, begin.len);
    memcpy(bytes + begin.len, mark.data, mark.len);
    put(draft, field, slice_of(bytes, begin.len + mark.len));
}

void draft_text(struct draft *draft, enum record_field field, struct slice text)
{
    if (text.len > 0) {
        put_cut(draft, field, text, DRAFT_TEXT_BYTES_MAX);
    }
}

void draft_foreign(struct draft *draft, enum record_field field,
                   ProtobufCBinaryData text)
{
    uint64_t ignored;

    if (text_check(codec_slice(text), &ignored) != TEXT_NOT_UTF8) {
        draft_text(draft, field, codec_slice(text));
    }
}

void draft_lines(struct draft *draft, enum record_field field,
                 struct slice lines)
{
    if (lines.len > 0) {
        put_cut(draft, field, lines, DRAFT_LINES_BYTES_MAX);
    }
}

void draft_number(struct draft *draft, enum record_field field, uint64_t number)
{
    CHECK((uint8_t)field >= draft->tag);
    draft->tag = (uint8_t)field;
    record_put_number(draft->fields, field, number);
}

void draft_numbers(struct draft *draft, enum record_field field,
                   const uint64_t *numbers, size_t n)
{
    uint8_t bytes[DRAFT_NUMBERS_MAX * NUMBER_BYTES];

    CHECK(n <= DRAFT_NUMBERS_MAX);
    for (size_t i = 0; i < n; i++) {
        put_be64(bytes + i * NUMBER_BYTES, numbers[i]);
    }
    put(draft, field, slice_of(bytes, n * NUMBER_BYTES));
}

/* Where the first field of a higher tag begins. */
static size_t behind(const struct buffer *fields, enum record_field field)
{
    struct slice rest = buffer_slice(fields), value;
    size_t at = 0;
    uint8_t tag;

    while (record_next_field(&rest, &tag, &value) && tag <= (uint8_t)field) {
        at = fields->len - rest.len;
    }
    return at;
}

void draft_withhold(struct draft *draft, uint64_t csn)
{
    struct buffer *fields = draft->fields;
    size_t at = behind(fields, RECORD_FIELD_WITHHOLDS), end = fields->len;
    uint8_t bytes[FIELD_HEADER_BYTES + NUMBER_BYTES], number[NUMBER_BYTES];

    put_be64(number, csn);
    record_put_text(fields, RECORD_FIELD_WITHHOLDS,
                    slice_of(number, sizeof(number)));
    CHECK(!buffer_failed(fields) && fields->len == end + sizeof(bytes));
    memcpy(bytes, fields->data + end, sizeof(bytes));
    memmove(fields->data + at + sizeof(bytes), fields->data + at, end - at);
    memcpy(fields->data + at, bytes, sizeof(bytes));
}

void draft_bytes(struct draft *draft, enum record_field field,
                 struct slice bytes)
{
    put(draft, field, bytes);
}

static void put_guid(struct draft *draft, enum record_field field,
                     const struct guid *guid)
{
    put(draft, field, slice_of(guid->bytes, GUID_BYTES));
}

/* Among what is, and what the entry has deleted. */
static const struct place *find_place(const struct machine *machine,
                                      uint32_t number)
{
    const struct departed *departed = &machine->departed;
    const struct place *place = place_at(machine, number);

    if (place == NULL && departed->room != NULL &&
        departed->room->place.number == number) {
        place = &departed->room->place;
    }
    if (place == NULL && departed->category != NULL &&
        departed->category->place.number == number) {
        place = &departed->category->place;
    }
    return place;
}

/* What was deleted long ago, whose messages are purged. */
static void put_tombstone(struct draft *draft, uint32_t number)
{
    struct tombstone_view view;

    if (query_tombstone_numbered(draft->turn->machine, number, &view)) {
        put_guid(draft, RECORD_FIELD_ROOM, &view.guid);
        draft_text(draft, RECORD_FIELD_ROOM_NAME, view.name);
    }
}

void draft_place(struct draft *draft, uint32_t number)
{
    const struct place *place = find_place(draft->turn->machine, number);

    if (place == NULL) {
        put_tombstone(draft, number);
        return;
    }
    put_guid(draft, place->is_room ? RECORD_FIELD_ROOM : RECORD_FIELD_CATEGORY,
             &place->guid);
    draft_text(draft,
               place->is_room ? RECORD_FIELD_ROOM_NAME
                              : RECORD_FIELD_CATEGORY_NAME,
               text_slice(place->name));
}

void draft_room_named(struct draft *draft, ProtobufCBinaryData guid)
{
    const struct room *room = room_named(draft->turn->machine, guid);

    if (guid.len != GUID_BYTES) {
        return;
    }
    put(draft, RECORD_FIELD_ROOM, codec_slice(guid));
    if (room != NULL) {
        draft_text(draft, RECORD_FIELD_ROOM_NAME, text_slice(room->place.name));
    }
}

static void put_user(struct draft *draft, const struct user *user)
{
    draft_text(draft, RECORD_FIELD_USER, text_slice(user->uri));
    draft_text(draft, RECORD_FIELD_DISPLAY_NAME,
               text_slice(user->display_name));
    draft_number(draft, RECORD_FIELD_PRINCIPAL, user->principal.number);
}

void draft_user(struct draft *draft, uint32_t number)
{
    const struct user *user =
        number == 0 ? NULL : query_user_told(draft->turn->machine, number);

    if (user != NULL) {
        put_user(draft, user);
    }
}

void draft_actor(struct draft *draft)
{
    ProtobufCBinaryData uri = draft->command->user;
    const struct user *user = user_find(draft->turn->machine, codec_slice(uri));

    if (user != NULL) {
        put_user(draft, user);
    } else {
        draft_foreign(draft, RECORD_FIELD_USER, uri);
    }
}

void draft_session(struct draft *draft, const struct session_id *id)
{
    uint8_t bytes[SESSION_BYTES] = {id->node};

    put_be64(bytes + 1, id->epoch);
    put_be64(bytes + 9, id->serial);
    put(draft, RECORD_FIELD_SESSION, slice_of(bytes, sizeof(bytes)));
}
