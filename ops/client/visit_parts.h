/* What the parts of a visit share.
 *
 *   visit.c          opens, ticks, ends; says
 *   visit_answer.c   whose answer is this, and what does it say
 *   visit_sign_in.c  REGISTER, and again before it expires
 *   visit_chat.c     finds the chat and enters it
 *   visit_serve.c    the server's requests
 *   visit_presence.c the user's own presence document
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_VISIT_PARTS_H
#define OPS_CLIENT_VISIT_PARTS_H

#include "ops/client/call.h"
#include "ops/client/inbox.h"
#include "ops/client/link.h"
#include "ops/client/visit.h"

enum visit_state {
    VISIT_OPENING,
    VISIT_REGISTERING,
    VISIT_PROVISIONING,
    VISIT_INVITING,
    VISIT_LOCATING,
    VISIT_READY,
    VISIT_LEAVING,
    VISIT_OVER,
    VISIT_STATES
};

/* A request of ours that was not answered yet. */
enum due_kind {
    DUE_NONE,
    DUE_REGISTER,
    DUE_SUBSCRIBE,
    DUE_INVITE,
    DUE_INFO,
    DUE_UPDATE,
    DUE_BYE,
    DUE_WATCH,
    DUE_PUBLISH,
    DUE_KINDS
};

struct due {
    enum due_kind kind; /* NONE: this place is free. */
    uint32_t cseq;
    uint64_t token; /* Of an INFO; 0: requri's. */
    uint64_t sent_us;
};

/* INFOs, and one of each of the others. */
enum { DUES_MAX = CLIENT_IN_FLIGHT_MAX + DUE_KINDS };

struct visit {
    struct loop *loop;
    const struct visitor *visitor;
    const struct visit_events *events;
    void *context;
    enum visit_state state;
    bool is_closed; /* The owner is gone: no more events. */

    struct link *link;
    struct inbox inbox;
    struct speaker speaker;
    struct call registration, subscription, chat, watch, publishing;
    struct buffer pool; /* The URI to invite. */
    struct due dues[DUES_MAX];
    unsigned infos_due;
    unsigned challenges; /* Answered since the last success. */
    bool is_located;     /* requri was answered, or is not wanted. */

    uint64_t opened_us;    /* When the connection was there. */
    uint64_t heard_us;     /* When bytes last came. */
    uint64_t said_us;      /* When bytes last went. */
    uint64_t left_us;      /* When LEAVING began. */
    uint64_t refresh_us;   /* When to REGISTER again; 0: never. */
    uint64_t watch_us;     /* When to SUBSCRIBE again; 0: never. */
    uint64_t update_us;    /* When to UPDATE; 0: never. */
    uint32_t session_s;    /* Granted for the chat; 0: no timer. */
    uint32_t keep_alive_s; /* A sign of life is due that often; 0: none. */
};

/** The one place a visit changes state. */
void visit_move(struct visit *visit, enum visit_state next);

/** End it and tell; text may be empty. Does nothing the second time. */
void visit_end(struct visit *visit, const struct visit_end *end);

/** End it because a request was answered with this. */
void visit_end_refused(struct visit *visit, enum client_cause cause,
                       const struct packet *answer);

/** Send what the buffer holds, and free it; NO_MEMORY ends the visit. */
void visit_say(struct visit *visit, struct buffer *out);

/** Send a request of a call and note that its answer is due. */
void visit_ask(struct visit *visit, struct call *call, enum due_kind kind,
               struct saying *saying, uint64_t token);

/** Name the method of a request that is due. */
const char *visit_method(enum due_kind kind);

/** Find a request of a kind that is due, or, for NONE, a free place. */
struct due *visit_find_due(struct visit *visit, enum due_kind kind);

/** Take the answer to visit_watch or visit_publish. */
void presence_answered(struct visit *visit, enum due_kind kind,
                       const struct packet *answer);

/** Take a NOTIFY or BENOTIFY. Returns whether it is of our document. */
bool presence_notified(struct visit *visit, const struct packet *request);

/** Find what an answer is to, and act on it. */
void visit_take_answer(struct visit *visit, const struct packet *packet);

/** Read what an answer says, for whoever asked. */
struct visit_answer visit_read_answer(const struct visit *visit,
                                      const struct packet *packet);

/** Begin to sign in: the link is open. */
void sign_in_begin(struct visit *visit);

/** REGISTER once more, before the last one expires. */
void sign_in_refresh(struct visit *visit);

/** Take the answer to a REGISTER, SUBSCRIBE or INVITE. */
void sign_in_answered(struct visit *visit, enum due_kind kind,
                      const struct packet *answer);

#endif
