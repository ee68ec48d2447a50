/* Unary gRPC calls over one HTTP/2 connection without TLS (h2c, prior
 * knowledge), as many at once as the server allows.
 *
 * Spec: gRPC over HTTP2 ("Length-Prefixed-Message", "Trailers"); RFC 9113.
 *
 * Thread: the caller's.
 */
#ifndef OPS_BENCH_GRPC_H
#define OPS_BENCH_GRPC_H

#include <stdint.h>
#include <sys/socket.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    GRPC_PREFIX_BYTES = 5, /* Compressed flag, length. */
    GRPC_MESSAGE_BYTES_MAX = 1024 * 1024,
    GRPC_OK = 0,    /* grpc-status */
    GRPC_LOST = -1, /* The stream ended without a grpc-status. */
};

struct grpc;

/* A call has ended. message: of the answer, borrowed; empty unless GRPC_OK. */
typedef void grpc_done(void *context, uint64_t tag, int status,
                       struct slice message);

/** Append a message with its prefix, not compressed. */
void grpc_write_prefixed(struct slice message, struct buffer *out);

/**
 * Read the first message of a response's body.
 *
 * Returns TRUNCATED, UNSUPPORTED when it is compressed, TOO_LARGE.
 */
enum error grpc_read_prefixed(struct slice body, struct slice *message_out);

/**
 * Connect and begin HTTP/2. Blocks until TCP is up.
 *
 * Returns REFUSED without a complaint when nobody listens.
 */
enum error grpc_open(struct grpc **grpc_out, const struct sockaddr_storage *to,
                     grpc_done *done, void *context);

/** The socket, for epoll: level-triggered, readable. */
int grpc_fd(const struct grpc *grpc);

/**
 * Begin a call.
 *
 * @path     "/package.Service/Method", a string that stays.
 * @message  Copied.
 */
enum error grpc_call(struct grpc *grpc, const char *path, struct slice message,
                     uint64_t tag);

/** Read what has come; done is called for calls that ended. CLOSED at the
 * end of the connection. */
enum error grpc_serve(struct grpc *grpc);

/** Send what waits. Blocks while the socket takes nothing. */
enum error grpc_flush(struct grpc *grpc);

/** Close and free; calls under way end without a word. Accepts NULL. */
void grpc_free(struct grpc *grpc);

#endif
