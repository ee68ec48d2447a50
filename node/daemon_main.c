#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "node/daemon_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

/* Leaving. */

static void on_notice(void *context)
{
    struct daemon *daemon = context;

    daemon->leaving = true;
    journal_notice("draining", "node=%u", daemon->plan->node);
    health_set(daemon->health, HEALTH_DRAINING, true);
    notify_stopping(daemon->notify, "draining");
    notify_extend_timeout(daemon->notify,
                          (daemon->config->drain_notice_ms +
                           daemon->config->drain_spread_ms + 10 * 1000) *
                              1000);
}

static void on_move(void *context)
{
    struct daemon *daemon = context;

    if (daemon->moving != NULL) {
        waker_wake(daemon->moving);
    }
}

static uint64_t on_left(void *context)
{
    struct daemon *daemon = context;
    struct edges *edges = atomic_load(&daemon->edges);
    struct replica_status status;
    bool leads = board_read(daemon->status, &status) && status.n > 1 &&
                 status.role == REPLICA_LEADER;

    return (edges == NULL ? 0 : edges_connections(edges)) +
           atomic_load(&daemon->unanswered) + leads;
}

static void on_drained(void *context)
{
    struct daemon *daemon = context;

    loop_stop(daemon->main_loop);
}

/* Reading again: what may change while the node runs. */

static void reload(struct daemon *daemon)
{
    struct config config;
    struct plan plan;
    char error[CONFIG_ERROR_BYTES];

    notify_reloading(daemon->notify, loop_now_us(daemon->main_loop));
    if (config_load(daemon->config_path, &config, error) != ERROR_NONE ||
        plan_make(&config, &plan, error) != ERROR_NONE) {
        journal_error("not_reloaded", "error=\"%s\"", error);
    } else {
        journal_configure(plan.journal_level, getenv("JOURNAL_STREAM") != NULL,
                          config.journal_stamp);
        journal_notice("reloaded", "what=certificates,journal");
        if (daemon->reload != NULL) {
            waker_wake(daemon->reload);
        }
    }
    config_deinit(&config);
    notify_ready(daemon->notify, "reloaded");
}

/* Main's loop. */

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    if (number == SIGHUP) {
        reload(daemon);
    } else if (daemon->state_thread == NULL) {
        /* Still opening: nothing is served yet, and files survive a crash. */
        journal_notice("ended", "node=%u while=starting", daemon->plan->node);
        _exit(EXIT_SUCCESS);
    } else {
        drain_begin(daemon->drain);
    }
}

static void look_at_disk(struct daemon *daemon)
{
    struct statvfs disk;
    bool low;

    if (statvfs(daemon->config->data_dir, &disk) != 0) {
        return;
    }
    low = (uint64_t)disk.f_bavail * disk.f_frsize <
          daemon->config->disk_floor_bytes;
    if (low != health_is(daemon->health, HEALTH_DISK_LOW)) {
        health_set(daemon->health, HEALTH_DISK_LOW, low);
        if (low) {
            journal_warning(
                "disk_low", "free_bytes=%llu floor_bytes=%llu",
                (unsigned long long)disk.f_bavail * disk.f_frsize,
                (unsigned long long)daemon->config->disk_floor_bytes);
        } else {
            journal_notice("disk_not_low", "free_bytes=%llu",
                           (unsigned long long)disk.f_bavail * disk.f_frsize);
        }
    }
}

static void tell_manager(struct daemon *daemon)
{
    static const char *const roles[] = {"stopped", "follower", "candidate",
                                        "leader"};
    struct edges *edges = atomic_load(&daemon->edges);
    struct replica_status status;
    char text[NOTIFY_STATUS_BYTES_MAX];

    if (daemon->leaving || !board_read(daemon->status, &status)) {
        return;
    }
    snprintf(text, sizeof(text), "%s, term %llu, leader %u, %llu clients",
             roles[status.role], (unsigned long long)status.term, status.leader,
             edges == NULL ? 0ull
                           : (unsigned long long)edges_connections(edges));
    notify_status(daemon->notify, text);
}

static void on_tick(void *context)
{
    struct daemon *daemon = context;

    look_at_disk(daemon);
    tell_manager(daemon);
}

static void on_watchdog(void *context)
{
    struct daemon *daemon = context;
    struct health_report report;

    health_judge(daemon->health, loop_now_us(daemon->main_loop), &report);
    if (report.alive) {
        notify_watchdog(daemon->notify);
    }
}

static void on_extend(void *context)
{
    struct daemon *daemon = context;

    notify_extend_timeout(daemon->notify, DAEMON_EXTEND_US);
}

static void watch_signals(struct daemon *daemon)
{
    static const int numbers[DAEMON_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

    for (size_t i = 0; i < DAEMON_SIGNALS; i++) {
        CHECK(uv_signal_init(loop_uv(daemon->main_loop), &daemon->signals[i]) ==
              0);
        daemon->signals[i].data = daemon;
        CHECK(uv_signal_start(&daemon->signals[i], on_signal, numbers[i]) == 0);
    }
    daemon->has_signals = true;
}

enum error daemon_main_open(struct daemon *daemon)
{
    const struct drain_settings settings = {
        .notice_ms = daemon->config->drain_notice_ms,
        .spread_ms = daemon->config->drain_spread_ms};
    const struct drain_events events = {.context = daemon,
                                        .notice = on_notice,
                                        .move = on_move,
                                        .left = on_left,
                                        .done = on_drained};
    uint64_t watchdog_ms = notify_watchdog_us() / 2000;

    daemon->tick = timer_new(daemon->main_loop, on_tick, daemon);
    daemon->watchdog = timer_new(daemon->main_loop, on_watchdog, daemon);
    daemon->extend = timer_new(daemon->main_loop, on_extend, daemon);
    daemon->opener = worker_new(daemon->main_loop, "opener");
    daemon->drain = drain_new(daemon->main_loop, &settings, &events);
    daemon->pulses[0] = pulse_new(daemon->health, daemon->main_loop, "main");
    if (daemon->tick == NULL || daemon->watchdog == NULL ||
        daemon->extend == NULL || daemon->opener == NULL ||
        daemon->drain == NULL || daemon->pulses[0] == NULL) {
        return ERROR_NO_MEMORY;
    }
    if (watchdog_ms != 0) {
        timer_start(daemon->watchdog, watchdog_ms, watchdog_ms);
    }
    watch_signals(daemon);
    return ERROR_NONE;
}

void daemon_main_close(struct daemon *daemon)
{
    for (size_t i = 0; daemon->has_signals && i < DAEMON_SIGNALS; i++) {
        uv_close((uv_handle_t *)&daemon->signals[i], NULL);
    }
    drain_free(daemon->drain);
    worker_free(daemon->opener);
    timer_free(daemon->extend);
    timer_free(daemon->watchdog);
    timer_free(daemon->tick);
}
