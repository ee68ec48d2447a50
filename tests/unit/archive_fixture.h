/* The small pool with an archive that is on: rules are raised, nodes 1 to 3
 * have keys of their own, and so has the log. alice and bob are in the lobby.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_ARCHIVE_FIXTURE_H
#define TESTS_UNIT_ARCHIVE_FIXTURE_H

#include "node/chat/archive.h"
#include "tests/unit/chat_fixture.h"

enum { ARCHIVE_FIXTURE_NODES = 3 };

/** cmocka's setup. */
int archive_setup(void **state);

/** The same of a pool whose rules are raised, and that has no keys. */
int archive_setup_bare(void **state);

/** Put the key that is all of one byte; 0: none. By a node, or 0: by an
 * administrator. */
enum outcome archive_key(struct chat_fixture *f, uint8_t by, uint32_t node,
                         uint8_t byte);

/** Say whether there is an archive. @origin  NULL: says nothing of it. */
enum outcome archive_mode(struct chat_fixture *f, Perch__ArchiveMode mode,
                          const char *origin);

/** See the archive. */
struct archive_view archive_seen(const struct chat_fixture *f);

/** Mark a node's files. */
enum outcome archive_marked(struct chat_fixture *f, uint8_t node,
                            uint64_t records, Perch__ArchiveMark__State state);

/** Mark the files of nodes 1 to 3 as complete and fine. */
void archive_all_marked(struct chat_fixture *f);

/** Begin a checkpoint, as node 1. */
enum outcome archive_begin(struct chat_fixture *f);

/** Cosign a size with the right root and signatures all of one byte. */
enum outcome archive_cosign(struct chat_fixture *f, uint8_t node, uint64_t size,
                            uint8_t byte);

/** Cosign as told. */
enum outcome archive_cosign_as(struct chat_fixture *f, uint8_t node,
                               Perch__Cosign *command);

/** Begin a checkpoint and cosign it with nodes 1 to 3. Returns its size. */
uint64_t archive_publish(struct chat_fixture *f);

/** Put a witness whose key is all of one byte. */
enum outcome archive_witness_put(struct chat_fixture *f, const char *name,
                                 const char *url, uint8_t byte);

/** Say that a witness has cosigned. */
enum outcome archive_witnessed(struct chat_fixture *f, const char *name,
                               uint64_t size, uint64_t time_s);

/** Put an adapter, as an administrator. */
enum outcome archive_adapter_put(struct chat_fixture *f, Perch__AdapterPut *put,
                                 const char *name);

/** Put an enabled adapter of all defaults that writes to a directory. */
enum outcome archive_adapter_add(struct chat_fixture *f, const char *name);

/** Cut for an adapter, and acknowledge a cut. */
enum outcome archive_cut(struct chat_fixture *f, const char *name);
enum outcome archive_cut_done(struct chat_fixture *f, const char *name,
                              uint64_t last_csn);

/** Say that a witness has seen more, or another history. */
enum outcome archive_halted(struct chat_fixture *f, const char *witness,
                            uint64_t size, bool forked);

/** Let time go by before the next entry. */
void archive_later(struct chat_fixture *f, uint64_t s);

/** Post in the lobby, as alice on node 1. */
enum outcome archive_say(struct chat_fixture *f, const char *text);

/** Fail unless a machine made of its rows is the same. */
void assert_archive_reloads(const struct chat_fixture *f);

#endif
