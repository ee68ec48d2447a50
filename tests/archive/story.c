#include "tests/archive/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/command.h"
#include "proto/tlog/hash.h"
#include "proto/tlog/tile.h"

enum {
    NODES = 3,
    GUID_BYTES = 16,
    SESSION_BYTES = 17,
    HISTORY_EVERY = 50, /* Rounds of the story. */
    FILE_EVERY = 90,
    CANARY_EVERY = 100,
    PURGE_EVERY = 110,
    RETURN_EVERY = 130,
    LOSS_EVERY = 700,
};

struct story {
    uint64_t records, beside;
    story_take *take;
    story_file *file;
    void *context;

    struct buffer fields, command, bytes;
    uint64_t csn, index;
    uint32_t ordinal;
    uint64_t epochs[NODES + 1];
    uint64_t serials[STORY_SEATS];
    uint64_t messages[STORY_ROOMS];
    uint64_t posts;
    uint64_t beside_csn; /* The last whose command lies beside. */
    bool has_beside;
};

static unsigned node_of(unsigned seat)
{
    return seat % NODES + 1;
}

static void put_room(struct story *story, unsigned room)
{
    uint8_t guid[GUID_BYTES] = {0xa0, [15] = (uint8_t)room};
    char name[20];

    snprintf(name, sizeof(name), "Room %u", room);
    record_put_text(&story->fields, RECORD_FIELD_ROOM,
                    slice_of(guid, sizeof(guid)));
    record_put_text(&story->fields, RECORD_FIELD_ROOM_NAME,
                    slice_of_text(name));
}

static void put_user(struct story *story, unsigned seat)
{
    char uri[40], name[20];

    snprintf(uri, sizeof(uri), "sip:user%u@pool.example", seat);
    snprintf(name, sizeof(name), "User %u", seat);
    record_put_text(&story->fields, RECORD_FIELD_USER, slice_of_text(uri));
    record_put_text(&story->fields, RECORD_FIELD_DISPLAY_NAME,
                    slice_of_text(name));
    record_put_number(&story->fields, RECORD_FIELD_PRINCIPAL, seat + 1);
}

static void put_session_id(struct story *story, unsigned node, uint64_t serial)
{
    uint8_t id[SESSION_BYTES] = {(uint8_t)node};

    put_be64(id + 1, story->epochs[node]);
    put_be64(id + 9, serial);
    record_put_text(&story->fields, RECORD_FIELD_SESSION,
                    slice_of(id, sizeof(id)));
}

static void put_seat(struct story *story, unsigned seat)
{
    put_user(story, seat);
    put_session_id(story, node_of(seat), story->serials[seat]);
}

/* The story's command as bytes: nothing that is read again. */
static void make_command(struct story *story, unsigned seat, const char *text)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Post post = PERCH__POST__INIT;
    char uri[40];

    snprintf(uri, sizeof(uri), "sip:user%u@pool.example", seat);
    CODEC_SET_BYTES(&command, user, slice_of_text(uri));
    CODEC_SET_BYTES(&post, text, slice_of_text(text));
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    buffer_clear(&story->command);
    codec_write(&command.base, &story->command);
}

static void begin_entry(struct story *story)
{
    story->index += 1 + story->index % 3; /* Not all entries have records. */
    story->ordinal = 0;
    buffer_clear(&story->fields);
    buffer_clear(&story->command);
}

/* Give the record whose fields were put. */
static void add(struct story *story, enum record_kind kind, unsigned node,
                uint8_t flags)
{
    int64_t time_us =
        STORY_BEGIN_US + (int64_t)story->index * STORY_STEP_US / 2;
    struct record record = {.kind = kind,
                            .node = (uint8_t)node,
                            .flags = flags,
                            .csn = story->csn,
                            .log_index = story->index,
                            .term = 1 + story->index / 100000,
                            .time_us = time_us,
                            .ordinal = story->ordinal,
                            .fields = buffer_slice(&story->fields),
                            .command = buffer_slice(&story->command)};

    if (story->csn < story->records) {
        buffer_clear(&story->bytes);
        record_write(&record, &story->bytes);
        story->take(story->context, buffer_slice(&story->bytes), time_us);
        story->csn++;
    }
    story->ordinal++;
    buffer_clear(&story->fields);
    buffer_clear(&story->command);
}

