#include "raft/peer/greeting.h"

#include <stdio.h>

#include "proto/base/check.h"

static enum error say_hello(struct connection *connection)
{
    struct peer_message message = {
        .kind = PEER_HELLO,
        .hello = connection->transport->hello,
    };

    return peer_connection_send(connection, &message);
}

/* A certificate that names no node, or not the one that was dialed, is refused
 * before a word is said to it. */
void greeting_begin(struct connection *connection)
{
    char detail[64];
    uint8_t named;

    CHECK(connection->state == CONNECTION_GREETING);
    if (connection->tls != NULL) {
        named = tls_peer_node(connection->tls);
        snprintf(detail, sizeof(detail), "the certificate is node%u's",
                 (unsigned)named);
        if (named == 0) {
            peer_connection_refuse(connection, PEER_REFUSAL_WRONG_NAME,
                                   "the certificate names no node");
            return;
        }
        if (connection->dialed && named != connection->remote->node) {
            peer_connection_refuse(connection, PEER_REFUSAL_WRONG_NAME, detail);
            return;
        }
    }
    if (connection->dialed && say_hello(connection) != ERROR_NONE) {
        peer_connection_end(connection, TRANSPORT_NO_MEMORY, "");
    }
}

/* What is wrong with a Hello by rules that are not the owner's. The name goes
 * first: nobody learns from the others' order what is configured here. */
static enum peer_refusal judge(struct connection *connection,
                               const struct peer_hello *hello)
{
    struct transport *transport = connection->transport;

    if (connection->tls != NULL &&
        tls_peer_node(connection->tls) != hello->node) {
        return PEER_REFUSAL_WRONG_NAME;
    }
    if (hello->version_max < PEER_VERSION_MIN ||
        hello->version_min > PEER_VERSION_MAX) {
        return PEER_REFUSAL_VERSION;
    }
    if (guid_compare(&hello->pool, &transport->hello.pool) != 0) {
        return PEER_REFUSAL_WRONG_POOL;
    }
    if (connection->dialed && hello->node != connection->remote->node) {
        return PEER_REFUSAL_WRONG_NODE;
    }
    if (transport_remote(transport, hello->node) == NULL) {
        return PEER_REFUSAL_UNKNOWN_NODE;
    }
    if (!connection->dialed && hello->node > transport->hello.node) {
        return PEER_REFUSAL_DIAL_ORDER;
    }
    return PEER_REFUSAL_NONE;
}

static void take_hello(struct connection *connection,
                       const struct peer_hello *hello)
{
    struct transport *transport = connection->transport;
    struct remote *remote = transport_remote(transport, hello->node);
    enum peer_refusal refusal = judge(connection, hello);
    char detail[128];

    snprintf(detail, sizeof(detail), "says it is node %u, versions %u to %u",
             (unsigned)hello->node, (unsigned)hello->version_min,
             (unsigned)hello->version_max);
    if (refusal != PEER_REFUSAL_WRONG_NAME && !connection->dialed) {
        connection->remote = remote; /* Told of, and counted, as that node. */
    }
    if (refusal == PEER_REFUSAL_NONE) {
        refusal = transport->events.admit(transport->context, hello);
    }
    if (connection->state != CONNECTION_GREETING) {
        return; /* The owner has closed all. */
    }
    if (refusal != PEER_REFUSAL_NONE) {
        peer_connection_refuse(connection, refusal, detail);
        return;
    }
    if (!connection->dialed && say_hello(connection) != ERROR_NONE) {
        peer_connection_end(connection, TRANSPORT_NO_MEMORY, "");
        return;
    }
    peer_connection_open(connection, remote, hello);
}

void greeting_take(struct connection *connection,
                   const struct peer_message *message)
{
    CHECK(connection->state == CONNECTION_GREETING);
    if (message->kind == PEER_REJECT) {
        peer_connection_rejected(connection, &message->reject);
        return;
    }
    CHECK(message->kind == PEER_HELLO); /* By the greeting's limits. */
    take_hello(connection, &message->hello);
}
