#include "ops/bench/sign_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ops/bench/complain.h"
#include "ops/bench/proof.h"
#include "ops/bench/told.h"
#include "proto/base/check.h"

/* Where each client may go from where it is. */
static void move(struct client *client, enum client_state next)
{
    CHECK(next == client->state + 1 ||
          (next == CLIENT_READY && client->state == CLIENT_INVITING));

    client->state = next;
}

static void refuse(struct client *client, const char *what, struct slice why,
                   int status)
{
    if (client->shared->fatal ==
        ERROR_NONE) { /* Others will be refused, too. */
        client->shared->fatal =
            complain(ERROR_REFUSED, "%s of %s: %d %.*s", what,
                     client->identity->user, status, SLICE_PRINT(why));
    }
}

static void get_ready(struct client *client)
{
    const struct client_handler *handler = &client->shared->handler;

    move(client, CLIENT_READY);
    client->shared->opening--;
    client->shared->ready++;
    handler->ready(handler->context, client);
}

void sign_in_begin(struct client *client)
{
    move(client, CLIENT_REGISTERING);
    client->cseq = SERIAL_FIRST;
    message_register(client->identity, client->cseq, "", &client->wire.out);
}

/* The second REGISTER is the first one again, with the proof. */
static void prove(struct client *client, const struct packet *packet)
{
    struct slice challenge = packet_header(packet, "Proxy-Authenticate");
    struct buffer line = BUFFER_EMPTY;

    if (client->challenged) {
        refuse(client, "sign-in", SLICE_LITERAL("again: see --password"), 407);
        return;
    }
    client->challenged = true;
    if (proof_write(challenge, client->identity->user, client->shared->password,
                    &line) != ERROR_NONE) {
        refuse(client, "sign-in", challenge, 407);
    }
    buffer_append(&line, "", 1);
    message_register(client->identity, client->cseq, (const char *)line.data,
                     &client->wire.out);
    buffer_deinit(&line);
}

static void join(struct client *client)
{
    const char *uris[CLIENT_ROOMS_MAX];
    struct buffer inside = BUFFER_EMPTY;

    for (size_t i = 0; i < client->rooms_n; i++) {
        uris[i] = client->shared->room_uris[client->rooms[i]];
    }
    inside_join(uris, client->rooms_n, &inside);
    CHECK(client_command(client, buffer_slice(&inside), 0, 0) == ERROR_NONE);
    buffer_deinit(&inside);
}

static void enter_dialog(struct client *client, const struct packet *packet)
{
    struct slice to = packet_header(packet, "To");

    snprintf(client->identity->to, sizeof(client->identity->to), "%.*s",
             SLICE_PRINT(to));
    message_ack(client->identity, client->cseq, &client->wire.out);
    if (client->rooms_n == 0) {
        get_ready(client);
        return;
    }
    move(client, CLIENT_JOINING);
    join(client);
}

/* 503: the server is full or not ready. Close, and the crowd tries again;
 * and what a newcomer does after any answer. */
static void come_back(struct client *client)
{
    shutdown(client->wire.fd, SHUT_RDWR);
}

void sign_in_answered(struct client *client, const struct packet *packet)
{
    bool registering = client->state == CLIENT_REGISTERING;

    if (packet->status < 200) {
        return;
    }
    if (registering && packet->status == 407) {
        prove(client, packet);
    } else if (client->is_newcomer) {
        client_knocked(client, packet->status);
        come_back(client);
    } else if (packet->status == 503) {
        come_back(client);
    } else if (packet->status != 200) {
        refuse(client, registering ? "sign-in" : "INVITE",
               packet_header(packet, "ms-diagnostics-public"), packet->status);
    } else if (registering) {
        move(client, CLIENT_INVITING);
        client->cseq = SERIAL_FIRST;
        message_invite(client->identity, client->cseq, &client->wire.out);
    } else if (client->state == CLIENT_INVITING) {
        enter_dialog(client, packet);
    }
}

void sign_in_joined(struct client *client, struct slice body)
{
    int code = told_code(body);

    if (code == 503) {
        come_back(client);
    } else if (code != 200 || told_join_failed(body)) {
        refuse(client, "join", SLICE_LITERAL("(may the user enter the rooms?)"),
               code);
    } else {
        get_ready(client);
    }
}
