#include "node/admin/answers.h"

#include "node/chat/setting.h"

static const struct answer_row *const tables[] = {
    status_rows,       nodes_rows,      settings_rows, rooms_rows,
    room_changes_rows, categories_rows, users_rows,    sessions_rows,
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

struct user_list {
    size_t n;
    const ProtobufCBinaryData *users;
};

/* The user at a position counted through lists, as node/chat/role.h counts. */
static struct slice user_at(const struct user_list *lists, size_t n_lists,
                            uint64_t position)
{
    for (size_t i = 0; i < n_lists; i++) {
        if (position < lists[i].n) {
            return codec_slice(lists[i].users[position]);
        }
        position -= lists[i].n;
    }
    return SLICE_NONE;
}

static struct slice unknown_user(const Perch__Command *command,
                                 uint64_t position)
{
    const Perch__RoomCreate *create = command->room_create;
    const Perch__RoomChange *change = command->room_change;

    if (command->kind_case == PERCH__COMMAND__KIND_ROOM_CREATE) {
        const struct user_list lists[] = {
            {create->n_members, create->members},
            {create->n_managers, create->managers},
        };

        return user_at(lists, 2, position);
    }
    if (command->kind_case == PERCH__COMMAND__KIND_ROOM_CHANGE) {
        const struct user_list lists[] = {
            {change->n_members_remove, change->members_remove},
            {change->n_managers_remove, change->managers_remove},
            {change->n_members_add, change->members_add},
            {change->n_managers_add, change->managers_add},
        };

        return user_at(lists, 4, position);
    }
    return SLICE_NONE;
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
    if (applied->outcome == OUTCOME_USER_UNKNOWN) {
        return unknown_user(command, applied->value);
    }
    if (command->kind_case == PERCH__COMMAND__KIND_POOL_PUT &&
        applied->outcome == OUTCOME_SETTING_OUT_OF_RANGE) {
        return setting_at(command->pool_put, applied->value);
    }
    return SLICE_NONE;
}
