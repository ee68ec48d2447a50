#include "ops/perchctl/refill.h"

#include <stdio.h>
#include <stdlib.h>

#include "ops/perchctl/ask.h"
#include "ops/perchctl/refill_proof.h"
#include "ops/perchctl/text.h"
#include "proto/base/check.h"
#include "proto/record.h"
#include "proto/tlog/note.h"
#include "proto/tlog/tile.h"

enum {
    ARENA_BYTES = 64 * 1024,
    PATH_BYTES = 4096,
    WHY_REFILL_BYTES = 512,
    /* Of one command; a bundle has no more records. */
    BATCH_RECORDS_MAX = TILE_WIDTH,
    /* What a request takes, less what is around the records. */
    BATCH_BYTES_MAX = ADMIN_LONG_BYTES_MAX - 16 * 1024,
    BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + RECORD_BYTES_MAX),
};

struct refilling {
    const struct errand *errand;
    const char *from;
    uint64_t next, size; /* The pool's next record; what there was. */
    char key[NOTE_VKEY_BYTES_MAX + 1]; /* The log's. */
    uint8_t *bundle;
    size_t bundle_len;
    char why[WHY_REFILL_BYTES];
};

static json_t *say(const char *result, const char *outcome, const char *text)
{
    return json_pack("{s:s, s:s, s:o, s:s}", "result", result, "outcome",
                     outcome, "text", text_json(slice_of_text(text)), "advice",
                     "");
}

/* Ask a node with a request that is made here. */
static Perch__Admin__Result ask_node(const struct refilling *refilling,
                                     enum admin_kind kind,
                                     ProtobufCMessage *request,
                                     json_t **reply_out)
{
    const struct command command = {
        .group = "archive", .verb = "refill", .kind = kind};
    struct errand errand = *refilling->errand;

    errand.command = &command;
    errand.request = request;
    return ask(&errand, reply_out);
}

/* How far the pool is and how far it was. */
static Perch__Admin__Result look(struct refilling *refilling,
                                 json_t **reply_out)
{
    Perch__Admin__Nothing nothing = PERCH__ADMIN__NOTHING__INIT;
    Perch__Admin__Result result =
        ask_node(refilling, ADMIN_ARCHIVE_STATUS, &nothing.base, reply_out);
    const char *key;

    if (result == PERCH__ADMIN__RESULT__DONE) {
        refilling->next = (uint64_t)json_integer_value(
            json_object_get(*reply_out, "records"));
        refilling->size = (uint64_t)json_integer_value(
            json_object_get(*reply_out, "halted_size"));
        key = json_string_value(json_object_get(*reply_out, "key"));
        snprintf(refilling->key, sizeof(refilling->key), "%s",
                 key == NULL ? "" : key);
    }
    return result;
}

/* Read the bundle that has a record: the full one, else the widest partial one
 * there is. */
static bool read_bundle(struct refilling *refilling, uint64_t csn)
{
    char tile[TILE_PATH_BYTES], path[PATH_BYTES];

    for (unsigned width = TILE_WIDTH; width > csn % TILE_WIDTH; width--) {
        FILE *file;

        tile_path(tile, TILE_ENTRIES, csn / TILE_WIDTH, width);
        snprintf(path, sizeof(path), "%s/%s", refilling->from, tile);
        file = fopen(path, "rb");
        if (file == NULL) {
            continue;
        }
        refilling->bundle_len =
            fread(refilling->bundle, 1, BUNDLE_BYTES_MAX, file);
        fclose(file);
        return true;
    }
    snprintf(refilling->why, sizeof(refilling->why),
             "%.300s has no record %llu", refilling->from,
             (unsigned long long)csn);
    return false;
}

/* Gather what a command may bring, from the next record on, of one bundle. */
static bool gather(struct refilling *refilling, struct arena *arena,
                   Perch__Admin__ArchiveRefill *request)
{
    uint64_t csn = refilling->next - refilling->next % TILE_WIDTH;
    struct slice rest, record;
    size_t bytes = 0;

    if (!read_bundle(refilling, refilling->next)) {
        return false;
    }
    request->records =
        arena_alloc(arena, BATCH_RECORDS_MAX * sizeof(*request->records));
    CHECK(request->records != NULL);
    rest = slice_of(refilling->bundle, refilling->bundle_len);
    for (; csn < refilling->size && bundle_next(&rest, &record) == ERROR_NONE &&
           bytes + record.len < BATCH_BYTES_MAX;
         csn++) {
        if (csn >= refilling->next) {
            request->records[request->n_records++] = codec_bytes(record);
            bytes += record.len;
        }
    }
    snprintf(refilling->why, sizeof(refilling->why),
             "%.300s: the bundle of record %llu is damaged", refilling->from,
             (unsigned long long)refilling->next);
    return request->n_records > 0;
}

/* Returns false, and the reply to show, when no more is to be done. */
static bool bring(struct refilling *refilling, Perch__Admin__Result *result,
                  json_t **reply)
{
    Perch__Admin__ArchiveRefill request = PERCH__ADMIN__ARCHIVE_REFILL__INIT;
    struct arena *arena = arena_new(ARENA_BYTES);

    CHECK(arena != NULL);
    json_decref(*reply);
    if (!gather(refilling, arena, &request)) {
        *result = PERCH__ADMIN__RESULT__USAGE;
        *reply = say("usage", "COPY_INCOMPLETE", refilling->why);
    } else {
        CODEC_SET(&request, first_csn, refilling->next);
        *result =
            ask_node(refilling, ADMIN_ARCHIVE_REFILL, &request.base, reply);
        refilling->next += request.n_records;
    }
    arena_free(arena);
    return *result == PERCH__ADMIN__RESULT__DONE &&
           refilling->next < refilling->size &&
           !refilling->errand->options.dry_run;
}

Perch__Admin__Result refill(const struct errand *errand, json_t **reply_out)
{
    const Perch__Admin__ArchiveRefillFrom *asked =
        (const Perch__Admin__ArchiveRefillFrom *)errand->request;
    struct refilling refilling = {.errand = errand,
                                  .from = (const char *)asked->from.data,
                                  .bundle = malloc(BUNDLE_BYTES_MAX)};
    Perch__Admin__Result result;

    CHECK(refilling.bundle != NULL);
    result = look(&refilling, reply_out);
    if (result == PERCH__ADMIN__RESULT__DONE &&
        json_is_true(json_object_get(*reply_out, "halted")) &&
        refilling.next >= refilling.size) {
        json_decref(*reply_out);
        result = PERCH__ADMIN__RESULT__USAGE;
        *reply_out = say("usage", "ANOTHER_HISTORY",
                         "the witness has seen another history, and no copy "
                         "mends that: see perchctl help archive reopen");
    } else if (result == PERCH__ADMIN__RESULT__DONE &&
               refilling.next >= refilling.size) {
        json_decref(*reply_out);
        *reply_out = say("done", "DONE",
                         "no witness has seen more than there is; nothing was "
                         "changed");
    } else if (result == PERCH__ADMIN__RESULT__DONE &&
               !refill_proof(refilling.from, refilling.size, refilling.key,
                             refilling.why)) {
        json_decref(*reply_out);
        result = PERCH__ADMIN__RESULT__USAGE;
        *reply_out = say("usage", "COPY_NOT_PROVED", refilling.why);
    } else if (result == PERCH__ADMIN__RESULT__DONE) {
        while (bring(&refilling, &result, reply_out)) {
        }
    }
    free(refilling.bundle);
    return result;
}
