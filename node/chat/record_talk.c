#include "node/chat/ledger.h"
#include "node/chat/record_fill.h"
#include "proto/base/check.h"

static enum record_kind kind_of_post(const Perch__Post *post)
{
    if (post->story) {
        return RECORD_STORY;
    }
    return post->alert ? RECORD_ALERT : RECORD_POST;
}

/* What a story is called is told by its text alone: what is purged must not
 * stay in a record. */
void record_posted(struct draft *draft, const struct event *event)
{
    draft_begin(draft, kind_of_post(draft->command->post));
    draft_place(draft, event->room);
    draft_user(draft, event->user);
    draft_session(draft, &event->session);
    draft_number(draft, RECORD_FIELD_MESSAGE_ID, event->message_id);
    ledger_add(draft);
}

static enum record_kind kind_of_revision(enum revision revision)
{
    switch (revision) {
    case REVISION_CORRECTED:
        return RECORD_CORRECT;
    case REVISION_WITHDRAWN:
        return RECORD_WITHDRAW;
    default:
        CHECK(revision == REVISION_REDACTED || revision == REVISION_REPLACED);
        return RECORD_REDACT;
    }
}

/* Whether a message has a record of this archive: what was said before it began
 * has none, or one of another. */
static bool has_record(const struct draft *draft, const struct said *said)
{
    return said->has_csn &&
           said->log_index >= draft->turn->machine->archive.begun_index;
}

static void add_revision(struct draft *draft, const struct event *event,
                         const struct said *said)
{
    const struct effects *effects = draft->turn->effects;

    CHECK(said != NULL);
    draft_begin(draft, kind_of_revision(effects->revised.kind));
    draft_place(draft, event->room);
    draft_user(draft, event->user);
    draft_number(draft, RECORD_FIELD_MESSAGE_ID, said->message_id);
    draft_text(draft, RECORD_FIELD_REASON, effects->revised.reason);
    draft_text(draft, RECORD_FIELD_AUTHOR, said->author_uri);
    if (has_record(draft, said)) {
        draft_number(draft, RECORD_FIELD_OF_CSN, said->csn);
    }
    ledger_add(draft);
}

/* One for each message. */
void record_revised(struct draft *draft, const struct event *event)
{
    const struct effects *effects = draft->turn->effects;

    for (size_t i = 0; i < effects->n_ids; i++) {
        add_revision(draft, event, facts_find(effects->facts, effects->ids[i]));
    }
}

void record_cleared(struct draft *draft, const struct event *event)
{
    const struct revised *revised = &draft->turn->effects->revised;

    draft_begin(draft, RECORD_CLEAR);
    draft_place(draft, event->room);
    draft_number(draft, RECORD_FIELD_UPTO_ID, event->message_id);
    draft_text(draft, RECORD_FIELD_REASON, revised->reason);
    if (revised->before_us != 0) {
        draft_number(draft, RECORD_FIELD_SENT_AT, (uint64_t)revised->before_us);
    }
    ledger_add(draft);
}

/* A tombstone that is being written: CSNs fill one record after the other. */
struct tomb {
    struct draft *draft;
    const struct event *event;
    size_t n;
    uint64_t csns[DRAFT_NUMBERS_MAX];
};

static void end_tomb(struct tomb *tomb)
{
    struct draft *draft = tomb->draft;

    draft_begin(draft, RECORD_PURGE);
    draft_place(draft, tomb->event->room);
    draft_number(draft, RECORD_FIELD_UPTO_ID, tomb->event->message_id);
    draft_number(draft, RECORD_FIELD_COUNT, tomb->event->position);
    if (tomb->n > 0) {
        draft_numbers(draft, RECORD_FIELD_WITHHOLDS, tomb->csns, tomb->n);
    }
    ledger_add(draft);
    tomb->n = 0;
}

static void bury(struct tomb *tomb, uint64_t csn)
{
    if (tomb->n == DRAFT_NUMBERS_MAX) {
        end_tomb(tomb);
    }
    tomb->csns[tomb->n++] = csn;
}

/* Whether this purge erases the last there is of what was imported together, of
 * which it is. */
static bool is_last_of_import(const struct draft *draft,
                              const struct said *said)
{
    const struct effects *effects = draft->turn->effects;
    size_t at = 0;

    for (size_t i = 0; i < effects->facts->n; i++) {
        const struct said *other = &effects->facts->said[i];

        if (!other->is_shared || !has_record(draft, other) ||
            other->command_csn != said->command_csn) {
            continue;
        }
        while (at < effects->n_ids && effects->ids[at] < other->message_id) {
            at += 1;
        }
        if (other->has_others || other->message_id > said->message_id ||
            at == effects->n_ids || effects->ids[at] != other->message_id) {
            return false; /* There is another, that stays or is yet to come. */
        }
    }
    return true;
}

/* What was imported together goes together: the record that has the command is
 * not withheld before the last of it is erased. */
static void bury_post(struct tomb *tomb, const struct said *said)
{
    if (!said->is_shared || said->csn != said->command_csn) {
        bury(tomb, said->csn);
    }
    if (said->is_shared && is_last_of_import(tomb->draft, said)) {
        bury(tomb, said->command_csn);
    }
}

static void bury_message(struct tomb *tomb, const struct said *said)
{
    CHECK(said != NULL);
    if (has_record(tomb->draft, said)) {
        bury_post(tomb, said);
    }
    for (size_t i = 0; i < said->n_revised; i++) {
        bury(tomb, said->revised[i]);
    }
}

/* Of every message that is erased, and of what it was made: the records that
 * carry what was said. */
void record_purged(struct draft *draft, const struct event *event)
{
    const struct effects *effects = draft->turn->effects;
    struct tomb tomb = {.draft = draft, .event = event};

    for (size_t i = 0; i < effects->n_ids; i++) {
        bury_message(&tomb, facts_find(effects->facts, effects->ids[i]));
    }
    end_tomb(&tomb);
}

/* One for each message; the command lies with the first. */
void record_imported(struct draft *draft, const struct event *event)
{
    const struct effects *effects = draft->turn->effects;
    struct message message;

    for (size_t i = 0; i < event->position; i++) {
        effects_imported(effects, i, &message);
        draft_begin(draft, RECORD_IMPORT);
        draft_place(draft, event->room);
        draft_text(draft, RECORD_FIELD_USER, message.author_uri);
        draft_text(draft, RECORD_FIELD_DISPLAY_NAME, message.display_name);
        draft_number(draft, RECORD_FIELD_MESSAGE_ID, message.message_id);
        draft_text(draft, RECORD_FIELD_NAME, message.importer);
        draft_number(draft, RECORD_FIELD_SENT_AT, (uint64_t)message.sent_at_us);
        ledger_add(draft);
    }
}
