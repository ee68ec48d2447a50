#include "node/chat/machine.h"

#include <stdlib.h>

#include "node/chat/adapter.h"
#include "node/chat/addin.h"
#include "node/chat/administrator.h"
#include "node/chat/archive_gate.h"
#include "node/chat/archive_key.h"
#include "node/chat/archive_mode.h"
#include "node/chat/category.h"
#include "node/chat/checkpoint.h"
#include "node/chat/delete.h"
#include "node/chat/departed.h"
#include "node/chat/disclosure.h"
#include "node/chat/feed.h"
#include "node/chat/file.h"
#include "node/chat/filter.h"
#include "node/chat/group.h"
#include "node/chat/hold.h"
#include "node/chat/import.h"
#include "node/chat/invitation.h"
#include "node/chat/join.h"
#include "node/chat/ledger.h"
#include "node/chat/memory.h"
#include "node/chat/node.h"
#include "node/chat/origin.h"
#include "node/chat/owner.h"
#include "node/chat/pool.h"
#include "node/chat/post.h"
#include "node/chat/probe.h"
#include "node/chat/publication.h"
#include "node/chat/reading.h"
#include "node/chat/retention.h"
#include "node/chat/revise.h"
#include "node/chat/rollback.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "node/chat/setting.h"
#include "node/chat/tombstone.h"
#include "node/chat/user.h"
#include "node/chat/witness.h"
#include "proto/base/check.h"

/* A manager is a user whose right the rule itself decides; an administrator
 * needs none. A keeper is an administrator or the pool by itself. */
enum actor {
    ACTOR_ANY,
    ACTOR_KEEPER,
    ACTOR_USER,
    ACTOR_MANAGER,
    ACTOR_ADMINISTRATOR,
    ACTOR_NODE, /* Nobody: the node that proposes it. */
};

typedef enum outcome rule(struct turn *turn, const Perch__Command *command);

/* The rules take their own part of the command, or all of it when they ask who
 * acts. */
#define RULE_OF_PART(kind, function)                                           \
    static enum outcome rule_##kind(struct turn *turn,                         \
                                    const Perch__Command *command)             \
    {                                                                          \
        return function(turn, command->kind);                                  \
    }
RULE_OF_PART(session_close, session_close)
RULE_OF_PART(node_mark, node_mark)
RULE_OF_PART(probe, probe_put)
RULE_OF_PART(node_started, node_started)
RULE_OF_PART(node_lost, node_lost)
RULE_OF_PART(rules_raise, rules_raise)
RULE_OF_PART(pool_put, pool_put)
RULE_OF_PART(user_create, user_create)
RULE_OF_PART(user_change, user_change)
RULE_OF_PART(category_create, category_create)
RULE_OF_PART(category_change, category_change)
RULE_OF_PART(session_expel, session_expel)
RULE_OF_PART(node_admit, node_admit)
RULE_OF_PART(group_create, group_create)
RULE_OF_PART(group_change, group_change)
RULE_OF_PART(addin_create, addin_create)
RULE_OF_PART(addin_change, addin_change)
RULE_OF_PART(addin_delete, addin_delete)
RULE_OF_PART(message_redact, message_redact)
RULE_OF_PART(room_clear, room_clear)
RULE_OF_PART(room_purge, room_purge)
RULE_OF_PART(hold_lift, hold_lift)
RULE_OF_PART(retention_set, retention_set)
RULE_OF_PART(read_marks, read_marks)
RULE_OF_PART(room_delete, room_delete)
RULE_OF_PART(category_delete, category_delete)
RULE_OF_PART(group_delete, group_delete)
RULE_OF_PART(user_delete, user_delete)
RULE_OF_PART(administrator_revoke, administrator_revoke)
RULE_OF_PART(owner_report, owner_report)
RULE_OF_PART(owner_confirm, owner_confirm)
RULE_OF_PART(messages_read, messages_read)
RULE_OF_PART(filter_create, filter_create)
RULE_OF_PART(filter_change, filter_change)
RULE_OF_PART(filter_delete, filter_delete)
RULE_OF_PART(archive_put, archive_put)
RULE_OF_PART(archive_mark, archive_mark)
RULE_OF_PART(checkpoint_begin, checkpoint_begin)
RULE_OF_PART(cosign, cosign)
RULE_OF_PART(witness_put, witness_put)
RULE_OF_PART(witness_remove, witness_remove)
RULE_OF_PART(witnessed, witnessed)
RULE_OF_PART(adapter_put, adapter_put)
RULE_OF_PART(adapter_remove, adapter_remove)
RULE_OF_PART(cut, cut)
RULE_OF_PART(cut_done, cut_done)
RULE_OF_PART(adapter_report, adapter_report)
RULE_OF_PART(archive_halt, archive_halt)
RULE_OF_PART(archive_refill, archive_refill)
RULE_OF_PART(archive_reopen, archive_reopen)
#undef RULE_OF_PART

