#include "node/chat/group.h"
#include "node/chat/record_value.h"
#include "node/chat/user.h"

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
    uint8_t hidden[2 * HA1_BYTES];

    memcpy(hidden, user->ha1, HA1_BYTES);
    memcpy(hidden + HA1_BYTES, user->ha1_user, HA1_BYTES);
    if (user->has_password) {
        line_hiding(to, "password", SLICE_LITERAL("set"),
                    slice_of(hidden, sizeof(hidden)));
    } else {
        line_name(to, "password", "none");
    }
}

static void user_lines(const struct machine *machine, ProtobufCBinaryData uri,
                       struct buffer *to)
{
    const struct user *user = user_find(machine, codec_slice(uri));

    if (user == NULL) {
        return;
    }
    line_text(to, "display_name", text_slice(user->display_name));
    line_switch(to, "disabled", user->disabled);
    password_line(user, to);
    line_name(to, "chat", policy_name(user->principal.chat));
    line_text(to, "directory", text_slice(user->principal.owner));
}

static void group_lines(const struct machine *machine, ProtobufCBinaryData uri,
                        struct buffer *to)
{
    const struct group *group = group_find(machine, codec_slice(uri));

    if (group != NULL) {
        line_text(to, "display_name", text_slice(group->display_name));
        line_name(to, "chat", policy_name(group->principal.chat));
        line_text(to, "directory", text_slice(group->principal.owner));
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

    return phase >= 1 && phase < sizeof(names) / sizeof(names[0]) ? names[phase]
                                                                  : "unknown";
}

static void owner_lines(const struct owner *owner, struct buffer *to)
{
    line_name(to, "phase", phase_name(owner->phase));
    line_text(to, "holder", text_slice(owner->holder));
    line_text(to, "held", text_slice(owner->held));
    line_text(to, "confirmed", text_slice(owner->confirmed));
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

/* Users and groups, and the directories that keep them. */
void record_lines_of_people(const struct machine *machine,
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
