#include "node/session/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { EDGES = 256 };

struct outbox {
    struct letters *edges[EDGES];
    atomic_size_t backlogs[EDGES]; /* The edges count down. */
    uint8_t edge_last;             /* The highest that was ever set. */
    bool holding;
    struct letter_list held;
    struct outbox_meters *meters;
};

struct outbox *outbox_new(struct outbox_meters *meters)
{
    struct outbox *outbox = calloc(1, sizeof(*outbox));

    CHECK(outbox != NULL);
    outbox->meters = meters;
    STAILQ_INIT(&outbox->held);
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    struct letter *letter;

    if (outbox == NULL) {
        return;
    }
    while ((letter = STAILQ_FIRST(&outbox->held)) != NULL) {
        STAILQ_REMOVE_HEAD(&outbox->held, link);
        delivery_free((struct delivery *)letter);
    }
    free(outbox);
}

void outbox_set_edge(struct outbox *outbox, uint8_t edge,
                     struct letters *deliveries)
{
    outbox->edges[edge] = deliveries;
    if (edge > outbox->edge_last) {
        outbox->edge_last = edge;
    }
}

static void hand_over(struct outbox *outbox, struct delivery *delivery)
{
    struct letters *edge = outbox->edges[edge_of(delivery->ref)];

    meter_add(&outbox->meters->deliveries, 1);
    if (edge == NULL ||
        letters_send_reply(edge, &delivery->letter) != ERROR_NONE) {
        meter_add(&outbox->meters->lost, 1);
        delivery_free(delivery); /* The edge has closed its dialogs, too. */
    }
}

void outbox_hold(struct outbox *outbox)
{
    outbox->holding = true;
}

void outbox_release(struct outbox *outbox)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&outbox->held)) != NULL) {
        STAILQ_REMOVE_HEAD(&outbox->held, link);
        hand_over(outbox, (struct delivery *)letter);
    }
    outbox->holding = false;
}

bool outbox_is_behind(const struct outbox *outbox, uint8_t edge)
{
    return atomic_load_explicit(&outbox->backlogs[edge],
                                memory_order_relaxed) >= BACKLOG_MAX;
}

size_t outbox_backlog(const struct outbox *outbox)
{
    size_t most = 0;

    for (unsigned edge = 0; edge <= outbox->edge_last; edge++) {
        size_t bodies =
            atomic_load_explicit(&outbox->backlogs[edge], memory_order_relaxed);

        most = bodies > most ? bodies : most;
    }
    return most;
}

void outbox_add(struct outbox *outbox, struct delivery *delivery)
{
    if (outbox->holding) {
        STAILQ_INSERT_TAIL(&outbox->held, &delivery->letter, link);
    } else {
        hand_over(outbox, delivery);
    }
}

static struct delivery *make(enum delivery_kind kind, edge_ref ref)
{
    struct delivery *delivery = delivery_new(kind, ref);

    CHECK(delivery != NULL); /* A body left out would be a gap unseen. */
    return delivery;
}

static edge_ref *copy_dialogs(struct delivery *delivery,
                              const edge_ref *dialogs, size_t n)
{
    edge_ref *copy = arena_alloc(delivery->arena, n * sizeof(*copy));

    CHECK(copy != NULL);
    memcpy(copy, dialogs, n * sizeof(*copy));
    return copy;
}

static void add_body(struct outbox *outbox, struct body *body,
                     struct delivery_mark mark, const edge_ref *dialogs,
                     size_t n)
{
    struct delivery *delivery = make(DELIVERY_BODY, dialogs[0]);

    delivery->body.body = body_hold(body);
    delivery->body.mark = mark;
    delivery->body.n = n;
    delivery->body.dialogs = copy_dialogs(delivery, dialogs, n);
    delivery->backlog = &outbox->backlogs[edge_of(dialogs[0])];
    atomic_fetch_add_explicit(delivery->backlog, n, memory_order_relaxed);
    outbox_add(outbox, delivery);
}

void outbox_body(struct outbox *outbox, struct body *body,
                 struct delivery_mark mark, const edge_ref *dialogs, size_t n)
{
    meter_add(&outbox->meters->bodies, n);
    while (n > 0) {
        size_t some = n < DELIVERY_DIALOGS_MAX ? n : DELIVERY_DIALOGS_MAX;

        add_body(outbox, body, mark, dialogs, some);
        dialogs += some;
        n -= some;
    }
}

void outbox_close(struct outbox *outbox, edge_ref dialog, const char *reason)
{
    struct delivery *delivery = make(DELIVERY_CLOSE, dialog);

    delivery->close.n = 1;
    delivery->close.dialogs = copy_dialogs(delivery, &dialog, 1);
    delivery->close.reason = slice_of_text(reason);
    outbox_add(outbox, delivery);
}

void outbox_dismiss(struct outbox *outbox, struct slice user_uri)
{
    for (unsigned edge = 0; edge <= outbox->edge_last; edge++) {
        struct delivery *delivery;

        if (outbox->edges[edge] != NULL) {
            delivery = make(DELIVERY_DISMISS, edge_whole((uint8_t)edge));
            delivery->dismiss.user_uri =
                arena_copy_slice(delivery->arena, user_uri);
            outbox_add(outbox, delivery);
        }
    }
}

void outbox_answer(struct outbox *outbox, edge_ref dialog, uint64_t token,
                   int status, unsigned retry_after_s, struct slice reason)
{
    struct delivery *delivery = make(DELIVERY_ANSWER, dialog);

    delivery->answer.token = token;
    delivery->answer.status = status;
    delivery->answer.retry_after_s = retry_after_s;
    delivery->answer.reason = arena_copy_slice(delivery->arena, reason);
    outbox_add(outbox, delivery);
}
