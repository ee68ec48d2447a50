#include "node/session/searching.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/access.h"
#include "node/chat/page.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/matching.h"
#include "proto/base/check.h"
#include "proto/xccos/limits.h"

enum {
    SEARCH_BYTES_MAX = XCCOS_BODY_BYTES_MAX - 8 * 1024, /* Of rooms. */
    UTF8_BYTES_MAX = 4,                                 /* Of a character. */
};

/* Texts of the state are not kept from turn to turn, numbers are. */
struct searching {
    struct look look; /* First. */
    const struct xccos_request *request;
    struct matching matching; /* Of chansrch. */
    bool has_begun;
    bool stopped; /* In the middle, with time gone. */
    uint8_t after[NAME_CHARACTERS_MAX * UTF8_BYTES_MAX]; /* Where to go on. */
    size_t after_len;
    uint32_t numbers[SEARCH_ROOMS_MAX]; /* Of rooms that were found. */
    size_t n;
    size_t n_max;
    bool is_over;
};

/* A room of the reply, and what it is sorted by. */
struct found {
    struct slice key;
    struct xccos_room *block;
};

static bool note(void *context, const struct room *room)
{
    struct searching *searching = context;
    struct room_view view;

    if (searching->n == searching->n_max) {
        searching->is_over = true;
        return false;
    }
    view_room(room, &view);
    searching->numbers[searching->n++] = view.place.number;
    return true;
}

static bool look_at(void *context, const struct room *room)
{
    struct searching *searching = context;
    struct room_view view;

    if (matching_wants(&searching->matching, room) && !note(context, room)) {
        return false;
    }
    if (look_may_go_on(&searching->look)) {
        return true;
    }
    view_room(room, &view);
    CHECK(view.place.name.len <= sizeof(searching->after));
    memcpy(searching->after, view.place.name.data, view.place.name.len);
    searching->after_len = view.place.name.len;
    searching->stopped = true;
    return false;
}

static size_t at_most(struct xccos_number asked)
{
    return asked.set && asked.value < SEARCH_ROOMS_MAX ? asked.value
                                                       : SEARCH_ROOMS_MAX;
}

static void begin(struct searching *searching)
{
    const struct visit *visit = searching->look.errand.visit;
    const struct xccos_request *request = searching->request;

    searching->has_begun = true;
    if (request->verb == XCCOS_VERB_CHANSRCH) {
        searching->n_max = at_most(request->search.results_max);
        matching_init(&searching->matching, visit->hub, visit->intake->arena,
                      &request->search);
    } else {
        searching->n_max = at_most(request->association.results_max);
    }
}

static void search(struct searching *searching, const struct user *user)
{
    searching->stopped = false;
    if (matching_look_up(&searching->matching, user)) {
        page_rooms(searching->look.errand.visit->hub->machine,
                   slice_of(searching->after, searching->after_len), look_at,
                   searching);
    }
}

static void associate(struct searching *searching, const struct user *user)
{
    unsigned role =
        searching->request->association.kind == XCCOS_ASSOCIATION_MANAGER
            ? ROLE_MANAGER
            : ROLE_MEMBER;

    list_rooms_of(searching->look.errand.visit->hub->machine, user, role, note,
                  searching);
}

/* What was found turns ago may have changed hands since. */
static bool is_still_so(struct searching *searching, const struct room *room)
{
    return room != NULL && (searching->request->verb != XCCOS_VERB_CHANSRCH ||
                            matching_wants(&searching->matching, room));
}

static int compare(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = slice_compare(x->key, y->key);

    return order != 0 ? order : slice_compare(x->block->name, y->block->name);
}

static struct slice key_of(struct arena *arena, struct slice name)
{
    struct buffer key = BUFFER_EMPTY;
    struct slice copy;

    folding_key(name, &key);
    copy = arena_copy_slice(arena, buffer_slice(&key));
    buffer_deinit(&key);
    return copy;
}

/* Make blocks of what was found. Returns false when memory is out. */
static bool describe(struct searching *searching, struct found *found,
                     size_t *n_out)
{
    const struct visit *visit = searching->look.errand.visit;
    struct arena *arena = visit->intake->arena;
    size_t n = 0;

    for (size_t i = 0; i < searching->n; i++) {
        const struct room *room =
            query_room_numbered(visit->hub->machine, searching->numbers[i]);

        if (is_still_so(searching, room)) {
            struct xccos_room *block = describe_room(visit->hub, arena, room);

            if (block == NULL) {
                return false;
            }
            found[n++] = (struct found){key_of(arena, block->name), block};
        }
    }
    *n_out = n;
    return true;
}

/* Chain blocks by name; those of associations stay by age. Returns false when
 * they are more than a reply holds. */
static bool chain(const struct searching *searching, struct found *found,
                  size_t n, struct xccos_room **rooms_out)
{
    struct xccos_room **tail = rooms_out;
    size_t bytes = 0;

    if (n > 0 && searching->request->verb == XCCOS_VERB_CHANSRCH) {
        qsort(found, n, sizeof(*found), compare);
    }
    for (size_t i = 0; i < n; i++) {
        *tail = found[i].block;
        tail = &found[i].block->next;
        bytes += describe_bytes_max(found[i].block);
    }
    return bytes <= SEARCH_BYTES_MAX;
}

static void refuse_over(struct errand *errand)
{
    errand_refuse(errand, XCCOS_CODE_LIMIT_EXCEEDED,
                  "too many rooms, ask for fewer");
}

static void reply(struct searching *searching)
{
    struct errand *errand = &searching->look.errand;
    struct found *found =
        arena_alloc(errand->visit->intake->arena,
                    (searching->n + 1) * sizeof(struct found));
    struct xccos_primitive primitive;
    size_t n = 0;

    errand_reply_init(errand, &primitive);
    if (found == NULL || !describe(searching, found, &n)) {
        errand_refuse(errand, XCCOS_CODE_BUSY, "the pool is busy, try again");
    } else if (!chain(searching, found, n, &primitive.data.rooms)) {
        refuse_over(errand);
    } else {
        errand_reply(errand, &primitive, 0);
    }
}

static bool take(struct look *look)
{
    struct searching *searching = (struct searching *)look;
    const struct visit *visit = look->errand.visit;
    const struct user *user =
        query_user(visit->hub->machine, visit->caller->user_uri);

    if (user == NULL) {
        errand_refuse_outcome(&look->errand, OUTCOME_USER_UNKNOWN);
        return true;
    }
    if (!searching->has_begun) {
        begin(searching);
    }
    if (searching->request->verb == XCCOS_VERB_CHANSRCH) {
        search(searching, user);
    } else {
        associate(searching, user);
    }
    if (searching->stopped) {
        return false;
    }
    if (searching->is_over) {
        refuse_over(&look->errand);
    } else {
        reply(searching);
    }
    return true;
}

void searching_serve(struct visit *visit, const struct xccos_primitive *command,
                     const struct xccos_request *request)
{
    struct searching *searching =
        look_begin(visit, sizeof(*searching), command, take);

    if (searching != NULL) {
        searching->request = request;
        look_ask(&searching->look);
    }
}
