#include "node/admin/local.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/base/journal.h"

enum { MODE_OWNER = 0600, MODE_GROUP = 0660 };

static enum error refuse(const char *path, enum error error, const char *why)
{
    journal_error("listen_failed", "socket=%s reason=\"%s\"", path, why);
    return error;
}

static enum error refuse_errno(const char *path)
{
    int saved = errno;
    enum error error = error_from_errno(saved);

    return refuse(path, error == ERROR_NONE ? ERROR_IO : error,
                  strerror(saved));
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Remove a socket that nobody listens at. What is no socket stays, and bind
 * will say so. */
static enum error remove_stale(const struct sockaddr_un *address)
{
    struct stat status;
    bool served;
    int probe;

    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return ERROR_NONE;
    }
    probe = new_socket();
    if (probe < 0) {
        return refuse_errno(address->sun_path);
    }
    served = connect(probe, (const struct sockaddr *)address,
                     sizeof(*address)) == 0 ||
             errno == EAGAIN; /* Its backlog is full. */
    close(probe);
    if (served) {
        return refuse(address->sun_path, ERROR_EXISTS,
                      "another process serves it");
    }
    unlink(address->sun_path);
    return ERROR_NONE;
}

static enum error set_mode(const char *path, const char *group)
{
    struct group *found = group == NULL ? NULL : getgrnam(group);

    if (group != NULL && found == NULL) {
        return refuse(path, ERROR_NOT_FOUND, "there is no such group");
    }
    if (found != NULL && chown(path, (uid_t)-1, found->gr_gid) != 0) {
        return refuse_errno(path);
    }
    if (chmod(path, found == NULL ? MODE_OWNER : MODE_GROUP) != 0) {
        return refuse_errno(path);
    }
    return ERROR_NONE;
}

/* Nobody can connect between bind and listen, so nobody finds the file with
 * the mode that the umask gave it. */
static enum error bind_and_listen(int listener,
                                  const struct sockaddr_un *address,
                                  const char *group)
{
    const char *path = address->sun_path;
    enum error error;

    if (bind(listener, (const struct sockaddr *)address, sizeof(*address)) !=
        0) {
        return refuse_errno(path);
    }
    error = set_mode(path, group);
    if (error == ERROR_NONE && listen(listener, LOCAL_BACKLOG) != 0) {
        error = refuse_errno(path);
    }
    if (error != ERROR_NONE) {
        unlink(path);
    }
    return error;
}

enum error local_listen(const char *path, const char *group, int *socket_out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    enum error error;
    int listener;

    if (strlen(path) >= sizeof(address.sun_path)) {
        return refuse(path, ERROR_TOO_LARGE, "the path is too long");
    }
    strcpy(address.sun_path, path);
    TRY(remove_stale(&address));
    listener = new_socket();
    if (listener < 0) {
        return refuse_errno(path);
    }
    error = bind_and_listen(listener, &address, group);
    if (error != ERROR_NONE) {
        close(listener);
        return error;
    }
    *socket_out = listener;
    return ERROR_NONE;
}
