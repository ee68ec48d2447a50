/* Why administration says no: the rules' outcomes and its own reasons, each
 * with what to do next.
 *
 * Thread: any.
 */
#ifndef NODE_ADMIN_REFUSAL_H
#define NODE_ADMIN_REFUSAL_H

#include "node/chat/outcome.h"
#include "proto/admin.h"

/* X(name, result, code, what happened, what to do next) */
#define REFUSAL_LIST(X)                                                        \
    X(KIND_UNKNOWN, REFUSED, 501, "this node does not know the request",       \
      "use the perchctl that came with the node")                              \
    X(REQUEST_MALFORMED, USAGE, 400, "the request could not be read",          \
      "use the perchctl that came with the node")                              \
    X(REQUEST_TOO_LARGE, USAGE, 413, "the request is too large",               \
      "name fewer users at a time")                                            \
    X(NOT_ADMITTED, REFUSED, 403,                                              \
      "the certificate does not name an administrator",                        \
      "use one whose subject is CN=admin:NAME, such as ops/make-certs makes")  \
    X(NO_MEMORY, REFUSED, 503, "the node has no memory for it",                \
      "try again in a while")                                                  \
    X(BUSY, REFUSED, 503, "the node has too much to do", "try again")          \
    X(NOT_LOADED, NO_LEADER, 503, "the node has not loaded its state yet",     \
      "try again in a while, or ask another node")                             \
    X(NO_LEADER, NO_LEADER, 503,                                               \
      "the pool has no leader that this node can reach",                       \
      "see perchctl status: more than half of the voters must run and reach "  \
      "each other. What this node knows can be had with --stale")              \
    X(WITHDRAWN, NO_LEADER, 503,                                               \
      "no leader took the change in time, and it was taken back",              \
      "see perchctl status, then try again")                                   \
    X(OUTCOME_UNKNOWN, UNKNOWN, 504,                                           \
      "the pool was given the change and has not answered in time",            \
      "look whether it was made, or ask for it again: what is so already is "  \
      "not done twice")                                                        \
    X(NOTHING_ASKED, USAGE, 400, "the request names nothing to be changed",    \
      "see perchctl help")                                                     \
    X(NAME_MISSING, USAGE, 400, "the request does not say what it is about",   \
      "see perchctl help")                                                     \
    X(MARK_INVALID, USAGE, 400, "the list has no such mark to go on from",     \
      "use the mark of the page before, or begin anew without one")            \
    X(USERS_LISTED, USAGE, 413, "one list names more than 1024 users",         \
      "name fewer users at a time")                                            \
    X(PASSWORD_INVALID, REFUSED, 400,                                          \
      "a password has 1 to 256 bytes, none of them a control character",       \
      "choose another password")                                               \
    X(SETTING_MALFORMED, USAGE, 400, "a setting is set by NAME=VALUE",         \
      "see perchctl pool show for names, values and ranges")                   \
    X(SETTING_NOT_NUMBER, USAGE, 400, "the setting takes a whole number",      \
      "see perchctl pool show for names, values and ranges")                   \
    X(NODE_NO_MEMBER, REFUSED, 404, "no such node is a member of the pool",    \
      "see perchctl nodes list")                                               \
    X(NODE_NO_VOTER, REFUSED, 409, "the node has no vote and cannot lead",     \
      "wait until it is a voter: perchctl nodes list")                         \
    X(NODE_UNREACHABLE, REFUSED, 409, "the node cannot be reached from here",  \
      "see perchctl nodes list")                                               \
    X(NOT_LEADER, REFUSED, 409, "only the leader can hand over leadership",    \
      "ask the leader's node; perchctl status says which that is")             \
    X(TRANSFER_FAILED, REFUSED, 503, "leadership was not handed over",         \
      "see perchctl nodes list for how far the node trails, then try again")   \
    X(SEARCH_NOT_READY, REFUSED, 503,                                          \
      "this node cannot search what was said now",                             \
      "try again in a while, or ask another node")                             \
    X(SEARCH_EMPTY, USAGE, 400,                                                \
      "the search names no words, author, room or time",                       \
      "see perchctl help messages search")                                     \
    X(SEARCH_WORDS, USAGE, 400,                                                \
      "the text has no word to look for, or too many",                         \
      "a word has a letter, a digit or a symbol; 32 of them at most")          \
    X(SEARCH_TOO_MANY, USAGE, 413,                                             \
      "the search names more than 16 authors or 1000 rooms",                   \
      "name fewer at a time")                                                  \
    X(TIME_INVALID, USAGE, 400, "that is no day or moment",                    \
      "use 2031-02-03 or 2031-02-03T07:31:00Z")                                \
    X(CONTENT_NOT_READ, REFUSED, 503, "what was said cannot be read now",      \
      "try again in a while, or ask another node")                             \
    X(EXPRESSION_BAD, REFUSED, 400, "an expression cannot be compiled",        \
      "an expression is word:TEXT, like:TEXT with * and ?, or regex:TEXT as "  \
      "PCRE2 has it")                                                          \
    X(EXPRESSIONS_MANY, USAGE, 413,                                            \
      "the filters have too many expressions to test them all at once",        \
      "name one of them with --filter")                                        \
    X(NODE_VOTES, UNSAFE, 409,                                                 \
      "the node is connected and votes, so there is nothing to replace",       \
      "check the number; with --force it may come back as a new member all "   \
      "the same, once its disk is emptied")                                    \
    X(MOMENT_INVALID, USAGE, 400,                                              \
      "a moment is YYYY-MM-DD or "                                             \
      "YYYY-MM-DDTHH:MM:SSZ, UTC",                                             \
      "write it so")                                                           \
    X(MESSAGES_INVALID, USAGE, 400, "messages are named by N or N-M",          \
      "see perchctl messages list for their numbers")                          \
    X(NO_MESSAGES_HERE, REFUSED, 503, "the node cannot read its messages now", \
      "try again in a while, or ask another node")                             \
    X(NOTHING_DUE, REFUSED, 409,                                               \
      "retention has not ended for any message of the room",                   \
      "see perchctl rooms show for how long they are kept")                    \
    X(ORIGIN_NONE, REFUSED, 409, "the archive was never on: it has no origin", \
      "see perchctl help archive set")                                         \
    X(KEY_INVALID, USAGE, 400,                                                 \
      "that is no verifier key: name+hash+key, as perch-audit key prints it",  \
      "copy the whole line of the .vkey file")                                 \
    X(KEY_STRANGER, USAGE, 400,                                                \
      "the key's name is neither the archive's origin nor that of a node",     \
      "a node's is ORIGIN/nodeN; --node says whose it is all the same")        \
    X(NODE_INVALID, USAGE, 400, "a node's number is 1 to 255; 0 is the log",   \
      "see perchctl nodes list")                                               \
    X(NO_CHECKPOINT, REFUSED, 404, "no checkpoint has been published yet",     \
      "see perchctl archive status for what it waits for")

#define REFUSAL_ENUM(name, ...) REFUSAL_##name,
enum refusal { REFUSAL_LIST(REFUSAL_ENUM) REFUSALS };
#undef REFUSAL_ENUM

struct refusal_fact {
    const char *name;
    Perch__Admin__Result result;
    unsigned code;
    const char *text;   /* What happened. */
    const char *advice; /* What to do next; "" when there is nothing to say. */
};

/** Describe a reason of administration's own. */
struct refusal_fact refusal_fact(enum refusal refusal);

/** Describe an outcome of the rules. */
struct refusal_fact refusal_of_outcome(enum outcome outcome);

#endif
