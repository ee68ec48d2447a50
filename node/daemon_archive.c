#include "node/compliance/os/keys.h"
#include "node/compliance/os/witness_http.h"
#include "node/daemon_parts.h"
#include "raft/device.h"

/* A node key that nobody configured lies in the data directory, which the first
 * start makes. */
static enum error make_data_directory(const char *path)
{
    struct device *device;

    TRY(device_open(path, &device));
    device_close(device);
    return ERROR_NONE;
}

enum error daemon_archive_open(struct daemon *daemon,
                               struct backend_settings *settings)
{
    const struct config *config = daemon->config;
    const struct keys_settings keys = {
        .log_key = config->archive_log_key,
        .node_key = config->archive_node_key,
        .data = config->data_dir,
        .pkcs11_module = config->archive_pkcs11_module,
        .pkcs11_pin_file = config->archive_pkcs11_pin_file,
    };

    TRY(make_data_directory(config->data_dir));
    TRY(keys_open(&keys, &daemon->archive_keys));
    TRY(witness_http_open(config->archive_witness_authorities,
                          &daemon->witnesses));
    settings->archive = config->archive_directory;
    settings->signer = keys_signer(daemon->archive_keys);
    settings->witnesses = witness_http_port(daemon->witnesses);
    return ERROR_NONE;
}

void daemon_archive_close(struct daemon *daemon)
{
    witness_http_close(daemon->witnesses);
    keys_close(daemon->archive_keys);
}
