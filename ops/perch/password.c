#include "ops/perch/password.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Read byte by byte, so that standard input keeps what follows the line, and
 * no other buffer keeps the password. */
static bool read_line(int fd, struct password *password)
{
    size_t len = 0;
    ssize_t got;
    char byte;

    while ((got = read(fd, &byte, 1)) == 1 && byte != '\n') {
        if (byte == '\0' || len == CLIENT_PASSWORD_BYTES_MAX) {
            errno = EINVAL;
            return false;
        }
        password->text[len++] = byte;
    }
    if (len > 0 && password->text[len - 1] == '\r') {
        len--;
    }
    password->text[len] = '\0';
    password->is_known = got >= 0 && len > 0;
    if (got >= 0 && len == 0) {
        errno = ENODATA;
    }
    return password->is_known;
}

static bool read_file(struct password *password, const char *name)
{
    bool is_input = strcmp(name, "-") == 0;
    FILE *file = is_input ? NULL : fopen(name, "re");
    bool is_read = (is_input || file != NULL) &&
                   read_line(is_input ? STDIN_FILENO : fileno(file), password);

    if (!is_read) {
        fprintf(stderr, "perch: no password in %s: %s\n", name,
                errno == EINVAL    ? "its first line is too long or binary"
                : errno == ENODATA ? "its first line is empty"
                                   : strerror(errno));
    }
    if (file != NULL) {
        fclose(file);
    }
    return is_read;
}

bool password_find(struct password *password, const char *file)
{
    const char *given = getenv("PERCH_PASSWORD");

    if (file == NULL) {
        file = getenv("PERCH_PASSWORD_FILE");
    }
    if (file != NULL && file[0] != '\0') {
        return read_file(password, file);
    }
    if (given == NULL || given[0] == '\0') {
        return true;
    }
    if (strlen(given) > CLIENT_PASSWORD_BYTES_MAX) {
        fputs("perch: PERCH_PASSWORD is too long\n", stderr);
        return false;
    }
    strcpy(password->text, given);
    password->is_known = true;
    return true;
}

bool password_ask(struct password *password, const char *user)
{
    FILE *terminal = fopen("/dev/tty", "r+e");
    struct termios before, silent;

    if (terminal == NULL) {
        return false;
    }
    if (tcgetattr(fileno(terminal), &before) == 0) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(terminal, "Password of %s: ", user);
        fflush(terminal);
        tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
        read_line(fileno(terminal), password);
        tcsetattr(fileno(terminal), TCSAFLUSH, &before);
        fputs("\n", terminal);
    }
    fclose(terminal);
    return password->is_known;
}

void password_wipe(struct password *password)
{
    explicit_bzero(password, sizeof(*password));
}
