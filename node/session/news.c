#include "node/session/news.h"

#include "node/chat/access.h"
#include "node/chat/attending.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/scanning.h"
#include "proto/base/check.h"
#include "proto/xccos/limits.h"
#include "proto/xccos/text.h"

enum {
    ROOM_MARKUP_BYTES = 400, /* The URI, names, numbers. */
    HITS_MARKUP_BYTES = 80,
    NEWS_BYTES_MAX = XCCOS_BODY_BYTES_MAX - 8 * 1024,
};

/* A room of the answer. */
struct news_room {
    struct guid guid;
    struct xccos_news news;
};

/* A question on its way: asked, waiting for the state, read, answered. */
struct news {
    struct errand errand; /* First. */
    struct read read;
    struct job job;
    const struct xccos_request *request;
    struct arena *arena; /* Of all below. */
    struct store *store;
    struct scan_reader reader;
    size_t n, capacity;
    struct news_room *rooms;
    struct scan_room *scans; /* The same ones. */
    bool failed;             /* Memory is out. */
    enum error error;
};

bool news_may_know(const struct user *user, const struct room *room)
{
    struct room_view view;

    if (access_read(user, room) != OUTCOME_DONE) {
        return false;
    }
    view_room(room, &view);
    return view.history;
}

/* The last message that is no news: it was read, or the room was cleared of
 * it. */
static uint64_t known_upto(const struct attended *attended,
                           const struct room_view *room)
{
    return attended->read_id > room->cleared_upto ? attended->read_id
                                                  : room->cleared_upto;
}

void news_describe(const struct user *user, const struct room *room,
                   struct xccos_news *news_out)
{
    struct attended attended;
    struct room_view view;

    view_room(room, &view);
    attending_room(user, room, &attended);
    *news_out = (struct xccos_news){
        .last = XCCOS_NUMBER(view.message_id_last),
        .read = XCCOS_NUMBER(attended.read_id),
        .unread =
            XCCOS_NUMBER(view.message_id_last - known_upto(&attended, &view)),
    };
}

static struct news *news_of_job(struct job *job)
{
    return (struct news *)((char *)job - offsetof(struct news, job));
}

static const struct user *user_of(const struct news *news)
{
    const struct visit *visit = news->errand.visit;

    return query_user(visit->hub->machine, visit->caller->user_uri);
}

static bool grow(struct news *news)
{
    size_t capacity = news->capacity == 0 ? 16 : news->capacity * 2;
    struct news_room *rooms;
    struct scan_room *scans;

    if (news->n < news->capacity) {
        return true;
    }
    rooms = arena_alloc(news->arena, capacity * sizeof(*rooms));
    scans = arena_alloc(news->arena, capacity * sizeof(*scans));
    if (rooms == NULL || scans == NULL) {
        return false;
    }
    for (size_t i = 0; i < news->n; i++) {
        rooms[i] = news->rooms[i];
        scans[i] = news->scans[i];
    }
    news->rooms = rooms;
    news->scans = scans;
    news->capacity = capacity;
    return true;
}

static bool add(struct news *news, const struct user *user,
                const struct room *room)
{
    struct scan_room *scan;
    struct attended attended;
    struct room_view view;

    if (!news_may_know(user, room)) {
        return true;
    }
    if (!grow(news)) {
        news->failed = true;
        return false;
    }
    view_room(room, &view);
    attending_room(user, room, &attended);
    news->rooms[news->n].guid = view.place.guid;
    news_describe(user, room, &news->rooms[news->n].news);
    news->rooms[news->n].news.followed =
        attended.follows ? XCCOS_FLAG_TRUE : XCCOS_FLAG_FALSE;
    scan = &news->scans[news->n++];
    *scan = (struct scan_room){
        .room = view.place.number,
        .first = known_upto(&attended, &view) + 1,
        .last = view.message_id_last,
        .feeds = arena_alloc(news->arena,
                             (news->reader.n_feeds + 1) * sizeof(*scan->feeds)),
    };
    news->failed = scan->feeds == NULL;
    return !news->failed;
}

/* A user and the question, for a walk over what the user attends. */
struct gathering {
    struct news *news;
    const struct user *user;
};

