#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/transport.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/transport_sim.h"

enum { NODES = 3, PORT = 7000, MS = 1000, SECOND = 1000 * MS };

struct pool;

/* A machine with a transport, and what that has told. */
struct machine {
    struct pool *pool;
    uint8_t node;
    struct loop *loop; /* NULL while it is down. */
    struct transport *transport;
    bool there[NODES + 1]; /* Who is connected. */
    unsigned connects, drops;
    enum transport_reason reason; /* Of the last drop. */
    uint64_t next[NODES + 1];     /* Of each node's pings. */
    uint64_t heard;               /* Pings in all. */
    bool gaps; /* A ping did not follow the one before in its connection. */
};

struct pool {
    struct schedule *schedule;
    struct network *network;
    struct machine machines[NODES + 1]; /* By node. */
    struct loop *dead[64];              /* Freed in the end. */
    size_t n_dead;
    uint64_t sent;
};

static enum peer_refusal on_admit(void *context, const struct peer_hello *hello)
{
    (void)context;
    return hello->directory_id == 666 ? PEER_REFUSAL_FORGOTTEN
                                      : PEER_REFUSAL_NONE;
}

static void on_connected(void *context, uint8_t node,
                         const struct peer_hello *hello)
{
    struct machine *machine = context;

    assert_int_equal(hello->node, node);
    assert_false(machine->there[node]);
    machine->there[node] = true;
    machine->connects++;
    machine->next[node] = 0;
}

static void on_disconnected(void *context, uint8_t node,
                            enum transport_reason reason)
{
    struct machine *machine = context;

    assert_true(machine->there[node]);
    machine->there[node] = false;
    machine->drops++;
    machine->reason = reason;
}

static void on_received(void *context, uint8_t node,
                        const struct peer_message *message)
{
    struct machine *machine = context;

    assert_true(machine->there[node]);
    if (message->kind == PEER_PING) {
        machine->gaps |= machine->next[node] != 0 &&
                         message->ping.seq != machine->next[node];
        machine->next[node] = message->ping.seq + 1;
        machine->heard++;
    }
}

static void start(struct pool *pool, uint8_t node, uint64_t directory_id)
{
    struct machine *machine = &pool->machines[node];
    struct loop_sim_traits traits = {
        .id = node + 10u * pool->n_dead, .seed = node, .now_offset_us = 77};
    struct transport_events events = {on_admit, on_connected, on_disconnected,
                                      on_received};
    struct transport_node others[NODES];
    struct transport_settings settings = {
        .hello = {.node = node,
                  .raft_id = node,
                  .directory_id = directory_id,
                  .version_min = PEER_VERSION_MIN,
                  .version_max = PEER_VERSION_MAX},
        .nodes = others,
        .listen_host = "127.0.0.1",
        .listen_port = PORT + node,
        .plain = true,
    };

    for (uint8_t other = 1; other <= NODES; other++) {
        if (other != node) {
            others[settings.n_nodes++] = (struct transport_node){
                other, "127.0.0.1", (uint16_t)(PORT + other)};
        }
    }
    machine->pool = pool;
    machine->node = node;
    memset(machine->there, 0, sizeof(machine->there));
    machine->loop = loop_sim_new(pool->schedule, &traits);
    transport_sim_join(machine->loop, pool->network, node - 1u);
    assert_int_equal(transport_open(machine->loop, &settings, &events, machine,
                                    &machine->transport),
                     ERROR_NONE);
}

/* kill -9, or with @silently a power cut. */
static void stop(struct pool *pool, uint8_t node, bool silently)
{
    struct machine *machine = &pool->machines[node];

    loop_sim_kill(machine->loop);
    transport_sim_leave(machine->loop, silently);
    transport_close(machine->transport);
    pool->dead[pool->n_dead++] = machine->loop;
    machine->loop = NULL;
}

static void run(struct pool *pool, uint64_t us)
{
    schedule_run_until(pool->schedule, schedule_now_us(pool->schedule) + us);
}

static int set_up(void **state)
{
    struct pool *pool = calloc(1, sizeof(*pool));

    assert_non_null(pool);
    pool->schedule = schedule_new();
    pool->network = network_new(pool->schedule, NODES, 3);
    for (uint8_t node = 1; node <= NODES; node++) {
        start(pool, node, node);
    }
    run(pool, SECOND);
    *state = pool;
    return 0;
}

