/* The small pool of chat_fixture.h under the rules that know of taking back:
 * alice (session 1), bob (2) and carol (3) are in the lobby, alice and bob at
 * the desk. Bob has posted "one" (message 1) and "two" (2) in the lobby, alice
 * "three" (3).
 */
#ifndef TESTS_UNIT_TALK_FIXTURE_H
#define TESTS_UNIT_TALK_FIXTURE_H

#include "tests/unit/chat_fixture.h"

/** cmocka's setup; its teardown is fixture_teardown. */
int talk_setup(void **state);

/** The author's new text; extra may be NULL. */
enum outcome talk_correct(struct chat_fixture *f, const char *user,
                          uint64_t serial, const struct guid *room,
                          uint64_t message_id, const char *text);

/** Taken back by its author; user NULL: by an administrator. */
enum outcome talk_withdraw(struct chat_fixture *f, const char *user,
                           uint64_t serial, const struct guid *room,
                           uint64_t message_id);

/** Redact messages; replacement may be NULL. */
enum outcome talk_redact(struct chat_fixture *f, const struct guid *room,
                         size_t n, uint64_t *ids, const char *reason,
                         const char *replacement);

/** Clear a room. */
enum outcome talk_clear(struct chat_fixture *f, const struct guid *room,
                        uint64_t upto_id, const char *reason);

/** Purge a room, as the leader does. */
enum outcome talk_purge(struct chat_fixture *f, const struct guid *room,
                        uint64_t after_id, uint64_t upto_id);

/** Set how long a room's (or the category's: room NULL) messages are kept;
 * days below 0: no word of its own. */
enum outcome talk_retain(struct chat_fixture *f, const struct guid *room,
                         int days);

/** Place or lift a hold on a room, or on a user: room NULL. */
enum outcome talk_hold(struct chat_fixture *f, const char *name,
                       const struct guid *room, const char *user);
enum outcome talk_lift(struct chat_fixture *f, const char *name,
                       const struct guid *room, const char *user);

/** What a message of a room is now. */
struct said talk_said(const struct chat_fixture *f, const struct guid *room,
                      uint64_t message_id);

/** Let days pass. */
void talk_days(struct chat_fixture *f, int days);

#endif
