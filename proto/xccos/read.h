/* Reading an XCCOS body: bytes from a stranger become a struct
 * xccos_envelope.
 *
 * Strict where it protects a node: size, depth and count (limits.h), no
 * document types, UTF-8 and XML's own characters only. Tolerant in all else,
 * since clients differ: any prefix, any order of attributes, any number of
 * primitives; unknown attributes and elements are ignored, and within a
 * message carried along. What is missing stays unset, what is wrong in one
 * primitive is that primitive's fault, and whether a command says enough is
 * for request.h to tell.
 *
 * Spec: MS-XCCOSIP, as far as it is known; README.md lists what is taken.
 *
 * Thread: any; a call keeps nothing behind.
 */
#ifndef PROTO_XCCOS_READ_H
#define PROTO_XCCOS_READ_H

#include "proto/base/arena.h"
#include "proto/base/slice.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/error.h"
#include "proto/xccos/limits.h"

/**
 * Read a body.
 *
 * @body          Borrowed for the call; nothing in the envelope points to it.
 * @arena         Takes the envelope and all it holds, on error some waste.
 * @envelope_out  Set on success only. It may hold no primitive at all.
 *
 * Returns NONE, or what is wrong with the body as a whole; nothing of it may
 * then be acted on.
 */
enum xccos_error xccos_read(struct slice body, struct arena *arena,
                            struct xccos_envelope **envelope_out);

#endif