static enum outcome rule_noop(struct turn *turn, const Perch__Command *command)
{
    (void)turn;
    (void)command;
    return OUTCOME_DONE;
}

#define KIND(name) [PERCH__COMMAND__KIND_##name]

/* Roles in administration that cover a kind. ADMINISTRATOR covers all of them,
 * also those that have none. */
enum {
    OF_ROOMS = ADMINISTRATOR_BIT(ROOM_ADMINISTRATOR),
    OF_OPERATION = ADMINISTRATOR_BIT(OPERATOR),
    OF_COMPLIANCE = ADMINISTRATOR_BIT(COMPLIANCE_OFFICER),
};

/* Which rule decides a kind of command, and who may give it. */
static const struct {
    rule *decide;
    enum actor actor;
    uint32_t roles;
} rules[] = {
    KIND(POST) = {post, ACTOR_USER, 0},
    KIND(JOIN) = {join, ACTOR_USER, 0},
    KIND(PART) = {part, ACTOR_USER, 0},
    KIND(SESSION_OPEN) = {session_open, ACTOR_USER, 0},
    KIND(SESSION_CLOSE) = {rule_session_close, ACTOR_ANY, 0},
    KIND(NODE_MARK) = {rule_node_mark, ACTOR_ANY, 0},
    KIND(NOOP) = {rule_noop, ACTOR_ANY, 0},
    KIND(PROBE) = {rule_probe, ACTOR_ANY, 0},
    KIND(NODE_STARTED) = {rule_node_started, ACTOR_ANY, 0},
    KIND(NODE_LOST) = {rule_node_lost, ACTOR_ANY, 0},
    KIND(RULES_RAISE) = {rule_rules_raise, ACTOR_KEEPER, OF_OPERATION},
    KIND(POOL_PUT) = {rule_pool_put, ACTOR_ADMINISTRATOR, OF_OPERATION},
    KIND(USER_CREATE) = {rule_user_create, ACTOR_ADMINISTRATOR, OF_OPERATION},
    KIND(USER_CHANGE) = {rule_user_change, ACTOR_ADMINISTRATOR, OF_OPERATION},
    KIND(CATEGORY_CREATE) = {rule_category_create, ACTOR_ADMINISTRATOR,
                             OF_ROOMS},
    KIND(CATEGORY_CHANGE) = {rule_category_change, ACTOR_ADMINISTRATOR,
                             OF_ROOMS},
    KIND(ROOM_CREATE) = {room_create, ACTOR_MANAGER, OF_ROOMS},
    KIND(ROOM_CHANGE) = {room_change, ACTOR_MANAGER, OF_ROOMS},
    KIND(SESSION_EXPEL) = {rule_session_expel, ACTOR_ADMINISTRATOR,
                           OF_OPERATION},
    KIND(NODE_ADMIT) = {rule_node_admit, ACTOR_ADMINISTRATOR, OF_OPERATION},
    KIND(GROUP_CREATE) = {rule_group_create, ACTOR_ADMINISTRATOR, OF_ROOMS},
    KIND(GROUP_CHANGE) = {rule_group_change, ACTOR_ADMINISTRATOR, OF_ROOMS},
    KIND(ROOM_DELETE) = {rule_room_delete, ACTOR_ADMINISTRATOR, OF_ROOMS},
    KIND(CATEGORY_DELETE) = {rule_category_delete, ACTOR_ADMINISTRATOR,
                             OF_ROOMS},
    KIND(GROUP_DELETE) = {rule_group_delete, ACTOR_ADMINISTRATOR, OF_ROOMS},
    KIND(USER_DELETE) = {rule_user_delete, ACTOR_ADMINISTRATOR, OF_OPERATION},
    KIND(ADMINISTRATOR_GRANT) = {administrator_grant, ACTOR_ADMINISTRATOR, 0},
    KIND(ADMINISTRATOR_REVOKE) = {rule_administrator_revoke,
                                  ACTOR_ADMINISTRATOR, 0},
    KIND(MESSAGE_CORRECT) = {message_correct, ACTOR_USER, 0},
    KIND(MESSAGE_WITHDRAW) = {message_withdraw, ACTOR_MANAGER, OF_COMPLIANCE},
    KIND(MESSAGE_REDACT) = {rule_message_redact, ACTOR_ADMINISTRATOR,
                            OF_COMPLIANCE},
    KIND(ROOM_CLEAR) = {rule_room_clear, ACTOR_ADMINISTRATOR, OF_COMPLIANCE},
    KIND(ROOM_PURGE) = {rule_room_purge, ACTOR_KEEPER, OF_COMPLIANCE},
    KIND(HOLD_PLACE) = {hold_place, ACTOR_ADMINISTRATOR, OF_COMPLIANCE},
    KIND(HOLD_LIFT) = {rule_hold_lift, ACTOR_ADMINISTRATOR, OF_COMPLIANCE},
    KIND(RETENTION_SET) = {rule_retention_set, ACTOR_ADMINISTRATOR,
                           OF_COMPLIANCE},
    KIND(PUBLISH) = {publish, ACTOR_USER, 0},
    KIND(READ_MARK) = {read_mark, ACTOR_USER, 0},
    KIND(READ_MARKS) = {rule_read_marks, ACTOR_ANY, 0},
    KIND(FEEDS_PUT) = {feeds_put, ACTOR_USER, 0},
    KIND(INVITATIONS_TAKE) = {invitations_take, ACTOR_USER, 0},
    KIND(ADDIN_CREATE) = {rule_addin_create, ACTOR_ADMINISTRATOR, OF_ROOMS},
    KIND(ADDIN_CHANGE) = {rule_addin_change, ACTOR_ADMINISTRATOR, OF_ROOMS},
    KIND(ADDIN_DELETE) = {rule_addin_delete, ACTOR_ADMINISTRATOR, OF_ROOMS},
    KIND(OWNER_REPORT) = {rule_owner_report, ACTOR_ADMINISTRATOR, OF_OPERATION},
    KIND(OWNER_CONFIRM) = {rule_owner_confirm, ACTOR_ADMINISTRATOR,
                           OF_OPERATION},
    KIND(MESSAGES_IMPORT) = {messages_import, ACTOR_ADMINISTRATOR,
                             OF_COMPLIANCE},
    KIND(HISTORY_READ) = {history_read, ACTOR_USER, 0},
    KIND(SEARCHED) = {searched, ACTOR_USER, 0},
    KIND(POST_DENIED) = {post_denied, ACTOR_USER, 0},
    KIND(MESSAGES_READ) = {rule_messages_read, ACTOR_ADMINISTRATOR,
                           OF_COMPLIANCE},
    KIND(FILE_UP) = {file_up, ACTOR_USER, 0},
    KIND(FILE_DOWN) = {file_down, ACTOR_USER, 0},
    KIND(CANARY) = {canary, ACTOR_KEEPER, OF_COMPLIANCE},
    KIND(FILTER_CREATE) = {rule_filter_create, ACTOR_ADMINISTRATOR,
                           OF_COMPLIANCE},
    KIND(FILTER_CHANGE) = {rule_filter_change, ACTOR_ADMINISTRATOR,
                           OF_COMPLIANCE},
    KIND(FILTER_DELETE) = {rule_filter_delete, ACTOR_ADMINISTRATOR,
                           OF_COMPLIANCE},
    KIND(ARCHIVE_PUT) = {rule_archive_put, ACTOR_ADMINISTRATOR, OF_COMPLIANCE},
    KIND(ARCHIVE_KEY_PUT) = {archive_key_put, ACTOR_KEEPER, OF_COMPLIANCE},
    KIND(ARCHIVE_MARK) = {rule_archive_mark, ACTOR_NODE, 0},
    KIND(CHECKPOINT_BEGIN) = {rule_checkpoint_begin, ACTOR_NODE, 0},
    KIND(COSIGN) = {rule_cosign, ACTOR_NODE, 0},
    KIND(WITNESS_PUT) = {rule_witness_put, ACTOR_ADMINISTRATOR, OF_COMPLIANCE},
    KIND(WITNESS_REMOVE) = {rule_witness_remove, ACTOR_ADMINISTRATOR,
                            OF_COMPLIANCE},
    KIND(WITNESSED) = {rule_witnessed, ACTOR_NODE, 0},
    KIND(ADAPTER_PUT) = {rule_adapter_put, ACTOR_ADMINISTRATOR, OF_COMPLIANCE},
    KIND(ADAPTER_REMOVE) = {rule_adapter_remove, ACTOR_ADMINISTRATOR,
                            OF_COMPLIANCE},
    KIND(CUT) = {rule_cut, ACTOR_KEEPER, OF_COMPLIANCE},
    KIND(CUT_DONE) = {rule_cut_done, ACTOR_NODE, 0},
    KIND(ADAPTER_REPORT) = {rule_adapter_report, ACTOR_NODE, 0},
    KIND(ARCHIVE_HALT) = {rule_archive_halt, ACTOR_NODE, 0},
    KIND(ARCHIVE_REFILL) = {rule_archive_refill, ACTOR_KEEPER, OF_COMPLIANCE},
    KIND(ARCHIVE_REOPEN) = {rule_archive_reopen, ACTOR_ADMINISTRATOR,
                            OF_COMPLIANCE},
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

struct machine *machine_new(uint32_t rules_known)
{
    struct machine *machine = calloc(1, sizeof(*machine));

    CHECK(machine != NULL);
    CHECK(rules_known >= 1);
    machine->rules_known = rules_known;
    machine->rules_version = 1;
    for (int i = 0; i < SETTINGS; i++) {
        machine->settings[i] = setting_fact((enum setting)i)->standard;
    }
    machine->directory.generation = 1;
    TAILQ_INIT(&machine->holds);
    machine->counts[ROW_POOL] = 1;
    machine->counts[ROW_COUNTERS] = 1;
    changes_init(&machine->changes);
    changes_mark(&machine->changes, ROW_POOL, 0, 0, 0);
    changes_mark(&machine->changes, ROW_COUNTERS, 0, 0, 0);
    return machine;
}

static void drop_sessions(struct machine *machine, struct origin *origin)
{
    struct session *session;

    while ((session = session_next(origin, NULL)) != NULL) {
        session_drop(machine, session);
    }
}

void machine_free(struct machine *machine)
{
    if (machine == NULL) {
        return;
    }
    for (int i = 0; i < NODES; i++) {
        if (machine->origins[i] != NULL) {
            drop_sessions(machine, machine->origins[i]);
            origin_free(machine->origins[i]);
        }
    }
    archive_deinit(machine);
    memory_deinit(machine);
    hold_deinit(machine);
    departed_free(machine);
    for (uint32_t number = 1; number <= machine->place_last; number++) {
        tombstone_free(table_at(&machine->tombstones, number));
        room_free(table_at(&machine->rooms, number));
        category_free(table_at(&machine->categories, number));
    }
    addin_deinit(machine); /* Rooms carried them. */
    for (uint32_t number = 1; number <= machine->principal_last; number++) {
        user_free(table_at(&machine->users, number));
        group_free(table_at(&machine->directory.groups, number));
    }
    for (int i = 0; i < FILTERS_MAX; i++) {
        filter_free(machine->filters[i]);
    }
    for (int i = 0; i < PROBE_SLOTS; i++) {
        text_free(machine->probes[i].payload);
    }
    for (int i = 0; i < ADMINISTRATORS_MAX; i++) {
        administrator_free(machine->administrators[i]);
    }
    table_deinit(&machine->tombstones);
    owners_deinit(machine);
    table_deinit(&machine->rooms);
    table_deinit(&machine->categories);
    table_deinit(&machine->users);
    table_deinit(&machine->directory.groups);
    text_free(machine->domain);
    text_free(machine->pool_uri);
    text_free(machine->web_url);
    ledger_deinit(&machine->ledger);
    arena_free(machine->scratch);
    changes_deinit(&machine->changes);
    free(machine);
}

static bool is_start(const struct applied_entry *entry,
                     const Perch__Command *command)
{
    return entry->number == 0 && command != NULL &&
           command->kind_case == PERCH__COMMAND__KIND_NODE_STARTED;
}

/* The commit time: after all that came before, whatever the leader's clock
 * says, and a moment that can be written down. */
static int64_t commit_time(const struct machine *machine,
                           const struct applied_entry *entry)
{
    int64_t stamped = entry->sent_at_us;

    return stamped <= machine->sent_at_us || stamped > SENT_AT_US_MAX
               ? machine->sent_at_us + 1
               : stamped;
}

static void advance_time(struct turn *turn)
{
    struct machine *machine = turn->machine;
    int64_t stamped = commit_time(machine, turn->entry);

    CHECK(stamped > machine->sent_at_us);
    machine->sent_at_us = stamped;
    turn->sent_at_us = stamped;
    turn->effects->sent_at_us = stamped;
    changes_mark(&machine->changes, ROW_COUNTERS, 0, 0, 0);
}

static bool is_fine(struct slice text, size_t max)
{
    uint64_t characters;

    return text.len <= max && text_check(text, &characters) == TEXT_FINE;
}

/* Until the rules know managers, only administrators change rooms. */
static bool needs_administrator(const struct machine *machine, enum actor actor)
{
    return actor == ACTOR_ADMINISTRATOR ||
           (actor == ACTOR_MANAGER && machine->rules_version < RULES_PEOPLE);
}

/* Whether the texts of an actor are fine, and it is one. */
static bool is_actor(const Perch__Command *command)
{
    struct slice user = codec_slice(command->user);
    struct slice administrator = codec_slice(command->administrator);

    return (user.len == 0 || administrator.len == 0) &&
           is_fine(user, URI_BYTES_MAX) &&
           is_fine(administrator, ACTOR_BYTES_MAX) &&
           is_fine(codec_slice(command->source), ACTOR_BYTES_MAX);
}

static enum outcome check_actor(const struct machine *machine,
                                const Perch__Command *command)
{
    const enum actor actor = rules[command->kind_case].actor;
    const bool is_user = command->user.len > 0;
    const bool is_administrator = command->administrator.len > 0;

    if (!is_actor(command)) {
        return OUTCOME_ACTOR_INVALID;
    }
    if (reason_check(codec_slice(command->reason), false) != OUTCOME_DONE) {
        return reason_check(codec_slice(command->reason), false);
    }
    if (actor == ACTOR_KEEPER && is_user &&
        machine->rules_version >= RULES_ARCHIVE) {
        return OUTCOME_NOT_AN_ADMINISTRATOR;
    }
    if (actor == ACTOR_NODE && (is_user || is_administrator)) {
        return OUTCOME_NOT_A_NODE;
    }
    if (actor == ACTOR_USER && !is_user) {
        return OUTCOME_NOT_A_USER;
    }
    if (!is_administrator && (needs_administrator(machine, actor) ||
                              (actor == ACTOR_MANAGER && !is_user))) {
        return OUTCOME_NOT_AN_ADMINISTRATOR;
    }
    return is_administrator && actor != ACTOR_ANY
               ? administrator_check(machine, command,
                                     rules[command->kind_case].roles)
               : OUTCOME_DONE;
}

/* What goes on while the archive lacks records that a witness has seen: what
 * lets people in and shows them what there is, what nodes say of themselves,
 * and what ends it. */
static bool goes_on(const Perch__Command *command)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_JOIN:
    case PERCH__COMMAND__KIND_PART:
    case PERCH__COMMAND__KIND_SESSION_OPEN:
    case PERCH__COMMAND__KIND_SESSION_CLOSE:
    case PERCH__COMMAND__KIND_READ_MARK:
    case PERCH__COMMAND__KIND_READ_MARKS:
    case PERCH__COMMAND__KIND_HISTORY_READ:
    case PERCH__COMMAND__KIND_SEARCHED:
    case PERCH__COMMAND__KIND_MESSAGES_READ:
    case PERCH__COMMAND__KIND_FILE_DOWN:
    case PERCH__COMMAND__KIND_NODE_STARTED:
    case PERCH__COMMAND__KIND_NODE_LOST:
    case PERCH__COMMAND__KIND_NODE_ADMIT:
    case PERCH__COMMAND__KIND_NODE_MARK:
    case PERCH__COMMAND__KIND_NOOP:
    case PERCH__COMMAND__KIND_PROBE:
    case PERCH__COMMAND__KIND_OWNER_REPORT:
    case PERCH__COMMAND__KIND_ARCHIVE_MARK:
    case PERCH__COMMAND__KIND_COSIGN:
    case PERCH__COMMAND__KIND_WITNESSED:
    case PERCH__COMMAND__KIND_ADAPTER_REPORT:
    case PERCH__COMMAND__KIND_ARCHIVE_HALT:
    case PERCH__COMMAND__KIND_ARCHIVE_REFILL:
    case PERCH__COMMAND__KIND_ARCHIVE_REOPEN:
        return true;
    default:
        return false;
    }
}

