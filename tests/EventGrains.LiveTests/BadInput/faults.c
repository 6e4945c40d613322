// Stands between a program and the disk: calls on files of one directory fail as the system's own would, while a file says so.
//
//   FAULTS_WITHIN   the directory whose files are meant
//   FAULTS          where the files that say so are:
//     sync            the next sync of a log (*.log) fails with EIO; used once
//     sync-and-lose   the same, and what was written since the last sync is gone, as after a crash
//     read-only       every write, and every opening for writing, fails with EROFS
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 65536
#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static off_t synced[FILES_MAX];

static const char *fault(const char *name, char *path)
{
    const char *place = getenv("FAULTS");
    snprintf(path, 4096, "%s/%s", place ? place : "", name);
    return path;
}

static int says(const char *name) { char path[4096]; return access(fault(name, path), F_OK) == 0; }
static int says_once(const char *name) { char path[4096]; return unlink(fault(name, path)) == 0; }

static int is_meant(const char *path)
{
    const char *within = getenv("FAULTS_WITHIN");
    return within && path && strncmp(path, within, strlen(within)) == 0;
}

static int is_log(const char *path) { size_t n = strlen(path); return n > 4 && strcmp(path + n - 4, ".log") == 0; }

static const char *name_of(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, 4095);
    if (length < 0) return NULL;
    path[length] = 0;
    return path;
}

static int fail(int error) { errno = error; return -1; }
static int is_read_only(int fd) { char path[4096]; return says("read-only") && is_meant(name_of(fd, path)); }

static int sync_with(int (*real)(int), int fd)
{
    char path[4096];
    struct stat status;
    if (fd < 0 || fd >= FILES_MAX || !is_meant(name_of(fd, path))) return real(fd);
    if (says("read-only")) return fail(EROFS);
    if (is_log(path) && says_once("sync")) return fail(EIO);
    if (is_log(path) && says_once("sync-and-lose")) return ftruncate(fd, synced[fd]) == 0 ? fail(EIO) : -1;
    int result = real(fd);
    if (result == 0 && fstat(fd, &status) == 0) synced[fd] = status.st_size;
    return result;
}

int fsync(int fd) { REAL(fsync); return sync_with(real, fd); }
int fdatasync(int fd) { REAL(fdatasync); return sync_with(real, fd); }
ssize_t write(int fd, const void *bytes, size_t count) { REAL(write); return is_read_only(fd) ? fail(EROFS) : real(fd, bytes, count); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { REAL(pwrite); return is_read_only(fd) ? fail(EROFS) : real(fd, bytes, count, at); }
int rename(const char *from, const char *to) { REAL(rename); return is_meant(from) && says("read-only") ? fail(EROFS) : real(from, to); }
int unlink(const char *path) { REAL(unlink); return is_meant(path) && says("read-only") ? fail(EROFS) : real(path); }

int open(const char *path, int flags, ...)
{
    REAL(open);
    mode_t mode = 0;
    if (flags & (O_CREAT | __O_TMPFILE))
    {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (flags & (O_WRONLY | O_RDWR | O_CREAT) && is_meant(path) && says("read-only")) return fail(EROFS);
    int fd = real(path, flags, mode);
    if (fd >= 0 && fd < FILES_MAX) synced[fd] = 0;
    return fd;
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    if (*mode != 'r' && is_meant(path) && says("read-only")) { errno = EROFS; return NULL; }
    return real(path, mode);
}
