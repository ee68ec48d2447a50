/* Reads that share an index, from when they are asked for to their answer. */
#include "proto/base/check.h"
#include "raft/replica/read_index_inner.h"

struct round *read_round_at(struct rounds *rounds, size_t i)
{
    return &rounds->list[(rounds->first + i) % READ_INDEX_ROUNDS_MAX];
}

/* Begin a round for all reads that wait. The caller has looked for room. */
struct round *read_round_begin(struct read_index *reads, struct rounds *rounds)
{
    struct round *round = read_round_at(rounds, rounds->n);

    CHECK(rounds->n < READ_INDEX_ROUNDS_MAX && STAILQ_EMPTY(&round->reads));
    rounds->n++;
    STAILQ_CONCAT(&round->reads, &reads->waiting);
    round->number = ++reads->number;
    round->n_answered = 0;
    round->askers.n = 0;
    return round;
}

void read_answer(struct read_index *reads, struct memo *memo, enum error error,
                 uint64_t index)
{
    memo->read.error = error;
    memo->read.index = index;
    reads->counts.granted += error == ERROR_NONE;
    reads->counts.expired += error != ERROR_NONE;
    if (letters_send_reply(reads->owner, &memo->letter) != ERROR_NONE) {
        memo_free(&memo->letter);
    }
}

void read_answer_asker(struct read_index *reads, const struct asker *asker,
                       bool granted, uint64_t index)
{
    struct peer_message reply = {
        .kind = PEER_READ_INDEX_REPLY,
        .read_index_reply = {asker->number, granted, index}};

    /* Lost, it is asked for again. */
    (void)peers_send(reads->peers, asker->node, &reply);
}

/* The oldest round holds: answer all who wait for it. */
void read_grant_first(struct read_index *reads, struct rounds *rounds,
                      uint64_t index)
{
    struct round *round = read_round_at(rounds, 0);
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&round->reads)) != NULL) {
        STAILQ_REMOVE_HEAD(&round->reads, link);
        ((struct memo *)letter)->read.index = index;
        STAILQ_INSERT_TAIL(&reads->granted, letter, link);
    }
    for (size_t i = 0; i < round->askers.n; i++) {
        read_answer_asker(reads, &round->askers.list[i], true, index);
    }
    rounds->first = (rounds->first + 1) % READ_INDEX_ROUNDS_MAX;
    rounds->n--;
}

/* Put the reads of the n oldest rounds back, before those that wait. */
void read_give_up(struct read_index *reads, struct rounds *rounds, size_t n)
{
    struct letter_list all = STAILQ_HEAD_INITIALIZER(all);

    for (; n > 0; n--) {
        struct round *round = read_round_at(rounds, 0);

        STAILQ_CONCAT(&all, &round->reads);
        for (size_t i = 0; i < round->askers.n; i++) {
            read_answer_asker(reads, &round->askers.list[i], false, 0);
        }
        rounds->first = (rounds->first + 1) % READ_INDEX_ROUNDS_MAX;
        rounds->n--;
    }
    STAILQ_CONCAT(&all, &reads->waiting);
    STAILQ_CONCAT(&reads->waiting, &all);
}
