#include "node/chat/record_lines.h"

#include <inttypes.h>

#include "node/chat/addin.h"
#include "node/chat/category.h"
#include "node/chat/filter.h"
#include "node/chat/group.h"
#include "node/chat/room.h"
#include "node/chat/setting.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

/* What follows it in a line tells values apart and is not shown. */
enum { HIDDEN = 1 };

static void put_value(struct buffer *to, struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < ' ' || value.data[i] == '\\') {
            buffer_printf(to, "\\x%02x", value.data[i]);
        } else {
            buffer_append(to, &value.data[i], 1);
        }
    }
    buffer_append_text(to, "\n");
}

static void put_text(struct buffer *to, const char *name, struct slice value)
{
    buffer_append_text(to, name);
    buffer_append_text(to, "=");
    put_value(to, value);
}

static void put_name(struct buffer *to, const char *name, const char *value)
{
    put_text(to, name, slice_of_text(value));
}

static void put_number(struct buffer *to, const char *name, uint64_t value)
{
    buffer_printf(to, "%s=%" PRIu64 "\n", name, value);
}

static void put_switch(struct buffer *to, const char *name, bool value)
{
    put_name(to, name, value ? "yes" : "no");
}

static void put_texts(struct buffer *to, const struct place *place)
{
    put_text(to, "name", text_slice(place->name));
    put_text(to, "description", text_slice(place->description));
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
    put_text(to, "category", text_slice(room->category->place.name));
    put_name(to, "visibility", visibility_name(room->visibility));
    put_switch(to, "auditorium",
               room->behavior == PERCH__BEHAVIOR__AUDITORIUM);
    put_switch(to, "disabled", room->disabled);
    put_switch(to, "invitations_off", room->invitations_off);
    put_switch(to, "file_upload_off", room->files_off);
    put_text(to, "addin",
             room->addin == NULL ? SLICE_NONE : text_slice(room->addin->name));
    if (room->has_retention) {
        put_number(to, "retention_days", room->retention_days);
    } else {
        put_name(to, "retention_days", "as the category");
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
    put_switch(to, "everyone", !category->restricted);
    put_switch(to, "invitations", category->invitations);
    put_switch(to, "file_upload", category->file_upload);
    put_switch(to, "history", !category->history_off);
    put_number(to, "retention_days", category->retention_days);
}

static const char *policy_name(uint8_t chat)
{
    switch (chat) {
    case PERCH__CHAT_POLICY__ENABLED:
        return "enabled";
    case PERCH__CHAT_POLICY__DISABLED:
        return "disabled";
    default:
        return "unset";
    }
}

static void password_line(const struct user *user, struct buffer *to)
{
    const uint8_t hidden = HIDDEN;

    if (!user->has_password) {
        put_name(to, "password", "none");
        return;
    }
    buffer_append_text(to, "password=set");
    buffer_append(to, &hidden, 1);
    for (size_t i = 0; i < HA1_BYTES; i++) {
        buffer_printf(to, "%02x%02x", user->ha1[i], user->ha1_user[i]);
    }
    buffer_append_text(to, "\n");
}

static void user_lines(const struct machine *machine, ProtobufCBinaryData uri,
                       struct buffer *to)
{
    const struct user *user = user_find(machine, codec_slice(uri));

    if (user == NULL) {
        return;
    }
    put_text(to, "display_name", text_slice(user->display_name));
    put_switch(to, "disabled", user->disabled);
    password_line(user, to);
    put_name(to, "chat", policy_name(user->principal.chat));
    put_text(to, "directory", text_slice(user->principal.owner));
}

static void group_lines(const struct machine *machine, ProtobufCBinaryData uri,
                        struct buffer *to)
{
    const struct group *group = group_find(machine, codec_slice(uri));

    if (group != NULL) {
        put_text(to, "display_name", text_slice(group->display_name));
        put_name(to, "chat", policy_name(group->principal.chat));
        put_text(to, "directory", text_slice(group->principal.owner));
    }
}

static void pool_lines(const struct machine *machine, struct buffer *to)
{
    put_text(to, "domain", text_slice(machine->domain));
    put_text(to, "pool_uri", text_slice(machine->pool_uri));
    put_text(to, "web_url", text_slice(machine->web_url));
    for (int i = 0; i < SETTINGS; i++) {
        put_number(to, setting_fact((enum setting)i)->name,
                   machine->settings[i]);
    }
}

static void filter_lines(const struct filter *filter, struct buffer *to)
{
    if (filter == NULL) {
        return;
    }
    put_text(to, "name", text_slice(filter->name));
    put_name(to, "action",
             filter->action == PERCH__FILTER_ACTION__BLOCK ? "block" : "warn");
    put_text(to, "notice", text_slice(filter->notice));
    put_switch(to, "disabled", filter->disabled);
    put_number(to, "expressions", filter->n_expressions);
    put_number(to, "categories", filter->n_categories);
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
        put_text(to, "name", text_slice(addin->name));
        put_text(to, "url", text_slice(addin->url));
    }
}