/* What any binary must say alike, whether it knows the command or not. */
static enum outcome check_command(const struct machine *machine,
                                  const Perch__Command *command)
{
    enum outcome outcome;

    if (command == NULL || (unsigned)command->kind_case >= RULES ||
        rules[command->kind_case].decide == NULL ||
        command_needs_rules(command) > machine->rules_version) {
        return OUTCOME_COMMAND_UNKNOWN;
    }
    outcome = check_actor(machine, command);
    return outcome == OUTCOME_DONE && machine->archive.halt.witness != NULL &&
                   !goes_on(command)
               ? OUTCOME_ARCHIVE_ROLLED_BACK
               : outcome;
}

static void begin(struct turn *turn, const Perch__Command *command)
{
    CHECK(turn->entry->index > turn->machine->index_last);
    CHECK(turn->entry->node > 0);
    turn->machine->index_last = turn->entry->index;
    departed_free(turn->machine);
    effects_clear(turn->effects);
    turn->effects->log_index = turn->entry->index;
    turn->effects->sent_at_us = turn->machine->sent_at_us;
    turn->effects->command = command;
    turn->effects->facts = turn->facts;
}

struct applied machine_apply(struct machine *machine,
                             const struct applied_entry *entry,
                             const Perch__Command *command,
                             struct effects *effects)
{
    struct turn turn = {.machine = machine,
                        .entry = entry,
                        .facts = entry->facts,
                        .origin = machine->origins[entry->node],
                        .effects = effects};
    struct applied applied = {OUTCOME_DONE, 0};
    enum outcome refusal;

