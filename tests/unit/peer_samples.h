/* One message of every peer kind with its bytes, each field with a value of
 * its own: for the golden test and as the first corpus of the fuzzer.
 *
 * Thread: any.
 */
#ifndef TESTS_UNIT_PEER_SAMPLES_H
#define TESTS_UNIT_PEER_SAMPLES_H

#include "proto/peer.h"

struct peer_sample {
    struct peer_message message;
    const char *hex; /* Of the payload. */
};

enum { PEER_SAMPLES = 24 };

extern const struct peer_sample peer_samples[PEER_SAMPLES];

#endif
