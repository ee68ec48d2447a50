/* storage/catalog.h, over each of its implementations: what is put in is
 * found, by time, narrowed as asked. */
#include "storage/catalog.h"

#include <stdlib.h>

#include "tests/unit/temp_directory.h"
#include "tests/unit/test.h"

struct scene {
    char directory[TEMP_DIRECTORY_BYTES];
    struct catalog *catalog;
    uint64_t found[64]; /* Message ids. */
    size_t n, stop_at;
};

static int make(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    temp_directory_make(scene->directory);
    assert_int_equal(catalog_open(scene->directory, "me", &scene->catalog),
                     ERROR_NONE);
    *state = scene;
    return 0;
}

static int drop(void **state)
{
    struct scene *scene = *state;

    catalog_close(scene->catalog);
    temp_directory_remove(scene->directory);
    free(scene);
    return 0;
}

static struct catalog_message message(uint64_t id, uint32_t room,
                                      const char *author, const char *words)
{
    return (struct catalog_message){.at_us = 1700000000000000 + (int64_t)id,
                                    .room = room,
                                    .message_id = id,
                                    .author = slice_of_text(author),
                                    .words = slice_of_text(words)};
}

static void put(struct scene *scene, uint64_t id, uint32_t room,
                const char *author, const char *words)
{
    struct catalog_message put = message(id, room, author, words);

    assert_int_equal(catalog_put(scene->catalog, &put), ERROR_NONE);
}

static void fill(struct scene *scene)
{
    assert_int_equal(catalog_begin(scene->catalog), ERROR_NONE);
    put(scene, 1, 7, "sip:alice@x", "the tall crane");
    put(scene, 2, 7, "sip:bob@x", "the crane fell");
    put(scene, 3, 300, "sip:Alice@x", "tall tales");
    put(scene, 4, 300, "sip:bob@x", "東\t東京 京 \" tall");
    put(scene, 5, 9, "sip:carol@x", "");
    assert_int_equal(catalog_commit(scene->catalog), ERROR_NONE);
}

static bool take(void *context, const struct catalog_hit *hit)
{
    struct scene *scene = context;

    assert_int_equal(hit->at_us, 1700000000000000 + (int64_t)hit->message_id);
    scene->found[scene->n++] = hit->message_id;
    return scene->n != scene->stop_at;
}

/* The ids found, one digit each. */
static uint64_t search(struct scene *scene, struct catalog_query query)
{
    uint64_t digits = 0;

    query.to_us = query.to_us == 0 ? INT64_MAX : query.to_us;
    scene->n = 0;
    assert_int_equal(catalog_search(scene->catalog, &query, take, scene),
                     ERROR_NONE);
    for (size_t i = 0; i < scene->n; i++) {
        digits = digits * 10 + scene->found[i];
    }
    return digits;
}

static uint64_t search_for(struct scene *scene, const char *first,
                           const char *second)
{
    struct slice phrases[] = {slice_of_text(first), slice_of_text(second)};

    return search(scene,
                  (struct catalog_query){.phrases = phrases,
                                         .n_phrases = second == NULL ? 1 : 2});
}

/* All phrases must be there, in a row each. */
static void test_catalog_search__phrases(void **state)
{
    fill(*state);
    assert_int_equal(search_for(*state, "crane", NULL), 12);
    assert_int_equal(search_for(*state, "tall", NULL), 134);
    assert_int_equal(search_for(*state, "the crane", NULL), 2);
    assert_int_equal(search_for(*state, "tall", "the"), 1);
    assert_int_equal(search_for(*state, "tales", "crane"), 0);
    assert_int_equal(search_for(*state, "東京", NULL), 4);
    assert_int_equal(search_for(*state, "東 京", NULL), 4);
    assert_int_equal(search_for(*state, "東京 \"", NULL), 0);
    assert_int_equal(search_for(*state, "東京 京 \"", NULL), 4);
}

