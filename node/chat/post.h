/* The rules of posting.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_POST_H
#define NODE_CHAT_POST_H

#include "node/chat/state.h"

/**
 * Append a message to a room's history.
 *
 * Gives it the room's next message id (1-based, no gaps) and tells it. A post
 * whose retry id the author has used within the window is the post it was
 * then: REPEATED with its message id, and nothing is added, whatever has become
 * of the author's rights since.
 *
 * Returns a refusal of the session, RETRY_ID_INVALID, RETRY_ID_REUSED when the
 * id stands for a post in another room, ROOM_UNKNOWN, ROOM_DISABLED,
 * NOT_A_MEMBER, NOT_JOINED, or a refusal of the text: TEXT_NOT_UTF8,
 * TEXT_CHARACTER, TEXT_EMPTY, TEXT_TOO_LONG, STORY_UNTITLED, EXTRA_TOO_LONG,
 * ANNOTATION_INVALID. The value is the message id.
 *
 * Spec: MS-XCCOSIP grpchat.
 */
enum outcome post(struct turn *turn, const Perch__Command *command);

/* A text that is said, and what goes with it. */
struct wording {
    struct slice text, extra;
    bool is_story;
};

/** Check that a session may say something in a room, which may be NULL. Returns
 * as post. */
enum outcome post_check_room(const struct session *session,
                             const struct room *room);

/** Check what the taking node has said of a post. Returns ANNOTATION_INVALID.
 */
enum outcome post_check_annotation(const Perch__Post *post);

/** Check what is said by the settings. Returns as post. */
enum outcome post_check_wording(const struct machine *machine,
                                const struct wording *wording);

/** Check a text alone. Returns as post, and too_long. */
enum outcome post_check_text(struct slice text, uint32_t characters_max,
                             enum outcome too_long);

#endif
