/* Mail to a server that takes it over: sent when it has said 250 to the end of
 * the data, not before.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_SMTP_H
#define OPS_ADAPTER_SMTP_H

#include "ops/adapter/smtp_url.h"
#include "proto/base/slice.h"

enum {
    SMTP_CONNECT_S_MAX = 30,
    SMTP_MESSAGE_S_MAX = 600, /* RFC 5321, 4.5.3.2.6: 10 minutes for its end. */
    SMTP_REPLY_S_MAX = 300,   /* To any command. */
};

struct smtp;

/**
 * Prepare to send. Nothing is connected yet.
 *
 * @url  Borrowed until smtp_close.
 */
enum fault smtp_open(const struct smtp_url *url, struct smtp **smtp_out);

/** Take leave of the server. Accepts NULL. */
void smtp_close(struct smtp *smtp);

/**
 * Send a message and wait until the server has taken it over.
 *
 * Returns UNREACHED when it is not there, breaks off or says no.
 */
enum fault smtp_send(struct smtp *smtp, struct slice message);

#endif
