/* Makes archives for tests, with keys that everyone knows.
 *
 *   archive_maker generate OUT RECORDS [BESIDE]   an archive of so many records
 *                    of all sorts, every BESIDEth of which has its command
 *                    beside it (97; 0: none)
 *   archive_maker rebuild OUT     make tiles and checkpoint anew from the
 *                    bundles, signed with the real keys: what a dishonest
 *                    operator can do
 *   archive_maker cosign OUT SECONDS    sign the checkpoint anew, at that time
 *
 * OUT/archive is the archive, OUT/policy says who must have signed it, and
 * OUT/pins is an earlier checkpoint.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/tlog/hash.h"
#include "proto/tlog/note.h"
#include "proto/tlog/tile.h"
#include "tests/archive/story.h"

#define ORIGIN "pool.example/perch"

enum {
    KEYS = 5,  /* The log, three nodes, a witness. */
    KEPT = 10, /* Earlier checkpoints. */
    BESIDE = 97,
    US_PER_S = 1000000,
};

static const char *const key_names[KEYS] = {ORIGIN, ORIGIN "/node1",
                                            ORIGIN "/node2", ORIGIN "/node3",
                                            "witness.example/w1"};

struct level {
    uint8_t bytes[TILE_BYTES];
    unsigned n;
    uint64_t index;
};

struct maker {
    const char *out;
    struct merkle_frontier frontier;
    struct level levels[TILE_LEVELS];
    struct buffer bundle;
    bool writes_bundles;
    uint64_t keep_every;
    int64_t last_us;
};

static void make_folders(char *path)
{
    for (char *at = path + 1; *at != 0; at++) {
        if (*at == '/') {
            *at = 0;
            mkdir(path, 0777);
            *at = '/';
        }
    }
}

