#include "node/chat/encode_people.h"

#include "node/chat/invitation.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

bool encode_user(const struct machine *machine, const struct row_key *key,
                 struct arena *scratch, struct buffer *to)
{
    const struct user *user = table_at(&machine->users, key->part[0]);
    Perch__Stored__User row = PERCH__STORED__USER__INIT;

    (void)scratch;
    if (user == NULL) {
        return false;
    }
    CODEC_SET_BYTES(&row, uri, text_slice(user->uri));
    CODEC_SET_BYTES(&row, display_name, text_slice(user->display_name));
    if (user->has_password) {
        CODEC_SET_BYTES(&row, ha1, slice_of(user->ha1, HA1_BYTES));
    }
    if (user->has_ha1_user) {
        CODEC_SET_BYTES(&row, ha1_user, slice_of(user->ha1_user, HA1_BYTES));
    }
    CODEC_SET(&row, disabled, user->disabled);
    CODEC_SET(&row, version, user->version);
    CODEC_SET(&row, created_at_us, user->created_at_us);
    CODEC_SET(&row, changed_at_us, user->changed_at_us);
    if (user->principal.chat != PERCH__CHAT_POLICY__UNSET) {
        CODEC_SET(&row, chat, user->principal.chat);
    }
    if (user->invitations_shown != 0) {
        CODEC_SET(&row, invitations_shown, user->invitations_shown);
    }
    codec_write(&row.base, to);
    return true;
}

bool encode_group(const struct machine *machine, const struct row_key *key,
                  struct arena *scratch, struct buffer *to)
{
    const struct group *group =
        table_at(&machine->directory.groups, key->part[0]);
    Perch__Stored__Group row = PERCH__STORED__GROUP__INIT;

    (void)scratch;
    if (group == NULL) {
        return false;
    }
    CODEC_SET_BYTES(&row, uri, text_slice(group->uri));
    CODEC_SET_BYTES(&row, display_name, text_slice(group->display_name));
    CODEC_SET(&row, version, group->version);
    CODEC_SET(&row, created_at_us, group->created_at_us);
    CODEC_SET(&row, changed_at_us, group->changed_at_us);
    if (group->principal.chat != PERCH__CHAT_POLICY__UNSET) {
        CODEC_SET(&row, chat, group->principal.chat);
    }
    codec_write(&row.base, to);
    return true;
}

bool encode_membership(const struct machine *machine, const struct row_key *key,
                       struct arena *scratch, struct buffer *to)
{
    const struct group *group =
        table_at(&machine->directory.groups, key->part[0]);
    Perch__Stored__Membership row = PERCH__STORED__MEMBERSHIP__INIT;
    uint32_t since = 0;

    (void)scratch;
    if (group != NULL) {
        since = number_map_get(&group->members, (uint32_t)key->part[1]);
    }
    if (since == 0) {
        return false;
    }
    if (since != INVITATION_SINCE_FIRST) {
        CODEC_SET(&row, since, since);
    }
    codec_write(&row.base, to);
    return true;
}
