/* What the tests of the wire share: bodies that are kept for the grammar,
 * and envelopes compared member by member.
 */
#ifndef TESTS_WIRE_WIRE_H
#define TESTS_WIRE_WIRE_H

#include <stdbool.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/slice.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/error.h"
#include "proto/xccos/reply.h"
#include "tests/unit/test.h"

/* The people and rooms of the examples. */
#define DOMAIN_TEXT "fjord.example"
#define TIDE_GUID   "3b0f6c52-91de-4d7a-8a44-5be2c1d07a10"
#define STORM_GUID  "8e27d4a9-0c3b-46f1-b5a8-f19c6e2d4471"
#define OPS_GUID    "0d9c7b12-44aa-4c0e-9d52-7f3e1b8a6c05"
#define TIDE_URI    "ma-chan://" DOMAIN_TEXT "/" TIDE_GUID
#define STORM_URI   "ma-chan://" DOMAIN_TEXT "/" STORM_GUID
#define OPS_URI     "ma-cat://" DOMAIN_TEXT "/" OPS_GUID
#define INGRID      "sip:ingrid@" DOMAIN_TEXT
#define TOMAS       "sip:tomas@" DOMAIN_TEXT
#define MEI         "sip:mei@" DOMAIN_TEXT

/* The envelope around primitives, as perch writes it. */
#define ENVELOPE(envid, primitives)                                            \
    "<xccos ver=\"1\" envid=\"" envid                                          \
    "\" xmlns=\"urn:parlano:xml:ns:xccos\">" primitives "</xccos>"

/* Primitives as perch writes them. */
#define REPLY(verb, answered, data)                                            \
    "<rpl id=\"rpl:" verb                                                      \
    "\" seqid=\"1\"><commandid seqid=\"1\" envid=\"" answered                  \
    "\"/><resp code=\"200\">SUCCESS_OK</resp>" data "</rpl>"
#define COMMAND(verb, data)                                                    \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\">" data "</cmd>"
#define NOTICE(verb, data) "<ntc id=\"ntc:" verb "\" seqid=\"1\">" data "</ntc>"

/**
 * Keep a body that perch would send, so that the step wire/grammar can show
 * that it has the grammar.
 *
 * @grammar  "xccos" or "provisioning", or "invalid-" and one of these for a
 *           body the grammar must refuse.
 */
void wire_emit(const char *grammar, struct slice body);

/** Make a guid of its 36-character form, which must be right. */
struct guid wire_guid(const char *text);

/** Make the moment of a dateTime, which must be right. */
struct xccos_moment wire_moment(const char *text);

/** The rooms of the examples: uri, name, description. */
struct xccos_room wire_tide(void);
struct xccos_room wire_storm(void);

/** Make an envelope of a command, as our clients send it. */
struct xccos_envelope wire_command(uint64_t envid, enum xccos_verb verb,
                                   struct xccos_primitive *primitive);

/** Make an envelope of the reply to the first command of another one. */
struct xccos_envelope wire_reply(uint64_t envid, enum xccos_verb verb,
                                 uint64_t answered,
                                 struct xccos_primitive *primitive);

/** Make an envelope of a notice. */
struct xccos_envelope wire_notice(uint64_t envid, enum xccos_verb verb,
                                  struct xccos_primitive *primitive);

/**
 * Tell where two envelopes differ.
 *
 * Looks at every member by name, not through the schema: what the schema
 * forgets shows here.
 *
 * Returns NULL when they are the same, else the member's name.
 */
const char *wire_difference(const struct xccos_envelope *a,
                            const struct xccos_envelope *b);

/**
 * Assert that an envelope is written as these bytes, and read from them: as
 * they stand, and with the root's attributes in the order of a Lync client.
 */
void wire_assert_both_ways(const struct xccos_envelope *envelope,
                           const char *body);

/** Read a body that must be fine, into memory of the running test. */
struct xccos_envelope *wire_read(struct arena *arena, struct slice body);

#endif
