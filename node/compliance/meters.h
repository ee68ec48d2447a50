/* What a node's archive counts, for node/web. */
#ifndef NODE_COMPLIANCE_METERS_H
#define NODE_COMPLIANCE_METERS_H

#include "proto/base/meter.h"

/* What this node's exporter counts. */
struct exporting_meters {
    struct meter_gauge running;    /* Programs, now. */
    struct meter_counter runs;     /* Begun. */
    struct meter_counter cuts;     /* Acknowledged. */
    struct meter_counter records;  /* In those. */
    struct meter_counter failures; /* Runs that failed, also those killed. */
    struct meter_counter lies;     /* Of those, with a wrong acknowledgement. */
};

/* The pool's archive as its rules see it here, once a second. */
struct watch_meters {
    struct meter_gauge mode;             /* Perch__ArchiveMode. */
    struct meter_gauge records;          /* Of the tree. */
    struct meter_gauge published;        /* Of the published checkpoint. */
    struct meter_gauge checkpoint_age_s; /* -1: none. */
    struct meter_gauge witness_age_s;    /* Of the oldest word; -1: none. */
    struct meter_gauge halted;           /* 1: a witness has seen more. */
    struct meter_gauge refusing;         /* 1: posts are refused. */
    struct meter_gauge nodes_diverged, nodes_failing;
    struct meter_gauge adapters;   /* That are not disabled. */
    struct meter_gauge no_adapter; /* 1: it is on and there is none such. */
    struct meter_gauge adapters_failing, adapters_late;
    struct meter_gauge adapter_lag;   /* Records; of the one furthest behind. */
    struct meter_gauge adapter_lag_s; /* Likewise. */
};

struct compliance_meters {
    struct exporting_meters exporting;
    struct watch_meters watch;
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
    struct meter_counter forged; /* Signatures in the state that are wrong. */
    struct meter_gauge checkpoint_size;     /* Of the newest in files. */
    struct meter_gauge checkpoint_s;        /* When it was begun. */
    struct meter_gauge cosigners;           /* Nodes whose words it has. */
    struct meter_gauge checkpoint_unsigned; /* 1: no node has the log's key. */
    struct meter_gauge witness_behind_s;    /* Of the one furthest behind. */
    struct meter_counter canaries;          /* Proved to be in the archive. */
    struct meter_gauge canary_s;            /* When the last was. */
    struct meter_gauge canary_failed;    /* 1: the last one cannot be proved. */
    struct meter_counter witness_errors; /* Talks that failed. */
};

#endif
