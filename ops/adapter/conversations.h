/* Persistent Chat's XML: conversations of join, part, chat, backchat and file
 * transfers, strictly valid against the schema that was published for it.
 *
 * Spec: persistent-chat-features.md B.3;
 * learn.microsoft.com/skypeforbusiness/manage/persistent-chat/configure-compliance
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_CONVERSATIONS_H
#define OPS_ADAPTER_CONVERSATIONS_H

#include "ops/adapter/batch.h"
#include "ops/adapter/event.h"
#include "ops/adapter/folder.h"
#include "proto/base/buffer.h"

#define CONVERSATIONS_ALL UINT32_MAX

/* xs:int of the schema: a larger id is written as 0, and in the extension. */
#define CONVERSATIONS_ID_MAX INT32_MAX

/**
 * Write a document of all conversations, or of one.
 *
 * A conversation without such events is left out. Within one, events are in
 * the order of their CSNs.
 *
 * @folder  Has a file begun: written to piece by piece. NULL: text gets all.
 */
enum fault conversations_write(const struct batch *batch, uint32_t which,
                               struct folder *folder, struct buffer *text);

/**
 * Append the address of a room, ma-chan://DOMAIN/GUID.
 */
void conversations_room(struct buffer *to, const struct batch *batch,
                        uint32_t which);

/**
 * Append the name under which the file of a transfer is stored: the digest of
 * its content and the extension of its name.
 */
void conversations_stored_name(struct buffer *to, const struct event *event);

/** Tell whether an event is a file's transfer. */
bool conversations_is_transfer(const struct event *event);

#endif
