#include "node/compliance/export_ack.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_sheet(const char *text, uint8_t sheet[MERKLE_HASH_BYTES])
{
    if (text == NULL || strlen(text) != 2 * (size_t)MERKLE_HASH_BYTES) {
        return false;
    }
    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        sheet[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static enum error judge(const json_t *said, uint64_t last_csn,
                        uint8_t sheet_out[MERKLE_HASH_BYTES],
                        char why[ADAPTER_WHY_BYTES])
{
    const json_t *ack = json_object_get(said, "ack");

    if (!json_is_integer(ack) || json_integer_value(ack) < 0) {
        snprintf(why, ADAPTER_WHY_BYTES, "ended without an acknowledgement");
        return ERROR_MALFORMED;
    }
    if ((uint64_t)json_integer_value(ack) != last_csn) {
        snprintf(why, ADAPTER_WHY_BYTES,
                 "acknowledged %" JSON_INTEGER_FORMAT " instead of %" PRIu64,
                 json_integer_value(ack), last_csn);
        return ERROR_REFUSED;
    }
    if (!read_sheet(json_string_value(json_object_get(said, "sheet")),
                    sheet_out)) {
        snprintf(why, ADAPTER_WHY_BYTES,
                 "acknowledged without a sheet of 64 hexadecimal digits");
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

enum error export_ack_read(const char *line, uint64_t last_csn,
                           uint8_t sheet_out[MERKLE_HASH_BYTES],
                           char why[ADAPTER_WHY_BYTES])
{
    json_t *said = json_loads(line, 0, NULL);
    enum error error = judge(said, last_csn, sheet_out, why);

    json_decref(said);
    return error;
}
