#include "ops/client/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

void timeline_init(struct timeline *timeline, uint32_t first_n)
{
    memset(timeline, 0, sizeof(*timeline));
    timeline->first_n = first_n;
    TAILQ_INIT(&timeline->held);
}

static struct said *take_first(struct timeline *timeline)
{
    struct said *said = TAILQ_FIRST(&timeline->held);

    TAILQ_REMOVE(&timeline->held, said, link);
    timeline->held_n--;
    timeline->held_bytes -= said->bytes;
    return said;
}

void timeline_deinit(struct timeline *timeline)
{
    while (!TAILQ_EMPTY(&timeline->held)) {
        free(take_first(timeline));
    }
}

static uint64_t first_held(const struct timeline *timeline)
{
    const struct said *first = TAILQ_FIRST(&timeline->held);

    return first == NULL ? 0 : first->message.message_id.value;
}

/* What is at or below told need not be held any more. */
static void drop_told(struct timeline *timeline)
{
    while (timeline->held_n > 0 && first_held(timeline) <= timeline->told) {
        free(take_first(timeline));
    }
}

static void base_on(struct timeline *timeline, uint64_t told)
{
    timeline->is_based = true;
    timeline->told = told;
    drop_told(timeline);
}

/* Without history the first live copy is where the room begins. */
static void base_on_held(struct timeline *timeline)
{
    if (!timeline->is_based && timeline->held_n > 0) {
        base_on(timeline, first_held(timeline) - 1);
    }
}

void timeline_join(struct timeline *timeline, bool has_history)
{
    timeline->is_asking = false;
    timeline->is_blind = !has_history;
    timeline->must_look = has_history;
}

void timeline_leave(struct timeline *timeline)
{
    timeline->is_asking = false;
    timeline->must_look = false;
}

static struct slice put(uint8_t **at, struct slice text)
{
    struct slice copy = slice_of(*at, text.len);

    if (text.len > 0) {
        memcpy(*at, text.data, text.len);
        *at += text.len;
    }
    return copy;
}

static struct said *said_new(const struct xccos_message *message, bool is_live)
{
    size_t bytes = sizeof(struct said) + message->author.len +
                   message->author_name.len + message->text.len +
                   message->reason.len + message->note.len;
    struct said *said = malloc(bytes);
    uint8_t *at;

    if (said == NULL) {
        return NULL;
    }
    memset(said, 0, sizeof(*said));
    at = (uint8_t *)(said + 1);
    said->bytes = bytes;
    said->is_live = is_live;
    said->message.message_id = message->message_id;
    said->message.sent_at = message->sent_at;
    said->message.alert = message->alert;
    said->message.story = message->story;
    said->message.state = message->state;
    said->message.changed_at = message->changed_at;
    said->message.csn = message->csn;
    said->message.reason = put(&at, message->reason);
    said->message.author = put(&at, message->author);
    said->message.author_name = put(&at, message->author_name);
    said->message.text = put(&at, message->text);
    said->message.note = put(&at, message->note);
    return said;
}

/* Hold a copy at its place. Those that come are mostly the newest. */
static enum error hold(struct timeline *timeline,
                       const struct xccos_message *message, bool is_live)
{
    uint64_t id = message->message_id.value;
    struct said *before = TAILQ_LAST(&timeline->held, said_list);
    struct said *said;

    while (before != NULL && before->message.message_id.value > id) {
        before = TAILQ_PREV(before, said_list, link);
    }
    if (before != NULL && before->message.message_id.value == id) {
        return ERROR_EXISTS;
    }
    said = said_new(message, is_live);
    if (said == NULL) {
        return ERROR_NO_MEMORY;
    }
    if (before == NULL) {
        TAILQ_INSERT_HEAD(&timeline->held, said, link);
    } else {
        TAILQ_INSERT_AFTER(&timeline->held, before, said, link);
    }
    timeline->held_n++;
    timeline->held_bytes += said->bytes;
    return ERROR_NONE;
}

