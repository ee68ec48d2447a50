#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/members.h"
#include "node/chat/filters.h"
#include "node/chat/query.h"

static void fill_replica(Perch__Admin__StatusReply *body,
                         const struct replica_status *status)
{
    CODEC_SET(body, raft_id, status->raft_id);
    CODEC_SET(body, role, (Perch__Admin__Role)status->role);
    if (status->leader != 0) {
        CODEC_SET(body, leader, status->leader);
    }
    CODEC_SET(body, term, status->term);
    CODEC_SET(body, commit_index, status->commit_index);
    CODEC_SET(body, first_index, status->first_index);
    CODEC_SET(body, last_index, status->last_index);
    CODEC_SET(body, snapshot_index, status->snapshot_index);
    CODEC_SET(body, log_bytes, status->log_bytes);
    CODEC_SET(body, append_us, status->append_us);
    CODEC_SET(body, proposals_waiting, status->proposals_waiting);
}

/* The replica's status is a moment older than the state: what is applied may
 * be ahead of what it says is committed. */
static void fill_applied(struct answer *answer, Perch__Admin__StatusReply *body)
{
    uint64_t applied = answer->state->applied(answer->state->context);

    CODEC_SET(body, applied_index, applied);
    CODEC_SET(body, trails_by,
              body->commit_index > applied ? body->commit_index - applied : 0);
}

/* What the state says, when it is loaded. */
static void fill_pool(struct answer *answer, Perch__Admin__StatusReply *body)
{
    Perch__Admin__Counts *counts =
        answer_new(answer, &perch__admin__counts__descriptor);
    struct pool_view pool;

    query_pool(answer->machine, &pool);
    CODEC_SET(body, rules_version, pool.rules_version);
    ANSWER_TEXT(body, domain, pool.domain);
    ANSWER_TEXT(body, pool_uri, pool.pool_uri);
    CODEC_SET(counts, users, pool.users);
    CODEC_SET(counts, categories, pool.categories);
    CODEC_SET(counts, rooms, pool.rooms);
    CODEC_SET(counts, roles, pool.roles);
    CODEC_SET(counts, sessions, pool.sessions);
    body->counts = counts;
}

static Perch__Admin__Health *show_health(struct answer *answer,
                                         const struct admin_node *node)
{
    Perch__Admin__Health *health =
        answer_new(answer, &perch__admin__health__descriptor);

    CODEC_SET(health, alive, node->alive);
    CODEC_SET(health, ready, node->ready);
    health->n_faults = node->n_faults;
    health->faults =
        answer_alloc(answer, (node->n_faults + 1) * sizeof(*health->faults));
    for (size_t i = 0; i < node->n_faults; i++) {
        health->faults[i] =
            codec_bytes(answer_printf(answer, "%s", node->faults[i]));
    }
    return health;
}

/* The one to be renewed first. */
static Perch__Admin__Certificate *show_oldest(struct answer *answer,
                                              const struct admin_node *node)
{
    const struct admin_certificate *oldest = &node->certificates[0];
    Perch__Admin__Certificate *shown;

    if (node->n_certificates == 0) {
        return NULL;
    }
    for (size_t i = 1; i < node->n_certificates; i++) {
        if (node->certificates[i].expires_s < oldest->expires_s) {
            oldest = &node->certificates[i];
        }
    }
    shown = answer_new(answer, &perch__admin__certificate__descriptor);
    ANSWER_TEXT(shown, name, answer_printf(answer, "%s", oldest->name));
    CODEC_SET(shown, expires_at_us, oldest->expires_s * 1000000);
    return shown;
}

static Perch__Admin__Hook *show_hook(struct answer *answer,
                                     const struct admin_node *node)
{
    Perch__Admin__Hook *hook =
        answer_new(answer, &perch__admin__hook__descriptor);

    if (answer->machine != NULL) {
        CODEC_SET(hook, filters, (uint32_t)filters_count(answer->machine));
    }
    CODEC_SET(hook, expressions_bad, node->hook.expressions_bad);
    if (node->hook.socket != NULL) {
        ANSWER_TEXT(hook, socket,
                    answer_printf(answer, "%s", node->hook.socket));
        CODEC_SET(hook, connected, node->hook.connected);
        CODEC_SET(hook, waiting, node->hook.waiting);
        CODEC_SET(hook, absent_refuses, node->hook.absent_refuses);
    }
    return hook;
}

static void fill_node(struct answer *answer, Perch__Admin__StatusReply *body)
{
    struct admin_node node = {0};

    answer->state->node(answer->state->context, &node);
    CODEC_SET(body, node, node.node);
    ANSWER_TEXT(body, software, answer_printf(answer, "%s", node.software));
    CODEC_SET(body, rules_known, node.rules_known);
    ANSWER_TEXT(body, digest,
                answer_printf(answer, "%016" PRIx64, node.digest));
    CODEC_SET(body, digest_index, node.digest_index);
    body->health = show_health(answer, &node);
    body->oldest_certificate = show_oldest(answer, &node);
    body->hook = show_hook(answer, &node);
}

static void decide_status(struct answer *answer)
{
    Perch__Admin__StatusReply *body =
        answer_new(answer, &perch__admin__status_reply__descriptor);
    struct members members;

    members_look(answer, &members);
    fill_node(answer, body);
    fill_replica(body, members.status);
    fill_applied(answer, body);
    if (answer->machine != NULL) {
        fill_pool(answer, body);
    }
    body->quorum = members_quorum(&members);
    body->members = members_show(&members, &body->n_members);
    answer->body = &body->base;
}

const struct answer_row status_rows[] = {
    {ADMIN_STATUS, decide_status, NULL},
    {.decide = NULL},
};
