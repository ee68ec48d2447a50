#include "proto/base/time_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "proto/base/check.h"

enum { US_PER_S = 1000000, MINUTES_PER_DAY = 24 * 60 };

/* 0000-03-01 to 1970-01-01, and what the calendar repeats after. */
enum { DAYS_0000_03_TO_1970 = 719468, DAYS_PER_400_YEARS = 146097 };

#define US_PER_DAY   (INT64_C(86400) * US_PER_S)
#define S_PER_DAY    INT64_C(86400)
#define SECOND_FIRST INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define SECOND_LAST  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* Write a number as that many digits. */
static char *put_digits(char *at, unsigned number, size_t digits)
{
    for (size_t i = digits; i-- > 0; number /= 10) {
        at[i] = (char)('0' + number % 10);
    }
    return at + digits;
}

/* Find the date of a day by counting in the 400 years after which the
 * calendar repeats, each year begun in March so that leap days come last.
 * Not by gmtime_r: it takes a lock that all threads share. */
static char *put_date(char *at, int64_t days_since_1970)
{
    uint64_t days = (uint64_t)(days_since_1970 + DAYS_0000_03_TO_1970);
    uint64_t era = days / DAYS_PER_400_YEARS,
             in_era = days % DAYS_PER_400_YEARS;
    uint64_t year_of_era =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint64_t in_year =
        in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month = (5 * in_year + 2) / 153; /* 0 is March. */
    uint64_t day = in_year - (153 * month + 2) / 5 + 1;
    uint64_t year = era * 400 + year_of_era + (month >= 10);

    at = put_digits(at, (unsigned)year, 4);
    *at++ = '-';
    at = put_digits(at, (unsigned)(month < 10 ? month + 3 : month - 9), 2);
    *at++ = '-';
    return put_digits(at, (unsigned)day, 2);
}

void time_write(int64_t wall_us, char text[TIME_TEXT_BYTES + 1])
{
    int64_t us = wall_us % US_PER_DAY, days = wall_us / US_PER_DAY;
    unsigned seconds;
    char *at = text;

    if (us < 0) {
        us += US_PER_DAY;
        days -= 1;
    }
    CHECK(days >= SECOND_FIRST / S_PER_DAY && days <= SECOND_LAST / S_PER_DAY);
    seconds = (unsigned)(us / US_PER_S);
    at = put_date(at, days);
    *at++ = 'T';
    at = put_digits(at, seconds / 3600, 2);
    *at++ = ':';
    at = put_digits(at, seconds / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, seconds % 60, 2);
    *at++ = '.';
    at = put_digits(at, (unsigned)(us % US_PER_S), 6);
    memcpy(at, "0Z", 3);
}

/* Take exactly n digits. */
static bool take_digits(struct slice *text, size_t n, int *value_out)
{
    int value = 0;

    if (text->len < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (text->data[i] < '0' || text->data[i] > '9') {
            return false;
        }
        value = value * 10 + (text->data[i] - '0');
    }
    *text = slice_after(*text, n);
    *value_out = value;
    return true;
}

static bool take_char(struct slice *text, char c)
{
    if (text->len == 0 || text->data[0] != (uint8_t)c) {
        return false;
    }
    *text = slice_after(*text, 1);
    return true;
}

static bool take_date_and_time(struct slice *text, struct tm *utc)
{
    return take_digits(text, 4, &utc->tm_year) && take_char(text, '-') &&
           take_digits(text, 2, &utc->tm_mon) && take_char(text, '-') &&
           take_digits(text, 2, &utc->tm_mday) && take_char(text, 'T') &&
           take_digits(text, 2, &utc->tm_hour) && take_char(text, ':') &&
           take_digits(text, 2, &utc->tm_min) && take_char(text, ':') &&
           take_digits(text, 2, &utc->tm_sec);
}

static bool take_fraction(struct slice *text, int64_t *us_out)
{
    int64_t unit = US_PER_S / 10;
    size_t digits = 0;

    *us_out = 0;
    if (!take_char(text, '.')) {
        return true;
    }
    while (text->len > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
        *us_out += unit * (text->data[0] - '0');
        unit /= 10;
        digits++;
        *text = slice_after(*text, 1);
    }
    return digits > 0;
}

static bool take_zone(struct slice *text, int *minutes_out)
{
    int hours = 0, minutes = 0, sign = 1;

    *minutes_out = 0;
    if (text->len == 0 || take_char(text, 'Z')) {
        return true;
    }
    if (take_char(text, '-')) {
        sign = -1;
    } else if (!take_char(text, '+')) {
        return false;
    }
    if (!take_digits(text, 2, &hours) || !take_char(text, ':') ||
        !take_digits(text, 2, &minutes)) {
        return false;
    }
    *minutes_out = sign * (hours * 60 + minutes);
    return minutes < 60 && hours * 60 + minutes <= MINUTES_PER_DAY;
}

static bool is_date(const struct tm *utc)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (utc->tm_year % 4 == 0 && utc->tm_year % 100 != 0) ||
                utc->tm_year % 400 == 0;

    if (utc->tm_year < 1 || utc->tm_mon < 1 || utc->tm_mon > 12 ||
        utc->tm_mday < 1 || utc->tm_mday > days[utc->tm_mon - 1]) {
        return false;
    }
    return leap || utc->tm_mon != 2 || utc->tm_mday < 29;
}

/* A zone may carry the first and last hours of the calendar out of it, and
 * what time_write cannot write is not read. */
static bool is_in_calendar(int64_t seconds)
{
    return seconds >= SECOND_FIRST && seconds <= SECOND_LAST;
}

enum error time_read(struct slice text, int64_t *wall_us_out)
{
    struct tm utc = {0};
    int64_t us = 0, seconds;
    int minutes = 0;

    if (!take_date_and_time(&text, &utc) || !take_fraction(&text, &us) ||
        !take_zone(&text, &minutes) || text.len > 0) {
        return ERROR_MALFORMED;
    }
    if (!is_date(&utc) || utc.tm_hour > 23 || utc.tm_min > 59 ||
        utc.tm_sec > 59) {
        return ERROR_MALFORMED;
    }
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    seconds = (int64_t)timegm(&utc) - (int64_t)minutes * 60;
    if (!is_in_calendar(seconds)) {
        return ERROR_MALFORMED;
    }
    *wall_us_out = seconds * US_PER_S + us;
    return ERROR_NONE;
}
