#include "node/session/marking.h"

#include "node/chat/attending.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/news.h"
#include "proto/store.pb-c.h"

/* A change under way. */
struct marking {
    struct errand errand; /* First. */
    struct proposal proposal;
    const struct xccos_request *request;
};

/* A question that waits for the state. */
struct asking {
    struct errand errand; /* First. */
    struct read read;
};

static const struct user *user_of(const struct errand *errand)
{
    return query_user(errand->visit->hub->machine,
                      errand->visit->caller->user_uri);
}

/* --- replies --- */

static bool add_words(struct arena *arena,
                      const Perch__Stored__Feeds__Feed *row,
                      struct xccos_feed *feed)
{
    struct xccos_word **word = &feed->words;
    struct xccos_author **author = &feed->authors;

    for (size_t i = 0; i < row->n_words; i++) {
        *word = arena_alloc(arena, sizeof(**word));
        if (*word == NULL) {
            return false;
        }
        (*word)->text = codec_slice(row->words[i]);
        word = &(*word)->next;
    }
    for (size_t i = 0; i < row->n_authors; i++) {
        *author = arena_alloc(arena, sizeof(**author));
        if (*author == NULL) {
            return false;
        }
        (*author)->uri = codec_slice(row->authors[i]);
        author = &(*author)->next;
    }
    return true;
}

static bool add_feeds(struct arena *arena, const Perch__Stored__Feeds *row,
                      struct xccos_feeds *feeds)
{
    struct xccos_feed **tail = &feeds->feeds;

    for (size_t i = 0; i < row->n_feeds; i++) {
        *tail = arena_alloc(arena, sizeof(**tail));
        if (*tail == NULL) {
            return false;
        }
        (*tail)->name = codec_slice(row->feeds[i]->name);
        if (!add_words(arena, row->feeds[i], *tail)) {
            return false;
        }
        tail = &(*tail)->next;
    }
    return true;
}

/* NULL when memory is out. */
static struct xccos_feeds *describe_feeds(struct arena *arena,
                                          const struct user *user)
{
    struct xccos_feeds *feeds = arena_alloc(arena, sizeof(*feeds));
    Perch__Stored__Feeds *row = NULL;
    uint32_t version;
    struct slice bytes = attending_feeds(user, &version);

    if (feeds == NULL || codec_read(arena, &perch__stored__feeds__descriptor,
                                    bytes, &row) != ERROR_NONE) {
        return NULL;
    }
    feeds->version = XCCOS_NUMBER(version);
    return add_feeds(arena, row, feeds) ? feeds : NULL;
}

static bool fill_room(const struct marking *marking, const struct user *user,
                      struct xccos_data *data)
{
    const struct visit *visit = marking->errand.visit;
    const struct guid *guid = &marking->request->mark.room.guid;
    const struct room *room = query_room(visit->hub->machine, guid);
    struct xccos_news *news = arena_alloc(visit->intake->arena, sizeof(*news));

    data->rooms = describe_room_uri(visit->hub, visit->intake->arena, guid);
    if (data->rooms == NULL || news == NULL || room == NULL) {
        return false;
    }
    news_describe(user, room, news);
    data->rooms->news = news;
    return true;
}

static void reply_feeds(struct errand *errand, uint64_t log_index)
{
    const struct user *user = user_of(errand);
    struct xccos_primitive reply;

    errand_reply_init(errand, &reply);
    reply.data.feeds = user == NULL
                           ? NULL
                           : describe_feeds(errand->visit->intake->arena, user);
    if (reply.data.feeds == NULL) {
        caller_cut(errand->visit->caller, "no_memory");
        errand_end(errand);
        return;
    }
    errand_reply(errand, &reply, log_index);
}

static void reply_mark(struct marking *marking, uint64_t log_index)
{
    const struct user *user = user_of(&marking->errand);
    struct xccos_primitive reply;

    errand_reply_init(&marking->errand, &reply);
    if (user == NULL || !fill_room(marking, user, &reply.data)) {
        caller_cut(marking->errand.visit->caller, "no_memory");
        errand_end(&marking->errand);
        return;
    }
    errand_reply(&marking->errand, &reply, log_index);
}

/* --- changes --- */

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct marking *marking =
        (struct marking *)((char *)proposal -
                           offsetof(struct marking, proposal));
    uint64_t log_index = effects == NULL ? 0 : effects->log_index;

    if (fate != PROPOSAL_APPLIED) {
        /* Nobody can say any more whether it was done. */
        caller_cut(marking->errand.visit->caller, "change_unknown");
        errand_end(&marking->errand);
    } else if (!outcome_is_success(applied->outcome)) {
        errand_refuse_outcome(&marking->errand, applied->outcome);
    } else if (marking->request->verb == XCCOS_VERB_SETFEEDS) {
        reply_feeds(&marking->errand, log_index);
    } else {
        reply_mark(marking, log_index);
    }
}

