/* Writes inputs to begin fuzzing from: runs of sensible commands as the model
 * makes them, in the form fuzz_command reads.
 *
 *   fuzz_command_seeds DIR
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "tests/model/script.h"

enum { SEEDS = 100, ENTRIES = 120, COMMAND_MAX = 600, HEADER_START = 225 };

static void put(FILE *file, const struct script_entry *made)
{
    struct buffer bytes = BUFFER_EMPTY;
    int header = (made->entry.node - 1) % 3;

    if (made->command == NULL) {
        return;
    }
    command_write(made->command, &bytes);
    if (made->entry.number == 0) {
        header += HEADER_START;
    }
    if (bytes.len <= COMMAND_MAX) {
        fputc(header, file);
        fputc((int)(bytes.len >> 8), file);
        fputc((int)(bytes.len & 255), file);
        CHECK(fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    }
    buffer_deinit(&bytes);
}

static void write_seed(const char *dir, uint64_t seed)
{
    struct twin *twin = malloc(sizeof(*twin));
    struct arena *arena = arena_new(4096);
    struct script script;
    char name[4096];
    FILE *file;

    snprintf(name, sizeof(name), "%s/seed-%" PRIu64, dir, seed);
    file = fopen(name, "wb");
    CHECK(file != NULL && twin != NULL);
    twin_init(twin, 1);
    script_init(&script, seed);
    for (int i = 0; i < ENTRIES; i++) {
        struct script_entry made = script_next(&script, twin, arena);

        twin_apply(twin, &made.entry, made.command);
        put(file, &made);
        arena_reset(arena);
    }
    CHECK(fclose(file) == 0);
    arena_free(arena);
    free(twin);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        write_seed(argv[1], seed);
    }
    return 0;
}
