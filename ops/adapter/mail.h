/* Messages as RFC 5322 and MIME have them, the same bytes for the same input:
 * no clock, no random boundary. Lines end with CR LF.
 *
 * Spec: RFC 5322, 2045, 2047.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_MAIL_H
#define OPS_ADAPTER_MAIL_H

#include <stdint.h>

#include "ops/adapter/batch.h"
#include "proto/base/buffer.h"
#include "proto/base/slice.h"

/* Which records of which conversation a message has. */
struct mail_span {
    uint32_t place;
    uint64_t first_csn, last_csn;
    int64_t first_us, last_us;
    uint32_t events;
    uint32_t part; /* Of the conversation, from 1. */
};

/** Append a header field; what is not plain ASCII becomes encoded words. */
void mail_field(struct buffer *to, const char *name, struct slice value);

/** Append a Date field. */
void mail_date(struct buffer *to, int64_t time_us);

/**
 * Append the Message-ID field: POOL.FIRST-LAST.ROOM.ADAPTER@DOMAIN of the
 * message's own CSNs, the same whenever it is sent.
 */
void mail_id(struct buffer *to, const struct cut *cut, const char *room,
             uint64_t first_csn, uint64_t last_csn);

/** Append the fields of a multipart message and end the header. */
void mail_begin_parts(struct buffer *to);

/**
 * Append a part in base64.
 *
 * @type  Content-Type, "text/plain; charset=utf-8".
 * @name  Of the file it is an attachment as; NULL for what is to be read.
 */
void mail_part(struct buffer *to, const char *type, const char *name,
               struct slice content);

/** End a multipart message. */
void mail_end_parts(struct buffer *to);

#endif
