#include "tests/sim/town/auditor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/archive.h"
#include "node/chat/effects.h"
#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "proto/record.h"
#include "proto/tlog/merkle.h"
#include "tests/sim/town/town.h"

enum { AUDITED_USERS = TOWN_GUESTS_MAX / 2 }; /* Each on two devices. */

/* A record as the first host that had it has it. */
struct audited {
    struct merkle_hash root; /* Of the tree that ends with it. */
    uint64_t sum;            /* Of its bytes. */
    uint64_t index;
    int64_t time_us;
    uint8_t kind;
    uint8_t room; /* The ledger's; LEDGER_ROOMS: none of them. */
    uint64_t message_id;
    uint64_t text; /* Sum of the text it is a record of; 0: of none. */
};

/* Which message has which record. */
struct audited_room {
    size_t capacity;
    uint64_t *records; /* By message id: CSN + 2; 1: none; 0: not seen. */
};

struct auditor {
    struct ledger *ledger;
    struct auditor_sums sums;
    uint64_t index; /* The newest entry. */
    bool is_on, is_required, is_shut;
    struct merkle_frontier frontier;
    struct audited *records; /* By CSN. */
    size_t n, capacity;
    struct audited_room rooms[LEDGER_ROOMS];
    /* By user and room: histories on record, and shown; searches. */
    uint64_t read[AUDITED_USERS][LEDGER_ROOMS];
    uint64_t shown[AUDITED_USERS][LEDGER_ROOMS];
    uint64_t searched[AUDITED_USERS], found[AUDITED_USERS];
};

struct auditor *auditor_new(struct ledger *ledger)
{
    struct auditor *auditor = calloc(1, sizeof(*auditor));

    CHECK(auditor != NULL);
    auditor->ledger = ledger;
    return auditor;
}

void auditor_end(struct auditor *auditor)
{
    if (auditor == NULL) {
        return;
    }
    for (size_t i = 0; i < LEDGER_ROOMS; i++) {
        free(auditor->rooms[i].records);
    }
    free(auditor->records);
    free(auditor);
}

const struct auditor_sums *auditor_sums(const struct auditor *auditor)
{
    return &auditor->sums;
}

bool auditor_is_on(const struct auditor *auditor)
{
    return auditor->is_on;
}

/* --- Records --- */

static uint64_t sum_of(struct slice bytes)
{
    return checksum64_extend(bytes.len + 1, bytes.data, bytes.len);
}

bool auditor_knows(const struct auditor *auditor, uint64_t csn,
                   struct slice bytes)
{
    return csn < auditor->n && auditor->records[csn].sum == sum_of(bytes);
}

bool auditor_has_root(const struct auditor *auditor, uint64_t size,
                      const struct merkle_hash *root)
{
    return size > 0 && size <= auditor->n &&
           merkle_equal(&auditor->records[size - 1].root, root);
}

/* Which of the ledger's rooms a record is of. */
static uint8_t room_of(const struct record *record)
{
    struct slice guid;
    struct guid known;

    if (record_find(record, RECORD_FIELD_ROOM, &guid)) {
        for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
            CHECK(guid_read(slice_of_text(room_guid_text(i)), &known) ==
                  ERROR_NONE);
            if (slice_equal(guid, slice_of(known.bytes, GUID_BYTES))) {
                return (uint8_t)i;
            }
        }
    }
    return LEDGER_ROOMS;
}

/* Which of the guests' users did it; AUDITED_USERS: none of them. */
static unsigned user_of(const struct record *record)
{
    struct slice user;
    unsigned number;
    char text[64];

    if (!record_find(record, RECORD_FIELD_USER, &user) ||
        user.len >= sizeof(text)) {
        return AUDITED_USERS;
    }
    memcpy(text, user.data, user.len);
    text[user.len] = '\0';
    return sscanf(text, "sip:g%u@", &number) == 1 && number < AUDITED_USERS
               ? number
               : AUDITED_USERS;
}

