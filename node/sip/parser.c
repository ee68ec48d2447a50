#include "node/sip/parser.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>
#include <stdlib.h>
#include <strings.h>

#include "proto/base/check.h"

struct parser {
    msg_mclass_t *class;
    struct msg_hclass_s request; /* The library's, with our decoder. */
    struct msg_hclass_s cseq;    /* The same. */
};

/* The library's number of a method; it needs it only for its own sanity
 * checks, so those it does not know are all the same. */
static sip_method_t number_of(enum method method)
{
    static const sip_method_t numbers[METHOD_COUNT] = {
        [METHOD_ACK] = sip_method_ack,
        [METHOD_BYE] = sip_method_bye,
        [METHOD_CANCEL] = sip_method_cancel,
        [METHOD_INFO] = sip_method_info,
        [METHOD_INVITE] = sip_method_invite,
        [METHOD_MESSAGE] = sip_method_message,
        [METHOD_NOTIFY] = sip_method_notify,
        [METHOD_OPTIONS] = sip_method_options,
        [METHOD_PRACK] = sip_method_prack,
        [METHOD_PUBLISH] = sip_method_publish,
        [METHOD_REFER] = sip_method_refer,
        [METHOD_REGISTER] = sip_method_register,
        [METHOD_SUBSCRIBE] = sip_method_subscribe,
        [METHOD_UPDATE] = sip_method_update,
    };

    return numbers[method]; /* 0 is sip_method_unknown. */
}

/* Tell whether a text is a token, as methods are (RFC 3261 25.1). */
static bool is_token(const char *text)
{
    static const char marks[] = "-.!%*_+`'~";

    for (const char *c = text; *c != '\0'; c++) {
        bool letter = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z');

        if (!letter && !(*c >= '0' && *c <= '9') && strchr(marks, *c) == NULL) {
            return false;
        }
    }
    return *text != '\0';
}

/* "METHOD URI SIP/2.0" with single blanks. Spec: RFC 3261 7.1. */
static issize_t read_request(su_home_t *home, msg_header_t *header, char *text,
                             isize_t len)
{
    sip_request_t *request = (sip_request_t *)header;
    char *uri = strchr(text, ' ');
    char *version = uri == NULL ? NULL : strchr(uri + 1, ' ');

    (void)home;
    (void)len;
    if (version == NULL || strchr(version + 1, ' ') != NULL) {
        return -1;
    }
    *uri++ = '\0';
    *version++ = '\0';
    if (!is_token(text) || *uri == '<' || url_d(request->rq_url, uri) < 0) {
        return -1;
    }
    request->rq_method_name = text;
    request->rq_method = number_of(method_of(slice_of_text(text)));
    request->rq_version = version;
    return 0;
}

/* "7 METHOD". Spec: RFC 3261 20.16. */
static issize_t read_cseq(su_home_t *home, msg_header_t *header, char *text,
                          isize_t len)
{
    sip_cseq_t *cseq = (sip_cseq_t *)header;
    struct slice method;

    (void)home;
    (void)len;
    if (head_read_cseq(slice_of_text(text), &cseq->cs_seq, &method) !=
        ERROR_NONE) {
        return -1;
    }
    /* The slice ends where text does, unless blanks were cut off. */
    text[(size_t)((const char *)method.data - text) + method.len] = '\0';
    cseq->cs_method_name = text + ((const char *)method.data - text);
    cseq->cs_method = number_of(method_of(method));
    return is_token(cseq->cs_method_name) ? 0 : -1;
}

struct parser *parser_new(void)
{
    struct parser *parser = calloc(1, sizeof(*parser));

    if (parser == NULL) {
        return NULL;
    }
    parser->class = msg_mclass_clone(sip_default_mclass(), 0, 0);
    if (parser->class == NULL) {
        free(parser);
        return NULL;
    }
    parser->request = *sip_request_class;
    parser->request.hc_parse = read_request;
    parser->cseq = *sip_cseq_class;
    parser->cseq.hc_parse = read_cseq;
    parser->class->mc_request[0].hr_class = &parser->request;
    for (int i = 0; i < parser->class->mc_hash_size; i++) {
        if (parser->class->mc_hash[i].hr_class == sip_cseq_class) {
            parser->class->mc_hash[i].hr_class = &parser->cseq;
        }
    }
    return parser;
}

void parser_free(struct parser *parser)
{
    if (parser != NULL) {
        free(parser->class);
        free(parser);
    }
}

/* Give the library a copy of the bytes and let it parse them. */
static enum error extract(msg_t *msg, struct slice bytes)
{
    size_t given = 0;

