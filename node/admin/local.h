/* The administrators' socket in the file system: who may open the file may ask.
 *
 * Thread: main, at start.
 */
#ifndef NODE_ADMIN_LOCAL_H
#define NODE_ADMIN_LOCAL_H

#include "proto/base/error.h"

enum { LOCAL_BACKLOG = 64 };

/**
 * Make the socket and listen. One that no process listens at any more, left by
 * a node that was killed, is replaced.
 *
 * @path        At most as long as sockaddr_un allows.
 * @group       Whose members may use it too (mode 0660); NULL: nobody but the
 *              owner (0600). The file has its mode before anyone can connect.
 * @socket_out  Not blocking, closed on exec; owned by the caller, who removes
 *              the file.
 *
 * Returns TOO_LARGE (the path), EXISTS (another process serves it), NOT_FOUND
 * (no such group or folder) or IO; the journal says why.
 */
enum error local_listen(const char *path, const char *group, int *socket_out);

#endif
