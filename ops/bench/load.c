#include "ops/bench/load.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ops/bench/complain.h"
#include "ops/bench/interrupt.h"

enum { ROOM_BYTES = 64 * 1024, ARENA_BYTES = 64 * 1024 };

struct lane {
    int fd;
    bool is_busy;
    enum admin_kind kind; /* Of the request under way. */
    struct frame_reader reader;
};

struct load {
    struct lane lanes[LOAD_AT_ONCE];
    struct arena *arena;
    size_t n, asked, answered;
    load_make *make;
    load_take *take; /* NULL: nobody looks at the answers. */
    void *context;
};

static enum error dial(const char *path, int *fd_out)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(to.sun_path)) {
        return complain(ERROR_INVALID, "%s is too long for a socket", path);
    }
    strcpy(to.sun_path, path);
    *fd_out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd_out < 0 ||
        connect(*fd_out, (struct sockaddr *)&to, sizeof(to)) != 0) {
        return complain(ERROR_IO, "%s: %s", path, strerror(errno));
    }
    return ERROR_NONE;
}

static enum error open_lanes(struct load *load, const char *socket)
{
    for (int i = 0; i < LOAD_AT_ONCE; i++) {
        frame_reader_init(&load->lanes[i].reader, admin_reply_limits());
        load->lanes[i].fd = -1;
    }
    for (int i = 0; i < LOAD_AT_ONCE; i++) {
        TRY(dial(socket, &load->lanes[i].fd));
    }
    return ERROR_NONE;
}

static void close_lanes(struct load *load)
{
    for (int i = 0; i < LOAD_AT_ONCE; i++) {
        if (load->lanes[i].fd >= 0) {
            close(load->lanes[i].fd);
        }
        frame_reader_deinit(&load->lanes[i].reader);
    }
}

/* Requests are short beside what a socket takes: nothing else is under way. */
static enum error write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR) {
            return complain(ERROR_IO, "the node hung up: %s", strerror(errno));
        }
        bytes = slice_after(bytes, n < 0 ? 0 : (size_t)n);
    }
    return ERROR_NONE;
}

static enum error ask_next(struct load *load, struct lane *lane)
{
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    struct buffer frame = BUFFER_EMPTY;
    struct load_request request;
    enum error error;

    arena_reset(load->arena);
    load->make(load->context, load->asked, load->arena, &request);
    CODEC_SET(&head, id, load->asked);
    CODEC_SET(&head, wait_ms, LOAD_WAIT_MS);
    error = admin_write_request(request.kind, &head, request.body, &frame);
    if (error == ERROR_NONE) {
        error = write_all(lane->fd, buffer_slice(&frame));
    }
    buffer_deinit(&frame);
    lane->kind = request.kind;
    lane->is_busy = true;
    load->asked += 1;
    return error;
}

static enum error take_reply(struct load *load, struct lane *lane,
                             const struct frame *frame)
{
    struct admin_reply reply;

    arena_reset(load->arena);
    TRY(admin_read_reply(lane->kind, frame->payload, load->arena, &reply));
    if (reply.head->result != PERCH__ADMIN__RESULT__DONE) {
        struct slice text = codec_slice(reply.head->text);

        return complain(ERROR_REFUSED, "the pool says: %.*s",
                        SLICE_PRINT(text));
    }
    lane->is_busy = false;
    load->answered += 1;
    return load->take == NULL ? ERROR_NONE : load->take(load->context, &reply);
}

static enum error read_lane(struct load *load, struct lane *lane)
{
    uint8_t *room = frame_reader_room(&lane->reader, ROOM_BYTES);
    struct frame frame;
    ssize_t n;

    if (room == NULL) {
        return ERROR_NO_MEMORY;
    }
    n = recv(lane->fd, room, ROOM_BYTES, 0);
    if (n <= 0) {
        return complain(ERROR_CLOSED, "the node hung up");
    }
    frame_reader_filled(&lane->reader, (size_t)n);
    switch (frame_reader_next(&lane->reader, &frame)) {
    case ERROR_NONE:
        return take_reply(load, lane, &frame);
    case ERROR_TRUNCATED:
        return ERROR_NONE;
    default:
        return complain(ERROR_MALFORMED, "the node answers no sense");
    }
}

static enum error fill(struct load *load)
{
    for (int i = 0; i < LOAD_AT_ONCE; i++) {
        if (!load->lanes[i].is_busy && load->asked < load->n) {
            TRY(ask_next(load, &load->lanes[i]));
        }
    }
    return ERROR_NONE;
}

static enum error turn(struct load *load)
{
    struct pollfd fds[LOAD_AT_ONCE];

    TRY(fill(load));
    for (int i = 0; i < LOAD_AT_ONCE; i++) {
        fds[i] = (struct pollfd){load->lanes[i].fd, POLLIN, 0};
    }
    if (poll(fds, LOAD_AT_ONCE, LOAD_WAIT_MS) == 0) {
        return complain(ERROR_TIMED_OUT, "the node does not answer");
    }
    for (int i = 0; i < LOAD_AT_ONCE; i++) {
        if (fds[i].revents != 0) {
            TRY(read_lane(load, &load->lanes[i]));
        }
    }
    return interrupt_check();
}

static enum error run(struct load *load, const char *socket)
{
    enum error error = open_lanes(load, socket);

    load->arena = arena_new(ARENA_BYTES);
    if (load->arena == NULL) {
        error = ERROR_NO_MEMORY;
    }
    while (error == ERROR_NONE && load->answered < load->n) {
        error = turn(load);
    }
    close_lanes(load);
    arena_free(load->arena);
    return error;
}

enum error load_ask(const char *socket, size_t n, load_make *make,
                    void *context)
{
    struct load load = {.n = n, .make = make, .context = context};

    return run(&load, socket);
}

enum error load_ask_one(const char *socket, load_make *make, load_take *take,
                        void *context)
{
    struct load load = {.n = 1, .make = make, .take = take, .context = context};

    return run(&load, socket);
}
