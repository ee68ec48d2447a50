#include "raft/replica/read_index_inner.h"

#include <stdlib.h>

#include "proto/base/check.h"

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
    read_round_begin(reads, &reads->asked);
}

static size_t asked_until(struct read_index *reads, uint64_t number)
{
    size_t n = 0;

    while (n < reads->asked.n &&
           read_round_at(&reads->asked, n)->number <= number) {
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
        read_give_up(reads, &reads->asked, n);
        return;
    }
    for (; n > 0; n--) {
        read_grant_first(reads, &reads->asked, reply->log_index);
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
        read_on_pong(reads, raft_id, &message->ping);
        return;
    case PEER_READ_INDEX_REQUEST:
        read_on_request(reads, node, message->read_index_request.number);
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
    read_give_up(reads, &reads->pinged, reads->pinged.n);
    read_give_up(reads, &reads->asked, reads->asked.n);
    reads->resting = false;
}

/* Indexes never fall, so the oldest is the first to be applied. */
static void answer_granted(struct read_index *reads, uint64_t applied_index)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&reads->granted)) != NULL &&
           ((struct memo *)letter)->read.index <= applied_index) {
        STAILQ_REMOVE_HEAD(&reads->granted, link);
        read_answer(reads, (struct memo *)letter, ERROR_NONE,
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
        read_begin_ping(reads);
        answer_granted(reads, status.applied_index);
        return;
    }
    read_refuse_askers(reads);
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
            read_answer(reads, memo, error, 0);
        }
    }
}

/* An answer may be lost where a node is not yet known. */
static void ask_late_again(struct read_index *reads)
{
    uint64_t oldest =
        reads->asked.n == 0 ? 0 : read_round_at(&reads->asked, 0)->number;

    if (oldest == 0 || oldest != reads->late_number) {
        reads->late_number = oldest;
        reads->late_ticks = 0;
    } else if (++reads->late_ticks >= READ_INDEX_LATE_TICKS) {
        read_give_up(reads, &reads->asked, reads->asked.n);
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
        read_ping(reads, read_round_at(&reads->pinged, reads->pinged.n - 1));
    }
}

struct read_index_counts read_index_counts(const struct read_index *reads)
{
    return reads->counts;
}
