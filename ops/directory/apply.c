#include <string.h>

#include "ops/directory/run_parts.h"
#include "ops/perchctl/wire.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

static bool was_refused(const struct run *run, const char *uri)
{
    for (size_t i = 0; i < run->n_refused; i++) {
        if (strcmp(run->refused_uris[i], uri) == 0) {
            return true;
        }
    }
    return false;
}

/* Who could not be created cannot be put anywhere. */
static void leave_out_refused(const struct run *run, struct change *change)
{
    size_t kept = 0;

    for (size_t i = 0; run->n_refused > 0 && i < change->n_add; i++) {
        if (!was_refused(run, change->add[i])) {
            change->add[kept++] = change->add[i];
        }
    }
    change->n_add = run->n_refused > 0 ? kept : change->n_add;
}

static void note_refused(struct run *run, const struct change *change,
                         const struct pool_told *told)
{
    if (run->n_refused < RUN_REFUSALS_TOLD) {
        run->refused_uris[run->n_refused++] = change->uri;
        journal_warning("change_refused",
                        "subject=\"%s\" outcome=%s why=\"%s\"", change->uri,
                        told->outcome, told->why);
    }
    run->refused++;
    run_finish(run, RUN_FAILED, "%zu changes were refused; %.80s: %.120s",
               run->refused, change->uri, told->why);
}

static struct pool_told renew(struct run *run)
{
    struct pool_told fine = {.result = PERCH__ADMIN__RESULT__DONE};

    return wire_now_ms() - run->renewed_ms < RUN_LEASE_S * 1000 / 3
               ? fine
               : run_report_once(run, RUN_LEASE_S,
                                 PERCH__OWNER_REPORT__PHASE__APPLYING);
}

/* Apply until the end, or until something must be seen anew. */
static struct pool_told apply(struct run *run)
{
    struct pool_told told = {.result = PERCH__ADMIN__RESULT__DONE};

    for (size_t i = 0; i < run->difference.n; i++) {
        struct change *change = &run->difference.changes[i];

        told = renew(run);
        if (told.result != PERCH__ADMIN__RESULT__DONE) {
            return told;
        }
        leave_out_refused(run, change);
        if (was_refused(run, change->uri)) {
            continue;
        }
        told = pool_change(&run->pool, change);
        if (pool_is_passing(&told)) {
            return told;
        }
        if (told.result == PERCH__ADMIN__RESULT__DONE) {
            run->applied++;
        } else {
            note_refused(run, change, &told);
        }
    }
    told.result = PERCH__ADMIN__RESULT__DONE;
    return told;
}

/* A fact of the run that was let through, and of none that came since. */
static bool is_still_part(const struct run *run, char *const *facts, size_t n)
{
    size_t j = 0;

    for (size_t i = 0; i < run->difference.n_leaving; i++) {
        while (j < n && strcmp(facts[j], run->difference.leaving[i]) < 0) {
            j++;
        }
        if (j == n || strcmp(facts[j], run->difference.leaving[i]) != 0) {
            return false;
        }
    }
    return true;
}

static char **copy_facts(struct run *run, size_t *n_out)
{
    size_t n = run->difference.n_leaving;
    char **facts = arena_alloc(run->wanted.arena, (n + 1) * sizeof(*facts));

    CHECK(facts != NULL);
    for (size_t i = 0; i < n; i++) {
        facts[i] = roster_text(&run->wanted, run->difference.leaving[i]);
    }
    *n_out = n;
    return facts;
}

static enum run_end start_applying(struct run *run)
{
    struct pool_told told =
        run_report(run, RUN_LEASE_S, PERCH__OWNER_REPORT__PHASE__APPLYING);

    return told.result == PERCH__ADMIN__RESULT__DONE
               ? RUN_DONE
               : run_finish(run, run_end_of(&told), "pool: %s", told.why);
}

/* When a node or leader is lost in the middle, what was asked last may have
 * been done or not: the pool is read again and the rest goes on. */
static enum run_end apply_to_the_end(struct run *run)
{
    uint64_t end_ms = wire_now_ms() + run->settings->patience_ms;
    size_t n, applied = 0;
    char **facts = copy_facts(run, &n);
    enum run_end end;
    struct pool_told told;

    for (;;) {
        told = apply(run);
        if (told.result == PERCH__ADMIN__RESULT__DONE) {
            return run->refused > 0 ? RUN_FAILED : RUN_DONE;
        }
        if (run->applied > applied) {
            end_ms = wire_now_ms() + run->settings->patience_ms;
            applied = run->applied;
        }
        if (!pool_is_passing(&told) || wire_now_ms() >= end_ms) {
            return run_finish(run, run_end_of(&told), "pool: %s", told.why);
        }
        journal_notice("run_interrupted", "run=%s applied=%zu why=\"%s\"",
                       run->name, run->applied, told.why);
        run_pause();
        end = run_compare(run);
        if (end != RUN_DONE) {
            return end;
        }
        if (!is_still_part(run, facts, n)) {
            return run_finish(
                run, RUN_FAILED,
                "the pool was changed by others meanwhile: the next "
                "run goes on");
        }
    }
}

enum run_end run_apply(struct run *run)
{
    enum run_end end = start_applying(run);

    return end == RUN_DONE ? apply_to_the_end(run) : end;
}