/* What people said, of the commands that say something. */
static uint64_t text_of(const struct effects *effects,
                        const struct record *record)
{
    const Perch__Command *command = effects->command;

    switch (record->kind) {
    case RECORD_POST:
    case RECORD_ALERT:
    case RECORD_STORY:
        return sum_of(codec_slice(command->post->text));
    case RECORD_CORRECT:
        return sum_of(codec_slice(command->message_correct->text));
    default:
        return 0;
    }
}

static void count(struct auditor *auditor, const struct record *record)
{
    unsigned user = user_of(record), room = room_of(record);

    auditor->sums.denied += record->kind == RECORD_DENIED;
    auditor->sums.canaries += record->kind == RECORD_CANARY;
    auditor->sums.cuts += record->kind == RECORD_CUT;
    if (user == AUDITED_USERS) {
        return;
    }
    if (record->kind == RECORD_HISTORY_READ && room < LEDGER_ROOMS) {
        auditor->read[user][room]++;
    } else if (record->kind == RECORD_SEARCH) {
        auditor->searched[user]++;
    }
}

static void add(struct auditor *auditor, const struct effects *effects,
                const struct record *record, struct slice bytes)
{
    struct merkle_hash leaf;
    struct audited *audited;

    if (auditor->n == auditor->capacity) {
        auditor->capacity =
            auditor->capacity == 0 ? 1024 : 2 * auditor->capacity;
        auditor->records = realloc(
            auditor->records, auditor->capacity * sizeof(*auditor->records));
        CHECK(auditor->records != NULL);
    }
    merkle_leaf(bytes, &leaf);
    merkle_grow(&auditor->frontier, &leaf);
    audited = &auditor->records[auditor->n++];
    *audited = (struct audited){
        .sum = sum_of(bytes),
        .index = record->log_index,
        .time_us = record->time_us,
        .kind = (uint8_t)record->kind,
        .room = room_of(record),
        .message_id = record_number(record, RECORD_FIELD_MESSAGE_ID, 0),
        .text = text_of(effects, record),
    };
    merkle_root(&auditor->frontier, &audited->root);
    count(auditor, record);
    auditor->sums.records = auditor->n;
}

static void check_order(struct auditor *auditor, unsigned node,
                        const struct record *record, uint64_t csn)
{
    int64_t before_us =
        csn == 0 || csn > auditor->n ? 0 : auditor->records[csn - 1].time_us;

    if (record->csn != csn || csn > auditor->n) {
        ledger_break(auditor->ledger, "archive",
                     "host %u: CSN %" PRIu64 " stands at %" PRIu64
                     " of %zu that there were",
                     node, record->csn, csn, auditor->n);
    } else if (record->time_us < before_us) {
        ledger_break(auditor->ledger, "archive",
                     "host %u: time runs back at CSN %" PRIu64, node, csn);
    }
}

static void check_record(struct auditor *auditor, unsigned node,
                         const struct effects *effects, size_t at)
{
    uint64_t csn = effects->records.csn + at;
    struct slice bytes = effects_record_at(effects, at);
    struct record record;

    if (record_read(bytes, &record) != ERROR_NONE) {
        ledger_break(auditor->ledger, "archive",
                     "host %u: CSN %" PRIu64 " is no record", node, csn);
        return;
    }
    check_order(auditor, node, &record, csn);
    if (csn == auditor->n) {
        add(auditor, effects, &record, bytes);
    } else if (csn < auditor->n) {
        auditor->sums.compared++;
        if (auditor->records[csn].sum != sum_of(bytes)) {
            ledger_break(auditor->ledger, "archive",
                         "host %u: CSN %" PRIu64 " is another record", node,
                         csn);
        }
    }
}

/* --- What a host says of the tree --- */

static void check_root(struct auditor *auditor, unsigned node,
                       const struct checkpoint_view *checkpoint)
{
    if (!checkpoint->is) {
        return;
    }
    auditor->sums.roots++;
    if (!auditor_has_root(auditor, checkpoint->size, &checkpoint->root)) {
        ledger_break(auditor->ledger, "archive",
                     "host %u: a root of %" PRIu64 " records is another", node,
                     checkpoint->size);
    }
}