/* The command goes beside, its digest stays. */
static void put_beside(struct story *story)
{
    char tile[TILE_PATH_BYTES], path[TILE_PATH_BYTES + 16];
    struct merkle_hash digest;

    if (story->csn >= story->records) {
        return;
    }
    tile_path(tile, 0, story->csn, TILE_WIDTH);
    snprintf(path, sizeof(path), "payload/%s", tile + strlen("tile/0/"));
    story->file(story->context, path, buffer_slice(&story->command));
    hash_bytes(buffer_slice(&story->command), &digest);
    buffer_clear(&story->command);
    buffer_append(&story->command, digest.bytes, sizeof(digest.bytes));
    story->beside_csn = story->csn;
    story->has_beside = true;
}

static void post(struct story *story, unsigned seat, unsigned room)
{
    uint8_t flags = 0;
    char text[200];

    begin_entry(story);
    story->messages[room]++;
    story->posts++;
    put_room(story, room);
    put_seat(story, seat);
    record_put_number(&story->fields, RECORD_FIELD_MESSAGE_ID,
                      story->messages[room]);
    snprintf(text, sizeof(text),
             "message %" PRIu64 " of room %u: what was said, in about as many "
             "words as people use",
             story->messages[room], room);
    make_command(story, seat, text);
    if (story->beside > 0 && story->posts % story->beside == 0) {
        put_beside(story);
        flags = RECORD_WITHHELD;
    }
    add(story, RECORD_POST, node_of(seat), flags);
}

static void open_seat(struct story *story, unsigned seat)
{
    begin_entry(story);
    story->serials[seat] += STORY_SEATS; /* No two seats have one. */
    put_seat(story, seat);
    make_command(story, seat, "opens");
    add(story, RECORD_SESSION_OPENED, node_of(seat), 0);
    begin_entry(story);
    for (unsigned room = 0; room < STORY_ROOMS; room++) {
        put_room(story, room);
        put_seat(story, seat);
        record_put_number(&story->fields, RECORD_FIELD_EDGE, 1);
        add(story, RECORD_JOIN, node_of(seat), 0);
    }
}

/* In the entry that was begun. */
static void close_seat(struct story *story, unsigned seat, const char *reason)
{
    for (unsigned room = 0; room < STORY_ROOMS; room++) {
        put_room(story, room);
        put_seat(story, seat);
        record_put_text(&story->fields, RECORD_FIELD_REASON,
                        slice_of_text(reason));
        record_put_number(&story->fields, RECORD_FIELD_EDGE, 1);
        add(story, RECORD_PART, node_of(seat), 0);
    }
    put_seat(story, seat);
    record_put_text(&story->fields, RECORD_FIELD_REASON, slice_of_text(reason));
    add(story, RECORD_SESSION_CLOSED, node_of(seat), 0);
}

static void tell_node(struct story *story, enum record_kind kind, unsigned node)
{
    put_session_id(story, node, 0);
    add(story, kind, node, 0);
}

static void start_node(struct story *story, unsigned node)
{
    begin_entry(story);
    story->epochs[node] = story->index;
    tell_node(story, RECORD_NODE_STARTED, node);
}

/* Node 3 is lost with all that are on it, and comes back. */
static void lose_node(struct story *story)
{
    begin_entry(story);
    tell_node(story, RECORD_NODE_LOST, NODES);
    for (unsigned seat = 0; seat < STORY_SEATS; seat++) {
        if (node_of(seat) == NODES) {
            close_seat(story, seat, "node lost");
        }
    }
    start_node(story, NODES);
    for (unsigned seat = 0; seat < STORY_SEATS; seat++) {
        if (node_of(seat) == NODES) {
            open_seat(story, seat);
        }
    }
}

static void upload(struct story *story, unsigned seat)
{
    char content[40], path[100], hex[65];
    struct merkle_hash digest;

    begin_entry(story);
    snprintf(content, sizeof(content), "file of entry %" PRIu64, story->index);
    hash_bytes(slice_of_text(content), &digest);
    for (size_t i = 0; i < sizeof(digest.bytes); i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest.bytes[i]);
    }
    snprintf(path, sizeof(path), "files/%.2s/%s", hex, hex);
    if (story->csn < story->records) {
        story->file(story->context, path, slice_of_text(content));
    }
    put_room(story, 0);
    put_user(story, seat);
    record_put_text(&story->fields, RECORD_FIELD_NAME,
                    SLICE_LITERAL("notes.txt"));
    record_put_text(&story->fields, RECORD_FIELD_DIGEST,
                    slice_of(digest.bytes, sizeof(digest.bytes)));
    record_put_number(&story->fields, RECORD_FIELD_BYTES, strlen(content));
    add(story, RECORD_FILE_UP, node_of(seat), 0);
}

