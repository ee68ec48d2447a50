/* The built-in adapters: each takes a batch to its sink, durably, and gives
 * the SHA-256 of the sheet it left there.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_SINKS_H
#define OPS_ADAPTER_SINKS_H

#include "ops/adapter/batch.h"
#include "ops/adapter/folder.h"

/** Files of Persistent Chat's XML, or what the cut's transform makes of it. */
enum fault xml_sink(const struct batch *batch, char sheet_out[]);

/** The same through the shipped transform: FileDump. */
enum fault filedump_sink(const struct batch *batch, char sheet_out[]);

/** Files of CSV (RFC 4180). */
enum fault csv_sink(const struct batch *batch, char sheet_out[]);

/** Mail: files, or over SMTP. */
enum fault eml_sink(const struct batch *batch, char sheet_out[]);

/** Files of Relativity's short message format. */
enum fault rsmf_sink(const struct batch *batch, char sheet_out[]);

/** Rows of a PostgreSQL database. */
enum fault postgresql_sink(const struct batch *batch, char sheet_out[]);

#endif
