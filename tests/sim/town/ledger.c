#include "tests/sim/town/ledger.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { NUMBER_BYTES = 24 };

void ledger_end(struct ledger *ledger)
{
    for (size_t i = 0; i < LEDGER_ROOMS; i++) {
        free(ledger->rooms[i].posts);
    }
    free(ledger->posts);
    free(ledger->indexes);
}

void ledger_break(struct ledger *ledger, const char *kind, const char *format,
                  ...)
{
    va_list arguments;

    if (ledger->violation.kind[0] != '\0') {
        return;
    }
    snprintf(ledger->violation.kind, sizeof(ledger->violation.kind), "%s",
             kind);
    va_start(arguments, format);
    vsnprintf(ledger->violation.text, sizeof(ledger->violation.text), format,
              arguments);
    va_end(arguments);
}

/* An array of zeroed elements that reaches to an index. */
static void *reach(void *array, size_t *capacity, uint64_t index, size_t bytes)
{
    size_t wanted = (size_t)index * 2 + 1024;

    if (index < *capacity) {
        return array;
    }
    array = realloc(array, wanted * bytes);
    CHECK(array != NULL);
    memset((char *)array + *capacity * bytes, 0, (wanted - *capacity) * bytes);
    *capacity = wanted;
    return array;
}

uint64_t ledger_post(struct ledger *ledger, unsigned room, unsigned guest)
{
    uint64_t number = ++ledger->n_posts;

    ledger->posts = reach(ledger->posts, &ledger->posts_capacity, number,
                          sizeof(*ledger->posts));
    ledger->posts[number].room = room;
    ledger->posts[number].guest = guest;
    ledger->sums.posts++;
    return number;
}

void ledger_tried(struct ledger *ledger, uint64_t post)
{
    ledger->posts[post].tries++;
}

/* One try that was answered is at its place for good; any other may come late,
 * to a pool that does not know it again. */
void ledger_forget_retries(struct ledger *ledger)
{
    for (uint64_t i = 1; i <= ledger->n_posts; i++) {
        struct ledger_post *post = &ledger->posts[i];

        post->loose |=
            post->tries > 1 ||
            (post->tries == 1 && !post->acknowledged && !post->given_up);
    }
}

void ledger_acknowledged(struct ledger *ledger, uint64_t post)
{
    ledger->posts[post].acknowledged = true;
    ledger->sums.acknowledged++;
}

void ledger_given_up(struct ledger *ledger, uint64_t post, bool refused)
{
    struct ledger_post *entry = &ledger->posts[post];

    entry->given_up = true;
    entry->refused = refused;
    ledger->sums.refused += refused;
    ledger->sums.unknown += !refused;
    if (refused && entry->message_id != 0) {
        ledger_break(ledger, "refused", "post %" PRIu64 " was refused and seen",
                     post);
    }
}

/* A text is the post's number, and what a correction puts behind it. */
uint64_t ledger_number(const struct ledger *ledger, struct slice text)
{
    char digits[NUMBER_BYTES];
    uint64_t number;

    if (text.len == 0 || text.len >= sizeof(digits)) {
        return 0;
    }
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    number = strtoull(digits, NULL, 10);
    return number <= ledger->n_posts ? number : 0;
}

static void check_place(struct ledger *ledger, uint64_t post, unsigned room,
                        uint64_t message_id)
{
    struct ledger_post *entry = &ledger->posts[post];

    if (entry->message_id == 0) {
        entry->message_id = message_id;
    }
    if (entry->room != room ||
        (entry->message_id != message_id && !entry->loose)) {
        ledger_break(ledger, "twice",
                     "post %" PRIu64 " is %u/%" PRIu64 " and %u/%" PRIu64, post,
                     entry->room, entry->message_id, room, message_id);
    }
    if (entry->refused) {
        ledger_break(ledger, "refused", "post %" PRIu64 " was refused and seen",
                     post);
    }
}

static void note_message(struct ledger *ledger, unsigned room,
                         uint64_t message_id, uint64_t post)
{
    struct ledger_room *of = &ledger->rooms[room];

    of->posts = reach(of->posts, &of->capacity, message_id, sizeof(*of->posts));
    if (of->posts[message_id] == 0) {
        of->posts[message_id] = post;
    }
    if (of->posts[message_id] != post) {
        ledger_break(ledger, "diverged",
                     "message %u/%" PRIu64 " is post %" PRIu64 " and %" PRIu64,
                     room, message_id, of->posts[message_id], post);
    }
    if (message_id > of->told) {
        of->told = message_id;
    }
    check_place(ledger, post, room, message_id);
}

void ledger_message(struct ledger *ledger, unsigned room, uint64_t message_id,
                    struct slice text)
{
    uint64_t post = ledger_number(ledger, text);

    if (post == 0 || message_id == 0) {
        ledger_break(ledger, "nonsense", "message %u/%" PRIu64 " says \"%.*s\"",
                     room, message_id, (int)text.len, (const char *)text.data);
        return;
    }
    note_message(ledger, room, message_id, post);
}

void ledger_purged(struct ledger *ledger, unsigned room, uint64_t message_id,
                   uint64_t post)
{
    ledger->sums.purged++;
    note_message(ledger, room, message_id, post);
}

void ledger_unsure(struct ledger *ledger, unsigned room, uint64_t message_id)
{
    if (ledger->rooms[room].unsure < message_id) {
        ledger->rooms[room].unsure = message_id;
    }
}

static struct ledger_index *at_index(struct ledger *ledger, uint64_t index)
{
    ledger->indexes = reach(ledger->indexes, &ledger->indexes_capacity, index,
                            sizeof(*ledger->indexes));
    return &ledger->indexes[index];
}

static void check_equal(struct ledger *ledger, uint64_t *known, uint64_t value,
                        const char *what, unsigned node, uint64_t index)
{
    if (*known == 0) {
        *known = value;
        return;
    }
    ledger->sums.compared++;
    if (*known != value) {
        ledger_break(ledger, "diverged",
                     "node %u has another %s at %" PRIu64 ": %016" PRIx64
                     ", not %016" PRIx64,
                     node, what, index, value, *known);
    }
}

void ledger_digest(struct ledger *ledger, unsigned node, uint64_t index,
                   uint64_t digest)
{
    check_equal(ledger, &at_index(ledger, index)->digest, digest, "digest",
                node, index);
}

void ledger_state(struct ledger *ledger, unsigned node, uint64_t index,
                  uint64_t hash)
{
    check_equal(ledger, &at_index(ledger, index)->state, hash, "state", node,
                index);
}

void ledger_said(struct ledger *ledger, unsigned node, uint64_t index,
                 uint64_t hash)
{
    check_equal(ledger, &at_index(ledger, index)->said, hash, "past", node,
                index);
}

void ledger_close(struct ledger *ledger)
{
    for (uint64_t i = 1; i <= ledger->n_posts; i++) {
        const struct ledger_post *post = &ledger->posts[i];

        if (post->acknowledged && post->message_id == 0 &&
            ledger->rooms[post->room].unsure == 0) {
            ledger_break(ledger, "lost", "post %" PRIu64 " is nowhere", i);
        }
    }
    for (unsigned r = 0; r < LEDGER_ROOMS; r++) {
        const struct ledger_room *room = &ledger->rooms[r];

        for (uint64_t id = room->unsure + 1; id - 1 < room->told; id++) {
            if (room->posts[id] == 0) {
                ledger_break(ledger, "gap", "no message %u/%" PRIu64, r, id);
            }
        }
    }
}
