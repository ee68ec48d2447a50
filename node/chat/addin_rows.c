#include "node/chat/addin_rows.h"

#include <stdlib.h>

#include "node/chat/addin.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

bool encode_addin(const struct machine *machine, const struct row_key *key,
                  struct arena *scratch, struct buffer *to)
{
    const struct addin *addin = table_at(&machine->addins, key->part[0]);
    Perch__Stored__Addin row = PERCH__STORED__ADDIN__INIT;

    (void)scratch;
    if (addin == NULL) {
        return false;
    }
    CODEC_SET_BYTES(&row, guid, slice_of(addin->guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&row, name, text_slice(addin->name));
    CODEC_SET_BYTES(&row, url, text_slice(addin->url));
    CODEC_SET(&row, version, addin->version);
    CODEC_SET(&row, created_at_us, addin->created_at_us);
    CODEC_SET(&row, changed_at_us, addin->changed_at_us);
    codec_write(&row.base, to);
    return true;
}

enum error load_addin(struct machine *machine, const struct row_key *key,
                      const void *message)
{
    const Perch__Stored__Addin *row = message;
    struct addin *addin;

    REQUIRE(key->part[0] > 0 && key->part[0] <= machine->addin_last);
    REQUIRE(row->guid.len == GUID_BYTES && row->name.len > 0);

    addin = calloc(1, sizeof(*addin));
    CHECK(addin != NULL);
    addin->number = (uint32_t)key->part[0];
    memcpy(addin->guid.bytes, row->guid.data, GUID_BYTES);
    addin->name = text_new(codec_slice(row->name));
    addin->url = text_new(codec_slice(row->url));
    addin->version = row->version;
    addin->created_at_us = row->created_at_us;
    addin->changed_at_us = row->changed_at_us;
    if (!addin_adopt(machine, addin)) {
        addin_free(addin);
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}
