#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/replica/reconcile.h"

enum { NODES = 5, LOG_END = 1000000 };

/* A pool as its leader sees it. */
struct pool {
    struct core_peers peers;
    struct peer_hello hellos[NODES + 1];
    struct reconcile_node nodes[NODES];
    struct reconcile_input input;
};

/* A raft id of a node's nth life. */
static uint64_t life(uint8_t node, uint64_t nth)
{
    return nth << 8 | node;
}

static void add_peer(struct pool *pool, uint64_t id, enum core_member_role role)
{
    pool->peers.list[pool->peers.n++] =
        (struct core_peer){.id = id, .role = role, .match_index = LOG_END};
}

/* Who is new has no log. */
static void connect_as(struct pool *pool, uint64_t id, bool is_new)
{
    pool->hellos[pool->input.n_hellos++] =
        (struct peer_hello){.node = (uint8_t)(id & 0xff),
                            .raft_id = id,
                            .last_log_index = is_new ? 0 : LOG_END};
}

static void configure(struct pool *pool, uint8_t node)
{
    pool->nodes[pool->input.n_nodes++] =
        (struct reconcile_node){.node = node, .may_rejoin = true};
}

/* Nodes 1 to 3 are configured, members and there; node 1 leads. */
static int set_up(void **state)
{
    static struct pool pool;

    memset(&pool, 0, sizeof(pool));
    pool.input = (struct reconcile_input){.self = life(1, 0),
                                          .may_change = true,
                                          .peers = &pool.peers,
                                          .last_index = LOG_END,
                                          .hellos = pool.hellos,
                                          .nodes = pool.nodes};
    for (uint8_t node = 1; node <= 3; node++) {
        configure(&pool, node);
        add_peer(&pool, life(node, 0), CORE_VOTER);
        if (node > 1) {
            connect_as(&pool, life(node, 0), false);
        }
    }
    *state = &pool;
    return 0;
}

static void assert_step(const struct pool *pool, enum reconcile_action action,
                        enum reconcile_reason reason, uint64_t id)
{
    struct reconcile_step step = reconcile(&pool->input);

    assert_string_equal(reconcile_action_name(step.action),
                        reconcile_action_name(action));
    assert_string_equal(reconcile_reason_name(step.reason),
                        reconcile_reason_name(reason));
    assert_int_equal(step.raft_id, id);
}

/* A pool that is as it should be is left alone. */
static void test_reconcile__settled(void **state)
{
    assert_step(*state, RECONCILE_NOTHING, RECONCILE_FOR_SETTLED, 0);
}

/* A node that is away keeps its vote, however long. */
static void test_reconcile__absence_costs_nothing(void **state)
{
    struct pool *pool = *state;

    pool->input.n_hellos = 1; /* Node 3 is away. */
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_ABSENT, 3);
}

/* A node that comes back under another raft id goes its way step by step, and
 * the old one is removed at the end, not before. */
static void test_reconcile__way_of_an_emptied_node(void **state)
{
    struct pool *pool = *state;
    uint64_t id = life(3, 9);
    struct core_peer *peer = &pool->peers.list[3];

    pool->input.n_hellos = 1;
    connect_as(pool, id, true);
    assert_step(pool, RECONCILE_ADD, RECONCILE_FOR_NEW, id);
    add_peer(pool, id, CORE_SPARE);
    peer->match_index = 0;
    assert_step(pool, RECONCILE_STANDBY, RECONCILE_FOR_KNOWN, id);
    peer->role = CORE_STANDBY;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_BEHIND, id);
    peer->match_index = LOG_END - RECONCILE_LEVEL_ENTRIES;
    peer->in_snapshot = true;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_BEHIND, id);
    peer->in_snapshot = false;
    assert_step(pool, RECONCILE_VOTER, RECONCILE_FOR_LEVEL, id);
    peer->role = CORE_VOTER;
    assert_step(pool, RECONCILE_REMOVE, RECONCILE_FOR_LEFT_BEHIND, life(3, 0));
    pool->peers.list[2] = *peer;
    pool->peers.n = 3;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_SETTLED, 0);
}

/* Nothing is begun while a change is under way. */
static void test_reconcile__one_at_a_time(void **state)
{
    struct pool *pool = *state;

    configure(pool, 4);
    connect_as(pool, life(4, 9), true);
    assert_step(pool, RECONCILE_ADD, RECONCILE_FOR_NEW, life(4, 9));
    pool->peers.uncommitted_index = 77;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_IN_FLIGHT, 0);
    pool->peers.uncommitted_index = 0;
    pool->input.may_change = false;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_IN_FLIGHT, 0);
}

/* Whether a node may come back is the pool's policy, or an operator's order;
 * a node that never was a member needs neither. */
