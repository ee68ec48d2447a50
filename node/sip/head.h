/* The lines of a SIP message's head, as they came: what answers echo and what
 * needs no parser.
 *
 * Thread: any; borrows the message's bytes.
 */
#ifndef NODE_SIP_HEAD_H
#define NODE_SIP_HEAD_H

#include "node/sip/limits.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

/* The headers looked at without the parser; compact names count too. */
enum head_name {
    HEAD_OTHER,
    HEAD_VIA,
    HEAD_FROM,
    HEAD_TO,
    HEAD_CALL_ID,
    HEAD_CSEQ,
    HEAD_CONTENT_LENGTH,
    HEAD_RECORD_ROUTE,
};

struct head_line {
    enum head_name name;
    struct slice label; /* The name as it stood. */
    struct slice value; /* Without blanks around it; folds are kept. */
};

struct head {
    struct slice start_line; /* Without CRLF. */
    size_t n;
    struct head_line lines[HEAD_LINES_MAX];
};

/**
 * Index the lines of a head.
 *
 * @bytes  From the start line up to, without, the empty line; every line ends
 *         in CRLF and there are at most HEAD_LINES_MAX of them (the framer saw
 *         to both). Borrowed for as long as the head is used.
 *
 * Returns MALFORMED when a line is no header; what was read so far is kept.
 */
enum error head_read(struct head *head, struct slice bytes);

/**
 * Find the first line of a name.
 *
 * Returns its value; SLICE_NONE, with data NULL, when there is none.
 */
struct slice head_value(const struct head *head, enum head_name name);

/** The same by the full name of any header, in any letter case. */
struct slice head_value_of(const struct head *head, const char *name);

/** Count the lines of a name. */
size_t head_count(const struct head *head, enum head_name name);

/** Read a CSeq value: "12 INFO". MALFORMED when it is anything else. */
enum error head_read_cseq(struct slice value, uint32_t *number_out,
                          struct slice *method_out);

/**
 * Find a parameter of a From or To value, beyond its address.
 *
 * Returns its value; SLICE_NONE when there is none.
 */
struct slice head_address_param(struct slice value, const char *name);

/** Cut blanks, tabs and line ends off both ends. */
struct slice head_trim(struct slice text);

#endif
