/* Commands about the pool as a whole: its nodes, sessions and settings. */
#include "ops/perchctl/command_parts.h"

const struct command command_servers[] = {
    {"status", "", ADMIN_STATUS,
     "Show the pool as one node sees it, with or without a leader",
     .examples = "perchctl status\n"
                 "perchctl --json status | jq .quorum.spare\n"},

    {"ping", "", ADMIN_PING, "Tell whether a node answers at all",
     .examples = "perchctl --timeout 2 ping\n"},

    {"metrics", "", ADMIN_METRICS,
     "Print the node's metrics as Prometheus reads them",
     .examples = "perchctl metrics | grep perch_raft\n"},

    {"nodes", "list", ADMIN_NODES_LIST,
     "List the pool's servers and how far each is", .list = "members",
     .columns = "node raft_id role leader connected trails_by lost admitted "
                "rules_known",
     .examples = "perchctl nodes list\n"},
    {"nodes", "transfer", ADMIN_NODES_TRANSFER,
     "Hand leadership over before work on the leader's machine",
     .parameters = {OPTION("--to", "to", "NODE",
                           "to this node; else to the fittest")},
     .examples = "perchctl nodes transfer --to 2\n"
                 "perchctl --dry-run nodes transfer\n"},
    {"nodes", "replace", ADMIN_NODES_REPLACE,
     "Let a node whose disk is lost come back once as a new member, where the "
     "policy leaves that to administrators",
     .parameters = {WORD("NODE", "node", "number of the node"),
                    FLAG("--force", "force", "yes",
                         "though it is connected and votes")},
     .examples = "perchctl nodes replace 3\n"},
    {"nodes", "policy", ADMIN_NODES_POLICY,
     "Show or set whether an emptied node comes back by itself",
     .parameters = {{PARAMETER_OPTIONAL, "POLICY", "policy", NULL,
                     "automatic or manual"}},
     .examples = "perchctl nodes policy\n"
                 "perchctl nodes policy manual\n"},

    {"sessions", "list", ADMIN_SESSIONS_LIST, "List who is signed in",
     .parameters = {OPTION("--user", "user", "USER", "only of this user"),
                    OPTION("--room", "room", "ROOM", "only those in it"),
                    OPTION("--node", "node", "NODE", "only on this node")},
     .list = "sessions",
     .columns = "id user node rooms opened_at_us endpoint_id",
     .examples = "perchctl sessions list --room Lobby\n"},
    {"sessions", "expel", ADMIN_SESSIONS_CLOSE,
     "End a session; its user may sign in again unless disabled",
     .parameters = {WORD("SESSION", "session",
                         "NODE/EPOCH/SERIAL, as list tells")},
     .examples = "perchctl sessions expel 2/4711/38\n"},

    {"pool", "show", ADMIN_SETTINGS_LIST, "Show what holds for the whole pool",
     .parameters = {MATCH("name")}, .list = "settings",
     .columns = "name value standard least most text",
     .examples = "perchctl pool show --match max\n"},
    {"pool", "rules", ADMIN_POOL_RULES,
     "Show the rules version in force, or raise it once all nodes know it",
     .parameters = {{PARAMETER_OPTIONAL, "VERSION", "version", NULL,
                     "the version to raise the pool to"}},
     .examples = "perchctl pool rules\n"
                 "perchctl --dry-run pool rules 2\n"},
    {"pool", "set", ADMIN_SETTINGS_SET,
     "Set what holds for the whole pool: all that is named, or nothing",
     .parameters = {{PARAMETER_PAIRS, "NAME VALUE", "settings", NULL,
                     "a setting and its value; or any number of "
                     "NAME=VALUE"}},
     .examples = "perchctl pool set domain example.com\n"
                 "perchctl pool set users_max=600000 rooms_max=200000\n"},
    {0},
};
