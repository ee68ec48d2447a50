/* What befalls an archive alone: its disks, and its witness. */
#include "tests/sim/block_disk.h"
#include "tests/sim/town/mishap.h"
#include "tests/sim/town/town.h"

static uint64_t draw(struct town *town, uint64_t low, uint64_t high)
{
    return random_between(&town->random, low, high);
}

/* Longer, now and then, than what a required archive waits for. */
static uint64_t draw_while(struct town *town)
{
    return draw(town, 500 * TOWN_MS, 20 * TOWN_SECOND);
}

static void on_shelves(void *context)
{
    struct host *host = context;

    disk_knobs(host->disk)->refused = NULL;
}

/* Each host that chance says: often most of them. */
static void refuse(struct town *town)
{
    uint64_t which = draw(town, 1, (UINT64_C(1) << town->settings.hosts) - 1);
    enum error error = draw(town, 0, 1) == 0 ? ERROR_NO_SPACE : ERROR_IO;
    uint64_t us = draw_while(town);

    for (unsigned i = 0; i < town->settings.hosts; i++) {
        struct host *host = &town->hosts[i];

        if (which >> i & 1) {
            town_trace(town, "host %u: its archive takes nothing",
                       host->number);
            disk_knobs(host->disk)->refused = host->archive;
            disk_knobs(host->disk)->refused_error = error;
            town_later(town, us, on_shelves, host);
        }
    }
}

static void on_return(void *context)
{
    struct town *town = context;

    observer_leave(town->observer, false);
}

void mishap_archive(struct town *town, enum mishap mishap)
{
    if (mishap == MISHAP_SHELVES) {
        refuse(town);
    } else {
        town_trace(town, "the witness is out of reach");
        observer_leave(town->observer, true);
        town_later(town, draw_while(town), on_return, town);
    }
}

void mishap_archive_end(struct town *town)
{
    for (unsigned i = 0; i < town->settings.hosts; i++) {
        disk_knobs(town->hosts[i].disk)->bent = NULL;
        on_shelves(&town->hosts[i]);
    }
    on_return(town);
}