/* Signs that mean something to the library beneath are words here. */
static void test_catalog_search__no_language(void **state)
{
    fill(*state);
    assert_int_equal(search_for(*state, "\"", NULL), 4);
    assert_int_equal(search_for(*state, "\" OR crane", NULL), 0);
    assert_int_equal(search_for(*state, "NOT", NULL), 0);
    assert_int_equal(search_for(*state, "cra*", NULL), 0);
    assert_int_equal(search_for(*state, "text:crane", NULL), 0);
    assert_int_equal(search_for(*state, "^the", NULL), 0);
}

/* Rooms and authors narrow a search: any of them. */
static void test_catalog_search__narrowed(void **state)
{
    const uint32_t rooms[] = {300, 9};
    const struct slice authors[] = {SLICE_LITERAL("SIP:ALICE@x"),
                                    SLICE_LITERAL("sip:carol@x")};
    const struct slice tall = SLICE_LITERAL("tall");

    fill(*state);
    assert_int_equal(
        search(*state, (struct catalog_query){.rooms = rooms, .n_rooms = 2}),
        345);
    assert_int_equal(search(*state, (struct catalog_query){.rooms = rooms,
                                                           .n_rooms = 2,
                                                           .phrases = &tall,
                                                           .n_phrases = 1}),
                     34);
    assert_int_equal(search(*state, (struct catalog_query){.authors = authors,
                                                           .n_authors = 2}),
                     135);
    assert_int_equal(search(*state, (struct catalog_query){.authors = authors,
                                                           .n_authors = 2,
                                                           .rooms = rooms,
                                                           .n_rooms = 1,
                                                           .phrases = &tall,
                                                           .n_phrases = 1}),
                     3);
    assert_int_equal(search(*state, (struct catalog_query){0}), 12345);
}

/* The order is time's, either way, between two moments. */
static void test_catalog_search__time(void **state)
{
    struct scene *scene = *state;
    const struct slice tall = SLICE_LITERAL("tall");
    struct catalog_query query = {.phrases = &tall, .n_phrases = 1};

    fill(scene);
    query.newest_first = true;
    assert_int_equal(search(scene, query), 431);
    query.from_us = 1700000000000002;
    assert_int_equal(search(scene, query), 43);
    query.to_us = 1700000000000003;
    assert_int_equal(search(scene, query), 3);
    query.n_phrases = 0;
    assert_int_equal(search(scene, query), 32);
    scene->stop_at = 1;
    assert_int_equal(search(scene, query), 3);
}

static enum error take_out(struct scene *scene, uint32_t room, uint64_t id)
{
    const struct catalog_message out = message(id, room, "", "");

    return catalog_remove(scene->catalog,
                          &(struct catalog_hit){out.at_us, room, id});
}

static bool count_in_order(void *context, const struct catalog_hit *hit)
{
    size_t *n = context;

    assert_int_equal(hit->message_id, *n);
    *n += 1;
    return true;
}

/* A message put in again is found by its new words alone; one taken out is not,
 * and one that was never in is none less. */
static void test_catalog_put__again_and_remove(void **state)
{
    struct scene *scene = *state;

    fill(scene);
    assert_int_equal(catalog_begin(scene->catalog), ERROR_NONE);
    put(scene, 1, 7, "sip:alice@x", "a small heron");
    assert_int_equal(take_out(scene, 7, 2), ERROR_NONE);
    assert_int_equal(take_out(scene, 7, 3), ERROR_NONE);
    assert_int_equal(catalog_commit(scene->catalog), ERROR_NONE);
    assert_int_equal(search_for(scene, "small heron", NULL), 1);
    assert_int_equal(search_for(scene, "fell", NULL), 0);
    assert_int_equal(search_for(scene, "tall", NULL), 34);
    assert_int_equal(search_for(scene, "crane", NULL), 0);
}

