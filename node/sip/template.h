/* The head of every INFO a dialog sends, rendered once: only the branch, the
 * CSeq and the length of the body change.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_TEMPLATE_H
#define NODE_SIP_TEMPLATE_H

#include "proto/base/buffer.h"
#include "proto/base/error.h"

/* What is rendered. All is borrowed. */
struct template_facts {
    struct slice target;    /* Request URI: the client's Contact. */
    const char *transport;  /* "TCP" or "TLS". */
    const char *via_host;   /* Our own address and port. */
    const char *branch;     /* Begins the branch; unlike any other dialog's. */
    struct slice local_uri; /* What the client invited; pidgin-sipe finds its
                               session by it. */
    const char *local_tag;
    struct slice remote; /* The client's From value, tag and all. */
    struct slice call_id;
    struct slice routes; /* "Route: ...\r\n" lines, or none. */
};

struct template
{
    char *text;
    uint32_t branch_end; /* Where the branch goes on, */
    uint32_t cseq_at;    /* and the CSeq number begins. */
    uint32_t len;
};

/** Render. NO_MEMORY. The text is the caller's, to be freed. */
enum error template_render(struct template *template,
                           const struct template_facts *facts);

/** Free the text. */
void template_deinit(struct template *template);

/** Append one INFO. */
void template_write(const struct template *template, struct buffer *out,
                    uint32_t cseq, struct slice body);

#endif
