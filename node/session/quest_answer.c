/* What a quest answers, written on the worker. */
#include "node/session/past.h"
#include "node/session/quest_parts.h"
#include "proto/base/check.h"
#include "proto/xccos/names.h"

enum { ROOM_BYTES_MAX = 2048 }; /* A block with a URI, and that of a message. */

/* The lookup's weigh: with the block of its room, if it had one of its own. */
size_t quest_weigh(struct lookup *lookup, const struct lookup_found *found)
{
    const struct xccos_message *composed =
        past_compose(lookup->arena, SLICE_NONE, &found->item);

    return composed == NULL
               ? SIZE_MAX / 2
               : xccos_message_bytes_max(composed) + ROOM_BYTES_MAX;
}

static struct xccos_room *add_block(struct quest *quest,
                                    struct xccos_room ***tail, size_t at)
{
    struct xccos_room *block = arena_alloc(quest->lookup.arena, sizeof(*block));
    struct xccos_name name = {.domain = quest->domain,
                              .guid = quest->lookup.rooms[at].guid};

    if (block == NULL) {
        return NULL;
    }
    block->uri = xccos_room_uri(quest->lookup.arena, &name);
    block->name = quest->lookup.rooms[at].name;
    **tail = block;
    *tail = &block->next;
    return block->uri.len == 0 ? NULL : block;
}

/* Rooms in the order of the first message that each has; messages in order. */
static enum error group(struct quest *quest, struct xccos_room **first_out)
{
    struct lookup *lookup = &quest->lookup;
    size_t bytes = (lookup->n_rooms + 1) * sizeof(void *);
    struct xccos_room **blocks = arena_alloc(lookup->arena, bytes);
    struct xccos_message ***ends = arena_alloc(lookup->arena, bytes);
    struct xccos_room **tail = first_out, *last = NULL;

    if (blocks == NULL || ends == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (struct lookup_found *found = lookup->found; found != NULL;
         found = found->next) {
        size_t at = lookup_room_at(lookup, found->room);

        CHECK(at < lookup->n_rooms);
        if (blocks[at] == NULL) {
            blocks[at] = last = add_block(quest, &tail, at);
            if (last == NULL) {
                return ERROR_NO_MEMORY;
            }
            ends[at] = &last->messages;
        }
        *ends[at] = past_compose(lookup->arena, blocks[at]->uri, &found->item);
        if (*ends[at] == NULL) {
            return ERROR_NO_MEMORY;
        }
        ends[at] = &(*ends[at])->next;
    }
    if (lookup->cut && last == NULL && lookup->n_rooms > 0) {
        last = add_block(quest, &tail, 0); /* To say so. */
    }
    if (lookup->cut && last != NULL) {
        last->over_limit = XCCOS_FLAG_TRUE;
    }
    return ERROR_NONE;
}

/* The lookup's finish. */
void quest_compose(struct lookup *lookup)
{
    struct quest *quest = quest_of(lookup);
    struct buffer bytes = BUFFER_EMPTY;

    quest->reply.data.rooms = NULL;
    if (group(quest, &quest->reply.data.rooms) == ERROR_NONE &&
        xccos_write_primitive(&bytes, quest->envid, &quest->reply) ==
            XCCOS_ERROR_NONE) {
        quest->body = body_new(buffer_slice(&bytes));
    }
    buffer_deinit(&bytes);
}
