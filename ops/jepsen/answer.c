#include "ops/jepsen/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/base/check.h"

uint64_t answer_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A runner that is gone ends this program at the end of its input; one that
 * does not read is waited for. */
static void write_line(json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);

    CHECK(line != NULL);
    fputs(line, stdout);
    putchar('\n');
    fflush(stdout);
    free(line);
    json_decref(object);
}

void answer_hello(void)
{
    write_line(json_pack("{s:s, s:i}", "hello", "perch-jepsen", "protocol",
                         LOAD_PROTOCOL));
}

static json_t *completion(const struct process *process, const char *type)
{
    json_t *object =
        json_pack("{s:I, s:s, s:I}", "id", (json_int_t)process->invocation.id,
                  "type", type, "done_ns", (json_int_t)answer_clock_ns());

    CHECK(object != NULL);
    if (process->sent_ns != 0) {
        json_object_set_new(object, "sent_ns",
                            json_integer((json_int_t)process->sent_ns));
    }
    return object;
}

void answer_posted(const struct process *process, uint64_t position)
{
    json_t *object = completion(process, "ok");

    json_object_set_new(object, "position", json_integer((json_int_t)position));
    write_line(object);
}

void answer_read(const struct process *process, const struct reading *reading)
{
    json_t *object = completion(process, "ok");

    json_object_set(object, "positions", reading->positions);
    json_object_set(object, "values", reading->values);
    write_line(object);
}

static void answer_error(const struct process *process, const char *type,
                         const char *error)
{
    json_t *object = completion(process, type);
    json_t *text = json_string(error);

    json_object_set_new(object, "error",
                        text != NULL ? text : json_string("not UTF-8"));
    write_line(object);
}

void answer_fail(const struct process *process, const char *error)
{
    answer_error(process, "fail", error);
}

void answer_info(const struct process *process, const char *error)
{
    answer_error(process, "info", error);
}
