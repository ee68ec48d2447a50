#include "node/hook/line.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/check.h"

static json_t *text(struct slice slice)
{
    return json_stringn(slice.len == 0 ? "" : (const char *)slice.data,
                        slice.len);
}

/* Takes the value. Text that is no UTF-8 is left out: the rules will refuse
 * it. */
static void put(json_t *object, const char *name, json_t *value)
{
    if (value != NULL) {
        json_object_set_new(object, name, value);
    }
}

static int append(const char *bytes, size_t len, void *to)
{
    buffer_append(to, bytes, len);
    return 0;
}

void line_write(const struct question *question, uint64_t id, struct buffer *to)
{
    json_t *object = json_object();

    CHECK(object != NULL);
    put(object, "id", json_integer((json_int_t)id));
    put(object, "room", text(question->room));
    put(object, "room_name", text(question->room_name));
    put(object, "category", text(question->category));
    put(object, "author", text(question->author));
    put(object, "alert", json_boolean(question->is_alert));
    put(object, "at_us", json_integer((json_int_t)question->wall_us));
    put(object, "text", text(question->text));
    json_dump_callback(object, append, to, JSON_COMPACT);
    buffer_append_text(to, "\n");
    json_decref(object);
}

static bool read_verdict(const json_t *root, enum question_answer *answer_out)
{
    static const struct {
        const char *word;
        enum question_answer answer;
    } words[] = {{"allow", QUESTION_ALLOW},
                 {"refuse", QUESTION_REFUSE},
                 {"annotate", QUESTION_ANNOTATE}};
    const char *word = json_string_value(json_object_get(root, "verdict"));

    for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(words[0]);
         i++) {
        if (strcmp(word, words[i].word) == 0) {
            *answer_out = words[i].answer;
            return true;
        }
    }
    return false;
}

/* UTF-8, as jansson gives it; cut before a character that does not fit. */
static void copy_says(const json_t *says, struct line_answer *answer)
{
    const char *bytes = json_string_value(says);
    size_t len = json_string_length(says);

    if (len > QUESTION_SAYS_BYTES_MAX) {
        len = QUESTION_SAYS_BYTES_MAX;
        while (len > 0 && ((unsigned char)bytes[len] & 0xc0) == 0x80) {
            len -= 1;
        }
    }
    for (size_t i = 0; i < len; i++) {
        bool is_control = (unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f;

        answer->says[i] = is_control ? ' ' : bytes[i];
    }
    answer->says_len = len;
}

static bool read_object(const json_t *root, struct line_answer *answer,
                        const char **why_out)
{
    const json_t *id = json_object_get(root, "id");
    const json_t *says = NULL;

    *why_out = "it has no id that is a number";
    if (!json_is_integer(id) || json_integer_value(id) < 0) {
        return false;
    }
    answer->id = (uint64_t)json_integer_value(id);
    *why_out = "its verdict is not allow, refuse or annotate";
    if (!read_verdict(root, &answer->answer)) {
        return false;
    }
    if (answer->answer != QUESTION_ALLOW) {
        says = json_object_get(
            root, answer->answer == QUESTION_REFUSE ? "reason" : "note");
    }
    *why_out = "its reason or note is no text";
    if (says != NULL && !json_is_string(says)) {
        return false;
    }
    *why_out = "it annotates without a note";
    if (answer->answer == QUESTION_ANNOTATE && json_string_length(says) == 0) {
        return false;
    }
    if (says != NULL) {
        copy_says(says, answer);
    }
    return true;
}

bool line_read(struct slice line, struct line_answer *answer_out,
               const char **why_out)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)line.data, line.len,
                              JSON_REJECT_DUPLICATES, &error);
    bool is_fine;

    answer_out->says_len = 0;
    *why_out = "it is no JSON object";
    is_fine = json_is_object(root) && read_object(root, answer_out, why_out);
    json_decref(root);
    return is_fine;
}
