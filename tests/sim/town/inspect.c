/* Looks into hosts: equal states where equal entries were applied, and rows
 * that say what memory says. */
#include <inttypes.h>
#include <string.h>

#include "node/chat/query.h"
#include "node/chat/rows.h"
#include "node/chat/view.h"
#include "node/state_rows.h"
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"
#include "storage/cursor.h"
#include "tests/sim/town/town.h"

enum {
    LOOK_US = 100 * TOWN_MS,
    STATE_EVERY = 4, /* Looks: it is costly, */
    ROWS_EVERY = 40, /* and this is more. */
    ARENA_BYTES = 4096,
};

/* Its store is there: it is none while a copy takes its place. */
static bool has_state(const struct host *host)
{
    return host_is_up(host) &&
           applier_store(backend_applier(host->backend)) != NULL;
}

static void compare(struct host *host, bool whole)
{
    struct applier *applier = backend_applier(host->backend);
    uint64_t index = applier_digested(applier), digest;

    CHECK(applier_digest_at(applier, index, &digest));
    ledger_digest(&host->town->ledger, host->number, index, digest);
    if (whole) {
        ledger_state(&host->town->ledger, host->number,
                     applier_applied(applier),
                     machine_hash(applier_machine(applier)));
    }
    schedule_trace(host->town->schedule, digest);
}

/* Make the state from the rows, as the next start would. */
static void compare_rows(struct host *host)
{
    struct applier *applier = backend_applier(host->backend);
    struct machine *machine = NULL;
    uint64_t digest = 0, known = 0;
    enum error error = state_rows_load(applier_store(applier),
                                       COMMAND_RULES_KNOWN, &machine, &digest);

    if (error != ERROR_NONE) {
        ledger_break(&host->town->ledger, "rows", "host %u: %s", host->number,
                     error_name(error));
        return;
    }
    if (machine_hash(machine) != machine_hash(applier_machine(applier)) ||
        !applier_digest_at(applier, applier_digested(applier), &known) ||
        known != digest) {
        ledger_break(&host->town->ledger, "rows",
                     "host %u: rows at %" PRIu64 " are not what memory is",
                     host->number, applier_applied(applier));
    }
    machine_free(machine);
}

static uint64_t add_slice(uint64_t sum, struct slice bytes)
{
    return checksum64_extend(
        checksum64_extend(sum, &bytes.len, sizeof(bytes.len)), bytes.data,
        bytes.len);
}

/* All rows of a table, into a sum. */
static uint64_t add_table(struct view *view, enum table table, uint64_t sum)
{
    struct cursor *cursor = NULL;
    struct range all = {SLICE_NONE, SLICE_NONE, false};
    struct row row;

    CHECK(cursor_open(view, table, all, &cursor) == ERROR_NONE);
    while (cursor_next(cursor, &row) == ERROR_NONE) {
        sum = add_slice(add_slice(sum, row.key), row.value);
    }
    cursor_close(cursor);
    return sum;
}

/* What was said, and what it was made since, is no part of the state. */
static void compare_said(struct host *host)
{
    struct store *store = applier_store(backend_applier(host->backend));
    struct view *view = NULL;
    uint64_t sum = 1;

    CHECK(view_open(store, &view) == ERROR_NONE);
    sum = add_table(view, TABLE_MESSAGES, sum);
    sum = add_table(view, TABLE_REVISIONS, sum);
    view_close(view);
    ledger_said(&host->town->ledger, host->number, store_applied(store), sum);
}

static void look(struct town *town, bool at_state, bool at_rows)
{
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        if (has_state(&town->hosts[i])) {
            compare(&town->hosts[i], at_state);
            if (at_rows) {
                compare_rows(&town->hosts[i]);
                compare_said(&town->hosts[i]);
            }
        }
    }
}

static void on_look(void *context)
{
    struct town *town = context;
    uint64_t looks = schedule_now_us(town->schedule) / LOOK_US;

    look(town, looks % STATE_EVERY == 0, looks % ROWS_EVERY == 0);
    town_later(town, LOOK_US, on_look, town);
}

void inspect_begin(struct town *town)
{
    town_later(town, LOOK_US, on_look, town);
}

/* --- Messages --- */

/* A walk over a room's messages. */
struct walk {
    struct host *host;
    unsigned room;
    uint64_t last, last_index;
    uint64_t purged_upto; /* By the room. */
};

/* Whether all messages between two were purged. */
static bool are_purged(const struct walk *walk, uint64_t first, uint64_t last)
{
    const struct witness *witness = walk->host->town->witness;

    for (uint64_t id = first; id <= last; id++) {
        if (witness == NULL ? id > walk->purged_upto
                            : !witness_is_purged(witness, walk->room, id)) {
            return false;
        }
    }
    return true;
}

