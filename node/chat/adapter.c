#include "node/chat/adapter.h"

#include <stdlib.h>

bool adapter_is_name(struct slice name)
{
    if (name.len == 0 || name.len > ADAPTER_NAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') &&
            (c < 'A' || c > 'Z') && c != '.' && c != '-' && c != '_') {
            return false;
        }
    }
    return name.data[0] != '.'; /* It is a part of files' names. */
}

struct adapter *adapter_find(const struct machine *machine, struct slice name)
{
    for (int slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct adapter *adapter = machine->adapters[slot];

        if (adapter != NULL &&
            text_compare_nocase(text_slice(adapter->name), name) == 0) {
            return adapter;
        }
    }
    return NULL;
}

void adapter_free(struct adapter *adapter)
{
    if (adapter != NULL) {
        text_free(adapter->name);
        text_free(adapter->output);
        text_free(adapter->transform);
        text_free(adapter->program);
        text_free(adapter->error);
        free(adapter);
    }
}
