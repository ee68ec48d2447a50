/* What the parts of a copy on disk share.
 *
 *   snapshot_stage.c       begin, step, write, clear
 *   snapshot_stage_load.c  the record, what lies there, open and close
 *
 * Thread: as snapshot_stage.h.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_STAGE_INNER_H
#define RAFT_REPLICA_SNAPSHOT_STAGE_INNER_H

#include "raft/replica/snapshot_stage.h"

/* Records of what the copy is, in the path itself. */
#define STAGE_RECORD_PARTIAL "manifest"
#define STAGE_RECORD_WHOLE   "whole"
#define STAGE_RECORD_NEW     "manifest.new"

enum file_state {
    FILE_LACKS,   /* Bytes from @here on. */
    FILE_UNSURE,  /* All bytes are there; they are to be compared. */
    FILE_IS_WHOLE /* Compared and synced. */
};

struct stage_file {
    enum file_state state;
    uint64_t here;   /* Bytes that are there. */
    unsigned copies; /* Begun by this process. */
};

struct snapshot_stage {
    char path[SNAPSHOT_FILES_PATH_BYTES_MAX];
    char directory[SNAPSHOT_FILES_PATH_BYTES_MAX];
    struct device *top;
    struct device *device; /* The files'. NULL while others may move them. */

    struct snapshot_manifest *manifest; /* NULL: there is no copy. */
    struct buffer bytes;                /* Its encoding. */
    bool whole;
    struct stage_file *files; /* One for each of the manifest's. */
    bool judged;              /* What they say, this process has seen to. */
    uint64_t bad;

    size_t at;                /* The file that is being copied or compared. */
    struct device_file *file; /* Open to be written, or NULL. */
    uint64_t synced;          /* Bytes of it that are. */
    struct snapshot_sum sum;
};

/* A copy that another takes the place of. */
struct stage_past {
    struct snapshot_manifest *manifest; /* NULL: there was none. */
    struct stage_file *files;           /* NULL: nothing is known of them. */
};

/** Close the file that is being written. */
void stage_close_file(struct snapshot_stage *stage);

/** Let go of the files' directory. */
void stage_close_directory(struct snapshot_stage *stage);

/** Open the files' directory unless it is. */
enum error stage_open_directory(struct snapshot_stage *stage);

/** Forget, in memory, what the copy is. */
void stage_forget(struct snapshot_stage *stage);

/** Remove a file, if there is one. */
enum error stage_remove_if_there(struct device *device, const char *name);

/** Make the manifest in stage->bytes durable as what is being copied. */
enum error stage_write_record(struct snapshot_stage *stage);

/** Set up memory for the manifest in stage->bytes. */
enum error stage_take_manifest(struct snapshot_stage *stage);

/** Look how much of each file of the manifest lies there. */
enum error stage_note_lengths(struct snapshot_stage *stage);

#endif
