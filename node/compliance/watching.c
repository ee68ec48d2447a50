#include "node/compliance/watching.h"

#include "node/chat/archive_lag.h"
#include "node/chat/outcome.h"

enum { US_PER_S = 1000000, TICKS = WATCHING_MS / COMPLIANCE_TICK_MS };

static int64_t age_s(int64_t then_us, int64_t now_us)
{
    return now_us > then_us ? (now_us - then_us) / US_PER_S : 0;
}

static void look_at_witnesses(const struct machine *machine, int64_t now_us,
                              struct watch_meters *meters)
{
    int64_t oldest_s = -1;

    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct witness_view witness;

        if (archive_witness(machine, slot, &witness) && witness.at_us != 0 &&
            age_s(witness.at_us, now_us) > oldest_s) {
            oldest_s = age_s(witness.at_us, now_us);
        }
    }
    meter_set(&meters->witness_age_s, oldest_s);
}

static void look_at_nodes(const struct machine *machine,
                          struct watch_meters *meters)
{
    int64_t diverged = 0, failing = 0;

    for (unsigned number = 1; number < ARCHIVE_NODES; number++) {
        struct archive_node_view node;

        if (archive_node(machine, (uint8_t)number, &node)) {
            diverged += node.diverged_size != 0;
            failing += node.state != PERCH__ARCHIVE_MARK__STATE__FINE;
        }
    }
    meter_set(&meters->nodes_diverged, diverged);
    meter_set(&meters->nodes_failing, failing);
}

/* What adapters come to together. */
struct sum {
    int64_t n, failing, late;
    uint64_t lag;
    uint32_t lag_s;
};

static void add(struct sum *sum, const struct machine *machine,
                const struct archive_view *archive,
                const struct adapter_view *adapter, int64_t now_us)
{
    uint64_t lag = archive_lag(archive, adapter);
    uint32_t lag_s = archive_lag_s(archive, adapter, now_us);

    if (adapter->disabled) {
        return;
    }
    sum->n++;
    sum->failing += adapter->error.len > 0;
    sum->late += archive_is_late(machine, archive, adapter, now_us);
    sum->lag = lag > sum->lag ? lag : sum->lag;
    sum->lag_s = lag_s > sum->lag_s ? lag_s : sum->lag_s;
}

static void look_at_adapters(const struct machine *machine,
                             const struct archive_view *archive, int64_t now_us,
                             struct watch_meters *meters)
{
    struct sum sum = {0};

    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct adapter_view adapter;

        if (archive_adapter(machine, slot, &adapter)) {
            add(&sum, machine, archive, &adapter, now_us);
        }
    }
    meter_set(&meters->adapters, sum.n);
    meter_set(&meters->no_adapter,
              sum.n == 0 && archive->mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF);
    meter_set(&meters->adapters_failing, sum.failing);
    meter_set(&meters->adapters_late, sum.late);
    meter_set(&meters->adapter_lag, (int64_t)sum.lag);
    meter_set(&meters->adapter_lag_s, sum.lag_s);
}

void watching_look(const struct machine *machine, int64_t now_us,
                   struct watch_meters *meters)
{
    struct archive_view archive;

    archive_view(machine, &archive);
    meter_set(&meters->mode, archive.mode);
    meter_set(&meters->records, (int64_t)archive.records);
    meter_set(&meters->published,
              archive.published.is ? (int64_t)archive.published.size : 0);
    meter_set(&meters->checkpoint_age_s,
              archive.published.is ? age_s(archive.published.begun_us, now_us)
                                   : -1);
    meter_set(&meters->halted, archive.halted);
    meter_set(&meters->refusing,
              !outcome_is_success(archive_gate(machine, now_us)));
    look_at_witnesses(machine, now_us, meters);
    look_at_nodes(machine, meters);
    look_at_adapters(machine, &archive, now_us, meters);
}

static void on_tick(struct compliance *compliance)
{
    if (compliance->watched++ % TICKS == 0 && !compliance->releasing) {
        watching_look(compliance->state.machine,
                      loop_wall_us(compliance->settings.loop),
                      &compliance->meters.watch);
    }
}

const struct compliance_part watching_part = {
    .name = "watching",
    .tick = on_tick,
};
