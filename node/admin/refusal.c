#include "node/admin/refusal.h"

#include "proto/base/check.h"

static const struct refusal_fact facts[REFUSALS] = {
#define FACT(name, result, code, text, advice)                                 \
    [REFUSAL_##                                                                \
        name] = {#name, PERCH__ADMIN__RESULT__##result, code, text, advice},
    REFUSAL_LIST(FACT)
#undef FACT
};

/* What to do about a refusal of the rules, where it is not plain. */
static const char *const advices[OUTCOMES] = {
    [OUTCOME_COMMAND_UNKNOWN] =
        "the pool's rules are older than this node's program: upgrade all "
        "nodes, then raise them: perchctl pool rules",
    [OUTCOME_STOP_NODE] = "see perchctl pool rules for what it knows",
    [OUTCOME_RULES_NODE_BEHIND] =
        "see perchctl nodes list; upgrade those that know less",
    [OUTCOME_NAME_TAKEN] =
        "choose another name; rooms and categories share their names: perchctl "
        "rooms list, perchctl categories list",
    [OUTCOME_GUID_TAKEN] = "leave --id away, and the node makes one",
    [OUTCOME_VERSION_STALE] = "look at it again, then change it",
    [OUTCOME_USER_UNKNOWN] =
        "see perchctl users list; create it with perchctl users create",
    [OUTCOME_USER_EXISTS] =
        "it is not as asked; change it with perchctl users change",
    [OUTCOME_GROUP_UNKNOWN] =
        "see perchctl groups list; create it with perchctl groups create",
    [OUTCOME_GROUP_EXISTS] =
        "it is not as asked; change it with perchctl groups change",
    [OUTCOME_GROUPS_FULL] = "raise groups_max: perchctl pool set",
    [OUTCOME_GROUP_MEMBERS_FULL] = "raise group_members_max: perchctl pool set",
    [OUTCOME_PRINCIPAL_OUT_OF_SCOPE] =
        "see perchctl categories roles; allow them with perchctl categories "
        "change --allow",
    [OUTCOME_PRESENTER_NOT_MEMBER] = "add them as members with --add-member",
    [OUTCOME_NOT_AN_AUDITORIUM] = "make it one with --behavior auditorium",
    [OUTCOME_USERS_FULL] = "raise users_max: perchctl pool set",
    [OUTCOME_SESSION_UNKNOWN] = "see perchctl sessions list",
    [OUTCOME_ROOM_UNKNOWN] = "see perchctl rooms list",
    [OUTCOME_ROOMS_FULL] = "raise rooms_max: perchctl pool set",
    [OUTCOME_ROOM_ROLES_FULL] = "raise room_roles_max: perchctl pool set",
    [OUTCOME_ROLES_TOO_MANY] = "name fewer users at a time",
    [OUTCOME_CATEGORY_UNKNOWN] =
        "see perchctl categories list; create it with perchctl categories "
        "create",
    [OUTCOME_CATEGORIES_FULL] = "raise categories_max: perchctl pool set",
    [OUTCOME_IMPORT_POSITION] =
        "the room has more or fewer messages by now: go on behind its last",
    [OUTCOME_FILTER_UNKNOWN] =
        "see perchctl filters list; create it with perchctl filters create",
    [OUTCOME_FILTER_EXISTS] =
        "it is not as asked; change it with perchctl filters change",
    [OUTCOME_FILTER_CATEGORY_LAST] =
        "say --everywhere, or disable it with perchctl filters disable",
    [OUTCOME_POOL_NOT_SET] =
        "name the pool's domain first: perchctl pool set domain DOMAIN",
    [OUTCOME_SETTING_UNKNOWN] = "see perchctl pool show",
    [OUTCOME_SETTING_OUT_OF_RANGE] = "see perchctl pool show for its range",
    [OUTCOME_NODE_UNKNOWN] = "see perchctl nodes list",
    [OUTCOME_CATEGORY_NOT_EMPTY] =
        "delete or move its rooms first: perchctl rooms list --category",
    [OUTCOME_ADMINISTRATOR_NAME_INVALID] =
        "name local:USER of the nodes' machines, or certificate:NAME of "
        "CN=admin:NAME",
    [OUTCOME_ADMINISTRATOR_UNKNOWN] = "see perchctl administrators list",
    [OUTCOME_ADMINISTRATORS_FULL] =
        "take the roles of one who does not need them: perchctl "
        "administrators revoke",
    [OUTCOME_ADMINISTRATOR_LAST] =
        "make another one administrator first: perchctl administrators grant",
    [OUTCOME_ADMINISTRATOR_ROLE_MISSING] =
        "an administrator can give it: perchctl administrators grant",
    [OUTCOME_NODE_RAFT_ID_STALE] = "see perchctl nodes list, then try again",
};

struct refusal_fact refusal_fact(enum refusal refusal)
{
    CHECK((unsigned)refusal < REFUSALS);
    return facts[refusal];
}

struct refusal_fact refusal_of_outcome(enum outcome outcome)
{
    const char *advice = NULL;

    if ((unsigned)outcome < OUTCOMES) {
        advice = advices[outcome];
    }
    return (struct refusal_fact){
        outcome_name(outcome), PERCH__ADMIN__RESULT__REFUSED,
        (unsigned)outcome_code(outcome), outcome_text(outcome),
        advice == NULL ? "" : advice};
}
