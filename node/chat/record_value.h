/* Lines of name=value, as record_lines.h has them.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_RECORD_VALUE_H
#define NODE_CHAT_RECORD_VALUE_H

#include "node/chat/state.h"

/* What follows it in a line tells values apart and is not shown. */
enum { LINE_HIDDEN = 1 };

/** Append a line whose value is a text. */
void line_text(struct buffer *to, const char *name, struct slice value);

/** The same with a C string. */
void line_name(struct buffer *to, const char *name, const char *value);

/** Append a line whose value is a number. */
void line_number(struct buffer *to, const char *name, uint64_t value);

/** Append a line whose value is yes or no. */
void line_switch(struct buffer *to, const char *name, bool value);

/** Append a line that shows one value, while another tells it apart. */
void line_hiding(struct buffer *to, const char *name, struct slice shown,
                 struct slice hidden);

/** Append the lines of what a command is about: rooms, categories, add-ins,
 * filters. */
void record_lines_of_rooms(const struct machine *machine,
                           const Perch__Command *command, struct buffer *to);

/** Users, groups, and the directories that keep them. */
void record_lines_of_people(const struct machine *machine,
                            const Perch__Command *command, struct buffer *to);

/** The pool, and the archive's witnesses and adapters. */
void record_lines_of_pool(const struct machine *machine,
                          const Perch__Command *command, struct buffer *to);

#endif
