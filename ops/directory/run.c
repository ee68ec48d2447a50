#include <string.h>
#include <time.h>

#include "node/chat/limits.h"
#include "node/chat/text.h"
#include "ops/directory/read.h"
#include "ops/directory/run_parts.h"
#include "ops/perchctl/wire.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

_Static_assert((int)SETTINGS_NAME_BYTES_MAX == (int)OWNER_BYTES_MAX,
               "a name that is fine here is one for the pool");

/* What a server says may be anything; what is told to the pool is one line of
 * text. */
static void clean_text(char *text)
{
    uint64_t characters;

    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = ' ';
        }
    }
    if (text_check(slice_of_text(text), &characters) == TEXT_FINE) {
        return;
    }
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80) {
            *at = '?';
        }
    }
}

enum run_end run_finish(struct run *run, enum run_end end, const char *format,
                        ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(run->text, sizeof(run->text), format, arguments);
    va_end(arguments);
    clean_text(run->text);
    run->end = end;
    return end;
}

void run_pause(void)
{
    const struct timespec pause = {0, RUN_PAUSE_MS * 1000000l};

    nanosleep(&pause, NULL);
}

enum run_end run_end_of(const struct pool_told *told)
{
    if (strcmp(told->outcome, "OWNER_BUSY") == 0) {
        return RUN_BUSY;
    }
    switch (told->result) {
    case PERCH__ADMIN__RESULT__UNREACHABLE:
    case PERCH__ADMIN__RESULT__UNKNOWN:
        return RUN_UNREACHABLE;
    case PERCH__ADMIN__RESULT__NO_LEADER:
        return RUN_NO_LEADER;
    default:
        return RUN_FAILED;
    }
}

struct pool_told run_report_once(struct run *run, uint32_t lease_s,
                                 Perch__OwnerReport__Phase phase)
{
    struct pool_report report = {
        .holder = run->settings->holder,
        .lease_s = lease_s,
        .phase = phase,
        .run = run->name,
        .text = run->text,
        .users = run->wanted.n_users,
        .groups = run->wanted.n_groups,
        .changes = run->difference.n,
        .leaving = run->difference.n_leaving,
    };
    struct pool_told told;

    told = pool_report(&run->pool, &report);
    if (told.result == PERCH__ADMIN__RESULT__DONE) {
        run->confirmed = report.confirmed_out;
        snprintf(run->held_run, sizeof(run->held_run), "%.16s",
                 report.held_out);
        run->renewed_ms = wire_now_ms();
    }
    return told;
}

/* Ask until there is an answer, as long as the pool may take. */
struct pool_told run_report(struct run *run, uint32_t lease_s,
                            Perch__OwnerReport__Phase phase)
{
    uint64_t end_ms = wire_now_ms() + run->settings->patience_ms;
    struct pool_told told = run_report_once(run, lease_s, phase);

    while (pool_is_passing(&told) && wire_now_ms() < end_ms) {
        run_pause();
        told = run_report_once(run, lease_s, phase);
    }
    return told;
}

static enum run_end begin(struct run *run)
{
    struct pool_told told;

    if (run->dry_run) {
        return RUN_DONE;
    }
    told = run_report(run, RUN_LEASE_S, PERCH__OWNER_REPORT__PHASE__READING);
    if (strcmp(told.outcome, "COMMAND_UNKNOWN") == 0) {
        return run_finish(
            run, RUN_FAILED,
            "the pool's rules do not know directories yet: perchctl "
            "pool rules 3");
    }
    return told.result == PERCH__ADMIN__RESULT__DONE
               ? RUN_DONE
               : run_finish(run, run_end_of(&told), "%s", told.why);
}

static bool is_kind(const struct roster_group *group, const char *kind)
{
    return strncmp(group->uri, kind, strlen(kind)) == 0;
}

/* Groups of a kind that hold somebody in the pool, and none in the directory.
 */
static bool has_lost_all(const struct run *run, const char *kind)
{
    bool had = false;

    for (size_t i = 0; i < run->wanted.n_groups; i++) {
        if (is_kind(&run->wanted.groups[i], kind)) {
            return false;
        }
    }
    for (size_t i = 0; i < run->held.n_groups; i++) {
        const struct roster_group *group = &run->held.groups[i];

        had = had || (is_kind(group, kind) && group->n > 0 &&
                      strcmp(group->owner, run->pool.directory) == 0);
    }
    return had;
}

static bool has_lost_users(const struct run *run)
{
    for (size_t i = 0; i < run->held.n_users; i++) {
        if (strcmp(run->held.users[i].owner, run->pool.directory) == 0) {
            return run->wanted.n_users == 0;
        }
    }
    return false;
}

/* Nobody there, where somebody was, is a mistake and no cleaning up. A kind
 * that is not followed any more goes like anything else. */
static enum run_end check_not_empty(struct run *run)
{
    const struct directory_settings *settings = run->settings;
    const char *what = NULL;

    if (has_lost_users(run)) {
        what = "user";
    } else if (settings->groups && has_lost_all(run, "group:")) {
        what = "group";
    } else if (settings->units && has_lost_all(run, "unit:")) {
        what = "unit";
    } else if (settings->site != NULL && has_lost_all(run, "site:")) {
        what = "site";
    }
    return what == NULL ? RUN_DONE
                        : run_finish(run, RUN_FAILED,
                                     "the directory shows no %s at all: base, "
                                     "filter or rights to read are wrong",
                                     what);
}

