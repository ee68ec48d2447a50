#include "raft/replica/read_index.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "raft/core_members.h"

/* Another node's wish for an index. */
struct asker {
    uint8_t node;
    uint64_t number;
};

struct askers {
    size_t n;
    struct asker list[TRANSPORT_NODES_MAX];
};

/* Reads that share an index. */
struct round {
    struct letter_list reads;
    uint64_t number; /* Of the ping, or of the request. */
    uint64_t term, index;
    struct askers askers;
    size_t n_answered;
    uint64_t answered[CORE_MEMBERS_MAX]; /* Raft ids. */
};

/* Under way, oldest first. */
struct rounds {
    size_t first, n;
    struct round list[READ_INDEX_ROUNDS_MAX];
};

struct read_index {
    struct loop *loop;
    struct letters *owner;
    struct peers *peers;
    struct core *core;
    const struct commits *commits;
    uint64_t self;              /* Raft id. */
    struct letter_list waiting; /* For a round. */
    struct askers askers;       /* The same. */
    struct rounds pinged;       /* As leader. */
    struct rounds asked;        /* As follower. */
    uint8_t asked_node;
    bool resting; /* The leader refused; until the next tick. */
    uint64_t late_number;
    unsigned late_ticks;        /* Since that one became the oldest asked. */
    struct letter_list granted; /* Until the core has applied so far. */
    uint64_t number;
    struct read_index_counts counts;
};

struct read_index *read_index_new(struct loop *loop, struct letters *owner,
                                  struct peers *peers, uint64_t self)
{
    struct read_index *reads = calloc(1, sizeof(*reads));

    if (reads == NULL) {
        return NULL;
    }
    reads->loop = loop;
    reads->owner = owner;
    reads->peers = peers;
    reads->self = self;
    STAILQ_INIT(&reads->waiting);
    STAILQ_INIT(&reads->granted);
    for (size_t i = 0; i < READ_INDEX_ROUNDS_MAX; i++) {
        STAILQ_INIT(&reads->pinged.list[i].reads);
        STAILQ_INIT(&reads->asked.list[i].reads);
    }
    return reads;
}

void read_index_free(struct read_index *reads)
{
    if (reads == NULL) {
        return;
    }
    memo_free_all(&reads->waiting);
    memo_free_all(&reads->granted);
    for (size_t i = 0; i < READ_INDEX_ROUNDS_MAX; i++) {
        memo_free_all(&reads->pinged.list[i].reads);
        memo_free_all(&reads->asked.list[i].reads);
    }
    free(reads);
}

void read_index_attach(struct read_index *reads, struct core *core,
                       const struct commits *commits)
{
    reads->core = core;
    reads->commits = commits;
}

/* --- Rounds --- */

static struct round *round_at(struct rounds *rounds, size_t i)
{
    return &rounds->list[(rounds->first + i) % READ_INDEX_ROUNDS_MAX];
}

/* Begin a round for all reads that wait. The caller has looked for room. */
static struct round *round_begin(struct read_index *reads,
                                 struct rounds *rounds)
{
    struct round *round = round_at(rounds, rounds->n);

    CHECK(rounds->n < READ_INDEX_ROUNDS_MAX && STAILQ_EMPTY(&round->reads));
    rounds->n++;
    STAILQ_CONCAT(&round->reads, &reads->waiting);
    round->number = ++reads->number;
    round->n_answered = 0;
    round->askers.n = 0;
    return round;
}

static void answer(struct read_index *reads, struct memo *memo,
                   enum error error, uint64_t index)
{
    memo->read.error = error;
    memo->read.index = index;
    reads->counts.granted += error == ERROR_NONE;
    reads->counts.expired += error != ERROR_NONE;
    if (letters_send_reply(reads->owner, &memo->letter) != ERROR_NONE) {
        memo_free(&memo->letter);
    }
}

static void answer_asker(struct read_index *reads, const struct asker *asker,
                         bool granted, uint64_t index)
{
    struct peer_message reply = {
        .kind = PEER_READ_INDEX_REPLY,
        .read_index_reply = {asker->number, granted, index}};

    /* Lost, it is asked for again. */
    (void)peers_send(reads->peers, asker->node, &reply);
}

