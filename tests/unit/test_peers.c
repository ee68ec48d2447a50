/* The other nodes as a replica sees them: nothing goes to one and nothing that
 * comes from it counts until the owner knows its directory. The transport here
 * is the test's own. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "proto/base/journal.h"
#include "raft/replica/peers.h"
#include "tests/unit/fake_loop.h"

enum { NODE = 2, RAFT_ID = 0x702, DIRECTORY = 99, TERM = 5 };

struct scene {
    struct loop *loop;
    struct letters *owner;
    struct peers *peers;
    struct core_network network;
    struct memo *asked; /* Owned; NULL: the owner was not asked. */
    size_t there, lost, received;
    enum error answer; /* To what is received. */
};

/* What was asked of the transport. */
static struct {
    struct transport_events events;
    void *context;
    size_t sent, dropped;
    struct peer_message last;
} wire;

enum error transport_open(struct loop *loop,
                          const struct transport_settings *settings,
                          const struct transport_events *events, void *context,
                          struct transport **transport_out)
{
    (void)loop;
    (void)settings;
    wire.events = *events;
    wire.context = context;
    *transport_out = NULL;
    return ERROR_NONE;
}

void transport_close(struct transport *transport)
{
    (void)transport;
}

enum error transport_send(struct transport *transport, uint8_t node,
                          const struct peer_message *message)
{
    (void)transport;
    assert_int_equal(node, NODE);
    wire.sent++;
    wire.last = *message;
    return ERROR_NONE;
}

void transport_drop(struct transport *transport, uint8_t node, const char *why)
{
    (void)transport;
    (void)why;
    assert_int_equal(node, NODE);
    wire.dropped++;
    wire.events.disconnected(wire.context, node, TRANSPORT_DROPPED);
}

static void on_there(void *context, uint8_t node, uint64_t raft_id)
{
    struct scene *scene = context;

    assert_int_equal(node, NODE);
    assert_int_equal(raft_id & 0xff, NODE);
    scene->there++;
}

static void on_lost(void *context, uint8_t node)
{
    struct scene *scene = context;

    assert_int_equal(node, NODE);
    scene->lost++;
}

static enum error on_received(void *context, uint8_t node, uint64_t raft_id,
                              const struct peer_message *message)
{
    struct scene *scene = context;

    (void)message;
    assert_int_equal(node, NODE);
    assert_int_equal(raft_id, RAFT_ID);
    scene->received++;
    return scene->answer;
}

static void on_letters(void *context, struct letter_list *list)
{
    struct scene *scene = context;

    memo_free((struct letter *)scene->asked);
    scene->asked = (struct memo *)STAILQ_FIRST(list);
    STAILQ_REMOVE_HEAD(list, link);
    assert_true(STAILQ_EMPTY(list));
}

static void swallow(void *context, enum journal_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct peers_events events = {.context = scene,
                                  .there = on_there,
                                  .lost = on_lost,
                                  .received = on_received};

    journal_capture(swallow, NULL);
    wire.sent = wire.dropped = 0;
    scene->loop = fake_loop_new(1);
    scene->owner = letters_new(scene->loop, 1, on_letters, scene);
    scene->peers = peers_new(scene->owner, &events);
    scene->network = peers_network(scene->peers);
    assert_int_equal(peers_open(scene->peers, scene->loop, NULL), ERROR_NONE);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    struct letter_list left = STAILQ_HEAD_INITIALIZER(left);

    memo_free((struct letter *)scene->asked);
    peers_free(scene->peers);
    letters_close(scene->owner, &left);
    memo_free_all(&left);
    letters_free(scene->owner);
    fake_loop_free(scene->loop);
    free(scene);
    return 0;
}

static struct peer_hello hello_of(uint64_t directory_id)
{
    return (struct peer_hello){
        .node = NODE, .raft_id = RAFT_ID, .directory_id = directory_id};
}

static void connect_with(struct scene *scene, uint64_t directory_id)
{
    struct peer_hello hello = hello_of(directory_id);

    assert_int_equal(wire.events.admit(wire.context, &hello),
                     PEER_REFUSAL_NONE);
    wire.events.connected(wire.context, NODE, &hello);
    fake_loop_settle(scene->loop);
}

static void answer(struct scene *scene, bool yes)
{
    assert_non_null(scene->asked);
    scene->asked->question.yes = yes;
    peers_take_known(scene->peers, scene->asked);
}

static void receive_ping(void)
{
    struct peer_message ping = {.kind = PEER_PING, .ping = {TERM, 1}};

    wire.events.received(wire.context, NODE, &ping);
}

static enum error send_to(struct scene *scene, uint64_t raft_id,
                          uint64_t commit_index)
{
    struct core_message message = {.kind = CORE_APPEND,
                                   .peer = raft_id,
                                   .term = TERM,
                                   .append = {.commit_index = commit_index}};

    return scene->network.send(scene->network.context, &message);
}

/* Until the owner has answered, the node is not there. */
static void test_peers__wait_for_the_owner(void **state)
{
    struct scene *scene = *state;

    connect_with(scene, DIRECTORY);
    assert_int_equal(scene->asked->question.raft_id, RAFT_ID);
    assert_int_equal(scene->asked->question.directory_id, DIRECTORY);
    receive_ping();
    assert_int_equal(scene->received, 0);
    assert_int_equal(scene->there, 0);
    assert_int_equal(send_to(scene, RAFT_ID, 1), ERROR_CLOSED);
    assert_false(peers_is_there(scene->peers, NODE, NULL));
    answer(scene, true);
    receive_ping();
    assert_int_equal(scene->there, 1);
    assert_int_equal(scene->received, 1);
    assert_int_equal(send_to(scene, RAFT_ID, 1), ERROR_NONE);
}

