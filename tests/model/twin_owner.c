#include <string.h>

#include "tests/model/twin.h"

static bool is_owner(ProtobufCBinaryData name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", name.data[i],
                   39) == NULL) {
            return false;
        }
    }
    return name.len >= 1 && name.len <= 64;
}

enum outcome twin_check_owner(bool has, ProtobufCBinaryData name)
{
    return has && name.len > 0 && !is_owner(name) ? OUTCOME_OWNER_INVALID
                                                  : OUTCOME_DONE;
}

bool twin_put_owner(struct twin_user *user, bool has, ProtobufCBinaryData name)
{
    if (!has ||
        twin_same(name.data, name.len, user->owner.bytes, user->owner.len)) {
        return false;
    }
    twin_copy(&user->owner, name, false);
    return true;
}

static bool is(const struct twin_text *text, ProtobufCBinaryData bytes)
{
    return twin_same(text->bytes, text->len, bytes.data, bytes.len);
}

static enum outcome check_report(const struct twin *twin,
                                 const struct twin_owner *owner,
                                 const Perch__OwnerReport *c)
{
    enum outcome outcome;

    if (!is_owner(c->owner)) {
        return OUTCOME_OWNER_INVALID;
    }
    if (!twin_is_visible(c->holder, 128) || c->lease_s > 3600 ||
        (int)c->phase < 1 || (int)c->phase > 5 || !c->has_phase ||
        (c->run.len == 0 ? (int)c->phase == 4 : !twin_is_visible(c->run, 64))) {
        return OUTCOME_OWNER_REPORT_INVALID;
    }
    outcome = twin_check_line(c->text, OUTCOME_DESCRIPTION_TOO_LONG);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (owner == NULL) {
        return twin->n_owners == 16 ? OUTCOME_OWNERS_FULL : OUTCOME_DONE;
    }
    return owner->lease_until > twin->now && !is(&owner->holder, c->holder)
               ? OUTCOME_OWNER_BUSY
               : OUTCOME_DONE;
}

static void put_report(const struct twin *twin, struct twin_owner *owner,
                       const Perch__OwnerReport *c)
{
    twin_copy(&owner->name, c->owner, false);
    twin_copy(&owner->holder, c->holder, false);
    twin_copy(&owner->run, c->run, false);
    twin_copy(&owner->text, c->text, false);
    owner->phase = (int)c->phase;
    owner->lease_until = twin->now + (int64_t)c->lease_s * 1000000;
    owner->reported = twin->now;
    owner->users = c->users;
    owner->groups = c->groups;
    owner->changes = c->changes;
    owner->leaving = c->leaving;
    if (owner->phase == 3) {
        owner->done = twin->now;
        owner->held.len = owner->confirmed.len = 0;
    }
    if (owner->phase == 4) {
        twin_copy(&owner->held, c->run, false);
        if (!is(&owner->confirmed, c->run)) {
            owner->confirmed.len = 0;
        }
    }
}

enum outcome twin_owner_report(struct twin *twin, const Perch__OwnerReport *c)
{
    struct twin_owner *owner = NULL;
    enum outcome outcome;

    for (size_t i = 0; i < twin->n_owners; i++) {
        if (is(&twin->owners[i].name, c->owner)) {
            owner = &twin->owners[i];
        }
    }
    outcome = check_report(twin, owner, c);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (owner == NULL) {
        owner = &twin->owners[twin->n_owners++];
    }
    put_report(twin, owner, c);
    twin->value = (uint64_t)(owner - twin->owners) + 1;
    return OUTCOME_DONE;
}

enum outcome twin_owner_confirm(struct twin *twin, const Perch__OwnerConfirm *c)
{
    for (size_t i = 0; i < twin->n_owners; i++) {
        if (twin->owners[i].held.len > 0 && is(&twin->owners[i].held, c->run)) {
            twin->owners[i].confirmed = twin->owners[i].held;
            twin->value = i + 1;
            return OUTCOME_DONE;
        }
    }
    return OUTCOME_OWNER_RUN_UNKNOWN;
}

void twin_note_owner(struct twin *twin, const Perch__Command *c)
{
    static const struct twin_owner none;

    twin->owner_before = none;
    for (size_t i = 0; c != NULL && i < twin->n_owners; i++) {
        const struct twin_owner *owner = &twin->owners[i];

        if ((c->kind_case == PERCH__COMMAND__KIND_OWNER_REPORT &&
             is(&owner->name, c->owner_report->owner)) ||
            (c->kind_case == PERCH__COMMAND__KIND_OWNER_CONFIRM &&
             owner->held.len > 0 && is(&owner->held, c->owner_confirm->run))) {
            twin->owner_before = *owner;
            return;
        }
    }
}
