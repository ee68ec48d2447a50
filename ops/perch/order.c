#include "ops/perch/order.h"

#include "ops/perch/options.h"

enum { ID_DIGITS_MAX = 18 };

static const char *const order_words[ORDERS] = {
#define ORDER_ROW(name, word) [ORDER_##name] = word,
    ORDER_LIST(ORDER_ROW)
#undef ORDER_ROW
};

const char *order_word(enum order_kind kind)
{
    return order_words[kind];
}

static bool find_kind(struct slice word, enum order_kind *kind_out)
{
    for (int i = 0; i < ORDERS; i++) {
        if (slice_equal_text(word, order_words[i])) {
            *kind_out = (enum order_kind)i;
            return true;
        }
    }
    return false;
}

static struct slice trim(struct slice text)
{
    while (text.len > 0 && text.data[0] == ' ') {
        text = slice_after(text, 1);
    }
    while (text.len > 0 && text.data[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

/* 1 to ORDER_HISTORY_MAX in decimal. */
static bool read_most(struct slice text, uint32_t *most_out)
{
    uint32_t most = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' ||
            most > ORDER_HISTORY_MAX) {
            return false;
        }
        most = 10 * most + (text.data[i] - '0');
    }
    *most_out = most;
    return most > 0 && most <= ORDER_HISTORY_MAX;
}

/* A message's number, then a text. Returns false without the number. */
static bool take_message(struct order *order, struct slice rest)
{
    uint64_t id = 0;
    size_t n = 0;

    while (n < rest.len && n < ID_DIGITS_MAX && rest.data[n] >= '0' &&
           rest.data[n] <= '9') {
        id = 10 * id + (rest.data[n++] - '0');
    }
    order->message_id = id;
    order->text = trim(slice_after(rest, n));
    return id > 0 && (n == rest.len || rest.data[n] == ' ');
}

/* Give what follows the word to whom it concerns. */
static const char *take_rest(struct order *order, struct slice rest)
{
    switch (order->kind) {
    case ORDER_POST: /* "/alert" and "/post" */
        order->text = rest;
        return rest.len > 0 ? NULL : "there is nothing to post";
    case ORDER_CORRECT:
        return take_message(order, rest) && order->text.len > 0
                   ? NULL
                   : "which message, and what instead? /correct N TEXT";
    case ORDER_WITHDRAW:
        return take_message(order, rest)
                   ? NULL
                   : "which message? /withdraw N [REASON]";
    case ORDER_JOIN:
        order->room = rest;
        return rest.len > 0 ? NULL : "which room? /join ROOM";
    case ORDER_ROOMS:
        order->text = rest;
        return NULL;
    case ORDER_HISTORY:
        return rest.len == 0 || read_most(rest, &order->most)
                   ? NULL
                   : "how many messages? /history N, up to 500";
    default:
        return rest.len == 0 ? NULL : "nothing can stand behind that";
    }
}

const char *order_read_line(struct order *order, struct slice line)
{
    struct slice word, rest;
    size_t len = 1;

    *order = (struct order){.kind = ORDER_POST, .most = OPTIONS_LAST};
    if (line.len == 0 || line.data[0] != '/') {
        order->text = line;
        return line.len > 0 ? NULL : "there is nothing to post";
    }
    if (line.len > 1 && line.data[1] == '/') {
        order->text = slice_after(line, 1);
        return NULL;
    }
    while (len < line.len && line.data[len] != ' ') {
        len++;
    }
    word = slice_of(line.data + 1, len - 1);
    rest = trim(slice_after(line, len));
    order->is_alert = slice_equal_text(word, "alert");
    if (!order->is_alert && !find_kind(word, &order->kind)) {
        return "there is no such command; /help shows all, and //text posts "
               "a text with a slash";
    }
    return take_rest(order, rest);
}

/* A text, where there is one. Returns false when it is something else. */
static bool read_text(const json_t *object, const char *key,
                      struct slice *text_out)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value)) {
        return true;
    }
    *text_out = slice_of(json_string_value(value), json_string_length(value));
    return json_is_string(value);
}

/* A number from 0 to most, where there is one. */
static bool read_number(const json_t *object, const char *key, json_int_t most,
                        json_int_t *number_out)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value)) {
        return true;
    }
    *number_out = json_integer_value(value);
    return json_is_integer(value) && *number_out >= 0 && *number_out <= most;
}

static const char *read_numbers(struct order *order, const json_t *object)
{
    json_int_t most = order->kind == ORDER_JOIN ? 0 : OPTIONS_LAST;
    json_int_t after = -1;

    if (!read_number(object, "last", ORDER_HISTORY_MAX, &most) ||
        !read_number(object, "most", ORDER_HISTORY_MAX, &most) ||
        (order->kind == ORDER_HISTORY && most == 0)) {
        return "last and most are numbers, up to 500";
    }
    if (!read_number(object, "after", INT64_MAX, &after)) {
        return "after is a message id";
    }
    order->most = (uint32_t)most;
    order->has_after = after >= 0;
    order->after_id = after >= 0 ? (uint64_t)after : 0;
    return NULL;
}

static bool read_message_id(struct order *order, const json_t *object)
{
    json_int_t id = 0;

    if (!read_number(object, "id", INT64_MAX, &id)) {
        return false;
    }
    order->message_id = (uint64_t)id;
    return id > 0 ||
           (order->kind != ORDER_CORRECT && order->kind != ORDER_WITHDRAW);
}

const char *order_read_json(struct order *order, json_t *object)
{
    struct slice op = SLICE_NONE;

    *order = (struct order){.tag = json_object_get(object, "tag")};
    if (!json_is_object(object)) {
        return "that is no JSON object";
    }
    if (!read_text(object, "op", &op) || !find_kind(op, &order->kind) ||
        order->kind == ORDER_HELP) {
        return "op is post, correct, withdraw, join, part, history, rooms, "
               "who or quit";
    }
    if (!read_text(object, "room", &order->room) ||
        !read_text(object, "text", &order->text) ||
        !read_text(object, "retry_id", &order->retry_id)) {
        return "room, text and retry_id are texts";
    }
    if (order->room.len == 0 && order->kind != ORDER_ROOMS &&
        order->kind != ORDER_QUIT) {
        return "room is missing";
    }
    if (order->text.len == 0 &&
        (order->kind == ORDER_POST || order->kind == ORDER_CORRECT)) {
        return "there is nothing to post";
    }
    order->is_alert = json_is_true(json_object_get(object, "alert"));
    order->is_story = json_is_true(json_object_get(object, "story"));
    if (!read_message_id(order, object)) {
        return "id is the number of a message in the room";
    }
    return read_numbers(order, object);
}
