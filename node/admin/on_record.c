#include "node/admin/on_record.h"

#include <string.h>

#include "node/admin/find.h"
#include "node/chat/archive.h"
#include "node/chat/view.h"

/* What the request shows of what was said. A redaction's dry run shows what it
 * would redact. */
static bool is_look(const struct answer *answer)
{
    switch (answer->ask->request.kind) {
    case ADMIN_MESSAGES_LIST:
    case ADMIN_MESSAGES_SHOW:
    case ADMIN_MESSAGES_SEARCH:
    case ADMIN_MESSAGES_EXPORT:
        return true;
    case ADMIN_MESSAGES_REDACT:
    case ADMIN_MESSAGES_WITHDRAW:
        return answer->reply.dry_run;
    default:
        return false;
    }
}

bool on_record_is_needed(const struct answer *answer)
{
    struct archive_view archive;

    if (answer->is_on_record || !is_look(answer)) {
        return false;
    }
    archive_view(answer->machine, &archive);
    return archive.mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF;
}

/* The names of rooms in a request: its field "room", or its list "rooms". */
static const ProtobufCBinaryData *rooms_of(const struct answer *answer,
                                           size_t *n_out)
{
    const ProtobufCMessage *asked = answer->asked;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(asked->descriptor,
                                                        "room");
    const uint8_t *at = (const uint8_t *)asked;

    if (field != NULL) {
        *n_out = 1;
        return (const ProtobufCBinaryData *)(const void *)(at + field->offset);
    }
    field = protobuf_c_message_descriptor_get_field_by_name(asked->descriptor,
                                                            "rooms");
    *n_out =
        field == NULL
            ? 0
            : *(const size_t *)(const void *)(at + field->quantifier_offset);
    return field == NULL
               ? NULL
               : *(ProtobufCBinaryData *const *)(const void *)(at +
                                                               field->offset);
}

/* Those there are; a name that is none's stands in the line. */
static void find_rooms(struct answer *answer, Perch__MessagesRead *read)
{
    size_t n;
    const ProtobufCBinaryData *names = rooms_of(answer, &n);

    read->rooms = answer_alloc(answer, (n + 1) * sizeof(*read->rooms));
    for (size_t i = 0; i < n && read->n_rooms < ON_RECORD_ROOMS_MAX; i++) {
        const struct room *room = find_room_if(answer, names[i]);
        struct room_view view;

        if (room != NULL) {
            view_room(room, &view);
            read->rooms[read->n_rooms++] = codec_bytes(arena_copy_slice(
                answer->arena, slice_of(view.place.guid.bytes, GUID_BYTES)));
        }
    }
}

/* Append " name=value". */
static void put_value(struct buffer *to, const char *name,
                      ProtobufCBinaryData value)
{
    if (value.len == 0) {
        return;
    }
    buffer_append(to, " ", 1);
    buffer_append(to, name, strlen(name));
    buffer_append(to, "=", 1);
    buffer_append_slice(to, codec_slice(value));
}

/* All texts of a request, by the names of its fields. */
static void put_values(struct buffer *to, const ProtobufCMessage *asked)
{
    const uint8_t *at = (const uint8_t *)asked;

    for (unsigned i = 0; i < asked->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &asked->descriptor->fields[i];
        const void *value = at + field->offset;

        if (field->type != PROTOBUF_C_TYPE_BYTES) {
            continue;
        }
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            put_value(to, field->name, *(const ProtobufCBinaryData *)value);
            continue;
        }
        for (size_t n = 0;
             n < *(const size_t *)(const void *)(at + field->quantifier_offset);
             n++) {
            put_value(to, field->name,
                      (*(ProtobufCBinaryData *const *)value)[n]);
        }
    }
}

/* One line of whole characters, whatever was asked. */
static struct slice make_line(struct answer *answer)
{
    struct buffer line = BUFFER_EMPTY;
    size_t len;
    struct slice copy;

    buffer_append(&line, answer->fact->name, strlen(answer->fact->name));
    put_values(&line, answer->asked);
    len = line.len;
    if (len > ON_RECORD_WHAT_BYTES_MAX) {
        len = ON_RECORD_WHAT_BYTES_MAX;
        while (len > 0 && (line.data[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    for (size_t i = 0; i < len; i++) {
        line.data[i] =
            line.data[i] < ' ' || line.data[i] == 0x7f ? ' ' : line.data[i];
    }
    copy = arena_copy_slice(answer->arena, slice_of(line.data, len));
    buffer_deinit(&line);
    return copy;
}

void on_record_command(struct answer *answer, bool may,
                       Perch__Command *command_out)
{
    Perch__MessagesRead *read =
        answer_new(answer, &perch__messages_read__descriptor);

    if (may) {
        find_rooms(answer, read);
    }
    CODEC_SET(read, what, codec_bytes(make_line(answer)));
    CODEC_SET(read, export, answer->ask->request.kind == ADMIN_MESSAGES_EXPORT);
    perch__command__init(command_out);
    command_out->kind_case = PERCH__COMMAND__KIND_MESSAGES_READ;
    command_out->messages_read = read;
}