static bool is_full(const struct timeline *timeline)
{
    return timeline->held_n >= TIMELINE_HELD_MAX ||
           timeline->held_bytes >= TIMELINE_HELD_BYTES_MAX;
}

/* Whether the first history, which tells where the room begins, is due. */
static bool awaits_base(const struct timeline *timeline)
{
    return !timeline->is_based && (timeline->must_look || timeline->is_asking);
}

enum error timeline_live(struct timeline *timeline,
                         const struct xccos_message *message)
{
    uint64_t id = message->message_id.value;
    enum error error;

    if (!message->message_id.set || id == 0) {
        return ERROR_MALFORMED;
    }
    if (timeline->is_based && id <= timeline->told) {
        return ERROR_EXISTS;
    }
    if (id > timeline->seen) {
        timeline->seen = id;
    }
    if (is_full(timeline) && !timeline->is_blind) {
        return ERROR_NONE; /* It is fetched when its turn comes. */
    }
    error = hold(timeline, message, true);
    if (!awaits_base(timeline)) {
        base_on_held(timeline);
    }
    return error;
}

/* The first id that is neither told nor known to be lost nor held. */
static bool find_missing(const struct timeline *timeline, uint64_t *upto_out)
{
    uint64_t done = timeline->told > timeline->lost_upto ? timeline->told
                                                         : timeline->lost_upto;
    uint64_t first = first_held(timeline);

    if (first == 0) {
        *upto_out = timeline->seen;
        return timeline->seen > done;
    }
    *upto_out = first - 1;
    return first > done + 1;
}

bool timeline_wants(const struct timeline *timeline,
                    struct timeline_want *want_out)
{
    uint64_t upto = 0;

    if (timeline->is_asking || timeline->is_blind) {
        return false;
    }
    *want_out = (struct timeline_want){.after_id = timeline->told,
                                       .most = CLIENT_HISTORY_MAX};
    if (!timeline->is_based) {
        want_out->is_first = true;
        want_out->most = timeline->first_n == 0 ? 1 : timeline->first_n;
        return timeline->must_look;
    }
    if (timeline->must_look) {
        return true;
    }
    if (!find_missing(timeline, &upto)) {
        return false;
    }
    if (upto - timeline->told < want_out->most) {
        want_out->most = (uint32_t)(upto - timeline->told);
    }
    return true;
}

bool timeline_is_current(const struct timeline *timeline)
{
    return !timeline->must_look && !timeline->is_asking &&
           (timeline->is_based ? timeline->told >= timeline->seen
                               : timeline->is_blind);
}

void timeline_asked(struct timeline *timeline)
{
    CHECK(!timeline->is_asking);
    timeline->is_asking = true;
}

/* The newest message of a page; 0 when it has none. */
static uint64_t last_of(const struct xccos_room *room, uint32_t *n_out)
{
    uint64_t last = 0;

    *n_out = 0;
    if (room == NULL) {
        return 0;
    }
    for (const struct xccos_message *message = room->messages; message != NULL;
         message = message->next) {
        if (message->message_id.set && message->message_id.value > last) {
            last = message->message_id.value;
        }
        (*n_out)++;
    }
    return last;
}

/* Where the first page lets the room begin: so that the newest first_n of its
 * messages are told. */
static uint64_t base_of(const struct timeline *timeline,
                        const struct xccos_room *room, uint32_t n)
{
    const struct xccos_message *message = room == NULL ? NULL : room->messages;
    uint32_t skipped = n > timeline->first_n ? n - timeline->first_n : 0;

    if (n == 0) {
        return 0;
    }
    if (skipped == n) {
        return last_of(room, &n);
    }
    for (uint32_t i = 0; i < skipped; i++) {
        message = message->next;
    }
    return message->message_id.value == 0 ? 0 : message->message_id.value - 1;
}

