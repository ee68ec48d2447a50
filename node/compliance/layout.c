#include "node/compliance/layout.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"

void layout_payload(char path[LAYOUT_PATH_BYTES], uint64_t csn)
{
    static const char before[] = "tile/0/";
    char tile[TILE_PATH_BYTES];
    int n;

    tile_path(tile, 0, csn, TILE_WIDTH);
    n = snprintf(path, LAYOUT_PATH_BYTES, "payload/%s",
                 tile + sizeof(before) - 1);
    CHECK(n > 0 && n < LAYOUT_PATH_BYTES);
}

void layout_partials(char path[LAYOUT_PATH_BYTES], int level, uint64_t index)
{
    char tile[TILE_PATH_BYTES];
    int n;

    tile_path(tile, level, index, TILE_WIDTH);
    n = snprintf(path, LAYOUT_PATH_BYTES, "%s.p", tile);
    CHECK(n > 0 && n < LAYOUT_PATH_BYTES);
}
