#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/audit/archive.h"
#include "ops/audit/checkpoints.h"
#include "ops/audit/commands.h"
#include "ops/audit/names.h"
#include "ops/audit/notes.h"
#include "ops/audit/proof.h"
#include "ops/audit/trust.h"
#include "proto/base/check.h"
#include "proto/record.h"

/* Make the proof, and hold it against the checkpoint: a damaged archive must
 * not hand out what does not verify. */
static enum error make(const struct archive *archive,
                       const struct checkpoints *checkpoints,
                       struct proof *proof)
{
    struct archive_tree tree;
    struct merkle_hash leaf;
    enum error error = archive_record(archive, proof->index, checkpoints->size,
                                      &proof->record);

    if (error != ERROR_NONE) {
        return error;
    }
    archive_tree_init(&tree, archive, checkpoints->size);
    error = merkle_prove_leaf(archive_hash, &tree, proof->index,
                              checkpoints->size, proof->hashes, &proof->n);
    archive_tree_deinit(&tree);
    merkle_leaf(buffer_slice(&proof->record), &leaf);
    if (error == ERROR_NONE &&
        !merkle_check_leaf(&leaf, proof->index, checkpoints->size,
                           &checkpoints->root, proof->hashes, proof->n)) {
        error = ERROR_ROTTEN;
    }
    return error;
}

static int print_proof(struct archive *archive,
                       const struct checkpoints *checkpoints, uint64_t csn)
{
    struct proof proof = {.index = csn,
                          .checkpoint = buffer_slice(&checkpoints->head)};
    struct buffer text = BUFFER_EMPTY;
    enum error error = make(archive, checkpoints, &proof);

    if (error == ERROR_NONE) {
        proof_write(&proof, &text);
        fwrite(text.data, 1, text.len, stdout);
    } else {
        fprintf(stderr, "perch-audit: record %" PRIu64 ": %s\n", csn,
                error_text(error));
    }
    buffer_deinit(&text);
    proof_deinit(&proof);
    return error == ERROR_NONE     ? AUDIT_EXIT_GOOD
           : error == ERROR_ROTTEN ? AUDIT_EXIT_BAD
                                   : AUDIT_EXIT_UNREADABLE;
}

int prove_run(const struct options *options)
{
    struct checkpoints checkpoints = {0};
    struct archive *archive = NULL;
    const char *why;
    char *end;
    uint64_t csn = strtoull(options->words[1], &end, 10);
    int exit_code = AUDIT_EXIT_USAGE;
    enum error error;

    if (*end != 0 || options->words[1][0] < '0' || options->words[1][0] > '9') {
        fprintf(stderr, "perch-audit: %s: a CSN is wanted\n",
                options->words[1]);
        return exit_code;
    }
    error = archive_open(options->words[0], &archive);
    if (error != ERROR_NONE) {
        return cannot_read(options->words[0], error_text(error));
    }
    exit_code = checkpoints_open(&checkpoints, archive, &why)
                    ? print_proof(archive, &checkpoints, csn)
                    : cannot_read("checkpoint", why);
    checkpoints_deinit(&checkpoints);
    archive_close(archive);
    return exit_code;
}

/* What a proof lacks; NULL: nothing. */
static const char *fault_of(const struct proof *proof,
                            const struct trust *trust,
                            struct findings *findings)
{
    struct checkpoint_text checkpoint;
    struct cosigned cosigned;
    struct buffer who = BUFFER_EMPTY;
    struct merkle_hash leaf;

    if (proof->record.len == 0) {
        return "the record is not in the proof: --record";
    }
    if (!notes_text(proof->checkpoint, &checkpoint)) {
        return "its checkpoint is none";
    }
    merkle_leaf(buffer_slice(&proof->record), &leaf);
    if (!merkle_check_leaf(&leaf, proof->index, checkpoint.size,
                           &checkpoint.root, proof->hashes, proof->n)) {
        return "the record is not in the tree of its checkpoint at that place";
    }
    if (!notes_signed(proof->checkpoint, trust)) {
        return "its checkpoint is not signed by a log of the policy";
    }
    notes_cosigned(proof->checkpoint, trust, "checkpoint", findings, &cosigned,
                   &who);
    buffer_deinit(&who);
    if (!cosigned.is_enough || findings_errors(findings) > 0) {
        return "its checkpoint is not cosigned as the policy wants";
    }
    return NULL;
}

static int check(struct proof *proof, const struct trust *trust,
                 const struct options *options)
{
    struct findings findings;
    const char *fault;

    findings_init(&findings, FINDINGS_KEPT);
    fault = fault_of(proof, trust, &findings);
    findings_deinit(&findings);
    if (fault != NULL) {
        printf("NOT PROVED: %s\n", fault);
        return AUDIT_EXIT_BAD;
    }
    if (!options->is_json) {
        printf("PROVED: record %" PRIu64 "\n", proof->index);
    }
    show_record(buffer_slice(&proof->record), SLICE_NONE, options->is_json);
    return AUDIT_EXIT_GOOD;
}

int check_proof_run(const struct options *options)
{
    struct trust *trust = malloc(sizeof(*trust));
    struct buffer text = BUFFER_EMPTY;
    struct proof proof = {0};
    char fault[POLICY_FAULT_BYTES];
    int exit_code = AUDIT_EXIT_UNREADABLE;
    enum error error;

    CHECK(trust != NULL);
    trust_init(trust);
    if (options->policy == NULL) {
        fputs("perch-audit: --policy says whose signatures count\n", stderr);
        exit_code = AUDIT_EXIT_USAGE;
        goto out;
    }
    if (!trust_take_policy(trust, options->policy, fault)) {
        exit_code = cannot_read(options->policy, fault);
        goto out;
    }
    error = names_read_file(options->words[0], PROOF_BYTES_MAX, &text);
    if (error == ERROR_NONE) {
        error = proof_read(buffer_slice(&text), &proof);
    }
    if (error != ERROR_NONE) {
        exit_code = cannot_read(options->words[0], error_text(error));
        goto out;
    }
    if (options->record != NULL) {
        error =
            names_read_file(options->record, RECORD_BYTES_MAX, &proof.record);
        if (error != ERROR_NONE) {
            exit_code = cannot_read(options->record, error_text(error));
            goto out;
        }
    }
    exit_code = check(&proof, trust, options);
out:
    proof_deinit(&proof);
    buffer_deinit(&text);
    trust_deinit(trust);
    free(trust);
    return exit_code;
}
