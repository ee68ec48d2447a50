#include "node/compliance/publishing.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/edition.h"
#include "node/compliance/scribe.h"
#include "node/compliance/shelf.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/worker.h"

enum { NAME_BYTES = 64 };

/* What a state is told apart by: what was written of it need not be again. */
struct mark {
    uint64_t index;
    size_t nodes, witnesses;
    uint64_t newest_s; /* The sum of the witnesses' times. */
    bool is_signed;
};

struct recent {
    struct edition edition;
    struct mark written;
};

struct publishing {
    struct compliance *compliance;
    struct worker *worker;
    struct job job;
    bool is_working;
    struct shelf *shelf; /* The worker's while it works. */
    uint64_t retry_us;   /* Not before then. */
    int64_t kept_span;   /* Of the last that is kept; -1: none is known. */
    uint64_t kept_size;
    bool told_unsigned;
    struct mark witnessed; /* Of the one in PUBLISHING_WITNESSED. */

    size_t n; /* Of recent; the newest last. */
    struct recent recent[PUBLISHING_RECENT];

    /* The job's. */
    struct edition edition;
    struct mark mark;
    bool is_newest, is_kept, is_witnessed;
    enum error error;
    int nodes; /* Whose words are in it; -1: it could not be. */
    uint64_t forged;
};

static uint64_t now_us(const struct publishing *publishing)
{
    return loop_now_us(publishing->compliance->settings.loop);
}

static struct mark mark_of(const struct edition *edition)
{
    struct mark mark = {.index = edition->index,
                        .nodes = edition->n_nodes,
                        .witnesses = edition->n_witnesses,
                        .is_signed = edition->is_signed};

    for (size_t i = 0; i < edition->n_witnesses; i++) {
        mark.newest_s += edition->witnesses[i].time_s;
    }
    return mark;
}

static bool is_same(const struct mark *a, const struct mark *b)
{
    return a->index == b->index && a->nodes == b->nodes &&
           a->witnesses == b->witnesses && a->newest_s == b->newest_s &&
           a->is_signed == b->is_signed;
}

/* --- On the worker's thread --- */

static struct publishing *of_job(struct job *job)
{
    return (struct publishing *)((char *)job -
                                 offsetof(struct publishing, job));
}

static void note_log_key(void *context, const char *name, uint64_t bytes)
{
    bool *is_any = context;

    (void)bytes;
    *is_any |= strncmp(name, "log-", 4) == 0;
}

static void key_path(char path[NAME_BYTES], const char *role,
                     const struct note_verifier *verifier)
{
    snprintf(path, NAME_BYTES, PUBLISHING_KEYS "/%s-%08" PRIx32, role,
             verifier->id);
}

/* Has the log another key than all that was published here is signed with?
 * Then the checkpoint at hand is of the key before. */
static bool is_log_rekeyed(struct shelf *shelf,
                           const struct note_verifier *verifier)
{
    char path[NAME_BYTES];
    bool is_any = false;
    uint64_t bytes;

    key_path(path, "log", verifier);
    return shelf_find(shelf, path, &bytes) == ERROR_NOT_FOUND &&
           shelf_list(shelf, PUBLISHING_KEYS, note_log_key, &is_any) ==
               ERROR_NONE &&
           is_any;
}

/* A signature in the state that its key does not know. */
static void on_forged(const struct edition *edition,
                      const struct note_verifier *whose)
{
    struct publishing *publishing =
        (struct publishing *)((char *)(uintptr_t)edition -
                              offsetof(struct publishing, edition));

    if (whose == &edition->log && is_log_rekeyed(publishing->shelf, whose)) {
        journal_notice("checkpoint_of_earlier_key",
                       "size=%" PRIu64 " key=%s id=%08" PRIx32, edition->size,
                       whose->name, whose->id);
        return;
    }
    publishing->forged += 1;
    journal_error("archive_signature_forged",
                  "size=%" PRIu64 " key=%s id=%08" PRIx32, edition->size,
                  whose->name, whose->id);
}

static enum error put_key(struct shelf *shelf, const char *role,
                          const struct note_verifier *verifier)
{
    struct buffer text = BUFFER_EMPTY;
    char path[NAME_BYTES];
    uint64_t bytes;
    enum error error;

    key_path(path, role, verifier);
    error = shelf_find(shelf, path, &bytes);
    if (error != ERROR_NOT_FOUND) {
        return error;
    }
    note_vkey_write(verifier, &text);
    buffer_append_text(&text, "\n");
    error = buffer_failed(&text) ? ERROR_NO_MEMORY
                                 : shelf_put(shelf, path, buffer_slice(&text));
    buffer_deinit(&text);
    return error;
}

