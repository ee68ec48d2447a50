#include "proto/base/time_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/base/check.h"

enum { US_PER_S = 1000000, MINUTES_PER_DAY = 24 * 60 };

#define SECOND_FIRST INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define SECOND_LAST  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

void time_write(int64_t wall_us, char text[TIME_TEXT_BYTES + 1])
{
    int64_t us = wall_us % US_PER_S;
    time_t seconds = wall_us / US_PER_S;
    char buffer[64];
    struct tm utc;

    if (us < 0) {
        us += US_PER_S;
        seconds -= 1;
    }
    CHECK(gmtime_r(&seconds, &utc) != NULL);
    CHECK(utc.tm_year >= 1 - 1900 && utc.tm_year <= 9999 - 1900);
    snprintf(buffer, sizeof(buffer), "%04d-%02d-%02dT%02d:%02d:%02d.%06d0Z",
             utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
             utc.tm_min, utc.tm_sec, (int)us);
    memcpy(text, buffer, TIME_TEXT_BYTES);
    text[TIME_TEXT_BYTES] = '\0';
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