static void check_view(struct auditor *auditor, unsigned node,
                       const struct effects *effects,
                       const struct archive_view *view)
{
    size_t n = effects->records.n;

    if (n > 0 && view->records != effects->records.csn + n) {
        ledger_break(
            auditor->ledger, "archive",
            "host %u: %" PRIu64 " records, and CSN %" PRIu64 " is the last",
            node, view->records, effects->records.csn + (uint64_t)n - 1);
    }
    check_root(auditor, node, &view->open);
    check_root(auditor, node, &view->published);
}

/* --- Messages --- */

static void note_message(struct auditor *auditor, const struct effects *effects)
{
    const struct message *said = &effects->message;
    struct guid guid;
    unsigned number = 0;
    struct audited_room *room;
    uint64_t id = said->message_id;

    memcpy(guid.bytes, effects->command->post->room.data, GUID_BYTES);
    while (number < LEDGER_ROOMS) {
        struct guid known;

        CHECK(guid_read(slice_of_text(room_guid_text(number)), &known) ==
              ERROR_NONE);
        if (guid_compare(&known, &guid) == 0) {
            break;
        }
        number++;
    }
    if (number == LEDGER_ROOMS) {
        return;
    }
    room = &auditor->rooms[number];
    if (id >= room->capacity) {
        size_t capacity = 2 * (size_t)id + 64;

        room->records = realloc(room->records, capacity * sizeof(uint64_t));
        CHECK(room->records != NULL);
        memset(room->records + room->capacity, 0,
               (capacity - room->capacity) * sizeof(uint64_t));
        room->capacity = capacity;
    }
    room->records[id] = said->has_csn ? said->csn + 2 : 1;
}

/* Where it is required nothing is said that has no record; and nothing is
 * refused for an archive that there is not. */
static void check_mode(struct auditor *auditor, const struct applied *applied,
                       const struct effects *effects)
{
    bool is_closed = applied->outcome == OUTCOME_ARCHIVE_UNAVAILABLE;

    auditor->sums.closed += is_closed;
    if (effects->has_message && auditor->is_on && !effects->message.has_csn) {
        ledger_break(auditor->ledger, "archive",
                     "entry %" PRIu64 ": a message has no record",
                     effects->log_index);
    }
    if (is_closed && (!auditor->is_required || effects->has_message)) {
        ledger_break(auditor->ledger, "archive",
                     "entry %" PRIu64 ": refused for an archive that is not "
                     "required",
                     effects->log_index);
    }
}

/* A post is let through only as long as the archive takes it: what a post
 * changes is not what is asked. */
static void check_gate(struct auditor *auditor, const struct machine *machine,
                       const struct effects *effects)
{
    bool is_shut = archive_gate(machine, effects->sent_at_us) != OUTCOME_DONE;

    auditor->sums.shut += is_shut && !auditor->is_shut;
    auditor->sums.opened += !is_shut && auditor->is_shut;
    auditor->is_shut = is_shut;
    if (is_shut && effects->has_message &&
        effects->command->kind_case == PERCH__COMMAND__KIND_POST) {
        ledger_break(auditor->ledger, "archive",
                     "entry %" PRIu64 ": a post, and the archive is shut",
                     effects->log_index);
    }
}

void auditor_entry(struct auditor *auditor, unsigned node,
                   const struct machine *machine,
                   const struct applied_entry *entry,
                   const struct applied *applied, const struct effects *effects)
{
    struct archive_view view;

    for (size_t i = 0; i < effects->records.n; i++) {
        check_record(auditor, node, effects, i);
    }
    archive_view(machine, &view);
    check_view(auditor, node, effects, &view);
    if (entry->index <= auditor->index) {
        return; /* Another host was faster. */
    }
    check_mode(auditor, applied, effects);
    check_gate(auditor, machine, effects);
    if (effects->has_message) {
        note_message(auditor, effects);
    }
    auditor->index = entry->index;
    auditor->is_on = view.mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF;
    auditor->is_required = view.mode == PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED;
}

