/* How far rooms are, in the state and in the catalog, and what entries do to
 * that. */
#include <stdlib.h>

#include "node/chat/list.h"
#include "node/chat/view.h"
#include "node/session/cataloging_parts.h"
#include "proto/base/check.h"

enum { PLACES_FIRST = 64 };

struct catalog_place *cataloging_place(struct cataloging *cataloging,
                                       uint32_t room)
{
    uint32_t n = cataloging->n_places;

    if (room >= n) {
        n = n == 0 ? PLACES_FIRST : n;
        while (n <= room) {
            n *= 2;
        }
        cataloging->places =
            realloc(cataloging->places, n * sizeof(*cataloging->places));
        CHECK(cataloging->places != NULL);
        memset(cataloging->places + cataloging->n_places, 0,
               (n - cataloging->n_places) * sizeof(*cataloging->places));
        cataloging->n_places = n;
    }
    return &cataloging->places[room];
}

void cataloging_put_behind(struct cataloging *cataloging, uint32_t room)
{
    size_t capacity = cataloging->behind_capacity;

    if (cataloging->n_behind == capacity) {
        capacity = capacity == 0 ? PLACES_FIRST : 2 * capacity;
        cataloging->behind =
            realloc(cataloging->behind, capacity * sizeof(*cataloging->behind));
        CHECK(cataloging->behind != NULL);
        cataloging->behind_capacity = capacity;
    }
    cataloging->behind[cataloging->n_behind++] = room;
}

void cataloging_tell_behind(struct cataloging *cataloging)
{
    meter_set(&cataloging->meters.behind, (int64_t)cataloging->messages_behind);
}

/* A room has messages up to this one. */
void cataloging_raise(struct cataloging *cataloging, uint32_t room,
                      uint64_t message_id)
{
    struct catalog_place *place = cataloging_place(cataloging, room);
    uint64_t known = place->said > place->marked ? place->said : place->marked;

    if (message_id > place->said) {
        cataloging->messages_said += message_id - place->said;
        place->said = message_id;
    }
    if (message_id <= known) {
        return;
    }
    cataloging->messages_behind += message_id - known;
    if (!place->is_behind) {
        place->is_behind = true;
        cataloging_put_behind(cataloging, room);
    }
    cataloging_tell_behind(cataloging);
}

static bool raise_from_state(void *context, const struct room *room)
{
    struct room_view view;

    view_room(room, &view);
    if (view.message_id_last > 0) {
        cataloging_raise(context, view.place.number, view.message_id_last);
    }
    return true;
}

static bool add_if_purged(void *context, const struct room *room)
{
    struct room_view view;

    view_room(room, &view);
    if (view.purged_upto > 0) {
        feed_add(context, view.place.number, 1, view.purged_upto);
    }
    return true;
}

void cataloging_add_purged(const struct cataloging *cataloging,
                           struct feed *feed)
{
    list_rooms(cataloging->machine, add_if_purged, feed);
}

/* Compare every room with the catalog. */
void cataloging_compare(struct cataloging *cataloging)
{
    for (uint32_t i = 0; i < cataloging->n_places; i++) {
        cataloging->places[i].said = 0;
        cataloging->places[i].is_behind = false;
    }
    cataloging->n_behind = 0;
    cataloging->messages_behind = 0;
    cataloging->messages_said = 0;
    list_rooms(cataloging->machine, raise_from_state, cataloging);
    cataloging_tell_behind(cataloging);
}

/* Messages that have other words now, or are gone. */
static void note_revised(struct cataloging *cataloging,
                         const struct effects *effects)
{
    uint32_t room = effects->revised.kind != REVISION_NONE
                        ? effects->revised.room
                        : effects->purged_room;

    for (size_t i = 0; room != 0 && i < effects->n_ids; i++) {
        const struct said *said =
            effects->facts == NULL
                ? NULL
                : facts_find(effects->facts, effects->ids[i]);

        if (said != NULL) { /* Else it is no message but a clearing. */
            cataloging_revised(cataloging,
                               &(struct catalog_hit){said->sent_at_us, room,
                                                     said->message_id});
        }
    }
}

/* Messages that come back with records of the archive, and those that are made
 * something by it: their time is needed of none that has a row. A clearing is
 * of no message. */
static void note_brought(struct cataloging *cataloging,
                         const struct brought_rows *brought)
{
    for (size_t i = 0; i < brought->n; i++) {
        const struct brought_row *row = &brought->rows[i];

        if (!row->is_revision) {
            cataloging_said(cataloging, row->room, row->message_id);
        } else if (row->message_id != 0) {
            cataloging_revised(cataloging, &(struct catalog_hit){
                                               .room = row->room,
                                               .message_id = row->message_id});
        }
    }
}

void cataloging_entry(struct cataloging *cataloging,
                      const struct effects *effects)
{
    const struct imported *imported = &effects->imported;

    if (effects->has_message) {
        cataloging_said(cataloging, effects->message.room,
                        effects->message.message_id);
    }
    if (imported->import != NULL) {
        cataloging_said(cataloging, imported->room,
                        imported->import->first_id +
                            imported->import->n_messages - 1);
    }
    note_brought(cataloging, &effects->brought);
    note_revised(cataloging, effects);
}
