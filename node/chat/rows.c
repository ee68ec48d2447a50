#include "node/chat/rows.h"

#include "node/chat/encode.h"
#include "node/chat/hold.h"
#include "node/chat/load.h"
#include "node/chat/memory.h"
#include "node/chat/origin.h"
#include "node/chat/place.h"
#include "node/chat/publication.h"
#include "node/chat/session.h"
#include "node/chat/state.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"

enum { SCRATCH_BYTES = 4096 };

static const struct {
    const char *name;
    unsigned parts;
    unsigned place;
} facts[ROW_KINDS] = {
#define ROW_ROW(name, place, text, parts, which)                               \
    [ROW_##name] = {text, parts, place},
    ROW_LIST(ROW_ROW)
#undef ROW_ROW
};

#define ROW_PLACE_CHECK(name, place, ...)                                      \
    _Static_assert((place) < ROW_PLACES, "the row of counters has it");
ROW_LIST(ROW_PLACE_CHECK)
#undef ROW_PLACE_CHECK

const char *row_name(enum row_kind kind)
{
    return (unsigned)kind < ROW_KINDS ? facts[kind].name : "unknown";
}

unsigned row_parts(enum row_kind kind)
{
    CHECK((unsigned)kind < ROW_KINDS);
    return facts[kind].parts;
}

unsigned row_place(enum row_kind kind)
{
    CHECK((unsigned)kind < ROW_KINDS);
    return facts[kind].place;
}

int row_compare(const struct row_key *a, const struct row_key *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    for (int i = 0; i < ROW_PARTS_MAX; i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Where rows go, and what is needed to make their values. */
struct writer {
    const struct machine *machine;
    struct arena *scratch;
    struct buffer value;
    row_sink *sink;
    void *context;
};

static void writer_init(struct writer *writer, const struct machine *machine,
                        row_sink *sink, void *context)
{
    writer->machine = machine;
    writer->scratch = arena_new(SCRATCH_BYTES);
    CHECK(writer->scratch != NULL);
    buffer_init(&writer->value);
    writer->sink = sink;
    writer->context = context;
}

static void writer_deinit(struct writer *writer)
{
    buffer_deinit(&writer->value);
    arena_free(writer->scratch);
}

static void write_key(struct writer *writer, const struct row_key *key)
{
    struct slice value;
    bool exists;

    buffer_clear(&writer->value);
    exists = encode_row(writer->machine, key, writer->scratch, &writer->value);
    value = buffer_slice(&writer->value);
    writer->sink(writer->context, key, exists ? &value : NULL);
}

/* Nothing is handed over for a row that is not there. */
static void write_row(struct writer *writer, enum row_kind kind, uint64_t a,
                      uint64_t b, uint64_t c)
{
    struct row_key key = {kind, {a, b, c}};
    struct slice value;

    buffer_clear(&writer->value);
    if (encode_row(writer->machine, &key, writer->scratch, &writer->value)) {
        value = buffer_slice(&writer->value);
        writer->sink(writer->context, &key, &value);
    }
}

void machine_write_changes(struct machine *machine, row_sink *sink,
                           void *context)
{
    struct writer writer;
    struct row_key key;

    writer_init(&writer, machine, sink, context);
    while (changes_take(&machine->changes, &key)) {
        write_key(&writer, &key);
    }
    writer_deinit(&writer);
}

size_t machine_changes(const struct machine *machine)
{
    return machine->changes.n;
}

static void write_numbered(struct writer *writer, enum row_kind kind,
                           uint32_t last)
{
    for (uint32_t number = 1; number <= last; number++) {
        write_row(writer, kind, number, 0, 0);
    }
}

/* The rows of an object that are numbered by the entries of its map. */
static void write_map(struct writer *writer, enum row_kind kind,
                      uint32_t number, const struct number_map *map)
{
    for (uint32_t i = 0; i < map->n; i++) {
        write_row(writer, kind, number, map->pairs[i].number, 0);
    }
}

static void write_memberships(struct writer *writer)
{
    const struct machine *machine = writer->machine;

    for (uint32_t number = 1; number <= machine->principal_last; number++) {
        const struct group *group =
            table_at(&machine->directory.groups, number);

        if (group != NULL) {
            write_map(writer, ROW_MEMBERSHIP, number, &group->members);
        }
    }
}

static void write_roles(struct writer *writer)
{
    const struct machine *machine = writer->machine;

    for (uint32_t number = 1; number <= machine->place_last; number++) {
        const struct place *place = place_at(machine, number);

        if (place != NULL) {
            write_map(writer, ROW_ROLE, number, &place->roles);
        }
    }
}

static void write_publications(struct writer *writer, const struct user *user)
{
    const struct publication *item = NULL;

    while ((item = publication_next(user, item)) != NULL) {
        write_row(writer, ROW_PUBLICATION, user->principal.number,
                  item->container, item->instance);
    }
}

static void write_reads(struct writer *writer, const struct user *user)
{
    const struct attention *attention = user->attention;
    uint32_t n = attention == NULL ? 0 : attention->n_marks;

    for (uint32_t i = 0; i < n; i++) {
        write_row(writer, ROW_READ, user->principal.number,
                  attention->marks[i].room, 0);
    }
}

static void write_users(struct writer *writer,
                        void (*each)(struct writer *writer,
                                     const struct user *user))
{
    const struct machine *machine = writer->machine;

    for (uint32_t number = 1; number <= machine->principal_last; number++) {
        const struct user *user = table_at(&machine->users, number);

        if (user != NULL) {
            each(writer, user);
        }
    }
}

static void write_outcomes(struct writer *writer, const struct origin *origin)
{
    for (unsigned chunk = 0; chunk < origin_chunks(origin); chunk++) {
        write_row(writer, ROW_OUTCOMES, origin->node, chunk, 0);
    }
}

static void write_sessions(struct writer *writer, const struct origin *origin)
{
    const struct session *session = NULL;

    while ((session = session_next(origin, session)) != NULL) {
        write_row(writer, ROW_SESSION, origin->node, origin->epoch,
                  session->serial);
    }
}

static void write_origins(struct writer *writer,
                          void (*each)(struct writer *writer,
                                       const struct origin *origin))
{
    for (int node = 0; node < NODES; node++) {
        if (writer->machine->origins[node] != NULL) {
            each(writer, writer->machine->origins[node]);
        }
    }
}

static void write_origin(struct writer *writer, const struct origin *origin)
{
    write_row(writer, ROW_ORIGIN, origin->node, 0, 0);
}

static void write_memos(struct writer *writer, enum memory_kind kind,
                        enum row_kind row)
{
    const struct memo *memo = NULL;

    while ((memo = memory_next(writer->machine, kind, memo)) != NULL) {
        write_row(writer, row, memo->number, 0, 0);
    }
}

static void write_holds(struct writer *writer)
{
    const struct hold *hold;

    TAILQ_FOREACH (hold, &writer->machine->holds, link) {
        write_row(writer, ROW_HOLD, hold->number, 0, 0);
    }
}

void machine_write_all(const struct machine *machine, row_sink *sink,
                       void *context)
{
    struct writer writer;

    writer_init(&writer, machine, sink, context);
    write_row(&writer, ROW_POOL, 0, 0, 0);
    write_row(&writer, ROW_COUNTERS, 0, 0, 0);
    write_numbered(&writer, ROW_USER, machine->principal_last);
    write_numbered(&writer, ROW_GROUP, machine->principal_last);
    write_memberships(&writer);
    write_numbered(&writer, ROW_CATEGORY, machine->place_last);
    write_numbered(&writer, ROW_ADDIN, machine->addin_last);
    write_numbered(&writer, ROW_ROOM, machine->place_last);
    write_roles(&writer);
    write_users(&writer, write_publications);
    write_users(&writer, write_reads);
    write_numbered(&writer, ROW_FEEDS, machine->principal_last);
    write_origins(&writer, write_origin);
    write_origins(&writer, write_outcomes);
    write_origins(&writer, write_sessions);
    write_memos(&writer, MEMORY_RETRY, ROW_RETRY);
    write_memos(&writer, MEMORY_ENDPOINT, ROW_ENDPOINT);
    for (uint32_t slot = 0; slot < PROBE_SLOTS; slot++) {
        write_row(&writer, ROW_PROBE, slot, 0, 0);
    }
    write_holds(&writer);
    write_row(&writer, ROW_ARCHIVE, 0, 0, 0);
    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        write_row(&writer, ROW_ADAPTER, slot, 0, 0);
    }
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        write_row(&writer, ROW_WITNESS, slot, 0, 0);
    }
    write_numbered(&writer, ROW_TOMBSTONE, machine->place_last);
    for (uint32_t slot = 0; slot < ADMINISTRATORS_MAX; slot++) {
        write_row(&writer, ROW_ADMINISTRATOR, slot, 0, 0);
    }
    for (uint32_t slot = 0; slot < FILTERS_MAX; slot++) {
        write_row(&writer, ROW_FILTER, slot, 0, 0);
    }
    write_row(&writer, ROW_LEDGER, 0, 0, 0);
    writer_deinit(&writer);
}

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t fnv(uint64_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    }
    return hash;
}

