/* One reconciliation sheet, read, and its files.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_SHEET_H
#define OPS_AUDIT_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/audit/findings.h"
#include "ops/audit/names.h"
#include "proto/tlog/merkle.h"

enum {
    SHEET_KINDS = 256,
    SHEET_HEX_BYTES = 64,
    SHEET_NAME_BYTES = 256,
    SHEET_FILE_BYTES_MAX = 64 * 1024 * 1024,
};

struct sheet_count {
    uint8_t kind;
    uint64_t n;
};

struct sheet {
    char *adapter, *origin;
    char *path; /* For people. */
    uint64_t first, last, records;
    uint64_t tree_size;
    struct merkle_hash root;
    char previous[SHEET_HEX_BYTES + 1]; /* Empty: it is the first. */
    char sha256[SHEET_HEX_BYTES + 1];   /* Its own. */
    struct sheet_count *counts;
    size_t n_counts;
    uint64_t files;
};

/**
 * Read a sheet and hash the files that it names, in its folder.
 *
 * What is wrong is a finding. Returns false when it is no sheet.
 */
bool sheet_read(const char *folder, const char *name, struct findings *findings,
                struct sheet *sheet_out);

/** Free what is held. */
void sheet_deinit(struct sheet *sheet);

#endif