static void take_all_out(struct scene *scene, uint64_t n, int64_t at_us)
{
    assert_int_equal(catalog_begin(scene->catalog), ERROR_NONE);
    for (uint64_t id = 0; id < n; id++) {
        assert_int_equal(
            catalog_remove(scene->catalog, &(struct catalog_hit){at_us, 8, id}),
            ERROR_NONE);
    }
    assert_int_equal(catalog_commit(scene->catalog), ERROR_NONE);
}

/* Messages of one moment, as imports bring them, are all found, each once, in
 * the order they came; there may be many of them. */
static void test_catalog_put__one_moment(void **state)
{
    enum { MANY = 1500 };
    struct scene *scene = *state;
    struct catalog_query query = {.from_us = 1699999999000000,
                                  .to_us = 1699999999000001};

    fill(scene);
    assert_int_equal(catalog_begin(scene->catalog), ERROR_NONE);
    for (uint64_t i = 0; i < 2 * MANY; i++) {
        struct catalog_message same = message(i % MANY, 8, "sip:bob@x", "ibis");

        same.at_us = query.from_us;
        assert_int_equal(catalog_put(scene->catalog, &same), ERROR_NONE);
    }
    assert_int_equal(catalog_commit(scene->catalog), ERROR_NONE);
    scene->n = 0;
    assert_int_equal(
        catalog_search(scene->catalog, &query, count_in_order, &scene->n),
        ERROR_NONE);
    assert_int_equal(scene->n, MANY);
    assert_int_equal(search_for(scene, "tall", NULL), 134);
    take_all_out(scene, MANY, query.from_us);
    scene->n = 0;
    assert_int_equal(
        catalog_search(scene->catalog, &query, count_in_order, &scene->n),
        ERROR_NONE);
    assert_int_equal(scene->n, 0);
}

static bool sum_mark(void *context, uint32_t room, uint64_t message_id)
{
    *(uint64_t *)context += room * 1000 + message_id;
    return true;
}

/* Marks say how far each room is, the last one said. */
static void test_catalog_marks(void **state)
{
    struct scene *scene = *state;
    uint64_t sum = 0;

    assert_int_equal(catalog_begin(scene->catalog), ERROR_NONE);
    assert_int_equal(catalog_mark(scene->catalog, 7, 1), ERROR_NONE);
    assert_int_equal(catalog_mark(scene->catalog, 7, 2), ERROR_NONE);
    assert_int_equal(catalog_mark(scene->catalog, 300, 4), ERROR_NONE);
    assert_int_equal(catalog_commit(scene->catalog), ERROR_NONE);
    assert_int_equal(catalog_marks(scene->catalog, sum_mark, &sum), ERROR_NONE);
    assert_int_equal(sum, 307006);
}

/* More than a limit is refused, and so much is served. */
static void test_catalog_search__limits(void **state)
{
    static uint32_t rooms[CATALOG_ROOMS_MAX + 1];
    struct scene *scene = *state;
    struct catalog_query query = {.rooms = rooms, .to_us = INT64_MAX};

    fill(scene);
    for (uint32_t i = 0; i <= CATALOG_ROOMS_MAX; i++) {
        rooms[i] = i + 8;
    }
    query.n_rooms = CATALOG_ROOMS_MAX + 1;
    assert_int_equal(catalog_search(scene->catalog, &query, take, scene),
                     ERROR_INVALID);
    query.n_rooms = CATALOG_ROOMS_MAX;
    assert_int_equal(search(scene, query), 345);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_catalog_search__phrases, make, drop),
        RUN_IN(test_catalog_search__no_language, make, drop),
        RUN_IN(test_catalog_search__narrowed, make, drop),
        RUN_IN(test_catalog_search__time, make, drop),
        RUN_IN(test_catalog_put__again_and_remove, make, drop),
        RUN_IN(test_catalog_put__one_moment, make, drop),
        RUN_IN(test_catalog_marks, make, drop),
        RUN_IN(test_catalog_search__limits, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