static uint64_t fnv_number(uint64_t hash, uint64_t number)
{
    uint8_t bytes[8];

    put_be64(bytes, number);
    return fnv(hash, bytes, sizeof(bytes));
}

static void hash_row(void *context, const struct row_key *key,
                     const struct slice *value)
{
    uint64_t *hash = context;

    *hash = fnv_number(*hash, row_place(key->kind));
    for (int i = 0; i < ROW_PARTS_MAX; i++) {
        *hash = fnv_number(*hash, key->part[i]);
    }
    *hash = fnv_number(*hash, value->len);
    *hash = fnv(*hash, value->data, value->len);
}

uint64_t machine_hash(const struct machine *machine)
{
    uint64_t hash = FNV_START;

    machine_write_all(machine, hash_row, &hash);
    return hash;
}

enum error machine_load(struct machine *machine, const struct row_key *key,
                        struct slice value)
{
    CHECK(machine->index_last == 0); /* Nothing may have been applied. */
    if (machine->scratch == NULL) {
        machine->scratch = arena_new(SCRATCH_BYTES);
        if (machine->scratch == NULL) {
            return ERROR_NO_MEMORY;
        }
        changes_forget(&machine->changes);
        machine->counts[ROW_POOL] = 0;
        machine->counts[ROW_COUNTERS] = 0;
    }
    return load_row(machine, key, value, machine->scratch);
}

enum error machine_load_end(struct machine *machine)
{
    if (machine->scratch == NULL) {
        return ERROR_NONE; /* No rows: a pool to which nothing happened. */
    }
    arena_free(machine->scratch);
    machine->scratch = NULL;
    for (int kind = 0; kind < ROW_KINDS; kind++) {
        if (machine->counts[kind] != machine->stated[kind]) {
            return ERROR_MALFORMED;
        }
    }
    machine->counts[ROW_OUTCOMES] = 0; /* Told by the origins from now on. */
    return ERROR_NONE;
}
