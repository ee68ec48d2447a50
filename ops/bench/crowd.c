#include "ops/bench/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/interrupt.h"
#include "proto/base/check.h"

enum { EVENTS_MAX = 256, TURN_MS_MAX = 100 };

struct crowd {
    struct crowd_settings settings;
    struct client_shared shared;
    int epoll;
    SSL_CTX *tls;
    struct client *clients;
    size_t n;               /* Opened so far. */
    uint64_t retry_ns;      /* When lost clients are looked for again. */
    uint64_t keep_alive_ns; /* When the next client is due. */
    size_t keep_alive_at;
    struct client *newcomers; /* Made with the first. */
    size_t newcomers_n;       /* How many have come, in all. */
};

static const struct sockaddr_storage *target(const struct crowd *crowd,
                                             unsigned server)
{
    const struct pool_server *at = &crowd->settings.pool->servers[server];

    return crowd->settings.options->tls ? &at->tls : &at->tcp;
}

/* Servers bound the connections of one address, and an address has 28,000
 * ports at most: on loopback, which has 16 million addresses, spread. */
static const struct sockaddr_storage *source(const struct sockaddr_storage *to,
                                             unsigned number,
                                             struct sockaddr_storage *room)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)to;
    struct sockaddr_in *from = (struct sockaddr_in *)room;

    if (to->ss_family != AF_INET || ntohl(in->sin_addr.s_addr) >> 24 != 127) {
        return NULL;
    }
    memset(room, 0, sizeof(*room));
    from->sin_family = AF_INET;
    from->sin_addr.s_addr = htonl((UINT32_C(127) << 24) + (UINT32_C(1) << 16) +
                                  number / CROWD_PER_ADDRESS + 1);
    return room;
}

static enum error connect_wire(struct crowd *crowd, struct client *client)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.ptr = client};
    const struct sockaddr_storage *to = target(crowd, client->server);
    struct sockaddr_storage room;

    TRY(client_open(client, to, source(to, client->identity->number, &room),
                    crowd->tls));
    if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, client->wire.fd, &event) != 0) {
        return complain(ERROR_IO, "epoll_ctl: %s", strerror(errno));
    }
    return ERROR_NONE;
}

static enum error connect_client(struct crowd *crowd, struct client *client)
{
    TRY(connect_wire(crowd, client));
    crowd->shared.opening++;
    return ERROR_NONE;
}

static struct identity *make_identity(const struct options *options,
                                      unsigned number)
{
    struct identity *identity = calloc(1, sizeof(*identity));

    if (identity == NULL) {
        return NULL;
    }
    identity->number = number;
    snprintf(identity->domain, sizeof(identity->domain), "%s", options->domain);
    snprintf(identity->user, sizeof(identity->user), "%s%05u@%s",
             options->users_named, number % options->users + 1,
             options->domain);
    if (options->pool_uri != NULL) {
        snprintf(identity->pool, sizeof(identity->pool), "%s",
                 options->pool_uri);
    } else {
        snprintf(identity->pool, sizeof(identity->pool),
                 "sip:GC-1-PersistentChatService-1@%s", options->domain);
    }
    return identity;
}

static enum error add_client(struct crowd *crowd)
{
    const struct crowd_settings *settings = &crowd->settings;
    struct client *client = &crowd->clients[crowd->n];
    unsigned i = (unsigned)crowd->n;
    struct identity *identity = make_identity(settings->options, i);

    CHECK(crowd->n < settings->n);

    if (identity == NULL) {
        return ERROR_NO_MEMORY;
    }
    client_init(client, &crowd->shared, identity,
                i % (unsigned)settings->pool->n);
    if (settings->rooms_of != NULL) {
        client->rooms_n =
            settings->rooms_of(settings->handler.context, i, client->rooms);
    }
    crowd->n++;
    return connect_client(crowd, client);
}

/* Everyone must be reachable in the way that was asked for. */
static enum error check_targets(const struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->settings.pool->n; i++) {
        if (target(crowd, i)->ss_family == AF_UNSPEC) {
            return complain(ERROR_INVALID, "server %u has no %s listener",
                            i + 1,
                            crowd->settings.options->tls ? "TLS" : "TCP");
        }
    }
    return ERROR_NONE;
}

