/* Writing an XCCOS body: what a server or a client of ours says.
 *
 * Everything perch emits goes through here, and everything that goes through
 * here has the grammar tests/wire/xccos.rnc, if the structs say what belongs
 * together. Attributes have one order, moments seven fraction digits and Z,
 * the visibility of a room both of its names.
 *
 * An error leaves the buffer as long as it was. It means that memory is out
 * or that a text has a character XML cannot carry, which whoever let that
 * text in should have refused (text.h): the body is then not sent, and the
 * node lives on.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_WRITE_H
#define PROTO_XCCOS_WRITE_H

#include "proto/base/buffer.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/error.h"

/**
 * Append an envelope.
 *
 * @envelope  Borrowed. Its n is not looked at. Each primitive has a verb or
 *            is a message; a reply has a code.
 *
 * Returns CHARACTER, UTF8 or NO_MEMORY.
 */
enum xccos_error xccos_write(struct buffer *out,
                             const struct xccos_envelope *envelope);

/**
 * Append an envelope that holds one message, as it goes to every participant.
 *
 * Returns as xccos_write.
 */
enum xccos_error xccos_write_message(struct buffer *out, uint64_t envid,
                                     const struct xccos_message *message);

/**
 * Append an envelope that holds one command, reply or notice.
 *
 * @primitive  Its next is not looked at.
 *
 * Returns as xccos_write.
 */
enum xccos_error xccos_write_primitive(struct buffer *out, uint64_t envid,
                                       const struct xccos_primitive *primitive);

/**
 * Tell how many bytes a message takes at most in a history reply.
 *
 * For whoever gathers messages until a body is full (XCCOS_BODY_BYTES_MAX).
 */
size_t xccos_message_bytes_max(const struct xccos_message *message);

#endif
