/* Any bytes as what perch-audit is given by others: a policy, a proof, a file
 * of checkpoints. What is read of a proof and written again is read as the
 * same; notes that are cut out of a file lie within it, one behind the other.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ops/audit/notes.h"
#include "ops/audit/policy.h"
#include "ops/audit/proof.h"
#include "proto/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_policy(struct slice bytes)
{
    struct policy *policy = malloc(sizeof(*policy));
    bool cosigned[POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX];
    char fault[POLICY_FAULT_BYTES];

    CHECK(policy != NULL);
    if (policy_read(bytes, policy, fault)) {
        memset(cosigned, true, sizeof(cosigned));
        CHECK(policy_satisfied(policy, cosigned));
        memset(cosigned, false, sizeof(cosigned));
        CHECK(policy_satisfied(policy, cosigned) ==
              (policy->quorum == POLICY_NONE));
    }
    free(policy);
}

static void try_proof(struct slice bytes)
{
    struct buffer made = BUFFER_EMPTY;
    struct proof proof;

    if (proof_read(bytes, &proof) == ERROR_NONE) {
        proof_write(&proof, &made);
        CHECK(proof.record.len == 0 || slice_equal(buffer_slice(&made), bytes));
    }
    buffer_deinit(&made);
    proof_deinit(&proof);
}

static void try_notes(struct slice bytes)
{
    const uint8_t *end = bytes.data + bytes.len, *last = bytes.data;
    struct checkpoint_text text;
    struct slice rest = bytes, note;

    while (notes_next(&rest, &note)) {
        CHECK(note.len > 0 && note.data >= last && note.data + note.len <= end);
        last = note.data + note.len;
        (void)notes_text(note, &text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);

    try_policy(bytes);
    try_proof(bytes);
    try_notes(bytes);
    return 0;
}
