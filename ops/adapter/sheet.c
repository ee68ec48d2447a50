#include "ops/adapter/sheet.h"

#include <stdlib.h>
#include <string.h>

static json_t *list_files(const struct folder_file *files, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "name",
                                              files[i].name, "bytes",
                                              (json_int_t)files[i].bytes,
                                              "sha256", files[i].sha256));
    }
    if (json_array_size(list) != n) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *make_sheet(const struct batch *batch, const char *member,
                          const struct folder_file *files, size_t n)
{
    const struct cut *cut = &batch->cut;

    return json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:O, s:o, s:s, s:I, "
        "s:s}",
        "sheet", SHEET_VERSION, "pool", cut->pool, "origin", cut->origin,
        "adapter", cut->adapter, "type", cut_type_name(cut->type), "first_csn",
        (json_int_t)cut->first, "last_csn", (json_int_t)cut->last, "records",
        (json_int_t)batch->n, "cut_at_us", (json_int_t)cut->cut_us, "counts",
        batch->counts, member, list_files(files, n), "previous_sheet",
        cut->previous_sheet, "tree_size", (json_int_t)cut->tree_size, "root",
        cut->root);
}

enum fault sheet_write(const struct batch *batch, const char *member,
                       const struct folder_file *files, size_t n,
                       struct buffer *text)
{
    json_t *sheet = make_sheet(batch, member, files, n);
    char *dump = json_dumps(sheet, JSON_SORT_KEYS | JSON_INDENT(1));

    json_decref(sheet);
    if (dump == NULL) {
        return fault_memory();
    }
    buffer_append_text(text, dump);
    buffer_append_text(text, "\n");
    free(dump);
    return buffer_failed(text) ? fault_memory() : FAULT_NONE;
}

static enum fault write_file(const struct batch *batch, struct folder *folder,
                             struct buffer *text)
{
    size_t n;
    const struct folder_file *files = folder_files(folder, &n);

    TAKE(sheet_write(batch, SHEET_FILES, files, n, text));
    TAKE(folder_begin(folder, ".sheet.json"));
    TAKE(folder_write(folder, text));
    return folder_end(folder);
}

enum fault sheet_finish(const struct batch *batch, struct folder *folder,
                        char sha256_out[FOLDER_SHA256_TEXT_BYTES + 1])
{
    struct buffer text = BUFFER_EMPTY;
    enum fault fault = write_file(batch, folder, &text);
    const struct folder_file *files;
    size_t n;

    buffer_deinit(&text);
    TAKE(fault);
    files = folder_files(folder, &n);
    memcpy(sha256_out, files[n - 1].sha256, FOLDER_SHA256_TEXT_BYTES + 1);
    return folder_publish(folder);
}
