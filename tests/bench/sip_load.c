/* Loads a SIP edge over raw sockets with messages made beforehand, and says
 * what an operation costs the server.
 *
 *   sip_load --serve PROGRAM CERTIFICATE KEY [--mode rt|fanout|idle] [--tls]
 *            [--connections N] [--window W] [--seconds S] [--body BYTES]
 *
 * rt      each connection keeps W commands open; one round trip is an INFO in,
 *         its 200, the body that comes back as INFO, and our 200
 * fanout  one post at a time goes to all connections; one delivery is the INFO
 *         to one of them and its 200
 * idle    nothing is said; memory per session
 *
 * CPU is read from the scheduler's accounts of the server's threads, which
 * count nanoseconds; it repeats within a few percent where rates do not.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/xccos/envelope.h"

enum { READ_BYTES = 256 * 1024, LATENCIES_MAX = 4 * 1000 * 1000 };

struct options {
    const char *mode;
    bool tls;
    int connections;
    int window;
    double seconds;
    int body;
    char **server; /* PROGRAM CERTIFICATE KEY */
};

struct server {
    pid_t pid;
    int input;
    int tcp, tls;
};

struct peer {
    int fd;
    SSL *ssl;
    char *in; /* Unread bytes; NULL when there are none. */
    size_t in_len;
    char *out; /* Answers of this turn. */
    size_t out_len, out_size;
    uint64_t sent_ns; /* The last INFO, for latency with window 1. */
    unsigned cseq;
    char dialog[512]; /* From, To and Call-ID lines of our requests. */
};

static struct options options = {
    .mode = "rt", .connections = 100, .window = 1, .seconds = 5, .body = 400};
static struct peer *peers;
static char *body;
static uint64_t round_trips, deliveries;
static uint32_t *latencies_us;
static size_t latencies_n;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct server start_server(void)
{
    struct server server = {.pid = -1};
    int to[2], from[2];
    FILE *said;

    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        fail("pipe");
    }
    server.pid = fork();
    if (server.pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        execv(options.server[0], options.server);
        fail(options.server[0]);
    }
    close(from[1]);
    server.input = to[1];
    said = fdopen(from[0], "r");
    if (fscanf(said, "tcp %d tls %d", &server.tcp, &server.tls) != 2) {
        fail("the server did not start");
    }
    return server;
}

/* CPU of one thread by name, or of all (NULL), in microseconds. */
static double cpu_us(const struct server *server, const char *thread)
{
    char path[300], name[32];
    double sum = 0;
    struct dirent *entry;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", server->pid);
    tasks = opendir(path);
    while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
        unsigned long long ns = 0;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/comm", server->pid,
                 entry->d_name);
        file = fopen(path, "r");
        if (file == NULL || fscanf(file, "%31s", name) != 1) {
            name[0] = '\0';
        }
        if (file != NULL) {
            fclose(file);
        }
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat",
                 server->pid, entry->d_name);
        file = fopen(path, "r");
        if (file != NULL && fscanf(file, "%llu", &ns) == 1 &&
            (thread == NULL || strncmp(name, thread, strlen(thread)) == 0)) {
            sum += (double)ns / 1000;
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    if (tasks != NULL) {
        closedir(tasks);
    }
    return sum;
}

static long rss_kb(const struct server *server)
{
    char path[64], line[256];
    long kb = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", server->pid);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        sscanf(line, "VmRSS: %ld", &kb);
    }
    if (file != NULL) {
        fclose(file);
    }
    return kb;
}

static void send_now(struct peer *peer, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = peer->ssl != NULL ? SSL_write(peer->ssl, text, (int)len)
                                      : send(peer->fd, text, len, MSG_NOSIGNAL);

        if (n > 0) {
            text += n;
            len -= (size_t)n;
        } else if (peer->ssl == NULL && errno != EAGAIN) {
            fail("send");
        }
    }
}

static void gather(struct peer *peer, const char *text, size_t len)
{
    if (peer->out_len + len > peer->out_size) {
        peer->out_size = (peer->out_len + len) * 2;
        peer->out = realloc(peer->out, peer->out_size);
    }
    memcpy(peer->out + peer->out_len, text, len);
    peer->out_len += len;
}

static void flush(struct peer *peer)
{
    if (peer->out_len > 0) {
        send_now(peer, peer->out, peer->out_len);
        peer->out_len = 0;
        free(peer->out);
        peer->out = NULL;
        peer->out_size = 0;
    }
}

