/* Directories that keep users and groups: what their adapters tell, and the
 * word that lets a held run go through. */
#include "node/admin/answers.h"
#include "node/admin/show.h"
#include "node/chat/query.h"
#include "node/chat/text.h"

static void decide_status(struct answer *answer)
{
    const Perch__Admin__DirectoryStatus *asked = answer->asked;
    Perch__Admin__DirectoryStatusReply *body =
        answer_new(answer, &perch__admin__directory_status_reply__descriptor);
    struct owner_view view;

    body->directories =
        answer_alloc(answer, OWNERS_MAX * sizeof(*body->directories));
    for (size_t i = 0; query_owner(answer->machine, i, &view); i++) {
        if (text_contains_nocase(view.name, codec_slice(asked->match))) {
            body->directories[body->n_directories++] =
                show_directory(answer, &view);
        }
    }
    answer->body = &body->base;
}

static void put_directory(struct answer *answer, const struct owner_view *view)
{
    Perch__Admin__DirectoryShowReply *body =
        answer_new(answer, &perch__admin__directory_show_reply__descriptor);

    body->directory = show_directory(answer, view);
    answer->body = &body->base;
}

static void show_held(struct answer *answer)
{
    const Perch__Admin__DirectoryConfirm *asked = answer->asked;
    struct owner_view view;

    for (size_t i = 0; query_owner(answer->machine, i, &view); i++) {
        if (slice_equal(view.held, codec_slice(asked->run))) {
            put_directory(answer, &view);
        }
    }
}

static bool is_confirmed(const struct answer *answer, struct slice run)
{
    struct owner_view view;

    for (size_t i = 0; query_owner(answer->machine, i, &view); i++) {
        if (run.len > 0 && slice_equal(view.confirmed, run)) {
            return true;
        }
    }
    return false;
}

static void decide_confirm(struct answer *answer)
{
    const Perch__Admin__DirectoryConfirm *asked = answer->asked;
    struct slice run = codec_slice(asked->run);
    Perch__OwnerConfirm *confirm =
        answer_new(answer, &perch__owner_confirm__descriptor);

    answer_tells(answer, "confirmed", "run %.*s", SLICE_PRINT(run));
    if (is_confirmed(answer, run)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET_BYTES(confirm, run, run);
    answer_proposes(answer, PERCH__COMMAND__KIND_OWNER_CONFIRM)->owner_confirm =
        confirm;
}

static void show_reported(struct answer *answer)
{
    const Perch__Admin__DirectoryReport *asked = answer->asked;
    struct owner_view view;

    for (size_t i = 0; query_owner(answer->machine, i, &view); i++) {
        if (slice_equal(view.name, codec_slice(asked->directory))) {
            put_directory(answer, &view);
        }
    }
}

/* Never so already: each report begins the lease again. */
static void decide_report(struct answer *answer)
{
    const Perch__Admin__DirectoryReport *asked = answer->asked;
    Perch__OwnerReport *report =
        answer_new(answer, &perch__owner_report__descriptor);

    CODEC_SET_BYTES(report, owner, codec_slice(asked->directory));
    CODEC_SET_BYTES(report, holder, codec_slice(asked->holder));
    CODEC_SET(report, lease_s, asked->lease_s);
    report->has_phase = asked->has_phase;
    report->phase = asked->phase;
    CODEC_SET_BYTES(report, run, codec_slice(asked->run));
    CODEC_SET_BYTES(report, text, codec_slice(asked->text));
    CODEC_SET(report, users, asked->users);
    CODEC_SET(report, groups, asked->groups);
    CODEC_SET(report, changes, asked->changes);
    CODEC_SET(report, leaving, asked->leaving);
    answer_tells(answer, "taken in", "the report of directory %.*s",
                 SLICE_PRINT(codec_slice(asked->directory)));
    answer_proposes(answer, PERCH__COMMAND__KIND_OWNER_REPORT)->owner_report =
        report;
}

const struct answer_row directory_rows[] = {
    {ADMIN_DIRECTORY_STATUS, decide_status, NULL},
    {ADMIN_DIRECTORY_CONFIRM, decide_confirm, show_held},
    {ADMIN_DIRECTORY_REPORT, decide_report, show_reported},
    {.decide = NULL},
};