/* What lies beside the last long post goes, and a tombstone says so. */
static void purge(struct story *story)
{
    uint8_t csn[8];
    char tile[TILE_PATH_BYTES], path[TILE_PATH_BYTES + 16];

    if (!story->has_beside || story->csn >= story->records) {
        return;
    }
    story->has_beside = false;
    begin_entry(story);
    put_room(story, 0);
    record_put_number(&story->fields, RECORD_FIELD_UPTO_ID, 1);
    record_put_number(&story->fields, RECORD_FIELD_COUNT, 1);
    put_be64(csn, story->beside_csn);
    record_put_text(&story->fields, RECORD_FIELD_WITHHOLDS,
                    slice_of(csn, sizeof(csn)));
    add(story, RECORD_PURGE, 1, 0);
    tile_path(tile, 0, story->beside_csn, TILE_WIDTH);
    snprintf(path, sizeof(path), "payload/%s", tile + strlen("tile/0/"));
    story->file(story->context, path, SLICE_NONE);
}

static void sing(struct story *story)
{
    for (unsigned node = 1; node <= NODES; node++) {
        begin_entry(story);
        record_put_number(&story->fields, RECORD_FIELD_NUMBER, node);
        record_put_text(&story->fields, RECORD_FIELD_DIGEST,
                        SLICE_LITERAL("0123456789abcdef"));
        add(story, RECORD_CANARY, node, 0);
    }
}

static void begin(struct story *story)
{
    begin_entry(story);
    record_put_number(&story->fields, RECORD_FIELD_COUNT, 1);
    record_put_text(&story->fields, RECORD_FIELD_ORIGIN,
                    SLICE_LITERAL("pool.example/perch"));
    add(story, RECORD_ORIGIN, 1, 0);
    record_put_text(&story->fields, RECORD_FIELD_MODE, SLICE_LITERAL("on"));
    add(story, RECORD_COMPLIANCE, 1, 0);
    for (unsigned node = 1; node <= NODES; node++) {
        start_node(story, node);
    }
    for (unsigned room = 0; room < STORY_ROOMS; room++) {
        begin_entry(story);
        put_room(story, room);
        add(story, RECORD_ROOM_CREATED, 1, 0);
    }
    for (unsigned seat = 0; seat < STORY_SEATS; seat++) {
        open_seat(story, seat);
    }
}

static void play(struct story *story, uint64_t round)
{
    unsigned seat = (unsigned)(round % STORY_SEATS);

    post(story, seat, (unsigned)(round % STORY_ROOMS));
    if (round % HISTORY_EVERY == 1) {
        begin_entry(story);
        put_room(story, (unsigned)(round % STORY_ROOMS));
        put_user(story, seat);
        add(story, RECORD_HISTORY_READ, node_of(seat), 0);
    }
    if (round % FILE_EVERY == 2 && story->beside > 0) {
        upload(story, seat);
    }
    if (round % CANARY_EVERY == 3) {
        sing(story);
    }
    if (round % PURGE_EVERY == 4) {
        purge(story);
    }
    if (round % RETURN_EVERY == 5) {
        begin_entry(story);
        close_seat(story, seat, "left");
        open_seat(story, seat);
    }
    if (round % LOSS_EVERY == 6) {
        lose_node(story);
    }
}

void story_tell(uint64_t records, uint64_t beside, story_take *take,
                story_file *file, void *context)
{
    struct story story = {.records = records,
                          .beside = beside,
                          .take = take,
                          .file = file,
                          .context = context};

    for (unsigned seat = 0; seat < STORY_SEATS; seat++) {
        story.serials[seat] = seat;
    }
    begin(&story);
    for (uint64_t round = 0; story.csn < records; round++) {
        play(&story, round);
    }
    buffer_deinit(&story.fields);
    buffer_deinit(&story.command);
    buffer_deinit(&story.bytes);
}
