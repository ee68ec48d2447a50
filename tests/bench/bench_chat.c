/* What the rules cost: bytes per thing held, microseconds per command applied.
 *
 *   bench_chat [--rooms N] [--users N] [--sessions N] [--parts N]
 *
 * The pool is that of the published user model: by default 33,077 rooms with
 * 1.28 million member entries and 10,000 sessions in 24 rooms each. Times are
 * CPU time of this thread, from the entry's bytes to its effects; nothing is
 * asserted, since machines differ.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/chat/machine.h"
#include "node/chat/rows.h"
#include "proto/base/check.h"
#include "proto/entry.h"
#include "proto/tlog/note.h"

enum {
    SESSION_ROOMS = 24,
    SAMPLES = 8192, /* Entries made ahead, so that making them is not timed. */
    BATCH = 64,     /* Entries whose changes are written together. */
    PARTS_MAX = 101,
};

struct bench {
    uint32_t rooms, users, sessions;
    int parts;        /* Of each timing; the median and the best are told. */
    uint32_t *joined; /* sessions x SESSION_ROOMS room numbers. */
    struct machine *machine;
    struct effects effects;
    struct arena *arena;
    struct buffer bytes;
    uint64_t index, epoch, number;
    uint64_t random;
};

static uint32_t below(struct bench *b, uint32_t n)
{
    b->random = b->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((b->random >> 33) % n);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Ids are spread, as random ones are. */
static struct guid guid_of(uint32_t number)
{
    struct guid guid;

    for (size_t i = 0; i < GUID_BYTES; i++) {
        guid.bytes[i] = (uint8_t)((number + 1) * 2654435761u >> (i % 4 * 8));
        guid.bytes[i] ^= (uint8_t)(i * 37);
    }
    memcpy(guid.bytes + 12, &number, sizeof(number));
    return guid;
}

static ProtobufCBinaryData bytes_of(const void *data, size_t len)
{
    return codec_bytes(slice_of(data, len));
}

static void uri_of(uint32_t number, char uri[48])
{
    snprintf(uri, 48, "sip:user%06" PRIu32 "@example.com", number);
}

static struct applied apply_bytes(struct bench *b, struct slice bytes)
{
    struct applied_entry applied = {.term = 1, .node = 1};
    Perch__Command *command = NULL;
    struct entry entry;

    CHECK(entry_read(bytes, &entry) == ERROR_NONE);
    arena_reset(b->arena);
    CHECK(command_read(b->arena, entry.command, &command) == ERROR_NONE);
    applied.index = ++b->index;
    applied.epoch = b->epoch;
    applied.number = b->epoch == 0 ? 0 : ++b->number;
    applied.sent_at_us = entry.sent_at_us;
    applied.bytes = entry.command;
    return machine_apply(b->machine, &applied, command, &b->effects);
}

static uint8_t *entry_of(struct bench *b, Perch__Command *command, size_t *len)
{
    struct entry entry = {.origin_node = 1, .sent_at_us = 1900000000000000};
    uint8_t *bytes;

    buffer_clear(&b->bytes);
    command_write(command, &b->bytes);
    entry.command = buffer_slice(&b->bytes);
    *len = entry_bytes(entry.command.len);
    bytes = malloc(*len);
    CHECK(bytes != NULL);
    entry_write(bytes, &entry);
    return bytes;
}

static struct applied apply(struct bench *b, Perch__Command *command)
{
    size_t len;
    uint8_t *bytes = entry_of(b, command, &len);
    struct applied applied = apply_bytes(b, slice_of(bytes, len));

    free(bytes);
    CHECK(applied.outcome == OUTCOME_DONE);
    return applied;
}

static void forget_row(void *context, const struct row_key *key,
                       const struct slice *value)
{
    size_t *bytes = context;

    (void)key;
    *bytes += value == NULL ? 0 : value->len;
}

static void settle(struct bench *b)
{
    size_t bytes = 0;

    machine_write_changes(b->machine, forget_row, &bytes);
}

static void make_pool(struct bench *b)
{
    Perch__NodeStarted start = PERCH__NODE_STARTED__INIT;
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__CategoryCreate category = PERCH__CATEGORY_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid = guid_of(UINT32_MAX - 1);

    CODEC_SET(&start, start_id, bytes_of("0123456789abcdef", GUID_BYTES));
    CODEC_SET(&start, rules_known, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &start;
    b->epoch = apply(b, &command).value;
    CODEC_SET_BYTES(&command, administrator, SLICE_LITERAL("bench"));
    CODEC_SET_BYTES(&put, domain, SLICE_LITERAL("example.com"));
    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    apply(b, &command);
    CODEC_SET(&category, category, bytes_of(guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&category, name, SLICE_LITERAL("Bench"));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &category;
    apply(b, &command);
}

static void make_users(struct bench *b)
{
    Perch__UserCreate user = PERCH__USER_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    char uri[48];

    CODEC_SET_BYTES(&command, administrator, SLICE_LITERAL("bench"));
    CODEC_SET_BYTES(&user, display_name, SLICE_LITERAL("Somebody Else"));
    CODEC_SET_BYTES(&user, ha1, SLICE_LITERAL("0123456789abcdef"));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &user;
    for (uint32_t i = 0; i < b->users; i++) {
        uri_of(i, uri);
        CODEC_SET_BYTES(&user, uri, slice_of_text(uri));
        apply(b, &command);
    }
    settle(b);
}

static void make_rooms(struct bench *b)
{
    Perch__RoomCreate room = PERCH__ROOM_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid category = guid_of(UINT32_MAX - 1), guid;
    char name[48];

    CODEC_SET_BYTES(&command, administrator, SLICE_LITERAL("bench"));
    CODEC_SET(&room, category, bytes_of(category.bytes, GUID_BYTES));
    CODEC_SET(&room, visibility, PERCH__VISIBILITY__OPEN);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command.room_create = &room;
    for (uint32_t i = 0; i < b->rooms; i++) {
        guid = guid_of(i);
        snprintf(name, sizeof(name), "Room %08x of many", i * 2654435761u);
        CODEC_SET(&room, room, bytes_of(guid.bytes, GUID_BYTES));
        CODEC_SET_BYTES(&room, name, slice_of_text(name));
        apply(b, &command);
    }
    settle(b);
}

/* Small, medium and large rooms as the published model has them. */
static uint32_t members_of(uint32_t room)
{
    return room < 10 ? 16000 : room < 1077 ? 150 : 30;
}

static uint64_t make_roles(struct bench *b)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    static char uris[ROLES_PER_COMMAND_MAX][48];
    static ProtobufCBinaryData list[ROLES_PER_COMMAND_MAX];
    uint64_t made = 0;

    CODEC_SET_BYTES(&command, administrator, SLICE_LITERAL("bench"));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    change.members_add = list;
    for (uint32_t room = 0; room < b->rooms; room++) {
        struct guid guid = guid_of(room);
        uint32_t left =
            members_of(room) < b->users ? members_of(room) : b->users;
        uint32_t user = below(b, b->users);

        CODEC_SET(&change, room, bytes_of(guid.bytes, GUID_BYTES));
        made += left;
        while (left > 0) {
            size_t n = left < 1000 ? left : 1000;

            for (size_t i = 0; i < n; i++, user = (user + 1) % b->users) {
                uri_of(user, uris[i]);
                list[i] = bytes_of(uris[i], strlen(uris[i]));
            }
            change.n_members_add = n;
            apply(b, &command);
            left -= (uint32_t)n;
        }
        settle(b);
    }
    return made;
}

static void make_sessions(struct bench *b)
{
    Perch__SessionOpen open = PERCH__SESSION_OPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    char uri[48], endpoint[64];

    command.kind_case = PERCH__COMMAND__KIND_SESSION_OPEN;
    command.session_open = &open;
    for (uint32_t i = 0; i < b->sessions; i++) {
        uri_of(i % b->users, uri);
        snprintf(endpoint, sizeof(endpoint),
                 "<urn:uuid:%08x-0000-5000-8000-0123456789ab>", i);
        CODEC_SET_BYTES(&command, user, slice_of_text(uri));
        CODEC_SET(&command, session, i + 1);
        CODEC_SET_BYTES(&open, endpoint_id, slice_of_text(endpoint));
        apply(b, &command);
    }
    settle(b);
}

static void make_joins(struct bench *b)
{
    Perch__Join join = PERCH__JOIN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData list[SESSION_ROOMS];
    struct guid guids[SESSION_ROOMS];
    char uri[48];

    command.kind_case = PERCH__COMMAND__KIND_JOIN;
    command.join = &join;
    join.rooms = list;
    join.n_rooms = SESSION_ROOMS;
    for (uint32_t i = 0; i < b->sessions; i++) {
        for (int j = 0; j < SESSION_ROOMS; j++) {
            /* Two large rooms and the rest anywhere. */
            uint32_t room = j < 2 ? below(b, 10) : below(b, b->rooms);

            b->joined[i * SESSION_ROOMS + (uint32_t)j] = room;
            guids[j] = guid_of(room);
            list[j] = bytes_of(guids[j].bytes, GUID_BYTES);
        }
        uri_of(i % b->users, uri);
        CODEC_SET_BYTES(&command, user, slice_of_text(uri));
        CODEC_SET(&command, session, i + 1);
        apply(b, &command);
    }
    settle(b);
}

static uint8_t *make_post(struct bench *b, uint32_t session, uint32_t room,
                          const char *retry_id, size_t *len)
{
    Perch__Post post = PERCH__POST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid = guid_of(room);
    char uri[48];

    uri_of(session % b->users, uri);
    CODEC_SET_BYTES(&command, user, slice_of_text(uri));
    CODEC_SET(&command, session, session + 1);
    CODEC_SET(&post, room, bytes_of(guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&post, text,
                    SLICE_LITERAL("Buy 100 of the usual at 17 or better, and "
                                  "tell me when it is done, please. Thanks."));
    CODEC_SET(&post, client_at_us, 1900000000000000);
    if (retry_id != NULL) {
        CODEC_SET_BYTES(&post, retry_id, slice_of_text(retry_id));
    }
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    return entry_of(b, &command, len);
}

struct samples {
    uint8_t *bytes[SAMPLES];
    size_t len[SAMPLES];
};

static void samples_free(struct samples *samples)
{
    for (int i = 0; i < SAMPLES; i++) {
        free(samples->bytes[i]);
    }
}

/* One part of the timing. Returns CPU microseconds per entry. */
static double time_part(struct bench *b, const struct samples *samples,
                        uint64_t from, bool rows, size_t *written)
{
    struct buffer row = BUFFER_EMPTY;
    double started = cpu_us();

    for (uint64_t i = from; i < from + SAMPLES; i++) {
        struct slice bytes =
            slice_of(samples->bytes[i % SAMPLES], samples->len[i % SAMPLES]);

        CHECK(outcome_is_success(apply_bytes(b, bytes).outcome));
        if (rows && b->effects.has_message) {
            buffer_clear(&row);
            message_write(&b->effects.message, &row);
            *written += row.len;
        }
        *written += rows ? b->effects.records.bytes.len : 0;
        if (rows && i % BATCH == BATCH - 1) {
            machine_write_changes(b->machine, forget_row, written);
        }
    }
    buffer_deinit(&row);
    return (cpu_us() - started) / SAMPLES;
}

static int compare_times(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The median of parts and the best: what others do on the machine shows in the
 * one, hardly in the other. */
static void time_samples(struct bench *b, const char *what,
                         const struct samples *samples, bool rows, int parts)
{
    double times[PARTS_MAX];
    size_t written = 0;

    for (int i = 0; i < parts; i++) {
        times[i] = time_part(b, samples, (uint64_t)i * SAMPLES, rows, &written);
    }
    qsort(times, (size_t)parts, sizeof(*times), compare_times);
    printf("%-48s best %5.2f us, median %5.2f us", what, times[0],
           times[parts / 2]);
    if (rows) {
        printf(", %4.0f bytes of rows", (double)written / parts / SAMPLES);
    }
    printf("\n");
    settle(b);
}

/* Posts of one session in one room, or of any in any of its rooms. */
static void post_samples(struct bench *b, struct samples *samples, bool spread,
                         bool retry)
{
    char retry_id[48];

    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint32_t session = spread ? below(b, b->sessions) : 0;
        uint32_t room = b->joined[session * SESSION_ROOMS +
                                  (spread ? below(b, SESSION_ROOMS) : 5)];

        snprintf(retry_id, sizeof(retry_id), "%08x-0123-4567-89ab-0123456789ab",
                 i);
        samples->bytes[i] = make_post(b, session, room, retry ? retry_id : NULL,
                                      &samples->len[i]);
    }
}

static void probe_samples(struct bench *b, struct samples *samples)
{
    Perch__Probe probe = PERCH__PROBE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    static const uint8_t payload[128] = {1};

    CODEC_SET(&probe, payload, bytes_of(payload, sizeof(payload)));
    command.kind_case = PERCH__COMMAND__KIND_PROBE;
    command.probe = &probe;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        CODEC_SET(&probe, slot, i % PROBE_SLOTS);
        samples->bytes[i] = entry_of(b, &command, &samples->len[i]);
    }
}

static void bench_times(struct bench *b)
{
    static struct samples samples;
    int parts = b->parts;

    post_samples(b, &samples, false, false);
    time_samples(b, "post, one session and room", &samples, false, parts);
    time_samples(b, "the same with rows", &samples, true, parts);
    samples_free(&samples);
    post_samples(b, &samples, true, false);
    time_samples(b, "post, any session and room", &samples, false, parts);
    time_samples(b, "the same with rows", &samples, true, parts);
    samples_free(&samples);
    post_samples(b, &samples, true, true);
    /* Each retry id is new once. */
    time_samples(b, "post, any, with a new retry id", &samples, false, 1);
    time_samples(b, "post, any, repeated", &samples, false, parts);
    samples_free(&samples);
    probe_samples(b, &samples);
    time_samples(b, "probe of 128 bytes", &samples, false, parts);
    time_samples(b, "the same with rows", &samples, true, parts);
    samples_free(&samples);
}

/* With the archive off no record is made, on one for each post. */
static void put_archive(struct bench *b, Perch__ArchiveMode mode)
{
    Perch__ArchivePut put = PERCH__ARCHIVE_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&command, administrator, SLICE_LITERAL("bench"));
    CODEC_SET(&put, mode, mode);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_PUT;
    command.archive_put = &put;
    apply(b, &command);
}

static void begin_archive(struct bench *b)
{
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__ArchiveKeyPut key = PERCH__ARCHIVE_KEY_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    uint8_t bytes[NOTE_KEY_BYTES] = {0xed};

    CODEC_SET_BYTES(&command, administrator, SLICE_LITERAL("bench"));
    CODEC_SET(&raise, version, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = &raise;
    apply(b, &command);
    CODEC_SET(&key, public_key, bytes_of(bytes, sizeof(bytes)));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT;
    command.archive_key_put = &key;
    apply(b, &command);
}

static void bench_archive(struct bench *b)
{
    static struct samples samples;

    begin_archive(b);
    post_samples(b, &samples, false, false);
    time_samples(b, "post, archive off", &samples, true, b->parts);
    put_archive(b, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    time_samples(b, "post, archive on", &samples, true, b->parts);
    put_archive(b, PERCH__ARCHIVE_MODE__ARCHIVE_OFF);
    samples_free(&samples);
    post_samples(b, &samples, true, false);
    time_samples(b, "post, any, archive off", &samples, true, b->parts);
    put_archive(b, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    time_samples(b, "post, any, archive on", &samples, true, b->parts);
    samples_free(&samples);
}

static void print_bytes(const char *what, size_t before, uint64_t n)
{
    printf("%-54s %6.0f bytes each, %" PRIu64 " of them, %.1f MB\n", what,
           (double)(heap_bytes() - before) / (double)n, n,
           (double)(heap_bytes() - before) / 1e6);
}

static void bench_memory(struct bench *b)
{
    size_t before = heap_bytes();
    uint64_t roles;
    double started;

    make_users(b);
    print_bytes("user", before, b->users);
    before = heap_bytes();
    make_rooms(b);
    print_bytes("room", before, b->rooms);
    before = heap_bytes();
    roles = make_roles(b);
    print_bytes("member entry", before, roles);
    before = heap_bytes();
    make_sessions(b);
    print_bytes("session", before, b->sessions);
    before = heap_bytes();
    started = cpu_us();
    make_joins(b);
    print_bytes("participant", before, (uint64_t)b->sessions * SESSION_ROOMS);
    printf("%-54s %6.2f us\n", "room joined, 24 at a time, with rows",
           (cpu_us() - started) / (double)b->sessions / SESSION_ROOMS);
}

struct loading {
    struct machine *machine;
    uint64_t rows;
};

static void load(void *context, const struct row_key *key,
                 const struct slice *value)
{
    struct loading *loading = context;

    CHECK(machine_load(loading->machine, key, *value) == ERROR_NONE);
    loading->rows += 1;
}

static void bench_load(struct bench *b)
{
    struct loading loading = {machine_new(COMMAND_RULES_KNOWN), 0};
    double started = cpu_us();

    machine_write_all(b->machine, load, &loading);
    CHECK(machine_load_end(loading.machine) == ERROR_NONE);
    printf("%-54s %6.2f us, %" PRIu64 " rows, %.2f s\n",
           "row written and loaded",
           (cpu_us() - started) / (double)loading.rows, loading.rows,
           (cpu_us() - started) / 1e6);
    started = cpu_us();
    CHECK(machine_hash(b->machine) == machine_hash(loading.machine));
    printf("%-54s %6.2f s\n", "hash of the state", (cpu_us() - started) / 2e6);
    machine_free(loading.machine);
}

int main(int argc, char **argv)
{
    struct bench b = {.rooms = 33077,
                      .users = 80000,
                      .sessions = 10000,
                      .parts = 51,
                      .random = 1};

    for (int i = 1; i + 1 < argc; i += 2) {
        uint32_t value = (uint32_t)strtoul(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--rooms") == 0) {
            b.rooms = value;
        } else if (strcmp(argv[i], "--users") == 0) {
            b.users = value;
        } else if (strcmp(argv[i], "--sessions") == 0) {
            b.sessions = value;
        } else if (strcmp(argv[i], "--parts") == 0 && value >= 1 &&
                   value <= PARTS_MAX) {
            b.parts = (int)value;
        }
    }
    b.joined = calloc((size_t)b.sessions * SESSION_ROOMS, sizeof(*b.joined));
    CHECK(b.joined != NULL);
    b.machine = machine_new(COMMAND_RULES_KNOWN);
    b.arena = arena_new(16384);
    effects_init(&b.effects);
    make_pool(&b);
    bench_memory(&b);
    bench_times(&b);
    bench_archive(&b);
    bench_load(&b);
    machine_free(b.machine);
    effects_deinit(&b.effects);
    buffer_deinit(&b.bytes);
    arena_free(b.arena);
    free(b.joined);
    return 0;
}
