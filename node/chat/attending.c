#include "node/chat/attending.h"

#include "node/chat/attention.h"
#include "node/chat/publication.h"
#include "node/chat/reading.h"
#include "node/chat/state.h"

void attending_publications(const struct machine *machine,
                            const struct user *user, each_publication *each,
                            void *context)
{
    const struct publication *item = NULL;

    while ((item = publication_next(user, item)) != NULL) {
        struct publication_view view = {
            .container = item->container,
            .instance = item->instance,
            .version = item->version,
            .expire_type = text_slice(item->expire_type),
            .xml = text_slice(item->xml),
            .room = table_at(&machine->rooms, item->room),
        };

        if (!each(context, &view)) {
            return;
        }
    }
}

uint32_t attending_version(const struct user *user, uint32_t container,
                           uint32_t instance)
{
    const struct publication *item =
        publication_find(user, container, instance);

    return item == NULL ? 0 : item->version;
}

void attending_rooms(const struct machine *machine, const struct user *user,
                     each_attended *each, void *context)
{
    const struct attention *attention = user->attention;
    uint32_t n = attention == NULL ? 0 : attention->n_marks;

    for (uint32_t i = 0; i < n; i++) {
        struct attended attended;

        attending_room(user,
                       table_at(&machine->rooms, attention->marks[i].room),
                       &attended);
        if (!each(context, &attended)) {
            return;
        }
    }
}

void attending_room(const struct user *user, const struct room *room,
                    struct attended *attended_out)
{
    uint32_t bits = number_map_get(&room->attendants, user->principal.number);

    *attended_out = (struct attended){
        .room = room,
        .follows = bits >= ATTENDS_FOLLOW,
    };
    attended_out->has_mark =
        reading_find(user, room->place.number, &attended_out->read_id);
}

bool attending_anyone(const struct room *room)
{
    return room->attendants.n > 0;
}

void attending_followers(const struct machine *machine, const struct room *room,
                         each_follower *each, void *context)
{
    for (uint32_t i = 0; i < room->attendants.n; i++) {
        const struct number_pair *pair = &room->attendants.pairs[i];

        if (pair->bits >= ATTENDS_FOLLOW &&
            !each(context, table_at(&machine->users, pair->number))) {
            return;
        }
    }
}

struct slice attending_feeds(const struct user *user, uint32_t *version_out)
{
    const struct attention *attention = user->attention;

    *version_out = attention == NULL ? 0 : attention->feeds_version;
    return attention == NULL ? SLICE_NONE : text_slice(attention->feeds);
}
