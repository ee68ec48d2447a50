#include "node/compliance/export_input.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/tiles.h"
#include "proto/base/check.h"
#include "proto/record.h"
#include "proto/record_json.h"
#include "proto/tlog/hash.h"

enum {
    ARENA_BYTES = 4096,
    ROOT_TEXT_BYTES = 48,
    PATH_BYTES = 1024,
    SHEET_TEXT_BYTES = 2 * MERKLE_HASH_BYTES + 1,
};

/* What comes next. */
enum at { AT_CUT, AT_RECORDS, AT_END, AT_NOTHING };

struct export_input {
    struct arena *arena;
    enum at at;
    struct slice domain, origin, output, directory;
    struct adapter_view adapter; /* Its texts are copies; no cuts. */
    struct cut_view cut;
    struct tiles *tiles;
    struct buffer payload;
    uint64_t next; /* CSN. */
    uint64_t published_size;
    struct merkle_hash published_root;
    struct merkle_hash root;         /* Of all records up to the cut's last. */
    struct merkle_frontier frontier; /* Of those before next. */
};

static struct slice copy(struct export_input *input, struct slice text)
{
    struct slice copied =
        text.len == 0 ? SLICE_NONE : arena_copy_slice(input->arena, text);

    CHECK(copied.len == text.len);
    return copied;
}

struct export_input *export_input_new(const struct export_cut *cut)
{
    struct export_input *input = calloc(1, sizeof(*input));

    CHECK(input != NULL);
    input->arena = arena_new(ARENA_BYTES);
    CHECK(input->arena != NULL);
    input->domain = copy(input, cut->domain);
    input->origin = copy(input, cut->origin);
    input->output = copy(input, cut->output);
    input->directory = copy(input, slice_of_text(cut->directory));
    input->adapter = *cut->adapter;
    input->adapter.name = copy(input, cut->adapter->name);
    input->adapter.transform = copy(input, cut->adapter->transform);
    input->adapter.cuts = NULL;
    input->cut = *cut->cut;
    input->next = cut->cut->first_csn;
    input->tiles = tiles_open(cut->directory);
    input->published_size = cut->size;
    input->published_root = cut->root;
    return input;
}

void export_input_free(struct export_input *input)
{
    if (input == NULL) {
        return;
    }
    tiles_close(input->tiles);
    buffer_deinit(&input->payload);
    arena_free(input->arena);
    free(input);
}

/* Append an object, which is freed, as a line. */
static enum error put_line(struct buffer *to, json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT);

    json_decref(object);
    if (line == NULL) {
        return ERROR_NO_MEMORY;
    }
    buffer_append(to, line, strlen(line));
    buffer_append(to, "\n", 1);
    free(line);
    return buffer_failed(to) ? ERROR_NO_MEMORY : ERROR_NONE;
}

static const char *type_word(Perch__AdapterType type)
{
    switch (type) {
    case PERCH__ADAPTER_TYPE__XML:
        return "xml";
    case PERCH__ADAPTER_TYPE__FILEDUMP:
        return "filedump";
    case PERCH__ADAPTER_TYPE__CSV:
        return "csv";
    case PERCH__ADAPTER_TYPE__EML:
        return "eml";
    case PERCH__ADAPTER_TYPE__RSMF:
        return "rsmf";
    case PERCH__ADAPTER_TYPE__POSTGRESQL:
        return "postgresql";
    default:
        return "program";
    }
}

/* Empty before there was one. */
static void write_sheet(const struct adapter_view *adapter,
                        char text[SHEET_TEXT_BYTES])
{
    text[0] = '\0';
    if (adapter->acked_us == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof(adapter->sheet); i++) {
        snprintf(text + 2 * i, 3, "%02x", adapter->sheet[i]);
    }
}

static json_t *text_of(struct slice text)
{
    return json_stringn(text.data == NULL ? "" : (const char *)text.data,
                        text.len);
}

static json_t *describe_settings(const struct export_input *input)
{
    const struct adapter_view *adapter = &input->adapter;

    return json_pack(
        "{s:o, s:b, s:b, s:b, s:b, s:o}", "output", text_of(input->output),
        "one_room_per_file", adapter->one_room_per_file, "room_details",
        adapter->room_details, "user_details", adapter->user_details,
        "attachments_manifest", adapter->attachments_manifest, "transform",
        text_of(adapter->transform));
}

/* The cut's root, which the published one must have grown out of. */
static enum error prove_root(struct export_input *input, uint64_t size)
{
    struct merkle_hash proof[MERKLE_DEPTH_MAX];
    size_t n;

    TRY(tiles_root(input->tiles, size, &input->root));
    TRY(merkle_prove_prefix(tiles_hash, input->tiles, size,
                            input->published_size, proof, &n));
    return merkle_check_prefix(size, &input->root, input->published_size,
                               &input->published_root, proof, n)
               ? ERROR_NONE
               : ERROR_ROTTEN;
}

