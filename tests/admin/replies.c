#include "tests/admin/replies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

json_t *run_json(struct scene *scene, const char *words, int code)
{
    char line[2048];
    json_t *reply;

    snprintf(line, sizeof(line), "--json %s", words);
    assert_int_equal(scene_run(scene, line, NULL), code);
    reply = json_loads(scene->out, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(reply);
    return reply;
}

const json_t *at(const json_t *json, const char *path)
{
    char step[64];

    while (*path != '\0') {
        size_t len = strcspn(path, ".");

        snprintf(step, sizeof(step), "%.*s", (int)len, path);
        json = step[0] >= '0' && step[0] <= '9'
                   ? json_array_get(json, (size_t)(step[0] - '0'))
                   : json_object_get(json, step);
        path += len + (path[len] == '.');
    }
    assert_non_null(json);
    return json;
}

void assert_text(const json_t *json, const char *path, const char *text)
{
    assert_true(json_is_string(at(json, path)));
    assert_string_equal(json_string_value(at(json, path)), text);
}

void assert_number(const json_t *json, const char *path, json_int_t number)
{
    assert_true(json_is_integer(at(json, path)));
    assert_int_equal(json_integer_value(at(json, path)), number);
}

void assert_truth(const json_t *json, const char *path, bool truth)
{
    assert_true(json_is_boolean(at(json, path)));
    assert_int_equal(json_is_true(at(json, path)), truth);
}
