/* What perch-bench search runs: a store of made-up messages, the catalog made
 * of them, and searches as a node makes them -- the same code, without the
 * pool around it. Writes a line for each measurement:
 *
 *   LABEL NAME=VALUE NAME=VALUE ...
 *
 *   bench_search DIRECTORY MESSAGES ROOMS SEARCHES
 *
 * DIRECTORY exists and is empty.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/chat/machine.h"
#include "node/session/cataloging.h"
#include "proto/base/check.h"
#include "proto/base/histogram.h"
#include "proto/base/os/loop_uv.h"
#include "proto/codec.h"
#include "storage/cursor.h"
#include "storage/files.h"

enum {
    VOCABULARY = 50000,
    CHARACTERS = 3000, /* Of Chinese. */
    AUTHORS = 2000,
    WORDS_MIN = 4,
    WORDS_MORE = 16, /* 12 words on the average, with names. */
    CHINESE_EVERY = 10,
    BATCH = 1000,
    ROOMS_OF_USER = 24, /* In the published model. */
    POSTED_BEFORE = 20, /* Messages, in the kind "while people post". */
    POLL_MS = 20,
    TEXT_BYTES = 1024,
};

static const int64_t begin_us = 1700000000000000;

struct bench {
    struct loop *loop;
    struct store *store;
    struct machine *machine;
    struct cataloging *cataloging;
    struct timer *poll;
    char catalog[FILES_PATH_BYTES_MAX];
    uint64_t seed;
    uint32_t rooms;
    uint64_t *last_ids; /* By room. */
    uint64_t messages;
    unsigned searches; /* Of each kind. */

    struct lookup *lookup;
    struct lookup_room *all; /* Rooms, by number. */
    size_t kind;
    unsigned done;
    uint64_t began_us, found;
    struct histogram times;
};

static uint64_t next_random(struct bench *bench)
{
    bench->seed ^= bench->seed << 13;
    bench->seed ^= bench->seed >> 7;
    bench->seed ^= bench->seed << 17;
    return bench->seed;
}

static double chance(struct bench *bench)
{
    return (double)(next_random(bench) >> 11) / 9007199254740992.0;
}

/* As words in texts: the second is half as frequent as the first. */
static unsigned zipf(struct bench *bench, unsigned n)
{
    return (unsigned)pow((double)n, chance(bench)) - 1;
}

/* A word that can be told from others and is spelt as one. */
static void append_word(struct buffer *to, unsigned rank)
{
    static const char *const syllables[] = {"ka", "ro", "mi", "te", "su",
                                            "la", "ne", "po", "vi", "da"};

    do {
        buffer_append_text(to, syllables[rank % 10]);
        rank /= 10;
    } while (rank > 0);
}

static void append_character(struct buffer *to, unsigned rank)
{
    unsigned c = 0x4e00 + rank;
    const uint8_t bytes[] = {(uint8_t)(0xe0 | c >> 12),
                             (uint8_t)(0x80 | (c >> 6 & 0x3f)),
                             (uint8_t)(0x80 | (c & 0x3f))};

    buffer_append(to, bytes, sizeof(bytes));
}

static void write_text(struct bench *bench, struct buffer *to)
{
    unsigned n = WORDS_MIN + (unsigned)(next_random(bench) % WORDS_MORE);
    bool chinese = next_random(bench) % CHINESE_EVERY == 0;

    buffer_clear(to);
    for (unsigned i = 0; i < n; i++) {
        if (chinese) {
            append_character(to, zipf(bench, CHARACTERS));
        } else {
            append_word(to, zipf(bench, VOCABULARY));
            buffer_append_text(to, " ");
        }
    }
}

/* Rooms are as unlike as words. */
static uint32_t pick_room(struct bench *bench)
{
    return 1 + zipf(bench, bench->rooms);
}

static void put_message(struct bench *bench, struct batch *batch,
                        struct buffer *text, struct buffer *row)
{
    Perch__Stored__Message message = PERCH__STORED__MESSAGE__INIT;
    uint32_t room = pick_room(bench);
    uint64_t parts[] = {room, ++bench->last_ids[room]};
    char author[64];
    struct key key;

