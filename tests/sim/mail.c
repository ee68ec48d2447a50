#include "tests/sim/mail.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

/* Kinds beyond enum core_message_kind, for the trace. */
enum { MAIL_NOTE = 16, MAIL_PING, MAIL_PONG };

struct mail {
    struct packet packet; /* First. */
    const struct mail_reader *reader;
    size_t bytes; /* Of the whole block. */
    union {
        struct core_message message; /* Points into the block. */
        struct {
            uint64_t term, index, read;
        } small;
    };
    _Alignas(16) uint8_t block[];
};

static void free_mail(struct packet *packet)
{
    free(packet);
}

/* Make what the message points to lie in its own block. */
static void own(struct mail *mail, const struct core_message *from)
{
    struct core_message *message = &mail->message;
    uint8_t *to = mail->block;

    *message = *from;
    if (from->kind == CORE_APPEND && from->append.n > 0) {
        struct core_entry *entries = (struct core_entry *)(void *)to;

        to += from->append.n * sizeof(*entries);
        message->append.entries = entries;
        for (size_t i = 0; i < from->append.n; i++) {
            entries[i] = from->append.entries[i];
            memcpy(to, entries[i].bytes.data, entries[i].bytes.len);
            entries[i].bytes.data = to;
            to += entries[i].bytes.len;
        }
    } else if (from->kind == CORE_SNAPSHOT) {
        memcpy(to, from->snapshot.members, sizeof(struct core_members));
        message->snapshot.members = (struct core_members *)(void *)to;
        to += sizeof(struct core_members);
        memcpy(to, from->snapshot.manifest.data, from->snapshot.manifest.len);
        message->snapshot.manifest.data = to;
    }
}

static size_t block_bytes(const struct core_message *message)
{
    size_t bytes = 0;

    if (message->kind == CORE_APPEND) {
        for (size_t i = 0; i < message->append.n; i++) {
            bytes += sizeof(struct core_entry) +
                     message->append.entries[i].bytes.len;
        }
    } else if (message->kind == CORE_SNAPSHOT) {
        bytes = sizeof(struct core_members) + message->snapshot.manifest.len;
    }
    return bytes;
}

static struct mail *new_mail(const struct mail_reader *reader, unsigned from,
                             unsigned to, size_t bytes, uint64_t kind)
{
    struct mail *mail = malloc(sizeof(*mail) + bytes);

    CHECK(mail != NULL);
    mail->packet = (struct packet){
        .from = from, .to = to, .free = free_mail, .kind = kind};
    mail->reader = reader;
    mail->bytes = bytes;
    return mail;
}

static struct packet *copy_message(const struct packet *packet)
{
    const struct mail *mail = (const struct mail *)packet;
    struct mail *copy = malloc(sizeof(*copy) + mail->bytes);

    CHECK(copy != NULL);
    *copy = *mail;
    own(copy, &mail->message);
    return &copy->packet;
}

static struct packet *copy_small(const struct packet *packet)
{
    const struct mail *mail = (const struct mail *)packet;
    struct mail *copy = malloc(sizeof(*copy));

    CHECK(copy != NULL);
    *copy = *mail;
    return &copy->packet;
}

static void message_arrives(struct packet *packet)
{
    const struct mail *mail = (const struct mail *)packet;

    mail->reader->message(mail->reader->context, packet->to, &mail->message);
}

void mail_send_message(struct network *network,
                       const struct mail_reader *reader, unsigned from,
                       unsigned to, const struct core_message *message)
{
    struct mail *mail =
        new_mail(reader, from, to, block_bytes(message), message->kind);

    mail->packet.arrive = message_arrives;
    mail->packet.copy = copy_message;
    own(mail, message);
    mail->message.peer = from + 1; /* Its sender, where it arrives. */
    network_send(network, &mail->packet);
}

static struct mail *new_small(const struct mail_reader *reader, unsigned from,
                              unsigned to, uint64_t kind)
{
    struct mail *mail = new_mail(reader, from, to, 0, kind);

    mail->packet.copy = copy_small;
    return mail;
}

static void note_arrives(struct packet *packet)
{
    const struct mail *mail = (const struct mail *)packet;

    mail->reader->note(mail->reader->context, packet->to, mail->small.term,
                       mail->small.index);
}

void mail_send_note(struct network *network, const struct mail_reader *reader,
                    unsigned from, unsigned to, uint64_t term, uint64_t index)
{
    struct mail *mail = new_small(reader, from, to, MAIL_NOTE);

    mail->packet.arrive = note_arrives;
    mail->small.term = term;
    mail->small.index = index;
    network_send(network, &mail->packet);
}

static void ping_arrives(struct packet *packet)
{
    const struct mail *mail = (const struct mail *)packet;

    mail->reader->ping(mail->reader->context, packet->to, packet->from,
                       mail->small.term, mail->small.read);
}

void mail_send_ping(struct network *network, const struct mail_reader *reader,
                    unsigned from, unsigned to, uint64_t term, uint64_t read)
{
    struct mail *mail = new_small(reader, from, to, MAIL_PING);

    mail->packet.arrive = ping_arrives;
    mail->small.term = term;
    mail->small.read = read;
    network_send(network, &mail->packet);
}

static void pong_arrives(struct packet *packet)
{
    const struct mail *mail = (const struct mail *)packet;

    mail->reader->pong(mail->reader->context, packet->to, packet->from,
                       mail->small.read);
}

void mail_send_pong(struct network *network, const struct mail_reader *reader,
                    unsigned from, unsigned to, uint64_t read)
{
    struct mail *mail = new_small(reader, from, to, MAIL_PONG);

    mail->packet.arrive = pong_arrives;
    mail->small.read = read;
    network_send(network, &mail->packet);
}
