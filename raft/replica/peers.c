#include "raft/replica/peers.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/wire.h"

/* Who came with which directory. */
struct pair {
    uint64_t raft_id, directory_id;
};

struct remembered {
    struct pair list[PEERS_REMEMBERED];
    size_t n; /* Ever; the oldest are written over. */
};

struct peer {
    enum { PEER_ABSENT, PEER_ASKED, PEER_THERE } state;
    struct peer_hello hello;
    uint64_t note_term, note_index; /* To be sent; 0: none. */
};

struct peers {
    struct letters *owner;
    struct peers_events events;
    struct transport *transport;
    struct peer list[PEER_NODE_MAX + 1];
    bool noted; /* Some have a note to be sent. */
    struct remembered known, forgotten;
    struct wire_scratch scratch;
};

struct peers *peers_new(struct letters *owner,
                        const struct peers_events *events)
{
    struct peers *peers = calloc(1, sizeof(*peers));

    if (peers != NULL) {
        peers->owner = owner;
        peers->events = *events;
    }
    return peers;
}

void peers_free(struct peers *peers)
{
    if (peers != NULL) {
        transport_close(peers->transport);
        wire_scratch_free(&peers->scratch);
        free(peers);
    }
}

static bool is_remembered(const struct remembered *in, struct pair pair)
{
    size_t n = in->n < PEERS_REMEMBERED ? in->n : PEERS_REMEMBERED;

    for (size_t i = 0; i < n; i++) {
        if (in->list[i].raft_id == pair.raft_id &&
            in->list[i].directory_id == pair.directory_id) {
            return true;
        }
    }
    return false;
}

static void remember(struct remembered *in, struct pair pair)
{
    if (!is_remembered(in, pair)) {
        in->list[in->n % PEERS_REMEMBERED] = pair;
        in->n++;
    }
}

static struct pair pair_of(const struct peer_hello *hello)
{
    return (struct pair){hello->raft_id, hello->directory_id};
}

/* --- Events of the transport --- */

static enum peer_refusal on_admit(void *context, const struct peer_hello *hello)
{
    struct peers *peers = context;

    return is_remembered(&peers->forgotten, pair_of(hello))
               ? PEER_REFUSAL_FORGOTTEN
               : PEER_REFUSAL_NONE;
}

static void is_there(struct peers *peers, uint8_t node)
{
    struct peer *peer = &peers->list[node];

    peer->state = PEER_THERE;
    peers->events.there(peers->events.context, node, peer->hello.raft_id);
}

static void ask_owner(struct peers *peers, uint8_t node)
{
    const struct peer_hello *hello = &peers->list[node].hello;
    struct memo *memo = memo_new(MEMO_ASK_KNOWN);

    memo->question.node = node;
    memo->question.raft_id = hello->raft_id;
    memo->question.directory_id = hello->directory_id;
    if (letters_send_reply(peers->owner, &memo->letter) != ERROR_NONE) {
        memo_free(&memo->letter);
    }
}

static void on_connected(void *context, uint8_t node,
                         const struct peer_hello *hello)
{
    struct peers *peers = context;
    struct peer *peer = &peers->list[node];

    *peer = (struct peer){.state = PEER_ASKED, .hello = *hello};
    if (is_remembered(&peers->known, pair_of(hello))) {
        is_there(peers, node);
    } else {
        ask_owner(peers, node);
    }
}

static void on_disconnected(void *context, uint8_t node,
                            enum transport_reason reason)
{
    struct peers *peers = context;
    bool was_there = peers->list[node].state == PEER_THERE;

    (void)reason;
    peers->list[node].state = PEER_ABSENT;
    peers->list[node].note_index = 0;
    if (was_there) {
        peers->events.lost(peers->events.context, node);
    }
}

static void on_received(void *context, uint8_t node,
                        const struct peer_message *message)
{
    struct peers *peers = context;
    struct peer *peer = &peers->list[node];

    if (peer->state != PEER_THERE) {
        return; /* As if it had been lost on the way. */
    }
    if (peers->events.received(peers->events.context, node, peer->hello.raft_id,
                               message) == ERROR_MALFORMED) {
        transport_drop(peers->transport, node, "it sends what nobody may");
    }
}

enum error peers_open(struct peers *peers, struct loop *loop,
                      const struct transport_settings *settings)
{
    struct transport_events events = {.admit = on_admit,
                                      .connected = on_connected,
                                      .disconnected = on_disconnected,
                                      .received = on_received};

    return transport_open(loop, settings, &events, peers, &peers->transport);
}

