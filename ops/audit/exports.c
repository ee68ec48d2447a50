#include "ops/audit/exports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/audit/sheet.h"
#include "proto/base/check.h"

static const char ending[] = ".sheet.json";

/* An adapter's sheets: those from begin to end, by rising CSN. */
struct chain {
    size_t begin, end;
    size_t at; /* The one that records are being counted for. */
    uint64_t counts[SHEET_KINDS];
};

struct exports {
    struct findings *findings;
    struct sheet *sheets;
    size_t n;
    struct chain *chains;
    size_t n_chains;
    bool has_folder;
    uint64_t files;
};

struct exports *exports_new(struct findings *findings)
{
    struct exports *exports = calloc(1, sizeof(*exports));

    CHECK(exports != NULL);
    exports->findings = findings;
    return exports;
}

void exports_free(struct exports *exports)
{
    if (exports == NULL) {
        return;
    }
    for (size_t i = 0; i < exports->n; i++) {
        sheet_deinit(&exports->sheets[i]);
    }
    free(exports->sheets);
    free(exports->chains);
    free(exports);
}

static void add_sheet(struct exports *exports, struct sheet *sheet,
                      struct checkpoints *checkpoints)
{
    if (strcmp(sheet->origin, checkpoints->origin) != 0) {
        findings_error(exports->findings, AUDIT_EXPORTS,
                       "%s is of another log, %s", sheet->path, sheet->origin);
        sheet_deinit(sheet);
        return;
    }
    if ((exports->n & (exports->n - 1)) == 0) { /* 0, 1, 2, 4, ... */
        exports->sheets =
            reallocarray(exports->sheets, exports->n == 0 ? 1 : exports->n * 2,
                         sizeof(*exports->sheets));
        CHECK(exports->sheets != NULL);
    }
    exports->sheets[exports->n] = *sheet;
    exports->n++;
    exports->files += sheet->files;
    checkpoints_add(checkpoints, CHECKPOINT_SHEET, sheet->tree_size,
                    &sheet->root, sheet->path);
}

enum error exports_add_folder(struct exports *exports, const char *folder,
                              struct checkpoints *checkpoints)
{
    struct names names;
    enum error error = names_list(folder, "", &names);

    exports->has_folder = true;
    for (size_t i = 0; i < names.n && error == ERROR_NONE; i++) {
        size_t len = strlen(names.names[i]);
        struct sheet sheet;

        if (len > strlen(ending) &&
            strcmp(names.names[i] + len - strlen(ending), ending) == 0 &&
            sheet_read(folder, names.names[i], exports->findings, &sheet)) {
            add_sheet(exports, &sheet, checkpoints);
        }
    }
    names_deinit(&names);
    return error;
}

static int compare(const void *a, const void *b)
{
    const struct sheet *x = a, *y = b;
    int order = strcmp(x->adapter, y->adapter);

    return order != 0 ? order : (x->first > y->first) - (x->first < y->first);
}

/* Hold a sheet against the one before it. */
static void check_link(struct exports *exports, const struct sheet *before,
                       const struct sheet *sheet)
{
    if (sheet->first != before->last + 1) {
        findings_error(exports->findings, AUDIT_EXPORTS,
                       "%s begins with record %" PRIu64
                       ", the sheet before it ends with %" PRIu64,
                       sheet->path, sheet->first, before->last);
    } else if (strcmp(sheet->previous, before->sha256) != 0) {
        findings_error(exports->findings, AUDIT_EXPORTS,
                       "%s follows another sheet than %s", sheet->path,
                       before->path);
    }
}

static void begin_chain(struct exports *exports, size_t at)
{
    const struct sheet *sheet = &exports->sheets[at];

    exports->chains = reallocarray(exports->chains, exports->n_chains + 1,
                                   sizeof(*exports->chains));
    CHECK(exports->chains != NULL);
    exports->chains[exports->n_chains] =
        (struct chain){.begin = at, .end = at, .at = at};
    exports->n_chains++;
    if (sheet->previous[0] != 0) {
        findings_notice(exports->findings, AUDIT_EXPORTS,
                        "of adapter %s the sheets before record %" PRIu64
                        " are not here",
                        sheet->adapter, sheet->first);
    }
}

void exports_begin(struct exports *exports)
{
    if (exports->n > 0) {
        qsort(exports->sheets, exports->n, sizeof(exports->sheets[0]), compare);
    }
    for (size_t i = 0; i < exports->n; i++) {
        const struct sheet *sheet = &exports->sheets[i];

        if (i == 0 || strcmp(sheet->adapter, sheet[-1].adapter) != 0) {
            begin_chain(exports, i);
        } else {
            check_link(exports, &sheet[-1], sheet);
        }
        exports->chains[exports->n_chains - 1].end = i + 1;
    }
}

