/* The URIs of rooms and categories, byte for byte as perch issues them.
 *
 *   room       ma-chan://<domain>/<guid>
 *   category   ma-cat://<domain>/<guid>
 *
 * Clients keep these URIs and compare them as bytes (pidgin-sipe looks rooms
 * up by string equality), so there is one way to write each, and reading
 * takes no other: lower-case scheme and guid, the domain as it is.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_NAMES_H
#define PROTO_XCCOS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"

enum {
    XCCOS_DOMAIN_BYTES_MAX = 253,
    XCCOS_NAME_URI_BYTES_MAX =
        10 + XCCOS_DOMAIN_BYTES_MAX + 1 + GUID_TEXT_BYTES,
};

/* A room or a category. */
struct xccos_name {
    struct slice domain;
    struct guid guid;
};

/**
 * Tell whether a domain can stand in these URIs: 1 to 253 letters, digits,
 * hyphens and dots, no empty label.
 */
bool xccos_domain_is_valid(struct slice domain);

/**
 * Read a room URI. The domain borrows from uri.
 *
 * Returns MALFORMED when it is not one as perch would write it.
 */
enum error xccos_room_uri_read(struct slice uri, struct xccos_name *name_out);

/** Read a category URI, as xccos_room_uri_read. */
enum error xccos_category_uri_read(struct slice uri,
                                   struct xccos_name *name_out);

/**
 * Write a room URI into the arena.
 *
 * @name  Its domain must be valid.
 *
 * Returns SLICE_NONE when memory is out.
 */
struct slice xccos_room_uri(struct arena *arena, const struct xccos_name *name);

/** Write a category URI into the arena, as xccos_room_uri. */
struct slice xccos_category_uri(struct arena *arena,
                                const struct xccos_name *name);

/**
 * Write the URI clients fall back to, "sip:ocschat@<domain>".
 *
 * Returns SLICE_NONE when memory is out.
 */
struct slice xccos_fallback_uri(struct arena *arena, struct slice domain);

#endif
