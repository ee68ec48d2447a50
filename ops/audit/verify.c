#include "ops/audit/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/audit/canaries.h"
#include "ops/audit/exports.h"
#include "ops/audit/names.h"
#include "ops/audit/presence.h"
#include "ops/audit/report.h"
#include "ops/audit/rooms.h"
#include "ops/audit/walk.h"
#include "ops/audit/withheld.h"
#include "proto/base/check.h"
#include "proto/base/time_text.h"

enum {
    US_PER_S = 1000000,
    FUTURE_S = 300,
    WITNESSED_BEHIND_S_MAX = 300, /* Before the newest checkpoint. */
};

/* The checks that look at records. */
struct looking {
    struct verification *verification;
    struct rooms *rooms;
    struct presence *presence;
    struct canaries canaries;
    struct withheld withheld;
    struct exports *exports;
};

static void take_record(void *context, uint64_t place,
                        const struct record *record, struct slice bytes)
{
    struct looking *looking = context;
    struct verification *verification = looking->verification;

    (void)bytes;
    order_take(&verification->order, place, record);
    rooms_take(looking->rooms, record);
    presence_take(looking->presence, record);
    canaries_take(&looking->canaries, record);
    withheld_take(&looking->withheld, record);
    exports_take(looking->exports, record);
}

static bool unreadable(const char *path, const char *why)
{
    fprintf(stderr, "perch-audit: %s: %s\n", path, why);
    return false;
}

/* Add checkpoints from files of an option. */
static bool add_files(struct verification *verification,
                      enum checkpoint_source source, enum audit_check check,
                      const struct option_files *files, const char *option)
{
    char none[80];

    if (files->n == 0) {
        snprintf(none, sizeof(none), "none were given: %s", option);
        findings_not_made(&verification->findings, check, none);
    }
    for (size_t i = 0; i < files->n; i++) {
        enum error error = checkpoints_add_file(
            &verification->checkpoints, source, files->paths[i],
            &verification->trust, &verification->findings);

        if (error != ERROR_NONE) {
            return unreadable(files->paths[i], error_text(error));
        }
    }
    return true;
}

static bool open_all(const struct options *options,
                     struct verification *verification)
{
    char fault[POLICY_FAULT_BYTES], path[NAMES_PATH_BYTES];
    const char *why;
    enum error error =
        archive_open(verification->directory, &verification->archive);

    if (error != ERROR_NONE) {
        return unreadable(verification->directory, error_text(error));
    }
    if (!checkpoints_open(&verification->checkpoints, verification->archive,
                          &why)) {
        snprintf(path, sizeof(path), "%.4000s/checkpoint",
                 verification->directory);
        return unreadable(path, why);
    }
    if (options->policy != NULL &&
        !trust_take_policy(&verification->trust, options->policy, fault)) {
        return unreadable(options->policy, fault);
    }
    trust_take_archive(&verification->trust, verification->archive);
    checkpoints_add_history(&verification->checkpoints, verification->archive,
                            &verification->findings);
    return add_files(verification, CHECKPOINT_PIN, AUDIT_PINS, &options->pins,
                     "--pins") &&
           add_files(verification, CHECKPOINT_WITNESS, AUDIT_WITNESSES,
                     &options->witness_states, "--witness-state");
}

static bool open_exports(const struct options *options, struct looking *looking)
{
    for (size_t i = 0; i < options->exports.n; i++) {
        enum error error =
            exports_add_folder(looking->exports, options->exports.paths[i],
                               &looking->verification->checkpoints);

        if (error != ERROR_NONE) {
            return unreadable(options->exports.paths[i], error_text(error));
        }
    }
    exports_begin(looking->exports);
    return true;
}

/* An earlier checkpoint, read again: by whom it is signed. */
static void check_earlier(struct verification *verification,
                          const struct held_checkpoint *held,
                          struct buffer *bytes)
{
    struct cosigned cosigned;
    struct buffer who = BUFFER_EMPTY;

    if (archive_read(verification->archive, held->name, NOTE_BYTES_MAX,
                     bytes) != ERROR_NONE ||
        !notes_signed(buffer_slice(bytes), &verification->trust)) {
        findings_error(&verification->findings, AUDIT_SIGNATURES,
                       "%s is not signed by the log", held->name);
        return;
    }
    notes_cosigned(buffer_slice(bytes), &verification->trust, held->name,
                   &verification->findings, &cosigned, &who);
    if (strcmp(held->name, ARCHIVE_WITNESSED) == 0) {
        verification->witnessed = cosigned;
        verification->witnessed_size = held->size;
    }
    buffer_deinit(&who);
}

static void check_signatures(struct verification *verification)
{
    struct checkpoints *checkpoints = &verification->checkpoints;
    struct findings *findings = &verification->findings;
    struct buffer bytes = BUFFER_EMPTY;
    uint64_t n = 1;

    if (!notes_signed(buffer_slice(&checkpoints->head), &verification->trust)) {
        findings_error(findings, AUDIT_SIGNATURES,
                       "checkpoint is not signed by the log%s",
                       verification->trust.n_logs == 0
                           ? ": no key of it is known (--policy, keys/)"
                           : "");
    }
    for (size_t i = 0; i < checkpoints->n; i++) {
        if (checkpoints->list[i].source == CHECKPOINT_HISTORY) {
            check_earlier(verification, &checkpoints->list[i], &bytes);
            n++;
        }
    }
    findings_made(findings, AUDIT_SIGNATURES, n, "%" PRIu64 " checkpoints", n);
    buffer_deinit(&bytes);
}

