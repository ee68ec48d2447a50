/* One request while it is answered: what was asked, by whom, and the reply as
 * it comes about. The files of answers.h decide; desk.c waits, proposes and
 * sends.
 *
 *              +--refused, or not needed------------------+
 *              |                                          v
 *   READING --index--> DECIDING --command--> PROPOSED --fate--> SETTLED
 *      |                   |                                    ^  ^
 *      |                   +--leadership--> TRANSFERRING --fate-+  |
 *      |                   +--words--> SEARCHING --found--------+  |
 *      +--no leader, too late--------------------------------------+
 *
 *   PROPOSED --rules were raised first, or the look is on record--> DECIDING
 *
 * READING       Waits until the state is as new as the request demands.
 * DECIDING      Within one call: a row of answers.h looks at the state.
 * PROPOSED      The command may be committed at any time from now on.
 * SEARCHING     The catalog's worker looks for messages.
 * TRANSFERRING  The replica is handing leadership over.
 * SETTLED       The reply is complete and about to be sent.
 *
 * Memory that runs out while a reply is made stops the node, as in node/chat:
 * a request is bounded, and so is what it costs.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_ANSWER_H
#define NODE_ADMIN_ANSWER_H

#include <bsd/sys/queue.h>

#include "node/admin/letter.h"
#include "node/admin/refusal.h"
#include "node/admin/state.h"
#include "proto/base/guid.h"
#include "proto/base/loop.h"

enum answer_at {
    ANSWER_READING,
    ANSWER_DECIDING,
    ANSWER_PROPOSED,
    ANSWER_TRANSFERRING,
    ANSWER_SEARCHING,
    ANSWER_SETTLED,
    ANSWER_STATES,
};

/* What a decision comes to. */
enum answer_does {
    ANSWER_REPLIES,   /* The reply says it all. */
    ANSWER_ALREADY,   /* A change that is so before it is made. */
    ANSWER_PROPOSES,  /* The command is to be committed. */
    ANSWER_TRANSFERS, /* Leadership is to go to transfer_to. */
    ANSWER_SEARCHES,  /* The search is to be made. */
};

struct answer_row;

struct answer {
    TAILQ_ENTRY(answer) link; /* Of desk.c, as are the following. */
    struct admin_ask *ask;    /* Owned. */
    enum answer_at at;
    uint64_t token;
    uint64_t deadline_us;

    struct loop *loop;
    const struct admin_state *state;
    const struct admin_fact *fact;
    const struct answer_row *row;
    const void *asked;             /* The request's body, of its type. */
    const struct machine *machine; /* Within a call; NULL: not loaded. */
    struct arena *arena;           /* The ask's. */

    Perch__Admin__Reply reply;
    const ProtobufCMessage *body; /* Of the reply; NULL: none. */
    enum answer_does does;
    Perch__Command command;
    uint8_t transfer_to;
    struct admin_search *search; /* Given away when it is made. */
    uint32_t raise_to;           /* Rules version that goes first; 0: none. */
    bool raised, is_raising;     /* That was proposed; its fate is not known. */
    bool is_on_record;           /* That what is said is looked at; */
    bool is_recording;           /* to be: its fate is not known. */

    struct slice subject; /* A change: room "desk" */
    const char *deed;     /* was created. */
    struct guid guid;     /* The room or category it is about, */
    struct slice uri;     /* or the user. */
};

/** Say no, for a reason of administration's own. The state is unchanged. */
void answer_refuse(struct answer *answer, enum refusal refusal);

/** The same, saying of what: "there is no such mark: xyz". */
void answer_refuse_about(struct answer *answer, enum refusal refusal,
                         struct slice about);

/** Say no for a rule's reason. @about may be empty. */
void answer_refuse_outcome(struct answer *answer, enum outcome outcome,
                           struct slice about);

/** Tell whether the answer has said no. */
bool answer_refused(const struct answer *answer);

/**
 * Say what a change is about and what becomes of it: printf for the subject.
 *
 * @deed  A static participle, such as "created".
 */
void answer_tells(struct answer *answer, const char *deed, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/** Have a command of this kind proposed; its part is set by the caller. */
Perch__Command *answer_proposes(struct answer *answer,
                                Perch__Command__KindCase kind);

/** Complete the reply's text for a change that is made, was so already, or
 * would be made; a text that is there stays. */
void answer_tell_change(struct answer *answer);

/** Copy the reply's body into the arena, so that it may be sent after the state
 * it borrows from has changed. */
void answer_keep_body(struct answer *answer);

/** Make a message in the request's arena, initialised. */
void *answer_new(struct answer *answer,
                 const ProtobufCMessageDescriptor *descriptor);

/** Allocate zeroed bytes in the request's arena. */
void *answer_alloc(struct answer *answer, size_t bytes);

/** Print into the request's arena. */
struct slice answer_printf(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Set a text field; the empty text is there, too. */
#define ANSWER_TEXT(message, field, slice_)                                    \
    CODEC_SET(message, field, codec_bytes(slice_))

#endif