static ssize_t receive(struct peer *peer, char *to, size_t size)
{
    ssize_t n;

    if (peer->ssl == NULL) {
        return recv(peer->fd, to, size, 0);
    }
    n = SSL_read(peer->ssl, to, (int)size);
    return n > 0 ? n : -1;
}

static void connect_to(struct peer *peer, int port, SSL_CTX *context)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    int on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->fd < 0 ||
        connect(peer->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        fail("connect");
    }
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (context != NULL) {
        peer->ssl = SSL_new(context);
        SSL_set_fd(peer->ssl, peer->fd);
        if (SSL_connect(peer->ssl) != 1) {
            fail("SSL_connect");
        }
    }
}

/* Wait for a 200 during set-up; keeps its To header. */
static void expect_200(struct peer *peer, char *to, size_t to_size)
{
    char text[4096];
    size_t len = 0;
    char *line;

    do {
        ssize_t n = receive(peer, text + len, sizeof(text) - 1 - len);

        if (n <= 0) {
            fail("set-up");
        }
        len += (size_t)n;
        text[len] = '\0';
    } while (strstr(text, "\r\n\r\n") == NULL);
    if (strncmp(text, "SIP/2.0 200", 11) != 0) {
        fprintf(stderr, "set-up refused:\n%s", text);
        exit(1);
    }
    line = strstr(text, "\r\nTo: ");
    if (to != NULL && line != NULL) {
        snprintf(to, to_size, "%.*s", (int)strcspn(line + 6, "\r"), line + 6);
    }
}

static void say(struct peer *peer, const char *method, const char *uri,
                const char *extra)
{
    char text[2048];
    int len;

    peer->cseq++;
    len = snprintf(text, sizeof(text),
                   "%s %s SIP/2.0\r\nVia: SIP/2.0/tcp 127.0.0.1:5070\r\n%s"
                   "Max-Forwards: 70\r\nCSeq: %u %s\r\n%s"
                   "Content-Length: 0\r\n\r\n",
                   method, uri, peer->dialog, peer->cseq, method, extra);
    send_now(peer, text, (size_t)len);
}

/* REGISTER, INVITE, ACK. */
static void enter(struct peer *peer, int i)
{
    char to[256] = "";

    snprintf(peer->dialog, sizeof(peer->dialog),
             "From: <sip:user%d@bench>;tag=r%d;epid=9a31c07be512\r\n"
             "To: <sip:user%d@bench>\r\nCall-ID: reg%d\r\n",
             i, i, i, i);
    say(peer, "REGISTER", "sip:bench",
        "Contact: <sip:127.0.0.1:5070;transport=tcp>\r\nExpires: 7200\r\n"
        "ms-keep-alive: UAC;hop-hop=yes\r\n");
    expect_200(peer, NULL, 0);
    snprintf(peer->dialog, sizeof(peer->dialog),
             "From: <sip:user%d@bench>;tag=t%d;epid=9a31c07be512\r\n"
             "To: <sip:pool@bench>\r\nCall-ID: 93B7gcall%d\r\n",
             i, i, i);
    peer->cseq = 0;
    say(peer, "INVITE", "sip:pool@bench",
        "Contact: <sip:user@bench:5070;maddr=127.0.0.1;transport=tcp>\r\n");
    expect_200(peer, to, sizeof(to));
    snprintf(peer->dialog, sizeof(peer->dialog),
             "From: <sip:user%d@bench>;tag=t%d;epid=9a31c07be512\r\n"
             "To: %s\r\nCall-ID: 93B7gcall%d\r\n",
             i, i, to, i);
    peer->cseq = 0;
    say(peer, "ACK", "sip:pool@bench", "");
}

static void say_info(struct peer *peer)
{
    char text[1024];
    int len;

    peer->cseq++;
    len = snprintf(text, sizeof(text),
                   "INFO sip:pool@bench SIP/2.0\r\n"
                   "Via: SIP/2.0/tcp 127.0.0.1:5070\r\n%s"
                   "Max-Forwards: 70\r\nCSeq: %u INFO\r\n"
                   "User-Agent: Purple/2.14.12 Sipe/1.25.0\r\n"
                   "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
                   peer->dialog, peer->cseq, strlen(body));
    gather(peer, text, (size_t)len);
    gather(peer, body, strlen(body));
    peer->sent_ns = now_ns();
}

static void note_latency(const struct peer *peer)
{
    if (latencies_n < LATENCIES_MAX && options.window == 1) {
        latencies_us[latencies_n++] =
            (uint32_t)((now_ns() - peer->sent_ns) / 1000);
    }
}

