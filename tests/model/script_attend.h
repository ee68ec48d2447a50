/* Sayings of what people follow and have read, as script_kind.say. */
#ifndef TESTS_MODEL_SCRIPT_ATTEND_H
#define TESTS_MODEL_SCRIPT_ATTEND_H

#include "tests/model/script.h"

/** Say that a presence document changes. */
void say_publish(struct script *s, struct arena *arena, Perch__Command *c);

/** Say that a user has read a room. */
void say_read_mark(struct script *s, struct arena *arena, Perch__Command *c);

/** Say what a node's users have read. */
void say_read_marks(struct script *s, struct arena *arena, Perch__Command *c);

/** Say that a user's feeds change. */
void say_feeds_put(struct script *s, struct arena *arena, Perch__Command *c);

#endif
