#include "node/session/finding.h"

#include <stdlib.h>

#include "node/chat/access.h"
#include "node/chat/page.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "proto/xccos/limits.h"

enum {
    FOUND_BYTES_MAX = XCCOS_BODY_BYTES_MAX - 8 * 1024, /* Of people. */
};

/* What is kept from turn to turn are numbers: principals come by theirs. */
struct finding {
    struct look look; /* First. */
    const struct xccos_room_query *query;
    struct slice words[FOUND_WORDS_MAX]; /* Folded. */
    size_t n_words;
    const struct category *category; /* Of this turn; NULL: any. */
    uint32_t after;                  /* Where to go on. */
    bool has_begun;
    bool stopped; /* In the middle, with time gone. */
    bool is_over;
    uint32_t numbers[FOUND_USERS_MAX];
    size_t n;
    size_t n_max;
};

/* One of the reply, and what it is sorted by. */
struct found {
    struct slice key;
    struct xccos_user *block;
};

static struct sessions *hub_of(const struct finding *finding)
{
    return finding->look.errand.visit->hub;
}

static void begin(struct finding *finding)
{
    const struct xccos_number *most = &finding->query->results_max;
    struct buffer folded = BUFFER_EMPTY;

    finding->has_begun = true;
    finding->n_max = most->set && most->value < FOUND_USERS_MAX
                         ? most->value
                         : FOUND_USERS_MAX;
    folding_text(finding->query->criteria, &folded);
    finding->n_words = folding_words(
        arena_copy_slice(finding->look.errand.visit->intake->arena,
                         buffer_slice(&folded)),
        finding->query->exact == XCCOS_FLAG_TRUE, finding->words,
        FOUND_WORDS_MAX);
    buffer_deinit(&folded);
}

/* Returns false when a category is asked for that there is not. */
static bool look_up_category(struct finding *finding)
{
    struct slice uri = finding->query->category_uri;
    struct xccos_name name;

    finding->category = NULL;
    if (uri.len == 0) {
        return true;
    }
    if (xccos_category_uri_read(uri, &name) == ERROR_NONE &&
        hub_is_ours(hub_of(finding), &name)) {
        finding->category =
            query_category(hub_of(finding)->machine, &name.guid);
    }
    return finding->category != NULL;
}

static bool is_wanted(struct finding *finding,
                      const struct principal *principal,
                      const struct principal_view *view)
{
    return !view->disabled &&
           (finding->category == NULL ||
            access_is_eligible(principal, finding->category)) &&
           folding_texts_have(&hub_of(finding)->folding, view->uri,
                              view->display_name, finding->words,
                              finding->n_words,
                              finding->query->match_all != XCCOS_FLAG_FALSE);
}

static bool look_at(void *context, const struct principal *principal)
{
    struct finding *finding = context;
    struct principal_view view;

    view_principal(principal, &view);
    finding->after = view.number;
    if (is_wanted(finding, principal, &view)) {
        if (finding->n == finding->n_max) {
            finding->is_over = true;
            return false;
        }
        finding->numbers[finding->n++] = view.number;
    }
    finding->stopped = !look_may_go_on(&finding->look);
    return !finding->stopped;
}

static struct slice key_of(struct arena *arena, const struct xccos_user *block)
{
    struct buffer key = BUFFER_EMPTY;
    struct slice copy;

    folding_key(block->display_name.len > 0 ? block->display_name : block->uri,
                &key);
    copy = arena_copy_slice(arena, buffer_slice(&key));
    buffer_deinit(&key);
    return copy;
}

static int compare(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = slice_compare(x->key, y->key);

    return order != 0 ? order : slice_compare(x->block->uri, y->block->uri);
}

/* Describes one of those that were found, which come by number. */
struct describing {
    struct finding *finding;
    uint32_t number; /* Of the one that is due. */
    struct found *found;
    size_t n;
    size_t bytes;
    bool failed;
};

static bool describe_one(void *context, const struct principal *principal)
{
    struct describing *describing = context;
    const struct visit *visit = describing->finding->look.errand.visit;
    struct principal_view view;
    struct xccos_user *block;

    view_principal(principal, &view);
    if (view.number != describing->number) {
        return false; /* It is gone. */
    }
    block = describe_principal(visit->hub, visit->intake->arena, principal);
    if (block == NULL) {
        describing->failed = true;
        return false;
    }
    describing->bytes += describe_user_bytes_max(block);
    describing->found[describing->n++] =
        (struct found){key_of(visit->intake->arena, block), block};
    return false; /* One at a time. */
}

static void describe_all(struct describing *describing)
{
    const struct finding *finding = describing->finding;

    for (size_t i = 0; i < finding->n && !describing->failed; i++) {
        describing->number = finding->numbers[i];
        page_principals(hub_of(finding)->machine, describing->number - 1,
                        describe_one, describing);
    }
}

static void refuse_over(struct errand *errand)
{
    errand_refuse(errand, XCCOS_CODE_LIMIT_EXCEEDED,
                  "too many people, ask for fewer");
}

static void reply(struct finding *finding)
{
    struct errand *errand = &finding->look.errand;
    struct describing describing = {.finding = finding};
    struct xccos_primitive primitive;
    struct xccos_user **tail = &primitive.data.users;

    describing.found = arena_alloc(errand->visit->intake->arena,
                                   (finding->n + 1) * sizeof(struct found));
    if (describing.found != NULL) {
        describe_all(&describing);
    }
    if (describing.found == NULL || describing.failed) {
        errand_refuse(errand, XCCOS_CODE_BUSY, "the pool is busy, try again");
        return;
    }
    if (describing.bytes > FOUND_BYTES_MAX) {
        refuse_over(errand);
        return;
    }
    errand_reply_init(errand, &primitive);
    if (describing.n > 0) {
        qsort(describing.found, describing.n, sizeof(struct found), compare);
    }
    for (size_t i = 0; i < describing.n; i++) {
        *tail = describing.found[i].block;
        tail = &describing.found[i].block->next;
    }
    errand_reply(errand, &primitive, 0);
}

static bool take(struct look *look)
{
    struct finding *finding = (struct finding *)look;

    if (!finding->has_begun) {
        begin(finding);
    }
    if (!look_up_category(finding)) {
        errand_refuse_outcome(&look->errand, OUTCOME_CATEGORY_UNKNOWN);
        return true;
    }
    finding->stopped = false;
    page_principals(hub_of(finding)->machine, finding->after, look_at, finding);
    if (finding->stopped) {
        return false;
    }
    if (finding->is_over) {
        refuse_over(&look->errand);
    } else {
        reply(finding);
    }
    return true;
}

void finding_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request)
{
    struct finding *finding =
        look_begin(visit, sizeof(*finding), command, take);

    if (finding != NULL) {
        finding->query = &request->search;
        look_ask(&finding->look);
    }
}
