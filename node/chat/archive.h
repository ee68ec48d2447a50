/* What the pool keeps for compliance, as the rules see it: whether there is an
 * archive, how large it is, whose keys are believed, which checkpoint is under
 * way and which was published, who witnesses it, and which adapters have which
 * part of it.
 *
 * The records themselves are made by ledger.h. Files, signatures and sinks are
 * node/compliance's.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ARCHIVE_H
#define NODE_CHAT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "proto/base/slice.h"
#include "proto/command.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

enum {
    ARCHIVE_NODES = 256,
    ARCHIVE_ORIGIN_BYTES_MAX = NOTE_NAME_BYTES_MAX,
    ARCHIVE_WITNESSES_MAX = 16,
    ARCHIVE_ADAPTERS_MAX = 16,
    /* Intervals after which a checkpoint under way gives way to a newer. */
    ARCHIVE_CHECKPOINT_PATIENCE = 3,
    ARCHIVE_CUTS_MAX = 64, /* Of an adapter, not yet acknowledged. */
    /* Persistent Chat's RunInterval, seconds: 1 minute to 30 days. */
    ARCHIVE_INTERVAL_S_MIN = 60,
    ARCHIVE_INTERVAL_S_MAX = 30 * 24 * 3600,
    ARCHIVE_INTERVAL_S = 15 * 60,
    ARCHIVE_OUTPUT_BYTES_MAX = 1024,
    ARCHIVE_TRANSFORM_BYTES_MAX = 256 * 1024,
    ARCHIVE_ERROR_BYTES_MAX = 500,
    ARCHIVE_URL_BYTES_MAX = 500,
};

/* One node's word under a checkpoint. */
struct archive_cosignature {
    uint8_t node;
    uint64_t time_s;
    uint8_t bytes[NOTE_SIGNATURE_BYTES];
};

/* A checkpoint: begun, or published. Borrowed. */
struct checkpoint_view {
    bool is;       /* There is one. */
    uint64_t size; /* Records. */
    struct merkle_hash root;
    int64_t begun_us; /* Commit time of its beginning. */
    uint64_t index;   /* Log index of it. */
    bool is_signed;   /* By the log. */
    uint8_t log_signature[NOTE_SIGNATURE_BYTES];
    size_t n; /* By rising node. */
    const struct archive_cosignature *cosignatures;
};

struct archive_view {
    Perch__ArchiveMode mode;
    struct slice origin;   /* Empty until it was first on. */
    uint32_t origins;      /* There were. */
    uint64_t begun_index;  /* Log index of this one's beginning: CSNs of
                              entries before it are another's. */
    uint64_t records;      /* The tree's size: the next CSN. */
    uint64_t records_talk; /* One past the last that is neither CUT nor
                              DELIVERED: what there is to cut. */
    int64_t record_us;     /* Commit time of the last. */
    struct checkpoint_view open;
    struct checkpoint_view published;
    bool halted; /* A witness has seen more: see halted_by. */
    struct slice halted_by;
    uint64_t halted_size;
    int64_t halted_us;
    bool halted_forked; /* It has seen another history: nothing can be refilled,
                           only begun anew. */
};

/* The origin before this one, that an administrator has given up. */
struct archive_past_view {
    struct slice origin;
    uint64_t records; /* It had, */
    struct merkle_hash root;
    uint64_t seen; /* and a witness had seen so many: those between are lost.
                      0: no more than that. */
};

/* The last time that a witness had seen more than there was. */
struct archive_ended_view {
    struct slice witness;
    uint64_t size;    /* It had seen. */
    uint64_t records; /* There were. */
    int64_t at_us;
};

/* A node as a keeper of the archive. */
struct archive_node_view {
    uint64_t records; /* In its files. */
    int64_t marked_us;
    Perch__ArchiveMark__State state;
    bool has_key;
    int64_t keyed_us; /* Commit time of that key. */
    uint8_t public_key[NOTE_KEY_BYTES];
    uint64_t diverged_size; /* Its root of that size was another than the
                               pool's; 0: never. */
};

struct witness_view {
    struct slice name;
    struct slice url;
    uint8_t public_key[NOTE_KEY_BYTES];
    uint64_t size; /* It has cosigned; 0: none yet. */
    uint64_t time_s;
    int64_t at_us; /* Commit time of its word. */
    uint8_t cosignature[NOTE_SIGNATURE_BYTES];
};

/* A cut that the adapter's sink has not acknowledged. */
struct cut_view {
    uint64_t first_csn, last_csn;
    int64_t at_us;
};

struct adapter_view {
    uint32_t slot;
    uint32_t version;
    struct slice name;
    Perch__AdapterType type;
    struct slice output;
    uint32_t run_interval_s;
    bool one_room_per_file;
    bool room_details;
    bool user_details;
    bool attachments_manifest;
    bool disabled;
    struct slice transform;
    struct slice program;
    uint64_t from_csn;   /* The first record it is to have. */
    uint64_t cut_csn;    /* One past the last that was cut. */
    uint64_t acked_csn;  /* One past the last that its sink has. */
    uint64_t past_acked; /* As that, of the origin before. */
    int64_t cut_us;      /* Commit time of the last cut; 0: none. */
    int64_t acked_us;
    uint8_t sheet[32]; /* SHA-256 of the last sheet; zero before. */
    size_t n_cuts;     /* Oldest first. */
    const struct cut_view *cuts;
    struct slice error; /* Empty: all is well. */
    uint32_t attempts;
};

/** Show the archive. */
void archive_view(const struct machine *machine, struct archive_view *view_out);

/** Tell the root of all records there are: of archive_view's records. */
void archive_root(const struct machine *machine, struct merkle_hash *root_out);

/** Show the origin before this one. False when there was none. */
bool archive_past(const struct machine *machine,
                  struct archive_past_view *view_out);

/** Show the last halt that is over. False when there was none. */
bool archive_ended(const struct machine *machine,
                   struct archive_ended_view *view_out);

/** Show a node as a keeper. False for one that has neither marked nor a key. */
bool archive_node(const struct machine *machine, uint8_t node,
                  struct archive_node_view *view_out);

/** Show the log's public key. False as long as there is none. */
bool archive_log_key(const struct machine *machine,
                     uint8_t public_out[NOTE_KEY_BYTES]);

/** Show the witness of a slot, 0 to ARCHIVE_WITNESSES_MAX - 1. */
bool archive_witness(const struct machine *machine, uint32_t slot,
                     struct witness_view *view_out);

/** Show the adapter of a slot, 0 to ARCHIVE_ADAPTERS_MAX - 1. */
bool archive_adapter(const struct machine *machine, uint32_t slot,
                     struct adapter_view *view_out);

/**
 * Tell whether the record of a command would have only its digest: it is to be
 * salted by whoever proposes it.
 *
 * @bytes  Of the command, with its salt.
 */
bool archive_withholds(const struct machine *machine,
                       const Perch__Command *command, size_t bytes);

/**
 * Tell why a post would be refused for the archive's sake at that moment: DONE
 * when it would not be.
 */
enum outcome archive_gate(const struct machine *machine, int64_t now_us);

#endif