/* The oldest round holds: answer all who wait for it. */
static void grant_first(struct read_index *reads, struct rounds *rounds,
                        uint64_t index)
{
    struct round *round = round_at(rounds, 0);
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&round->reads)) != NULL) {
        STAILQ_REMOVE_HEAD(&round->reads, link);
        ((struct memo *)letter)->read.index = index;
        STAILQ_INSERT_TAIL(&reads->granted, letter, link);
    }
    for (size_t i = 0; i < round->askers.n; i++) {
        answer_asker(reads, &round->askers.list[i], true, index);
    }
    rounds->first = (rounds->first + 1) % READ_INDEX_ROUNDS_MAX;
    rounds->n--;
}

/* Put the reads of the n oldest rounds back, before those that wait. */
static void give_up(struct read_index *reads, struct rounds *rounds, size_t n)
{
    struct letter_list all = STAILQ_HEAD_INITIALIZER(all);

    for (; n > 0; n--) {
        struct round *round = round_at(rounds, 0);

        STAILQ_CONCAT(&all, &round->reads);
        for (size_t i = 0; i < round->askers.n; i++) {
            answer_asker(reads, &round->askers.list[i], false, 0);
        }
        rounds->first = (rounds->first + 1) % READ_INDEX_ROUNDS_MAX;
        rounds->n--;
    }
    STAILQ_CONCAT(&all, &reads->waiting);
    STAILQ_CONCAT(&reads->waiting, &all);
}

/* --- As leader --- */

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
        struct round *round = round_at(&reads->pinged, 0);

        if (!has_majority(reads, round, &members)) {
            return;
        }
        grant_first(reads, &reads->pinged, round->index);
    }
}

static void ping(struct read_index *reads, const struct round *round)
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

static void begin_ping(struct read_index *reads)
{
    uint64_t term, index;
    struct round *round;

    if (reads->pinged.n == READ_INDEX_ROUNDS_MAX ||
        core_read_index(reads->core, &term, &index) != ERROR_NONE) {
        return;
    }
    round = round_begin(reads, &reads->pinged);
    round->term = term;
    round->index = index;
    round->askers = reads->askers;
    reads->askers.n = 0;
    reads->counts.rounds++;
    ping(reads, round);
    grant_pinged(reads); /* A single voter needs no other. */
}

static void on_pong(struct read_index *reads, uint64_t raft_id,
                    const struct peer_ping *pong)
{
    for (size_t i = 0; i < reads->pinged.n; i++) {
        struct round *round = round_at(&reads->pinged, i);

        if (round->number <= pong->seq && round->term == pong->term &&
            !has_answered(reads, round, raft_id) &&
            round->n_answered < CORE_MEMBERS_MAX) {
            round->answered[round->n_answered++] = raft_id;
        }
    }
    grant_pinged(reads);
}

static void on_request(struct read_index *reads, uint8_t node, uint64_t number)
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

static void refuse_askers(struct read_index *reads)
{
    for (size_t i = 0; i < reads->askers.n; i++) {
        answer_asker(reads, &reads->askers.list[i], false, 0);
    }
    reads->askers.n = 0;
}

/* --- As follower --- */

static void begin_ask(struct read_index *reads, uint8_t leader)
{
    struct peer_message message = {.kind = PEER_READ_INDEX_REQUEST,
                                   .read_index_request = {reads->number + 1}};

    if (reads->resting || reads->asked.n == READ_INDEX_ROUNDS_MAX ||
        peers_send(reads->peers, leader, &message) != ERROR_NONE) {
        return;
    }
    reads->asked_node = leader;
    reads->counts.asked++;
    round_begin(reads, &reads->asked);
}

static size_t asked_until(struct read_index *reads, uint64_t number)
{
    size_t n = 0;

    while (n < reads->asked.n && round_at(&reads->asked, n)->number <= number) {
        n++;
    }
    return n;
}

static void on_reply(struct read_index *reads, uint8_t node,
                     const struct peer_read_index_reply *reply)
{
    size_t n = asked_until(reads, reply->number);

    if (node != reads->asked_node || n == 0) {
        return;
    }
    if (!reply->granted) {
        reads->resting = true; /* It would refuse at once again. */
        give_up(reads, &reads->asked, n);
        return;
    }
    for (; n > 0; n--) {
        grant_first(reads, &reads->asked, reply->log_index);
    }
}

/* --- Either way --- */

