/* In-band provisioning: what a client asks for when it signs in, and the
 * document that tells it where persistent chat is.
 *
 * The client subscribes to vnd-microsoft-provisioning-v2 and names groups of
 * settings; perch knows one, persistentChatConfiguration, and leaves the
 * others out. pidgin-sipe starts its chat when any document comes, and falls
 * back to "sip:ocschat@<domain>" when the document names no pool.
 *
 * Spec: MS-SIPREGE, 2.2.2.5.11 (the group), 4.2.2 (an example).
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_PROVISIONING_H
#define PROTO_XCCOS_PROVISIONING_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"
#include "proto/xccos/error.h"

#define PROVISIONING_MEDIA_TYPE                                                \
    "application/vnd-microsoft-roaming-provisioning-v2+xml"

struct provisioning_request {
    bool wants_chat; /* persistentChatConfiguration is among the groups. */
    size_t groups;   /* How many were named, known or not. */
};

/* Slices are borrowed for the call; empty ones are not written. */
struct provisioning_answer {
    bool has_chat; /* Write the group at all. */
    bool is_enabled;
    struct slice pool_uri;  /* The pool to invite. */
    struct slice pool_uris; /* All pools, separated by blanks. */
    struct slice web_manager_internal, web_manager_external; /* https URLs */
};

/**
 * Read the body of the SUBSCRIBE.
 *
 * An empty body names no group and is taken to ask for all.
 *
 * Returns NONE, or what is wrong with the body (400 or 413).
 */
enum xccos_error provisioning_read(struct slice body,
                                   struct provisioning_request *request_out);

/**
 * Append the document.
 *
 * Returns CHARACTER, UTF8 or NO_MEMORY, and then has appended nothing.
 */
enum xccos_error provisioning_write(struct buffer *out,
                                    const struct provisioning_answer *answer);

#endif
