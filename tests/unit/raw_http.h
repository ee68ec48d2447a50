/* An HTTP client that sends exactly the bytes it is given, for tests.
 *
 * Thread: any; a connection is a descriptor of the caller's.
 */
#ifndef TESTS_UNIT_RAW_HTTP_H
#define TESTS_UNIT_RAW_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"

enum { RAW_WAIT_MS = 5000 }; /* A reply that takes longer fails the test. */

/** Connect to a port of 127.0.0.1. Returns the descriptor, or -1. */
int raw_connect(uint16_t port);

/** Send all bytes. Returns false when the server has closed. */
bool raw_send(int connection, const void *bytes, size_t len);

/** Send a C string. */
bool raw_send_text(int connection, const char *text);

/**
 * Read until one whole reply has come: head, and as many bytes of body as
 * Content-Length says.
 *
 * @no_body  The reply is to a HEAD.
 * @reply    Cleared first; gets a NUL at the end.
 *
 * Returns false when the server closed before that; what came is in reply.
 */
bool raw_read_reply(int connection, bool no_body, struct buffer *reply);

/**
 * Read until the server closes.
 *
 * Returns false when it has not within RAW_WAIT_MS.
 */
bool raw_read_end(int connection, struct buffer *reply);

/** Send a request on a connection of its own and read until the end. */
bool raw_exchange(uint16_t port, const void *bytes, size_t len,
                  struct buffer *reply);

/** Count how often some text stands in what was read. */
int raw_count(const struct buffer *reply, const char *text);

#endif
