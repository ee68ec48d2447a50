/* What perch-bench can measure. Each mode runs to its end in bounded time and
 * puts its rows into the report.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_MODES_H
#define OPS_BENCH_MODES_H

#include "ops/bench/bench.h"

/** INFO round trips: a command in, its 200, the reply as INFO, our 200. */
enum error mode_info(const struct bench *bench);

/** Durable posts: INFO in, committed on a majority, 200 out. */
enum error mode_posts(const struct bench *bench);

/** One room, many participants: from a post to its deliveries. */
enum error mode_fanout(const struct bench *bench);

/** The published user model: rooms of three sizes, posts, joins, history. */
enum error mode_mixed(const struct bench *bench);

/** The same model loaded in full: rooms, members, people who search. */
enum error mode_model(const struct bench *bench);

/** Memory of sessions that do nothing. */
enum error mode_idle(const struct bench *bench);

/** Up to what the pool carries, then twice that. */
enum error mode_overload(const struct bench *bench);

/** Replicated commands without SIP, on three processes of its own. */
enum error mode_commands(const struct bench *bench);

/** Puts to three members of etcd that it starts. */
enum error mode_etcd(const struct bench *bench);

/** The same bytes written and synced in a loop. */
enum error mode_disk(const struct bench *bench);

/** What was said, searched in a million messages: no pool, a store and its
 * catalog. */
enum error mode_search(const struct bench *bench);

/** posts with the compliance archive off, on and required in turn, what each
 * costs beside off, and the bytes of a record. */
enum error mode_archive(const struct bench *bench);

/** disk, etcd, commands and posts in turn, and their ratios. */
enum error mode_compare(const struct bench *bench);

#endif
