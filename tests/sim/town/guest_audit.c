/* What a guest is given, held against the archive. */
#include "tests/sim/town/auditor.h"
#include "tests/sim/town/guest_inner.h"
#include "tests/sim/town/town.h"

static void audit_message(const struct guest *guest,
                          const struct xccos_message *message)
{
    unsigned room;

    /* A line about a message is none of the room's; a name alone says nothing.
     */
    if (!message->about.set && message->text.len > 0 &&
        guest_finds_room(message->room_uri, &room)) {
        auditor_delivered(guest->town->auditor, room, message);
    }
}

/* He is on record with what he was shown, as far as he asked for it when there
 * was an archive. */
static void audit_reply(const struct guest *guest,
                        const struct xccos_primitive *reply)
{
    unsigned room;

    if (!guest->is_recorded || reply->code.value != 200) {
        return;
    }
    if (reply->verb == XCCOS_VERB_BCSEARCH) {
        auditor_found(guest->town->auditor, guest->number / 2);
    } else if (reply->verb == XCCOS_VERB_BCCONTEXT &&
               reply->data.rooms != NULL &&
               guest_finds_room(reply->data.rooms->uri, &room)) {
        auditor_shown(guest->town->auditor, guest->number / 2, room);
    }
}

void guest_audit(const struct guest *guest,
                 const struct xccos_primitive *primitive)
{
    const struct xccos_room *room = primitive->data.rooms;

    if (guest->town->auditor == NULL) {
        return;
    }
    if (primitive->kind == XCCOS_KIND_MESSAGE) {
        audit_message(guest, &primitive->message);
        return;
    }
    if (primitive->kind == XCCOS_KIND_REPLY) {
        audit_reply(guest, primitive);
    }
    for (; room != NULL; room = room->next) {
        for (const struct xccos_message *message = room->messages;
             message != NULL; message = message->next) {
            audit_message(guest, message);
        }
    }
}
