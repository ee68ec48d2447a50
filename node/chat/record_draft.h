/* A record while it is made: its fields, put in the order of their tags.
 *
 * Fields make a record speak for itself: rooms by guid and name, people by URI
 * and display name, as they are called at that moment. A text of more than
 * DRAFT_TEXT_BYTES_MAX, and lines of more than DRAFT_LINES_BYTES_MAX, are cut
 * and end with U+2026: all of it is in the command.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_RECORD_DRAFT_H
#define NODE_CHAT_RECORD_DRAFT_H

#include "node/chat/state.h"
#include "proto/record.h"

enum {
    DRAFT_TEXT_BYTES_MAX = 1024, /* Names of 256 characters are whole. */
    DRAFT_LINES_BYTES_MAX = 1200,
    DRAFT_NUMBERS_MAX = 400, /* Of one list. */
};

struct draft {
    struct turn *turn;
    const Perch__Command *command;
    struct applied applied;
    enum record_kind kind;
    enum outcome outcome;  /* DONE but for DENIED. */
    uint8_t tag;           /* Of the last field. */
    struct buffer *fields; /* The ledger's. */
};

/** Begin the fields of a record. */
void draft_begin(struct draft *draft, enum record_kind kind);

/** Put a text of the state, which is UTF-8. An empty one is left out. */
void draft_text(struct draft *draft, enum record_field field,
                struct slice text);

/** Put a text of a command that nobody has looked at; left out when it is no
 * UTF-8. */
void draft_foreign(struct draft *draft, enum record_field field,
                   ProtobufCBinaryData text);

/** Put lines of name=value. Empty ones are left out. */
void draft_lines(struct draft *draft, enum record_field field,
                 struct slice lines);

/** Put a number. */
void draft_number(struct draft *draft, enum record_field field,
                  uint64_t number);

/** Put numbers, at most DRAFT_NUMBERS_MAX. */
void draft_numbers(struct draft *draft, enum record_field field,
                   const uint64_t *numbers, size_t n);

/** Put a record's own CSN into WITHHOLDS, among the fields there are. */
void draft_withhold(struct draft *draft, uint64_t csn);

/** Put the bytes of a form of a fixed length, such as DIGEST. */
void draft_bytes(struct draft *draft, enum record_field field,
                 struct slice bytes);

/** Put ROOM and ROOM_NAME, or CATEGORY and CATEGORY_NAME: of a place that is,
 * or that the entry has deleted. */
void draft_place(struct draft *draft, uint32_t number);

/** Put ROOM, and ROOM_NAME if there is such a room, by a guid of a command;
 * nothing when it is no guid. */
void draft_room_named(struct draft *draft, ProtobufCBinaryData guid);

/** Put USER, DISPLAY_NAME and PRINCIPAL: a user that is, or that the entry has
 * deleted. 0: nobody, nothing. */
void draft_user(struct draft *draft, uint32_t number);

/** Put the same of a command's actor, if it is a user. */
void draft_actor(struct draft *draft);

/** Put SESSION. */
void draft_session(struct draft *draft, const struct session_id *id);

#endif
