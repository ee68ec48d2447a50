/* The archive's files of every host, held against the state: all records of the
 * last published checkpoint, hash by hash, and its root. */
#include <inttypes.h>

#include "node/chat/archive.h"
#include "node/compliance/meters.h"
#include "node/compliance/tiles.h"
#include "tests/sim/town/town.h"

static void look(const struct host *host, struct archive_view *view_out)
{
    archive_view(applier_machine(backend_applier(host->backend)), view_out);
}

static bool is_full(const struct host *host)
{
    const struct compliance_meters *meters =
        compliance_meters(backend_compliance(host->backend));
    struct archive_view archive;

    look(host, &archive);
    return !archive.published.is ||
           ((uint64_t)meter_level(&meters->records) >= archive.published.size &&
            meter_level(&meters->state) == PERCH__ARCHIVE_MARK__STATE__FINE);
}

bool shelves_are_full(const struct town *town)
{
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        if (!host_is_up(&town->hosts[i]) || !is_full(&town->hosts[i])) {
            return false;
        }
    }
    return true;
}

/* Is each record's hash in its tile? */
static enum error check_records(struct tiles *tiles, uint64_t size)
{
    struct merkle_hash leaf, hash;
    struct slice record;

    for (uint64_t csn = 0; csn < size; csn++) {
        TRY(tiles_record(tiles, csn, &record));
        TRY(tiles_hash(tiles, 0, csn, &hash));
        merkle_leaf(record, &leaf);
        if (!merkle_equal(&leaf, &hash)) {
            return ERROR_ROTTEN;
        }
    }
    return ERROR_NONE;
}

static enum error check_root(struct tiles *tiles,
                             const struct checkpoint_view *published)
{
    struct merkle_hash root;

    TRY(tiles_root(tiles, published->size, &root));
    return merkle_equal(&root, &published->root) ? ERROR_NONE : ERROR_ROTTEN;
}

static void check(struct town *town, const struct host *host)
{
    struct archive_view archive;
    struct tiles *tiles;
    enum error error;

    look(host, &archive);
    if (!archive.published.is) {
        return;
    }
    tiles = tiles_open(host->archive);
    error = check_records(tiles, archive.published.size);
    if (error == ERROR_NONE) {
        error = check_root(tiles, &archive.published);
    }
    tiles_close(tiles);
    if (error != ERROR_NONE) {
        ledger_break(&town->ledger, "archive",
                     "files of host %u, %" PRIu64 " records: %s", host->number,
                     archive.published.size, error_name(error));
    }
}

void shelves_check(struct town *town)
{
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        check(town, &town->hosts[i]);
    }
}