static void test_reconcile__policy(void **state)
{
    struct pool *pool = *state;
    uint64_t id = life(3, 9);

    pool->input.n_hellos = 1;
    connect_as(pool, id, true);
    pool->nodes[2].may_rejoin = false;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_POLICY, id);
    pool->nodes[2].may_rejoin = true;
    assert_step(pool, RECONCILE_ADD, RECONCILE_FOR_NEW, id);
    pool->nodes[2].may_rejoin = false;
    configure(pool, 4);
    pool->nodes[3].may_rejoin = false;
    connect_as(pool, life(4, 1), true);
    assert_step(pool, RECONCILE_ADD, RECONCILE_FOR_NEW, life(4, 1));
}

/* The policy is asked once: what was let in goes on, though the permission was
 * used up meanwhile. */
static void test_reconcile__policy_is_asked_once(void **state)
{
    struct pool *pool = *state;
    uint64_t id = life(3, 9);

    pool->input.n_hellos = 1;
    connect_as(pool, id, true);
    pool->nodes[2].may_rejoin = false;
    add_peer(pool, id, CORE_SPARE);
    assert_step(pool, RECONCILE_STANDBY, RECONCILE_FOR_KNOWN, id);
}

/* A raft id that holds a log, and is no member, was removed: it does not get in
 * again under any policy, whether its node has a successor or not. */
static void test_reconcile__removed_stays_out(void **state)
{
    struct pool *pool = *state;

    pool->peers.list[2].id = life(3, 9);
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_REMOVED, life(3, 0));
    pool->peers.n = 2;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_REMOVED, life(3, 0));
}

/* Strangers to the configuration are not touched, neither as guests nor as
 * members. */
static void test_reconcile__not_configured(void **state)
{
    struct pool *pool = *state;

    connect_as(pool, life(4, 9), true);
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_SETTLED, 0);
    add_peer(pool, life(4, 8), CORE_SPARE);
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_SETTLED, 0);
    add_peer(pool, life(4, 9), CORE_SPARE); /* Not even when one has gone. */
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_SETTLED, 0);
}

/* Without a majority of level voters nothing is proposed: it could not be
 * committed, and would bar the way for what can. */
static void test_reconcile__no_quorum_no_change(void **state)
{
    struct pool *pool = *state;

    configure(pool, 4);
    pool->input.n_hellos = 0;
    connect_as(pool, life(4, 9), true);
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_QUORUM, 0);
    connect_as(pool, life(2, 0), false);
    assert_step(pool, RECONCILE_ADD, RECONCILE_FOR_NEW, life(4, 9));
    pool->peers.list[1].match_index = LOG_END - RECONCILE_LEVEL_ENTRIES - 1;
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_QUORUM, 0);
}

/* With barely a majority there the emptied nodes of a pool of five come back
 * all the same; with less they cannot. */
static void test_reconcile__barely_a_quorum(void **state)
{
    struct pool *pool = *state;

    configure(pool, 4);
    configure(pool, 5);
    add_peer(pool, life(4, 0), CORE_VOTER);
    add_peer(pool, life(5, 0), CORE_VOTER);
    add_peer(pool, life(4, 9), CORE_STANDBY);
    connect_as(pool, life(4, 9), false);
    pool->peers.list[0].match_index = 0; /* The leader's own is not asked. */
    assert_step(pool, RECONCILE_VOTER, RECONCILE_FOR_LEVEL, life(4, 9));
    pool->peers.list[5].role = CORE_VOTER; /* Four of six. */
    assert_step(pool, RECONCILE_REMOVE, RECONCILE_FOR_LEFT_BEHIND, life(4, 0));
    pool->peers.list[2].in_snapshot = true; /* Three of six. */
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_QUORUM, 0);
}

/* A raft id that got no further than to be a spare goes as soon as the node's
 * next one is known. */
static void test_reconcile__half_way_ids_go(void **state)
{
    struct pool *pool = *state;

    pool->input.n_hellos = 1;
    connect_as(pool, life(3, 9), true);
    add_peer(pool, life(3, 8), CORE_STANDBY);
    assert_step(pool, RECONCILE_ADD, RECONCILE_FOR_NEW, life(3, 9));
    add_peer(pool, life(3, 9), CORE_SPARE);
    assert_step(pool, RECONCILE_REMOVE, RECONCILE_FOR_LEFT_BEHIND, life(3, 8));
}

/* A node that has returned is not taken for its own past: a leader may still
 * hold a connection to the life before, which has ended without a word. */
static void test_reconcile__dead_connection_of_a_life_before(void **state)
{
    struct pool *pool = *state;

    add_peer(pool, life(3, 8), CORE_STANDBY);
    assert_int_equal(reconcile(&pool->input).action, RECONCILE_NOTHING);
    pool->peers.list[3].role = CORE_VOTER;
    assert_int_equal(reconcile(&pool->input).action, RECONCILE_NOTHING);
}