void read_index_take(struct read_index *reads, struct memo *memo)
{
    memo->read.deadline_us =
        loop_now_us(reads->loop) + memo->read.wait_ms * 1000ull;
    STAILQ_INSERT_TAIL(&reads->waiting, &memo->letter, link);
}

void read_index_received(struct read_index *reads, uint8_t node,
                         uint64_t raft_id, const struct peer_message *message)
{
    struct peer_message pong = {.kind = PEER_PONG, .ping = message->ping};

    switch (message->kind) {
    case PEER_PING:
        if (core_answers_ping(reads->core, message->ping.term)) {
            (void)peers_send(reads->peers, node, &pong);
        }
        return;
    case PEER_PONG:
        on_pong(reads, raft_id, &message->ping);
        return;
    case PEER_READ_INDEX_REQUEST:
        on_request(reads, node, message->read_index_request.number);
        return;
    case PEER_READ_INDEX_REPLY:
        on_reply(reads, node, &message->read_index_reply);
        return;
    default:
        CHECK_UNREACHABLE();
    }
}

void read_index_restart(struct read_index *reads)
{
    give_up(reads, &reads->pinged, reads->pinged.n);
    give_up(reads, &reads->asked, reads->asked.n);
    reads->resting = false;
}

/* Indexes never fall, so the oldest is the first to be applied. */
static void answer_granted(struct read_index *reads, uint64_t applied_index)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&reads->granted)) != NULL &&
           ((struct memo *)letter)->read.index <= applied_index) {
        STAILQ_REMOVE_HEAD(&reads->granted, link);
        answer(reads, (struct memo *)letter, ERROR_NONE,
               commits_given(reads->commits));
    }
}

void read_index_run(struct read_index *reads)
{
    struct core_status status;

    if (STAILQ_EMPTY(&reads->waiting) && STAILQ_EMPTY(&reads->granted) &&
        reads->askers.n == 0) {
        return;
    }
    status = core_status(reads->core);
    answer_granted(reads, status.applied_index);
    if (STAILQ_EMPTY(&reads->waiting) && reads->askers.n == 0) {
        return;
    }
    if (status.state == CORE_LEADER) {
        begin_ping(reads);
        answer_granted(reads, status.applied_index);
        return;
    }
    refuse_askers(reads);
    if (!STAILQ_EMPTY(&reads->waiting) && status.leader != 0) {
        begin_ask(reads, (uint8_t)(status.leader & 0xff));
    }
}

static void expire(struct read_index *reads, struct letter_list *list,
                   uint64_t now_us, enum error error)
{
    struct letter *letter, *next;

    for (letter = STAILQ_FIRST(list); letter != NULL; letter = next) {
        struct memo *memo = (struct memo *)letter;

        next = STAILQ_NEXT(letter, link);
        if (memo->read.deadline_us <= now_us) {
            STAILQ_REMOVE(list, letter, letter, link);
            answer(reads, memo, error, 0);
        }
    }
}

/* An answer may be lost where a node is not yet known. */
static void ask_late_again(struct read_index *reads)
{
    uint64_t oldest =
        reads->asked.n == 0 ? 0 : round_at(&reads->asked, 0)->number;

    if (oldest == 0 || oldest != reads->late_number) {
        reads->late_number = oldest;
        reads->late_ticks = 0;
    } else if (++reads->late_ticks >= READ_INDEX_LATE_TICKS) {
        give_up(reads, &reads->asked, reads->asked.n);
    }
}

void read_index_tick(struct read_index *reads)
{
    uint64_t now_us = loop_now_us(reads->loop);
    enum error error = core_status(reads->core).leader == 0 ? ERROR_NO_LEADER
                                                            : ERROR_TIMED_OUT;

    reads->resting = false;
    expire(reads, &reads->waiting, now_us, error);
    expire(reads, &reads->granted, now_us, error);
    ask_late_again(reads);
    for (size_t i = 0; i < READ_INDEX_ROUNDS_MAX; i++) {
        expire(reads, &reads->pinged.list[i].reads, now_us, error);
        expire(reads, &reads->asked.list[i].reads, now_us, error);
    }
    if (reads->pinged.n > 0) {
        ping(reads, round_at(&reads->pinged, reads->pinged.n - 1));
    }
}

struct read_index_counts read_index_counts(const struct read_index *reads)
{
    return reads->counts;
}