static int tear_down(void **state)
{
    struct pool *pool = *state;

    for (uint8_t node = 1; node <= NODES; node++) {
        if (pool->machines[node].loop != NULL) {
            stop(pool, node, true);
        }
    }
    schedule_free(pool->schedule);
    network_free(pool->network);
    for (size_t i = 0; i < pool->n_dead; i++) {
        loop_sim_free(pool->dead[i]);
    }
    free(pool);
    return 0;
}

static enum error ping(struct pool *pool, uint8_t from, uint8_t to)
{
    struct peer_message message = {.kind = PEER_PING,
                                   .ping = {.term = 1, .seq = pool->sent + 1}};
    enum error error =
        transport_send(pool->machines[from].transport, to, &message);

    pool->sent += error == ERROR_NONE;
    return error;
}

static enum error send_chunk(struct pool *pool, uint8_t from, uint8_t to)
{
    static uint8_t data[64 * 1024];
    struct peer_message message = {
        .kind = PEER_SNAPSHOT_CHUNK,
        .snapshot_chunk = {.data = slice_of(data, sizeof(data))}};

    return transport_send(pool->machines[from].transport, to, &message);
}

static bool all_there(struct pool *pool)
{
    for (uint8_t one = 1; one <= NODES; one++) {
        for (uint8_t other = 1; other <= NODES; other++) {
            if (one != other && !pool->machines[one].there[other]) {
                return false;
            }
        }
    }
    return true;
}

/* Three machines find each other, and messages arrive after the delay. */
static void test_transport_sim__meet_and_talk(void **state)
{
    struct pool *pool = *state;

    assert_true(all_there(pool));
    assert_int_equal(ping(pool, 1, 2), ERROR_NONE);
    run(pool, 100);
    assert_int_equal(pool->machines[2].heard, 0);
    run(pool, MS);
    assert_int_equal(pool->machines[2].heard, 1);
}

/* However packets overtake each other, messages arrive once and in order. */
static void test_transport_sim__order_is_kept(void **state)
{
    struct pool *pool = *state;
    struct network_faults faults = {.delay_us = 100,
                                    .jitter_us = 20 * MS,
                                    .late = 100000,
                                    .late_us = 100 * MS,
                                    .duplicate = 500000};

    network_set_faults(pool->network, &faults);
    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(ping(pool, 1, 2), ERROR_NONE);
        run(pool, MS);
    }
    run(pool, SECOND);
    assert_int_equal(pool->machines[2].heard, 500);
    assert_false(pool->machines[2].gaps);
    assert_int_equal(pool->machines[2].drops, 0);
}

/* A cut that is mended in time costs nothing but time. */
static void test_transport_sim__short_cut_heals(void **state)
{
    struct pool *pool = *state;

    network_cut(pool->network, 0, 1, true);
    assert_int_equal(ping(pool, 1, 2), ERROR_NONE);
    run(pool, SECOND);
    assert_int_equal(pool->machines[2].heard, 0);
    network_mend(pool->network);
    run(pool, SECOND);
    assert_int_equal(pool->machines[2].heard, 1);
    assert_int_equal(pool->machines[2].drops, 0);
    assert_int_equal(pool->machines[1].drops, 0);
}

/* A cut in one direction is noticed on both sides, by the silence, and when it
 * is mended they meet again. */
static void test_transport_sim__one_way_cut(void **state)
{
    struct pool *pool = *state;

    network_cut(pool->network, 0, 1, true);
    run(pool, (TRANSPORT_SILENT_MS + 500) * MS);
    assert_false(pool->machines[2].there[1]);
    assert_int_equal(pool->machines[2].reason, TRANSPORT_SILENT);
    assert_false(pool->machines[1].there[2]);
    assert_true(pool->machines[1].there[3] && pool->machines[2].there[3]);
    run(pool, 10 * SECOND);
    assert_false(pool->machines[1].there[2] || pool->machines[2].there[1]);
    network_mend(pool->network);
    run(pool, 3 * SECOND);
    assert_true(all_there(pool));
}

