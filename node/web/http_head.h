/* Is the head of a request, as it came off the wire, what RFC 9112 says?
 *
 * libmicrohttpd 0.9.75 is lenient where leniency lets two programs read one
 * stream differently (request smuggling): it takes bare LF line ends, folded
 * fields, spaces before the colon, NULs, two Content-Lengths, and
 * Content-Length beside Transfer-Encoding. What it reports of a request no
 * longer shows most of these. But it parses in place: method, target, version
 * and fields are pointers into the bytes received, in which separators were
 * overwritten by NULs and nothing else was touched. So the head can be walked
 * from its first byte to its last, and every byte must be where the grammar
 * wants it. A library that stopped parsing in place would have every request
 * refused, which tests/unit/test_http_head.c would show; CMake pins its
 * version.
 *
 * Spec: RFC 9112 sections 2.2, 3, 5, 6; RFC 9110 sections 5.1, 5.5, 7.2.
 *
 * Thread: web.
 */
#ifndef NODE_WEB_HTTP_HEAD_H
#define NODE_WEB_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;

/* What may be wrong with a request: status, name in metrics, text. */
#define HTTP_FAULT_LIST(X)                                                     \
    X(NONE, 200, "none", "nothing is wrong")                                   \
    X(TARGET, 400, "target",                                                   \
      "the target is no plain path with an optional query")                    \
    X(LINE_END, 400, "line_end", "a line does not end in CR LF")               \
    X(LINE, 400, "line", "the request line has more or less than its parts")   \
    X(VERSION, 505, "version", "the version is neither HTTP/1.1 nor HTTP/1.0") \
    X(FIELD, 400, "field", "a field is folded or has bytes it may not have")   \
    X(FIELDS, 431, "fields", "too many fields")                                \
    X(HOST, 400, "host", "there is not exactly one Host")                      \
    X(LENGTHS, 400, "lengths", "the length of the body is said twice")         \
    X(BODY, 413, "body", "no request here takes a body")                       \
    X(UNREAD, 400, "unread",                                                   \
      "the library refused it, or the client went before its head was whole")

#define HTTP_FAULT_ENUM(name, status, word, text) HTTP_FAULT_##name,
enum http_fault { HTTP_FAULT_LIST(HTTP_FAULT_ENUM) HTTP_FAULTS };
#undef HTTP_FAULT_ENUM

enum { HTTP_FIELDS_MAX = 64 };

/* What libmicrohttpd passes to the first call of an access handler. */
struct http_head {
    struct MHD_Connection *connection;
    const char *method, *url, *version;
    size_t target_len; /* Of the target before it was decoded. */
};

/**
 * Check a target as it stands in the request line, before it is decoded: a
 * path of printable ASCII that begins with "/", with no encoded NUL.
 */
bool http_target_is_plain(const char *target);

/** Check a head whose target is plain. Returns the first fault found. */
enum http_fault http_head_check(const struct http_head *head);

/** Name a fault for metrics. Static. */
const char *http_fault_name(enum http_fault fault);

/** Say what is wrong, for the client. Static. */
const char *http_fault_text(enum http_fault fault);

/** The status to refuse with. */
unsigned http_fault_status(enum http_fault fault);

#endif
