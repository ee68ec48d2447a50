#include "node/chat/ledger.h"
#include "node/chat/presence.h"
#include "node/chat/record_fill.h"
#include "node/chat/session.h"

/* A user's endpoints stand side by side: the first is the first in, and the
 * last the last out. */
static bool is_edge(const struct participant *participant,
                    const struct participant *beside)
{
    return beside == NULL ||
           beside->session->user_number != participant->session->user_number;
}

static void add(struct draft *draft, enum record_kind kind,
                const struct participant *participant, bool edge)
{
    struct session_id id = session_id(participant->session);

    draft_begin(draft, kind);
    draft_place(draft, participant->room->place.number);
    draft_user(draft, participant->session->user_number);
    draft_session(draft, &id);
    draft_text(draft, RECORD_FIELD_REASON,
               kind == RECORD_JOIN ? SLICE_LITERAL("present already")
                                   : SLICE_LITERAL("archive switched off"));
    draft_number(draft, RECORD_FIELD_EDGE, edge);
    ledger_add(draft);
}

static void add_room(struct draft *draft, enum record_kind kind,
                     const struct room *room)
{
    const struct participant *before = NULL;
    const struct participant *at = presence_next(room, NULL);

    while (at != NULL) {
        const struct participant *next = presence_next(room, at);

        add(draft, kind, at, is_edge(at, kind == RECORD_JOIN ? before : next));
        before = at;
        at = next;
    }
}

static void add_rooms(struct draft *draft, enum record_kind kind)
{
    const struct table *rooms = &draft->turn->machine->rooms;

    for (uint32_t number = 1; number <= rooms->capacity; number++) {
        const struct room *room = table_at(rooms, number);

        if (room != NULL) {
            add_room(draft, kind, room);
        }
    }
}

void record_present_in(struct draft *draft)
{
    add_rooms(draft, RECORD_JOIN);
}

void record_present_out(struct draft *draft)
{
    add_rooms(draft, RECORD_PART);
}
