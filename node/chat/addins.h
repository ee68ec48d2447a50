/* Questions to the machine's memory: which add-ins are registered. They are
 * few: all are looked at.
 *
 * Answers hold, and what they borrow stays valid, until the next
 * machine_apply.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ADDINS_H
#define NODE_CHAT_ADDINS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/guid.h"
#include "proto/base/slice.h"

struct machine;
struct addin;

struct addin_view {
    uint32_t number;
    uint32_t version;
    struct guid guid;
    struct slice name;
    struct slice url;
    uint32_t rooms; /* That carry it. */
    int64_t created_at_us, changed_at_us;
};

/** Take an add-in of a list; false ends the list. */
typedef bool list_addin(void *context, const struct addin *addin);

/** Find an add-in by guid. NULL when there is none. */
const struct addin *addins_find(const struct machine *machine,
                                const struct guid *guid);

/** Find an add-in by name, ASCII case aside. NULL when there is none. */
const struct addin *addins_named(const struct machine *machine,
                                 struct slice name);

/** List add-ins by age. */
void addins_list(const struct machine *machine, list_addin *each,
                 void *context);

/** Describe an add-in. */
void view_addin(const struct addin *addin, struct addin_view *view_out);

#endif
