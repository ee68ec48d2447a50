/* The server that sip_load measures: one edge, and a state loop that knows
 * everyone. A command comes back to its dialog as a body; a post is answered
 * and goes to every dialog.
 *
 *   edge_server CERTIFICATE KEY     prints "tcp PORT tls PORT", serves until
 *                                   its standard input ends
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "node/sip/edge.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "proto/xccos/write.h"

enum { DIALOGS_MAX = 200 * 1000 };

struct server {
    struct loop *loop;
    struct letters *intake;
    struct edge *edge;
    edge_ref *dialogs;
    size_t n;
    uint64_t log_index;
    struct buffer body; /* Being written. */
};

static void send_delivery(struct server *server, struct delivery *delivery)
{
    if (letters_send_reply(edge_deliveries(server->edge), &delivery->letter) !=
        ERROR_NONE) {
        delivery_free(delivery);
    }
}

static void sign_in(struct server *server, const struct intake *intake)
{
    struct delivery *delivery = delivery_new(DELIVERY_SIGN_IN, intake->ref);

    delivery->sign_in.token = intake->sign_in.token;
    delivery->sign_in.result = SIGN_IN_FOUND;
    delivery->sign_in.user_uri =
        arena_copy_slice(delivery->arena, intake->sign_in.user_uri);
    delivery->sign_in.pool_uri =
        arena_copy_slice(delivery->arena, SLICE_LITERAL("sip:pool@bench"));
    send_delivery(server, delivery);
}

static void tell_policy(struct server *server, const struct intake *intake)
{
    struct delivery *delivery;

    if (intake->presence.ask == PRESENCE_POLICY) {
        delivery = delivery_new(DELIVERY_PRESENCE, intake->ref);
        delivery->presence.token = intake->presence.token;
        delivery->presence.status = 200;
        send_delivery(server, delivery);
    }
}

static void deliver(struct server *server, struct slice body,
                    const edge_ref *dialogs, size_t n)
{
    struct delivery *delivery = delivery_new(DELIVERY_BODY, 0);

    delivery->body.body = body_new(body);
    delivery->body.mark.log_index = server->log_index;
    delivery->body.n = n;
    delivery->body.dialogs =
        arena_alloc(delivery->arena, n * sizeof(edge_ref) + 1);
    memcpy(delivery->body.dialogs, dialogs, n * sizeof(edge_ref));
    send_delivery(server, delivery);
}

static void answer_post(struct server *server, const struct intake *intake)
{
    struct delivery *answer = delivery_new(DELIVERY_ANSWER, intake->ref);

    answer->answer.token = intake->request.token;
    answer->answer.status = 200;
    send_delivery(server, answer);
}

static void serve_request(struct server *server, const struct intake *intake)
{
    struct buffer *body = &server->body;

    buffer_clear(body);
    CHECK(xccos_write(body, intake->request.envelope) == XCCOS_ERROR_NONE);
    if (intake->request.token == 0) {
        deliver(server, buffer_slice(body), &intake->ref, 1);
        return;
    }
    answer_post(server, intake);
    server->log_index++;
    deliver(server, buffer_slice(body), server->dialogs, server->n);
}

static void forget(struct server *server, edge_ref ref)
{
    for (size_t i = 0; i < server->n; i++) {
        if (server->dialogs[i] == ref) {
            server->dialogs[i] = server->dialogs[--server->n];
            return;
        }
    }
}

static void receive(void *context, struct letter_list *list)
{
    struct server *server = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct intake *intake = (struct intake *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        switch ((enum intake_kind)letter->kind) {
        case INTAKE_SIGN_IN:
            sign_in(server, intake);
            break;
        case INTAKE_DIALOG_OPENED:
            CHECK(server->n < DIALOGS_MAX);
            server->dialogs[server->n++] = intake->ref;
            break;
        case INTAKE_DIALOG_CLOSED:
            forget(server, intake->ref);
            break;
        case INTAKE_REQUEST:
            serve_request(server, intake);
            break;
        case INTAKE_PRESENCE: /* Nobody publishes, all are enabled. */
            tell_policy(server, intake);
            break;
        case INTAKE_DELIVERED:
            break;
        }
        intake_free(intake);
    }
}

static void *wait_for_end(void *context)
{
    char c;

    (void)context;
    while (read(STDIN_FILENO, &c, 1) > 0) {
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    struct server server = {.n = 0};
    struct rlimit files = {100000, 100000};
    struct edge_listener listeners[2] = {{.address = "127.0.0.1"},
                                         {.address = "127.0.0.1", .tls = true}};
    struct edge_settings settings = {.edge = 1,
                                     .node = 1,
                                     .domain = "bench",
                                     .host = "node1.bench",
                                     .node_uri = "sip:node1@bench",
                                     .listeners = listeners,
                                     .n = 2,
                                     .limits = EDGE_LIMITS_DEFAULT};
    pthread_t thread;

    if (argc != 3) {
        fprintf(stderr, "usage: edge_server CERTIFICATE KEY\n");
        return 2;
    }
    setrlimit(RLIMIT_NOFILE, &files);
    journal_configure(JOURNAL_ERROR, false, false);
    listeners[0].auth = EDGE_AUTH_NONE;
    listeners[1].auth = EDGE_AUTH_NONE;
    listeners[1].certificate_file = argv[1];
    listeners[1].key_file = argv[2];
    settings.limits.connections_max = 100 * 1000;
    settings.limits.connections_per_address_max = 100 * 1000;
    settings.limits.infos_per_s_max = 1000 * 1000;
    server.loop = loop_new();
    server.intake =
        letters_new(server.loop, INTAKES_WAITING_MAX, receive, &server);
    server.dialogs = calloc(DIALOGS_MAX, sizeof(edge_ref));
    CHECK(edge_open(&server.edge, &settings, server.intake) == ERROR_NONE);
    printf("tcp %u tls %u\n", edge_port(server.edge, 0),
           edge_port(server.edge, 1));
    fflush(stdout);
    CHECK(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
    loop_run(server.loop);
    return 0;
}