/* Those of one entry were imported together. */
static bool is_next(const struct walk *walk,
                    const Perch__Stored__Message *message)
{
    const struct witness *witness = walk->host->town->witness;

    return message->message_id > walk->last &&
           are_purged(walk, walk->last + 1, message->message_id - 1) &&
           (witness == NULL ||
            !witness_is_purged(witness, walk->room, message->message_id)) &&
           message->log_index + message->has_importer > walk->last_index;
}

static void check_message(struct walk *walk,
                          const Perch__Stored__Message *message)
{
    struct ledger *ledger = &walk->host->town->ledger;

    if (!is_next(walk, message)) {
        ledger_break(ledger, "order",
                     "host %u, room %u: %" PRIu64 " of %" PRIu64
                     " comes after %" PRIu64 " of %" PRIu64,
                     walk->host->number, walk->room, message->message_id,
                     message->log_index, walk->last, walk->last_index);
    }
    ledger_message(ledger, walk->room, message->message_id,
                   codec_slice(message->text));
    walk->last = message->message_id;
    walk->last_index = message->log_index;
}

static void check_row(struct walk *walk, struct slice value)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    ProtobufCMessage *message = NULL;

    CHECK(arena != NULL);
    if (codec_read(arena, &perch__stored__message__descriptor, value,
                   &message) == ERROR_NONE) {
        check_message(walk, (const Perch__Stored__Message *)message);
    } else {
        ledger_break(&walk->host->town->ledger, "rows",
                     "host %u: a message is malformed", walk->host->number);
    }
    arena_free(arena);
}

static void walk_room(struct walk *walk, struct view *view, uint32_t place)
{
    struct key lower, upper;
    struct cursor *cursor = NULL;
    uint64_t part = place;
    struct row row;

    key_prefix(TABLE_MESSAGES, 1, &part, &lower);
    upper = lower;
    key_after(&upper);
    CHECK(
        cursor_open(view, TABLE_MESSAGES,
                    (struct range){key_slice(&lower), key_slice(&upper), false},
                    &cursor) == ERROR_NONE);
    while (cursor_next(cursor, &row) == ERROR_NONE) {
        check_row(walk, row.value);
    }
    cursor_close(cursor);
}

/* What the host says of a room; false: it is not there, and may be so. A
 * deleted one shows nothing, and what was said there is kept. */
static bool find_room(struct host *host, unsigned number, uint32_t *place_out,
                      struct walk *walk, uint64_t *last_out)
{
    const struct machine *machine =
        applier_machine(backend_applier(host->backend));
    const struct witness *witness = host->town->witness;
    struct witness_room known = {.is_there = true};
    const struct room *room;
    struct room_view seen;
    struct guid guid;

    CHECK(guid_read(slice_of_text(room_guid_text(number)), &guid) ==
          ERROR_NONE);
    room = query_room(machine, &guid);
    if (witness != NULL) {
        known = witness_room(witness, number);
    }
    if (room != NULL) {
        view_room(room, &seen);
        *place_out = seen.place.number;
        *last_out = seen.message_id_last;
        walk->purged_upto = seen.purged_upto;
    } else {
        *place_out = known.place;
        *last_out = known.last;
    }
    if (witness != NULL ? (room != NULL) != known.is_there
                        : room == NULL && number < LEDGER_SQUARES) {
        ledger_break(&host->town->ledger, "rows", "host %u, room %u: %s",
                     host->number, number,
                     room == NULL ? "is not there" : "is deleted, and there");
    }
    return *place_out != 0;
}

static void check_room(struct host *host, struct view *view, unsigned number)
{
    struct walk walk = {.host = host, .room = number};
    uint64_t told = host->town->ledger.rooms[number].told, last = 0;
    uint32_t place = 0;

    bool is_found = find_room(host, number, &place, &walk, &last);

    if (host->town->witness == NULL) {
        ledger_unsure(&host->town->ledger, number,
                      is_found ? walk.purged_upto : told);
    }
    if (!is_found) {
        return;
    }
    walk_room(&walk, view, place);
    if (walk.last > last || !are_purged(&walk, walk.last + 1, last) ||
        last < told) {
        ledger_break(&host->town->ledger, "lost",
                     "host %u, room %u: %" PRIu64 " messages, %" PRIu64
                     " by its count, %" PRIu64 " were told",
                     host->number, number, walk.last, last, told);
    }
}

void inspect_end(struct town *town)
{
    if (!town->settings.guests_only) {
        look(town, true, true);
    }
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        struct host *host = &town->hosts[i];
        struct view *view = NULL;

        if (town->auditor != NULL) {
            const struct machine *machine =
                applier_machine(backend_applier(host->backend));

            auditor_close(town->auditor, host->number, machine,
                          town->settings.hosts);
            sinks_close(town->sinks, host->number, machine);
        }

        CHECK(view_open(applier_store(backend_applier(host->backend)), &view) ==
              ERROR_NONE);
        for (unsigned room = 0; room < LEDGER_ROOMS; room++) {
            check_room(host, view, room);
        }
        view_close(view);
    }
}
