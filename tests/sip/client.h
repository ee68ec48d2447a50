/* A small blocking SIP client: says bytes, hears one message at a time. */
#ifndef TESTS_SIP_CLIENT_H
#define TESTS_SIP_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buffer.h"

struct client {
    int fd;
    SSL *ssl;
    SSL_CTX *context;
    struct buffer heard;
    uint16_t port;      /* Of its own end. */
    unsigned crlfs;     /* Heard between messages. */
    bool closed;        /* The edge has closed. */
    char peer_name[64]; /* Common name of the edge's certificate. */
};

/* A message from the edge. */
struct heard {
    char *text; /* Whole, with a NUL. */
    char *body; /* In text. */
    int status; /* 0: a request. */
};

/** Connect over TCP. */
struct client *client_connect(uint16_t port);

/** Connect over TCP to ::1. */
struct client *client_connect_ipv6(uint16_t port);

/** Connect over TLS; min and max are TLS1_2_VERSION and so on, 0: any. */
struct client *client_connect_tls(uint16_t port, int min, int max);

/** Take a connected socket over. */
struct client *client_of(int fd);

/** Close and free. Accepts NULL. */
void client_free(struct client *client);

/** Close so that the edge gets an RST. */
void client_reset(struct client *client);

/** Say bytes. A failed write is no error: the edge may have closed. */
void client_say(struct client *client, const void *bytes, size_t len);

/**
 * Say text, formatted; each "\n" becomes CRLF up to the first empty line, and
 * what follows that is the body, sent as it is.
 */
void client_say_text(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Hear the next message; NULL text when none came in time or it was closed. */
struct heard client_hear(struct client *client, unsigned wait_ms);

/** Hear the next message, which must come. */
struct heard client_expect(struct client *client, int status);

/** Hear a message that must come, and drop it. */
void client_await(struct client *client, int status);

/** Check that nothing comes for a while. */
void client_expect_silence(struct client *client, unsigned wait_ms);

/** Check that the edge closes within a time, whatever it says before. */
void client_expect_close(struct client *client, unsigned wait_ms);

/** Free a message. */
void heard_free(struct heard *heard);

/** Find a header's value, copied into a static buffer; NULL: none. */
const char *heard_header(const struct heard *heard, const char *name);

/** Check a header's value. */
void heard_expect(const struct heard *heard, const char *name,
                  const char *value);

/** Count the lines that begin with a text. */
size_t heard_count(const struct heard *heard, const char *line_start);

#endif
