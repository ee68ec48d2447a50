/* The first line of an adapter's input: which records, for which sink, how.
 *
 * Format: interface.md.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_CUT_H
#define OPS_ADAPTER_CUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ops/adapter/fault.h"

enum {
    CUT_INTERFACE = 1,
    CUT_NAME_BYTES_MAX = 200,   /* Of a pool, an adapter. */
    CUT_OUTPUT_BYTES_MAX = 1024 /* ARCHIVE_OUTPUT_BYTES_MAX. */
};

enum cut_type {
    CUT_XML,
    CUT_FILEDUMP,
    CUT_CSV,
    CUT_EML,
    CUT_RSMF,
    CUT_POSTGRESQL,
    CUT_TYPES,
};

/* Texts are NUL-terminated and borrow from json. */
struct cut {
    json_t *json;
    enum cut_type type;
    const char *pool;
    const char *origin;
    const char *domain;
    const char *adapter;
    uint64_t first, last;
    int64_t cut_us;
    const char *previous_sheet; /* 64 hex digits or "". */
    uint64_t tree_size;
    const char *root;
    const char *output;
    const char *transform; /* "" for none. */
    size_t transform_bytes;
    const char *attachments;
    bool one_room_per_file;
    bool room_details;
    bool user_details;
    bool attachments_manifest;
};

/**
 * Read the first line.
 *
 * @line  Whole, without its end.
 *
 * Returns FAILED, having named the member that is wrong. cut_out is to be
 * given to cut_deinit in any case.
 */
enum fault cut_read(const char *line, size_t bytes, struct cut *cut_out);

/** Free what it holds. Accepts a zeroed one. */
void cut_deinit(struct cut *cut);

/** Name a type as the cut's line does. Static. */
const char *cut_type_name(enum cut_type type);

#endif