/* The leader's own older raft id goes like any other. */
static void test_reconcile__leaders_own_past(void **state)
{
    struct pool *pool = *state;

    pool->input.self = life(1, 6);
    add_peer(pool, life(1, 6), CORE_VOTER);
    assert_step(pool, RECONCILE_REMOVE, RECONCILE_FOR_LEFT_BEHIND, life(1, 0));
}

/* A configuration that is full takes nobody, and says so. */
static void test_reconcile__full(void **state)
{
    struct pool *pool = *state;

    configure(pool, 4);
    connect_as(pool, life(4, 1), true);
    for (uint8_t node = 100; pool->peers.n < CORE_MEMBERS_MAX; node++) {
        add_peer(pool, life(node, 1), CORE_SPARE);
    }
    assert_step(pool, RECONCILE_NOTHING, RECONCILE_FOR_FULL, life(4, 1));
}

/* --- Any pool, any history --- */

/* A node of the random pool. */
struct member_node {
    uint64_t id; /* Of its disk. */
    bool up;
    uint64_t match;
};

struct history {
    uint64_t random;
    struct pool pool;
    struct member_node nodes[NODES];
    uint64_t lives;
    unsigned changes;
};

static uint64_t draw(struct history *h, uint64_t below)
{
    h->random ^= h->random << 13;
    h->random ^= h->random >> 7;
    h->random ^= h->random << 17;
    return (h->random >> 11) % below;
}

static struct core_peer *peer_of(struct history *h, uint64_t id)
{
    for (size_t i = 0; i < h->pool.peers.n; i++) {
        if (h->pool.peers.list[i].id == id) {
            return &h->pool.peers.list[i];
        }
    }
    return NULL;
}

/* Is it true, not as the leader sees it, that a majority of voters is up and
 * has the log? */
static bool majority_is_up(struct history *h)
{
    size_t voters = 0, up = 0;

    for (size_t i = 0; i < h->pool.peers.n; i++) {
        const struct core_peer *peer = &h->pool.peers.list[i];
        const struct member_node *node = &h->nodes[(peer->id & 0xff) - 1];

        if (peer->role == CORE_VOTER) {
            voters++;
            up += node->up && node->id == peer->id &&
                  node->match + RECONCILE_LEVEL_ENTRIES >= LOG_END;
        }
    }
    return up > voters / 2;
}

static void remove_peer(struct history *h, uint64_t id)
{
    struct core_peer *peer = peer_of(h, id);

    assert_non_null(peer);
    /* As libraft does: the others keep their order. */
    h->pool.peers.n--;
    memmove(peer, peer + 1,
            (size_t)(&h->pool.peers.list[h->pool.peers.n] - peer) *
                sizeof(*peer));
}

static void apply_step(struct history *h, const struct reconcile_step *step)
{
    struct core_peer *peer = peer_of(h, step->raft_id);

    switch (step->action) {
    case RECONCILE_ADD:
        assert_null(peer);
        assert_true(h->pool.peers.n < CORE_MEMBERS_MAX);
        add_peer(&h->pool, step->raft_id, CORE_SPARE);
        break;
    case RECONCILE_STANDBY:
        assert_int_equal(peer->role, CORE_SPARE);
        peer->role = CORE_STANDBY;
        break;
    case RECONCILE_VOTER:
        assert_int_equal(peer->role, CORE_STANDBY);
        peer->role = CORE_VOTER;
        break;
    default:
        assert_int_equal(step->action, RECONCILE_REMOVE);
        assert_int_not_equal(step->raft_id, h->pool.input.self);
        remove_peer(h, step->raft_id);
    }
    h->changes++;
}

/* What the leader, any voter that is up, sees now. False: there is none. */
static bool look(struct history *h)
{
    struct reconcile_input *input = &h->pool.input;

    input->self = 0;
    input->n_hellos = 0;
    for (size_t i = 0; i < NODES; i++) {
        struct core_peer *peer = peer_of(h, h->nodes[i].id);

        if (!h->nodes[i].up) {
            continue;
        }
        if (input->self == 0 && peer != NULL && peer->role == CORE_VOTER &&
            h->nodes[i].match == LOG_END) {
            input->self = h->nodes[i].id;
        } else {
            connect_as(&h->pool, h->nodes[i].id, peer == NULL);
        }
    }
    for (size_t i = 0; i < h->pool.peers.n; i++) {
        struct core_peer *peer = &h->pool.peers.list[i];
        const struct member_node *node = &h->nodes[(peer->id & 0xff) - 1];

        peer->match_index = node->id == peer->id ? node->match : 0;
    }
    return input->self != 0;
}

/* One look and, when there is something to do, one change; never one that
 * leaves the pool without a majority it has. */