static bool add_followed(void *context, const struct attended *attended)
{
    struct gathering *gathering = context;

    return !attended->follows ||
           add(gathering->news, gathering->user, attended->room);
}

static const struct room *named_room(const struct news *news, size_t i)
{
    const struct sessions *hub = news->errand.visit->hub;
    const struct xccos_name *name = &news->request->rooms.names[i];

    return hub_is_ours(hub, name) ? query_room(hub->machine, &name->guid)
                                  : NULL;
}

static void gather(struct news *news, const struct user *user)
{
    struct gathering gathering = {news, user};

    if (news->request->rooms.n == 0) {
        attending_rooms(news->errand.visit->hub->machine, user, add_followed,
                        &gathering);
    }
    for (size_t i = 0; i < news->request->rooms.n && !news->failed; i++) {
        const struct room *room = named_room(news, i);

        if (room != NULL) {
            add(news, user, room);
        }
    }
}

static void refuse(struct news *news, enum error error)
{
    bool is_broken = error == ERROR_ROTTEN || error == ERROR_STORE_IO;

    errand_refuse(&news->errand,
                  is_broken ? XCCOS_CODE_SERVER : XCCOS_CODE_BUSY,
                  is_broken ? "the history cannot be read on this server"
                            : "the pool is busy, try again");
}

/* --- the answer --- */

static bool add_hits(const struct news *news, size_t at,
                     struct xccos_news *block, size_t *bytes_io)
{
    const struct scan_room *scan = &news->scans[at];
    struct xccos_hits **tail = &block->hits;

    for (size_t i = 0; i < news->reader.n_feeds; i++) {
        struct xccos_hits *hits;

        if (scan->feeds[i].n == 0) {
            continue;
        }
        hits = arena_alloc(news->arena, sizeof(*hits));
        if (hits == NULL) {
            return false;
        }
        hits->feed = news->reader.feeds[i].name;
        hits->count = XCCOS_NUMBER(scan->feeds[i].n);
        hits->message_id = XCCOS_NUMBER(scan->feeds[i].message_id);
        *tail = hits;
        tail = &hits->next;
        *bytes_io +=
            HITS_MARKUP_BYTES + xccos_text_escaped_bytes(hits->feed, true);
    }
    return true;
}

/* A room of the answer; NULL when memory is out. */
static struct xccos_room *describe(const struct news *news, size_t at,
                                   const struct room *room, size_t *bytes_io)
{
    const struct scan_room *scan = &news->scans[at];
    struct xccos_news *block = arena_alloc(news->arena, sizeof(*block));
    struct xccos_room *told = describe_room_uri(
        news->errand.visit->hub, news->arena, &news->rooms[at].guid);
    struct room_view view;

    if (block == NULL || told == NULL) {
        return NULL;
    }
    view_room(room, &view);
    told->name = view.place.name;
    told->news = block;
    *block = news->rooms[at].news;
    block->mentions = XCCOS_NUMBER(scan->mentions.n);
    if (scan->mentions.n > 0) {
        block->message_id = XCCOS_NUMBER(scan->mentions.message_id);
    }
    block->cut = scan->is_cut ? XCCOS_FLAG_TRUE : XCCOS_FLAG_FALSE;
    *bytes_io += ROOM_MARKUP_BYTES + xccos_text_escaped_bytes(told->name, true);
    return add_hits(news, at, block, bytes_io) ? told : NULL;
}

static bool is_told(const struct news *news, const struct guid *guid)
{
    for (size_t i = 0; i < news->n; i++) {
        if (guid_compare(&news->rooms[i].guid, guid) == 0) {
            return true;
        }
    }
    return false;
}

/* What was asked for and is not told, whatever the reason. */
static bool add_failures(const struct news *news, struct xccos_data *data)
{
    struct xccos_failure **tail = &data->failures;

    for (size_t i = 0; i < news->request->rooms.n; i++) {
        const struct xccos_name *name = &news->request->rooms.names[i];
        struct xccos_failure *failure;

        if (is_told(news, &name->guid)) {
            continue;
        }
        failure = arena_alloc(news->arena, sizeof(*failure));
        if (failure == NULL) {
            return false;
        }
        failure->key = SLICE_LITERAL("OPERATION_FAILED");
        failure->guid = name->guid;
        failure->domain = name->domain;
        *tail = failure;
        tail = &failure->next;
    }
    return true;
}

