/* What a node's archive counts, for node/web. */
#ifndef NODE_COMPLIANCE_METERS_H
#define NODE_COMPLIANCE_METERS_H

#include "proto/base/meter.h"

struct compliance_meters {
    struct meter_gauge records;   /* In this node's files, durably. */
    struct meter_gauge behind;    /* Records that are not. */
    struct meter_gauge state;     /* Perch__ArchiveMark__State. */
    struct meter_counter bytes;   /* Written to files. */
    struct meter_counter files;   /* Files written. */
    struct meter_counter errors;  /* Writes that failed. */
    struct meter_counter fetched; /* Records had from other nodes. */
    struct meter_counter refused; /* Parts from other nodes that were wrong. */
    struct meter_counter mended;  /* Files found damaged and written again. */
    struct meter_histogram write_us; /* From a job's begin to all synced. */

    struct meter_gauge diverged;      /* 1: the root here is not the pool's. */
    struct meter_gauge wrong_log_key; /* 1: the key here is not the pool's. */
};

#endif
