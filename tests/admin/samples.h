/* Messages with something in every field, made from their descriptors: what is
 * added to proto/admin.proto is in them at once.
 *
 * Thread: any.
 */
#ifndef TESTS_ADMIN_SAMPLES_H
#define TESTS_ADMIN_SAMPLES_H

#include "proto/admin.h"
#include "proto/base/arena.h"

/** Make a message with all fields set, lists with two items. */
ProtobufCMessage *sample_message(struct arena *arena,
                                 const ProtobufCMessageDescriptor *descriptor);

/** Append a sample request of a kind as a frame. */
void sample_request(struct arena *arena, enum admin_kind kind,
                    struct buffer *to);

/** Append a sample reply to a kind as a frame. */
void sample_reply(struct arena *arena, enum admin_kind kind, struct buffer *to);

#endif
