/* What nodes of one pool say to each other: the messages as structs, and the
 * codec between them and the payloads of frames (proto/peer.proto).
 *
 * A reader believes nothing: kinds, counts, sums and lengths are checked, text
 * is printable ASCII, and memory for a message is bounded by the bytes that
 * came. What a message means is its receiver's business.
 *
 * Thread: any.
 */
#ifndef PROTO_PEER_H
#define PROTO_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"
#include "proto/frame.h"

enum {
    /* Peer protocol versions this binary speaks. */
    PEER_VERSION_MIN = 1,
    PEER_VERSION_MAX = 1,

    PEER_NODE_MAX = 255,          /* Node ids are 1 to this. */
    PEER_ENTRIES_MAX = 4096,      /* In one AppendEntries or Propose. */
    PEER_ENTRY_ALIGN_BYTES = 8,   /* Entry lengths are multiples of this. */
    PEER_SOFTWARE_BYTES_MAX = 63, /* Hello's texts and Reject's. */
    PEER_ADDRESS_BYTES_MAX = 255,
    PEER_DETAIL_BYTES_MAX = 255,
    PEER_CHUNK_BYTES_MAX = 256 * 1024,     /* Data of a snapshot chunk, or of a
                                              part of the archive. */
    PEER_BULK_BYTES_MAX = 4 * 1024 * 1024, /* Entries of one message. */
    PEER_MANIFEST_BYTES_MAX = 1024 * 1024, /* Configuration and manifest. */

    PEER_HEAD_BYTES_MAX = 128 * 1024,   /* The protobuf before a tail. */
    PEER_DECODE_BYTES_MAX = 256 * 1024, /* Memory a head may cost to read. */
};

/* Kind: its number on the wire, its class, the most bytes of its payload. */
#define PEER_KIND_LIST(X)                                                      \
    X(HELLO, 1, CONTROL, 1024)                                                 \
    X(REJECT, 2, CONTROL, 512)                                                 \
    X(ALIVE, 3, CONTROL, 64)                                                   \
    X(REQUEST_VOTE, 4, RAFT, 128)                                              \
    X(REQUEST_VOTE_RESULT, 5, RAFT, 64)                                        \
    X(APPEND_ENTRIES, 6, RAFT, PEER_HEAD_BYTES_MAX + PEER_BULK_BYTES_MAX)      \
    X(APPEND_ENTRIES_RESULT, 7, RAFT, 64)                                      \
    X(INSTALL_SNAPSHOT, 8, RAFT, 128 + PEER_MANIFEST_BYTES_MAX)                \
    X(TIMEOUT_NOW, 9, RAFT, 64)                                                \
    X(COMMIT_NOTE, 10, RAFT, 64)                                               \
    X(PROPOSE, 11, PROPOSAL, PEER_HEAD_BYTES_MAX + PEER_BULK_BYTES_MAX)        \
    X(PROPOSE_BUSY, 12, PROPOSAL, 64)                                          \
    X(READ_INDEX_REQUEST, 13, READ, 64)                                        \
    X(READ_INDEX_REPLY, 14, READ, 64)                                          \
    X(PING, 15, READ, 64)                                                      \
    X(PONG, 16, READ, 64)                                                      \
    X(SNAPSHOT_FETCH, 17, SNAPSHOT, 64)                                        \
    X(SNAPSHOT_CHUNK, 18, SNAPSHOT, 128 + PEER_CHUNK_BYTES_MAX)                \
    X(SNAPSHOT_GONE, 19, SNAPSHOT, 64)                                         \
    X(SNAPSHOT_LOST, 20, RAFT, 64)                                             \
    X(NO_MEMBER, 21, RAFT, 64)                                                 \
    X(ARCHIVE_ASK, 22, ARCHIVE, 64)                                            \
    X(ARCHIVE_PART, 23, ARCHIVE, 128 + PEER_CHUNK_BYTES_MAX)

#define PEER_KIND_ENUM(name, number, class, bytes_max) PEER_##name = number,
enum peer_kind { PEER_KIND_LIST(PEER_KIND_ENUM) PEER_KINDS };
#undef PEER_KIND_ENUM

/* What shares a bound while it waits to be sent. Sent in this order. */
enum peer_class {
    PEER_CLASS_CONTROL,  /* Hello, Reject, keep-alives. */
    PEER_CLASS_RAFT,     /* Votes, entries, heartbeats, commit notes. */
    PEER_CLASS_READ,     /* Read indexes and their quorum pings. */
    PEER_CLASS_PROPOSAL, /* Entries on their way to the leader. */
    PEER_CLASS_SNAPSHOT, /* Chunks of snapshot files, when nothing else is. */
    PEER_CLASS_ARCHIVE,  /* Files of the archive, after all else. */
    PEER_CLASSES
};