    begin(&turn, command);
    if (!is_start(entry, command)) {
        applied.outcome = origin_admit(machine, entry);
    }
    refusal = check_command(machine, command);
    if (applied.outcome == OUTCOME_DONE && refusal == OUTCOME_DONE &&
        rules_beyond(machine, command)) {
        applied.outcome = OUTCOME_STOP_NODE;
    }
    if (applied.outcome != OUTCOME_DONE) {
        return applied; /* Without a trace. */
    }

    advance_time(&turn);
    memory_expire(machine, turn.sent_at_us);
    ledger_before(&turn, command);
    applied.outcome = refusal == OUTCOME_DONE
                          ? rules[command->kind_case].decide(&turn, command)
                          : refusal;
    applied.value = turn.value;
    ledger_take(&turn, command, applied);
    archive_grown(&turn);
    if (entry->number > 0) {
        origin_keep(&turn, applied);
    }
    return applied;
}

bool machine_is_administrators(const Perch__Command *command)
{
    enum actor actor;

    if ((unsigned)command->kind_case >= RULES ||
        rules[command->kind_case].decide == NULL) {
        return false;
    }
    actor = rules[command->kind_case].actor;
    return actor == ACTOR_ADMINISTRATOR || actor == ACTOR_KEEPER ||
           (actor == ACTOR_MANAGER && command->user.len == 0);
}

uint32_t machine_roles(const Perch__Command *command)
{
    CHECK((unsigned)command->kind_case < RULES);
    return rules[command->kind_case].roles | ADMINISTRATOR_BIT(ADMINISTRATOR);
}

struct applied machine_judge(const struct machine *machine,
                             const Perch__Command *command,
                             const struct applied_entry *as)
{
    /* A rule that judges stops before it changes the machine. */
    struct turn turn = {.machine = (struct machine *)(uintptr_t)machine,
                        .entry = as,
                        .facts = as == NULL ? NULL : as->facts,
                        .judging = true};
    struct applied applied = {check_command(machine, command), 0};

    CHECK(machine_is_administrators(command));
    turn.sent_at_us =
        as == NULL ? machine->sent_at_us : commit_time(machine, as);
    if (applied.outcome == OUTCOME_DONE) {
        applied.outcome = rules[command->kind_case].decide(&turn, command);
        applied.value = turn.value;
    }
    return applied;
}

uint32_t machine_rules_version(const struct machine *machine)
{
    return machine->rules_version;
}

uint32_t machine_setting(const struct machine *machine, enum setting setting)
{
    CHECK((unsigned)setting < SETTINGS);
    return machine->settings[setting];
}