/* The newest checkpoint is published before witnesses have answered. Then the
 * one that they have cosigned counts, when it is of the same minutes. */
static void check_quorum(struct verification *verification)
{
    const struct cosigned *head = &verification->cosigned;
    const struct cosigned *witnessed = &verification->witnessed;
    struct findings *findings = &verification->findings;

    if (head->is_enough) {
        return;
    }
    if (verification->witnessed_size == 0 || !witnessed->is_enough ||
        head->newest_s > witnessed->newest_s + WITNESSED_BEHIND_S_MAX) {
        findings_error(findings, AUDIT_COSIGNATURES,
                       "the checkpoint is not cosigned by as many as the "
                       "policy wants");
        return;
    }
    findings_notice(findings, AUDIT_COSIGNATURES,
                    "as many as the policy wants have cosigned the first "
                    "%" PRIu64 " records (" ARCHIVE_WITNESSED
                    "), not yet the %" PRIu64 " after them",
                    verification->witnessed_size,
                    verification->checkpoints.size -
                        verification->witnessed_size);
    verification->cosigned.newest_s = witnessed->newest_s;
}

static void check_cosignatures(struct verification *verification)
{
    struct findings *findings = &verification->findings;

    notes_cosigned(buffer_slice(&verification->checkpoints.head),
                   &verification->trust, "checkpoint", findings,
                   &verification->cosigned, &verification->who);
    check_quorum(verification);
    if (verification->trust.has_policy || verification->cosigned.good > 0) {
        findings_made(findings, AUDIT_COSIGNATURES, verification->cosigned.good,
                      "%zu", verification->cosigned.good);
    } else {
        findings_not_made(findings, AUDIT_COSIGNATURES,
                          "there are none by known keys, and no policy");
    }
}

static void check_freshness(const struct options *options,
                            struct verification *verification)
{
    struct findings *findings = &verification->findings;
    int64_t newest_s = (int64_t)verification->cosigned.newest_s;
    char text[TIME_TEXT_BYTES + 1];

    if (newest_s > options->now_s + FUTURE_S) {
        findings_error(findings, AUDIT_FRESHNESS,
                       "the checkpoint is cosigned in the future");
    }
    if (options->max_age_s == 0) {
        findings_not_made(findings, AUDIT_FRESHNESS,
                          "no age was given: --max-age");
        return;
    }
    if (newest_s == 0) {
        findings_error(findings, AUDIT_FRESHNESS,
                       "no cosignature tells of when the checkpoint is");
    } else if (options->now_s - newest_s > (int64_t)options->max_age_s) {
        findings_error(findings, AUDIT_FRESHNESS,
                       "the newest cosignature is %" PRId64
                       " s old: what came later may have been cut off",
                       options->now_s - newest_s);
    }
    time_write(newest_s * US_PER_S, text);
    findings_made(findings, AUDIT_FRESHNESS, 1, "%s",
                  newest_s == 0 ? "unknown" : text);
}

static void look(const struct options *options, struct looking *looking)
{
    struct verification *verification = looking->verification;

    progress_begin(&verification->progress, "records",
                   verification->checkpoints.size, options->is_quiet);
    checkpoints_sort(&verification->checkpoints);
    walk(verification->archive, &verification->checkpoints,
         &verification->findings, &verification->progress, take_record,
         looking);
    progress_end(&verification->progress);
    order_end(&verification->order);
    rooms_end(looking->rooms);
    presence_end(looking->presence);
    canaries_end(&looking->canaries);
    withheld_end(&looking->withheld);
    exports_end(looking->exports, verification->checkpoints.size);
    check_signatures(verification);
    check_cosignatures(verification);
    check_freshness(options, verification);
    verification->seconds = progress_s(&verification->progress);
}

int verify_archive(const struct options *options, const char *directory,
                   struct verification *verification)
{
    struct findings *findings = &verification->findings;
    struct looking looking = {.verification = verification};
    int exit_code = AUDIT_EXIT_UNREADABLE;

    *verification = (struct verification){.directory = directory};
    trust_init(&verification->trust);
    findings_init(findings, options->wants_all ? SIZE_MAX : FINDINGS_KEPT);
    order_init(&verification->order, findings);
    if (!open_all(options, verification)) {
        return exit_code;
    }
    looking.rooms = rooms_new(findings);
    looking.presence = presence_new(findings);
    canaries_init(&looking.canaries, options->canary_s, findings);
    withheld_init(&looking.withheld, verification->archive, findings);
    looking.exports = exports_new(findings);
    if (open_exports(options, &looking)) {
        look(options, &looking);
        exit_code =
            findings_errors(findings) == 0 ? AUDIT_EXIT_GOOD : AUDIT_EXIT_BAD;
    }
    rooms_free(looking.rooms);
    presence_free(looking.presence);
    withheld_deinit(&looking.withheld);
    exports_free(looking.exports);
    return exit_code;
}

void verification_deinit(struct verification *verification)
{
    archive_close(verification->archive);
    trust_deinit(&verification->trust);
    checkpoints_deinit(&verification->checkpoints);
    findings_deinit(&verification->findings);
    buffer_deinit(&verification->who);
}

int verify_run(const struct options *options)
{
    struct verification *verification = calloc(1, sizeof(*verification));
    int exit_code;

    CHECK(verification != NULL);
    exit_code = verify_archive(options, options->words[0], verification);
    if (exit_code != AUDIT_EXIT_UNREADABLE) {
        if (options->is_json) {
            report_json(verification);
        } else {
            report_page(verification);
        }
    }
    verification_deinit(verification);
    free(verification);
    return exit_code;
}