/* Echo the headers an answer needs. */
static void answer(struct peer *peer, const char *head, size_t len)
{
    static const char *const names[] = {
        "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "};
    const char *at = memchr(head, '\n', len);

    gather(peer, "SIP/2.0 200 OK\r\n", 16);
    while (at != NULL && ++at < head + len) {
        const char *end = memchr(at, '\n', (size_t)(head + len - at));

        for (size_t i = 0; i < 5 && end != NULL; i++) {
            if (strncmp(at, names[i], strlen(names[i])) == 0) {
                gather(peer, at, (size_t)(end + 1 - at));
            }
        }
        at = end;
    }
    gather(peer,
           "User-Agent: Purple/2.14.12 Sipe/1.25.0\r\nContent-Length: 0\r\n"
           "\r\n",
           strlen("User-Agent: Purple/2.14.12 Sipe/1.25.0\r\n"
                  "Content-Length: 0\r\n\r\n"));
}

static void take_message(struct peer *peer, const char *head, size_t head_len)
{
    if (strncmp(head, "INFO ", 5) != 0) {
        return; /* A 200. */
    }
    answer(peer, head, head_len);
    deliveries++;
    if (strcmp(options.mode, "rt") == 0) {
        round_trips++;
        note_latency(peer);
        say_info(peer);
    }
}

static size_t message_length(const char *text, size_t len, size_t *head_len)
{
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    const char *length;

    if (end == NULL) {
        return 0;
    }
    *head_len = (size_t)(end - text) + 2;
    length = memmem(text, *head_len, "Content-Length: ", 16);
    return *head_len + 2 + strtoul(length + 16, NULL, 10);
}

static size_t take_messages(struct peer *peer, const char *text, size_t len)
{
    size_t at = 0;

    for (;;) {
        size_t head_len = 0, total;

        while (len - at >= 2 && text[at] == '\r') {
            at += 2;
        }
        total = message_length(text + at, len - at, &head_len);
        if (total == 0 || total > len - at) {
            return at;
        }
        take_message(peer, text + at, head_len);
        at += total;
    }
}

static void on_readable(struct peer *peer)
{
    static char read_buffer[2 * READ_BYTES];
    size_t len = peer->in_len, taken;
    ssize_t n;

    memcpy(read_buffer, peer->in == NULL ? "" : peer->in, len);
    free(peer->in);
    peer->in = NULL;
    peer->in_len = 0;
    do {
        n = receive(peer, read_buffer + len, READ_BYTES);
        if (n == 0) {
            fprintf(stderr, "the server closed a connection\n");
            exit(1);
        }
        len += n > 0 ? (size_t)n : 0;
        taken = take_messages(peer, read_buffer, len);
        memmove(read_buffer, read_buffer + taken, len - taken);
        len -= taken;
    } while (peer->ssl != NULL && SSL_pending(peer->ssl) > 0);
    if (len > 0) {
        peer->in = malloc(len);
        memcpy(peer->in, read_buffer, len);
        peer->in_len = len;
    }
    flush(peer);
}

static void wait_once(int epoll, int timeout_ms)
{
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, timeout_ms);

    for (int i = 0; i < n; i++) {
        on_readable(events[i].data.ptr);
    }
}

static void run_round_trips(int epoll, double seconds)
{
    uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);

    while (now_ns() < until) {
        wait_once(epoll, 100);
    }
}

