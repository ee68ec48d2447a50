#include "tests/unit/peer_samples.h"

#define ENTRY(text)                                                            \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

static const struct peer_entry entries[] = {
    {9, PEER_ENTRY_BARRIER, ENTRY("\0\0\0\0\0\0\0\0")},
    {300, PEER_ENTRY_COMMAND, ENTRY("command of 24 bytes here")},
    {301, PEER_ENTRY_CHANGE, ENTRY("changes!")},
};

static const struct slice proposals[] = {
    ENTRY("a proposal here."),
    ENTRY("another!"),
};

const struct peer_sample peer_samples[PEER_SAMPLES] = {
    {{.kind = PEER_HELLO,
      .hello = {.pool = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
                          15}},
                .node = 2,
                .raft_id = 0x010203040502,
                .directory_id = 0x1112131415161718,
                .version_min = 1,
                .version_max = 3,
                .rules_version = 7,
                .last_log_index = 88120,
                .last_log_term = 41,
                .software = "perchd 0.1.0",
                .sip_address = "sip2.example.com:5061"}},
     "0a10000102030405060708090a0b0c0d0e0f100218828a9098a0202118171615"
     "1413121128013003380740b8b00548295a0c70657263686420302e312e30"
     "6215736970322e6578616d706c652e636f6d3a35303631"},
    {{.kind = PEER_REJECT,
      .reject = {PEER_REFUSAL_FORGOTTEN, "known since index 5"}},
     "080812136b6e6f776e2073696e636520696e6465782035"},
    {{.kind = PEER_ALIVE, .alive = {1234567890123, true}},
     "08cb89ec8ff7231001"},
    {{.kind = PEER_REQUEST_VOTE,
      .request_vote = {.term = 42,
                       .candidate_id = 513,
                       .last_log_index = 1000,
                       .last_log_term = 41,
                       .disrupt_leader = true,
                       .pre_vote = true}},
     "082a10810418e807202928013001"},
    {{.kind = PEER_REQUEST_VOTE_RESULT,
      .request_vote_result = {42, true, PEER_TRUE}},
     "082a10011802"},
    {{.kind = PEER_APPEND_ENTRIES,
      .append_entries = {.term = 301,
                         .prev_log_index = 1001,
                         .prev_log_term = 8,
                         .leader_commit = 999,
                         .entries = entries,
                         .n = 3}},
     "1c00000008ad0210e907180820e7072a0509ac02ad0232030201033a03081808"
     "0000000000000000636f6d6d616e64206f662032342062797465732068657265"
     "6368616e67657321"},
    {{.kind = PEER_APPEND_ENTRIES,
      .append_entries = {.term = 301, .prev_log_index = 5}},
     "0500000008ad021005"},
    {{.kind = PEER_APPEND_ENTRIES_RESULT,
      .append_entries_result = {301, 1001, 998}},
     "08ad0210e90718e607"},
    {{.kind = PEER_INSTALL_SNAPSHOT,
      .install_snapshot = {.term = 12,
                           .last_index = 100000,
                           .last_term = 11,
                           .configuration_index = 99,
                           .configuration = ENTRY("configuration"),
                           .manifest = ENTRY("manifest")}},
     "0c000000080c10a08d06180b2063280d636f6e66696775726174696f6e6d616e"
     "6966657374"},
    {{.kind = PEER_TIMEOUT_NOW, .timeout_now = {12, 100001, 11}},
     "080c10a18d06180b"},
    {{.kind = PEER_COMMIT_NOTE, .commit_note = {12, 100002}}, "080c10a28d06"},
    {{.kind = PEER_PROPOSE, .propose = {proposals, 2}},
     "040000000a021008612070726f706f73616c20686572652e616e6f7468657221"},
    {{.kind = PEER_PROPOSE_BUSY, .propose_busy = {70000, 17, 250}},
     "08f0a204101118fa01"},
    {{.kind = PEER_READ_INDEX_REQUEST, .read_index_request = {18}}, "0812"},
    {{.kind = PEER_READ_INDEX_REPLY, .read_index_reply = {18, true, 2000}},
     "0812100118d00f"},
    {{.kind = PEER_PING, .ping = {12, 19}}, "080c1013"},
    {{.kind = PEER_PONG, .ping = {12, 20}}, "080c1014"},
    {{.kind = PEER_SNAPSHOT_FETCH,
      .snapshot_fetch = {0x2122232425262728, 3, 262144, 131072}},
     "09282726252423222110031880801020808008"},
    {{.kind = PEER_SNAPSHOT_CHUNK,
      .snapshot_chunk = {.id = 0x2122232425262728,
                         .file = 3,
                         .offset = 262144,
                         .crc32c = 0xdeadbeef,
                         .last = true,
                         .data = ENTRY("chunk")}},
     "1600000009282726252423222110031880801025efbeadde28016368756e6b"},
    {{.kind = PEER_SNAPSHOT_GONE, .snapshot_gone = {0x2122232425262728}},
     "092827262524232221"},
    {{.kind = PEER_SNAPSHOT_LOST, .snapshot_lost = {300}}, "08ac02"},
    {{.kind = PEER_NO_MEMBER, .no_member = {300, true}}, "08ac021001"},
};
