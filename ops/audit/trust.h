/* Whose keys are believed: those of a policy file, or, for want of one, those
 * the archive brings along, which shows no more than that it agrees with
 * itself. What its records say of keys is not taken: whoever could forge the
 * tree could name a key in it.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_TRUST_H
#define OPS_AUDIT_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "ops/audit/archive.h"
#include "ops/audit/policy.h"

enum {
    TRUST_LOGS_MAX = 256,
    TRUST_OTHERS_MAX = 512, /* Nodes and witnesses that the archive names. */
};

struct trust {
    bool has_policy;
    struct buffer text; /* Of the policy. */
    struct policy policy;
    struct note_verifier logs[TRUST_LOGS_MAX]; /* The policy's, or keys/. */
    size_t n_logs;
    struct note_verifier others[TRUST_OTHERS_MAX]; /* From keys/. */
    size_t n_others;
};

/** Start with no keys. */
void trust_init(struct trust *trust);

/** Free what is held. */
void trust_deinit(struct trust *trust);

/**
 * Take a policy file's keys.
 *
 * @fault_out  Says what is wrong when false is returned.
 */
bool trust_take_policy(struct trust *trust, const char *path,
                       char fault_out[POLICY_FAULT_BYTES]);

/** Take the keys in the archive's folder keys/: all when there is no policy,
 * else those of nodes alone, to tell wrong cosignatures by. */
void trust_take_archive(struct trust *trust, const struct archive *archive);

#endif