static enum error make_parts(struct crowd *crowd)
{
    const struct crowd_settings *settings = &crowd->settings;
    struct client_shared *shared = &crowd->shared;

    shared->handler = settings->handler;
    shared->password = settings->options->password;
    shared->text_bytes = settings->options->bytes;
    shared->question = settings->question;
    shared->room_uris = settings->room_uris;
    shared->room_uris_n = settings->room_uris_n;
    shared->room = malloc(WIRE_READ_BYTES);
    shared->touched =
        calloc(settings->n + CROWD_NEWCOMERS_MAX, sizeof(*shared->touched));
    crowd->clients = calloc(settings->n + 1, sizeof(*crowd->clients));
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (settings->options->tls) {
        crowd->tls = wire_tls_new();
    }
    return shared->room == NULL || shared->touched == NULL ||
                   crowd->clients == NULL || crowd->epoll < 0 ||
                   (settings->options->tls && crowd->tls == NULL)
               ? complain(ERROR_NO_MEMORY, "out of memory for %zu clients",
                          settings->n)
               : ERROR_NONE;
}

enum error crowd_new(struct crowd **crowd_out,
                     const struct crowd_settings *settings)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    enum error error;

    if (crowd == NULL) {
        return ERROR_NO_MEMORY;
    }
    crowd->settings = *settings;
    crowd->epoll = -1;
    error = make_parts(crowd);
    if (error == ERROR_NONE) {
        error = check_targets(crowd);
    }
    if (error != ERROR_NONE) {
        crowd_free(crowd);
        return error;
    }
    *crowd_out = crowd;
    return ERROR_NONE;
}

/* Connect again those whose sign-in was put off or whose connection broke. */
static enum error retry(struct crowd *crowd)
{
    const struct client_shared *shared = &crowd->shared;

    if (shared->ready + shared->opening == crowd->n ||
        shared->now_ns < crowd->retry_ns) {
        return ERROR_NONE;
    }
    crowd->retry_ns = shared->now_ns + TURN_MS_MAX * NS_PER_MS;
    for (size_t i = 0; i < crowd->n && shared->opening < CROWD_SIGN_INS_MAX;
         i++) {
        struct client *client = &crowd->clients[i];

        if (client->state == CLIENT_CLOSED &&
            client->retry_ns <= shared->now_ns) {
            TRY(connect_client(crowd, client));
        }
    }
    return ERROR_NONE;
}

/* One client after the other, each once per CROWD_KEEP_ALIVE_S. */
static void keep_alive(struct crowd *crowd)
{
    uint64_t now_ns = crowd->shared.now_ns;

    while (crowd->n > 0 && crowd->keep_alive_ns <= now_ns) {
        if (crowd->keep_alive_ns == 0) {
            crowd->keep_alive_ns = now_ns;
        }
        client_keep_alive(&crowd->clients[crowd->keep_alive_at % crowd->n]);
        crowd->keep_alive_at++;
        crowd->keep_alive_ns += CROWD_KEEP_ALIVE_S * NS_PER_S / crowd->n;
    }
}

/* Send what waits now, without waiting for more. */
static void crowd_flush(struct crowd *crowd)
{
    struct client_shared *shared = &crowd->shared;

    while (shared->touched_n > 0) { /* A loss may touch others. */
        shared->touched_n--;
        client_flush(shared->touched[shared->touched_n]);
    }
}

static int wait_for(struct crowd *crowd, uint64_t until_ns,
                    struct epoll_event events[EVENTS_MAX])
{
    uint64_t now_ns = clock_ns();
    uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec wait;

    if (wait_ns > TURN_MS_MAX * NS_PER_MS) {
        wait_ns = TURN_MS_MAX * NS_PER_MS;
    }
    wait = (struct timespec){.tv_nsec = (long)wait_ns};
    return epoll_pwait2(crowd->epoll, events, EVENTS_MAX, &wait, NULL);
}

