#include "proto/tlog/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void secret_wipe(uint8_t key[NOTE_KEY_BYTES])
{
    OPENSSL_cleanse(key, NOTE_KEY_BYTES);
}

/* Nobody is there to be asked for a password. */
static int no_password(char *to, int bytes_max, int writing, void *context)
{
    (void)to, (void)bytes_max, (void)writing, (void)context;
    return -1;
}

static enum error key_of_pem(const char *pem, size_t len,
                             uint8_t key_out[NOTE_KEY_BYTES])
{
    BIO *from = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key =
        from == NULL ? NULL
                     : PEM_read_bio_PrivateKey(from, NULL, no_password, NULL);
    size_t bytes = NOTE_KEY_BYTES;
    bool is = key != NULL && EVP_PKEY_is_a(key, "ED25519") &&
              EVP_PKEY_get_raw_private_key(key, key_out, &bytes) == 1 &&
              bytes == NOTE_KEY_BYTES;

    EVP_PKEY_free(key);
    BIO_free(from);
    return is ? ERROR_NONE : ERROR_MALFORMED;
}

/* The whole file, of which one byte more than allowed is too much. */
static enum error read_pem(int fd, char pem[SECRET_FILE_BYTES_MAX + 1],
                           size_t *len_out)
{
    size_t len = 0;

    for (;;) {
        ssize_t got = read(fd, pem + len, SECRET_FILE_BYTES_MAX + 1 - len);

        if (got < 0 && errno != EINTR) {
            return error_from_errno(errno);
        }
        if (got == 0) {
            *len_out = len;
            return ERROR_NONE;
        }
        len += got > 0 ? (size_t)got : 0;
        if (len > SECRET_FILE_BYTES_MAX) {
            return ERROR_TOO_LARGE;
        }
    }
}

enum error secret_read(const char *path, uint8_t key_out[NOTE_KEY_BYTES])
{
    char pem[SECRET_FILE_BYTES_MAX + 1];
    enum error error = ERROR_NONE;
    struct stat status;
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        return error_from_errno(errno);
    }
    if (fstat(fd, &status) != 0) {
        error = error_from_errno(errno);
    } else if (status.st_mode & (S_IROTH | S_IWOTH)) {
        error = ERROR_REFUSED;
    } else {
        error = read_pem(fd, pem, &len);
    }
    if (error == ERROR_NONE) {
        error = key_of_pem(pem, len, key_out);
    }
    OPENSSL_cleanse(pem, sizeof(pem));
    close(fd);
    return error;
}

/* The file's name must be as durable as its bytes. */
static enum error sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    int fd;
    enum error error;

    if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy)) {
        return ERROR_TOO_LARGE;
    }
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return error_from_errno(errno);
    }
    error = fsync(fd) == 0 ? ERROR_NONE : error_from_errno(errno);
    close(fd);
    return error;
}

static enum error write_pem(FILE *file, const uint8_t key[NOTE_KEY_BYTES])
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key,
                                                  NOTE_KEY_BYTES);
    enum error error = ERROR_NONE;

    errno = ENOMEM;
    if (pkey == NULL ||
        PEM_write_PKCS8PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
        fflush(file) != 0 || fsync(fileno(file)) != 0) {
        error = error_from_errno(errno);
    }
    EVP_PKEY_free(pkey);
    return error;
}

/* A half-written key is worse than none: it goes again. */
static enum error write_file(const char *path,
                             const uint8_t key[NOTE_KEY_BYTES])
{
    enum error error;
    FILE *file;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return error_from_errno(errno);
    }
    file = fdopen(fd, "w");
    if (file == NULL) {
        close(fd);
        error = ERROR_NO_MEMORY;
    } else {
        error = write_pem(file, key);
        (void)fclose(file);
    }
    if (error != ERROR_NONE) {
        (void)unlink(path);
    }
    return error;
}

/* A crash may leave the temporary file, never half a key under the name. */
enum error secret_make(const char *path, uint8_t key_out[NOTE_KEY_BYTES])
{
    char made[PATH_MAX];
    enum error error;

    if ((size_t)snprintf(made, sizeof(made), "%s.new", path) >= sizeof(made)) {
        return ERROR_TOO_LARGE;
    }
    if (access(path, F_OK) == 0) {
        return ERROR_EXISTS;
    }
    if (RAND_priv_bytes(key_out, NOTE_KEY_BYTES) != 1) {
        return ERROR_IO;
    }
    (void)unlink(made);
    error = write_file(made, key_out);
    if (error == ERROR_NONE && link(made, path) != 0) {
        error = error_from_errno(errno);
    }
    (void)unlink(made);
    if (error == ERROR_NONE) {
        error = sync_folder_of(path);
    }
    if (error != ERROR_NONE) {
        secret_wipe(key_out);
    }
    return error;
}
