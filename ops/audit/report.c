#include "ops/audit/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/base64.h"
#include "proto/base/check.h"
#include "proto/base/time_text.h"
#include "proto/command_json.h"

enum { US_PER_S = 1000000, ROOT_TEXT_BYTES = 45 };

static void root_text(const struct verification *verification,
                      char text[ROOT_TEXT_BYTES])
{
    struct buffer made = BUFFER_EMPTY;

    base64_write(&made, slice_of(verification->checkpoints.root.bytes,
                                 MERKLE_HASH_BYTES));
    CHECK(made.len == ROOT_TEXT_BYTES - 1);
    memcpy(text, made.data, made.len);
    text[made.len] = 0;
    buffer_deinit(&made);
}

static void print_verdict(const struct verification *verification)
{
    uint64_t errors = findings_errors(&verification->findings);
    uint64_t notices = findings_notices(&verification->findings);

    if (errors == 0) {
        fputs("COMPLETE", stdout);
    } else {
        printf("NOT COMPLETE: %" PRIu64 " error%s", errors,
               errors == 1 ? "" : "s");
    }
    if (notices > 0) {
        printf(", %" PRIu64 " notice%s", notices, notices == 1 ? "" : "s");
    }
    fputs("\n\n", stdout);
}

static void print_head(const struct verification *verification)
{
    char root[ROOT_TEXT_BYTES], from[TIME_TEXT_BYTES + 1],
        to[TIME_TEXT_BYTES + 1];

    root_text(verification, root);
    printf("  archive   %s\n  log       %s\n  records   %" PRIu64,
           verification->directory, verification->checkpoints.origin,
           verification->checkpoints.size);
    if (verification->order.has_last) {
        time_write(verification->order.first_us, from);
        time_write(verification->order.last_us, to);
        printf(", from %s to %s", from, to);
    }
    printf("\n  root      %s\n", root);
    if (verification->who.len > 0) {
        printf("  cosigned  by %.*s\n",
               SLICE_PRINT(buffer_slice(&verification->who)));
    }
    if (verification->cosigned.newest_s > 0) {
        time_write((int64_t)verification->cosigned.newest_s * US_PER_S, to);
        printf("  as of     %s\n", to);
    }
    printf("  believed  %s\n\n",
           verification->trust.has_policy
               ? "the keys of the policy file"
               : "the keys that the archive brings along: without --policy "
                 "this shows\n            only that it agrees with itself");
}

static void print_check(const struct check_state *check, enum audit_check which)
{
    printf("  %-8s  %-13s %s\n",
           check->errors > 0 ? "FAILED"
           : check->is_made  ? "ok"
                             : "not made",
           audit_check_name(which), audit_check_says(which));
    if (check->said != NULL) {
        printf("            %-13s %s\n", "", check->said);
    }
    for (size_t i = 0; i < check->n_kept; i++) {
        printf("            %s %s\n",
               check->kept[i].is_error ? "error: " : "notice:",
               check->kept[i].text);
    }
    if (check->errors + check->notices > check->n_kept) {
        printf("            and %" PRIu64 " more (--all)\n",
               check->errors + check->notices - check->n_kept);
    }
}

void report_page(const struct verification *verification)
{
    const struct findings *findings = &verification->findings;
    double seconds = verification->seconds;

    print_verdict(verification);
    print_head(verification);
    for (size_t i = 0; i < AUDIT_CHECKS; i++) {
        print_check(&findings->checks[i], (enum audit_check)i);
    }
    printf("\n  %.1f s, %.0f records a second\n", seconds,
           (double)verification->checkpoints.size /
               (seconds > 0.001 ? seconds : 0.001));
}

static json_t *json_of_check(const struct check_state *check,
                             enum audit_check which)
{
    json_t *found = json_array();

    for (size_t i = 0; i < check->n_kept; i++) {
        json_array_append_new(
            found,
            json_pack("{s:b, s:o}", "error", check->kept[i].is_error, "text",
                      command_json_text(slice_of_text(check->kept[i].text))));
    }
    return json_pack("{s:s, s:b, s:I, s:o, s:I, s:I, s:o}", "name",
                     audit_check_name(which), "made", check->is_made,
                     "looked_at", (json_int_t)check->looked_at, "said",
                     command_json_text(slice_of_text(check->said)), "errors",
                     (json_int_t)check->errors, "notices",
                     (json_int_t)check->notices, "findings", found);
}

static json_t *json_of_checks(const struct findings *findings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < AUDIT_CHECKS; i++) {
        json_array_append_new(
            list, json_of_check(&findings->checks[i], (enum audit_check)i));
    }
    return list;
}

void report_json(const struct verification *verification)
{
    const struct findings *findings = &verification->findings;
    uint64_t errors = findings_errors(findings);
    char root[ROOT_TEXT_BYTES], *text;
    json_t *object;

    root_text(verification, root);
    object = json_pack(
        "{s:s, s:I, s:I, s:o, s:o, s:I, s:s, s:I, s:I, s:o, s:I, s:b, s:f, "
        "s:o}",
        "verdict", errors == 0 ? "complete" : "not complete", "errors",
        (json_int_t)errors, "notices", (json_int_t)findings_notices(findings),
        "archive", command_json_text(slice_of_text(verification->directory)),
        "origin",
        command_json_text(slice_of_text(verification->checkpoints.origin)),
        "records", (json_int_t)verification->checkpoints.size, "root", root,
        "first_us", (json_int_t)verification->order.first_us, "last_us",
        (json_int_t)verification->order.last_us, "cosigned_by",
        command_json_text(buffer_slice(&verification->who)),
        "newest_cosignature_s", (json_int_t)verification->cosigned.newest_s,
        "has_policy", verification->trust.has_policy, "seconds",
        verification->seconds, "checks", json_of_checks(findings));
    text = object == NULL ? NULL : json_dumps(object, JSON_INDENT(1));
    CHECK(text != NULL);
    puts(text);
    free(text);
    json_decref(object);
}
