/* A bounded walk through XML that a stranger sent.
 *
 * Namespace-aware and without document types: no entities but XML's own five
 * can exist, so nothing grows. A body is UTF-8 whatever its declaration says.
 * Comments and processing instructions pass unseen. Internal to proto/xccos;
 * the readers of XCCOS and of provisioning are built on it.
 *
 * Thread: any; a walk keeps nothing behind.
 */
#ifndef PROTO_XCCOS_XML_H
#define PROTO_XCCOS_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/slice.h"
#include "proto/xccos/error.h"
#include "proto/xccos/limits.h"

struct xml_name {
    struct slice space;  /* Namespace URI; empty for none. */
    struct slice local;  /* Without prefix. */
    struct slice prefix; /* As written; empty for none. */
};

struct xml_attribute {
    struct xml_name name;
    struct slice value;
};

struct xml_element {
    struct xml_name name;
    const struct xml_attribute *attributes;
    size_t n;         /* Of attributes. */
    size_t depth;     /* The root is 1. */
    size_t begins_at; /* Where its "<" is in the body. */
};

/* What the walker tells; all but start may be NULL. Slices are borrowed for
 * the call. An error ends the walk and comes back from it. */
struct xml_events {
    enum xccos_error (*start)(void *context, const struct xml_element *element);

    /* @ends_at  The first byte behind the element. */
    enum xccos_error (*end)(void *context, size_t depth, size_t ends_at);

    /* A piece of text; there may be many for one element. */
    enum xccos_error (*text)(void *context, struct slice text);

    /* A namespace declared by the element that starts next, at this depth;
     * prefix is empty for the default; uri when it is undone. */
    enum xccos_error (*declare)(void *context, size_t depth,
                                struct slice prefix, struct slice uri);
};

/** Tell whether a name is this one of a namespace; "" for none. */
bool xml_is_named(const struct xml_name *name, const char *space,
                  const char *local);

/**
 * Walk through a body from its first byte to its last.
 *
 * @context  Handed to every event.
 *
 * Returns NONE only when the whole body is well-formed, within the limits and
 * no event gave an error.
 */
enum xccos_error xml_walk(struct slice body, const struct xml_events *events,
                          void *context);

#endif