    bench->messages += 1;
    write_text(bench, text);
    snprintf(author, sizeof(author), "sip:u%u@example.com",
             (unsigned)(next_random(bench) % AUTHORS));
    CODEC_SET(&message, log_index, bench->messages);
    CODEC_SET(&message, message_id, parts[1]);
    CODEC_SET(&message, sent_at_us,
              begin_us + (int64_t)bench->messages * 1000000);
    CODEC_SET(&message, author, codec_bytes(slice_of_text(author)));
    CODEC_SET(&message, text, codec_bytes(buffer_slice(text)));
    buffer_clear(row);
    codec_write(&message.base, row);
    key_build(TABLE_MESSAGES, parts, &key);
    batch_put(batch, TABLE_MESSAGES, key_slice(&key), buffer_slice(row));
}

/* Write so many messages in one batch. */
static void write_some(struct bench *bench, unsigned n, struct batch *batch)
{
    struct buffer text = BUFFER_EMPTY, row = BUFFER_EMPTY;

    batch_clear(batch);
    for (unsigned i = 0; i < n; i++) {
        put_message(bench, batch, &text, &row);
    }
    CHECK(store_commit(bench->store, batch, bench->messages) == ERROR_NONE);
    buffer_deinit(&text);
    buffer_deinit(&row);
}

static void fill(struct bench *bench, uint64_t messages)
{
    struct batch *batch = batch_new();

    CHECK(batch != NULL);
    while (bench->messages < messages) {
        uint64_t left = messages - bench->messages;

        write_some(bench, left < BATCH ? (unsigned)left : BATCH, batch);
    }
    batch_free(batch);
    CHECK(store_flush(bench->store, UINT64_MAX) == ERROR_NONE);
}

/* The kinds of search, each what people ask for. */

static void words(struct bench *bench, struct buffer *to, unsigned n,
                  unsigned from)
{
    for (unsigned i = 0; i < n; i++) {
        buffer_append_text(to, i > 0 ? " " : "");
        append_word(to, from + zipf(bench, VOCABULARY - from));
    }
}

static void ask_rare(struct bench *bench, struct buffer *text)
{
    words(bench, text, 1, VOCABULARY / 2);
}

static void ask_common(struct bench *bench, struct buffer *text)
{
    append_word(text, (unsigned)(next_random(bench) % 10));
}

static void ask_two(struct bench *bench, struct buffer *text)
{
    words(bench, text, 2, 50);
}

static void ask_phrase(struct bench *bench, struct buffer *text)
{
    buffer_append_text(text, "\"");
    words(bench, text, 2, 0);
    buffer_append_text(text, "\"");
}

static void ask_character(struct bench *bench, struct buffer *text)
{
    append_character(text, zipf(bench, CHARACTERS));
}

static void ask_characters(struct bench *bench, struct buffer *text)
{
    append_character(text, zipf(bench, CHARACTERS));
    append_character(text, zipf(bench, CHARACTERS));
}

static void ask_nothing(struct bench *bench, struct buffer *text)
{
    (void)bench;
    (void)text;
}

static void choose_rooms(struct bench *bench, size_t n)
{
    for (uint32_t i = 0; i < bench->rooms; i++) {
        bench->all[i].messages = bench->last_ids[i + 1];
    }
    bench->lookup->rooms = bench->all;
    bench->lookup->n_rooms = bench->rooms;
    if (n < bench->rooms) {
        size_t at = next_random(bench) % (bench->rooms - n);

        bench->lookup->rooms = bench->all + at;
        bench->lookup->n_rooms = n;
    }
}

static void post(struct bench *bench)
{
    struct batch *batch = batch_new();

    CHECK(batch != NULL);
    write_some(bench, POSTED_BEFORE, batch);
    batch_free(batch);
    for (uint32_t room = 1; room <= bench->rooms; room++) {
        if (bench->last_ids[room] > 0) {
            cataloging_said(bench->cataloging, room, bench->last_ids[room]);
        }
    }
    cataloging_committed(bench->cataloging, bench->messages);
}

