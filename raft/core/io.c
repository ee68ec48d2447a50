/* The inner raft_io: what the library asks of the world, behind the guard. */
#include "raft/core/io.h"

#include "raft/core/disk.h"
#include "raft/core/machine.h"
#include "raft/core/wire.h"

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    (void)io;
    (void)id;
    (void)address;
    return 0;
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                    raft_io_recv_cb receive)
{
    struct core *core = io->impl;

    core->tick = tick;
    core->receive = receive;
    timer_start(core->tick_timer, msecs, msecs);
    return 0;
}

static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct core *core = io->impl;

    timer_stop(core->tick_timer);
    core->log.abandon(core->log.context);
    core_drop_writes(core);
    core_finish_sent(core);
    cb(io);
}

static raft_time io_time(struct raft_io *io)
{
    struct core *core = io->impl;

    return loop_now_us(core->loop) / 1000;
}

static int io_random(struct raft_io *io, int min, int max)
{
    struct core *core = io->impl;
    uint32_t drawn;

    loop_random(core->loop, &drawn, sizeof(drawn));
    return min + (int)(drawn % (uint32_t)(max - min + 1));
}

/* A founder's log is written by its log store (core_first_entry). */
static int io_bootstrap(struct raft_io *io,
                        const struct raft_configuration *servers)
{
    (void)io;
    (void)servers;
    return RAFT_CANTBOOTSTRAP;
}

void core_io_fill(struct core *core)
{
    core->io = (struct raft_io){.version = 2,
                                .impl = core,
                                .init = io_init,
                                .close = io_close,
                                .load = core_io_load,
                                .start = io_start,
                                .bootstrap = io_bootstrap,
                                .recover = io_bootstrap,
                                .set_term = core_io_set_term,
                                .set_vote = core_io_set_vote,
                                .send = core_io_send,
                                .append = core_io_append,
                                .truncate = core_io_truncate,
                                .snapshot_put = core_io_snapshot_put,
                                .snapshot_get = core_io_snapshot_get,
                                .time = io_time,
                                .random = io_random,
                                .async_work = core_io_async_work};
}