static void run_fanout(int epoll, double seconds)
{
    uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);
    uint64_t due = deliveries;

    while (now_ns() < until) {
        say_info(&peers[0]);
        flush(&peers[0]);
        due += (uint64_t)options.connections;
        while (deliveries < due) {
            wait_once(epoll, 1000);
        }
        note_latency(&peers[0]);
        round_trips++;
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double percentile(double share)
{
    size_t last = latencies_n == 0 ? 0 : latencies_n - 1;

    return latencies_n == 0 ? 0 : latencies_us[(size_t)(share * (double)last)];
}

static void report(const struct server *server, double seconds, double all_us,
                   double edge_us)
{
    bool fanout = strcmp(options.mode, "fanout") == 0;
    double n = (double)(fanout ? deliveries : round_trips);

    qsort(latencies_us, latencies_n, sizeof(*latencies_us), compare);
    printf("%s %s connections=%d window=%d body=%d: %.0f %s/s, server CPU "
           "%.2f us each, of which edge %.2f; p50 %.0f p99 %.0f us; rss %ld "
           "MB\n",
           options.mode, options.tls ? "tls" : "tcp", options.connections,
           options.window, options.body, n / seconds,
           fanout ? "deliveries" : "round trips", all_us / n, edge_us / n,
           percentile(0.5), percentile(0.99), rss_kb(server) / 1024);
}

static void measure(const struct server *server, int epoll)
{
    bool fanout = strcmp(options.mode, "fanout") == 0;
    double all_us, edge_us, start;

    for (int i = 0; !fanout && i < options.connections; i++) {
        for (int j = 0; j < options.window; j++) {
            say_info(&peers[i]);
        }
        flush(&peers[i]);
    }
    (fanout ? run_fanout : run_round_trips)(epoll, 1); /* Warm up. */
    round_trips = deliveries = latencies_n = 0;
    all_us = cpu_us(server, NULL);
    edge_us = cpu_us(server, "edge-");
    start = (double)now_ns();
    (fanout ? run_fanout : run_round_trips)(epoll, options.seconds);
    report(server, ((double)now_ns() - start) / 1e9,
           cpu_us(server, NULL) - all_us, cpu_us(server, "edge-") - edge_us);
}

static void open_all(const struct server *server, int epoll)
{
    SSL_CTX *context = options.tls ? SSL_CTX_new(TLS_client_method()) : NULL;
    long before = rss_kb(server);
    double started = (double)now_ns(), cpu = cpu_us(server, NULL);

    for (int i = 0; i < options.connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[i]};

        connect_to(&peers[i], options.tls ? server->tls : server->tcp, context);
        enter(&peers[i], i);
        fcntl(peers[i].fd, F_SETFL, O_NONBLOCK);
        epoll_ctl(epoll, EPOLL_CTL_ADD, peers[i].fd, &event);
    }
    if (strcmp(options.mode, "idle") == 0) {
        double took_s = ((double)now_ns() - started) / 1e9;
        double used = cpu_us(server, NULL) - cpu;

        sleep(5); /* The CRLF that follows output has gone out, too. */
        printf("idle %s connections=%d: %.2f KB each (rss %ld -> %ld KB); "
               "%.0f sign-ins/s at %.0f us\n",
               options.tls ? "tls" : "tcp", options.connections,
               (double)(rss_kb(server) - before) / options.connections, before,
               rss_kb(server), options.connections / took_s,
               used / options.connections);
    }
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--tls") == 0) {
            options.tls = true;
        } else if (strcmp(argv[i], "--serve") == 0 && i + 3 < argc) {
            static char *server[4];

            memcpy(server, argv + i + 1, 3 * sizeof(char *));
            options.server = server;
            i += 3;
        } else if (strcmp(argv[i], "--mode") == 0 && i + 1 < argc) {
            options.mode = argv[++i];
        } else if (strcmp(argv[i], "--connections") == 0 && i + 1 < argc) {
            options.connections = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--window") == 0 && i + 1 < argc) {
            options.window = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            options.seconds = atof(argv[++i]);
        } else if (strcmp(argv[i], "--body") == 0 && i + 1 < argc) {
            options.body = atoi(argv[++i]);
        } else {
            fprintf(stderr, "sip_load: what is %s?\n", argv[i]);
            exit(2);
        }
    }
    if (options.server == NULL) {
        fprintf(stderr, "sip_load: --serve PROGRAM CERTIFICATE KEY\n");
        exit(2);
    }
}

/* A command or a post of about so many bytes. */
static void make_body(void)
{
    bool post = strcmp(options.mode, "fanout") == 0;
    size_t fill = options.body > 240 ? (size_t)options.body - 200 : 40;

    body = calloc(1, fill + 400);
    sprintf(body, "<xccos ver=\"1\" envid=\"1\" xmlns=\"" XCCOS_SPACE "\">%s",
            post ? "<grpchat id=\"grpchat:x\" seqid=\"1\" "
                   "chanUri=\"ma-chan://bench/1\" author=\"sip:a@bench\" "
                   "authdisp=\"A\" ts=\"\"><chat>"
                 : "<cmd id=\"cmd:chansrch\" seqid=\"1\"><data><qib "
                   "qtype=\"BYNAME\" extended=\"false\" criteria=\"");
    memset(body + strlen(body), 'x', fill);
    strcat(body,
           post ? "</chat></grpchat></xccos>" : "\"/></data></cmd></xccos>");
}

int main(int argc, char **argv)
{
    struct rlimit files = {100000, 100000};
    struct server server;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
    server = start_server();
    peers = calloc((size_t)options.connections, sizeof(*peers));
    latencies_us = malloc(LATENCIES_MAX * sizeof(*latencies_us));
    make_body();
    open_all(&server, epoll);
    if (strcmp(options.mode, "idle") != 0) {
        measure(&server, epoll);
    }
    close(server.input);
    waitpid(server.pid, NULL, 0);
    return 0;
}