/* A node cut off from all others loses both, and they keep each other. */
static void test_transport_sim__group_cut(void **state)
{
    struct pool *pool = *state;

    for (unsigned other = 0; other < 2; other++) {
        network_cut(pool->network, 2, other, true);
        network_cut(pool->network, other, 2, true);
    }
    run(pool, (TRANSPORT_SILENT_MS + 500) * MS);
    assert_int_equal(pool->machines[3].drops, 2);
    assert_int_equal(pool->machines[3].reason, TRANSPORT_SILENT);
    assert_true(pool->machines[1].there[2] && pool->machines[2].there[1]);
    assert_int_equal(ping(pool, 1, 3), ERROR_CLOSED);
    network_mend(pool->network);
    run(pool, 3 * SECOND);
    assert_true(all_there(pool));
}

/* A lost packet breaks the connection, both sides are told, and no message
 * after it arrives as if nothing had been lost. */
static void test_transport_sim__loss_breaks(void **state)
{
    struct pool *pool = *state;
    struct network_faults faults = {
        .delay_us = 100, .jitter_us = 100, .loss = 20000};

    network_set_faults(pool->network, &faults);
    for (unsigned i = 0; i < 5000; i++) {
        (void)ping(pool, 1, 2);
        run(pool, 2 * MS);
        assert_false(pool->machines[2].gaps);
    }
    assert_true(pool->machines[1].drops > 10);
    assert_true(pool->machines[2].drops > 10);
    assert_int_equal(pool->machines[2].reason, TRANSPORT_IO);
    assert_true(pool->machines[2].heard > 100);
    assert_true(pool->machines[2].heard < pool->sent);
    faults.loss = 0;
    network_set_faults(pool->network, &faults);
    run(pool, 3 * SECOND);
    assert_true(all_there(pool));
}

/* A process that is killed is missed at once; a machine that loses power, by
 * its silence. Either comes back. */
static void test_transport_sim__death(void **state)
{
    struct pool *pool = *state;

    stop(pool, 2, false);
    run(pool, 10 * MS);
    assert_int_equal(pool->machines[1].reason, TRANSPORT_IO);
    assert_false(pool->machines[1].there[2] || pool->machines[3].there[2]);
    start(pool, 2, 2);
    run(pool, 3 * SECOND);
    assert_true(all_there(pool));

    stop(pool, 2, true);
    run(pool, SECOND);
    assert_true(pool->machines[1].there[2]);
    run(pool, TRANSPORT_SILENT_MS * MS);
    assert_false(pool->machines[1].there[2] || pool->machines[3].there[2]);
    assert_int_equal(pool->machines[1].reason, TRANSPORT_SILENT);
    start(pool, 2, 2);
    run(pool, 3 * SECOND);
    assert_true(all_there(pool));
}

/* While a node is paused its sender's queue fills to its bound and no further;
 * when it wakes in time all arrives. */
static void test_transport_sim__pause_fills_queues(void **state)
{
    struct pool *pool = *state;
    enum error error = ERROR_NONE;
    unsigned sent = 0;

    loop_sim_pause(pool->machines[2].loop, SECOND);
    while (error == ERROR_NONE && sent < 1000) {
        error = send_chunk(pool, 1, 2);
        sent += error == ERROR_NONE;
        run(pool, MS);
    }
    assert_int_equal(error, ERROR_BUSY);
    assert_in_range(sent * 64 * 1024, TRANSPORT_SIM_WINDOW_BYTES,
                    TRANSPORT_SIM_WINDOW_BYTES + TRANSPORT_SNAPSHOT_BYTES_MAX +
                        2 * 128 * 1024);
    run(pool, 2 * SECOND);
    assert_int_equal(pool->machines[1].drops, 0);
    assert_int_equal(send_chunk(pool, 1, 2), ERROR_NONE);
    assert_int_equal(ping(pool, 1, 2), ERROR_NONE);
    run(pool, SECOND);
    assert_int_equal(pool->machines[2].heard, 1);
}

/* One that is paused for too long is given up, and does not blame the others
 * for its own absence but meets them anew. */
