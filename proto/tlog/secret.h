/* Private Ed25519 keys in files: PEM, PKCS#8, as `openssl genpkey -algorithm
 * ed25519` writes them.
 *
 * Thread: any; a call may block.
 */
#ifndef PROTO_TLOG_SECRET_H
#define PROTO_TLOG_SECRET_H

#include <stdint.h>

#include "proto/base/error.h"
#include "proto/tlog/note.h"

enum { SECRET_FILE_BYTES_MAX = 16 * 1024 };

/**
 * Read a private key.
 *
 * Returns NOT_FOUND, IO, REFUSED for a file that everybody may read or write,
 * TOO_LARGE, or MALFORMED when it holds no Ed25519 key that needs no password.
 */
enum error secret_read(const char *path, uint8_t key_out[NOTE_KEY_BYTES]);

/**
 * Make a private key and its file: mode 0600, durable when this returns.
 *
 * Returns EXISTS when there is such a file, or what the system reports.
 */
enum error secret_make(const char *path, uint8_t key_out[NOTE_KEY_BYTES]);

/** Forget a key: the bytes are overwritten. */
void secret_wipe(uint8_t key[NOTE_KEY_BYTES]);

#endif
