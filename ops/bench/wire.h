/* One client's connection to a server: a socket that never blocks, TLS over it
 * where asked, and what waits to be sent.
 *
 * Meant for edge-triggered epoll: wire_read and wire_flush go on until the
 * socket has no more to give or take.
 *
 * Thread: the caller's; one thread for all wires of one context.
 */
#ifndef OPS_BENCH_WIRE_H
#define OPS_BENCH_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum { WIRE_READ_BYTES = 256 * 1024 };

struct wire {
    int fd;           /* -1 while closed. */
    SSL *ssl;         /* NULL over TCP. */
    bool connected;   /* TCP is up. */
    bool established; /* TLS, too, where there is TLS. */
    struct buffer in; /* The beginning of a message not yet whole. */
    struct buffer out;
};

/* Takes whole messages off what was received; says how many bytes it took. */
typedef size_t wire_taker(void *context, struct slice received);

/** Start closed. */
void wire_init(struct wire *wire);

/**
 * Begin to connect.
 *
 * @from  The source address, or NULL for the system's choice.
 * @tls   NULL for TCP. Borrowed while the wire is open.
 *
 * Returns BUSY when descriptors have run out, else IO, REFUSED or TLS, with a
 * complaint.
 */
enum error wire_open(struct wire *wire, const struct sockaddr_storage *to,
                     const struct sockaddr_storage *from, SSL_CTX *tls);

/**
 * Go on connecting, after the socket became readable or writable.
 *
 * Returns BUSY while it is not done, REFUSED or TLS with a complaint when it
 * failed.
 */
enum error wire_establish(struct wire *wire);

/**
 * Receive all there is and let take have it.
 *
 * @room  WIRE_READ_BYTES and more, shared by all wires of the thread.
 *
 * Returns CLOSED when the server has closed, TOO_LARGE when take leaves more
 * than WIRE_READ_BYTES untaken.
 */
enum error wire_read(struct wire *wire, uint8_t *room, wire_taker *take,
                     void *context);

/** Send what waits, as far as it goes. CLOSED when the server is gone. */
enum error wire_flush(struct wire *wire);

/** Close and free. Accepts a closed wire. */
void wire_close(struct wire *wire);

/** Make what TLS connections share. No certificate is checked: the servers are
 * those the caller named, and what is measured is their work, not their name.
 * NULL when memory is out. */
SSL_CTX *wire_tls_new(void);

#endif