/* Why a node does not talk to another. Sent, so numbers never change. */
#define PEER_REFUSAL_LIST(X)                                                   \
    X(NONE, 0, "accepted")                                                     \
    X(OTHER, 1, "for a reason that is not known here")                         \
    X(WRONG_NAME, 2, "the certificate names another node")                     \
    X(VERSION, 3, "there is no protocol version that both speak")              \
    X(WRONG_POOL, 4, "it belongs to another pool")                             \
    X(UNKNOWN_NODE, 5, "no such node is configured")                           \
    X(WRONG_NODE, 6, "another node answers at this address")                   \
    X(DIAL_ORDER, 7, "the node with the lower id dials")                       \
    X(FORGOTTEN, 8, "the raft id is known with another data directory")

#define PEER_REFUSAL_ENUM(name, number, text) PEER_REFUSAL_##name = number,
enum peer_refusal { PEER_REFUSAL_LIST(PEER_REFUSAL_ENUM) PEER_REFUSALS };
#undef PEER_REFUSAL_ENUM

/* Who speaks, first on every connection. */
struct peer_hello {
    struct guid pool;
    uint8_t node;
    uint64_t raft_id;      /* Its low byte is the node. */
    uint64_t directory_id; /* Written once, when the directory was made. */
    uint32_t version_min;  /* Peer protocol versions it speaks. */
    uint32_t version_max;
    uint32_t rules_version; /* The highest its binary knows. */
    uint64_t last_log_index;
    uint64_t last_log_term;
    char software[PEER_SOFTWARE_BYTES_MAX + 1];   /* "perchd 0.1.0" */
    char sip_address[PEER_ADDRESS_BYTES_MAX + 1]; /* Where clients go. */
};

struct peer_reject {
    enum peer_refusal refusal; /* A number not known here reads as OTHER. */
    char detail[PEER_DETAIL_BYTES_MAX + 1];
};

/* Keep-alive of the transport itself; an answer returns what was asked. */
struct peer_alive {
    uint64_t sent_us;
    bool answer;
};

struct peer_request_vote {
    uint64_t term;
    uint64_t candidate_id; /* Raft id. */
    uint64_t last_log_index;
    uint64_t last_log_term;
    bool disrupt_leader;
    bool pre_vote;
};

enum peer_tribool { PEER_UNKNOWN, PEER_FALSE, PEER_TRUE };

struct peer_request_vote_result {
    uint64_t term;
    bool vote_granted;
    enum peer_tribool pre_vote; /* Does it answer a pre-vote? */
};

/* The numbers are libraft's. */
enum peer_entry_type {
    PEER_ENTRY_COMMAND = 1,
    PEER_ENTRY_BARRIER = 2,
    PEER_ENTRY_CHANGE = 3,
};

struct peer_entry {
    uint64_t term;
    enum peer_entry_type type;
    struct slice bytes; /* A multiple of PEER_ENTRY_ALIGN_BYTES. */
};

struct peer_append_entries {
    uint64_t term;
    uint64_t prev_log_index;
    uint64_t prev_log_term;
    uint64_t leader_commit;
    const struct peer_entry *entries;
    size_t n; /* 0 for a heartbeat. */
};

struct peer_append_entries_result {
    uint64_t term;
    uint64_t rejected; /* The index that was rejected, or 0. */
    uint64_t last_log_index;
};

struct peer_install_snapshot {
    uint64_t term;
    uint64_t last_index;
    uint64_t last_term;
    uint64_t configuration_index;
    struct slice configuration;
    struct slice manifest;
};

struct peer_timeout_now {
    uint64_t term;
    uint64_t last_log_index;
    uint64_t last_log_term;
};

struct peer_commit_note {
    uint64_t term;
    uint64_t commit_index;
};

/* Entries of proto/entry.h: each says its origin, epoch and number. */
struct peer_propose {
    const struct slice *entries;
    size_t n; /* 1 or more. */
};

struct peer_propose_busy {
    uint64_t origin_epoch;
    uint64_t first_refused; /* This number and all after it. */
    uint32_t retry_ms;
};

struct peer_read_index_request {
    uint64_t number; /* The asker's own; the reply returns it. */
};

struct peer_read_index_reply {
    uint64_t number;
    bool granted; /* Else the asked node does not lead, or not yet. */
    uint64_t log_index;
};

/* Ping asks whether the term is still current; Pong, of the same shape, says
 * that it is. */
