/* What a client sends: SIP requests made once per dialog, so that sending is
 * writing a few digits into them.
 *
 * CSeq numbers, envelope ids and serials of posts start at SERIAL_FIRST and so
 * have ten digits each for the life of a run: a template never changes length.
 *
 * Thread: the owner's.
 */
#ifndef OPS_BENCH_MESSAGES_H
#define OPS_BENCH_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"

enum {
    SERIAL_FIRST = 1000 * 1000 * 1000,
    SERIAL_DIGITS = 10,
    TALK_BYTES = 64 * 1024, /* Of words, which all posts are cut from. */
    IDENTITY_BYTES = 256,
};

#define SERIAL_MARK "serial=" /* Stands before the serial in a post's text. */

/* Who a client is, and its dialog once there is one. */
struct identity {
    char user[IDENTITY_BYTES];   /* "bench00017@fjord.example" */
    char domain[IDENTITY_BYTES]; /* "fjord.example" */
    char pool[IDENTITY_BYTES];   /* The URI to INVITE. */
    char to[IDENTITY_BYTES];     /* The To header of the INVITE's 200. */
    unsigned number;             /* Makes Call-IDs, tags and endpoint. */
};

/* An INFO that is sent again and again. */
struct template
{
    struct buffer text;
    size_t cseq_at; /* Where the ten digits go. */
    size_t envid_at;
    size_t serial_at; /* 0: the body has no serial. */
    size_t talk_len;  /* Text after the serial, other words in each post. */
};

/** Append a REGISTER; authorization is a header line or "". */
void message_register(const struct identity *identity, uint32_t cseq,
                      const char *authorization, struct buffer *out);

/** Append the INVITE that opens the chat dialog. */
void message_invite(const struct identity *identity, uint32_t cseq,
                    struct buffer *out);

/** Append the ACK of that INVITE; identity->to is known by now. */
void message_ack(const struct identity *identity, uint32_t cseq,
                 struct buffer *out);

/**
 * Make an INFO around the inside of an XCCOS envelope.
 *
 * @inside  The primitives: "<cmd ...>...</cmd>". The first SERIAL_MARK in it,
 *          if any, is followed by ten digits that are overwritten, as are
 *          dots after them: by words, other ones in each post.
 */
void template_init(struct template *template, const struct identity *identity,
                   struct slice inside);

/** Free. Accepts an empty template. */
void template_deinit(struct template *template);

/** Append the INFO with these numbers; each SERIAL_FIRST or more. */
void template_write(struct template *template, uint32_t cseq, uint32_t envid,
                    uint32_t serial, struct buffer *out);

/** Append the inside of a post of so many bytes of text to a room. */
void inside_post(const struct identity *identity, const char *room_uri,
                 size_t text_bytes, struct buffer *out);

/** Append the inside of the command that joins rooms, n of them. */
void inside_join(const char *const *room_uris, size_t n, struct buffer *out);

#endif
