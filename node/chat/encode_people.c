#include "node/chat/encode_people.h"

#include "node/chat/invitation.h"
#include "proto/base/check.h"
#include "proto/codec.h"

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
    if (user->principal.owner != NULL) {
        CODEC_SET_BYTES(&row, owner, text_slice(user->principal.owner));
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
    if (group->principal.owner != NULL) {
        CODEC_SET_BYTES(&row, owner, text_slice(group->principal.owner));
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

static void fill_owner(const struct owner *owner,
                       Perch__Stored__Pool__Owner *row)
{
    perch__stored__pool__owner__init(row);
    CODEC_SET_BYTES(row, name, text_slice(owner->name));
    CODEC_SET_BYTES(row, holder, text_slice(owner->holder));
    CODEC_SET_BYTES(row, run, text_slice(owner->run));
    CODEC_SET_BYTES(row, text, text_slice(owner->text));
    CODEC_SET_BYTES(row, held, text_slice(owner->held));
    CODEC_SET_BYTES(row, confirmed, text_slice(owner->confirmed));
    CODEC_SET(row, lease_until_us, owner->lease_until_us);
    CODEC_SET(row, reported_at_us, owner->reported_at_us);
    CODEC_SET(row, done_at_us, owner->done_at_us);
    CODEC_SET(row, phase, owner->phase);
    CODEC_SET(row, users, owner->users);
    CODEC_SET(row, groups, owner->groups);
    CODEC_SET(row, changes, owner->changes);
    CODEC_SET(row, leaving, owner->leaving);
}

void encode_owners(const struct machine *machine, struct arena *scratch,
                   Perch__Stored__Pool *row)
{
    Perch__Stored__Pool__Owner *rows =
        arena_alloc(scratch, OWNERS_MAX * sizeof(*rows));

    row->owners = arena_alloc(scratch, OWNERS_MAX * sizeof(*row->owners));
    CHECK(rows != NULL && row->owners != NULL);
    for (size_t i = 0; i < OWNERS_MAX && machine->owners[i].name != NULL; i++) {
        fill_owner(&machine->owners[i], &rows[i]);
        row->owners[row->n_owners++] = &rows[i];
    }
}