    msg_maxsize(msg, bytes.len + 1);
    while (given < bytes.len) {
        msg_iovec_t vec[2] = {{0}};
        issize_t n = msg_recv_iovec(msg, vec, 2, bytes.len - given, 1);

        if (n < 1) {
            return ERROR_NO_MEMORY;
        }
        for (issize_t i = 0; i < n && given < bytes.len; i++) {
            size_t len = vec[i].mv_len < bytes.len - given ? vec[i].mv_len
                                                           : bytes.len - given;

            memcpy(vec[i].mv_base, bytes.data + given, len);
            given += len;
            msg_recv_commit(msg, len, given == bytes.len);
        }
    }
    return msg_extract(msg) > 0 ? ERROR_NONE : ERROR_MALFORMED;
}

/* Name a header the library complains of. Its list of errors holds error
 * headers, but also whole headers that stand twice and should not. */
static const char *name_of(const sip_error_t *bad)
{
    const char *name = bad->er_common->h_class == sip_error_class
                           ? bad->er_name
                           : bad->er_common->h_class->hc_name;

    return name == NULL ? "" : name;
}

/* A header that is read here must be right; what perch never looks at, such as
 * a Date in an odd time zone, is let be. */
static const char *find_bad_header(const sip_t *sip)
{
    static const struct {
        const char *name;
        const char *fault;
    } read[] = {
        {"Contact", "Bad Contact"},
        {"Content-Type", "Bad Content-Type"},
        {"Event", "Bad Event"},
        {"Expires", "Bad Expires"},
        {"Min-SE", "Bad Min-SE"},
        {"Proxy-Authorization", "Bad Proxy-Authorization"},
        {"Record-Route", "Bad Record-Route"},
        {"Require", "Bad Require"},
        {"Session-Expires", "Bad Session-Expires"},
        {"Supported", "Bad Supported"},
    };

    for (const sip_error_t *bad = sip->sip_error; bad; bad = bad->er_next) {
        for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
            if (strcasecmp(name_of(bad), read[i].name) == 0) {
                return read[i].fault;
            }
        }
    }
    return NULL;
}

/* Name a header that must stand once and does not. */
static const char *find_repeated(const struct head *head)
{
    static const struct {
        enum head_name name;
        const char *fault;
    } single[] = {
        {HEAD_FROM, "More than one From"},
        {HEAD_TO, "More than one To"},
        {HEAD_CALL_ID, "More than one Call-ID"},
        {HEAD_CSEQ, "More than one CSeq"},
    };

    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        if (head_count(head, single[i].name) > 1) {
            return single[i].fault;
        }
    }
    return NULL;
}

/* Name what is missing or ill-formed of what every request must have. */
static const char *find_missing(const sip_t *sip)
{
    if (sip->sip_request == NULL) {
        return "Bad request line";
    }
    if (sip->sip_via == NULL) {
        return "Bad or missing Via";
    }
    if (sip->sip_from == NULL) {
        return "Bad or missing From";
    }
    if (sip->sip_to == NULL) {
        return "Bad or missing To";
    }
    if (sip->sip_call_id == NULL) {
        return "Bad or missing Call-ID";
    }
    if (sip->sip_cseq == NULL) {
        return "Bad or missing CSeq";
    }
    if (strcmp(sip->sip_cseq->cs_method_name,
               sip->sip_request->rq_method_name) != 0) {
        return "CSeq names another method";
    }
    if (sip->sip_request->rq_url->url_headers != NULL) {
        return "Headers in the request URI";
    }
    return NULL;
}

static const char *find_fault(const struct frame *frame, const sip_t *sip)
{
    const char *fault = find_repeated(&frame->head);

    if (fault == NULL) {
        fault = find_missing(sip);
    }
    return fault == NULL ? find_bad_header(sip) : fault;
}

enum error parser_read(const struct parser *parser, const struct frame *frame,
                       struct message *message_out, const char **fault_out)
{
    struct message message = {0};
    enum error error;

    message.msg = msg_create(parser->class, 0);
    *fault_out = "Out of memory";
    if (message.msg == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = extract(message.msg, frame->bytes);
    message.sip = sip_object(message.msg);
    if (error == ERROR_MALFORMED) {
        *fault_out = "Bad request line";
    }
    if (error == ERROR_NONE) {
        *fault_out = find_fault(frame, message.sip);
        error = *fault_out == NULL ? ERROR_NONE : ERROR_MALFORMED;
    }
    if (error != ERROR_NONE) {
        message_release(&message);
        return error;
    }
    message.method =
        method_of(slice_of_text(message.sip->sip_request->rq_method_name));
    *message_out = message;
    return ERROR_NONE;
}

void message_release(struct message *message)
{
    if (message->msg != NULL) {
        msg_destroy(message->msg);
    }
    *message = (struct message){0};
}

const char *message_param(const void *header, const char *name)
{
    return header == NULL ? NULL : msg_header_find_param(header, name);
}