static enum error put_keys(struct shelf *shelf, const struct edition *edition)
{
    char role[NAME_BYTES / 2];

    TRY(put_key(shelf, "log", &edition->log));
    for (size_t i = 0; i < edition->n_nodes; i++) {
        const struct note_verifier *verifier = &edition->nodes[i].verifier;

        snprintf(role, sizeof(role), "%.20s", strrchr(verifier->name, '/') + 1);
        TRY(put_key(shelf, role, verifier));
    }
    for (size_t i = 0; i < edition->n_witnesses; i++) {
        TRY(put_key(shelf, "witness", &edition->witnesses[i].verifier));
    }
    return ERROR_NONE;
}

static enum error put_note(struct publishing *publishing, struct slice note)
{
    const struct edition *edition = &publishing->edition;
    struct shelf *shelf = publishing->shelf;
    char path[NAME_BYTES];

    TRY(put_keys(shelf, edition));
    if (publishing->is_kept) {
        snprintf(path, sizeof(path), PUBLISHING_KEPT "/%020" PRIu64,
                 edition->size);
        TRY(shelf_put(shelf, path, note));
    }
    if (publishing->is_witnessed) {
        TRY(shelf_put(shelf, PUBLISHING_WITNESSED, note));
    }
    if (publishing->is_newest) {
        TRY(shelf_put(shelf, PUBLISHING_NEWEST, note));
    }
    return shelf_commit(shelf);
}

static void run(struct job *job)
{
    struct publishing *publishing = of_job(job);
    struct buffer note = BUFFER_EMPTY;

    publishing->error = ERROR_NONE;
    publishing->nodes = edition_write(&publishing->edition, &note, on_forged);
    if (publishing->nodes >= 0) {
        publishing->error = put_note(publishing, buffer_slice(&note));
        if (publishing->error != ERROR_NONE) {
            shelf_reset(publishing->shelf);
        }
    }
    buffer_deinit(&note);
}

/* --- On the state loop --- */

static void note_error(struct publishing *publishing)
{
    journal_warning("checkpoint_not_written",
                    "size=%" PRIu64 " error=%s retry_in_ms=%u",
                    publishing->edition.size, error_name(publishing->error),
                    PUBLISHING_RETRY_MS);
    publishing->retry_us =
        now_us(publishing) + PUBLISHING_RETRY_MS * UINT64_C(1000);
}

/* What the files now have. */
static void note_written(struct publishing *publishing)
{
    struct compliance_meters *meters = &publishing->compliance->meters;
    const struct edition *edition = &publishing->edition;

    if (publishing->is_kept) {
        publishing->kept_span = edition->begun_us / 1000000 / PUBLISHING_KEEP_S;
        publishing->kept_size = edition->size;
    }
    if (publishing->is_witnessed) {
        publishing->witnessed = publishing->mark;
    }
    if (publishing->is_newest) {
        meter_set(&meters->checkpoint_size, (int64_t)edition->size);
        meter_set(&meters->checkpoint_s, edition->begun_us / 1000000);
        meter_set(&meters->cosigners, publishing->nodes);
    }
}

static void on_written(struct job *job)
{
    struct publishing *publishing = of_job(job);

    publishing->is_working = false;
    meter_add(&publishing->compliance->meters.forged, publishing->forged);
    publishing->forged = 0;
    if (publishing->error != ERROR_NONE) {
        note_error(publishing);
        return;
    }
    for (size_t i = 0; i < publishing->n; i++) {
        if (publishing->recent[i].edition.index == publishing->edition.index) {
            publishing->recent[i].written = publishing->mark;
        }
    }
    if (publishing->nodes >= 0) {
        note_written(publishing);
    }
}