struct transport *peers_transport(struct peers *peers)
{
    return peers->transport;
}

void peers_take_known(struct peers *peers, const struct memo *answer)
{
    struct pair pair = {answer->question.raft_id,
                        answer->question.directory_id};
    uint8_t node = answer->question.node;
    struct peer *peer = &peers->list[node];
    bool is_same = peer->state == PEER_ASKED &&
                   peer->hello.raft_id == pair.raft_id &&
                   peer->hello.directory_id == pair.directory_id;

    remember(answer->question.yes ? &peers->known : &peers->forgotten, pair);
    if (is_same && answer->question.yes) {
        is_there(peers, node);
    } else if (is_same) {
        journal_warning("peer_forgotten",
                        "node=%u raft_id=%" PRIu64 " directory=%016" PRIx64
                        " why=\"the pool knows this member with another disk\"",
                        node, pair.raft_id, pair.directory_id);
        transport_drop(peers->transport, node, "its disk has been forgotten");
    }
}

bool peers_is_there(const struct peers *peers, uint8_t node,
                    const struct peer_hello **hello_out)
{
    const struct peer *peer = &peers->list[node];

    if (hello_out != NULL) {
        *hello_out = &peer->hello;
    }
    return peer->state == PEER_THERE;
}

enum error peers_send(struct peers *peers, uint8_t node,
                      const struct peer_message *message)
{
    if (peers->list[node].state != PEER_THERE) {
        return ERROR_CLOSED;
    }
    return transport_send(peers->transport, node, message);
}

/* --- struct core_network --- */

bool peers_is_member_there(const struct peers *peers, uint64_t raft_id)
{
    const struct peer *peer = &peers->list[raft_id & 0xff];

    return peer->state == PEER_THERE && peer->hello.raft_id == raft_id;
}

/* Returns NULL when it is not there. */
static struct peer *member(struct peers *peers, uint64_t raft_id)
{
    return peers_is_member_there(peers, raft_id) ? &peers->list[raft_id & 0xff]
                                                 : NULL;
}

/* A heartbeat tells the commit index too. So does an append with entries, but
 * that is heard only when they are on the follower's disk. */
static void forget_note(struct peer *peer, const struct core_message *message)
{
    if (message->kind == CORE_APPEND && message->append.n == 0 &&
        message->term == peer->note_term &&
        message->append.commit_index >= peer->note_index) {
        peer->note_index = 0;
    }
}

static enum error on_send(void *context, const struct core_message *message)
{
    struct peers *peers = context;
    struct peer *peer = member(peers, message->peer);
    struct peer_message wire;
    enum error error;

    if (peer == NULL) {
        return ERROR_CLOSED;
    }
    error = wire_write(message, &peers->scratch, &wire);
    if (error == ERROR_NONE) {
        error = transport_send(peers->transport,
                               (uint8_t)(message->peer & 0xff), &wire);
    }
    if (error == ERROR_NONE) {
        forget_note(peer, message);
    }
    return error;
}

static void on_note(void *context, uint64_t raft_id, uint64_t term,
                    uint64_t index)
{
    struct peers *peers = context;
    struct peer *peer = member(peers, raft_id);

    if (peer != NULL) {
        peer->note_term = term;
        peer->note_index = index;
        peers->noted = true;
    }
}

struct core_network peers_network(struct peers *peers)
{
    return (struct core_network){
        .context = peers, .send = on_send, .note = on_note};
}

static void send_note(struct peers *peers, uint8_t node)
{
    struct peer *peer = &peers->list[node];
    struct peer_message note = {
        .kind = PEER_COMMIT_NOTE,
        .commit_note = {peer->note_term, peer->note_index}};

    /* Lost, it is told by the next heartbeat. */
    (void)transport_send(peers->transport, node, &note);
    peer->note_index = 0;
}

/* At every turn of the loop: mostly there is nothing to do. */
void peers_flush(struct peers *peers)
{
    if (!peers->noted) {
        return;
    }
    peers->noted = false;
    for (unsigned node = 1; node <= PEER_NODE_MAX; node++) {
        const struct peer *peer = &peers->list[node];

        if (peer->note_index != 0 && peer->state == PEER_THERE) {
            send_note(peers, (uint8_t)node);
        }
    }
}
