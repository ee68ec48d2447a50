#include <inttypes.h>

#include "node/chat/ledger.h"
#include "node/chat/record_fill.h"
#include "node/chat/record_lines.h"
#include "proto/base/check.h"

static const char *mode_name(uint32_t mode)
{
    switch (mode) {
    case PERCH__ARCHIVE_MODE__ARCHIVE_OFF:
        return "off";
    case PERCH__ARCHIVE_MODE__ARCHIVE_ON:
        return "on";
    default:
        return "required";
    }
}

/* An origin that comes after another says what that one had, and has lost:
 * COUNT is how many origins there were, DIGEST the root of the records that are
 * left, FIRST_CSN to LAST_CSN are those that the witness of BEFORE has seen
 * beyond them. */
static void put_loss(struct draft *draft)
{
    const struct archive *archive = &draft->turn->machine->archive;
    const struct past *past = &archive->past;
    struct buffer lines = BUFFER_EMPTY;

    buffer_printf(&lines, "origin=%.*s\nrecords=%" PRIu64 "\n",
                  SLICE_PRINT(text_slice(past->origin)), past->records);
    if (past->seen > 0) {
        buffer_printf(&lines,
                      "witness=%.*s\nwitnessed=%" PRIu64 "\nforked=%d\n",
                      SLICE_PRINT(text_slice(archive->ended.witness)),
                      past->seen, archive->ended.forked);
    }
    CHECK(!buffer_failed(&lines));
    draft_lines(draft, RECORD_FIELD_BEFORE, buffer_slice(&lines));
    buffer_deinit(&lines);
    draft_text(draft, RECORD_FIELD_NAME,
               codec_slice(draft->command->administrator));
    draft_bytes(draft, RECORD_FIELD_DIGEST,
                slice_of(past->root.bytes, sizeof(past->root.bytes)));
    if (past->seen > past->records) {
        draft_number(draft, RECORD_FIELD_FIRST_CSN, past->records);
        draft_number(draft, RECORD_FIELD_LAST_CSN, past->seen - 1);
    }
}

void record_archive_begun(struct draft *draft, const struct event *event)
{
    const struct archive *archive = &draft->turn->machine->archive;
    const Perch__Command *command = draft->command;

    draft_begin(draft, RECORD_ORIGIN);
    draft_number(draft, RECORD_FIELD_COUNT, event->position);
    if (command->kind_case == PERCH__COMMAND__KIND_ARCHIVE_REOPEN) {
        draft_foreign(draft, RECORD_FIELD_REASON,
                      command->archive_reopen->reason);
        put_loss(draft);
    }
    draft_text(draft, RECORD_FIELD_ORIGIN, text_slice(archive->origin));
    ledger_add(draft);
    if (command->kind_case == PERCH__COMMAND__KIND_ARCHIVE_REOPEN) {
        record_present_in(draft);
    }
}

static void put_mode(struct draft *draft, enum record_field field,
                     uint32_t mode)
{
    struct buffer line = BUFFER_EMPTY;

    buffer_printf(&line, "mode=%s\n", mode_name(mode));
    CHECK(!buffer_failed(&line));
    draft_lines(draft, field, buffer_slice(&line));
    buffer_deinit(&line);
}

/* Joins and parts balance: those who are there come with the archive, and leave
 * with it. */
void record_compliance(struct draft *draft, const struct event *event)
{
    if (event->position == PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        record_present_out(draft);
    }
    draft_begin(draft, RECORD_COMPLIANCE);
    put_mode(draft, RECORD_FIELD_BEFORE, event->roles_before);
    put_mode(draft, RECORD_FIELD_AFTER, event->position);
    draft_text(draft, RECORD_FIELD_ORIGIN,
               text_slice(draft->turn->machine->archive.origin));
    draft_text(draft, RECORD_FIELD_MODE,
               slice_of_text(mode_name(event->position)));
    ledger_add(draft);
    if (event->roles_before == PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        record_present_in(draft);
    }
}

/* NUMBER is the node, 0 the log; DIGEST the public key itself. */
void record_key(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_KEY);
    draft_text(draft, RECORD_FIELD_NAME,
               event->session.node == 0 ? SLICE_LITERAL("log")
                                        : SLICE_LITERAL("node"));
    draft_number(draft, RECORD_FIELD_NUMBER, event->session.node);
    if (event->is_in) {
        draft_bytes(draft, RECORD_FIELD_DIGEST,
                    codec_slice(draft->command->archive_key_put->public_key));
    }
    draft_text(draft, RECORD_FIELD_MODE,
               event->is_in ? SLICE_LITERAL("believed")
                            : SLICE_LITERAL("taken away"));
    ledger_add(draft);
}

