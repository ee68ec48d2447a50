/* A list of messages of a request, read as JSON: what field_json writes.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_INPUT_H
#define OPS_PERCHCTL_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "proto/base/arena.h"
#include "proto/codec.h"

enum {
    INPUT_BYTES_MAX = 4 * 1024 * 1024, /* More than a request may have. */
    INPUT_WHY_BYTES = 256,
};

/**
 * Read a JSON array of objects into a list of a message: fields by name, null
 * or left out for those that are not there, numbers, texts and booleans.
 *
 * @arena  Owns what is read.
 * @field  Of the message: a list of messages without lists of their own.
 *
 * Returns false, and why, for anything else.
 */
bool input_read(FILE *from, struct arena *arena, ProtobufCMessage *message,
                const char *field, char why[INPUT_WHY_BYTES]);

#endif
