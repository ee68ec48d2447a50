#include "tests/sim/adapter_sim.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"

struct reading {
    struct adapter_sim_cut cut;
    uint64_t next, records;
    bool began, ended;
};

static const struct adapter_sim_sink *fed;

void adapter_sim_feed(const struct adapter_sim_sink *sink)
{
    fed = sink;
}

void adapter_sim_sheet(uint64_t sum, char sheet_out[ADAPTER_SIM_SHEET_BYTES])
{
    snprintf(sheet_out, ADAPTER_SIM_SHEET_BYTES, "%064" PRIx64, sum);
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static void add(struct reading *reading, const char *bytes, size_t len)
{
    reading->cut.sum = checksum64_extend(reading->cut.sum, bytes, len);
}

/* Where attachments lie is each host's own. */
static bool begin(struct reading *reading, json_t *cut)
{
    const char *previous =
        json_string_value(json_object_get(cut, "previous_sheet"));
    bool has_root = json_string_length(json_object_get(cut, "root")) > 0;
    char *text;

    if (has_root) {
        const char *root = json_string_value(json_object_get(cut, "root"));

        reading->cut.root = checksum64_extend(0, root, strlen(root));
    }
    (void)json_object_del(cut, "attachments");
    (void)json_object_del(cut, "root");
    text = json_dumps(cut, JSON_COMPACT);
    CHECK(text != NULL);
    add(reading, text, strlen(text));
    free(text);
    reading->cut.first = reading->next = number_of(cut, "first");
    reading->cut.last = number_of(cut, "last");
    snprintf(reading->cut.previous, sizeof(reading->cut.previous), "%s",
             previous == NULL ? "" : previous);
    reading->began = true;
    return has_root;
}

static bool take_record(struct reading *reading, const json_t *line)
{
    const char *text = json_string_value(json_object_get(line, "leaf"));
    size_t len = text == NULL ? 0 : strlen(text);
    unsigned char *leaf = malloc(len + 1);
    int bytes;

    CHECK(leaf != NULL);
    bytes = EVP_DecodeBlock(leaf, (const unsigned char *)text, (int)len);
    for (size_t i = len; bytes > 0 && i > 0 && text[i - 1] == '='; i--) {
        bytes--;
    }
    if (bytes > 0 && fed != NULL) {
        fed->record(fed->context, reading->next, slice_of(leaf, (size_t)bytes));
    }
    free(leaf);
    reading->records++;
    return reading->began && bytes > 0 &&
           number_of(line, "csn") == reading->next++;
}

static bool take(struct reading *reading, json_t *line, struct slice bytes)
{
    json_t *cut = json_object_get(line, "cut");

    if (cut != NULL) {
        return begin(reading, cut);
    }
    add(reading, (const char *)bytes.data, bytes.len);
    if (json_object_get(line, "end") != NULL) {
        reading->ended = true;
        return number_of(line, "end") == reading->records &&
               reading->next == reading->cut.last + 1;
    }
    return take_record(reading, line);
}

static bool take_all(struct reading *reading, struct slice lines)
{
    while (lines.len > 0) {
        const uint8_t *end = memchr(lines.data, '\n', lines.len);
        size_t len = end == NULL ? lines.len : (size_t)(end - lines.data);
        json_t *line = json_loadb((const char *)lines.data, len, 0, NULL);
        bool good =
            line != NULL && take(reading, line, slice_of(lines.data, len));

        json_decref(line);
        if (!good || end == NULL) {
            return false;
        }
        lines = slice_after(lines, len + 1);
    }
    return true;
}

static enum error read_some(const struct adapter_order *order,
                            struct reading *reading, struct buffer *lines)
{
    enum error error;

    if (atomic_load(order->cancelled)) {
        return ERROR_CLOSED;
    }
    buffer_clear(lines);
    error = order->feed(order->context, lines);
    if (error == ERROR_NONE && !take_all(reading, buffer_slice(lines))) {
        error = ERROR_REFUSED;
    }
    if (error == ERROR_NONE && fed != NULL) {
        error = fed->reads(fed->context);
    }
    return error;
}

static enum error acknowledge(const struct adapter_sim_cut *cut,
                              struct adapter_result *result)
{
    char sheet[ADAPTER_SIM_SHEET_BYTES];

    adapter_sim_sheet(cut->sum, sheet);
    snprintf(result->line, sizeof(result->line),
             "{\"ack\":%" PRIu64 ",\"sheet\":\"%s\"}", cut->last, sheet);
    return ERROR_NONE;
}

enum error adapter_process_run(const struct adapter_order *order,
                               struct adapter_result *result_out)
{
    struct reading reading = {.cut = {.adapter = order->name}};
    struct buffer lines = BUFFER_EMPTY;
    enum error error;

    memset(result_out, 0, sizeof(*result_out));
    do {
        error = read_some(order, &reading, &lines);
    } while (error == ERROR_NONE && lines.len > 0);
    buffer_deinit(&lines);
    if (error == ERROR_NONE && !reading.ended) {
        error = ERROR_REFUSED;
    }
    if (error == ERROR_NONE) {
        error = fed == NULL ? acknowledge(&reading.cut, result_out)
                            : fed->take(fed->context, &reading.cut, result_out);
    }
    if (error != ERROR_NONE) {
        snprintf(result_out->why, ADAPTER_WHY_BYTES, "%s", error_text(error));
    }
    return error;
}
