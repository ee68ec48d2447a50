/* The read index of a leader: pings of the voters. */
#include "proto/base/check.h"
#include "raft/core_members.h"
#include "raft/replica/read_index_inner.h"

static bool has_answered(const struct read_index *reads,
                         const struct round *round, uint64_t raft_id)
{
    if (raft_id == reads->self) {
        return core_answers_ping(reads->core, round->term);
    }
    for (size_t i = 0; i < round->n_answered; i++) {
        if (round->answered[i] == raft_id) {
            return true;
        }
    }
    return false;
}

static bool has_majority(const struct read_index *reads,
                         const struct round *round,
                         const struct core_peers *members)
{
    size_t voters = 0, yes = 0;

    for (size_t i = 0; i < members->n; i++) {
        if (members->list[i].role == CORE_VOTER) {
            voters++;
            yes += has_answered(reads, round, members->list[i].id);
        }
    }
    return yes > voters / 2;
}

/* A voter that has answered a later round has answered the earlier ones. */
static void grant_pinged(struct read_index *reads)
{
    struct core_peers members = core_peers(reads->core);

    while (reads->pinged.n > 0) {
        struct round *round = read_round_at(&reads->pinged, 0);

        if (!has_majority(reads, round, &members)) {
            return;
        }
        read_grant_first(reads, &reads->pinged, round->index);
    }
}

void read_ping(struct read_index *reads, const struct round *round)
{
    struct core_peers members = core_peers(reads->core);
    struct peer_message message = {.kind = PEER_PING,
                                   .ping = {round->term, round->number}};

    for (size_t i = 0; i < members.n; i++) {
        const struct core_peer *member = &members.list[i];

        if (member->role == CORE_VOTER && member->id != reads->self) {
            /* Lost, it is sent again at a tick. */
            (void)peers_send(reads->peers, (uint8_t)(member->id & 0xff),
                             &message);
        }
    }
}

void read_begin_ping(struct read_index *reads)
{
    uint64_t term, index;
    struct round *round;

    if (reads->pinged.n == READ_INDEX_ROUNDS_MAX ||
        core_read_index(reads->core, &term, &index) != ERROR_NONE) {
        return;
    }
    round = read_round_begin(reads, &reads->pinged);
    round->term = term;
    round->index = index;
    round->askers = reads->askers;
    reads->askers.n = 0;
    reads->counts.rounds++;
    read_ping(reads, round);
    grant_pinged(reads); /* A single voter needs no other. */
}

void read_on_pong(struct read_index *reads, uint64_t raft_id,
                  const struct peer_ping *pong)
{
    for (size_t i = 0; i < reads->pinged.n; i++) {
        struct round *round = read_round_at(&reads->pinged, i);

        if (round->number <= pong->seq && round->term == pong->term &&
            !has_answered(reads, round, raft_id) &&
            round->n_answered < CORE_MEMBERS_MAX) {
            round->answered[round->n_answered++] = raft_id;
        }
    }
    grant_pinged(reads);
}

void read_on_request(struct read_index *reads, uint8_t node, uint64_t number)
{
    struct askers *askers = &reads->askers;

    for (size_t i = 0; i < askers->n; i++) {
        if (askers->list[i].node == node) {
            askers->list[i].number = number; /* It answers the others too. */
            return;
        }
    }
    CHECK(askers->n < TRANSPORT_NODES_MAX);
    askers->list[askers->n++] = (struct asker){node, number};
}

void read_refuse_askers(struct read_index *reads)
{
    for (size_t i = 0; i < reads->askers.n; i++) {
        read_answer_asker(reads, &reads->askers.list[i], false, 0);
    }
    reads->askers.n = 0;
}
