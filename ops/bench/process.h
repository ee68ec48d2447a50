/* What a server process has used: CPU time and memory, read from /proc.
 *
 * CPU is the scheduler's account of each thread (/proc/PID/task/TID/schedstat),
 * which counts nanoseconds and repeats within a few percent where rates do not.
 * A thread that has ended is no longer counted; perchd's threads do not end.
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_PROCESS_H
#define OPS_BENCH_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/base/error.h"

/* Threads of perchd, by how their names begin. */
#define PROCESS_PART_LIST(X)                                                   \
    X(EDGE, "edge", "edge-")         /* Sockets, TLS, SIP, XCCOS. */           \
    X(STATE, "state", "state")       /* Rules, store, fan-out. */              \
    X(RAFT, "raft", "raft")          /* Core and peers. */                     \
    X(LOG, "log", "log-writer")      /* Writing and syncing the raft log. */   \
    X(STORE, "store", "rocksdb:")    /* Flush and compaction. */               \
    X(ARCHIVE, "archive", "archive") /* Tiles, hashes and bundles. */

#define PROCESS_PART_ENUM(id, name, begins) PROCESS_##id,
enum process_part { PROCESS_PART_LIST(PROCESS_PART_ENUM) PROCESS_PARTS };
#undef PROCESS_PART_ENUM

/* One process at one moment. */
struct process_usage {
    uint64_t cpu_ns;                 /* All threads. */
    uint64_t part_ns[PROCESS_PARTS]; /* Of these, threads of perchd's parts. */
    uint64_t rss_bytes;
    uint64_t peak_rss_bytes; /* The most it ever was. */
};

/**
 * Read what a process has used so far.
 *
 * Returns NOT_FOUND with a complaint when there is no such process, or it may
 * not be read.
 */
enum error process_read(pid_t pid, struct process_usage *usage_out);

/**
 * Read n processes and add them up. With n = 0 all is zero.
 *
 * Returns what process_read returns for the first that fails.
 */
enum error process_read_all(const pid_t *pids, size_t n,
                            struct process_usage *usage_out);

/** Name a part of perchd as figures do: "edge". */
const char *process_part_name(enum process_part part);

/** Subtract the CPU times of an earlier reading; memory stays the later's. */
struct process_usage process_since(const struct process_usage *now,
                                   const struct process_usage *before);

#endif
