/* How much one body may hold. Each has an error of its own (error.h).
 *
 * They bound what a stranger can make a node allocate and compute, and leave
 * room for the largest body perch itself sends: a search that finds 999 rooms,
 * or 500 messages of history within the bytes of a body. The worst of hostile
 * bodies takes about 5 MiB of arena.
 */
#ifndef PROTO_XCCOS_LIMITS_H
#define PROTO_XCCOS_LIMITS_H

enum {
    /* Of the whole body. Also what perch sends stays below it. */
    XCCOS_BODY_BYTES_MAX = 1024 * 1024,
    /* xccos is level 1, the chat of a message in history level 6. */
    XCCOS_DEPTH_MAX = 16,
    XCCOS_ELEMENTS_MAX = 16384,
    /* cmd, rpl, ntc, grpchat and unknown children of xccos. */
    XCCOS_PRIMITIVES_MAX = 1024,
    /* Of one element, declarations of namespaces among them. */
    XCCOS_ATTRIBUTES_MAX = 64,
    /* Names and values of all attributes of one element. */
    XCCOS_ATTRIBUTE_BYTES_MAX = 32 * 1024,
    /* Of one element: a story of 64 KiB is the longest known text. */
    XCCOS_TEXT_BYTES_MAX = 64 * 1024,
    /* Unknown attributes and children of one message together. */
    XCCOS_CARRIED_BYTES_MAX = 64 * 1024,
    /* Unknown elements of one message: with 500 messages of history a body
     * still holds fewer than XCCOS_ELEMENTS_MAX. */
    XCCOS_CARRIED_ELEMENTS_MAX = 24,
    /* An id a client gives its post, to be told from other posts by. */
    XCCOS_RETRY_ID_BYTES_MAX = 64,
    XCCOS_NOTE_BYTES_MAX = 2048,
};

#endif
