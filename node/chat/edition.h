/* A published checkpoint with all that is known under it: made into a note,
 * each signature verified.
 *
 * Thread: one at a time; no call blocks.
 */
#ifndef NODE_CHAT_EDITION_H
#define NODE_CHAT_EDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/archive.h"
#include "proto/base/buffer.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

enum {
    /* As many as a note takes beside the log's and all witnesses'. */
    EDITION_NODES_MAX = NOTE_SIGNATURES_MAX - 1 - ARCHIVE_WITNESSES_MAX,
};

/* Somebody's cosignature, and the key it is to be checked with. */
struct edition_word {
    struct note_verifier verifier;
    uint64_t time_s;
    bool is_key_younger; /* Than the checkpoint: the word may be of the key
                            before, whoever gave it. */
    uint8_t bytes[NOTE_SIGNATURE_BYTES];
};

struct edition {
    char origin[NOTE_NAME_BYTES_MAX + 1];
    uint64_t size;
    struct merkle_hash root;
    uint64_t index; /* Log index of its beginning. */
    int64_t begun_us;
    struct note_verifier log;
    bool is_signed;
    uint8_t log_signature[NOTE_SIGNATURE_BYTES];
    size_t n_nodes;
    struct edition_word nodes[EDITION_NODES_MAX];
    size_t n_witnesses;
    struct edition_word witnesses[ARCHIVE_WITNESSES_MAX];
};

/** Gather the published checkpoint and the nodes' words from the rules' state.
 * False when there is none, or no log key. */
bool edition_gather(struct edition *edition, const struct machine *machine);

/** Add the words of the witnesses that have cosigned it. */
void edition_add_witnesses(struct edition *edition,
                           const struct machine *machine);

/** Make the verifier of a node. False for an origin that leaves no room. */
bool edition_node_verifier(struct note_verifier *verifier, const char *origin,
                           uint8_t node, const uint8_t key[NOTE_KEY_BYTES]);

/** Append the checkpoint's text. */
void edition_text(const struct edition *edition, struct buffer *to);

/**
 * Append the note, of the signatures that are right.
 *
 * @forged  Called for each that is not, unless its key is younger than the
 *          checkpoint; borrowed for the call.
 *
 * Returns how many nodes' words are in it; -1 when the log's signature is
 * missing or wrong, or memory is out: nothing is to be published.
 */
int edition_write(const struct edition *edition, struct buffer *to,
                  void (*forged)(const struct edition *edition,
                                 const struct note_verifier *whose));

#endif