static void write_file(const char *out, const char *path, struct slice bytes)
{
    char name[4096];
    FILE *file;

    snprintf(name, sizeof(name), "%s/%s", out, path);
    file = fopen(name, "w");
    if (file == NULL) {
        make_folders(name);
        file = fopen(name, "w");
    }
    CHECK(file != NULL);
    CHECK(fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    CHECK(fclose(file) == 0);
}

static void write_tile(const struct maker *maker, int level, uint64_t index,
                       unsigned width, struct slice bytes)
{
    char path[TILE_PATH_BYTES], name[TILE_PATH_BYTES + 10];

    tile_path(path, level, index, width);
    snprintf(name, sizeof(name), "archive/%s", path);
    write_file(maker->out, name, bytes);
}

static void add_hash(struct maker *maker, int at,
                     const struct merkle_hash *hash)
{
    struct level *level = &maker->levels[at];
    struct merkle_frontier tile = {0};
    struct merkle_hash root;

    memcpy(level->bytes + (size_t)level->n * MERKLE_HASH_BYTES, hash->bytes,
           MERKLE_HASH_BYTES);
    level->n++;
    if (level->n < TILE_WIDTH) {
        return;
    }
    write_tile(maker, at, level->index, TILE_WIDTH,
               slice_of(level->bytes, TILE_BYTES));
    for (unsigned i = 0; i < TILE_WIDTH; i++) {
        memcpy(root.bytes, level->bytes + (size_t)i * MERKLE_HASH_BYTES,
               MERKLE_HASH_BYTES);
        merkle_grow(&tile, &root);
    }
    merkle_root(&tile, &root);
    level->n = 0;
    level->index++;
    add_hash(maker, at + 1, &root);
}

static void private_key(unsigned of, uint8_t key[NOTE_KEY_BYTES])
{
    memset(key, (int)of + 1, NOTE_KEY_BYTES);
}

static void verifier_of(unsigned of, struct note_verifier *verifier)
{
    uint8_t key[NOTE_KEY_BYTES], public_key[NOTE_KEY_BYTES];

    private_key(of, key);
    note_public_key(key, public_key);
    CHECK(note_verifier_init(verifier, slice_of_text(key_names[of]),
                             of == 0 ? NOTE_ED25519 : NOTE_COSIGNATURE,
                             public_key) == ERROR_NONE);
}

static void sign(struct buffer *note, struct slice text, unsigned of,
                 uint64_t time_s)
{
    uint8_t key[NOTE_KEY_BYTES], signature[8 + NOTE_SIGNATURE_BYTES] = {0};
    struct buffer message = BUFFER_EMPTY;
    struct note_verifier verifier;
    size_t before = of == 0 ? 0 : 8;

    private_key(of, key);
    verifier_of(of, &verifier);
    if (of == 0) {
        buffer_append_slice(&message, text);
    } else {
        cosignature_message(&message, time_s, text);
        for (size_t i = 0; i < 8; i++) {
            signature[i] = (uint8_t)(time_s >> (56 - 8 * i));
        }
    }
    note_sign(key, buffer_slice(&message), signature + before);
    note_write_signature(note, slice_of_text(key_names[of]), verifier.id,
                         slice_of(signature, before + NOTE_SIGNATURE_BYTES));
    buffer_deinit(&message);
}

static void write_note(const char *out, const char *path, struct slice text,
                       uint64_t time_s)
{
    struct buffer note = BUFFER_EMPTY;

    buffer_append_slice(&note, text);
    buffer_append_text(&note, "\n");
    for (unsigned of = 0; of < KEYS; of++) {
        sign(&note, text, of, time_s);
    }
    write_file(out, path, buffer_slice(&note));
    buffer_deinit(&note);
}

static void write_checkpoint(const struct maker *maker, const char *path)
{
    struct checkpoint_text checkpoint = {
        SLICE_LITERAL(ORIGIN), maker->frontier.size, {{0}}};
    struct buffer text = BUFFER_EMPTY;

    merkle_root(&maker->frontier, &checkpoint.root);
    checkpoint_write(&text, &checkpoint);
    write_note(maker->out, path, buffer_slice(&text),
               (uint64_t)(maker->last_us / US_PER_S));
    buffer_deinit(&text);
}

static void keep_checkpoint(const struct maker *maker)
{
    char path[80];

    snprintf(path, sizeof(path), "archive/checkpoints/%020" PRIu64,
             maker->frontier.size);
    write_checkpoint(maker, path);
    write_checkpoint(maker, "pins");
}

/* A story_take: the next record of the archive. */
static void add_record(void *context, struct slice bytes, int64_t time_us)
{
    struct maker *maker = context;
    struct merkle_hash leaf;

    merkle_leaf(bytes, &leaf);
    merkle_grow(&maker->frontier, &leaf);
    bundle_add(&maker->bundle, bytes);
    maker->last_us = time_us;
    if (maker->frontier.size % TILE_WIDTH == 0) {
        if (maker->writes_bundles) {
            write_tile(maker, TILE_ENTRIES,
                       maker->frontier.size / TILE_WIDTH - 1, TILE_WIDTH,
                       buffer_slice(&maker->bundle));
        }
        buffer_clear(&maker->bundle);
    }
    add_hash(maker, 0, &leaf);
    if (maker->keep_every > 0 &&
        maker->frontier.size % maker->keep_every == 0) {
        keep_checkpoint(maker);
    }
}

static void end(struct maker *maker)
{
    if (maker->bundle.len > 0 && maker->writes_bundles) {
        write_tile(maker, TILE_ENTRIES, maker->frontier.size / TILE_WIDTH,
                   (unsigned)(maker->frontier.size % TILE_WIDTH),
                   buffer_slice(&maker->bundle));
    }
    for (int at = 0; at < TILE_LEVELS; at++) {
        const struct level *level = &maker->levels[at];

        if (level->n > 0) {
            write_tile(
                maker, at, level->index, level->n,
                slice_of(level->bytes, (size_t)level->n * MERKLE_HASH_BYTES));
        }
    }
    write_checkpoint(maker, "archive/checkpoint");
    buffer_deinit(&maker->bundle);
}

static void write_keys(const char *out)
{
    struct buffer policy = BUFFER_EMPTY, vkey = BUFFER_EMPTY;

    for (unsigned of = 0; of < KEYS; of++) {
        struct note_verifier verifier;
        char path[80];

        verifier_of(of, &verifier);
        buffer_clear(&vkey);
        note_vkey_write(&verifier, &vkey);
        buffer_append_text(&vkey, "\n");
        snprintf(path, sizeof(path), "archive/keys/%s%u",
                 of == 0  ? "log"
                 : of < 4 ? "node"
                          : "witness",
                 of);
        write_file(out, path, buffer_slice(&vkey));
        if (of == 0) {
            buffer_append_text(&policy, "log ");
        } else {
            buffer_printf(&policy, "witness k%u ", of);
        }
        buffer_append_slice(&policy, buffer_slice(&vkey));
    }
    buffer_append_text(&policy, "group nodes 2 k1 k2 k3\n"
                                "group both all nodes k4\n"
                                "quorum both\n");
    write_file(out, "policy", buffer_slice(&policy));
    buffer_deinit(&policy);
    buffer_deinit(&vkey);
}

static void write_beside(void *context, const char *path, struct slice bytes)
{
    const struct maker *maker = context;
    char name[4096];

    snprintf(name, sizeof(name), "archive/%s", path);
    if (bytes.data == NULL) {
        snprintf(name, sizeof(name), "%s/archive/%s", maker->out, path);
        CHECK(unlink(name) == 0);
    } else {
        write_file(maker->out, name, bytes);
    }
}

static void generate(const char *out, uint64_t records, uint64_t beside)
{
    struct maker maker = {
        .out = out, .writes_bundles = true, .keep_every = records / KEPT};

    write_keys(out);
    story_tell(records, beside, add_record, write_beside, &maker);
    end(&maker);
}

/* Read a file whole; false when it is not there. */
static bool read_file(const char *out, const char *path, struct buffer *to)
{
    char name[4096];
    FILE *file;
    uint8_t *room;
    size_t n;

    snprintf(name, sizeof(name), "%s/archive/%s", out, path);
    buffer_clear(to);
    file = fopen(name, "r");
    if (file == NULL) {
        return false;
    }
    do {
        room = buffer_reserve(to, 65536);
        CHECK(room != NULL);
        n = fread(room, 1, 65536, file);
        to->len += n;
    } while (n > 0);
    fclose(file);
    return true;
}

/* A bundle of any width. */
static bool read_bundle(const char *out, uint64_t index, struct buffer *to)
{
    char path[TILE_PATH_BYTES];

    for (unsigned width = TILE_WIDTH; width > 0; width--) {
        tile_path(path, TILE_ENTRIES, index, width);
        if (read_file(out, path, to)) {
            return true;
        }
    }
    return false;
}

static void rebuild(const char *out)
{
    struct maker maker = {.out = out};
    struct buffer bundle = BUFFER_EMPTY;
    struct record record;

    for (uint64_t index = 0; read_bundle(out, index, &bundle); index++) {
        struct slice rest = buffer_slice(&bundle), bytes;

        while (bundle_next(&rest, &bytes) == ERROR_NONE) {
            /* What cannot be read is of the time of the one before. */
            add_record(&maker, bytes,
                       record_read(bytes, &record) == ERROR_NONE
                           ? record.time_us
                           : maker.last_us);
        }
    }
    end(&maker);
    buffer_deinit(&bundle);
}

static void cosign(const char *out, uint64_t time_s)
{
    static struct note note;
    struct buffer bytes = BUFFER_EMPTY;

    CHECK(read_file(out, "checkpoint", &bytes));
    CHECK(note_read(buffer_slice(&bytes), &note) == ERROR_NONE);
    write_note(out, "archive/checkpoint", note.text, time_s);
    buffer_deinit(&bytes);
}

int main(int argc, char *argv[])
{
    if (argc >= 4 && strcmp(argv[1], "generate") == 0) {
        generate(argv[2], strtoull(argv[3], NULL, 10),
                 argc > 4 ? strtoull(argv[4], NULL, 10) : BESIDE);
    } else if (argc == 3 && strcmp(argv[1], "rebuild") == 0) {
        rebuild(argv[2]);
    } else if (argc == 4 && strcmp(argv[1], "cosign") == 0) {
        cosign(argv[2], strtoull(argv[3], NULL, 10));
    } else {
        fputs("Usage: archive_maker generate OUT RECORDS [BESIDE] | rebuild "
              "OUT | cosign OUT SECONDS\n",
              stderr);
        return 2;
    }
    return 0;
}
