#include "node/chat/user.h"

#include <stdlib.h>

#include "node/chat/attention.h"
#include "node/chat/policy.h"
#include "node/chat/principal.h"
#include "node/chat/session.h"
#include "proto/base/check.h"

/* What create and change have in common. */
struct user_fields {
    bool has_name, has_ha1, has_disabled, disabled, has_chat;
    int chat;
    struct slice name, ha1, ha1_user;
};

static int compare_uris(const struct user *a, const struct user *b)
{
    return slice_compare(text_slice(a->uri), text_slice(b->uri));
}

TREE_GENERATE(user_uris, user, by_uri, compare_uris)

void user_free(struct user *user)
{
    if (user == NULL) {
        return;
    }
    CHECK(LIST_EMPTY(&user->sessions));
    principal_deinit(&user->principal);
    attention_free(user);
    text_free(user->uri);
    text_free(user->display_name);
    free(user);
}

bool user_adopt(struct machine *machine, struct user *user)
{
    if (RB_INSERT(user_uris, &machine->by_uri, user) != NULL) {
        return false;
    }
    CHECK(principal_at(machine, user->principal.number) == NULL);
    table_put(&machine->users, user->principal.number, user);
    machine->counts[ROW_USER] += 1;
    return true;
}

void user_drop(struct machine *machine, struct user *user)
{
    CHECK(LIST_EMPTY(&user->sessions) && user->principal.places.n == 0 &&
          user->principal.groups.n == 0);
    CHECK(machine->counts[ROW_USER] > 0);
    RB_REMOVE(user_uris, &machine->by_uri, user);
    table_put(&machine->users, user->principal.number, NULL);
    machine->counts[ROW_USER] -= 1;
}

/* Kept URIs are lower case, so folding one side is enough; folding as it is
 * compared spares a copy. */
struct user *user_find(const struct machine *machine, struct slice uri)
{
    struct user *user = RB_ROOT(&machine->by_uri);

    while (user != NULL) {
        int order = text_compare_nocase(uri, text_slice(user->uri));

        if (order == 0) {
            return user;
        }
        user = order < 0 ? RB_LEFT(user, by_uri) : RB_RIGHT(user, by_uri);
    }
    return NULL;
}

struct user *user_next(const struct machine *machine, const struct user *after)
{
    struct user_uris tree = machine->by_uri;

    if (after == NULL) {
        return RB_MIN(user_uris, &tree);
    }
    return RB_NEXT(user_uris, &tree, (struct user *)(uintptr_t)after);
}

struct user *user_after(const struct machine *machine, struct slice uri)
{
    struct user *user = RB_ROOT(&machine->by_uri), *found = NULL;

    while (user != NULL) {
        if (text_compare_nocase(uri, text_slice(user->uri)) < 0) {
            found = user;
            user = RB_LEFT(user, by_uri);
        } else {
            user = RB_RIGHT(user, by_uri);
        }
    }
    return found;
}

static bool is_hash(struct slice hash)
{
    return hash.len == 0 || hash.len == HA1_BYTES;
}

/* The hash of the bare name belongs to the other. */
static bool is_password(const struct user_fields *fields)
{
    return is_hash(fields->ha1) && is_hash(fields->ha1_user) &&
           (fields->ha1.len > 0 || fields->ha1_user.len == 0);
}

static enum outcome check_fields(const struct user_fields *fields)
{
    enum outcome outcome = OUTCOME_DONE;

    if (fields->has_name) {
        outcome = text_check_line(fields->name, NAME_CHARACTERS_MAX,
                                  OUTCOME_NAME_TOO_LONG);
    }
    if (outcome == OUTCOME_DONE && !is_password(fields)) {
        return OUTCOME_HA1_INVALID;
    }
    return outcome == OUTCOME_DONE
               ? policy_check(fields->has_chat, fields->chat)
               : outcome;
}

static bool same_password(const struct user *user,
                          const struct user_fields *fields)
{
    struct slice ha1 = {user->ha1, user->has_password ? HA1_BYTES : 0};
    struct slice ha1_user = {user->ha1_user,
                             user->has_ha1_user ? HA1_BYTES : 0};

    return slice_equal(ha1, fields->ha1) &&
           slice_equal(ha1_user, fields->ha1_user);
}

static bool put_hash(uint8_t to[HA1_BYTES], struct slice hash)
{
    memset(to, 0, HA1_BYTES);
    if (hash.len > 0) {
        memcpy(to, hash.data, HA1_BYTES);
    }
    return hash.len > 0;
}

