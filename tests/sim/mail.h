/* What simulated nodes send each other: the core's messages, its commit notes,
 * and the pings of reads, as packets of the simulated network.
 */
#ifndef TESTS_SIM_MAIL_H
#define TESTS_SIM_MAIL_H

#include "raft/core_seams.h"
#include "tests/sim/network.h"

struct node;

/* Who gets what arrives; the same for all packets of a world. */
struct mail_reader {
    void *context;
    void (*message)(void *context, unsigned to,
                    const struct core_message *message);
    void (*note)(void *context, unsigned to, uint64_t term, uint64_t index);
    void (*ping)(void *context, unsigned to, unsigned from, uint64_t term,
                 uint64_t read);
    void (*pong)(void *context, unsigned to, unsigned from, uint64_t read);
};

/** Send a core's message; message->peer is the receiver's raft id. */
void mail_send_message(struct network *network,
                       const struct mail_reader *reader, unsigned from,
                       unsigned to, const struct core_message *message);

/** Send a commit note. */
void mail_send_note(struct network *network, const struct mail_reader *reader,
                    unsigned from, unsigned to, uint64_t term, uint64_t index);

/** Ask whether a node still knows of no newer term. */
void mail_send_ping(struct network *network, const struct mail_reader *reader,
                    unsigned from, unsigned to, uint64_t term, uint64_t read);

/** Say yes to that. */
void mail_send_pong(struct network *network, const struct mail_reader *reader,
                    unsigned from, unsigned to, uint64_t read);

#endif