/* Fill in what is told of the rooms the user may still read. */
static enum error compose(struct news *news, struct xccos_data *data)
{
    const struct sessions *hub = news->errand.visit->hub;
    const struct user *user = user_of(news);
    struct xccos_room **tail = &data->rooms;
    size_t bytes = 0;

    for (size_t i = 0; i < news->n; i++) {
        const struct room *room =
            query_room(hub->machine, &news->rooms[i].guid);

        if (user == NULL || room == NULL || !news_may_know(user, room)) {
            news->rooms[i].guid = (struct guid){.bytes = {0}};
            continue;
        }
        *tail = describe(news, i, room, &bytes);
        if (*tail == NULL) {
            return ERROR_NO_MEMORY;
        }
        tail = &(*tail)->next;
    }
    if (bytes > NEWS_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    return add_failures(news, data) ? ERROR_NONE : ERROR_NO_MEMORY;
}

static void answer(struct news *news)
{
    struct xccos_primitive reply;
    enum error error;

    errand_reply_init(&news->errand, &reply);
    error = compose(news, &reply.data);
    if (error == ERROR_TOO_LARGE) {
        errand_refuse(&news->errand, XCCOS_CODE_LIMIT_EXCEEDED,
                      "there is more news than fits into a reply: ask for "
                      "some of the rooms");
    } else if (error != ERROR_NONE) {
        refuse(news, error);
    } else {
        errand_reply(&news->errand, &reply, 0);
    }
}

/* On the worker: nothing of the state loop's is touched. */
static void run(struct job *job)
{
    struct news *news = news_of_job(job);

    news->error = scan_rooms(news->store, &news->reader, news->scans, news->n);
}

static void done(struct job *job)
{
    struct news *news = news_of_job(job);
    struct sessions *hub = news->errand.visit->hub;
    struct arena *arena = news->arena;
    enum error error = news->error;

    if (error == ERROR_NONE) {
        answer(news); /* Ends the errand. */
    } else {
        refuse(news, error);
    }
    arena_free(arena);
    history_give_back(hub, error);
}

static bool prepare(struct news *news, const struct user *user)
{
    struct user_view view;
    uint32_t version;
    struct slice feeds = attending_feeds(user, &version);

    news->arena = arena_new(4096);
    if (news->arena == NULL) {
        return false;
    }
    view_user(user, &view);
    if (!scan_prepare(&news->reader, news->arena, view.uri, view.display_name,
                      feeds)) {
        return false;
    }
    gather(news, user);
    return !news->failed;
}

static void begin(struct news *news, const struct user *user)
{
    struct history *history = &news->errand.visit->hub->history;

    if (!prepare(news, user) ||
        worker_pending(history->worker) >= NEWS_WAITING_MAX ||
        (news->store = history_borrow(history)) == NULL) {
        arena_free(news->arena);
        refuse(news, ERROR_BUSY);
        return;
    }
    news->job = (struct job){.run = run, .done = done};
    worker_submit(history->worker, &news->job);
}

static void index_told(struct read *read, enum error error)
{
    struct news *news =
        (struct news *)((char *)read - offsetof(struct news, read));
    const struct user *user = user_of(news);

    if (error != ERROR_NONE) {
        errand_refuse(&news->errand, XCCOS_CODE_BUSY,
                      "the pool has no leader now, try again");
    } else if (user == NULL) {
        errand_refuse_outcome(&news->errand, OUTCOME_USER_UNKNOWN);
    } else {
        begin(news, user);
    }
}

void news_serve(struct visit *visit, const struct xccos_primitive *command,
                const struct xccos_request *request)
{
    struct news *news = errand_begin(visit, sizeof(*news), command);

    if (news == NULL) {
        return;
    }
    news->request = request;
    news->read.tell = index_told;
    if (reads_ask(visit->hub->reads, &news->read) != ERROR_NONE) {
        refuse(news, ERROR_BUSY);
    }
}