enum error crowd_turn(struct crowd *crowd, uint64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    int n;

    TRY(interrupt_check());
    crowd_flush(crowd);
    n = wait_for(crowd, until_ns, events);
    if (n < 0 && errno != EINTR) {
        return complain(ERROR_IO, "epoll_pwait2: %s", strerror(errno));
    }
    crowd->shared.now_ns = clock_ns();
    for (int i = 0; i < n && crowd->shared.fatal == ERROR_NONE; i++) {
        client_serve(events[i].data.ptr);
    }
    TRY(crowd->shared.fatal);
    keep_alive(crowd);
    TRY(retry(crowd));
    crowd_flush(crowd);
    return ERROR_NONE;
}

enum error crowd_open(struct crowd *crowd, size_t n)
{
    uint64_t patience_s = CROWD_SIGN_IN_S_LEAST + n / CROWD_SIGN_IN_PER_S;
    uint64_t until_ns = clock_ns() + patience_s * NS_PER_S;

    CHECK(n <= crowd->settings.n);

    while (crowd->n < n || crowd->shared.ready < n) {
        while (crowd->n < n && crowd->shared.opening < CROWD_SIGN_INS_MAX) {
            TRY(add_client(crowd));
        }
        TRY(crowd_turn(crowd, until_ns));
        if (clock_ns() >= until_ns) {
            return complain(
                ERROR_TIMED_OUT,
                "after %u s only %zu of %zu clients are in; %" PRIu64
                " sign-ins were put off",
                (unsigned)patience_s, crowd->shared.ready, n,
                crowd->shared.refusals);
        }
    }
    return ERROR_NONE;
}

static enum error make_newcomers(struct crowd *crowd)
{
    crowd->newcomers = calloc(CROWD_NEWCOMERS_MAX, sizeof(*crowd->newcomers));
    return crowd->newcomers == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
}

/* Their numbers begin behind those of the clients. */
static enum error name_newcomer(struct crowd *crowd, struct client *newcomer)
{
    unsigned number =
        (unsigned)(crowd->settings.n + (size_t)(newcomer - crowd->newcomers));
    struct identity *identity = make_identity(crowd->settings.options, number);

    if (identity == NULL) {
        return ERROR_NO_MEMORY;
    }
    client_init(newcomer, &crowd->shared, identity, 0);
    newcomer->is_newcomer = true;
    return ERROR_NONE;
}

enum error crowd_newcomer(struct crowd *crowd, uint64_t due_ns)
{
    struct client *newcomer;

    CHECK(due_ns != 0);

    if (crowd->newcomers == NULL) {
        TRY(make_newcomers(crowd));
    }
    newcomer = &crowd->newcomers[crowd->newcomers_n % CROWD_NEWCOMERS_MAX];
    if (newcomer->identity == NULL) {
        TRY(name_newcomer(crowd, newcomer));
    }
    if (newcomer->state != CLIENT_CLOSED) {
        return ERROR_BUSY; /* The one who came so long ago still waits. */
    }
    newcomer->server = (unsigned)(crowd->newcomers_n % crowd->settings.pool->n);
    TRY(connect_wire(crowd, newcomer));
    newcomer->knocked_ns = due_ns;
    crowd->newcomers_n++;
    return ERROR_NONE;
}

struct client *crowd_client(struct crowd *crowd, size_t i)
{
    CHECK(i < crowd->n);
    return &crowd->clients[i];
}

size_t crowd_size(const struct crowd *crowd)
{
    return crowd->n;
}

uint64_t crowd_refusals(const struct crowd *crowd)
{
    return crowd->shared.refusals;
}

void crowd_free(struct crowd *crowd)
{
    if (crowd == NULL) {
        return;
    }
    for (size_t i = 0; i < crowd->n; i++) {
        client_deinit(&crowd->clients[i]);
    }
    for (size_t i = 0; crowd->newcomers != NULL && i < CROWD_NEWCOMERS_MAX;
         i++) {
        if (crowd->newcomers[i].identity != NULL) {
            client_deinit(&crowd->newcomers[i]);
        }
    }
    free(crowd->newcomers);
    if (crowd->epoll >= 0) {
        close(crowd->epoll);
    }
    SSL_CTX_free(crowd->tls);
    free(crowd->clients);
    free(crowd->shared.touched);
    free(crowd->shared.room);
    free(crowd);
}
