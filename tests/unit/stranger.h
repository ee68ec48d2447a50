/* One who connects to a transport and says what the test wants: plain or by
 * TLS, whole messages or single bytes, in the same thread as the loop.
 *
 * Thread: the test's.
 */
#ifndef TESTS_UNIT_STRANGER_H
#define TESTS_UNIT_STRANGER_H

#include "tests/unit/transport_scene.h"

struct stranger {
    struct scene *scene;
    int fd;
    SSL_CTX *context; /* NULL without TLS. */
    SSL *ssl;
    bool secure; /* The handshake is done on this side. */
    bool over;   /* The other side has closed, or TLS has failed. */
    struct frame_reader reader;
    struct arena *arena; /* Of the messages read. */
};

/** Connect to a station. */
void stranger_connect(struct stranger *stranger, struct station *to);

/** Begin TLS with a certificate; name NULL for none. @dir NULL: the pool's. */
void stranger_tls(struct stranger *stranger, const char *dir, const char *name,
                  int version_max);

/** Go on with the handshake; true when it is done or over. */
bool stranger_handshake(struct stranger *stranger);

/** Connect in the way of the scene, as a node with its own certificate. */
void stranger_come_as(struct stranger *stranger, struct station *to,
                      uint8_t node);

/** Send bytes; what the other side does not take any more is lost. */
void stranger_send(struct stranger *stranger, const void *bytes, size_t len);

/** Send a message as a frame. */
void stranger_say(struct stranger *stranger,
                  const struct peer_message *message);

/** Say Hello as a node of the station's pool. */
void stranger_hello(struct stranger *stranger, uint8_t node);

/** Make such a Hello, to be changed and said. */
struct peer_message stranger_hello_of(uint8_t node);

/**
 * Read what has come, up to that many bytes, and take one message.
 *
 * Returns false when there is no whole one yet.
 */
bool stranger_hear(struct stranger *stranger, size_t bytes_max,
                   struct peer_message *message_out);

/** Hear until a message of that kind; false while none. */
bool stranger_hears(struct stranger *stranger, enum peer_kind kind,
                    struct peer_message *message_out);

/** Read and forget; true when the other side has closed. */
bool stranger_is_over(struct stranger *stranger);

/** Go away. */
void stranger_leave(struct stranger *stranger);

#endif
