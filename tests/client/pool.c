#include "tests/client/pool.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "proto/base/check.h"
#include "tests/client/pool_parts.h"

static void on_guest_closed(uv_handle_t *handle)
{
    struct guest *guest = handle->data;

    buffer_deinit(&guest->in);
    SSL_free(guest->ssl);
    free(guest);
}

void guest_close(struct guest *guest)
{
    if (guest->is_closing) {
        return;
    }
    guest->is_closing = true;
    LIST_REMOVE(guest, link);
    chat_leave_all(guest);
    uv_close((uv_handle_t *)&guest->tcp, on_guest_closed);
}

struct writing {
    uv_write_t write;
    uint8_t bytes[];
};

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    free(write->data);
}

static void write_raw(struct guest *guest, const void *data, size_t len)
{
    struct writing *writing = malloc(sizeof(*writing) + len);
    uv_buf_t buf;

    CHECK(writing != NULL);
    memcpy(writing->bytes, data, len);
    writing->write.data = writing;
    buf = uv_buf_init((char *)writing->bytes, (unsigned)len);
    if (uv_write(&writing->write, (uv_stream_t *)&guest->tcp, &buf, 1,
                 on_written) != 0) {
        free(writing);
    }
}

static void flush_tls(struct guest *guest)
{
    char bytes[16384];
    int got;

    while ((got = BIO_read(guest->to_net, bytes, sizeof(bytes))) > 0) {
        write_raw(guest, bytes, (size_t)got);
    }
}

void guest_send(struct guest *guest, struct slice bytes)
{
    if (guest->is_closing) {
        return;
    }
    if (guest->ssl != NULL) {
        CHECK(SSL_write(guest->ssl, bytes.data, (int)bytes.len) > 0);
        flush_tls(guest);
    } else if (guest->byte_by_byte) {
        for (size_t i = 0; i < bytes.len; i++) {
            write_raw(guest, bytes.data + i, 1);
        }
        guest->byte_by_byte = false;
    } else {
        write_raw(guest, bytes.data, bytes.len);
    }
}