/* What was known once is not asked again. */
static void test_peers__remember_who_is_known(void **state)
{
    struct scene *scene = *state;

    connect_with(scene, DIRECTORY);
    answer(scene, true);
    wire.events.disconnected(wire.context, NODE, TRANSPORT_CLOSED);
    assert_int_equal(scene->lost, 1);
    connect_with(scene, DIRECTORY);
    assert_int_equal(scene->there, 2);
}

/* A disk that was forgotten is dropped, and refused from then on; another is
 * asked for. */
static void test_peers__refuse_who_is_forgotten(void **state)
{
    struct scene *scene = *state;
    struct peer_hello hello = hello_of(DIRECTORY);

    connect_with(scene, DIRECTORY);
    answer(scene, false);
    assert_int_equal(wire.dropped, 1);
    assert_int_equal(scene->there + scene->lost, 0);
    assert_int_equal(wire.events.admit(wire.context, &hello),
                     PEER_REFUSAL_FORGOTTEN);
    connect_with(scene, DIRECTORY + 1);
    answer(scene, true);
    assert_int_equal(scene->there, 1);
}

/* An answer about a connection that is over says nothing of the next one. */
static void test_peers__late_answer(void **state)
{
    struct scene *scene = *state;
    struct memo *first;

    connect_with(scene, DIRECTORY);
    first = scene->asked;
    scene->asked = NULL;
    wire.events.disconnected(wire.context, NODE, TRANSPORT_CLOSED);
    connect_with(scene, DIRECTORY + 1);
    first->question.yes = true;
    peers_take_known(scene->peers, first);
    assert_int_equal(scene->there, 0);
    first->question.yes = false;
    peers_take_known(scene->peers, first);
    assert_int_equal(wire.dropped, 0);
    first->question.directory_id = DIRECTORY + 1;
    first->question.raft_id = RAFT_ID + 256; /* Or of another life there. */
    first->question.yes = true;
    peers_take_known(scene->peers, first);
    assert_int_equal(scene->there, 0);
    memo_free(&first->letter);
    answer(scene, true);
    assert_int_equal(scene->there, 1);
}

/* What is for one raft id of a node does not go to another. */
static void test_peers__send_to_a_raft_id(void **state)
{
    struct scene *scene = *state;

    connect_with(scene, DIRECTORY);
    answer(scene, true);
    assert_int_equal(send_to(scene, 0x602, 1), ERROR_CLOSED);
    scene->network.note(scene->network.context, 0x602, TERM, 7);
    peers_flush(scene->peers);
    assert_int_equal(wire.sent, 0);
    assert_true(peers_is_member_there(scene->peers, RAFT_ID));
    assert_false(peers_is_member_there(scene->peers, 0x602));
}

/* A commit note goes with the turn, once, unless a heartbeat has said as much
 * in the same term. */
static void test_peers_flush__sends_notes(void **state)
{
    struct scene *scene = *state;

    connect_with(scene, DIRECTORY);
    answer(scene, true);
    scene->network.note(scene->network.context, RAFT_ID, TERM, 7);
    assert_int_equal(send_to(scene, RAFT_ID, 6), ERROR_NONE);
    peers_flush(scene->peers);
    assert_int_equal(wire.sent, 2);
    assert_int_equal(wire.last.kind, PEER_COMMIT_NOTE);
    assert_int_equal(wire.last.commit_note.commit_index, 7);
    peers_flush(scene->peers);
    assert_int_equal(wire.sent, 2);
    scene->network.note(scene->network.context, RAFT_ID, TERM, 8);
    assert_int_equal(send_to(scene, RAFT_ID, 8), ERROR_NONE);
    peers_flush(scene->peers);
    assert_int_equal(wire.sent, 3);
    scene->network.note(scene->network.context, RAFT_ID, TERM + 1, 9);
    assert_int_equal(send_to(scene, RAFT_ID, 9), ERROR_NONE);
    peers_flush(scene->peers);
    assert_int_equal(wire.last.kind, PEER_COMMIT_NOTE);
}

/* A note for a node that has gone is for nobody, also when it comes back. */
static void test_peers_flush__forgets_with_the_connection(void **state)
{
    struct scene *scene = *state;

    connect_with(scene, DIRECTORY);
    answer(scene, true);
    scene->network.note(scene->network.context, RAFT_ID, TERM, 7);
    wire.events.disconnected(wire.context, NODE, TRANSPORT_CLOSED);
    connect_with(scene, DIRECTORY);
    peers_flush(scene->peers);
    assert_int_equal(wire.sent, 0);
}

/* Who sends what nobody may is dropped. */
static void test_peers__drop_who_sends_nonsense(void **state)
{
    struct scene *scene = *state;

    connect_with(scene, DIRECTORY);
    answer(scene, true);
    scene->answer = ERROR_MALFORMED;
    receive_ping();
    assert_int_equal(wire.dropped, 1);
    assert_int_equal(scene->lost, 1);
    assert_false(peers_is_there(scene->peers, NODE, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_peers__wait_for_the_owner, set_up, tear_down),
        RUN_IN(test_peers__remember_who_is_known, set_up, tear_down),
        RUN_IN(test_peers__refuse_who_is_forgotten, set_up, tear_down),
        RUN_IN(test_peers__late_answer, set_up, tear_down),
        RUN_IN(test_peers__send_to_a_raft_id, set_up, tear_down),
        RUN_IN(test_peers_flush__sends_notes, set_up, tear_down),
        RUN_IN(test_peers_flush__forgets_with_the_connection, set_up,
               tear_down),
        RUN_IN(test_peers__drop_who_sends_nonsense, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