static void test_transport_sim__long_pause(void **state)
{
    struct pool *pool = *state;

    loop_sim_pause(pool->machines[3].loop, 5 * SECOND);
    run(pool, 4 * SECOND);
    assert_int_equal(pool->machines[1].reason, TRANSPORT_SILENT);
    assert_false(pool->machines[1].there[3] || pool->machines[2].there[3]);
    run(pool, 4 * SECOND);
    assert_true(all_there(pool));
}

/* Who is not admitted does not get in, however often it comes. */
static void test_transport_sim__refusal(void **state)
{
    struct pool *pool = *state;
    struct transport_stats stats = {0};

    stop(pool, 1, false);
    start(pool, 1, 666);
    run(pool, 5 * SECOND);
    assert_false(pool->machines[1].there[2] || pool->machines[2].there[1]);
    assert_int_equal(transport_stats_of(pool->machines[2].transport, 1, &stats),
                     ERROR_NONE);
    assert_true(stats.refused > 2);
}

/* A seed is a run: the same things happen at the same moments. */
static void test_transport_sim__same_seed_same_run(void **state)
{
    uint64_t hashes[2];
    void *again = NULL;

    for (unsigned i = 0; i < 2; i++) {
        struct pool *pool = i == 0 ? *state : again;
        struct network_faults faults = {
            .delay_us = 100, .jitter_us = 5 * MS, .loss = 10000};

        if (pool == NULL) {
            set_up(&again);
            pool = again;
        }
        network_set_faults(pool->network, &faults);
        for (unsigned k = 0; k < 500; k++) {
            (void)ping(pool, (uint8_t)(k % 3 + 1), (uint8_t)((k + 1) % 3 + 1));
            run(pool, 3 * MS);
        }
        hashes[i] = schedule_trace_hash(pool->schedule);
    }
    assert_int_equal(hashes[0], hashes[1]);
    tear_down(&again);
}

/* What is dialed and never answers is given up, and dialed again: the way may
 * be there by then. */
static void test_transport_sim__silence_is_dialed_again(void **state)
{
    struct pool *pool = *state;
    struct transport_stats stats;

    stop(pool, 1, true);
    network_cut(pool->network, 0, 1, true);
    start(pool, 1, 1);
    run(pool, 4 * SECOND);
    assert_int_equal(transport_stats_of(pool->machines[1].transport, 2, &stats),
                     ERROR_NONE);
    assert_in_range(stats.drops, 2, 4);
    network_mend(pool->network);
    run(pool, 2 * TRANSPORT_CONNECT_MS * MS + TRANSPORT_DIAL_MAX_MS * MS);
    assert_true(all_there(pool));
}

/* Who has served is dialed again at once when it is lost, however long it had
 * been looked for before. */
static void test_transport_sim__served_is_dialed_at_once(void **state)
{
    struct pool *pool = *state;

    stop(pool, 2, false);
    run(pool, 10 * SECOND);
    start(pool, 2, 2);
    run(pool, 5 * SECOND);
    assert_true(all_there(pool));
    stop(pool, 2, false);
    start(pool, 2, 2);
    run(pool, 2 * TRANSPORT_DIAL_MIN_MS * MS);
    assert_true(pool->machines[1].there[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_transport_sim__meet_and_talk, set_up, tear_down),
        RUN_IN(test_transport_sim__order_is_kept, set_up, tear_down),
        RUN_IN(test_transport_sim__short_cut_heals, set_up, tear_down),
        RUN_IN(test_transport_sim__one_way_cut, set_up, tear_down),
        RUN_IN(test_transport_sim__group_cut, set_up, tear_down),
        RUN_IN(test_transport_sim__loss_breaks, set_up, tear_down),
        RUN_IN(test_transport_sim__death, set_up, tear_down),
        RUN_IN(test_transport_sim__pause_fills_queues, set_up, tear_down),
        RUN_IN(test_transport_sim__long_pause, set_up, tear_down),
        RUN_IN(test_transport_sim__silence_is_dialed_again, set_up, tear_down),
        RUN_IN(test_transport_sim__served_is_dialed_at_once, set_up, tear_down),
        RUN_IN(test_transport_sim__refusal, set_up, tear_down),
        RUN_IN(test_transport_sim__same_seed_same_run, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