struct peer_ping {
    uint64_t term;
    uint64_t seq;
};

struct peer_snapshot_fetch {
    uint64_t id;
    uint32_t file; /* Its place in the manifest, from 0. */
    uint64_t offset;
    uint32_t bytes; /* 1 to PEER_CHUNK_BYTES_MAX. */
};

struct peer_snapshot_chunk {
    uint64_t id;
    uint32_t file;
    uint64_t offset;
    uint32_t crc32c; /* Of the data; the receiver checks it. */
    bool last;       /* The file ends with this chunk. */
    struct slice data;
};

struct peer_snapshot_gone {
    uint64_t id;
};

/* To the leader of the term: the snapshot it offered cannot be had. */
struct peer_snapshot_lost {
    uint64_t term;
};

/* From the leader of the term, to a node whose raft id is no member. */
struct peer_no_member {
    uint64_t term;
    bool may_return; /* Under another raft id, by itself. */
};

/* What of the archive is asked for. */
enum {
    PEER_ARCHIVE_PAYLOAD = -2, /* As a level: the payload of record index. */
    PEER_ARCHIVE_ENTRIES = -1, /* A bundle; else a tile of that level, */
    PEER_ARCHIVE_LEVEL_MAX = 7,
    PEER_ARCHIVE_WIDTH_MAX = 256, /* and the first so many of it. */
};

struct peer_archive_ask {
    uint64_t number; /* The asker's own; the part returns it. */
    int32_t level;
    uint64_t index;
    uint32_t width; /* 1 to PEER_ARCHIVE_WIDTH_MAX. */
    uint64_t offset;
};

struct peer_archive_part {
    uint64_t number;
    bool absent;
    uint64_t offset;
    uint64_t bytes; /* Of all; the data is of these, from the offset on. */
    struct slice data;
};

struct peer_message {
    enum peer_kind kind;
    union {
        struct peer_hello hello;
        struct peer_reject reject;
        struct peer_alive alive;
        struct peer_request_vote request_vote;
        struct peer_request_vote_result request_vote_result;
        struct peer_append_entries append_entries;
        struct peer_append_entries_result append_entries_result;
        struct peer_install_snapshot install_snapshot;
        struct peer_timeout_now timeout_now;
        struct peer_commit_note commit_note;
        struct peer_propose propose;
        struct peer_propose_busy propose_busy;
        struct peer_read_index_request read_index_request;
        struct peer_read_index_reply read_index_reply;
        struct peer_ping ping; /* Also for PEER_PONG. */
        struct peer_snapshot_fetch snapshot_fetch;
        struct peer_snapshot_chunk snapshot_chunk;
        struct peer_snapshot_gone snapshot_gone;
        struct peer_snapshot_lost snapshot_lost;
        struct peer_no_member no_member;
        struct peer_archive_ask archive_ask;
        struct peer_archive_part archive_part;
    };
};

/**
 * Append a message's payload to a buffer.
 *
 * Returns TOO_LARGE for more entries or bytes than a message may have: the
 * caller splits it. NO_MEMORY when memory is out. After an error the buffer
 * holds part of the message; frame_end after it takes that back. Any other
 * message that a reader would refuse is a defect (CHECK).
 */
enum error peer_write(const struct peer_message *message, struct buffer *to);

/**
 * Read a payload.
 *
 * @payload      Borrowed by message_out, as is @arena, which gets the arrays.
 * @message_out  Set only on success.
 *
 * Returns UNSUPPORTED for a kind that is none, TOO_LARGE for more entries or
 * memory than a message may have, else MALFORMED or NO_MEMORY.
 */
enum error peer_read(uint8_t kind, struct slice payload, struct arena *arena,
                     struct peer_message *message_out);

/** Tell whether a Hello could be sent: INVALID when a reader would refuse it.
 */
enum error peer_hello_check(const struct peer_hello *hello);

/** Borrow the table of all kinds, for frames between nodes that met. */
const struct frame_limits *peer_limits(void);

/** Borrow the table of what may come first: Hello and Reject. */
const struct frame_limits *peer_greeting_limits(void);

/** Tell the class a kind waits in. */
enum peer_class peer_class_of(enum peer_kind kind);

/** Name a kind as the journal does, "APPEND_ENTRIES"; "UNKNOWN" for others. */
const char *peer_kind_name(uint8_t kind);

/** Name a refusal, "WRONG_POOL"; "UNKNOWN" for a number that is none. */
const char *peer_refusal_name(enum peer_refusal refusal);

/** Say in words what a refusal means. */
const char *peer_refusal_text(enum peer_refusal refusal);

#endif
