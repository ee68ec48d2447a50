#include "tests/sim/town/archivist.h"

#include <string.h>

#include "node/chat/archive.h"
#include "tests/sim/town/council_words.h"

enum {
    SHEET_BYTES = 32,
    ADAPTERS = 2,
    BEHIND_S = 10,
    MODES_ONE_IN = 6,
    FAR = 1000000, /* Records: no run has as many. */
};

static const char *const adapters[ADAPTERS] = {"files", "mail"};

static const struct machine *machine_of(const struct town *town)
{
    return applier_machine(backend_applier(town->founder.host->backend));
}

static void raise_rules(struct decision *decision)
{
    Perch__RulesRaise *raise = COUNCIL_MAKE(decision, RULES_RAISE, rules_raise);

    CODEC_SET(raise, version, COMMAND_RULES_KNOWN);
}

static void put_mode(struct decision *decision, Perch__ArchiveMode mode)
{
    Perch__ArchivePut *put = COUNCIL_MAKE(decision, ARCHIVE_PUT, archive_put);

    CODEC_SET(put, mode, mode);
}

/* On, or required; never off again: what is posted has its record from then on.
 */
static void change_mode(struct decision *decision)
{
    put_mode(decision, council_odds(decision, 2)
                           ? PERCH__ARCHIVE_MODE__ARCHIVE_ON
                           : PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED);
}

static void sing(struct decision *decision)
{
    Perch__Canary *canary = COUNCIL_MAKE(decision, CANARY, canary);
    struct guid nonce;

    for (size_t i = 0; i < GUID_BYTES; i++) {
        nonce.bytes[i] = (uint8_t)council_below(decision, 256);
    }
    CODEC_SET(canary, nonce, council_guid(decision, nonce));
}

static void put_adapter(struct decision *decision, const char *name)
{
    Perch__AdapterPut *put = COUNCIL_MAKE(decision, ADAPTER_PUT, adapter_put);

    CODEC_SET(put, name, council_text(name));
    CODEC_SET(put, if_version, 0);
    CODEC_SET(put, type, PERCH__ADAPTER_TYPE__CSV);
    CODEC_SET(put, output, council_text("/export"));
    CODEC_SET(put, run_interval_s, ARCHIVE_INTERVAL_S_MIN);
}

static void cut(struct decision *decision, const char *name)
{
    Perch__Cut *part = COUNCIL_MAKE(decision, CUT, cut);

    CODEC_SET(part, adapter, council_text(name));
}

/* A cut that there is not: only an adapter knows what its sink has. */
static void acknowledge(struct decision *decision,
                        const struct adapter_view *adapter)
{
    Perch__CutDone *done = COUNCIL_MAKE(decision, CUT_DONE, cut_done);
    uint8_t *sheet = arena_alloc(decision->arena, SHEET_BYTES);

    memset(sheet, (int)council_below(decision, 256), SHEET_BYTES);
    CODEC_SET(done, adapter, codec_bytes(adapter->name));
    CODEC_SET(done, last_csn, adapter->cut_csn + FAR);
    CODEC_SET(done, sheet, codec_bytes(slice_of(sheet, SHEET_BYTES)));
}

static void put_witness(struct decision *decision)
{
    Perch__WitnessPut *put = COUNCIL_MAKE(decision, WITNESS_PUT, witness_put);
    uint8_t *key = arena_alloc(decision->arena, NOTE_KEY_BYTES);

    observer_key(key);
    CODEC_SET(put, name, council_text(OBSERVER_NAME));
    CODEC_SET(put, url, council_text(OBSERVER_URL));
    CODEC_SET(put, public_key, codec_bytes(slice_of(key, NOTE_KEY_BYTES)));
}

/* What is behind for so long closes a required archive: as short as may be. */
static void hurry(struct decision *decision)
{
    Perch__PoolPut *put = COUNCIL_MAKE(decision, POOL_PUT, pool_put);
    Perch__PoolPut__Setting *setting =
        council_make(decision, &perch__pool_put__setting__descriptor);

    CODEC_SET(setting, number, SETTING_ARCHIVE_BEHIND_S);
    CODEC_SET(setting, value, BEHIND_S);
    put->settings = arena_alloc(decision->arena, sizeof(setting));
    put->settings[0] = setting;
    put->n_settings = 1;
}

static void decide_any(struct decision *decision)
{
    uint32_t slot = (uint32_t)council_below(decision, ADAPTERS);
    struct adapter_view adapter;
    struct witness_view witness;

    if (machine_setting(machine_of(decision->town), SETTING_ARCHIVE_BEHIND_S) !=
        BEHIND_S) {
        hurry(decision);
    } else if (!archive_witness(machine_of(decision->town), 0, &witness)) {
        put_witness(decision);
    } else if (council_odds(decision, MODES_ONE_IN)) {
        change_mode(decision);
    } else if (council_odds(decision, 3)) {
        sing(decision);
    } else if (!archive_adapter(machine_of(decision->town), slot, &adapter)) {
        put_adapter(decision, adapters[slot]);
    } else if (!council_odds(decision, 5)) {
        cut(decision, adapters[slot]);
    } else {
        acknowledge(decision, &adapter);
    }
}

void archivist_decide(struct town *town, struct arena *arena,
                      Perch__Command *command)
{
    struct decision decision = {town, &town->council.random, arena, command};
    const struct machine *machine = machine_of(town);
    struct archive_view view;

    archive_view(machine, &view);
    if (machine_rules_version(machine) < RULES_ARCHIVE) {
        raise_rules(&decision);
    } else if (view.mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        put_mode(&decision, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    } else {
        decide_any(&decision);
    }
    town_trace(town, "archivist: %s", command_kind_name(command->kind_case));
}

bool archivist_is_nodes(const Perch__Command *command)
{
    return command->kind_case == PERCH__COMMAND__KIND_CANARY ||
           command->kind_case == PERCH__COMMAND__KIND_CUT ||
           command->kind_case == PERCH__COMMAND__KIND_CUT_DONE;
}
