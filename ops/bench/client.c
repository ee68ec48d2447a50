#include "ops/bench/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/packet.h"
#include "ops/bench/sign_in.h"
#include "ops/bench/told.h"
#include "proto/base/check.h"

void client_init(struct client *client, struct client_shared *shared,
                 struct identity *identity, unsigned server)
{
    *client = (struct client){
        .shared = shared, .identity = identity, .server = server};
    wire_init(&client->wire);
}

enum error client_open(struct client *client, const struct sockaddr_storage *to,
                       const struct sockaddr_storage *from, SSL_CTX *tls)
{
    CHECK(client->state == CLIENT_CLOSED);

    TRY(wire_open(&client->wire, to, from, tls));
    client->challenged = false;
    client->state = CLIENT_CONNECTING;
    return ERROR_NONE;
}

static void touch(struct client *client)
{
    struct client_shared *shared = client->shared;

    if (!client->touched) {
        client->touched = true;
        shared->touched[shared->touched_n] = client;
        shared->touched_n++;
    }
}

static void template_forget(struct template **template)
{
    if (*template != NULL) {
        template_deinit(*template);
        free(*template);
        *template = NULL;
    }
}

/* They name the dialog, which ends. */
static void templates_forget(struct client *client)
{
    template_forget(&client->post);
    template_forget(&client->question);
}

void client_knocked(struct client *client, int status)
{
    const struct client_handler *handler = &client->shared->handler;
    uint64_t due_ns = client->knocked_ns;

    CHECK(client->is_newcomer);

    if (due_ns != 0) {
        client->knocked_ns = 0;
        handler->knocked(handler->context, due_ns, status);
    }
}

/* The connection is gone: whatever was under way will not be answered. */
static void lose(struct client *client)
{
    struct client_shared *shared = client->shared;
    bool was_ready = client->state == CLIENT_READY;

    wire_close(&client->wire);
    templates_forget(client);
    free(client->infos);
    client->infos = NULL;
    client->state = CLIENT_CLOSED;
    client->retry_ns = shared->now_ns + SIGN_IN_RETRY_MS * NS_PER_MS;
    if (client->is_newcomer) {
        client_knocked(client, 0);
    } else if (was_ready) {
        shared->ready--;
        shared->handler.lost(shared->handler.context, client);
    } else {
        shared->opening--;
        shared->refusals++;
    }
}

static struct client_info *info_at(struct client *client, uint32_t cseq)
{
    return &client->infos[cseq % CLIENT_INFOS_MAX];
}

/* Copy an INFO that is finished and make its place free. */
static struct client_info finish(struct client *client,
                                 struct client_info *info)
{
    struct client_info done = *info;

    info->ask = CLIENT_NOTHING;
    while (client->oldest <= client->cseq &&
           info_at(client, client->oldest)->ask == CLIENT_NOTHING) {
        client->oldest++;
    }
    return done;
}

static void take_answer(struct client *client, const struct packet *packet)
{
    const struct client_handler *handler = &client->shared->handler;
    struct client_info *info, done;

    if (packet->status < 200 || client->infos == NULL ||
        !slice_equal_text(packet->method, "INFO")) {
        return;
    }
    info = info_at(client, packet->cseq);
    if (info->cseq != packet->cseq || info->ask == CLIENT_NOTHING) {
        return;
    }
    if (info->ask == CLIENT_POST) {
        done = finish(client, info);
        handler->answered(handler->context, client, &done, packet->status);
    } else if (packet->status != 200) {
        done = finish(client, info);
        handler->replied(handler->context, client, &done, packet->status,
                         SLICE_NONE);
    }
}

/* Replies come in the order of the commands. */
static struct client_info *oldest_command(struct client *client)
{
    uint32_t cseq = client->oldest;

    while (client->infos != NULL && cseq <= client->cseq) {
        if (info_at(client, cseq)->ask == CLIENT_COMMAND) {
            return info_at(client, cseq);
        }
        cseq++;
    }
    return NULL;
}

static void take_reply(struct client *client, struct slice body)
{
    const struct client_handler *handler = &client->shared->handler;
    struct client_info *info = oldest_command(client), done;

    if (info == NULL) {
        return;
    }
    done = finish(client, info);
    if (client->state == CLIENT_JOINING) {
        sign_in_joined(client, body);
    } else {
        handler->replied(handler->context, client, &done, told_code(body),
                         body);
    }
}

static void take_request(struct client *client, const struct packet *packet)
{
    const struct client_handler *handler = &client->shared->handler;
    uint32_t serial;

    packet_answer(packet, &client->wire.out);
    touch(client);
    switch (told_kind_of(packet->body)) {
    case TOLD_POST:
        if (told_serial(packet->body, &serial)) {
            handler->posted(handler->context, client, serial);
        }
        break;
    case TOLD_REPLY:
        take_reply(client, packet->body);
        break;
    case TOLD_NOTICE:
    case TOLD_OTHER:
        break;
    }
}

