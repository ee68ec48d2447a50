/* One talk with a witness: here is a checkpoint, cosign it. Two or three
 * requests, since the witness may have to say first what it has.
 *
 *   200  a cosignature, checked under its key          COSIGNED
 *   409  it has another size: again, from there; one that this log has not
 *        reached                                       AHEAD
 *   422  the proof does not hold for it, though it does here; or it has
 *        another root of that size                     FORKED
 *   all else                                           FAILED
 *
 * Thread: a worker's; it blocks.
 *
 * Source: C2SP tlog-witness.
 */
#ifndef NODE_COMPLIANCE_WITNESS_TALK_H
#define NODE_COMPLIANCE_WITNESS_TALK_H

#include <stdint.h>

#include "node/chat/archive.h"
#include "node/compliance/tiles.h"
#include "node/compliance/witness_port.h"
#include "proto/base/buffer.h"
#include "proto/tlog/note.h"

enum witness_end {
    WITNESS_END_FAILED,
    WITNESS_END_COSIGNED,
    WITNESS_END_AHEAD,
    WITNESS_END_FORKED,
};

enum { WITNESS_REQUESTS_MAX = 3 };

struct witness_talk {
    const struct witness_port *port;
    char url[ARCHIVE_URL_BYTES_MAX + 1];
    struct note_verifier witness, log;
    struct buffer note; /* The checkpoint, signed by the log. */
    uint64_t size;
    struct merkle_hash root;
    uint64_t held; /* By the witness, as far as is known; then as it says. */

    /* What came of it. */
    enum witness_end end;
    uint64_t time_s;
    uint8_t cosignature[NOTE_SIGNATURE_BYTES];
    bool is_proven; /* AHEAD: the witness has shown what the log has signed. */
    char why[WITNESS_WHY_BYTES];
};

/** Talk. The rest of what is in talk is filled in. */
void witness_talk(struct witness_talk *talk, struct tiles *tiles);

/**
 * Ask what the witness has cosigned last of this log.
 *
 * @note_out  Cleared first; the note, verified under the log's key and the
 *            witness's.
 *
 * Returns NOT_FOUND when it has none or does not answer that, MALFORMED for a
 * note that is not signed by both, or what the port says; then with why.
 */
enum error witness_talk_latest(struct witness_talk *talk,
                               struct buffer *note_out,
                               struct checkpoint_text *checkpoint_out);

#endif
