/* What goes wrong in a run, and how it is put right again. */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include <stddef.h>

struct node;
struct world;

/* One kind of trouble, coming again and again. */
struct striker {
    struct world *world;
    size_t kind;
};

enum { STRIKERS_MAX = 16 };

/** Draw how nodes are set up and how network and disks behave. */
void faults_set_up(struct world *world);

/** Begin to let things go wrong, until world->healed. */
void faults_begin(struct world *world);

/** A node has won an election: it may have drawn attention. */
void faults_hunt(struct world *world, struct node *winner);

/** Put all right: links mended, disks fast, nodes up. */
void faults_heal(struct world *world);

#endif
