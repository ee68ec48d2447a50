#include "ops/perchctl/secret.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Unbuffered: what stands behind the line is not ours, and nothing of it stays
 * in a buffer of the library's. */
static bool read_line(int fd, char to[SECRET_BYTES_MAX + 1], const char **why)
{
    size_t len = 0;
    char c;

    while (read(fd, &c, 1) == 1 && c != '\n') {
        if (len == SECRET_BYTES_MAX) {
            *why = "a password has at most 256 bytes";
            return false;
        }
        to[len++] = c;
    }
    if (len > 0 && to[len - 1] == '\r') {
        len--;
    }
    to[len] = '\0';
    *why = "no password was given";
    return len > 0;
}

static bool ask_once(const char *prompt, char to[SECRET_BYTES_MAX + 1],
                     const char **why)
{
    struct termios before, silent;
    bool got;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        *why = "the terminal does not answer";
        return false;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fputs(prompt, stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    got = read_line(STDIN_FILENO, to, why);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return got;
}

static bool ask_twice(char secret_out[SECRET_BYTES_MAX + 1], const char **why)
{
    char again[SECRET_BYTES_MAX + 1];
    bool same;

    if (!ask_once("Password: ", secret_out, why) ||
        !ask_once("Once more: ", again, why)) {
        return false;
    }
    same = strcmp(secret_out, again) == 0;
    secret_wipe(again);
    *why = "the two passwords differ";
    return same;
}

bool secret_read(char secret_out[SECRET_BYTES_MAX + 1], const char **why)
{
    return isatty(STDIN_FILENO) ? ask_twice(secret_out, why)
                                : read_line(STDIN_FILENO, secret_out, why);
}

void secret_wipe(char secret[SECRET_BYTES_MAX + 1])
{
    explicit_bzero(secret, SECRET_BYTES_MAX + 1);
}
