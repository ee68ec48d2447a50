/* In-band provisioning as a client of ours speaks it: asking, and reading the
 * document. The server's half is provisioning.h.
 *
 * Spec: MS-SIPREGE, 2.2.2.5.11, 4.2.2.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_PROVISIONING_CLIENT_H
#define PROTO_XCCOS_PROVISIONING_CLIENT_H

#include "proto/base/arena.h"
#include "proto/xccos/provisioning.h"

struct provisioned {
    bool is_disabled;      /* The document says that there is no chat. */
    struct slice pool_uri; /* Empty: not told. */
};

/** Append the body that asks for the settings of persistent chat. */
void provisioning_write_request(struct buffer *out);

/**
 * Read the document.
 *
 * @arena  Takes the texts.
 *
 * Returns NONE, or what is wrong with the document; found_out is then as it
 * was.
 */
enum xccos_error provisioning_read_answer(struct slice body,
                                          struct arena *arena,
                                          struct provisioned *found_out);

#endif
