#include "node/session/searching.h"

#include "node/chat/list.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "proto/base/check.h"
#include "proto/xccos/limits.h"

enum {
    SEARCH_BYTES_MAX = XCCOS_BODY_BYTES_MAX - 8 * 1024, /* Of rooms. */
};

struct searching {
    struct look look; /* First. */
    const struct xccos_request *request;
};

/* A search while rooms are looked at. */
struct finding {
    struct sessions *hub;
    struct arena *arena;
    const struct user *user;
    const struct user *other; /* The member, manager or participant asked
                                 for; NULL: there is none such. */
    bool *joined; /* By place number: the other one is in the room. */
    uint32_t n_joined;
    const struct category *category; /* NULL: any. */
    const struct xccos_room_query *query;
    enum xccos_search search;
    struct slice words[SEARCH_WORDS_MAX]; /* Folded. */
    size_t n_words;

    struct xccos_room *rooms, **tail;
    uint64_t n, n_max;
    size_t bytes;
    bool is_over;
    bool failed;
};

static void add(struct finding *finding, const struct room *room)
{
    struct xccos_room *block =
        describe_room(finding->hub, finding->arena, room);

    if (block == NULL) {
        finding->failed = true;
        return;
    }
    finding->n += 1;
    finding->bytes += describe_bytes_max(block);
    if (finding->n > finding->n_max || finding->bytes > SEARCH_BYTES_MAX) {
        finding->is_over = true;
        return;
    }
    *finding->tail = block;
    finding->tail = &block->next;
}

static bool has_words(struct finding *finding, const struct room_view *view)
{
    const struct folding_room room = {view->place.number, view->place.version,
                                      view->place.name,
                                      view->place.description};
    bool all = finding->query->match_all != XCCOS_FLAG_FALSE;
    bool extended = finding->query->extended == XCCOS_FLAG_TRUE;

    for (size_t i = 0; i < finding->n_words; i++) {
        bool has = folding_has(&finding->hub->folding, &room, finding->words[i],
                               extended);

        if (has != all) {
            return has;
        }
    }
    return all || finding->n_words == 0;
}

static bool is_joined(const struct finding *finding, const struct room *room)
{
    struct room_view view;

    view_room(room, &view);
    return view.place.number < finding->n_joined &&
           finding->joined[view.place.number];
}

static bool has_other(const struct finding *finding, const struct room *room)
{
    switch (finding->search) {
    case XCCOS_SEARCH_BYMEMBER:
        return finding->other != NULL &&
               (view_roles(room, finding->other) & ROLE_MEMBER) != 0;
    case XCCOS_SEARCH_BYMANAGER:
        return finding->other != NULL &&
               (view_roles(room, finding->other) & ROLE_MANAGER) != 0;
    case XCCOS_SEARCH_BYJOINED:
        return is_joined(finding, room);
    case XCCOS_SEARCH_MINE:
        return (view_roles(room, finding->user) & ROLE_MEMBER) != 0;
    case XCCOS_SEARCH_MANAGED:
        return (view_roles(room, finding->user) & ROLE_MANAGER) != 0;
    case XCCOS_SEARCH_INVITED:
        return false; /* There are no invitations. */
    default:
        return true;
    }
}

static bool note_joined(void *context, const struct room *room)
{
    struct finding *finding = context;
    struct room_view view;

    view_room(room, &view);
    CHECK(view.place.number < finding->n_joined);
    finding->joined[view.place.number] = true;
    return true;
}

static bool find_highest(void *context, const struct room *room)
{
    struct finding *finding = context;
    struct room_view view;

    view_room(room, &view);
    if (view.place.number >= finding->n_joined) {
        finding->n_joined = view.place.number + 1;
    }
    return true;
}

static bool find_highest_of(void *context, const struct session *session)
{
    list_rooms_joined(session, find_highest, context);
    return true;
}

static bool note_joined_of(void *context, const struct session *session)
{
    list_rooms_joined(session, note_joined, context);
    return true;
}

/* Where the participant asked for is, by place number. */
static void note_rooms_of_other(struct finding *finding)
{
    if (finding->search != XCCOS_SEARCH_BYJOINED || finding->other == NULL) {
        return;
    }
    list_sessions_of(finding->other, find_highest_of, finding);
    finding->joined = arena_alloc(finding->arena, finding->n_joined + 1);
    if (finding->joined == NULL) {
        finding->failed = true;
        return;
    }
    list_sessions_of(finding->other, note_joined_of, finding);
}

static bool is_of_kind(const struct finding *finding,
                       const struct room_view *view)
{
    enum xccos_visibility privacy = finding->query->privacy;
    enum xccos_behavior behavior = finding->query->behavior;

    return (privacy == XCCOS_VISIBILITY_UNSET ||
            privacy == describe_visibility(view->visibility)) &&
           (behavior == XCCOS_BEHAVIOR_UNSET ||
            behavior == describe_behavior(view->behavior));
}

