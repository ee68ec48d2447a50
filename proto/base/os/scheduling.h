/* How the kernel chooses between a program's threads.
 *
 * A post passes through some ten threads of three nodes. Were each of them to
 * run the moment it is woken, in place of who woke it, it would find one letter
 * at a time, and most of a post's cost would be changing threads. So a node's
 * threads wait for their turn (SCHED_BATCH), which costs nothing while a
 * processor is free, and find all that has gathered meanwhile.
 */
#ifndef PROTO_BASE_OS_SCHEDULING_H
#define PROTO_BASE_OS_SCHEDULING_H

/** Have the calling thread, and those it starts from now on, wait for their
 * turn. Where the system does not allow it, a journal line says so and all goes
 * on as it was. */
void scheduling_gather(void);

#endif
