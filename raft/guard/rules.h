/* The rules of the guard: each answers one fault of libraft 0.15.0.
 *
 * What a rule does, and which function of the library it protects against, is
 * said where its code is: `grep -rn "Rule FIG8" raft/guard`.
 */
#ifndef RAFT_GUARD_RULES_H
#define RAFT_GUARD_RULES_H

#include <stdint.h>

/* X(NAME, the fault of the unguarded library) */
#define GUARD_RULE_LIST(X)                                                     \
    X(FIG8, "a leader commits entries of earlier terms by counting copies")    \
    X(ACKCLAMP, "a follower vouches for entries its leader never checked")     \
    X(FAILSTOP, "a failed write leaves memory and disk saying different "      \
                "things, and the node goes on")                                \
    X(HOLD, "under a steady stream of proposals nothing is ever committed")    \
    X(TICKGATE, "a node stands for election with entries or a snapshot not "   \
                "yet on its disk")                                             \
    X(VOTE, "a node votes twice in a term when it hands leadership over")      \
    X(CONF, "an uncommitted configuration is kept when its entry is cut, or "  \
            "rolling it back crashes")                                         \
    X(UNBATCH, "entries loaded together are freed while sends still use them") \
    X(TRIM, "a message that begins below the own snapshot is refused for "     \
            "ever, or stops the node")                                         \
    X(SNAPTERM, "a snapshot is answered with 'have it' though the entry "      \
                "there is another one")                                        \
    X(SPLIT, "one message carries the whole log, again with every heartbeat")  \
    X(FASTBACK, "a leader feels its way back one entry per heartbeat")         \
    X(SNAPREJ, "a refused heartbeat ends a snapshot transfer that goes well")  \
    X(TRUNCBUSY, "the log is cut while a snapshot is being written")           \
    X(TERMINFL, "entries are cut and written again while the first write of "  \
                "them is under way")                                           \
    X(NVVOTE, "a node that its own outdated configuration calls no voter "     \
              "keeps back the vote that the pool needs")                       \
    X(STALELEADER, "a silent leader still counts as one and blocks votes")     \
    X(PREVTERM, "a refused pre-vote hides the newer term, and two nodes "      \
                "refuse each other for ever")                                  \
    X(NOBODY, "a result is sent to server 0, which is nobody")                 \
    X(STALEDONE, "a write asked for in one term is reported to the leader of " \
                 "another")                                                    \
    X(DURABLEVOTE, "a candidate boasts of entries that are not on its disk")   \
    X(LOSTREPLY, "a reply that cannot be sent frees its request twice")        \
    X(SELFELECT, "an only voter leads a term again that was led before")       \
    X(GETAGAIN, "a snapshot that cannot be made just now leaves its peer "     \
                "waiting for the install timeout")                             \
    X(OLDSNAP, "a peer that has installed an older snapshot than was last "    \
               "offered is left waiting for the install timeout")              \
    X(HANDOVER,                                                                \
      "leadership is offered to a node that is still writing, once, "          \
      "and nobody leads until that is given up")

#define GUARD_RULE_ENUM(name, fault) GUARD_##name,
enum guard_rule { GUARD_RULE_LIST(GUARD_RULE_ENUM) GUARD_RULE_COUNT };
#undef GUARD_RULE_ENUM

/* A set of rules: bit r is rule r. */
#define GUARD_RULES_ALL  ((UINT64_C(1) << GUARD_RULE_COUNT) - 1)
#define GUARD_RULES_NONE UINT64_C(0)

/** Tell the set that holds one rule. */
static inline uint64_t guard_rule_bit(enum guard_rule rule)
{
    return UINT64_C(1) << rule;
}

/** Name a rule, for instance "FIG8". Returns a static string. */
const char *guard_rule_name(enum guard_rule rule);

/** Tell the fault a rule answers, in words. Returns a static string. */
const char *guard_rule_fault(enum guard_rule rule);

#endif