static size_t take(void *context, struct slice received)
{
    struct client *client = context;
    struct packet packet;
    enum error error;
    size_t at = 0;

    while ((error = packet_read(slice_after(received, at), &packet)) ==
           ERROR_NONE) {
        at += packet.bytes;
        if (packet.status == 0) {
            take_request(client, &packet);
        } else if (client->state < CLIENT_JOINING) {
            sign_in_answered(client, &packet);
        } else {
            take_answer(client, &packet);
        }
    }
    if (error != ERROR_TRUNCATED) {
        client->shared->fatal = complain(
            error, "a server sent what is no SIP: %s", error_name(error));
        return received.len;
    }
    return at;
}

void client_serve(struct client *client)
{
    struct wire *wire = &client->wire;
    enum error error = ERROR_NONE;

    if (wire->fd < 0) {
        return; /* Lost by an earlier event of this turn. */
    }
    if (!wire->established) {
        error = wire_establish(wire);
        if (error == ERROR_REFUSED || error == ERROR_TLS) {
            client->shared->fatal = error; /* Trying again mends neither. */
        }
        if (error == ERROR_NONE) {
            sign_in_begin(client);
            touch(client);
        }
    }
    if (error == ERROR_NONE) {
        error = wire_read(wire, client->shared->room, take, client);
    }
    if (wire->out.len > 0) {
        touch(client);
    }
    if (error != ERROR_NONE && error != ERROR_BUSY) {
        lose(client);
    }
}

/* Find the place of the next INFO, or NULL when too much is under way. */
static struct client_info *next_info(struct client *client)
{
    struct client_info *info;

    if (client->state < CLIENT_JOINING ||
        client->wire.out.len > CLIENT_OUTPUT_BYTES_MAX) {
        return NULL;
    }
    if (client->infos == NULL) {
        client->infos = calloc(CLIENT_INFOS_MAX, sizeof(*client->infos));
        client->oldest = client->cseq + 1;
    }
    if (client->infos == NULL) {
        return NULL;
    }
    info = info_at(client, client->cseq + 1);
    return info->ask == CLIENT_NOTHING ? info : NULL;
}

/* Write the template as the client's next INFO, into the place found for it. */
static void send_info(struct client *client, struct template *template,
                      const struct client_info *what, struct client_info *info)
{
    client->cseq++;
    *info = *what;
    info->cseq = client->cseq;
    template_write(template, client->cseq, client->cseq, what->tag,
                   &client->wire.out);
    touch(client);
}

/* The template of the room the client posts to now; made anew for another. */
static struct template *post_template(struct client *client, unsigned room)
{
    struct client_shared *shared = client->shared;
    struct buffer inside = BUFFER_EMPTY;

    if (client->post != NULL && client->post_room == room) {
        return client->post;
    }
    template_forget(&client->post);
    client->post = calloc(1, sizeof(*client->post));
    if (client->post == NULL) {
        return NULL;
    }
    inside_post(client->identity, shared->room_uris[room], shared->text_bytes,
                &inside);
    template_init(client->post, client->identity, buffer_slice(&inside));
    client->post_room = room;
    buffer_deinit(&inside);
    return client->post;
}

enum error client_post(struct client *client, unsigned room, uint32_t serial,
                       uint64_t due_ns)
{
    struct client_info *info = next_info(client);
    struct client_info what = {CLIENT_POST, 0, serial, due_ns};
    struct template *template;

    CHECK(room < client->shared->room_uris_n);

    if (info == NULL) {
        return ERROR_BUSY;
    }
    template = post_template(client, room);
    if (template == NULL) {
        return ERROR_NO_MEMORY;
    }
    send_info(client, template, &what, info);
    return ERROR_NONE;
}

enum error client_question(struct client *client, uint64_t due_ns)
{
    struct client_info *info = next_info(client);
    struct client_info what = {CLIENT_COMMAND, 0, 0, due_ns};

    CHECK(client->shared->question.len > 0);

    if (info == NULL) {
        return ERROR_BUSY;
    }
    if (client->question == NULL) {
        client->question = calloc(1, sizeof(*client->question));
        if (client->question == NULL) {
            return ERROR_NO_MEMORY;
        }
        template_init(client->question, client->identity,
                      client->shared->question);
    }
    send_info(client, client->question, &what, info);
    return ERROR_NONE;
}

enum error client_command(struct client *client, struct slice inside,
                          uint32_t tag, uint64_t due_ns)
{
    struct client_info *info = next_info(client);
    struct client_info what = {CLIENT_COMMAND, 0, tag, due_ns};
    struct template template;

    if (info == NULL) {
        return ERROR_BUSY;
    }
    template_init(&template, client->identity, inside);
    send_info(client, &template, &what, info);
    template_deinit(&template);
    return ERROR_NONE;
}

void client_keep_alive(struct client *client)
{
    if (client->state == CLIENT_READY) {
        buffer_append_text(&client->wire.out, "\r\n\r\n");
        touch(client);
    }
}

void client_flush(struct client *client)
{
    client->touched = false;
    if (client->wire.established && wire_flush(&client->wire) != ERROR_NONE) {
        lose(client);
    }
}

void client_deinit(struct client *client)
{
    wire_close(&client->wire);
    templates_forget(client);
    free(client->infos);
    free(client->identity);
    client->identity = NULL;
    client->infos = NULL;
    client->state = CLIENT_CLOSED;
}
