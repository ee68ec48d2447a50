#include "node/chat/witness.h"

#include <stdlib.h>

struct witness *witness_find(const struct machine *machine, struct slice name)
{
    for (int slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct witness *witness = machine->witnesses[slot];

        if (witness != NULL && slice_equal(text_slice(witness->name), name)) {
            return witness;
        }
    }
    return NULL;
}

void witness_free(struct witness *witness)
{
    if (witness != NULL) {
        text_free(witness->name);
        text_free(witness->url);
        free(witness);
    }
}