static size_t count_words(const struct xccos_word *word)
{
    size_t n = 0;

    for (; word != NULL; word = word->next) {
        n++;
    }
    return n;
}

static size_t count_authors(const struct xccos_author *author)
{
    size_t n = 0;

    for (; author != NULL; author = author->next) {
        n++;
    }
    return n;
}

static bool fill_feed(struct arena *arena, const struct xccos_feed *from,
                      Perch__FeedsPut__Feed *feed)
{
    size_t n_words = count_words(from->words);
    size_t n_authors = count_authors(from->authors);
    const struct xccos_word *word;
    const struct xccos_author *author;

    perch__feeds_put__feed__init(feed);
    CODEC_SET_BYTES(feed, name, from->name);
    feed->words = arena_alloc(arena, (n_words + 1) * sizeof(*feed->words));
    feed->authors =
        arena_alloc(arena, (n_authors + 1) * sizeof(*feed->authors));
    if (feed->words == NULL || feed->authors == NULL) {
        return false;
    }
    for (word = from->words; word != NULL; word = word->next) {
        feed->words[feed->n_words++] = codec_bytes(word->text);
    }
    for (author = from->authors; author != NULL; author = author->next) {
        feed->authors[feed->n_authors++] = codec_bytes(author->uri);
    }
    return true;
}

static bool fill_feeds(struct arena *arena, const struct xccos_feeds *from,
                       Perch__FeedsPut *put)
{
    const struct xccos_feed *feed;
    size_t n = 0;

    for (feed = from->feeds; feed != NULL; feed = feed->next) {
        n++;
    }
    put->feeds = arena_alloc(arena, (n + 1) * sizeof(*put->feeds));
    if (put->feeds == NULL) {
        return false;
    }
    for (feed = from->feeds; feed != NULL; feed = feed->next) {
        Perch__FeedsPut__Feed *to = arena_alloc(arena, sizeof(*to));

        if (to == NULL || !fill_feed(arena, feed, to)) {
            return false;
        }
        put->feeds[put->n_feeds++] = to;
    }
    if (from->version.set) {
        CODEC_SET(put, if_version, (uint32_t)from->version.value);
    }
    return true;
}

static void fill_mark(const struct xccos_request *request,
                      Perch__ReadMark *mark)
{
    const struct guid *guid = &request->mark.room.guid;

    CODEC_SET_BYTES(mark, room, slice_of(guid->bytes, GUID_BYTES));
    if (request->mark.message_id.set) {
        CODEC_SET(mark, message_id, request->mark.message_id.value);
    }
    if (request->mark.back) {
        CODEC_SET(mark, back, true);
    }
}

/* Neither needs a session: who reads need not be in a room. */
static enum error propose(struct marking *marking)
{
    struct visit *visit = marking->errand.visit;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ReadMark mark = PERCH__READ_MARK__INIT;
    Perch__FeedsPut put = PERCH__FEEDS_PUT__INIT;

    CODEC_SET_BYTES(&command, user, visit->caller->user_uri);
    if (marking->request->verb == XCCOS_VERB_SETFEEDS) {
        if (!fill_feeds(visit->intake->arena, marking->request->feeds, &put)) {
            return ERROR_NO_MEMORY;
        }
        command.kind_case = PERCH__COMMAND__KIND_FEEDS_PUT;
        command.feeds_put = &put;
    } else {
        fill_mark(marking->request, &mark);
        command.kind_case = PERCH__COMMAND__KIND_READ_MARK;
        command.read_mark = &mark;
    }
    marking->proposal.tell = told;
    return proposer_propose(visit->hub->proposer, &marking->proposal, &command);
}

void marking_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request)
{
    struct marking *marking = errand_begin(visit, sizeof(*marking), command);

    if (marking == NULL) {
        return;
    }
    marking->request = request;
    if (request->verb == XCCOS_VERB_MARKREAD &&
        !hub_is_ours(visit->hub, &request->mark.room)) {
        errand_refuse_outcome(&marking->errand, OUTCOME_ROOM_UNKNOWN);
    } else if (propose(marking) == ERROR_NONE) {
        errand_waits(&marking->errand);
    } else {
        errand_refuse(&marking->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
}

static void index_told(struct read *read, enum error error)
{
    struct asking *asking =
        (struct asking *)((char *)read - offsetof(struct asking, read));

    if (error != ERROR_NONE) {
        errand_refuse(&asking->errand, XCCOS_CODE_BUSY,
                      "the pool has no leader now, try again");
    } else {
        reply_feeds(&asking->errand, 0);
    }
}

void marking_serve_feeds(struct visit *visit,
                         const struct xccos_primitive *command,
                         const struct xccos_request *request)
{
    struct asking *asking = errand_begin(visit, sizeof(*asking), command);

    (void)request;
    if (asking == NULL) {
        return;
    }
    asking->read.tell = index_told;
    if (reads_ask(visit->hub->reads, &asking->read) != ERROR_NONE) {
        errand_refuse(&asking->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
}