static const char *phase_name(uint32_t phase)
{
    static const char *const names[] = {
        [PERCH__OWNER_REPORT__PHASE__READING] = "reading",
        [PERCH__OWNER_REPORT__PHASE__APPLYING] = "applying",
        [PERCH__OWNER_REPORT__PHASE__DONE] = "done",
        [PERCH__OWNER_REPORT__PHASE__HELD] = "held",
        [PERCH__OWNER_REPORT__PHASE__FAILED] = "failed",
    };

    return phase >= 1 && phase < sizeof(names) / sizeof(names[0])
               ? names[phase]
               : "unknown";
}

static void owner_lines(const struct owner *owner, struct buffer *to)
{
    put_name(to, "phase", phase_name(owner->phase));
    put_text(to, "holder", text_slice(owner->holder));
    put_text(to, "held", text_slice(owner->held));
    put_text(to, "confirmed", text_slice(owner->confirmed));
}

/* By name, or by the run that is held. */
static void find_owner_lines(const struct machine *machine, struct slice name,
                             struct slice run, struct buffer *to)
{
    for (int i = 0; i < OWNERS_MAX; i++) {
        const struct owner *owner = &machine->owners[i];

        if (owner->name != NULL &&
            (slice_equal(text_slice(owner->name), name) ||
             (run.len > 0 && slice_equal(text_slice(owner->held), run)))) {
            owner_lines(owner, to);
            return;
        }
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

/* Users and groups, and the directories that keep them. */
static void people_lines(const struct machine *machine,
                         const Perch__Command *command, struct buffer *to)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_USER_CREATE:
        user_lines(machine, command->user_create->uri, to);
        break;
    case PERCH__COMMAND__KIND_USER_CHANGE:
        user_lines(machine, command->user_change->uri, to);
        break;
    case PERCH__COMMAND__KIND_USER_DELETE:
        user_lines(machine, command->user_delete->uri, to);
        break;
    case PERCH__COMMAND__KIND_GROUP_CREATE:
        group_lines(machine, command->group_create->uri, to);
        break;
    case PERCH__COMMAND__KIND_GROUP_CHANGE:
        group_lines(machine, command->group_change->uri, to);
        break;
    case PERCH__COMMAND__KIND_GROUP_DELETE:
        group_lines(machine, command->group_delete->uri, to);
        break;
    case PERCH__COMMAND__KIND_OWNER_REPORT:
        find_owner_lines(machine, codec_slice(command->owner_report->owner),
                         SLICE_NONE, to);
        break;
    case PERCH__COMMAND__KIND_OWNER_CONFIRM:
        find_owner_lines(machine, SLICE_NONE,
                         codec_slice(command->owner_confirm->run), to);
        break;
    default:
        break;
    }
}

void record_lines(const struct machine *machine, const Perch__Command *command,
                  struct buffer *to)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_POOL_PUT:
        pool_lines(machine, to);
        break;
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
        place_lines(machine, command, to);
        people_lines(machine, command, to);
        break;
    }
}

bool record_lines_changed(const struct ledger *ledger)
{
    return !slice_equal(buffer_slice(&ledger->before),
                        buffer_slice(&ledger->after));
}

/* Take the next line, its end included. */
static struct slice next_line(struct slice *rest)
{
    const uint8_t *end =
        rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    struct slice line = slice_of(
        rest->data, end == NULL ? rest->len : (size_t)(end - rest->data) + 1);

    *rest = slice_after(*rest, line.len);
    return line;
}

/* Without what is not to be shown. */
static void append_shown(struct buffer *to, struct slice line)
{
    const uint8_t *hidden =
        line.len == 0 ? NULL : memchr(line.data, HIDDEN, line.len);

    if (hidden == NULL) {
        buffer_append_slice(to, line);
    } else {
        buffer_append(to, line.data, (size_t)(hidden - line.data));
        buffer_append_text(to, "\n");
    }
}

/* One side's lines that the other has not. */
static void put_side(struct draft *draft, enum record_field field,
                     struct slice ours, struct slice theirs)
{
    struct buffer shown = BUFFER_EMPTY;

    while (ours.len > 0) {
        struct slice line = next_line(&ours), other = next_line(&theirs);

        if (!slice_equal(line, other)) {
            append_shown(&shown, line);
        }
    }
    CHECK(!buffer_failed(&shown));
    draft_lines(draft, field, buffer_slice(&shown));
    buffer_deinit(&shown);
}

void record_lines_put(struct draft *draft)
{
    const struct ledger *ledger = &draft->turn->machine->ledger;
    struct slice before = buffer_slice(&ledger->before);
    struct slice after = buffer_slice(&ledger->after);

    put_side(draft, RECORD_FIELD_BEFORE, before, after);
    put_side(draft, RECORD_FIELD_AFTER, after, before);
}
