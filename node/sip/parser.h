/* sofia-sip as perch uses it: one exact message in, its headers out.
 *
 * Debian's 1.12.11 takes a bare SERVICE for garbage, because the fix of
 * CVE-2022-31001 compares the rest of the line with the length of the longest
 * method. So the request line and CSeq have decoders of our own here, in a
 * copy of the library's message class.
 *
 * Thread: a parser may be shared; a message belongs to one thread.
 */
#ifndef NODE_SIP_PARSER_H
#define NODE_SIP_PARSER_H

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_types.h>
#include <sofia-sip/sip.h>

#include "node/sip/framer.h"
#include "node/sip/methods.h"

struct parser;

/* One request as sofia-sip reads it. */
struct message {
    msg_t *msg;
    const sip_t *sip;   /* Belongs to msg. */
    enum method method; /* Of the request line and CSeq alike. */
};

/** Make a parser. NULL when memory is out. Owned by the caller. */
struct parser *parser_new(void);

/** Free. Accepts NULL. */
void parser_free(struct parser *parser);

/**
 * Read a request and check what every request must have.
 *
 * @frame      Whole; copied, because the library writes into what it reads.
 * @fault_out  On an error, what was wrong, for the answer: a static string.
 *
 * Returns MALFORMED or NO_MEMORY. On success the message is the caller's, to be
 * released.
 */
enum error parser_read(const struct parser *parser, const struct frame *frame,
                       struct message *message_out, const char **fault_out);

/** Free what parser_read gave. Accepts an empty message. */
void message_release(struct message *message);

/** Find a parameter ("tag=") of any header; NULL when it has none. */
const char *message_param(const void *header, const char *name);

#endif