/* --- What guests are given --- */

/* The kind of record that makes a message what it is shown as. */
static bool is_of_state(const struct audited *audited,
                        const struct xccos_message *message)
{
    switch (message->state) {
    case XCCOS_MESSAGE_POSTED:
        return audited->kind == RECORD_POST || audited->kind == RECORD_ALERT ||
               audited->kind == RECORD_STORY || audited->kind == RECORD_IMPORT;
    case XCCOS_MESSAGE_CORRECTED:
        return audited->kind == RECORD_CORRECT;
    case XCCOS_MESSAGE_WITHDRAWN:
        return audited->kind == RECORD_WITHDRAW;
    default:
        return audited->kind == RECORD_REDACT;
    }
}

static const char *unlike(const struct audited *audited, unsigned room,
                          const struct xccos_message *message)
{
    if (!is_of_state(audited, message)) {
        return "another kind";
    }
    if (audited->room != room) {
        return "another room";
    }
    if (audited->message_id != message->message_id.value &&
        audited->kind != RECORD_IMPORT) {
        return "another message";
    }
    return audited->text != 0 && audited->text != sum_of(message->text)
               ? "another text"
               : NULL;
}

/* A message that was posted while there was no archive, or imported, is known
 * to be so. */
static bool may_lack(const struct auditor *auditor, unsigned room,
                     const struct xccos_message *message)
{
    const struct audited_room *known = &auditor->rooms[room];
    uint64_t id = message->message_id.value;

    return message->state != XCCOS_MESSAGE_POSTED || id >= known->capacity ||
           known->records[id] <= 1;
}

void auditor_delivered(struct auditor *auditor, unsigned room,
                       const struct xccos_message *message)
{
    uint64_t csn = message->csn.value;
    const char *why;

    if (!message->csn.set) {
        why = may_lack(auditor, room, message) ? NULL : "none";
    } else if (csn >= auditor->n) {
        why = "one that there is not";
    } else {
        why = unlike(&auditor->records[csn], room, message);
    }
    if (why != NULL) {
        ledger_break(auditor->ledger, "unrecorded",
                     "%u/%" PRIu64 " is given with CSN %" PRIu64
                     ", of its record: %s",
                     room, message->message_id.value, csn, why);
    }
    auditor->sums.delivered += message->csn.set;
}

void auditor_shown(struct auditor *auditor, unsigned user, unsigned room)
{
    auditor->shown[user][room]++;
    auditor->sums.reads++;
    if (auditor->shown[user][room] > auditor->read[user][room]) {
        ledger_break(auditor->ledger, "unrecorded",
                     "user %u was shown the past of room %u %" PRIu64
                     " times, and is on record with %" PRIu64,
                     user, room, auditor->shown[user][room],
                     auditor->read[user][room]);
    }
}

void auditor_found(struct auditor *auditor, unsigned user)
{
    auditor->found[user]++;
    auditor->sums.reads++;
    if (auditor->found[user] > auditor->searched[user]) {
        ledger_break(auditor->ledger, "unrecorded",
                     "user %u was shown what was found %" PRIu64
                     " times, and is on record with %" PRIu64,
                     user, auditor->found[user], auditor->searched[user]);
    }
}

/* --- The end --- */

void auditor_close(struct auditor *auditor, unsigned node,
                   const struct machine *machine, unsigned hosts)
{
    struct archive_node_view keeper;
    struct archive_view view;

    archive_view(machine, &view);
    if (view.mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        return;
    }
    if (!view.published.is) {
        ledger_break(auditor->ledger, "archive",
                     "host %u: no checkpoint was published", node);
    }
    for (unsigned i = 1; i <= hosts; i++) {
        if (!archive_node(machine, (uint8_t)i, &keeper) ||
            keeper.state != PERCH__ARCHIVE_MARK__STATE__FINE ||
            keeper.diverged_size != 0) {
            ledger_break(auditor->ledger, "archive",
                         "host %u: host %u's archive is not well", node, i);
        }
    }
}
