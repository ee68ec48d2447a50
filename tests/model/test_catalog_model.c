/* Random texts, corrections, removals and restarts; random searches over
 * spelling and catalog find what a scan of all texts finds, in its order.
 *
 *     test_catalog_model [SEED]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/session/spelling.h"
#include "storage/catalog.h"
#include "tests/unit/quiet.h"
#include "tests/unit/temp_directory.h"
#include "tests/unit/test.h"

enum { STEPS = 4000, SAID_MAX = 1500, ROOMS = 5, AUTHORS = 4, TEXT = 256 };

struct said {
    uint32_t room;
    char author[32];
    char text[TEXT];
    bool removed;
};

struct world {
    char directory[TEMP_DIRECTORY_BYTES];
    struct catalog *catalog;
    struct said said[SAID_MAX];
    size_t n;
    struct buffer words, scratch;

    /* Of the search at hand. */
    struct spelling spelling;
    struct catalog_query query;
    size_t wanted[SAID_MAX], n_wanted, n_found;
};

static uint64_t seed = 1;

static unsigned pick(unsigned n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % n;
}

static const char *const pieces[] = {
    "crane", "Crane", "the",     "a",   "tall-crane", "東京",    "京都",
    "京",    "é",     "E\u0301", "ÉTÉ", "C++",        "\"",      "AND",
    "NOT",   "x1",    "한국",    "กิน",  "straße",     "STRASSE", "…",
};

static void write_text(char text[TEXT], unsigned most)
{
    unsigned n = 1 + pick(most);

    text[0] = '\0';
    for (unsigned i = 0; i < n; i++) {
        snprintf(text + strlen(text), TEXT - strlen(text), "%s%s",
                 pieces[pick(sizeof(pieces) / sizeof(pieces[0]))],
                 pick(4) == 0 ? "" : " ");
    }
}

/* Two and two were said at once. */
static int64_t moment_of(size_t i)
{
    return (int64_t)(i / 2 + 1) * 1000;
}

static struct catalog_message message_of(struct world *world, size_t i)
{
    struct said *said = &world->said[i];

    spelling_catalog(slice_of_text(said->text), &world->words);
    return (struct catalog_message){
        .at_us = moment_of(i),
        .room = said->room,
        .message_id = i + 1,
        .author = slice_of_text(said->author),
        .words = buffer_slice(&world->words),
    };
}

static void put(struct world *world, size_t i)
{
    struct catalog_message message = message_of(world, i);

    assert_int_equal(catalog_begin(world->catalog), ERROR_NONE);
    assert_int_equal(catalog_put(world->catalog, &message), ERROR_NONE);
    assert_int_equal(catalog_commit(world->catalog), ERROR_NONE);
}

static void say(struct world *world)
{
    struct said *said = &world->said[world->n];

    said->room = 1 + pick(ROOMS);
    snprintf(said->author, sizeof(said->author), "sip:u%u@x", pick(AUTHORS));
    write_text(said->text, 6);
    put(world, world->n++);
}

static void correct(struct world *world)
{
    size_t i = pick((unsigned)world->n);

    if (!world->said[i].removed) {
        write_text(world->said[i].text, 6);
        put(world, i);
    }
}

static void take_out(struct world *world)
{
    size_t i = pick((unsigned)world->n);

    assert_int_equal(catalog_begin(world->catalog), ERROR_NONE);
    assert_int_equal(
        catalog_remove(
            world->catalog,
            &(struct catalog_hit){moment_of(i), world->said[i].room, i + 1}),
        ERROR_NONE);
    assert_int_equal(catalog_commit(world->catalog), ERROR_NONE);
    world->said[i].removed = true;
}

static void open_again(struct world *world)
{
    catalog_close(world->catalog);
    assert_int_equal(catalog_open(world->directory, "me", &world->catalog),
                     ERROR_NONE);
}

static bool is_wanted(struct world *world, size_t i)
{
    const struct catalog_query *query = &world->query;
    const struct said *said = &world->said[i];

    return !said->removed && moment_of(i) >= query->from_us &&
           moment_of(i) <= query->to_us &&
           (query->n_rooms == 0 || query->rooms[0] == said->room) &&
           (query->n_authors == 0 ||
            slice_equal_text(query->authors[0], said->author)) &&
           spelling_matches(&world->spelling, slice_of_text(said->text),
                            &world->scratch);
}

static void scan(struct world *world)
{
    world->n_wanted = 0;
    for (size_t k = 0; k < world->n; k++) {
        size_t i = world->query.newest_first ? world->n - 1 - k : k;

        if (is_wanted(world, i)) {
            world->wanted[world->n_wanted++] = i;
        }
    }
}

/* What the catalog proposes too much is passed over, as a lookup does. */
static bool take(void *context, const struct catalog_hit *hit)
{
    struct world *world = context;
    size_t i = (size_t)hit->message_id - 1;

    assert_int_equal(hit->at_us, moment_of(i));
    assert_int_equal(hit->room, world->said[i].room);
    if (is_wanted(world, i)) {
        assert_true(world->n_found < world->n_wanted);
        assert_int_equal(i, world->wanted[world->n_found]);
        world->n_found += 1;
    }
    return true;
}

static void search(struct world *world, struct arena *arena)
{
    const uint32_t room = 1 + pick(ROOMS);
    char author[32], text[TEXT] = "";
    struct slice by;

    snprintf(author, sizeof(author), "sip:u%u@x", pick(AUTHORS));
    by = slice_of_text(author);
    if (pick(8) > 0) {
        write_text(text, 3);
    }
    if (spelling_read(slice_of_text(text), pick(2) == 0, pick(4) == 0, arena,
                      &world->spelling) != ERROR_NONE) {
        return; /* Nothing but signs. */
    }
    world->query = (struct catalog_query){
        .phrases = world->spelling.phrases,
        .n_phrases = world->spelling.n,
        .authors = &by,
        .n_authors = pick(3) == 0,
        .rooms = &room,
        .n_rooms = pick(3) == 0,
        .from_us = pick(3) == 0 ? moment_of(pick((unsigned)world->n)) : 0,
        .to_us = pick(3) == 0 ? moment_of(pick((unsigned)world->n)) : INT64_MAX,
        .newest_first = pick(2) == 0,
    };
    scan(world);
    world->n_found = 0;
    assert_int_equal(catalog_search(world->catalog, &world->query, take, world),
                     ERROR_NONE);
    assert_int_equal(world->n_found, world->n_wanted);
}

static void step(struct world *world, struct arena *arena)
{
    unsigned what = pick(100);

    if (world->n < 10 || (what < 35 && world->n < SAID_MAX)) {
        say(world);
    } else if (what < 45) {
        correct(world);
    } else if (what < 48) {
        take_out(world);
    } else if (what < 49) {
        open_again(world);
    } else {
        search(world, arena);
    }
}

/* Any order of changes and questions. */
static void test_search__is_a_scan(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct arena *arena = arena_new(4096);

    (void)state;
    temp_directory_make(world->directory);
    assert_int_equal(catalog_open(world->directory, "me", &world->catalog),
                     ERROR_NONE);
    for (unsigned i = 0; i < STEPS; i++) {
        arena_reset(arena);
        step(world, arena);
    }
    catalog_close(world->catalog);
    temp_directory_remove(world->directory);
    buffer_deinit(&world->words);
    buffer_deinit(&world->scratch);
    arena_free(arena);
    free(world);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {RUN(test_search__is_a_scan)};

    seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20261120;
    quiet_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
