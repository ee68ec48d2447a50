/* The rules version of the pool: shown, and raised when every node is ready. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/chat/query.h"

static uint32_t version_of(const struct answer *answer)
{
    struct pool_view pool;

    query_pool(answer->machine, &pool);
    return pool.rules_version;
}

static void show(struct answer *answer)
{
    Perch__Admin__PoolRulesReply *body =
        answer_new(answer, &perch__admin__pool_rules_reply__descriptor);

    CODEC_SET(body, version, version_of(answer));
    CODEC_SET(body, known, COMMAND_RULES_KNOWN);
    answer->body = &body->base;
}

static void decide(struct answer *answer)
{
    const Perch__Admin__PoolRules *asked = answer->asked;
    Perch__RulesRaise *raise;

    if (!asked->has_version) {
        show(answer);
        return;
    }
    answer_tells(answer, "raised", "the pool's rules version");
    if (asked->version == version_of(answer)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    raise = answer_new(answer, &perch__rules_raise__descriptor);
    CODEC_SET(raise, version, asked->version);
    answer_proposes(answer, PERCH__COMMAND__KIND_RULES_RAISE)->rules_raise =
        raise;
}

const struct answer_row rules_rows[] = {
    {ADMIN_POOL_RULES, decide, show},
    {.decide = NULL},
};
