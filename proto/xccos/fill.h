/* Filling structs from elements, by the table of schema.h.
 *
 * Knows blocks, members and lists, faults and what messages carry; not what
 * an envelope is. Internal to proto/xccos, the inner half of read.c.
 *
 * Thread: the reader's.
 */
#ifndef PROTO_XCCOS_FILL_H
#define PROTO_XCCOS_FILL_H

#include <stdbool.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/xccos/carried.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/schema.h"
#include "proto/xccos/xml.h"

/* One open element that is known. */
struct fill_level {
    const struct schema_block *block;
    void *value;                      /* The struct being filled. */
    const struct schema_field *text;  /* What its text is; NULL: nothing. */
    uint32_t seen;                    /* Bits of children that came already. */
    void **tails[BLOCK_CHILDREN_MAX]; /* Where each list goes on. */
};

struct fill {
    struct arena *arena;
    struct xccos_fault *fault; /* Of the primitive being read. */
    struct fill_level levels[XCCOS_DEPTH_MAX + 1]; /* By depth, from 1. */
    size_t depth;       /* Of the innermost element that is not ignored. */
    size_t ignored;     /* Depth of the outermost unknown one; 0: none. */
    bool carrying;      /* And it is kept. */
    struct buffer text; /* Of the innermost known element. */
    struct carried carried;
};

/** Start with no element open. body and arena are borrowed. */
void fill_init(struct fill *fill, struct slice body, struct arena *arena);

/** Free what is held. */
void fill_deinit(struct fill *fill);

/** Tell whether an element has a name of XCCOS. */
bool fill_is_named(const struct xml_element *element, const char *name);

/** Find the value of an attribute without namespace; false: there is none. */
bool fill_find_attribute(const struct xml_element *element, const char *name,
                         struct slice *value_out);

/**
 * Enter an element whose meaning the caller knows, and read its attributes.
 *
 * @block  NULL: nothing in it has a meaning, yet its children are started.
 * @value  The struct the block describes.
 */
enum xccos_error fill_enter(struct fill *fill,
                            const struct xml_element *element,
                            const struct schema_block *block, void *value);

/** Enter an element whose meaning its parent's block tells, or ignore it. */
enum xccos_error fill_enter_child(struct fill *fill,
                                  const struct xml_element *element);

/** Ignore an element and all that is in it. */
void fill_ignore(struct fill *fill, const struct xml_element *element);

/** Pass an element within an ignored one, which may be carried along. */
enum xccos_error fill_pass(struct fill *fill,
                           const struct xml_element *element);

/** Take note of a namespace, for what is carried may need it. */
enum xccos_error fill_declare(struct fill *fill, size_t depth,
                              struct slice prefix, struct slice uri);

/** Take a piece of text. */
enum xccos_error fill_text(struct fill *fill, struct slice text);

/** Leave the element at this depth; every element that starts is left. */
enum xccos_error fill_leave(struct fill *fill, size_t depth, size_t ends_at);

#endif
