/* What perch-witness is told: options, or the same words in a file.
 *
 *   perch-witness --name witness.example/w1 --listen 127.0.0.1:8380 ...
 *
 *   # /etc/perch/witness.conf
 *   name = witness.example/w1
 *   listen = 127.0.0.1:8380
 *
 * Thread: the program's only one; read-only once loaded.
 */
#ifndef OPS_WITNESS_SETTINGS_H
#define OPS_WITNESS_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "ops/witness/witness.h"
#include "proto/base/error.h"

enum {
    SETTINGS_VALUE_BYTES_MAX = 1023,
    SETTINGS_FILE_BYTES_MAX = 256 * 1024,
    SETTINGS_WHY_BYTES = 1400,
    SETTINGS_PORT = 8380,
    SETTINGS_CONNECTIONS = 64,
    SETTINGS_CONNECTIONS_MAX = 1000,
};

struct witness_settings {
    char name[SETTINGS_VALUE_BYTES_MAX + 1];
    char host[SETTINGS_VALUE_BYTES_MAX + 1];
    uint16_t port; /* 0: any that is free. */
    char key[SETTINGS_VALUE_BYTES_MAX + 1];
    char state[SETTINGS_VALUE_BYTES_MAX + 1];
    unsigned connections;
    size_t n;
    char logs[WITNESS_LOGS_MAX][NOTE_VKEY_BYTES_MAX + 1];
};

/** Fill in the defaults. */
void settings_init(struct witness_settings *settings);

/**
 * Set one, by its word: name, listen, key, state, log (each adds one) or
 * connections.
 *
 * @why  On an error: what is wrong with it.
 *
 * Returns INVALID.
 */
enum error settings_set(struct witness_settings *settings, const char *word,
                        const char *value, char why[SETTINGS_WHY_BYTES]);

/** Set all that a file says. INVALID with its line in why, or what the system
 * reports. */
enum error settings_load(struct witness_settings *settings, const char *path,
                         char why[SETTINGS_WHY_BYTES]);

#endif
