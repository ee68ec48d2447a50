/* An adapter of the simulator's: reads its whole input as any program would,
 * sees that the records are those of the cut, each once and in order, and
 * acknowledges them. What it finds wrong it refuses, as a program would. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "node/compliance/adapter_process.h"

struct reading {
    json_int_t next, last;
    json_int_t records;
    bool began, ended;
};

static bool take(struct reading *reading, const json_t *line)
{
    const json_t *cut = json_object_get(line, "cut");
    const json_t *end = json_object_get(line, "end");

    if (cut != NULL) {
        reading->next = json_integer_value(json_object_get(cut, "first"));
        reading->last = json_integer_value(json_object_get(cut, "last"));
        reading->began = true;
        return json_string_length(json_object_get(cut, "root")) > 0;
    }
    if (end != NULL) {
        reading->ended = true;
        return json_integer_value(end) == reading->records &&
               reading->next == reading->last + 1;
    }
    reading->records++;
    return reading->began &&
           json_integer_value(json_object_get(line, "csn")) == reading->next++;
}

static bool take_all(struct reading *reading, struct slice lines)
{
    while (lines.len > 0) {
        const uint8_t *end = memchr(lines.data, '\n', lines.len);
        size_t len = end == NULL ? lines.len : (size_t)(end - lines.data);
        json_t *line = json_loadb((const char *)lines.data, len, 0, NULL);
        bool good = line != NULL && take(reading, line);

        json_decref(line);
        if (!good || end == NULL) {
            return false;
        }
        lines = slice_after(lines, len + 1);
    }
    return true;
}

enum error adapter_process_run(const struct adapter_order *order,
                               struct adapter_result *result_out)
{
    struct reading reading = {0};
    struct buffer lines = BUFFER_EMPTY;
    enum error error;

    memset(result_out, 0, sizeof(*result_out));
    do {
        buffer_clear(&lines);
        error = order->feed(order->context, &lines);
        if (error == ERROR_NONE && !take_all(&reading, buffer_slice(&lines))) {
            error = ERROR_REFUSED;
        }
    } while (error == ERROR_NONE && lines.len > 0);
    buffer_deinit(&lines);
    if (error == ERROR_NONE && !reading.ended) {
        error = ERROR_REFUSED;
    }
    if (error != ERROR_NONE) {
        snprintf(result_out->why, ADAPTER_WHY_BYTES, "%s", error_text(error));
        return error;
    }
    snprintf(result_out->line, sizeof(result_out->line),
             "{\"ack\":%" JSON_INTEGER_FORMAT ",\"sheet\":\"%064x\"}",
             reading.last, 0);
    return ERROR_NONE;
}
