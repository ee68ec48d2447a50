/* Whose signatures a checkpoint needs: C2SP tlog-policy.
 *
 *   log VKEY [URL]
 *   witness NAME VKEY [URL]
 *   group NAME all|any|K MEMBER...
 *   quorum NAME|none
 *
 * Blanks and tabs separate words, # begins a comment. A line speaks of names of
 * lines before it; one name is a member of one group.
 *
 * Source: C2SP tlog-policy.
 *
 * Thread: any; a policy does not change.
 */
#ifndef OPS_AUDIT_POLICY_H
#define OPS_AUDIT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"
#include "proto/tlog/note.h"

enum {
    POLICY_LOGS_MAX = 32,
    POLICY_WITNESSES_MAX = 64,
    POLICY_GROUPS_MAX = 64,
    POLICY_BYTES_MAX = 256 * 1024,
    POLICY_FAULT_BYTES = 200,
    POLICY_NONE = -1, /* A quorum that asks for nobody. */
};

/* A witness or a group. */
struct policy_party {
    struct slice name; /* Of the policy's text. */
    bool is_group, is_member;
    struct note_verifier verifier; /* Of a witness. */
    int parent;                    /* Its group, or POLICY_NONE. */
    unsigned needed, members;      /* Of a group. */
};

struct policy {
    struct note_verifier logs[POLICY_LOGS_MAX];
    size_t n_logs;
    struct policy_party parties[POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX];
    size_t n_parties, n_witnesses, n_groups;
    int quorum; /* A party, or POLICY_NONE. */
};

/**
 * Read a policy; borrows from the text.
 *
 * @fault_out  Says what is wrong, and in which line, when false is returned.
 */
bool policy_read(struct slice text, struct policy *policy,
                 char fault_out[POLICY_FAULT_BYTES]);

/**
 * Tell whether witnesses that have cosigned are enough.
 *
 * @cosigned  For each party, whether it is a witness that has.
 */
bool policy_satisfied(const struct policy *policy, const bool *cosigned);

#endif
