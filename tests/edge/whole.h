/* Clients on a real edge, a real state loop with its store behind it, and a
 * pool that commits whatever is proposed: the threads meet as in a node.
 *
 * The pool knows tomas and ingrid, whose passwords are their names, the open
 * room lobby, and all rules.
 */
#ifndef TESTS_EDGE_WHOLE_H
#define TESTS_EDGE_WHOLE_H

#include "tests/sip/pidgin.h"

#define LOBBY_ID "11111111-1111-1111-1111-111111111111"
#define LOBBY    "ma-chan://" DOMAIN "/" LOBBY_ID

#define ASK(verb, data)                                                        \
    "<xccos ver=\"1\" envid=\"31\" xmlns=\"urn:parlano:xml:ns:xccos\">"        \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\"><data>" data "</data></cmd></xccos>"

struct whole;

/** cmocka's setup and teardown. */
int whole_set_up(void **state);
int whole_tear_down(void **state);

/** Sign in with a password, and invite the pool. */
struct pidgin *whole_enter(struct whole *whole, const char *name,
                           struct call *call);

/** Hear what comes until an INFO has this in it; posts' answers are passed
 * over. Freed by the caller. */
char *whole_hear(struct call *call, const char *part);

/** The same, for who does not look at it. */
void whole_expect(struct call *call, const char *part);

/** Post in the lobby. */
void whole_say(struct call *call, const char *text);

/** Join the lobby. */
void whole_join(struct call *call);

/** Count the connections that were closed because their client does not read.
 */
uint64_t whole_overflows(const struct whole *whole);

/** The port of the edge. */
uint16_t whole_port(const struct whole *whole);

#endif
