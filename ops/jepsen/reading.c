#include "ops/jepsen/reading.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/check.h"

enum { DIGITS_MAX = 18 }; /* Of a number that surely fits. */

void reading_begin(struct reading *reading, uint64_t want)
{
    *reading = (struct reading){
        .want = want,
        .is_last = want > 0 && want <= CLIENT_HISTORY_MAX,
        .is_newest = want > CLIENT_HISTORY_MAX,
        .positions = json_array(),
        .values = json_array(),
    };
    CHECK(reading->positions != NULL && reading->values != NULL);
    pager_begin(&reading->pager, 0, UINT64_MAX);
}

void reading_ask(const struct reading *reading,
                 struct client_question *question)
{
    if (reading->is_last || reading->is_newest) {
        question->kind = CLIENT_LAST;
        question->most = reading->is_newest ? 1 : (uint32_t)reading->want;
    } else {
        pager_ask(&reading->pager, question);
    }
}

/* Whole numbers where the text is one in decimal, as it was posted. */
static json_t *value_of(struct slice text)
{
    char digits[DIGITS_MAX + 1];

    for (size_t i = 0; i < text.len && text.len <= DIGITS_MAX; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            break;
        }
        digits[i] = (char)text.data[i];
        if (i + 1 == text.len && (text.data[0] != '0' || text.len == 1)) {
            digits[text.len] = '\0';
            return json_integer(strtoll(digits, NULL, 10));
        }
    }
    return json_stringn((const char *)text.data, text.len);
}

static void keep(struct reading *reading, const struct xccos_message *message)
{
    json_t *value = value_of(message->text);

    json_array_append_new(reading->positions,
                          json_integer((json_int_t)message->message_id.value));
    json_array_append_new(reading->values,
                          value != NULL ? value : json_string("not UTF-8"));
}

bool reading_take(struct reading *reading, const struct xccos_data *page)
{
    const struct xccos_room *room = page->rooms;
    const struct xccos_message *message = room == NULL ? NULL : room->messages;

    if (reading->is_newest) {
        uint64_t newest = message == NULL ? 0 : message->message_id.value;

        reading->is_newest = false;
        pager_begin(&reading->pager,
                    newest > reading->want ? newest - reading->want : 0,
                    UINT64_MAX);
        return message != NULL;
    }
    for (; message != NULL; message = message->next) {
        keep(reading, message);
    }
    return !reading->is_last && pager_take(&reading->pager, page);
}

uint64_t reading_find(const struct reading *reading, int64_t value)
{
    for (size_t i = 0; i < json_array_size(reading->values); i++) {
        const json_t *each = json_array_get(reading->values, i);

        if (json_is_integer(each) && json_integer_value(each) == value) {
            return (uint64_t)json_integer_value(
                json_array_get(reading->positions, i));
        }
    }
    return 0;
}

void reading_end(struct reading *reading)
{
    json_decref(reading->positions);
    json_decref(reading->values);
    *reading = (struct reading){0};
}
