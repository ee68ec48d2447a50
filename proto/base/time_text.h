/* Moments as text: XML dateTime in UTC with seven fraction digits.
 *
 * Spec: W3C XML Schema part 2, 3.2.7 (dateTime).
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_TIME_TEXT_H
#define PROTO_BASE_TIME_TEXT_H

#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"

enum { TIME_TEXT_BYTES = 28 }; /* 2031-02-03T07:31:09.4471830Z */

/**
 * Write a moment with seven fraction digits and Z, and a NUL.
 *
 * @wall_us  Microseconds since 1970 UTC, years 0001 to 9999.
 */
void time_write(int64_t wall_us, char text[TIME_TEXT_BYTES + 1]);

/**
 * Read an XML dateTime; a missing zone is taken as UTC, fractions beyond
 * microseconds are cut.
 *
 * Returns MALFORMED when it is no dateTime of the years 0001 to 9999.
 */
enum error time_read(struct slice text, int64_t *wall_us_out);

#endif
