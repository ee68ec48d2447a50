/* How the log fuzzer's input stands for files, shared with the maker of its
 * seeds.
 *
 *   offset bytes
 *        0     1  LOG_INPUT_MEND or 0
 *        1     1  number of the first segment
 *        2 16384  the vote file; what is missing is not in the file
 *    16386     n  segments, LOG_INPUT_SEGMENT_BYTES each, numbered on; the
 *                 last one is as long as there is input
 *
 * Thread: any.
 */
#ifndef TESTS_FUZZ_LOG_INPUT_H
#define TESTS_FUZZ_LOG_INPUT_H

enum {
    LOG_INPUT_HEADER_BYTES = 2,
    LOG_INPUT_VOTE_BYTES = 16 * 1024,
    LOG_INPUT_SEGMENT_BYTES = 16 * 1024,
    LOG_INPUT_SEGMENTS_MAX = 4,
    LOG_INPUT_DIRECTORY_ID = 0x55,

    /* Put the checksums right before loading, so that what they protect is
     * tried too. */
    LOG_INPUT_MEND = 1,
};

#endif
