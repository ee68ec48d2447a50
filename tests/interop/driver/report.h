/* What the driver has to say: one JSON object a line on standard output.
 *
 * Thread: the only one.
 */
#ifndef TESTS_INTEROP_DRIVER_REPORT_H
#define TESTS_INTEROP_DRIVER_REPORT_H

#include <jansson.h>

/**
 * Write an event and flush it.
 *
 * @event    Its name, under "event".
 * @members  The rest of the object; taken. NULL: nothing more.
 */
void report_take(const char *event, json_t *members);

/**
 * Write the event "refused": what was asked for cannot be done.
 *
 * @why  A printf format.
 */
void report_refusal(const char *why, ...) __attribute__((format(printf, 1, 2)));

/**
 * Make a JSON string of text that ought to be UTF-8. What is not is replaced.
 * NULL gives null.
 */
json_t *report_text(const char *text);

#endif
