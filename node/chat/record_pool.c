#include "node/chat/ledger.h"
#include "node/chat/record_fill.h"
#include "node/chat/record_lines.h"
#include "proto/base/check.h"

void record_pool_changed(struct draft *draft, const struct event *event)
{
    (void)event;
    draft_begin(draft, RECORD_CONFIGURATION);
    record_lines_put(draft);
    ledger_add(draft);
}

static enum record_kind kind_of_node(uint8_t event)
{
    switch (event) {
    case EVENT_NODE_STARTED:
        return RECORD_NODE_STARTED;
    case EVENT_NODE_LOST:
        return RECORD_NODE_LOST;
    default:
        return RECORD_NODE_ADMITTED;
    }
}

/* The node and its epoch: a session of serial 0. */
void record_node(struct draft *draft, const struct event *event)
{
    draft_begin(draft, kind_of_node(event->kind));
    draft_session(draft, &event->session);
    ledger_add(draft);
}

void record_rules(struct draft *draft, const struct event *event)
{
    (void)event;
    draft_begin(draft, RECORD_RULES);
    draft_number(draft, RECORD_FIELD_NUMBER,
                 draft->turn->machine->rules_version);
    ledger_add(draft);
}

/* What an adapter says over and over while a run goes on is no record. */
void record_directory(struct draft *draft)
{
    const struct owner *owner;

    if (!record_lines_changed(&draft->turn->machine->ledger)) {
        return;
    }
    CHECK(draft->applied.value >= 1 && draft->applied.value <= OWNERS_MAX);
    owner = &draft->turn->machine->owners[draft->applied.value - 1];
    draft_begin(draft, RECORD_DIRECTORY);
    record_lines_put(draft);
    draft_text(draft, RECORD_FIELD_NAME, text_slice(owner->name));
    ledger_add(draft);
}
