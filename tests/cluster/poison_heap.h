/* A heap for libraft that shows what was used after it was freed: freed memory
 * is filled with POISON and never used again, and a second free aborts.
 */
#ifndef TESTS_CLUSTER_POISON_HEAP_H
#define TESTS_CLUSTER_POISON_HEAP_H

enum { POISON = 0xdd };

/** Let libraft use it from now on, in this process. */
void poison_heap_begin(void);

#endif
