/* What the two halves of the script share: script.c chooses what is said,
 * script_say.c says it.
 */
#ifndef TESTS_MODEL_SCRIPT_PARTS_H
#define TESTS_MODEL_SCRIPT_PARTS_H

#include "proto/base/slice.h"
#include "tests/model/script.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

enum { SERIALS = 30 };

/* One kind of command: how it is said, how often, by whom. */
struct script_kind {
    Perch__Command__KindCase kind;
    void (*say)(struct script *s, struct arena *arena, Perch__Command *c);
    uint32_t weight;
    char actor; /* u: user, a: administrator, m: one of them,
                   k: administrator or nobody, -: nobody. */
};

/* All of them. */
extern const struct script_kind script_kinds[];
extern const uint32_t script_kinds_n;

/** True one time in n. */
bool script_rarely(struct script *s, uint32_t n);

/** Borrow a C string as a field. */
ProtobufCBinaryData script_text(const char *text);

/** Make a field of so many bytes of one kind. */
ProtobufCBinaryData script_fill(struct arena *arena, size_t len, char byte);

/** Pick the URI of some user, now and then of none. */
ProtobufCBinaryData script_uri(struct script *s);

/** Pick the URI of some group, now and then of none. */
ProtobufCBinaryData script_group(struct script *s);

/** Pick a room's or category's guid, now and then of none. */
ProtobufCBinaryData script_place(struct script *s, struct arena *arena,
                                 bool is_room);

/** Say deletions and roles in administration: script_delete.c. */
void say_room_delete(struct script *s, struct arena *arena, Perch__Command *c);
void say_category_delete(struct script *s, struct arena *arena,
                         Perch__Command *c);
void say_group_delete(struct script *s, struct arena *arena, Perch__Command *c);
void say_user_delete(struct script *s, struct arena *arena, Perch__Command *c);
void say_grant(struct script *s, struct arena *arena, Perch__Command *c);
void say_revoke(struct script *s, struct arena *arena, Perch__Command *c);
/** Say the commands of filters. */
void script_import(struct script *s, struct arena *arena, Perch__Command *c);
void script_filter_create(struct script *s, struct arena *arena,
                          Perch__Command *c);
void script_filter_change(struct script *s, struct arena *arena,
                          Perch__Command *c);
void script_filter_delete(struct script *s, struct arena *arena,
                          Perch__Command *c);

/** Make a message with nothing set. */
void *script_make(struct arena *arena, const ProtobufCMessageDescriptor *what);

/** Pick a room, or a category, there is, mostly. */
ProtobufCBinaryData script_room(struct script *s, struct arena *arena);
ProtobufCBinaryData script_category(struct script *s, struct arena *arena);

/** Pick something to say, now and then what nobody may. */
ProtobufCBinaryData script_words(struct script *s);

/** Say what script_talk.c knows. */
void script_say_correct(struct script *s, struct arena *arena,
                        Perch__Command *c);
void script_say_withdraw(struct script *s, struct arena *arena,
                         Perch__Command *c);
void script_say_redact(struct script *s, struct arena *arena,
                       Perch__Command *c);
void script_say_clear(struct script *s, struct arena *arena, Perch__Command *c);
void script_say_purge(struct script *s, struct arena *arena, Perch__Command *c);
void script_say_retain(struct script *s, struct arena *arena,
                       Perch__Command *c);
void script_say_hold(struct script *s, struct arena *arena, Perch__Command *c);
void script_say_lift(struct script *s, struct arena *arena, Perch__Command *c);

/** Say what script_archive.c knows. */
void script_archive_put(struct script *s, struct arena *arena,
                        Perch__Command *c);
void script_archive_key(struct script *s, struct arena *arena,
                        Perch__Command *c);
void script_archive_mark(struct script *s, struct arena *arena,
                         Perch__Command *c);
void script_checkpoint(struct script *s, struct arena *arena,
                       Perch__Command *c);
void script_cosign(struct script *s, struct arena *arena, Perch__Command *c);
void script_witness_put(struct script *s, struct arena *arena,
                        Perch__Command *c);
void script_witness_remove(struct script *s, struct arena *arena,
                           Perch__Command *c);
void script_witnessed(struct script *s, struct arena *arena, Perch__Command *c);
void script_adapter_put(struct script *s, struct arena *arena,
                        Perch__Command *c);
void script_adapter_remove(struct script *s, struct arena *arena,
                           Perch__Command *c);
void script_cut(struct script *s, struct arena *arena, Perch__Command *c);
void script_cut_done(struct script *s, struct arena *arena, Perch__Command *c);
void script_adapter_report(struct script *s, struct arena *arena,
                           Perch__Command *c);
void script_halt(struct script *s, struct arena *arena, Perch__Command *c);
void script_refill(struct script *s, struct arena *arena, Perch__Command *c);
void script_reopen(struct script *s, struct arena *arena, Perch__Command *c);

/** Say of a start what a witness has seen. */
void script_seen(struct script *s, Perch__NodeStarted *started);
void script_history_read(struct script *s, struct arena *arena,
                         Perch__Command *c);
void script_searched(struct script *s, struct arena *arena, Perch__Command *c);
void script_post_denied(struct script *s, struct arena *arena,
                        Perch__Command *c);
void script_messages_read(struct script *s, struct arena *arena,
                          Perch__Command *c);
void script_file_up(struct script *s, struct arena *arena, Perch__Command *c);
void script_file_down(struct script *s, struct arena *arena, Perch__Command *c);
void script_canary(struct script *s, struct arena *arena, Perch__Command *c);

#define MAKE(arena, type) script_make(arena, &perch__##type##__descriptor)

#endif
