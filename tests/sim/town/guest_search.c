/* What guests find: texts as they are now, in rooms they may read. */
#include <inttypes.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "tests/sim/town/guest_inner.h"
#include "tests/sim/town/town.h"

#define SPACES " xmlns=\"urn:parlano:xml:ns:xccos\" xmlns:p=\"urn:perch:xccos\""

void guest_search(struct guest *guest)
{
    const struct witness *witness = guest->town->witness;
    struct buffer body = BUFFER_EMPTY;

    if (witness == NULL || guest->search.waits) {
        return;
    }
    guest->search.waits = true;
    guest->search.asked = witness_index(witness);
    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        guest->search.cleared[i] = witness_room(witness, i).cleared;
    }
    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"1\"" SPACES
                  "><cmd id=\"cmd:bcsearch\" "
                  "seqid=\"%d\"><data><bcq><matches>" GUEST_BETTER
                  "</matches></bcq></data></cmd></xccos>",
                  GUEST_SEARCH);
    guest_say(guest, 0, &body);
}

static bool has_word(struct slice text)
{
    return memmem(text.data, text.len, GUEST_BETTER, strlen(GUEST_BETTER)) !=
           NULL;
}

static void hear_found(struct guest *guest, unsigned room,
                       const struct xccos_message *message)
{
    struct guest_search *search = &guest->search;
    struct ledger *ledger = &guest->town->ledger;
    uint64_t id = message->message_id.value;

    ledger->sums.found++;
    guest_hear_text(guest, room, search->asked, message);
    witness_shown(guest->town->witness, guest->uri, room, id);
    if (id <= search->cleared[room] || !has_word(message->text)) {
        ledger_break(ledger, "found",
                     "guest %u finds %u/%" PRIu64
                     " \"%.*s\", cleared up to %" PRIu64,
                     guest->number, room, id, (int)message->text.len,
                     (const char *)message->text.data, search->cleared[room]);
    }
}

void guest_hear_search(struct guest *guest, const struct xccos_primitive *reply)
{
    const struct xccos_room *block = reply->data.rooms;
    unsigned room;

    if (!guest->search.waits || reply->command_seqid.value != GUEST_SEARCH) {
        return;
    }
    guest->search.waits = false;
    for (; block != NULL; block = block->next) {
        const struct xccos_message *message = block->messages;

        if (message == NULL || !guest_finds_room(block->uri, &room)) {
            continue;
        }
        witness_history(guest->town->witness, guest->uri, room,
                        guest->search.asked);
        for (; message != NULL; message = message->next) {
            hear_found(guest, room, message);
        }
    }
}