static const struct {
    const char *label;
    void (*ask)(struct bench *bench, struct buffer *text);
    size_t rooms; /* 0: all. */
    bool oldest, author, month, posts, match_case;
} kinds[] = {
    {.label = "rare_word", .ask = ask_rare},
    {.label = "common_word", .ask = ask_common},
    {.label = "two_words", .ask = ask_two},
    {.label = "phrase", .ask = ask_phrase},
    {.label = "oldest_first", .ask = ask_common, .oldest = true},
    {.label = "one_room", .ask = ask_two, .rooms = 1},
    {.label = "24_rooms", .ask = ask_two, .rooms = ROOMS_OF_USER},
    {.label = "500_rooms", .ask = ask_two, .rooms = 500},
    {.label = "author", .ask = ask_common, .author = true},
    {.label = "author_alone", .ask = ask_nothing, .author = true},
    {.label = "a_week", .ask = ask_common, .month = true},
    {.label = "letter_case", .ask = ask_two, .match_case = true},
    {.label = "one_character", .ask = ask_character},
    {.label = "two_characters", .ask = ask_characters},
    {.label = "while_posting",
     .ask = ask_two,
     .rooms = ROOMS_OF_USER,
     .posts = true},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static size_t weigh(struct lookup *lookup, const struct lookup_found *found)
{
    (void)lookup;
    return found->said.text.len;
}

static void told(struct lookup *lookup);

/* Lay the next search out. */
static void lay_out(struct bench *bench)
{
    struct lookup *lookup = bench->lookup;
    struct buffer text = BUFFER_EMPTY;
    struct slice *author = arena_alloc(lookup->arena, sizeof(*author));
    char name[64];

    kinds[bench->kind].ask(bench, &text);
    CHECK(spelling_read(buffer_slice(&text), false,
                        kinds[bench->kind].match_case, lookup->arena,
                        &lookup->spelling) == ERROR_NONE);
    buffer_deinit(&text);
    snprintf(name, sizeof(name), "sip:u%u@example.com",
             (unsigned)(next_random(bench) % AUTHORS));
    *author = arena_copy_slice(lookup->arena, slice_of_text(name));
    lookup->authors = author;
    lookup->n_authors = kinds[bench->kind].author ? 1 : 0;
    lookup->from_us = INT64_MIN;
    lookup->to_us = INT64_MAX;
    if (kinds[bench->kind].month) {
        lookup->from_us =
            begin_us +
            (int64_t)(next_random(bench) % bench->messages) * 1000000;
        lookup->to_us = lookup->from_us + 7 * 86400 * 1000000ll;
    }
    lookup->newest_first = !kinds[bench->kind].oldest;
    lookup->newest_shown_first = lookup->newest_first;
    lookup->wanted = LOOKUP_FOUND_DEFAULT;
    lookup->bytes_max = 1 << 20;
    lookup->weigh = weigh;
    lookup->told = told;
    lookup->context = bench;
    choose_rooms(bench, kinds[bench->kind].rooms == 0
                            ? bench->rooms
                            : kinds[bench->kind].rooms);
}

static void search_next(struct bench *bench)
{
    bench->lookup = lookup_new();
    CHECK(bench->lookup != NULL);
    lay_out(bench);
    if (kinds[bench->kind].posts) {
        post(bench);
    }
    bench->began_us = loop_now_us(bench->loop);
    cataloging_ask(bench->cataloging, bench->lookup, bench->messages);
}

static void end_kind(struct bench *bench)
{
    printf("%s searches=%u found=%" PRIu64 " p50_us=%" PRIu64 " p95_us=%" PRIu64
           " p99_us=%" PRIu64 "\n",
           kinds[bench->kind].label, bench->done, bench->found / bench->done,
           histogram_at(&bench->times, 500000),
           histogram_at(&bench->times, 950000),
           histogram_at(&bench->times, 990000));
    fflush(stdout);
    histogram_init(&bench->times);
    bench->done = 0;
    bench->found = 0;
    bench->kind += 1;
}

static void told(struct lookup *lookup)
{
    struct bench *bench = lookup->context;

    CHECK(lookup->error == ERROR_NONE);
    histogram_record(&bench->times, loop_now_us(bench->loop) - bench->began_us);
    bench->found += lookup->n_found;
    lookup_free(lookup);
    bench->done += 1;
    if (bench->done == bench->searches) {
        end_kind(bench);
    }
    if (bench->kind < KINDS) {
        search_next(bench);
    } else {
        loop_stop(bench->loop);
    }
}

/* The catalog being made of what is there. */

static void tell_made(struct bench *bench)
{
    double s = (double)(loop_now_us(bench->loop) - bench->began_us) / 1e6;
    struct stat status = {0};
    char path[FILES_PATH_BYTES_MAX];

    CHECK(files_path(path, bench->catalog, "words.db") == ERROR_NONE);
    (void)stat(path, &status);
    printf("catalog messages=%" PRIu64 " seconds=%.1f per_second=%.0f "
           "bytes=%lld\n",
           bench->messages, s, (double)bench->messages / s,
           (long long)status.st_size);
    fflush(stdout);
}

static void on_poll(void *context)
{
    struct bench *bench = context;
    const struct cataloging_meters *meters =
        cataloging_meters(bench->cataloging);

    if (meter_level(&meters->behind) == 0) {
        timer_stop(bench->poll);
        tell_made(bench);
        search_next(bench);
    }
}

/* The catalog is open: now it is told what there is. */
static void opened(struct lookup *lookup)
{
    struct bench *bench = lookup->context;

    CHECK(lookup->error == ERROR_NONE);
    lookup_free(lookup);
    bench->began_us = loop_now_us(bench->loop);
    for (uint32_t room = 1; room <= bench->rooms; room++) {
        if (bench->last_ids[room] > 0) {
            cataloging_said(bench->cataloging, room, bench->last_ids[room]);
        }
    }
    cataloging_committed(bench->cataloging, bench->messages);
    timer_start(bench->poll, POLL_MS, POLL_MS);
}

static void await_opening(struct bench *bench)
{
    struct lookup *lookup = lookup_new();

    CHECK(lookup != NULL);
    lookup->weigh = weigh;
    lookup->wanted = 1;
    lookup->told = opened;
    lookup->context = bench;
    cataloging_ask(bench->cataloging, lookup, 0);
}

static void open_all(struct bench *bench, const char *directory)
{
    char store[FILES_PATH_BYTES_MAX];

    CHECK(files_path(store, directory, "store") == ERROR_NONE);
    CHECK(files_path(bench->catalog, directory, "catalog") == ERROR_NONE);
    CHECK(store_format(store) == ERROR_NONE);
    CHECK(store_open(store, NULL, &bench->store) == ERROR_NONE);
    bench->loop = loop_new();
    bench->machine = machine_new(COMMAND_RULES_KNOWN);
    bench->poll = timer_new(bench->loop, on_poll, bench);
    bench->last_ids = calloc(bench->rooms + 1, sizeof(*bench->last_ids));
    bench->all = calloc(bench->rooms, sizeof(*bench->all));
    CHECK(bench->poll != NULL && bench->last_ids != NULL && bench->all != NULL);
    for (uint32_t i = 0; i < bench->rooms; i++) {
        bench->all[i].number = i + 1;
    }
    histogram_init(&bench->times);
}

static void close_all(struct bench *bench)
{
    cataloging_free(bench->cataloging);
    timer_free(bench->poll);
    machine_free(bench->machine);
    loop_free(bench->loop);
    store_abandon(bench->store);
    free(bench->last_ids);
    free(bench->all);
}

int main(int argc, char *argv[])
{
    struct bench bench = {.seed = 88172645463325252ull};
    uint64_t messages;

    if (argc != 5) {
        fputs("bench_search DIRECTORY MESSAGES ROOMS SEARCHES\n", stderr);
        return 2;
    }
    messages = strtoull(argv[2], NULL, 10);
    bench.rooms = (uint32_t)strtoul(argv[3], NULL, 10);
    bench.searches = (unsigned)strtoul(argv[4], NULL, 10);
    if (messages == 0 || bench.rooms == 0 || bench.searches == 0) {
        fputs("bench_search: each of the numbers is 1 or more\n", stderr);
        return 2;
    }
    open_all(&bench, argv[1]);
    fill(&bench, messages);
    bench.cataloging = cataloging_new(&(struct cataloging_settings){
        .loop = bench.loop, .directory = bench.catalog});
    cataloging_use(bench.cataloging, bench.machine, bench.store, messages);
    await_opening(&bench);
    loop_run(bench.loop);
    close_all(&bench);
    return 0;
}
