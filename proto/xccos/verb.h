/* The words of XCCOS: what commands, replies and notices are called.
 *
 * One table maps each verb, and the other names it goes by, to its kind. A
 * verb that is not in it is no error: it is kept as it was sent and answered
 * 501 under its own name.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_VERB_H
#define PROTO_XCCOS_VERB_H

#include <stdbool.h>

#include "proto/base/slice.h"

/* X(kind, wire name). Those below the line go out as notices only. */
#define XCCOS_VERB_LIST(X)                                                     \
    X(REQURI, "requri")                                                        \
    X(GETSERVERINFO, "getserverinfo")                                          \
    X(GETPREF, "getpref")                                                      \
    X(SETPREF, "setpref")                                                      \
    X(GETASSOCIATIONS, "getassociations")                                      \
    X(CHANSRCH, "chansrch")                                                    \
    X(GETINV, "getinv")                                                        \
    X(NODESPERMCREATECHILD, "nodespermcreatechild")                            \
    X(JOIN, "join")                                                            \
    X(BJOIN, "bjoin")                                                          \
    X(PART, "part")                                                            \
    X(BCCONTEXT, "bccontext")                                                  \
    X(BCSEARCH, "bcsearch")                                                    \
    X(GETFUTOK, "getfutok")                                                    \
    X(GETFDTOK, "getfdtok")                                                    \
    X(GETFTOK, "getftok")                                                      \
    X(CHANCREATE, "chancreate")                                                \
    X(CHANMODIFY, "chanmodify")                                                \
    X(CHANDELETE, "chandelete")                                                \
    X(PERMADD, "permadd")                                                      \
    X(PERMDEL, "permdel")                                                      \
    X(GETUSERS, "getusers")                                                    \
    X(USERSRCH, "usersrch")                                                    \
    X(GETNEWS, "getnews")                                                      \
    X(MARKREAD, "markread")                                                    \
    X(GETFEEDS, "getfeeds")                                                    \
    X(SETFEEDS, "setfeeds")                                                    \
    X(PURGE, "purge")                                                          \
    X(MODMSG, "modmsg")                                                        \
    X(DELMSG, "delmsg")                                                        \
    /* -- */                                                                   \
    X(CHANDISABLE, "chandisable")                                              \
    X(KICK, "kick")                                                            \
    X(INV, "inv")                                                              \
    X(NEWS, "news")

#define XCCOS_VERB_ENUM(name, text) XCCOS_VERB_##name,
enum xccos_verb {
    XCCOS_VERB_UNKNOWN,
    XCCOS_VERB_LIST(XCCOS_VERB_ENUM) XCCOS_VERB_COUNT
};
#undef XCCOS_VERB_ENUM

enum { XCCOS_VERB_BYTES_MAX = 40 };

/**
 * Find the kind a verb names, by its own name or an alias.
 *
 * @text  Without "cmd:"; both letter cases are taken.
 *
 * Returns XCCOS_VERB_UNKNOWN for what the table does not have.
 */
enum xccos_verb xccos_verb_find(struct slice text);

/**
 * Tell the wire name of a verb, for instance "bjoin".
 *
 * Returns a static string, empty for XCCOS_VERB_UNKNOWN.
 */
const char *xccos_verb_name(enum xccos_verb verb);

/**
 * Take the verb from an id such as "cmd:join".
 *
 * @prefix  "cmd", "rpl" or "ntc"; both letter cases are taken.
 *
 * Returns false unless the id is the prefix, a colon and 1 to
 * XCCOS_VERB_BYTES_MAX letters and digits.
 */
bool xccos_verb_from_id(struct slice id, struct slice prefix,
                        struct slice *verb_out);

#endif
