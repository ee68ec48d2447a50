#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/members.h"
#include "node/chat/query.h"

static void decide_list(struct answer *answer)
{
    Perch__Admin__NodesListReply *body =
        answer_new(answer, &perch__admin__nodes_list_reply__descriptor);
    struct members members;

    members_look(answer, &members);
    body->quorum = members_quorum(&members);
    body->members = members_show(&members, &body->n_members);
    answer->body = &body->base;
}

/* The member of that number, or NULL and a refusal that names it. */
static const struct replica_member *find(struct answer *answer,
                                         const struct members *members,
                                         uint32_t node)
{
    const struct replica_member *member = members_find(members, node);

    if (member == NULL) {
        answer_refuse_about(answer, REFUSAL_NODE_NO_MEMBER,
                            answer_printf(answer, "node %" PRIu32, node));
    }
    return member;
}

/* Whether leadership may go to a node at all. */
static bool may_lead(struct answer *answer, const struct members *members,
                     uint32_t node)
{
    const struct replica_member *member = find(answer, members, node);

    if (member == NULL) {
        return false;
    }
    if (member->role != REPLICA_VOTER) {
        answer_refuse(answer, REFUSAL_NODE_NO_VOTER);
    } else if (!members_is_connected(members, member)) {
        answer_refuse(answer, REFUSAL_NODE_UNREACHABLE);
    }
    return !answer_refused(answer);
}

static void tell_transfer(struct answer *answer,
                          const Perch__Admin__NodesTransfer *asked)
{
    if (asked->has_to) {
        answer_tells(answer, "handed over", "leadership for node %" PRIu32,
                     asked->to);
    } else {
        answer_tells(answer, "handed over", "leadership for the fittest node");
    }
}

/* Only the leader can hand over what it has: others name it. */
static void decide_transfer(struct answer *answer)
{
    const Perch__Admin__NodesTransfer *asked = answer->asked;
    Perch__Admin__NodesTransferReply *body =
        answer_new(answer, &perch__admin__nodes_transfer_reply__descriptor);
    struct members members;

    members_look(answer, &members);
    if (asked->has_to && !may_lead(answer, &members, asked->to)) {
        return;
    }
    CODEC_SET(body, from, members.status->leader);
    body->has_to = asked->has_to;
    body->to = asked->to;
    answer->body = &body->base;
    tell_transfer(answer, asked);
    if (asked->has_to && members.status->leader == asked->to) {
        answer->does = ANSWER_ALREADY;
    } else if (members.status->role != REPLICA_LEADER) {
        answer_refuse_about(answer, REFUSAL_NOT_LEADER,
                            answer_printf(answer, "node %u leads",
                                          (unsigned)members.status->leader));
    } else {
        answer->transfer_to = (uint8_t)asked->to;
        answer->does = ANSWER_TRANSFERS;
    }
}

static void put_replacement(struct answer *answer,
                            const struct members *members,
                            const struct replica_member *member)
{
    Perch__Admin__NodesReplaceReply *body =
        answer_new(answer, &perch__admin__nodes_replace_reply__descriptor);

    CODEC_SET(body, node, member->node);
    CODEC_SET(body, raft_id, member->raft_id);
    body->quorum = members_quorum(members);
    answer->body = &body->base;
}

static void propose_admission(struct answer *answer,
                              const struct node_view *view)
{
    Perch__NodeAdmit *admit =
        answer_new(answer, &perch__node_admit__descriptor);

    CODEC_SET(admit, node, view->node);
    CODEC_SET(admit, raft_id, view->raft_id);
    answer_proposes(answer, PERCH__COMMAND__KIND_NODE_ADMIT)->node_admit =
        admit;
}

/* A voter that is connected carries the quorum: to replace it one must insist.
 */
static void decide_replace(struct answer *answer)
{
    const Perch__Admin__NodesReplace *asked = answer->asked;
    const struct replica_member *member;
    struct members members;
    struct node_view view;

    members_look(answer, &members);
    member = find(answer, &members, asked->node);
    if (member == NULL) {
        return;
    }
    if (member->role == REPLICA_VOTER && !asked->force &&
        members_is_connected(&members, member)) {
        answer_refuse(answer, REFUSAL_NODE_VOTES);
        return;
    }
    put_replacement(answer, &members, member);
    answer_tells(answer, "free to come back as a new member", "node %" PRIu32,
                 asked->node);
    if (!query_node(answer->machine, (uint8_t)asked->node, &view)) {
        answer_refuse_outcome(answer, OUTCOME_NODE_UNKNOWN, SLICE_NONE);
    } else if (view.admitted) {
        answer->does = ANSWER_ALREADY;
    } else {
        propose_admission(answer, &view);
    }
}

const struct answer_row nodes_rows[] = {
    {ADMIN_NODES_LIST, decide_list, NULL},
    {ADMIN_NODES_TRANSFER, decide_transfer, NULL},
    {ADMIN_NODES_REPLACE, decide_replace, NULL},
    {.decide = NULL},
};
