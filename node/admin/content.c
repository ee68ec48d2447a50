/* What was said, from one pool to another: pages of messages out, batches in.
 */
#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/chat/text.h"
#include "node/chat/view.h"

/* Of a reply, what its messages may have: the largest message alone fits. */
enum {
    PAGE_BYTES_MAX = 128 * 1024,
    PAGE_MESSAGES_MAX = 256,
    MESSAGE_EXTRA_BYTES = 256, /* Of one message, beside its texts. */
};

struct content_page {
    struct answer *answer;
    size_t n, bytes;
    uint64_t next; /* 0: there is no more. */
    Perch__Admin__ContentMessage *messages[PAGE_MESSAGES_MAX];
};

/* The walk's memory is its own. */
static void keep(struct answer *answer, ProtobufCBinaryData *to,
                 protobuf_c_boolean *has, struct slice text)
{
    uint8_t *copy;

    if (text.len == 0) {
        return;
    }
    copy = answer_alloc(answer, text.len);
    memcpy(copy, text.data, text.len);
    *to = codec_bytes(slice_of(copy, text.len));
    *has = true;
}

#define KEEP(answer, message, field, text)                                     \
    keep(answer, &(message)->field, &(message)->has_##field, text)

static Perch__Admin__ContentMessage *describe(
    struct answer *answer, const struct admin_content *content)
{
    const Perch__Stored__Message *stored = content->message;
    Perch__Admin__ContentMessage *message =
        answer_new(answer, &perch__admin__content_message__descriptor);

    CODEC_SET(message, id, stored->message_id);
    KEEP(answer, message, author, codec_slice(stored->author));
    KEEP(answer, message, display_name, codec_slice(stored->display_name));
    CODEC_SET(message, sent_at_us, stored->sent_at_us);
    if (content->taken_back) {
        CODEC_SET(message, taken_back, true);
    } else {
        KEEP(answer, message, text, content->text);
        KEEP(answer, message, extra, content->extra);
        KEEP(answer, message, note, codec_slice(stored->annotation));
    }
    message->has_alert = stored->alert;
    message->alert = stored->alert;
    message->has_story = stored->story;
    message->story = stored->story;
    message->has_client_at_us = stored->has_client_at_us;
    message->client_at_us = stored->client_at_us;
    KEEP(answer, message, importer, codec_slice(stored->importer));
    message->has_imported_at_us = stored->has_imported_at_us;
    message->imported_at_us = stored->imported_at_us;
    return message;
}

static bool take(void *context, const struct admin_content *content)
{
    struct content_page *page = context;
    size_t bytes = content->text.len + content->extra.len +
                   content->message->annotation.len +
                   content->message->author.len +
                   content->message->display_name.len + MESSAGE_EXTRA_BYTES;

    if (page->n == PAGE_MESSAGES_MAX ||
        (page->n > 0 && page->bytes + bytes > PAGE_BYTES_MAX)) {
        page->next = content->message->message_id;
        return false;
    }
    page->messages[page->n++] = describe(page->answer, content);
    page->bytes += bytes;
    return true;
}

static struct slice guid_of(struct answer *answer, const struct guid *guid)
{
    char text[GUID_TEXT_BYTES + 1];

    guid_write(guid, text);
    return answer_printf(answer, "%s", text);
}

static void put_page(struct answer *answer, const struct room_view *room,
                     const struct content_page *page)
{
    Perch__Admin__MessagesExportReply *body =
        answer_new(answer, &perch__admin__messages_export_reply__descriptor);

    ANSWER_TEXT(body, room, guid_of(answer, &room->place.guid));
    CODEC_SET(body, last, room->message_id_last);
    if (page->next != 0) {
        CODEC_SET(body, next, page->next);
    }
    body->n_messages = page->n;
    body->messages =
        answer_alloc(answer, (page->n + 1) * sizeof(*body->messages));
    memcpy(body->messages, page->messages, page->n * sizeof(*body->messages));
    answer->body = &body->base;
}

static void decide_export(struct answer *answer)
{
    const Perch__Admin__MessagesExport *asked = answer->asked;
    const struct room *room = find_room(answer, asked->room);
    struct content_page page = {.answer = answer};
    struct room_view view;
    enum error error = ERROR_CLOSED;

    if (room == NULL) {
        return;
    }
    view_room(room, &view);
    if (answer->state->content != NULL) {
        error = answer->state->content(
            answer->state->context, view.place.number,
            asked->first == 0 ? 1 : asked->first, take, &page);
    }
    if (error != ERROR_NONE) {
        answer_refuse(answer, REFUSAL_CONTENT_NOT_READ);
        return;
    }
    put_page(answer, &view, &page);
}

/* Users' URIs are kept lower case, and so are authors'. */
static ProtobufCBinaryData fold(struct answer *answer, ProtobufCBinaryData from)
{
    uint8_t *to = answer_alloc(answer, from.len + 1);

    text_fold(to, codec_slice(from));
    return codec_bytes(slice_of(to, from.len));
}

static Perch__MessagesImport__Message *plan_message(
    struct answer *answer, const Perch__Admin__ContentMessage *asked)
{
    Perch__MessagesImport__Message *message =
        answer_new(answer, &perch__messages_import__message__descriptor);
    Perch__Post *post = answer_new(answer, &perch__post__descriptor);

    CODEC_SET(message, author, fold(answer, asked->author));
    message->has_display_name = asked->has_display_name;
    message->display_name = asked->display_name;
    message->has_sent_at_us = asked->has_sent_at_us;
    message->sent_at_us = asked->sent_at_us;
    message->post = post;
    post->has_text = asked->has_text;
    post->text = asked->text;
    post->has_extra = asked->has_extra;
    post->extra = asked->extra;
    post->has_alert = asked->has_alert && asked->alert;
    post->alert = asked->alert;
    post->has_story = asked->has_story && asked->story;
    post->story = asked->story;
    post->has_client_at_us = asked->has_client_at_us;
    post->client_at_us = asked->client_at_us;
    post->has_annotation = asked->has_note;
    post->annotation = asked->note;
    return message;
}

static void decide_import(struct answer *answer)
{
    const Perch__Admin__MessagesImport *asked = answer->asked;
    const struct room *room = find_room(answer, asked->room);
    Perch__MessagesImport *import =
        answer_new(answer, &perch__messages_import__descriptor);
    struct room_view view;
    uint8_t *guid;

    if (room == NULL) {
        return;
    }
    view_room(room, &view);
    guid = answer_alloc(answer, GUID_BYTES);
    memcpy(guid, view.place.guid.bytes, GUID_BYTES);
    CODEC_SET(import, room, codec_bytes(slice_of(guid, GUID_BYTES)));
    CODEC_SET(import, first_id, asked->first);
    import->messages = answer_alloc(answer, (asked->n_messages + 1) *
                                                sizeof(*import->messages));
    for (size_t i = 0; i < asked->n_messages; i++) {
        import->messages[i] = plan_message(answer, asked->messages[i]);
    }
    import->n_messages = asked->n_messages;
    answer->guid = view.place.guid;
    answer_tells(answer, "imported", "%zu messages into room \"%.*s\"",
                 asked->n_messages, SLICE_PRINT(view.place.name));
    answer_proposes(answer, PERCH__COMMAND__KIND_MESSAGES_IMPORT)
        ->messages_import = import;
}

static void show_import(struct answer *answer)
{
    const struct room *room = query_room(answer->machine, &answer->guid);
    Perch__Admin__MessagesImportReply *body =
        answer_new(answer, &perch__admin__messages_import_reply__descriptor);
    struct room_view view;

    if (room == NULL) {
        return;
    }
    view_room(room, &view);
    ANSWER_TEXT(body, room, guid_of(answer, &view.place.guid));
    CODEC_SET(body, last, view.message_id_last);
    answer->body = &body->base;
}

const struct answer_row content_rows[] = {
    {ADMIN_MESSAGES_EXPORT, decide_export, NULL},
    {ADMIN_MESSAGES_IMPORT, decide_import, show_import},
    {.decide = NULL},
};