static bool is_wanted(struct finding *finding, const struct room *room)
{
    struct room_view view;

    view_room(room, &view);
    return (finding->category == NULL || view.category == finding->category) &&
           is_of_kind(finding, &view) && has_other(finding, room) &&
           has_words(finding, &view);
}

static bool look_at(void *context, const struct room *room)
{
    struct finding *finding = context;

    if (is_wanted(finding, room)) {
        add(finding, room);
    }
    return !finding->failed && !finding->is_over;
}

static bool take_all(void *context, const struct room *room)
{
    struct finding *finding = context;

    add(finding, room);
    return !finding->failed && !finding->is_over;
}

/* Words are what blanks part; an exact phrase is one word. */
static void split(struct finding *finding, struct slice text, bool is_phrase)
{
    size_t at = 0;

    while (at < text.len && finding->n_words < SEARCH_WORDS_MAX) {
        size_t begin = at;

        while (at < text.len && (is_phrase || text.data[at] != ' ')) {
            at += 1;
        }
        if (at > begin) {
            finding->words[finding->n_words++] =
                slice_of(text.data + begin, at - begin);
        }
        at += 1;
    }
}

static bool is_by_text(enum xccos_search search)
{
    return search == XCCOS_SEARCH_BYNAME || search == XCCOS_SEARCH_UNSET ||
           search == XCCOS_SEARCH_MINE || search == XCCOS_SEARCH_MANAGED ||
           search == XCCOS_SEARCH_USERBYNAME;
}

/* Whom or what the criteria name, when not words. Returns false when that is a
 * category that does not exist. */
static bool set_criteria(struct finding *finding)
{
    const struct xccos_room_query *query = finding->query;
    struct buffer folded = BUFFER_EMPTY;
    struct slice uri = query->category_uri;
    struct xccos_name name;

    if (is_by_text(finding->search)) {
        folding_text(query->criteria, &folded);
        split(finding, arena_copy_slice(finding->arena, buffer_slice(&folded)),
              query->exact == XCCOS_FLAG_TRUE);
        buffer_deinit(&folded);
    } else if (finding->search == XCCOS_SEARCH_BYCATEGORY && uri.len == 0) {
        uri = query->criteria;
    } else {
        finding->other = query_user(finding->hub->machine, query->criteria);
        note_rooms_of_other(finding);
    }
    if (uri.len > 0) {
        finding->category =
            xccos_category_uri_read(uri, &name) == ERROR_NONE &&
                    hub_is_ours(finding->hub, &name)
                ? query_category(finding->hub->machine, &name.guid)
                : NULL;
    }
    return uri.len == 0 || finding->category != NULL;
}

static uint64_t at_most(struct xccos_number asked)
{
    return asked.set && asked.value < SEARCH_ROOMS_MAX ? asked.value
                                                       : SEARCH_ROOMS_MAX;
}

static void search(struct finding *finding, const struct xccos_request *request)
{
    finding->query = &request->search;
    finding->search = request->search.search;
    finding->n_max = at_most(request->search.results_max);
    if (set_criteria(finding) && request->search.disabled != XCCOS_FLAG_TRUE) {
        list_rooms_visible(finding->hub->machine, finding->user, SLICE_NONE,
                           look_at, finding);
    }
}

static void associate(struct finding *finding,
                      const struct xccos_request *request)
{
    unsigned role = request->association.kind == XCCOS_ASSOCIATION_MANAGER
                        ? ROLE_MANAGER
                        : ROLE_MEMBER;

    finding->n_max = at_most(request->association.results_max);
    list_rooms_of(finding->hub->machine, finding->user, role, take_all,
                  finding);
}

static void reply(struct searching *searching, const struct finding *finding)
{
    struct xccos_primitive primitive;

    if (finding->failed) {
        errand_refuse(&searching->look.errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
        return;
    }
    if (finding->is_over) {
        errand_refuse(&searching->look.errand, XCCOS_CODE_LIMIT_EXCEEDED,
                      "too many rooms, ask for fewer");
        return;
    }
    errand_reply_init(&searching->look.errand, &primitive);
    primitive.data.rooms = finding->rooms;
    errand_reply(&searching->look.errand, &primitive, 0);
}

static void take(struct look *look)
{
    struct searching *searching = (struct searching *)look;
    struct visit *visit = searching->look.errand.visit;
    struct finding finding = {.hub = visit->hub, .arena = visit->intake->arena};

    finding.tail = &finding.rooms;
    finding.user = query_user(visit->hub->machine, visit->caller->user_uri);
    if (finding.user == NULL) {
        errand_refuse_outcome(&searching->look.errand, OUTCOME_USER_UNKNOWN);
        return;
    }
    if (searching->request->verb == XCCOS_VERB_CHANSRCH) {
        search(&finding, searching->request);
    } else {
        associate(&finding, searching->request);
    }
    reply(searching, &finding);
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
