#include "node/admin/members.h"

#include "node/chat/query.h"

void members_look(struct answer *answer, struct members *members_out)
{
    *members_out = (struct members){
        .answer = answer,
        .status = answer->state->replica(answer->state->context),
    };
    /* A raft id's last byte is the node's number. */
    members_out->self = (uint8_t)members_out->status->raft_id;
}

bool members_is_connected(const struct members *members,
                          const struct replica_member *member)
{
    return member->connected || member->raft_id == members->status->raft_id;
}

Perch__Admin__Quorum *members_quorum(const struct members *members)
{
    Perch__Admin__Quorum *quorum =
        answer_new(members->answer, &perch__admin__quorum__descriptor);
    uint32_t voters = 0, connected = 0, needed;

    for (size_t i = 0; i < members->status->n; i++) {
        const struct replica_member *member = &members->status->members[i];

        if (member->role == REPLICA_VOTER) {
            voters++;
            connected += members_is_connected(members, member);
        }
    }
    needed = voters / 2 + 1;
    CODEC_SET(quorum, voters, voters);
    CODEC_SET(quorum, connected, connected);
    CODEC_SET(quorum, needed, needed);
    CODEC_SET(quorum, spare, connected > needed ? connected - needed : 0);
    return quorum;
}

/* Only the leader knows how far the others are, and of itself all. */
static void fill_place(const struct members *members,
                       const struct replica_member *member,
                       Perch__Admin__Member *shown)
{
    const struct replica_status *status = members->status;
    uint64_t match = member->match_index;

    if (status->role != REPLICA_LEADER) {
        return;
    }
    if (member->raft_id == status->raft_id) {
        match = status->last_index;
    }
    CODEC_SET(shown, match_index, match);
    CODEC_SET(shown, trails_by,
              status->last_index > match ? status->last_index - match : 0);
}

/* What the state knows of the node, when it is about this server of it. */
static void fill_known(const struct members *members,
                       const struct replica_member *member,
                       Perch__Admin__Member *shown)
{
    const struct machine *machine = members->answer->machine;
    struct node_view view;

    if (machine == NULL || !query_node(machine, member->node, &view) ||
        view.raft_id != member->raft_id) {
        return;
    }
    CODEC_SET(shown, lost, view.lost);
    CODEC_SET(shown, admitted, view.admitted);
    CODEC_SET(shown, rules_known, view.rules_known);
    CODEC_SET(shown, epoch, view.epoch);
}

static Perch__Admin__Member *show(const struct members *members,
                                  const struct replica_member *member)
{
    Perch__Admin__Member *shown =
        answer_new(members->answer, &perch__admin__member__descriptor);

    CODEC_SET(shown, node, member->node);
    CODEC_SET(shown, raft_id, member->raft_id);
    CODEC_SET(shown, role, (Perch__Admin__MemberRole)member->role);
    CODEC_SET(shown, leader,
              member->node == members->status->leader &&
                  member->role == REPLICA_VOTER);
    CODEC_SET(shown, connected, members_is_connected(members, member));
    fill_place(members, member, shown);
    fill_known(members, member, shown);
    return shown;
}

Perch__Admin__Member **members_show(const struct members *members,
                                    size_t *n_out)
{
    size_t n = members->status->n;
    Perch__Admin__Member **shown =
        answer_alloc(members->answer, (n + 1) * sizeof(*shown));

    for (size_t i = 0; i < n; i++) {
        shown[i] = show(members, &members->status->members[i]);
    }
    *n_out = n;
    return shown;
}

/* A node that is being replaced is there twice, as its old server and its new
 * one: the one that votes is meant. */
const struct replica_member *members_find(const struct members *members,
                                          uint32_t node)
{
    const struct replica_member *found = NULL;

    for (size_t i = 0; i < members->status->n; i++) {
        const struct replica_member *member = &members->status->members[i];

        if (member->node == node &&
            (found == NULL || member->role == REPLICA_VOTER)) {
            found = member;
        }
    }
    return found;
}