static void put_password(struct user *user, const struct user_fields *fields)
{
    user->has_password = put_hash(user->ha1, fields->ha1);
    user->has_ha1_user = put_hash(user->ha1_user, fields->ha1_user);
}

static unsigned put_fields(struct user *user, const struct user_fields *fields)
{
    unsigned changed = 0;

    if (fields->has_name &&
        !slice_equal(fields->name, text_slice(user->display_name))) {
        text_replace(&user->display_name, fields->name);
        changed |= CHANGED_NAME;
    }
    if (fields->has_ha1 && !same_password(user, fields)) {
        put_password(user, fields);
        changed |= CHANGED_PASSWORD;
    }
    if (fields->has_disabled && fields->disabled != user->disabled) {
        user->disabled = fields->disabled;
        changed |= CHANGED_DISABLED;
    }
    return changed |
           policy_put(&user->principal, fields->has_chat, fields->chat);
}

static void tell(struct turn *turn, const struct user *user,
                 enum event_kind kind, unsigned changed)
{
    struct event *event = effects_event(turn->effects, kind);

    event->user = user->principal.number;
    event->changed = (uint16_t)changed;
    changes_mark(&turn->machine->changes, ROW_USER, user->principal.number, 0,
                 0);
}

static struct user *begin(struct turn *turn, struct slice uri)
{
    struct machine *machine = turn->machine;
    struct user *user = calloc(1, sizeof(*user));
    bool adopted;

    CHECK(user != NULL);
    machine->principal_last += 1;
    principal_init(machine, &user->principal, machine->principal_last, false);
    user->version = 1;
    user->created_at_us = turn->sent_at_us;
    user->changed_at_us = turn->sent_at_us;
    /* Kept in lower case: rows, keys and answers show one spelling. */
    user->uri = text_new(uri);
    text_fold(user->uri->bytes, uri);
    adopted = user_adopt(machine, user);
    CHECK(adopted);
    return user;
}

static bool is_full(const struct machine *machine)
{
    return machine->counts[ROW_USER] >= machine->settings[SETTING_USERS_MAX] ||
           machine->principal_last == NUMBERS_MAX;
}

enum outcome user_create(struct turn *turn, const Perch__UserCreate *command)
{
    struct user_fields fields = {.has_name = command->has_display_name,
                                 .name = codec_slice(command->display_name),
                                 .has_ha1 = command->has_ha1,
                                 .ha1 = codec_slice(command->ha1),
                                 .ha1_user = codec_slice(command->ha1_user),
                                 .has_disabled = command->has_disabled,
                                 .disabled = command->disabled,
                                 .has_chat = command->has_chat,
                                 .chat = command->chat};
    struct slice uri = codec_slice(command->uri);
    struct user *user;
    enum outcome outcome;

    if (!text_is_sip_uri(uri)) {
        return OUTCOME_USER_URI_INVALID;
    }
    if (user_find(turn->machine, uri) != NULL) {
        return OUTCOME_USER_EXISTS;
    }
    outcome = check_fields(&fields);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (is_full(turn->machine)) {
        return OUTCOME_USERS_FULL;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    user = begin(turn, uri);
    put_fields(user, &fields);
    turn->value = user->principal.number;
    tell(turn, user, EVENT_USER_CREATED, 0);
    return OUTCOME_DONE;
}

enum outcome user_change(struct turn *turn, const Perch__UserChange *command)
{
    struct user_fields fields = {.has_name = command->has_display_name,
                                 .name = codec_slice(command->display_name),
                                 .has_ha1 = command->has_ha1,
                                 .ha1 = codec_slice(command->ha1),
                                 .ha1_user = codec_slice(command->ha1_user),
                                 .has_disabled = command->has_disabled,
                                 .disabled = command->disabled,
                                 .has_chat = command->has_chat,
                                 .chat = command->chat};
    struct user *user = user_find(turn->machine, codec_slice(command->uri));
    enum outcome outcome;
    unsigned changed;

    if (user == NULL) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (command->has_if_version && command->if_version != user->version) {
        return OUTCOME_VERSION_STALE;
    }
    outcome = check_fields(&fields);
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    changed = put_fields(user, &fields);
    if (changed != 0) {
        user->version += 1;
        user->changed_at_us = turn->sent_at_us;
        if (user->disabled) {
            session_end_user(turn, user, LEAVE_USER_DISABLED);
        } else if (!policy_allows(turn->machine, user)) {
            session_end_user(turn, user, LEAVE_NOT_ENABLED);
        }
        tell(turn, user, EVENT_USER_CHANGED, changed);
    }
    turn->value = user->version;
    return OUTCOME_DONE;
}
