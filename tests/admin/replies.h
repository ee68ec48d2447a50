/* Replies of perchctl --json, as tests look at them. */
#ifndef TESTS_ADMIN_REPLIES_H
#define TESTS_ADMIN_REPLIES_H

#include <jansson.h>

#include "tests/admin/scene.h"

#define HAS(text, part)     assert_non_null(strstr(text, part))
#define HAS_NOT(text, part) assert_null(strstr(text, part))

/** Run with --json and take the reply; it is freed by the caller. */
json_t *run_json(struct scene *scene, const char *words, int code);

/** Walk "rooms.0.name"; fails the test when there is none. */
const json_t *at(const json_t *json, const char *path);

/** Check a text on such a way. */
void assert_text(const json_t *json, const char *path, const char *text);

/** Check a number on such a way. */
void assert_number(const json_t *json, const char *path, json_int_t number);

/** Check a truth on such a way. */
void assert_truth(const json_t *json, const char *path, bool truth);

#endif
