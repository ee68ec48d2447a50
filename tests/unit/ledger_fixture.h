/* Assertions on the records that an entry has made. */
#ifndef TESTS_UNIT_LEDGER_FIXTURE_H
#define TESTS_UNIT_LEDGER_FIXTURE_H

#include "tests/unit/chat_fixture.h"

/** How many records the archive has. */
uint64_t ledger_records(const struct chat_fixture *f);

/** Assert that the last entry has a record of a kind at a place, and give it.
 */
struct record assert_record(const struct chat_fixture *f, size_t at,
                            enum record_kind kind);

/** Assert that the last entry has one record, of a kind, and give it. */
struct record assert_one_record(const struct chat_fixture *f,
                                enum record_kind kind);

/** Assert the value of a field. */
void assert_text(const struct record *record, enum record_field field,
                 const char *wanted);
void assert_number(const struct record *record, enum record_field field,
                   uint64_t wanted);
void assert_field_room(const struct record *record, const struct guid *room,
                       const char *name);

/** Assert that a list of numbers is as wanted. */
void assert_numbers(const struct record *record, enum record_field field,
                    size_t n, const uint64_t *wanted);

/** Tell whether a record has a field. */
bool has_field(const struct record *record, enum record_field field);

#endif
