#include "node/session/delivery.h"

#include <stdlib.h>

#include "proto/base/check.h"

enum { DELIVERY_ARENA_BYTES = 512 };

struct body *body_new(struct slice bytes)
{
    struct body *body = malloc(sizeof(*body) + bytes.len);

    if (body == NULL) {
        return NULL;
    }
    atomic_init(&body->holders, 1);
    body->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(body->bytes, bytes.data, bytes.len);
    }
    return body;
}

struct body *body_hold(struct body *body)
{
    unsigned before =
        atomic_fetch_add_explicit(&body->holders, 1, memory_order_relaxed);

    CHECK(before > 0);
    return body;
}

void body_release(struct body *body)
{
    unsigned before;

    if (body == NULL) {
        return;
    }
    before = atomic_fetch_sub_explicit(&body->holders, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1) {
        free(body);
    }
}

struct delivery *delivery_new(enum delivery_kind kind, edge_ref ref)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));

    if (delivery == NULL) {
        return NULL;
    }
    delivery->arena = arena_new(DELIVERY_ARENA_BYTES);
    if (delivery->arena == NULL) {
        free(delivery);
        return NULL;
    }
    delivery->letter.kind = kind;
    delivery->ref = ref;
    return delivery;
}

void delivery_free(struct delivery *delivery)
{
    if (delivery == NULL) {
        return;
    }
    if (delivery->letter.kind == DELIVERY_BODY) {
        body_release(delivery->body.body);
    }
    if (delivery->letter.kind == DELIVERY_PRESENCE) {
        body_release(delivery->presence.body);
    }
    if (delivery->backlog != NULL) {
        CHECK(delivery->letter.kind == DELIVERY_BODY);
        atomic_fetch_sub_explicit(delivery->backlog, delivery->body.n,
                                  memory_order_relaxed);
    }
    arena_free(delivery->arena);
    free(delivery);
}
