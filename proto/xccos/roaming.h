/* Presence documents, as far as perch keeps them: what a client publishes of
 * itself, and the document it is shown of itself.
 *
 * A client publishes items by SERVICE, each under a category, an instance and a
 * container, over the version it knows; roomSetting is the category of rooms
 * that are followed. The content is kept as it came, with the namespaces it
 * takes from further out declared in it; only the properties named "url" and
 * "name" are read from it, which are the room's.
 *
 * Spec: MS-PRES, category publication and vnd-microsoft-roaming-self; what
 * wraps the properties of a roomSetting is not known, and not looked at.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_ROAMING_H
#define PROTO_XCCOS_ROAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/xccos/error.h"

#define ROAMING_EVENT              "vnd-microsoft-roaming-self"
#define ROAMING_MEDIA_TYPE         "application/vnd-microsoft-roaming-self+xml"
#define ROAMING_PUBLISH_MEDIA_TYPE "application/msrtc-category-publish+xml"
#define ROAMING_FAULT_MEDIA_TYPE   "application/msrtc-fault+xml"
#define ROAMING_ROOM_SETTING       "roomSetting"

struct roaming_item {
    struct roaming_item *next;
    struct slice category;
    uint32_t container, instance;
    uint32_t version; /* Published: that it is thought to have; 0: none. */
    struct slice expire_type;
    bool remove;            /* Published with expires="0". */
    struct slice xml;       /* Its content. */
    struct slice url, name; /* Of the properties; empty: there is none. */
};

/* An item that was published over another version than there is. */
struct roaming_conflict {
    uint32_t index;   /* Its place among the publications, from 1. */
    uint32_t version; /* That there is; 0: none. */
};

/**
 * Read what is published.
 *
 * @arena      Gets the items, in their order, and copies of their texts.
 * @uri_out    Whose document; empty when it is not said.
 *
 * Returns NONE, or what is wrong with the body (400 or 413): ROOT for another
 * document, PUBLICATION for one without a category, or a number that is none.
 */
enum xccos_error roaming_read_publish(struct slice body, struct arena *arena,
                                      struct slice *uri_out,
                                      struct roaming_item **items_out);

/** Append what is published: the client's half of roaming_read_publish. */
enum xccos_error roaming_write_publish(struct buffer *out, struct slice uri,
                                       const struct roaming_item *items);

/** Begin the document a user is shown of itself. */
enum xccos_error roaming_begin(struct buffer *out, struct slice uri);

/** Append an item to it; its content is copied as it is. */
enum xccos_error roaming_add(struct buffer *out,
                             const struct roaming_item *item);

/** End it. */
void roaming_end(struct buffer *out);

/** Read the document: the client's half. Returns as roaming_read_publish. */
enum xccos_error roaming_read(struct slice body, struct arena *arena,
                              struct roaming_item **items_out);

/** Append the body of the 409 that tells which items were at another version.
 */
void roaming_write_fault(struct buffer *out,
                         const struct roaming_conflict *conflicts, size_t n);

#endif
