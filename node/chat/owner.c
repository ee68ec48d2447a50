#include "node/chat/owner.h"

#include "proto/base/check.h"

static bool is_name(struct slice name)
{
    if (name.len == 0 || name.len > OWNER_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '.' &&
            c != '-' && c != '_') {
            return false;
        }
    }
    return true;
}

enum outcome owner_check(bool is_given, struct slice name)
{
    return !is_given || name.len == 0 || is_name(name) ? OUTCOME_DONE
                                                       : OUTCOME_OWNER_INVALID;
}

unsigned owner_put(struct principal *principal, bool is_given,
                   struct slice name)
{
    if (!is_given || slice_equal(name, text_slice(principal->owner))) {
        return 0;
    }
    text_replace(&principal->owner, name);
    return CHANGED_OWNER;
}

static struct owner *find(struct machine *machine, struct slice name)
{
    for (int i = 0; i < OWNERS_MAX; i++) {
        struct owner *owner = &machine->owners[i];

        if (owner->name != NULL && slice_equal(text_slice(owner->name), name)) {
            return owner;
        }
    }
    return NULL;
}

const struct owner *owner_find(const struct machine *machine, struct slice name)
{
    return find((struct machine *)(uintptr_t)machine, name);
}

/* The place of the next that comes. NULL: there is none. */
static struct owner *next_place(struct machine *machine)
{
    for (int i = 0; i < OWNERS_MAX; i++) {
        if (machine->owners[i].name == NULL) {
            return &machine->owners[i];
        }
    }
    return NULL;
}

static bool is_run(struct slice run)
{
    return text_is_visible(run, OWNER_RUN_BYTES_MAX);
}

static bool is_fine(const Perch__OwnerReport *command)
{
    struct slice run = codec_slice(command->run);
    bool needs_run = command->phase == PERCH__OWNER_REPORT__PHASE__HELD;

    return text_is_visible(codec_slice(command->holder),
                           OWNER_HOLDER_BYTES_MAX) &&
           command->lease_s <= OWNER_LEASE_S_MAX && command->has_phase &&
           command->phase >= PERCH__OWNER_REPORT__PHASE__READING &&
           command->phase <= PERCH__OWNER_REPORT__PHASE__FAILED &&
           (is_run(run) || (run.len == 0 && !needs_run));
}

/* Whether a lease has ended is a question of the entry's own moment: judged
 * beforehand it is left open. */
static bool is_held_by_another(const struct turn *turn,
                               const struct owner *owner,
                               const Perch__OwnerReport *command)
{
    return !turn->judging && owner->lease_until_us > turn->sent_at_us &&
           !slice_equal(text_slice(owner->holder),
                        codec_slice(command->holder));
}

static enum outcome check(struct turn *turn, const Perch__OwnerReport *command)
{
    struct slice name = codec_slice(command->owner);
    const struct owner *owner = owner_find(turn->machine, name);
    enum outcome outcome;

    if (!is_name(name)) {
        return OUTCOME_OWNER_INVALID;
    }
    if (!is_fine(command)) {
        return OUTCOME_OWNER_REPORT_INVALID;
    }
    outcome =
        text_check_line(codec_slice(command->text), DESCRIPTION_CHARACTERS_MAX,
                        OUTCOME_DESCRIPTION_TOO_LONG);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (owner == NULL) {
        return next_place(turn->machine) == NULL ? OUTCOME_OWNERS_FULL
                                                 : OUTCOME_DONE;
    }
    return is_held_by_another(turn, owner, command) ? OUTCOME_OWNER_BUSY
                                                    : OUTCOME_DONE;
}

/* What waits for a word, and what has it. */
static void put_held(struct owner *owner, const Perch__OwnerReport *command)
{
    struct slice run = codec_slice(command->run);

    if (command->phase == PERCH__OWNER_REPORT__PHASE__DONE) {
        text_replace(&owner->held, SLICE_NONE);
        text_replace(&owner->confirmed, SLICE_NONE);
    } else if (command->phase == PERCH__OWNER_REPORT__PHASE__HELD) {
        text_replace(&owner->held, run);
        if (!slice_equal(text_slice(owner->confirmed), run)) {
            text_replace(&owner->confirmed, SLICE_NONE);
        }
    }
}

static void put(struct owner *owner, const Perch__OwnerReport *command,
                int64_t now_us)
{
    text_replace(&owner->name, codec_slice(command->owner));
    text_replace(&owner->holder, codec_slice(command->holder));
    text_replace(&owner->run, codec_slice(command->run));
    text_replace(&owner->text, codec_slice(command->text));
    put_held(owner, command);
    owner->lease_until_us = now_us + (int64_t)command->lease_s * 1000000;
    owner->reported_at_us = now_us;
    if (command->phase == PERCH__OWNER_REPORT__PHASE__DONE) {
        owner->done_at_us = now_us;
    }
    owner->phase = (uint32_t)command->phase;
    owner->users = command->users;
    owner->groups = command->groups;
    owner->changes = command->changes;
    owner->leaving = command->leaving;
}

enum outcome owner_report(struct turn *turn, const Perch__OwnerReport *command)
{
    struct machine *machine = turn->machine;
    enum outcome outcome = check(turn, command);
    struct owner *owner;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    owner = find(machine, codec_slice(command->owner));
    if (owner == NULL) {
        owner = next_place(machine);
    }
    CHECK(owner != NULL);
    put(owner, command, turn->sent_at_us);
    changes_mark(&machine->changes, ROW_POOL, 0, 0, 0);
    turn->value = (uint64_t)(owner - machine->owners) + 1;
    return OUTCOME_DONE;
}

enum outcome owner_confirm(struct turn *turn,
                           const Perch__OwnerConfirm *command)
{
    struct machine *machine = turn->machine;
    struct slice run = codec_slice(command->run);

    for (int i = 0; i < OWNERS_MAX; i++) {
        struct owner *owner = &machine->owners[i];

        if (owner->held == NULL || !slice_equal(text_slice(owner->held), run)) {
            continue;
        }
        if (!turn->judging) {
            text_replace(&owner->confirmed, run);
            changes_mark(&machine->changes, ROW_POOL, 0, 0, 0);
            turn->value = (uint64_t)i + 1;
        }
        return OUTCOME_DONE;
    }
    return OUTCOME_OWNER_RUN_UNKNOWN;
}

void owners_deinit(struct machine *machine)
{
    for (int i = 0; i < OWNERS_MAX; i++) {
        struct owner *owner = &machine->owners[i];
        struct text *texts[] = {owner->name, owner->holder, owner->run,
                                owner->text, owner->held,   owner->confirmed};

        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
            text_free(texts[j]);
        }
    }
}
