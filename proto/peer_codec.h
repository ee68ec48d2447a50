/* What the parts of the peer codec share: heads in protobuf, tails as bytes.
 *
 * Thread: any.
 */
#ifndef PROTO_PEER_CODEC_H
#define PROTO_PEER_CODEC_H

#include <protobuf-c/protobuf-c.h>

#include "proto/peer.h"

/* A payload being read. */
struct peer_source {
    struct slice payload;
    struct arena *arena;
    ProtobufCAllocator allocator; /* Of the arena, and not beyond left. */
    size_t left;                  /* Bytes the head may still cost. */
    enum error refused;           /* Why the allocator said no. */
};

/* How one kind is written and read; both as peer_write and peer_read, with
 * the kind known to be right. */
struct peer_codec {
    enum error (*write)(const struct peer_message *message, struct buffer *to);
    enum error (*read)(struct peer_source *source, struct peer_message *out);
};

/** Borrow the codec of a raft message's kind; NULL for other kinds. */
const struct peer_codec *peer_codec_raft(uint8_t kind);

/** Borrow the codec of a kind of the pool's own; NULL for other kinds. */
const struct peer_codec *peer_codec_pool(uint8_t kind);

/** Borrow the codec of a snapshot transfer's kind; NULL for other kinds. */
const struct peer_codec *peer_codec_snapshot(uint8_t kind);

/** Borrow the codec of a kind of the archives'; NULL for other kinds. */
const struct peer_codec *peer_codec_archive(uint8_t kind);

/** Append a message that is a whole payload. */
enum error peer_put(struct buffer *to, const ProtobufCMessage *message);

/** Append a head and its length; the tail is appended after it. */
enum error peer_put_head(struct buffer *to, const ProtobufCMessage *head);

/**
 * Read a payload that is one message.
 *
 * Returns the message in the arena; NULL when it cannot be, and why is then
 * peer_source_error.
 */
void *peer_take(struct peer_source *source,
                const ProtobufCMessageDescriptor *descriptor);

/** Read a head as peer_take does, and borrow the tail. */
void *peer_take_head(struct peer_source *source,
                     const ProtobufCMessageDescriptor *descriptor,
                     struct slice *tail_out);

/** Tell why nothing could be taken: MALFORMED, TOO_LARGE or NO_MEMORY. */
enum error peer_source_error(const struct peer_source *source);

/**
 * Count an entry that is to be written; its length must be an entry's.
 *
 * @left  Bytes the message has room for.
 *
 * Returns TOO_LARGE when there is none for this.
 */
enum error peer_count_entry(struct slice entry, size_t *left);

/**
 * Cut the next entry off a tail.
 *
 * Returns MALFORMED when the length is no entry's or the tail is shorter.
 */
enum error peer_cut_entry(struct slice *tail, uint32_t bytes,
                          struct slice *entry_out);

#endif