/* The tree before the cut, to grow by its records. */
static enum error begin_tree(struct export_input *input)
{
    struct merkle_frontier *frontier = &input->frontier;
    uint64_t at = 0;
    size_t n = 0;

    frontier->size = input->cut.first_csn;
    for (unsigned level = MERKLE_DEPTH_MAX; level-- > 0;) {
        if ((frontier->size >> level & 1) != 0) {
            TRY(tiles_hash(input->tiles, level, at >> level,
                           &frontier->hashes[n++]));
            at += UINT64_C(1) << level;
        }
    }
    return ERROR_NONE;
}

static bool is_proved(const struct export_input *input)
{
    struct merkle_hash root;

    merkle_root(&input->frontier, &root);
    return merkle_equal(&root, &input->root);
}

static enum error put_cut(struct export_input *input, struct buffer *to)
{
    unsigned char root_text[ROOT_TEXT_BYTES];
    char sheet[SHEET_TEXT_BYTES], attachments[PATH_BYTES];
    uint64_t size = input->cut.last_csn + 1;
    json_t *cut, *line;

    TRY(prove_root(input, size));
    TRY(begin_tree(input));
    EVP_EncodeBlock(root_text, input->root.bytes, MERKLE_HASH_BYTES);
    write_sheet(&input->adapter, sheet);
    snprintf(attachments, sizeof(attachments), "%.*s/files",
             SLICE_PRINT(input->directory));
    cut = json_pack(
        "{s:i, s:o, s:o, s:o, s:o, s:s, s:I, s:I, s:I, s:s, s:I, s:s}",
        "interface", EXPORT_INTERFACE, "pool", text_of(input->domain), "origin",
        text_of(input->origin), "domain", text_of(input->domain), "adapter",
        text_of(input->adapter.name), "type", type_word(input->adapter.type),
        "first", (json_int_t)input->cut.first_csn, "last",
        (json_int_t)input->cut.last_csn, "cut_at", (json_int_t)input->cut.at_us,
        "previous_sheet", sheet, "tree_size", (json_int_t)size, "root",
        (char *)root_text);
    line = describe_settings(input);
    if (cut == NULL || line == NULL || json_object_update_new(cut, line) != 0 ||
        json_object_set_new(cut, "attachments", json_string(attachments)) !=
            0) {
        json_decref(cut);
        return ERROR_NO_MEMORY;
    }
    return put_line(to, json_pack("{s:o}", "cut", cut));
}

static bool is_of(const struct record *record, struct slice payload)
{
    struct merkle_hash digest;

    hash_bytes(payload, &digest);
    return memcmp(digest.bytes, record->command.data, sizeof(digest)) == 0;
}

/* The command that lies beside its record, as long as it is kept. */
static enum error read_payload(struct export_input *input,
                               const struct record *record,
                               struct slice *payload_out)
{
    enum error error;

    *payload_out = SLICE_NONE;
    if ((record->flags & RECORD_WITHHELD) == 0) {
        return ERROR_NONE;
    }
    error = tiles_payload(input->tiles, record->csn, &input->payload);
    if (error == ERROR_NONE) {
        *payload_out = buffer_slice(&input->payload);
        return is_of(record, *payload_out) ? ERROR_NONE : ERROR_ROTTEN;
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error put_record(struct export_input *input, struct buffer *to)
{
    struct slice leaf, payload;
    struct merkle_hash hash;
    struct record record;
    json_t *line;

    TRY(tiles_record(input->tiles, input->next, &leaf));
    if (record_read(leaf, &record) != ERROR_NONE || record.csn != input->next) {
        return ERROR_ROTTEN;
    }
    TRY(read_payload(input, &record, &payload));
    merkle_leaf(leaf, &hash);
    merkle_grow(&input->frontier, &hash);
    line = record_json(&record, leaf, payload);
    return line == NULL ? ERROR_NO_MEMORY : put_line(to, line);
}

static enum error put_records(struct export_input *input, struct buffer *to)
{
    while (input->next <= input->cut.last_csn && to->len < EXPORT_CHUNK_BYTES) {
        TRY(put_record(input, to));
        input->next++;
    }
    return ERROR_NONE;
}

enum error export_input_feed(void *context, struct buffer *to)
{
    struct export_input *input = context;
    json_int_t n = (json_int_t)(input->cut.last_csn - input->cut.first_csn + 1);

    switch (input->at) {
    case AT_CUT:
        input->at = AT_RECORDS;
        return put_cut(input, to);
    case AT_RECORDS:
        TRY(put_records(input, to));
        if (input->next <= input->cut.last_csn) {
            return ERROR_NONE;
        }
        input->at = AT_END;
        return is_proved(input) ? ERROR_NONE : ERROR_ROTTEN;
    case AT_END:
        input->at = AT_NOTHING;
        return put_line(to, json_pack("{s:I}", "end", n));
    case AT_NOTHING:
        break;
    }
    return ERROR_NONE;
}
