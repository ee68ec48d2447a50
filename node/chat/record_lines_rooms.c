#include "node/chat/addin.h"
#include "node/chat/category.h"
#include "node/chat/filter.h"
#include "node/chat/record_value.h"
#include "node/chat/room.h"

static void put_texts(struct buffer *to, const struct place *place)
{
    line_text(to, "name", text_slice(place->name));
    line_text(to, "description", text_slice(place->description));
}

static const char *visibility_name(uint8_t visibility)
{
    switch (visibility) {
    case PERCH__VISIBILITY__OPEN:
        return "open";
    case PERCH__VISIBILITY__SECRET:
        return "secret";
    default:
        return "closed";
    }
}

static void room_lines(const struct machine *machine, ProtobufCBinaryData guid,
                       struct buffer *to)
{
    const struct room *room = room_named(machine, guid);

    if (room == NULL) {
        return;
    }
    put_texts(to, &room->place);
    line_text(to, "category", text_slice(room->category->place.name));
    line_name(to, "visibility", visibility_name(room->visibility));
    line_switch(to, "auditorium",
                room->behavior == PERCH__BEHAVIOR__AUDITORIUM);
    line_switch(to, "disabled", room->disabled);
    line_switch(to, "invitations_off", room->invitations_off);
    line_switch(to, "file_upload_off", room->files_off);
    line_text(to, "addin",
              room->addin == NULL ? SLICE_NONE : text_slice(room->addin->name));
    if (room->has_retention) {
        line_number(to, "retention_days", room->retention_days);
    } else {
        line_name(to, "retention_days", "as the category");
    }
}

static void category_lines(const struct machine *machine,
                           ProtobufCBinaryData guid, struct buffer *to)
{
    struct category *category = NULL;

    if (category_find(machine, guid, &category) != OUTCOME_DONE) {
        return;
    }
    put_texts(to, &category->place);
    line_switch(to, "everyone", !category->restricted);
    line_switch(to, "invitations", category->invitations);
    line_switch(to, "file_upload", category->file_upload);
    line_switch(to, "history", !category->history_off);
    line_number(to, "retention_days", category->retention_days);
}

static void filter_lines(const struct filter *filter, struct buffer *to)
{
    if (filter == NULL) {
        return;
    }
    line_text(to, "name", text_slice(filter->name));
    line_name(to, "action",
              filter->action == PERCH__FILTER_ACTION__BLOCK ? "block" : "warn");
    line_text(to, "notice", text_slice(filter->notice));
    line_switch(to, "disabled", filter->disabled);
    line_number(to, "expressions", filter->n_expressions);
    line_number(to, "categories", filter->n_categories);
}

/* Before the change it has the old name, after it the new one. */
static const struct filter *changed_filter(const struct machine *machine,
                                           const Perch__FilterChange *change)
{
    const struct filter *filter =
        change->has_name ? filter_find(machine, codec_slice(change->name))
                         : NULL;

    return filter != NULL ? filter
                          : filter_find(machine, codec_slice(change->filter));
}

static void addin_lines(const struct machine *machine, ProtobufCBinaryData guid,
                        struct buffer *to)
{
    struct addin *addin = NULL;

    if (addin_find(machine, guid, &addin) == OUTCOME_DONE && addin != NULL) {
        line_text(to, "name", text_slice(addin->name));
        line_text(to, "url", text_slice(addin->url));
    }
}

/* Rooms, categories and what they carry. */
static void place_lines(const struct machine *machine,
                        const Perch__Command *command, struct buffer *to)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_ROOM_CREATE:
        room_lines(machine, command->room_create->room, to);
        break;
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
        room_lines(machine, command->room_change->room, to);
        break;
    case PERCH__COMMAND__KIND_ROOM_DELETE:
        room_lines(machine, command->room_delete->room, to);
        break;
    case PERCH__COMMAND__KIND_CATEGORY_CREATE:
        category_lines(machine, command->category_create->category, to);
        break;
    case PERCH__COMMAND__KIND_CATEGORY_CHANGE:
        category_lines(machine, command->category_change->category, to);
        break;
    case PERCH__COMMAND__KIND_CATEGORY_DELETE:
        category_lines(machine, command->category_delete->category, to);
        break;
    case PERCH__COMMAND__KIND_RETENTION_SET:
        if (command->retention_set->room.len > 0) {
            room_lines(machine, command->retention_set->room, to);
        } else {
            category_lines(machine, command->retention_set->category, to);
        }
        break;
    case PERCH__COMMAND__KIND_ADDIN_CREATE:
        addin_lines(machine, command->addin_create->addin, to);
        break;
    case PERCH__COMMAND__KIND_ADDIN_CHANGE:
        addin_lines(machine, command->addin_change->addin, to);
        break;
    case PERCH__COMMAND__KIND_ADDIN_DELETE:
        addin_lines(machine, command->addin_delete->addin, to);
        break;
    default:
        break;
    }
}

static void all_filter_lines(const struct machine *machine,
                             const Perch__Command *command, struct buffer *to)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_FILTER_CREATE:
        filter_lines(
            filter_find(machine, codec_slice(command->filter_create->name)),
            to);
        break;
    case PERCH__COMMAND__KIND_FILTER_CHANGE:
        filter_lines(changed_filter(machine, command->filter_change), to);
        break;
    case PERCH__COMMAND__KIND_FILTER_DELETE:
        filter_lines(
            filter_find(machine, codec_slice(command->filter_delete->filter)),
            to);
        break;
    default:
        break;
    }
}

void record_lines_of_rooms(const struct machine *machine,
                           const Perch__Command *command, struct buffer *to)
{
    place_lines(machine, command, to);
    all_filter_lines(machine, command, to);
}