static enum error hold_page(struct timeline *timeline,
                            const struct xccos_room *room)
{
    if (room == NULL) {
        return ERROR_NONE;
    }
    for (const struct xccos_message *message = room->messages; message != NULL;
         message = message->next) {
        enum error error = ERROR_NONE;

        if (message->message_id.set &&
            message->message_id.value > timeline->told) {
            error = hold(timeline, message, false);
        }
        if (error != ERROR_NONE && error != ERROR_EXISTS) {
            return error;
        }
    }
    return ERROR_NONE;
}

/* Draw the conclusions from a page after told: ids it leaves out are gone, and
 * when it has nothing new, so is all that was missed. But the first page after
 * a join only goes up to that join, so its end says nothing. */
static void conclude(struct timeline *timeline,
                     const struct timeline_want *want,
                     const struct xccos_room *room)
{
    uint32_t n;
    uint64_t last = last_of(room, &n), upto = 0;
    bool is_cut = room != NULL && room->over_limit == XCCOS_FLAG_TRUE;
    bool is_new = last > timeline->told;

    if (last > timeline->seen) {
        timeline->seen = last;
    }
    if (is_new && last > timeline->lost_upto) {
        timeline->lost_upto = last;
    } else if (!is_new && !timeline->must_look &&
               find_missing(timeline, &upto)) {
        timeline->lost_upto = upto;
    }
    timeline->must_look =
        timeline->must_look && is_new && (is_cut || n >= want->most);
}

/* Begin the room with the first page, but not behind a live copy: what was
 * said since the join is told, even when the page was made later. */
static enum error begin(struct timeline *timeline,
                        const struct xccos_room *room)
{
    uint32_t n;
    uint64_t last = last_of(room, &n);
    uint64_t base = base_of(timeline, room, n);
    bool has_earlier = timeline->held_n > 0 && first_held(timeline) <= base;

    timeline->must_look = false;
    timeline->is_guess = n == 0;
    base_on(timeline, has_earlier ? first_held(timeline) - 1 : base);
    if (last > timeline->seen) {
        timeline->seen = last;
    }
    TRY(hold_page(timeline, room));
    timeline->lost_upto = has_earlier ? 0 : last;
    return ERROR_NONE;
}

enum error timeline_page(struct timeline *timeline,
                         const struct timeline_want *want,
                         const struct xccos_room *room)
{
    CHECK(timeline->is_asking);
    timeline->is_asking = false;
    if (want->is_first && !timeline->is_based) {
        return begin(timeline, room);
    }
    TRY(hold_page(timeline, room));
    conclude(timeline, want, room);
    return ERROR_NONE;
}

void timeline_refuse(struct timeline *timeline)
{
    timeline->is_asking = false;
    timeline->must_look = false;
    timeline->is_blind = true;
    base_on_held(timeline);
}

/* What cannot be had before the next held message, or up to the last known
 * one. */
static bool find_gap(const struct timeline *timeline, uint64_t *upto_out)
{
    uint64_t upto = 0;

    if (!timeline->is_based) {
        return false;
    }
    if (timeline->is_blind) {
        return find_missing(timeline, upto_out);
    }
    upto =
        first_held(timeline) == 0 ? timeline->seen : first_held(timeline) - 1;
    *upto_out = upto < timeline->lost_upto ? upto : timeline->lost_upto;
    return *upto_out > timeline->told;
}

enum timeline_next timeline_next(struct timeline *timeline,
                                 struct timeline_event *event_out)
{
    uint64_t upto = 0;

    if (timeline->is_guess && find_gap(timeline, &upto)) {
        timeline->told = upto; /* Nobody has seen anything before it. */
    }
    if (timeline->is_based && timeline->held_n > 0 &&
        first_held(timeline) == timeline->told + 1) {
        event_out->said = take_first(timeline);
        timeline->told++;
        timeline->is_guess = false;
        return TIMELINE_MESSAGE;
    }
    if (find_gap(timeline, &upto)) {
        event_out->first_id = timeline->told + 1;
        event_out->last_id = upto;
        timeline->told = upto;
        return TIMELINE_GAP;
    }
    return TIMELINE_NOTHING;
}
