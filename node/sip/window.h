/* What a dialog sends its client: INFOs in order, only so many unanswered, the
 * rest waiting; and how far the client has confirmed them.
 *
 *   waiting (bodies, counted, bounded) -> in flight (answers due) -> confirmed
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_WINDOW_H
#define NODE_SIP_WINDOW_H

#include "node/session/delivery.h"
#include "node/sip/connection.h"
#include "node/sip/template.h"

struct dialog;

/* An INFO that was sent. */
struct sent {
    struct delivery_mark mark;
    uint64_t sent_ms : 63;
    uint64_t answered : 1;
};

/* A body that waits. */
struct waiting {
    struct body *body; /* Held. */
    struct delivery_mark mark;
};

struct window {
    struct template template;
    uint32_t cseq; /* Of the last INFO sent; the first is 1. */

    struct sent *flight; /* Ring of in_flight_max; NULL until needed. */
    uint32_t flight_first;
    uint32_t flight_n;

    struct waiting *queue; /* Ring of queue_size. */
    uint32_t queue_size;
    uint32_t queue_first;
    uint32_t queue_n;
    size_t queue_bytes;

    uint64_t delivered; /* All up to this log index were answered. */
    uint64_t confirmed; /* Log index of the last answered, while others of the
                           same index may be due. */
    uint32_t replies;   /* The last reply that was answered with all before. */
};

/** Free what is held. */
void window_deinit(struct window *window);

/**
 * Send a body as INFO, now or when its turn comes.
 *
 * @body  Held once more if it must wait.
 *
 * Returns TOO_LARGE when too much waits already, or NO_MEMORY: the connection
 * must end, because a body would be missing.
 */
enum error window_send(struct dialog *dialog, struct body *body,
                       struct delivery_mark mark);

/**
 * Note an answer to an INFO.
 *
 * Returns NOT_FOUND when none of that number is due.
 */
enum error window_answered(struct dialog *dialog, uint32_t cseq);

/** Send what waits, as far as there is room, in all dialogs of a connection. */
void windows_pump(struct connection *connection);

/** Tell when the oldest unanswered INFO was sent; 0: all are answered. */
uint64_t window_oldest_ms(const struct window *window);

#endif