/* Take the published one in as the newest, or what was added to it. */
static void gather(struct publishing *publishing)
{
    const struct machine *machine = publishing->compliance->state.machine;
    /* Read only when there is one. */
    size_t last = publishing->n > 0 ? publishing->n - 1 : 0;
    struct recent *newest = &publishing->recent[last];
    struct archive_view archive;

    archive_view(machine, &archive);
    if (!archive.published.is) { /* Not yet, or not of a new origin. */
        publishing->n = 0;
        publishing->kept_span = -1;
        return;
    }
    if (publishing->n == 0 ||
        newest->edition.index != archive.published.index) {
        if (publishing->n == PUBLISHING_RECENT) {
            memmove(publishing->recent, publishing->recent + 1,
                    (PUBLISHING_RECENT - 1) * sizeof(publishing->recent[0]));
            publishing->n -= 1;
        }
        newest = &publishing->recent[publishing->n];
        memset(newest, 0, sizeof(*newest));
        publishing->n += 1;
    }
    if (!edition_gather(&newest->edition, machine)) {
        publishing->n -= 1;
        return;
    }
    for (size_t i = 0; i < publishing->n; i++) {
        edition_add_witnesses(&publishing->recent[i].edition, machine);
    }
}

/* Without the log's signature nobody outside believes a checkpoint. */
static void tell_unsigned(struct publishing *publishing, bool is_unsigned)
{
    if (is_unsigned && !publishing->told_unsigned) {
        journal_error("checkpoint_unsigned",
                      "reason=\"no node of those that cosigned has the log's "
                      "key: checkpoints are not published\"");
    }
    publishing->told_unsigned = is_unsigned;
    meter_set(&publishing->compliance->meters.checkpoint_unsigned, is_unsigned);
}

static bool is_to_be_kept(const struct publishing *publishing,
                          const struct edition *edition)
{
    int64_t span = edition->begun_us / 1000000 / PUBLISHING_KEEP_S;

    return span != publishing->kept_span ||
           edition->size == publishing->kept_size;
}

/* The one that most witnesses have cosigned, and of such the newest; in time
 * any is newer. */
static bool is_best_witnessed(const struct publishing *publishing,
                              const struct mark *mark)
{
    const struct mark *best = &publishing->witnessed;
    bool is_recent = false;

    for (size_t i = 0; i < publishing->n; i++) {
        is_recent |= publishing->recent[i].edition.index == best->index;
    }
    return mark->witnesses > 0 &&
           (!is_recent || mark->witnesses > best->witnesses ||
            (mark->witnesses == best->witnesses && mark->index >= best->index));
}

static void write_down(struct publishing *publishing, size_t place)
{
    const struct edition *edition = &publishing->recent[place].edition;

    publishing->edition = *edition;
    publishing->mark = mark_of(edition);
    publishing->is_newest = place + 1 == publishing->n;
    publishing->is_kept = is_to_be_kept(publishing, edition);
    publishing->is_witnessed = is_best_witnessed(publishing, &publishing->mark);
    publishing->is_working = true;
    publishing->job = (struct job){.run = run, .done = on_written};
    worker_submit(publishing->worker, &publishing->job);
}

/* The newest first; of the others those to which a witness has added. */
static void work(struct compliance *compliance)
{
    struct publishing *publishing = compliance->publishing;

    if (publishing->is_working || now_us(publishing) < publishing->retry_us) {
        return;
    }
    gather(publishing);
    for (size_t i = publishing->n; i-- > 0;) {
        const struct recent *recent = &publishing->recent[i];
        struct mark now = mark_of(&recent->edition);

        if (i + 1 == publishing->n) {
            tell_unsigned(publishing, !recent->edition.is_signed);
        }
        if (!is_same(&now, &recent->written) && recent->edition.is_signed &&
            recent->edition.size <= scribe_durable(compliance->scribe) &&
            (i + 1 == publishing->n || now.witnesses > 0)) {
            write_down(publishing, i);
            return;
        }
    }
}

static void restored(struct compliance *compliance)
{
    compliance->publishing->n = 0;
    work(compliance);
}

struct publishing *publishing_new(struct compliance *compliance)
{
    struct publishing *publishing = calloc(1, sizeof(*publishing));

    CHECK(publishing != NULL);
    publishing->compliance = compliance;
    publishing->kept_span = -1;
    publishing->shelf = shelf_new(compliance->directory);
    publishing->worker = worker_new(compliance->settings.loop, "publishing");
    CHECK(publishing->worker != NULL);
    return publishing;
}

void publishing_free(struct publishing *publishing)
{
    if (publishing != NULL) {
        worker_free(publishing->worker);
        shelf_free(publishing->shelf);
        free(publishing);
    }
}

const struct compliance_part publishing_part = {
    .name = "publishing",
    .start = work,
    .tick = work,
    .committed = work,
    .written = work,
    .restored = restored,
};
