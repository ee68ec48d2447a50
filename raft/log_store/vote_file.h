/* The file "vote": the term, the vote and the cut order (a ballot), and how
 * far the log has certainly been written (a mark).
 *
 *   block 0, 1   the ballot, twice: written and synced one after the other, so
 *                that no crash and no single damaged block loses it
 *   block 2, 3   marks in turn: an older mark is good enough, as it only says
 *                less about how long the log must be
 *
 * Each is a sealed block (block.h), magic "perchvot", with:
 *   offset bytes
 *       40     4  1 ballot, 2 mark
 *       48     8  serial: of the copies that check, the highest counts
 *       56     8  ballot: term           mark: serial of the last batch
 *       64     8  ballot: vote           mark: the last index then
 *       72     8  ballot: cut order, 0   mark: zero
 *
 * Thread: ballots are the loop's, marks the worker's: each opens the file for
 * itself, and the blocks they write are not the same.
 */
#ifndef RAFT_LOG_STORE_VOTE_FILE_H
#define RAFT_LOG_STORE_VOTE_FILE_H

#include "raft/log_store/block.h"

#define VOTE_FILE "vote"

struct ballot {
    uint64_t serial;
    uint64_t term;
    uint64_t vote;      /* 0: none. */
    uint64_t cut_index; /* 0: none. */
};

struct mark {
    uint64_t serial;
    uint64_t batch; /* Serial of a batch that was durable; 0: none yet. */
    uint64_t index; /* The last index of the log then. */
};

struct vote_file;

/**
 * Make the file, with term 0 and nothing marked, durably.
 *
 * Returns EXISTS when there is one.
 */
enum error vote_file_create(struct device *device,
                            const struct log_identity *identity);

/** Open the file for writing. Close with vote_file_close. */
enum error vote_file_open(struct device *device,
                          const struct log_identity *identity,
                          struct vote_file **file_out);

/** Close. Accepts NULL. */
void vote_file_close(struct vote_file *file);

/**
 * Read the file, which nobody writes meanwhile.
 *
 * @healthy_out  Whether all copies check and agree; if not, write anew.
 *
 * Returns ROTTEN, UNSUPPORTED or WRONG_POOL with damage_out set when a ballot
 * or a mark is beyond doubt lost, or what the device reports.
 */
enum error vote_file_read(struct vote_file *file, struct ballot *ballot_out,
                          struct mark *mark_out, bool *healthy_out,
                          struct log_damage *damage_out);

/** Write both copies of a ballot, with the serial it carries. Durable. */
enum error vote_file_put_ballot(struct vote_file *file,
                                const struct ballot *ballot);

/** Write a mark over the older one, by the serial it carries. Durable. */
enum error vote_file_put_mark(struct vote_file *file, const struct mark *mark);

#endif