/* All records of a sheet were counted. */
static void check_counts(struct exports *exports, const struct chain *chain)
{
    const struct sheet *sheet = &exports->sheets[chain->at];
    uint64_t said[SHEET_KINDS] = {0}, n = 0;

    for (size_t i = 0; i < sheet->n_counts; i++) {
        said[sheet->counts[i].kind] += sheet->counts[i].n;
        n += sheet->counts[i].n;
    }
    for (unsigned kind = 0; kind < SHEET_KINDS; kind++) {
        if (said[kind] != chain->counts[kind]) {
            findings_error(exports->findings, AUDIT_EXPORTS,
                           "%s counts %" PRIu64 " records of kind %s, the log "
                           "has %" PRIu64,
                           sheet->path, said[kind],
                           record_kind_name((enum record_kind)kind),
                           chain->counts[kind]);
        }
    }
    if (n != sheet->records || n != sheet->last - sheet->first + 1) {
        findings_error(exports->findings, AUDIT_EXPORTS,
                       "%s counts %" PRIu64 " records from %" PRIu64
                       " to %" PRIu64,
                       sheet->path, n, sheet->first, sheet->last);
    }
}

static void count(struct exports *exports, struct chain *chain,
                  const struct record *record)
{
    while (chain->at < chain->end &&
           exports->sheets[chain->at].last < record->csn) {
        chain->at++; /* Its last record was not seen: found elsewhere. */
        memset(chain->counts, 0, sizeof(chain->counts));
    }
    if (chain->at == chain->end ||
        record->csn < exports->sheets[chain->at].first) {
        return;
    }
    chain->counts[(uint8_t)record->kind]++;
    if (record->csn == exports->sheets[chain->at].last) {
        check_counts(exports, chain);
        chain->at++;
        memset(chain->counts, 0, sizeof(chain->counts));
    }
}

/* The chain of an adapter, when its sheets are here. */
static const struct chain *find_chain(const struct exports *exports,
                                      struct slice adapter)
{
    for (size_t i = 0; i < exports->n_chains; i++) {
        const struct chain *chain = &exports->chains[i];

        if (slice_equal_text(adapter, exports->sheets[chain->begin].adapter)) {
            return chain;
        }
    }
    return NULL;
}

static const struct sheet *find_sheet(const struct exports *exports,
                                      const struct chain *chain, uint64_t last)
{
    size_t low = chain->begin, high = chain->end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (exports->sheets[middle].last < last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < chain->end && exports->sheets[low].last == last
               ? &exports->sheets[low]
               : NULL;
}

/* The log says that an adapter has a cut, with the digest of its sheet. */
static void take_delivered(struct exports *exports, const struct record *record)
{
    uint64_t last = record_number(record, RECORD_FIELD_LAST_CSN, 0);
    struct slice adapter, digest = SLICE_NONE;
    const struct chain *chain = NULL;
    const struct sheet *sheet;
    struct merkle_hash hash;
    char hex[SHEET_HEX_BYTES + 1] = "";

    if (record_find(record, RECORD_FIELD_NAME, &adapter)) {
        chain = find_chain(exports, adapter);
    }
    if (chain == NULL || last < exports->sheets[chain->begin].first) {
        return;
    }
    sheet = find_sheet(exports, chain, last);
    if (record_find(record, RECORD_FIELD_DIGEST, &digest) &&
        digest.len == MERKLE_HASH_BYTES) {
        memcpy(hash.bytes, digest.data, MERKLE_HASH_BYTES);
        names_hex(&hash, hex);
    }
    if (sheet == NULL) {
        findings_error(exports->findings, AUDIT_EXPORTS,
                       "record %" PRIu64 ": adapter %.*s was given records up "
                       "to %" PRIu64 ", and that sheet is missing",
                       record->csn, SLICE_PRINT(adapter), last);
    } else if (strcmp(hex, sheet->sha256) != 0) {
        findings_error(exports->findings, AUDIT_EXPORTS,
                       "%s is another sheet than record %" PRIu64
                       " says was delivered",
                       sheet->path, record->csn);
    }
}

void exports_take(struct exports *exports, const struct record *record)
{
    if (record->kind == RECORD_DELIVERED) {
        take_delivered(exports, record);
    }
    for (size_t i = 0; i < exports->n_chains; i++) {
        count(exports, &exports->chains[i], record);
    }
}

void exports_end(struct exports *exports, uint64_t size)
{
    struct buffer text = BUFFER_EMPTY;

    if (!exports->has_folder) {
        findings_not_made(exports->findings, AUDIT_EXPORTS,
                          "no folder was given: --exports");
        return;
    }
    for (size_t i = 0; i < exports->n_chains; i++) {
        const struct sheet *last = &exports->sheets[exports->chains[i].end - 1];

        buffer_printf(&text, "; %s to record %" PRIu64 " of %" PRIu64,
                      last->adapter, last->last, size == 0 ? 0 : size - 1);
    }
    buffer_append(&text, "", 1);
    CHECK(!buffer_failed(&text));
    findings_made(exports->findings, AUDIT_EXPORTS, exports->n,
                  "%zu sheets, %" PRIu64 " files%s", exports->n, exports->files,
                  (const char *)text.data);
    if (exports->n == 0) {
        findings_error(exports->findings, AUDIT_EXPORTS, "there are no sheets");
    }
    buffer_deinit(&text);
}
