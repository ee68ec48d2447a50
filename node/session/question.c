#include "node/session/question.h"

#include <stdlib.h>
#include <string.h>

static struct slice put(uint8_t **at, struct slice from)
{
    struct slice to = slice_of(*at, from.len);

    if (from.len > 0) {
        memcpy(*at, from.data, from.len);
        *at += from.len;
    }
    return to;
}

struct question *question_new(const struct question *like)
{
    size_t bytes = like->room.len + like->room_name.len + like->category.len +
                   like->author.len + like->text.len;
    struct question *question = malloc(sizeof(*question) + bytes);
    uint8_t *at;

    if (question == NULL) {
        return NULL;
    }
    *question = *like;
    at = question->bytes;
    question->room = put(&at, like->room);
    question->room_name = put(&at, like->room_name);
    question->category = put(&at, like->category);
    question->author = put(&at, like->author);
    question->text = put(&at, like->text);
    return question;
}

void question_free(struct question *question)
{
    free(question);
}

const char *question_answer_name(enum question_answer answer)
{
#define ANSWER_TEXT(name, text) [QUESTION_##name] = text,
    static const char *const names[QUESTION_ANSWERS] = {
        QUESTION_ANSWER_LIST(ANSWER_TEXT)};
#undef ANSWER_TEXT

    return (unsigned)answer < QUESTION_ANSWERS ? names[answer] : "unknown";
}