static enum run_end read_wanted(struct run *run)
{
    char why[SERVER_WHY_BYTES] = "";
    enum error error = read_directory(run->settings, &run->wanted, why);

    switch (error) {
    case ERROR_NONE:
        return RUN_DONE;
    case ERROR_CLOSED:
    case ERROR_TIMED_OUT:
        return run_finish(run, RUN_UNREACHABLE, "directory: %s", why);
    default:
        return run_finish(run, RUN_FAILED, "directory: %s", why);
    }
}

static enum run_end compare(struct run *run)
{
    struct pool_told told;
    enum run_end end;

    roster_deinit(&run->held);
    difference_deinit(&run->difference);
    roster_init(&run->held);
    told = pool_read(&run->pool, &run->held);
    if (told.result != PERCH__ADMIN__RESULT__DONE) {
        return run_finish(run, run_end_of(&told), "pool: %s", told.why);
    }
    end = check_not_empty(run);
    if (end == RUN_DONE) {
        difference_init(&run->difference, run->pool.directory, &run->wanted,
                        &run->held);
    }
    return end;
}

/* The same again while the node or the pool is not there. */
enum run_end run_compare(struct run *run)
{
    uint64_t end_ms = wire_now_ms() + run->settings->patience_ms;
    enum run_end end = compare(run);

    while ((end == RUN_UNREACHABLE || end == RUN_NO_LEADER) &&
           wire_now_ms() < end_ms) {
        run_pause();
        end = compare(run);
    }
    return end;
}

/* What was confirmed is this run, or one that this is the rest of. */
static bool may_pass(struct run *run)
{
    return run->confirmed && run->held_run[0] != '\0' &&
           (strcmp(run->held_run, run->name) == 0 ||
            guard_is_part(run->file, run->held_run, &run->difference));
}

static enum run_end judge(struct run *run)
{
    const struct guard guard = settings_guard(run->settings);
    char why[GUARD_WHY_BYTES];

    run->too_much = guard_judge(&guard, &run->difference, why);
    guard_name(&run->difference, run->name);
    if (run->too_much == 0 || may_pass(run)) {
        return RUN_DONE;
    }
    run_finish(run, RUN_HELD, "%s", why);
    if (!run->dry_run &&
        guard_keep(run->file, &run->difference) != ERROR_NONE) {
        return run_finish(run, RUN_FAILED, "%.150s cannot be written; %.80s",
                          run->file, why);
    }
    return RUN_HELD;
}

static enum run_end work(struct run *run)
{
    enum run_end end = begin(run);

    if (end == RUN_DONE) {
        end = read_wanted(run);
    }
    if (end == RUN_DONE) {
        end = run_compare(run);
    }
    if (end == RUN_DONE) {
        end = judge(run);
    }
    if (end == RUN_DONE && !run->dry_run) {
        end = run_apply(run);
    }
    run->end = end;
    return end;
}

static Perch__OwnerReport__Phase phase_of(enum run_end end)
{
    switch (end) {
    case RUN_DONE:
        return PERCH__OWNER_REPORT__PHASE__DONE;
    case RUN_HELD:
        return PERCH__OWNER_REPORT__PHASE__HELD;
    default:
        return PERCH__OWNER_REPORT__PHASE__FAILED;
    }
}

/* Who has not got the lease has nothing to say of the directory. */
static void tell(struct run *run)
{
    if (!run->dry_run && run->end != RUN_BUSY) {
        struct pool_told told = run_report_once(run, 0, phase_of(run->end));

        if (told.result != PERCH__ADMIN__RESULT__DONE) {
            journal_warning("report_failed", "why=\"%s\"", told.why);
        }
    }
}

/* An operator sees from the level whether to look. */
static void write_journal(const struct run *run)
{
    if (run->end == RUN_HELD) {
        journal_error("run_held",
                      "directory=%s run=%s leaving=%zu why=\"%s\" "
                      "advice=\"perchctl directory confirm %s\"",
                      run->pool.directory, run->name, run->difference.n_leaving,
                      run->text, run->name);
    } else if (run->end == RUN_DONE) {
        journal_info("run_done",
                     "directory=%s users=%zu groups=%zu applied=%zu "
                     "foreign=%zu problems=%zu",
                     run->pool.directory, run->wanted.n_users,
                     run->wanted.n_groups, run->applied,
                     run->difference.foreign, run->wanted.n_problems);
    } else {
        journal_error("run_failed", "directory=%s applied=%zu why=\"%s\"",
                      run->pool.directory, run->applied, run->text);
    }
}

enum run_end run_once(const struct directory_settings *settings, bool dry_run,
                      struct run *run)
{
    memset(run, 0, sizeof(*run));
    run->settings = settings;
    run->dry_run = dry_run;
    run->pool = (struct pool){settings->socket, settings->name,
                              ADMIN_WAIT_MS_DEFAULT / 1000};
    snprintf(run->file, sizeof(run->file), "%.3900s/%s.held",
             settings->state_dir, settings->name);
    roster_init(&run->wanted);
    work(run);
    tell(run);
    write_journal(run);
    return run->end;
}

void run_deinit(struct run *run)
{
    roster_deinit(&run->wanted);
    roster_deinit(&run->held);
    difference_deinit(&run->difference);
}
