/* A SIP dialog as the client sees it, and all it says: requests within a call
 * or outside of any, and answers to the server.
 *
 * Ids are random, so that no two clients are ever alike, whenever they start.
 *
 * Spec: RFC 3261 8.1.1, 8.2.6, 12.2.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_CALL_H
#define OPS_CLIENT_CALL_H

#include "ops/client/packet.h"
#include "proto/base/buffer.h"
#include "proto/base/loop.h"

enum {
    CALL_ID_BYTES = 32,
    CALL_TAG_BYTES = 16,
    CALL_INSTANCE_BYTES = 36,
    CALL_EPID_BYTES = 12,
    CALL_LOCAL_BYTES_MAX = 80,
};

/* Who speaks, from where. */
struct speaker {
    char user[CLIENT_USER_BYTES_MAX + 1];   /* alice@example */
    char instance[CALL_INSTANCE_BYTES + 1]; /* A guid: names the device. */
    char epid[CALL_EPID_BYTES + 1];         /* Another form of it. */
    char local[CALL_LOCAL_BYTES_MAX];       /* 192.0.2.1:41822 */
    bool is_secure;
};

struct call {
    char id[CALL_ID_BYTES + 1];
    char tag[CALL_TAG_BYTES + 1];
    struct buffer target; /* Whom requests go to. */
    struct buffer remote; /* The To value; with a tag once it is known. */
    uint32_t cseq;        /* Of the last request sent. */
    uint32_t heard;       /* Of the last request of the server's; 0: none. */
};

/* What one request has beside the lines all have. */
struct saying {
    const char *method;
    uint32_t cseq;
    struct slice lines; /* Whole header lines, each with its CRLF. */
    const char *type;   /* Of the body; NULL: there is none. */
    struct slice body;
};

/** Take the domain of "alice@example". */
struct slice speaker_domain(const struct speaker *speaker);

/**
 * Begin a call with new ids.
 *
 * @target  The request URI.
 * @to      The URI the call is to; its To value has no tag.
 *
 * Returns MALFORMED for what is no URI, NO_MEMORY.
 */
enum error call_begin(struct call *call, struct loop *loop, struct slice target,
                      struct slice to);

/** Free what is held. Accepts a zeroed one. */
void call_deinit(struct call *call);

/**
 * Take over what the 200 to an INVITE says: the To value with its tag, and
 * the Contact, where requests go from now on.
 *
 * Returns MALFORMED when there is no tag or the Contact is no URI, NO_MEMORY.
 */
enum error call_accept(struct call *call, const struct packet *answer);

/** Append a request. */
void call_say(struct buffer *out, const struct call *call,
              const struct speaker *speaker, const struct saying *saying);

/**
 * Append the answer to a request of the server's.
 *
 * @tag    Put to the To value when that has none.
 * @lines  Whole header lines; may be empty.
 */
void call_answer(struct buffer *out, const struct packet *request, int status,
                 const char *tag, struct slice lines);

#endif