static bool change_once(struct history *h)
{
    struct reconcile_step step;
    bool had = majority_is_up(h);

    if (!look(h)) {
        return false;
    }
    step = reconcile(&h->pool.input);
    if (step.action == RECONCILE_NOTHING) {
        return false;
    }
    assert_true(had);
    apply_step(h, &step);
    assert_true(majority_is_up(h));
    return true;
}

/* Those who get the log come nearer to its end. */
static void replicate(struct history *h)
{
    for (size_t i = 0; i < NODES; i++) {
        struct core_peer *peer = peer_of(h, h->nodes[i].id);

        if (h->nodes[i].up && peer != NULL && peer->role != CORE_SPARE) {
            h->nodes[i].match += (LOG_END - h->nodes[i].match + 1) / 2;
        }
    }
}

/* Something happens to a node; its disk is lost only while the others are a
 * majority without it, as in any pool that is to live. */
static void happen(struct history *h)
{
    struct member_node *node = &h->nodes[draw(h, NODES)];
    uint64_t id = node->id, match = node->match;
    bool up = node->up;

    switch (draw(h, 3)) {
    case 0:
        node->up = !node->up;
        break;
    case 1:
        node->id = (++h->lives << 8) | (id & 0xff);
        node->match = 0;
        break;
    default:
        return;
    }
    if (!majority_is_up(h)) {
        *node = (struct member_node){id, up, match};
    }
}

/* All who are configured vote under the raft id they have, and nobody else. */
static void assert_settled(struct history *h)
{
    assert_int_equal(h->pool.peers.n, NODES);
    for (size_t i = 0; i < NODES; i++) {
        const struct core_peer *peer = peer_of(h, h->nodes[i].id);

        assert_non_null(peer);
        assert_int_equal(peer->role, CORE_VOTER);
    }
}

static void begin_history(struct history *h, uint64_t seed)
{
    memset(h, 0, sizeof(*h));
    h->random = seed * 0x9e3779b97f4a7c15u + 1;
    h->pool.input = (struct reconcile_input){.may_change = true,
                                             .peers = &h->pool.peers,
                                             .last_index = LOG_END,
                                             .hellos = h->pool.hellos,
                                             .nodes = h->pool.nodes};
    for (uint8_t node = 1; node <= NODES; node++) {
        h->nodes[node - 1] = (struct member_node){life(node, 0), true, LOG_END};
        configure(&h->pool, node);
        if (node <= 3) { /* The others join. */
            add_peer(&h->pool, life(node, 0), CORE_VOTER);
        }
    }
    for (size_t i = 3; i < NODES; i++) {
        h->nodes[i].match = 0;
    }
}

/* Whatever happens to a pool that keeps a majority, no change ever costs it
 * that majority; and when all is well again it becomes what it should be, in a
 * bounded number of changes. */
static void test_reconcile__converges_and_never_breaks(void **state)
{
    static struct history h;
    unsigned changes = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        begin_history(&h, seed);
        for (unsigned i = 0; i < 60; i++) {
            happen(&h);
            replicate(&h);
            if (draw(&h, 2) == 0) {
                change_once(&h);
            }
        }
        for (size_t i = 0; i < NODES; i++) {
            h.nodes[i].up = true;
        }
        changes += h.changes;
        h.changes = 0;
        for (unsigned i = 0; i < 200; i++) {
            replicate(&h);
            change_once(&h);
        }
        assert_settled(&h);
        assert_true(h.changes <= 4 * NODES + CORE_MEMBERS_MAX);
        assert_false(change_once(&h));
    }
    assert_true(changes > 3000); /* Changes were made in bad times too. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_reconcile__settled, set_up, NULL),
        RUN_IN(test_reconcile__absence_costs_nothing, set_up, NULL),
        RUN_IN(test_reconcile__way_of_an_emptied_node, set_up, NULL),
        RUN_IN(test_reconcile__one_at_a_time, set_up, NULL),
        RUN_IN(test_reconcile__policy, set_up, NULL),
        RUN_IN(test_reconcile__policy_is_asked_once, set_up, NULL),
        RUN_IN(test_reconcile__removed_stays_out, set_up, NULL),
        RUN_IN(test_reconcile__not_configured, set_up, NULL),
        RUN_IN(test_reconcile__no_quorum_no_change, set_up, NULL),
        RUN_IN(test_reconcile__barely_a_quorum, set_up, NULL),
        RUN_IN(test_reconcile__half_way_ids_go, set_up, NULL),
        RUN_IN(test_reconcile__dead_connection_of_a_life_before, set_up, NULL),
        RUN_IN(test_reconcile__leaders_own_past, set_up, NULL),
        RUN_IN(test_reconcile__full, set_up, NULL),
        RUN(test_reconcile__converges_and_never_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
