#include "node/session/roster.h"

#include <string.h>

#include "node/chat/list.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "proto/xccos/reply.h"
#include "proto/xccos/text.h"

enum {
    SLOTS_FIRST = 64,
    USER_MARKUP_BYTES = 100,
    NUMBER_BYTES = 11, /* In the value of a presence, with its comma. */
};

void roster_init(struct roster *roster, const struct sessions *hub,
                 struct arena *arena)
{
    memset(roster, 0, sizeof(*roster));
    roster->hub = hub;
    roster->arena = arena;
    roster->tail = &roster->users;
}

/* Where a principal's number is, or would be. Numbers begin at 1. */
static uint32_t slot_of(const struct roster *roster, uint32_t number)
{
    uint32_t slot = number * 2654435761u & roster->mask;

    while (roster->numbers[slot] != 0 && roster->numbers[slot] != number) {
        slot = (slot + 1) & roster->mask;
    }
    return slot;
}

/* Make room for one more, at most half full. */
static bool grow(struct roster *roster)
{
    uint32_t size = roster->mask == 0 ? SLOTS_FIRST : 2 * (roster->mask + 1);
    struct roster old = *roster;

    if (roster->mask != 0 && 2 * (roster->n + 1) <= roster->mask + 1) {
        return true;
    }
    roster->slots = arena_alloc(roster->arena, size * sizeof(uint32_t));
    roster->numbers = arena_alloc(roster->arena, size * sizeof(uint32_t));
    if (roster->slots == NULL || roster->numbers == NULL) {
        return false;
    }
    roster->mask = size - 1;
    for (uint32_t i = 0; old.mask != 0 && i <= old.mask; i++) {
        if (old.numbers[i] != 0) {
            uint32_t slot = slot_of(roster, old.numbers[i]);

            roster->numbers[slot] = old.numbers[i];
            roster->slots[slot] = old.slots[i];
        }
    }
    return true;
}

/* The user's place in the list, added when new. */
static uint32_t place_of(struct roster *roster, const struct user *user)
{
    struct xccos_user *block;
    struct user_view view;
    uint32_t slot;

    view_user(user, &view);
    if (!grow(roster)) {
        roster->failed = true;
        return 0;
    }
    slot = slot_of(roster, view.number);
    if (roster->numbers[slot] == view.number) {
        return roster->slots[slot];
    }
    block = describe_user(roster->arena, user);
    if (block == NULL) {
        roster->failed = true;
        return 0;
    }
    block->id = XCCOS_NUMBER(roster->n);
    roster->bytes += USER_MARKUP_BYTES +
                     2 * xccos_text_escaped_bytes(block->uri, true) +
                     xccos_text_escaped_bytes(block->display_name, true);
    *roster->tail = block;
    roster->tail = &block->next;
    roster->numbers[slot] = view.number;
    roster->slots[slot] = roster->n;
    return roster->n++;
}

/* A room's participants while they are listed. */
struct listing {
    struct roster *roster;
    struct xccos_participant *list;
    uint32_t n, capacity;
};

static bool add_present(void *context, const struct present *present)
{
    struct listing *listing = context;

    if (listing->n < listing->capacity) {
        listing->roster->bytes += NUMBER_BYTES;
        listing->list[listing->n++] =
            (struct xccos_participant){place_of(listing->roster, present->user),
                                       describe_role(present->roles)};
    }
    return !listing->roster->failed && listing->n < listing->capacity;
}

void roster_add(struct roster *roster, struct xccos_room *block,
                const struct room *room, const struct user *joiner)
{
    struct listing listing = {.roster = roster};
    struct room_view view;
    bool large;

    view_room(room, &view);
    large = describe_is_large(roster->hub, view.users_present) ||
            roster->bytes > ROSTER_BYTES_MAX;
    listing.capacity = large ? 1 : view.users_present;
    listing.list = arena_alloc(roster->arena,
                               (listing.capacity + 1) * sizeof(*listing.list));
    if (listing.list == NULL) {
        roster->failed = true;
        return;
    }
    if (large) {
        add_present(&listing,
                    &(struct present){joiner, view_roles(room, joiner), 1});
    } else {
        list_participants(room, add_present, &listing);
    }
    if (xccos_roster_make(roster->arena, &roster->hub->settings.masks,
                          listing.list, listing.n,
                          &block->presences) != XCCOS_ERROR_NONE) {
        roster->failed = true;
    }
}
