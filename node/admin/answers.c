#include "node/admin/answers.h"

#include "node/chat/setting.h"

static const struct answer_row *const tables[] = {
    status_rows,
    nodes_rows,
    settings_rows,
    rooms_rows,
    room_changes_rows,
    categories_rows,
    users_rows,
    sessions_rows,
    rules_rows,
    groups_rows,
    category_changes_rows,
    addins_rows,
    eligible_rows,
    messages_rows,
    keeping_rows,
    holds_rows,
    search_rows,
    deletions_rows,
    administrators_rows,
    directory_rows,
    content_rows,
    filters_rows,
    filter_changes_rows,
    archive_rows,
    archive_keys_rows,
    archive_witnesses_rows,
    archive_adapters_rows,
    archive_changes_rows,
};

const struct answer_row *answers_row(enum admin_kind kind)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct answer_row *row = tables[i]; row->decide != NULL;
             row++) {
            if (row->kind == kind) {
                return row;
            }
        }
    }
    return NULL;
}

struct names {
    size_t n;
    const ProtobufCBinaryData *at;
};

#define NAMES(message, field)                                                  \
    {                                                                          \
        (message)->n_##field, (message)->field                                 \
    }

/* The name at a position counted through lists, as node/chat/principal.h
 * counts. */
static struct slice name_at(const struct names *lists, size_t n_lists,
                            uint64_t position)
{
    for (size_t i = 0; i < n_lists; i++) {
        if (position < lists[i].n) {
            return codec_slice(lists[i].at[position]);
        }
        position -= lists[i].n;
    }
    return SLICE_NONE;
}

static struct slice named_at_creation(const Perch__RoomCreate *create,
                                      uint64_t position)
{
    const struct names lists[] = {NAMES(create, members),
                                  NAMES(create, managers),
                                  NAMES(create, presenters)};

    return name_at(lists, 3, position);
}

static struct slice named_in_room(const Perch__RoomChange *change,
                                  uint64_t position)
{
    const struct names lists[] = {
        NAMES(change, members_remove),    NAMES(change, managers_remove),
        NAMES(change, presenters_remove), NAMES(change, members_add),
        NAMES(change, managers_add),      NAMES(change, presenters_add)};

    return name_at(lists, 6, position);
}

static struct slice named_in_category(const Perch__CategoryChange *change,
                                      uint64_t position)
{
    const struct names lists[] = {
        NAMES(change, allowed_remove),  NAMES(change, denied_remove),
        NAMES(change, creators_remove), NAMES(change, allowed_add),
        NAMES(change, denied_add),      NAMES(change, creators_add)};

    return name_at(lists, 6, position);
}

static struct slice named(const Perch__Command *command, uint64_t position)
{
    const Perch__CategoryCreate *category = command->category_create;

    switch (command->kind_case) {
    case PERCH__COMMAND__KIND_ROOM_CREATE:
        return named_at_creation(command->room_create, position);
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
        return named_in_room(command->room_change, position);
    case PERCH__COMMAND__KIND_CATEGORY_CREATE:
        return name_at((struct names[]){NAMES(category, allowed),
                                        NAMES(category, denied),
                                        NAMES(category, creators)},
                       3, position);
    case PERCH__COMMAND__KIND_CATEGORY_CHANGE:
        return named_in_category(command->category_change, position);
    case PERCH__COMMAND__KIND_GROUP_CREATE:
        return name_at((struct names[]){NAMES(command->group_create, members)},
                       1, position);
    case PERCH__COMMAND__KIND_GROUP_CHANGE:
        return name_at(
            (struct names[]){NAMES(command->group_change, members_remove),
                             NAMES(command->group_change, members_add)},
            2, position);
    default:
        return SLICE_NONE;
    }
}

/* Refusals whose value is a position in the command's lists. */
static bool is_about_a_name(enum outcome outcome)
{
    return outcome == OUTCOME_USER_UNKNOWN ||
           outcome == OUTCOME_GROUP_UNKNOWN ||
           outcome == OUTCOME_PRINCIPAL_OUT_OF_SCOPE ||
           outcome == OUTCOME_PRESENTER_NOT_MEMBER;
}

static struct slice setting_at(const Perch__PoolPut *put, uint64_t position)
{
    if (position >= put->n_settings ||
        put->settings[position]->number >= SETTINGS) {
        return SLICE_NONE;
    }
    return slice_of_text(
        setting_fact((enum setting)put->settings[position]->number)->name);
}

struct slice answers_culprit(const Perch__Command *command,
                             const struct applied *applied)
{
    if (is_about_a_name(applied->outcome)) {
        return named(command, applied->value);
    }
    if (command->kind_case == PERCH__COMMAND__KIND_POOL_PUT &&
        applied->outcome == OUTCOME_SETTING_OUT_OF_RANGE) {
        return setting_at(command->pool_put, applied->value);
    }
    return SLICE_NONE;
}