static ProtobufCBinaryData name_of(const Perch__Command *command)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_WITNESS_PUT:
        return command->witness_put->name;
    case PERCH__COMMAND__KIND_WITNESS_REMOVE:
        return command->witness_remove->name;
    case PERCH__COMMAND__KIND_ADAPTER_PUT:
        return command->adapter_put->name;
    case PERCH__COMMAND__KIND_ADAPTER_REMOVE:
        return command->adapter_remove->name;
    case PERCH__COMMAND__KIND_CUT:
        return command->cut->adapter;
    default:
        CHECK(command->kind_case == PERCH__COMMAND__KIND_CUT_DONE);
        return command->cut_done->adapter;
    }
}

static void add_sink(struct draft *draft, const struct event *event,
                     enum record_kind kind)
{
    draft_begin(draft, kind);
    record_lines_put(draft);
    draft_foreign(draft, RECORD_FIELD_NAME, name_of(draft->command));
    draft_number(draft, RECORD_FIELD_NUMBER, event->position);
    draft_text(draft, RECORD_FIELD_MODE,
               event->is_in ? SLICE_LITERAL("put") : SLICE_LITERAL("removed"));
    ledger_add(draft);
}

void record_witness(struct draft *draft, const struct event *event)
{
    add_sink(draft, event, RECORD_WITNESS);
}

void record_adapter(struct draft *draft, const struct event *event)
{
    add_sink(draft, event, RECORD_ADAPTER);
}

/* Of the cut that ends with a CSN, which is the newest or still has its
 * place. */
static uint64_t first_of(const struct adapter *adapter, uint64_t last_csn)
{
    for (size_t i = 0; i < adapter->n_cuts; i++) {
        if (adapter->cuts[i].last_csn == last_csn) {
            return adapter->cuts[i].first_csn;
        }
    }
    return adapter->from_csn;
}

void record_cut(struct draft *draft, const struct event *event)
{
    const struct adapter *adapter =
        draft->turn->machine->adapters[event->position];

    draft_begin(draft, RECORD_CUT);
    draft_text(draft, RECORD_FIELD_NAME, text_slice(adapter->name));
    draft_number(draft, RECORD_FIELD_NUMBER, event->position);
    draft_number(draft, RECORD_FIELD_FIRST_CSN,
                 first_of(adapter, event->message_id));
    draft_number(draft, RECORD_FIELD_LAST_CSN, event->message_id);
    ledger_add(draft);
}

/* DIGEST is that of the sink's sheet. */
void record_delivered(struct draft *draft, const struct event *event)
{
    draft_begin(draft, RECORD_DELIVERED);
    draft_foreign(draft, RECORD_FIELD_NAME, name_of(draft->command));
    draft_number(draft, RECORD_FIELD_NUMBER, event->position);
    draft_bytes(draft, RECORD_FIELD_DIGEST,
                codec_slice(draft->command->cut_done->sheet));
    draft_number(draft, RECORD_FIELD_LAST_CSN, event->message_id);
    ledger_add(draft);
}

/* A witness, NAME, had seen NUMBER records, COUNT more than there were. Which
 * is told by the REFILL that follows: this record is of the command that
 * brought them, and names itself in WITHHOLDS since the archive has what that
 * carried. */
void record_rollback(struct draft *draft, const struct event *event)
{
    const struct halt *ended = &draft->turn->machine->archive.ended;

    (void)event;
    draft_begin(draft, RECORD_ROLLBACK);
    draft_number(draft, RECORD_FIELD_COUNT, ended->size - ended->records);
    draft_text(draft, RECORD_FIELD_NAME, text_slice(ended->witness));
    draft_number(draft, RECORD_FIELD_NUMBER, ended->size);
    ledger_add(draft);
}

/* FIRST_CSN to LAST_CSN were missing and came back; NAME is who brought the
 * last of them. From SENT_AT to this record none were made: who is in a room by
 * then is told anew. As long as any is missing there is none of this: it would
 * take its place. */
void record_refilled(struct draft *draft, const struct event *event)
{
    const struct halt *ended = &draft->turn->machine->archive.ended;

    (void)event;
    draft_begin(draft, RECORD_REFILL);
    draft_foreign(draft, RECORD_FIELD_NAME, draft->command->administrator);
    draft_number(draft, RECORD_FIELD_FIRST_CSN, ended->records);
    draft_number(draft, RECORD_FIELD_LAST_CSN, ended->size - 1);
    draft_number(draft, RECORD_FIELD_SENT_AT, (uint64_t)ended->at_us);
    ledger_add(draft);
    record_present_in(draft);
}
