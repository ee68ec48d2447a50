/* What a server tells in the body of an INFO, read no further than measuring
 * needs: by string search in what our own servers write.
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_TOLD_H
#define OPS_BENCH_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

enum told_kind {
    TOLD_OTHER,
    TOLD_REPLY,  /* rpl; also cmd, from a server that only echoes. */
    TOLD_NOTICE, /* ntc */
    TOLD_POST,   /* grpchat */
};

/** Tell which primitive an envelope carries first. */
enum told_kind told_kind_of(struct slice body);

/** Read the code of a reply; 200 when it has none, as an echo has none. */
int told_code(struct slice body);

/** Tell whether a reply to a join names a room that could not be joined. */
bool told_join_failed(struct slice body);

/** Read the serial of a post made by inside_post. False when it has none. */
bool told_serial(struct slice body, uint32_t *serial_out);

/**
 * Take the next element of a name off a body, for instance "chanib".
 *
 * @rest  Moves behind the element's start tag.
 *
 * Returns false when there is none. The tag's inside is borrowed.
 */
bool told_next_element(struct slice *rest, const char *name,
                       struct slice *tag_out);

/** Borrow an attribute's text from an element's start tag; empty if none. */
struct slice told_attribute(struct slice tag, const char *name);

#endif
