/* Keeping the parts of a message that perch does not know, so that clients
 * which do know them lose nothing: the formatted text of a Lync client beside
 * its plain one, for instance.
 *
 * A child element is kept as the bytes it came in. Only if its names, or those
 * of what is in it, take their namespaces from further out, are these
 * declared in its start tag, so that it means the same where it is sent on.
 * (A prefix in a value, as in xsi:type="xsd:int", is not looked at.) An
 * attribute is kept as name and escaped value; one in a namespace brings its
 * declaration along, under a prefix of ours (c1, c2, ...). Both were
 * well-formed XML without document type, so what is kept can be copied into
 * any XCCOS message, and is kept from there as it is. Internal to proto/xccos.
 *
 * Thread: the reader's.
 */
#ifndef PROTO_XCCOS_CARRIED_H
#define PROTO_XCCOS_CARRIED_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/error.h"
#include "proto/xccos/xml.h"

enum { CARRIED_DECLARATIONS_MAX = XCCOS_ATTRIBUTES_MAX };

struct carried {
    struct slice body;
    struct arena *arena;

    /* Namespaces in scope, outermost first. */
    struct {
        size_t depth; /* Of the element that declares it. */
        struct slice prefix;
        struct slice uri;
        bool is_used; /* By the child being kept, from outside of it. */
    } declarations[CARRIED_DECLARATIONS_MAX];
    size_t n;

    /* Of the message being read. */
    struct buffer attributes;
    unsigned prefixes; /* How many of ours are in attributes. */
    struct buffer children;
    size_t elements; /* In children. */

    /* Of the child being kept. */
    size_t child_depth;
    size_t child_begins_at;
    bool uses_none; /* It has a name that is in no namespace. */
};

/** Start with nothing in scope. body and arena are borrowed. */
void carried_init(struct carried *carried, struct slice body,
                  struct arena *arena);

/** Free what is held. */
void carried_deinit(struct carried *carried);

/**
 * Note a namespace that the element about to start declares.
 *
 * Returns ATTRIBUTES when more are in scope than anyone needs.
 */
enum xccos_error carried_declare(struct carried *carried, size_t depth,
                                 struct slice prefix, struct slice uri);

/** Forget the namespaces of an element that ends at this depth. */
void carried_leave(struct carried *carried, size_t depth);

/** Keep an attribute of the message. Returns CARRIED as carried_child_ends. */
enum xccos_error carried_attribute(struct carried *carried,
                                   const struct xml_attribute *attribute);

/** Begin to keep a child of the message. Returns as the next. */
enum xccos_error carried_child_starts(struct carried *carried,
                                      const struct xml_element *child);

/**
 * Take note of the names of an element within the child.
 *
 * Returns CARRIED when the message has too many.
 */
enum xccos_error carried_element_starts(struct carried *carried,
                                        const struct xml_element *element);

/**
 * Keep the child; the namespaces around it must still be in scope.
 *
 * Returns CARRIED when all that is kept of the message is too long.
 */
enum xccos_error carried_child_ends(struct carried *carried, size_t ends_at);

/**
 * Hand what was kept to the message it was kept for, and start over.
 *
 * Returns NO_MEMORY.
 */
enum xccos_error carried_give(struct carried *carried,
                              struct xccos_message *message);

#endif