static void read_tls(struct guest *guest, const char *data, int len)
{
    char plain[16384];
    int got;

    ERR_clear_error();
    CHECK(BIO_write(guest->from_net, data, len) == len);
    while ((got = SSL_read(guest->ssl, plain, sizeof(plain))) > 0) {
        buffer_append(&guest->in, plain, (size_t)got);
    }
    got = SSL_get_error(guest->ssl, got);
    flush_tls(guest);
    ERR_clear_error();
    if (got != SSL_ERROR_WANT_READ) {
        guest_close(guest);
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct guest *guest = handle->data;

    (void)suggested;
    *buf = uv_buf_init(guest->room, sizeof(guest->room));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct guest *guest = stream->data;

    if (got < 0) {
        guest_close(guest);
        return;
    }
    if (guest->ssl != NULL) {
        read_tls(guest, buf->base, (int)got);
    } else {
        buffer_append(&guest->in, buf->base, (size_t)got);
    }
    if (!guest->is_closing) {
        sip_receive(guest);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct pool_node *node = listener->data;
    struct guest *guest = calloc(1, sizeof(*guest));

    CHECK(status == 0 && guest != NULL);
    guest->pool = node->pool;
    guest->node = node;
    guest->number = ++node->pool->guests_made;
    guest->tcp.data = guest;
    uv_tcp_init(listener->loop, &guest->tcp);
    LIST_INSERT_HEAD(&node->pool->guests, guest, link);
    if (uv_accept(listener, (uv_stream_t *)&guest->tcp) != 0) {
        guest_close(guest);
        return;
    }
    if (node->tls != NULL) {
        guest->ssl = SSL_new(node->tls);
        guest->from_net = BIO_new(BIO_s_mem());
        guest->to_net = BIO_new(BIO_s_mem());
        SSL_set_bio(guest->ssl, guest->from_net, guest->to_net);
        SSL_set_accept_state(guest->ssl);
    }
    uv_tcp_nodelay(&guest->tcp, 1);
    uv_read_start((uv_stream_t *)&guest->tcp, give_room, on_read);
}

static void listen_on(struct pool_node *node)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(node->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int len = sizeof(at);

    uv_tcp_init(loop_uv(node->pool->loop), &node->listener);
    node->listener.data = node;
    CHECK(uv_tcp_bind(&node->listener, (struct sockaddr *)&at, 0) == 0);
    CHECK(uv_listen((uv_stream_t *)&node->listener, 1024, on_connection) == 0);
    CHECK(uv_tcp_getsockname(&node->listener, (struct sockaddr *)&at, &len) ==
          0);
    node->port = ntohs(at.sin_port);
    node->is_up = true;
}

int pool_add_node(struct pool *pool, const char *certificate, const char *key)
{
    struct pool_node *node = &pool->nodes[pool->nodes_n];

    CHECK(pool->nodes_n < POOL_NODES_MAX);
    node->pool = pool;
    node->index = pool->nodes_n;
    if (certificate != NULL) {
        node->tls = SSL_CTX_new(TLS_server_method());
        CHECK(SSL_CTX_use_certificate_chain_file(node->tls, certificate) == 1);
        CHECK(SSL_CTX_use_PrivateKey_file(node->tls, key, SSL_FILETYPE_PEM) ==
              1);
    }
    listen_on(node);
    return pool->nodes_n++;
}

void pool_drop(struct pool *pool, int node)
{
    struct guest *guest = LIST_FIRST(&pool->guests), *next;

    for (; guest != NULL; guest = next) {
        next = LIST_NEXT(guest, link);
        if (node < 0 || guest->node->index == node) {
            guest_close(guest);
        }
    }
}

void pool_kill(struct pool *pool, int node)
{
    if (pool->nodes[node].is_up) {
        pool->nodes[node].is_up = false;
        uv_close((uv_handle_t *)&pool->nodes[node].listener, NULL);
    }
    pool_drop(pool, node);
}

void pool_revive(struct pool *pool, int node)
{
    CHECK(!pool->nodes[node].is_up);
    listen_on(&pool->nodes[node]);
}

struct pool *pool_new(struct loop *loop)
{
    struct pool *pool = calloc(1, sizeof(*pool));

    CHECK(pool != NULL);
    pool->loop = loop;
    pool->history_max = 500;
    pool->envid = 8800000000000000000u;
    LIST_INIT(&pool->guests);
    return pool;
}

static void forget(struct pool_message *message)
{
    free(message->author);
    free(message->text);
}

void pool_free(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (int i = 0; i < pool->nodes_n; i++) {
        pool_kill(pool, i);
        SSL_CTX_free(pool->nodes[i].tls);
    }
    /* Handles still need their nodes and guests for a turn or two. */
    uv_run(loop_uv(pool->loop), UV_RUN_NOWAIT);
    uv_run(loop_uv(pool->loop), UV_RUN_NOWAIT);
    for (int i = 0; i < pool->rooms_n; i++) {
        for (size_t m = 0; m < pool->rooms[i].n; m++) {
            forget(&pool->rooms[i].messages[m]);
        }
        free(pool->rooms[i].messages);
    }
    free(pool);
}

void pool_add_user(struct pool *pool, const char *name, const char *password)
{
    struct pool_user *user = &pool->users[pool->users_n++];

    CHECK(pool->users_n <= POOL_USERS_MAX);
    snprintf(user->name, sizeof(user->name), "%s", name);
    snprintf(user->password, sizeof(user->password), "%s",
             password == NULL ? "" : password);
    pool->wants_password = pool->wants_password || password != NULL;
}

const struct pool_user *pool_find_user(const struct pool *pool,
                                       const char *name)
{
    for (int i = 0; i < pool->users_n; i++) {
        if (strcasecmp(pool->users[i].name, name) == 0) {
            return &pool->users[i];
        }
    }
    return NULL;
}

int pool_add_room(struct pool *pool, const char *name)
{
    struct pool_room *room = &pool->rooms[pool->rooms_n];
    char text[GUID_TEXT_BYTES + 1];

    CHECK(pool->rooms_n < POOL_ROOMS_MAX);
    memset(room->guid.bytes, 0x11, sizeof(room->guid.bytes));
    room->guid.bytes[15] = (uint8_t)pool->rooms_n;
    guid_write(&room->guid, text);
    snprintf(room->uri, sizeof(room->uri), "ma-chan://" POOL_DOMAIN "/%s",
             text);
    snprintf(room->name, sizeof(room->name), "%s", name);
    snprintf(room->description, sizeof(room->description), "About %.100s",
             name);
    return pool->rooms_n++;
}

void pool_purge(struct pool *pool, int room_index, uint64_t id)
{
    struct pool_room *room = &pool->rooms[room_index];

    for (size_t i = 0; i < room->n; i++) {
        if (room->messages[i].id == id) {
            forget(&room->messages[i]);
            memmove(&room->messages[i], &room->messages[i + 1],
                    (room->n - i - 1) * sizeof(room->messages[0]));
            room->n--;
            return;
        }
    }
}

void pool_add_rule(struct pool *pool, struct pool_rule rule)
{
    int at = 0;

    while (at < pool->rules_n && pool->rules[at].times > 0) {
        at++;
    }
    CHECK(at < POOL_RULES_MAX);
    pool->rules[at] = rule;
    pool->rules_n = at == pool->rules_n ? at + 1 : pool->rules_n;
}

int pool_count(const struct pool *pool, const char *what, int node)
{
    int n = 0;

    for (int i = 0; i < pool->seen_n; i++) {
        n += strcmp(pool->seen[i].what, what) == 0 &&
             (node < 0 || pool->seen[i].node == node);
    }
    return n;
}

const struct pool_seen *pool_nth(const struct pool *pool, const char *what,
                                 int n)
{
    for (int i = 0; i < pool->seen_n; i++) {
        if (strcmp(pool->seen[i].what, what) == 0 && n-- == 0) {
            return &pool->seen[i];
        }
    }
    return NULL;
}

int pool_guests(const struct pool *pool)
{
    const struct guest *guest;
    int n = 0;

    LIST_FOREACH (guest, &pool->guests, link) {
        n++;
    }
    return n;
}

void pool_send_raw(struct pool *pool, struct slice bytes)
{
    struct guest *guest;

    LIST_FOREACH (guest, &pool->guests, link) {
        guest_send(guest, bytes);
    }
}

void pool_info(struct pool *pool, uint32_t cseq, const char *body)
{
    struct guest *guest;

    LIST_FOREACH (guest, &pool->guests, link) {
        if (guest->in_chat) {
            guest->cseq = cseq == 0 ? guest->cseq : cseq - 1;
            sip_send_info(guest, slice_of_text(body));
        }
    }
}

void pool_bye_all(struct pool *pool)
{
    struct guest *guest;

    LIST_FOREACH (guest, &pool->guests, link) {
        if (guest->in_chat) {
            sip_send_bye(guest);
        }
    }
}
