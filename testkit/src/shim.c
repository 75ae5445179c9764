/* Stands between a program and the C library (LD_PRELOAD): keeps a log of all that the program does to the files
 * below a folder, and lets one of those calls fail.
 *
 *   GRIDLOOM_SHIM_BELOW=FOLDER              an absolute path without links; what is elsewhere passes unseen
 *   GRIDLOOM_SHIM_RECORD=FILE               the log: a struct entry, then path, second path, data of each call
 *   GRIDLOOM_SHIM_FAIL=CALL:N:FAULT[:sticky]  lets the Nth such call fail, counted from 1; with "sticky" all later ones too
 *   GRIDLOOM_SHIM_ONLY=WORD                 counts and fails only calls on paths that have this word in them
 *   GRIDLOOM_SHIM_LOCKS=NUMBER              locks of files fail with this errno, wherever the files are
 *   GRIDLOOM_SHIM_SLOW=FILE                 the first to open this file waits until the pipe GRIDLOOM_SHIM_GATE was opened and closed
 *   GRIDLOOM_SHIM_CLOCK=FACTOR              lets time pass so many times faster: what comes every few seconds comes often
 *
 * CALL is a name of `calls`; "space" for what takes room on the disk, or "any". FAULT is an errno's name; "short", which
 * writes one half; "full", which writes one half and has no space from then on; "kill", which ends the process instead
 * of the call; "term", which sends SIGTERM instead of the call and waits to be ended; or "stop", which sends it, gives it
 * time to be noticed, and goes on.
 *
 * A lock is held around each call and its entry, so that the order of entries is the order of effects. Syncs are logged,
 * but not done: nothing here depends on them. Calls that the log cannot show are refused. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call {
    OPEN, WRITE, PWRITE, FTRUNCATE, FALLOCATE, PUNCH, FSYNC, FDATASYNC, RENAME, LINK, UNLINK, MKDIR, RMDIR, CLOSE, CALLS
};
static const char *const calls[] = {
    "open", "write", "pwrite", "ftruncate", "fallocate", "punch", "fsync", "fdatasync", "rename", "link", "unlink",
    "mkdir", "rmdir", "close"
};

enum flag { CREATED = 1, TRUNCATED = 2, FOLDER = 4, FAULT = 8 };

struct entry {
    uint32_t call, flags;
    int32_t error;
    uint32_t path_length, other_length, data_length;
    uint64_t file, offset, length, modified;
};

static const struct { const char *name; int number; } errors[] = {
    {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS}, {"EACCES", EACCES}, {"EINTR", EINTR},
    {"EOPNOTSUPP", EOPNOTSUPP}
};

enum { NO_FAULT = 0, SHORT = -1, FULL = -2, KILL = -3, TERM = -4, STOP = -5 };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char below[PATH_MAX];
static char only[256];
static int record = -1;
static int no_locks;
static struct { char call[16]; long at; int fault, sticky; long seen; } fail;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

static void die(const char *why)
{
    fprintf(stderr, "shim: %s\n", why);
    abort();
}

static void read_fault(const char *text)
{
    char fault[16] = "", sticky[16] = "";
    if (sscanf(text, "%15[^:]:%ld:%15[^:]:%15s", fail.call, &fail.at, fault, sticky) < 3) die("GRIDLOOM_SHIM_FAIL");
    fail.sticky = strcmp(sticky, "sticky") == 0;
    if (strcmp(fault, "short") == 0) fail.fault = SHORT;
    if (strcmp(fault, "full") == 0) fail.fault = FULL;
    if (strcmp(fault, "kill") == 0) fail.fault = KILL;
    if (strcmp(fault, "term") == 0) fail.fault = TERM;
    if (strcmp(fault, "stop") == 0) fail.fault = STOP;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(fault, errors[i].name) == 0) fail.fault = errors[i].number;
    if (fail.fault == NO_FAULT) die("GRIDLOOM_SHIM_FAIL names no fault");
}

/* How many times faster time passes, and since when, in nanoseconds. */
static int64_t factor = 1, beginning;

static int64_t nanoseconds(const struct timespec *time)
{
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

static struct timespec time_of(int64_t nanoseconds)
{
    return (struct timespec){nanoseconds / 1000000000, nanoseconds % 1000000000};
}

static void start_clock(long times)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    beginning = nanoseconds(&now);
    factor = times;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    REAL(clock_gettime);
    int result = real(clock, time);
    if (factor > 1 && clock == CLOCK_MONOTONIC && result == 0)
        *time = time_of(beginning + (nanoseconds(time) - beginning) * factor);
    return result;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    REAL(nanosleep);
    struct timespec shorter = time_of(nanoseconds(time) / factor);
    return real(&shorter, left);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    REAL(clock_nanosleep);
    struct timespec shorter = time_of(nanoseconds(time) / (flags & TIMER_ABSTIME ? 1 : factor));
    return real(clock, flags, &shorter, left);
}

/* Rust waits for things with a limit in time by this call of the system. */
long syscall(long number, ...)
{
    REAL(syscall);
    va_list rest;
    va_start(rest, number);
    long a[6];
    for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
    va_end(rest);
    struct timespec earlier;
    if (number == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET && a[3] && factor > 1) {
        earlier = time_of(beginning + (nanoseconds((struct timespec *)a[3]) - beginning) / factor);
        a[3] = (long)&earlier;
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}


__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("GRIDLOOM_SHIM_CLOCK");
    if (text) start_clock(atol(text));
    if ((text = getenv("GRIDLOOM_SHIM_LOCKS"))) no_locks = atoi(text);
    if (!(text = getenv("GRIDLOOM_SHIM_BELOW"))) return;
    snprintf(below, sizeof below, "%s", text);
    if ((text = getenv("GRIDLOOM_SHIM_ONLY"))) snprintf(only, sizeof only, "%s", text);
    if ((text = getenv("GRIDLOOM_SHIM_FAIL"))) read_fault(text);
    if ((text = getenv("GRIDLOOM_SHIM_RECORD"))) {
        REAL(open);
        record = real(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (record < 0) die("GRIDLOOM_SHIM_RECORD");
    }
}

/* The part of a path below the folder, or NULL. */
static const char *inside(const char *path)
{
    size_t length = strlen(below);
    if (length == 0 || strncmp(path, below, length) != 0) return NULL;
    if (path[length] == '/') return path + length + 1;
    return path[length] == 0 ? path + length : NULL;
}

static const char *path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int error = errno;
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    errno = error;
    if (length < 0) return NULL;
    path[length] = 0;
    return inside(path);
}

static const char *path_at(int folder, const char *name, char path[PATH_MAX])
{
    char base[PATH_MAX] = "";
    if (!name || below[0] == 0) return NULL;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        if (folder != AT_FDCWD) path_of(folder, base);
        else if (!getcwd(base, sizeof base)) return NULL;
        if ((size_t)snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return NULL;
    }
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--) path[length - 1] = 0;
    return inside(path);
}

static uint64_t number_of(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 ? stat.st_ino : 0;
}

static int is_folder(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode);
}

static uint64_t modified(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 ? (uint64_t)nanoseconds(&stat.st_mtim) : 0;
}

static void keep(struct entry entry, const char *path, const char *other, const void *data)
{
    if (record < 0) return;
    REAL(writev);
    int error = errno;
    entry.path_length = strlen(path);
    entry.other_length = strlen(other);
    struct iovec parts[] = {
        {&entry, sizeof entry},
        {(void *)path, entry.path_length},
        {(void *)other, entry.other_length},
        {(void *)data, entry.data_length},
    };
    ssize_t length = sizeof entry + entry.path_length + entry.other_length + entry.data_length;
    if (real(record, parts, 4) != length) die("the log cannot be written");
    errno = error;
}

static int is_meant(enum call call, const char *path, const char *other)
{
    if (only[0] && !strstr(path, only) && !strstr(other, only)) return 0;
    if (strcmp(fail.call, "any") == 0) return 1;
    if (strcmp(fail.call, "space") == 0) return call == WRITE || call == PWRITE || call == FALLOCATE;
    return strcmp(fail.call, calls[call]) == 0;
}

/* What shall happen to a call: nothing, SHORT, or an errno, which is logged here. The lock is held. */
static int fault_of(enum call call, const char *path, const char *other, size_t length)
{
    if (fail.fault == NO_FAULT || !is_meant(call, path, other)) return NO_FAULT;
    fail.seen++;
    if (fail.seen < fail.at || (fail.seen > fail.at && !fail.sticky)) return NO_FAULT;
    if (fail.fault == KILL) kill(getpid(), SIGKILL);
    if (fail.fault == STOP) {
        fail.fault = NO_FAULT;
        kill(getpid(), SIGTERM);
        usleep(300000);
        return NO_FAULT;
    }
    if (fail.fault == TERM) {
        fail.fault = NO_FAULT;
        /* What the signal leads to may use files. */
        pthread_mutex_unlock(&turn);
        kill(getpid(), SIGTERM);
        sleep(60);
        die("it does not end");
    }
    if (fail.fault == SHORT || fail.fault == FULL) {
        if (fail.fault == FULL) {
            fail.fault = ENOSPC;
            fail.sticky = 1;
        }
        if (length >= 2) return SHORT;
        if (fail.fault == SHORT) return NO_FAULT;
    }
    keep((struct entry){.call = call, .flags = FAULT, .error = fail.fault}, path, other, NULL);
    return errno = fail.fault;
}

static void pass_gate(void)
{
    REAL(openat);
    int gate, error = errno;
    while ((gate = real(AT_FDCWD, getenv("GRIDLOOM_SHIM_GATE"), O_RDONLY)) < 0 && errno == EINTR) {}
    if (gate < 0) die("GRIDLOOM_SHIM_GATE");
    char byte;
    ssize_t length;
    while ((length = read(gate, &byte, 1)) > 0 || (length < 0 && errno == EINTR)) {}
    close(gate);
    errno = error;
}

/* Lets a file be slow, as on a file server that does not answer. */
static void wait_at_gate(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const char *slow = getenv("GRIDLOOM_SHIM_SLOW");
    if (slow && name && strcmp(name, slow) == 0) pthread_once(&once, pass_gate);
}

static int open_at(int folder, const char *name, int flags, mode_t mode)
{
    REAL(openat);
    wait_at_gate(name);
    char buffer[PATH_MAX];
    const char *path = path_at(folder, name, buffer);
    int writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    if (!path || !writes) return real(folder, name, flags, mode);
    pthread_mutex_lock(&turn);
    struct stat stat;
    int is_there = fstatat(folder, name, &stat, 0) == 0, fd = -1;
    /* One that fails anyway, as of a program that only looks whether there is a file, is not counted. */
    if (!(is_there || flags & O_CREAT) || !fault_of(OPEN, path, "", 0)) {
        fd = real(folder, name, flags, mode);
        if (fd >= 0) {
            struct entry entry = {.call = OPEN, .file = number_of(fd)};
            if (!is_there) entry.flags = CREATED;
            else if (flags & O_TRUNC && stat.st_size > 0) entry.flags = TRUNCATED;
            keep(entry, path, "", NULL);
        }
    }
    pthread_mutex_unlock(&turn);
    return fd;
}

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *name, int flags, ...) { MODE return open_at(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE return open_at(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE return open_at(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE return open_at(folder, name, flags, mode); }
int creat(const char *name, mode_t mode) { return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* A write at `offset`, or at the file's own position where that is negative. */
static ssize_t put(enum call call, int fd, const void *data, size_t length, off_t offset)
{
    static __typeof__(write) *real_write;
    static __typeof__(pwrite) *real_pwrite;
    if (!real_write) *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    if (!real_pwrite) *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    char buffer[PATH_MAX];
    const char *path = below[0] ? path_of(fd, buffer) : NULL;
    if (!path) return offset < 0 ? real_write(fd, data, length) : real_pwrite(fd, data, length, offset);
    pthread_mutex_lock(&turn);
    ssize_t done = -1;
    int fault = fault_of(call, path, "", length);
    if (fault <= 0) {
        struct entry entry = {.call = call, .file = number_of(fd)};
        if (fault == SHORT) {
            length /= 2;
            entry.flags = FAULT;
        }
        done = offset < 0 ? real_write(fd, data, length) : real_pwrite(fd, data, length, offset);
        if (done >= 0) {
            /* A file that is open for appending takes its writes at its end, whatever their offset. */
            if (offset < 0) entry.offset = lseek(fd, 0, SEEK_CUR) - done;
            else if (fcntl(fd, F_GETFL) & O_APPEND) entry.offset = lseek(fd, 0, SEEK_END) - done;
            else entry.offset = offset;
            entry.data_length = done;
            keep(entry, path, "", data);
        }
    }
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return put(WRITE, fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return put(PWRITE, fd, data, length, at); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) { return put(PWRITE, fd, data, length, at); }

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev);
    char buffer[PATH_MAX];
    if (!below[0] || !path_of(fd, buffer)) return real(fd, parts, count);
    size_t length = 0, at = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    char *data = malloc(length + 1);
    if (!data) die("no memory");
    for (int i = 0; i < count; at += parts[i++].iov_len) memcpy(data + at, parts[i].iov_base, parts[i].iov_len);
    ssize_t done = put(WRITE, fd, data, length, -1);
    free(data);
    return done;
}

/* A call on an open file that returns 0 or -1: `act` is the real one. `offset` and `length` go into the log. */
#define ON_FILE(call_, fd, offset_, length_, act) \
    char buffer[PATH_MAX]; \
    const char *path = below[0] ? path_of(fd, buffer) : NULL; \
    if (!path) return act; \
    pthread_mutex_lock(&turn); \
    int result = -1; \
    if (!fault_of(call_, path, "", 0)) { \
        struct entry entry = {.call = call_, .file = number_of(fd), .offset = offset_, .length = length_}; \
        if (is_folder(fd)) entry.flags = FOLDER; \
        if (is_sync(call_)) entry.modified = modified(fd); \
        result = is_sync(call_) ? 0 : act; \
        if (result == 0) keep(entry, path, "", NULL); \
    } \
    pthread_mutex_unlock(&turn); \
    return result

static int is_sync(enum call call)
{
    return call == FSYNC || call == FDATASYNC;
}

int ftruncate(int fd, off_t length) { REAL(ftruncate); ON_FILE(FTRUNCATE, fd, length, 0, real(fd, length)); }
int ftruncate64(int fd, off_t length) { REAL(ftruncate); ON_FILE(FTRUNCATE, fd, length, 0, real(fd, length)); }
int fsync(int fd) { REAL(fsync); ON_FILE(FSYNC, fd, 0, 0, real(fd)); }
int fdatasync(int fd) { REAL(fdatasync); ON_FILE(FDATASYNC, fd, 0, 0, real(fd)); }

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    REAL(fallocate);
    if (mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) {
        ON_FILE(PUNCH, fd, offset, length, real(fd, mode, offset, length));
    }
    ON_FILE(FALLOCATE, fd, offset + length, 0, mode == 0 ? real(fd, mode, offset, length) : (errno = EOPNOTSUPP, -1));
}
int fallocate64(int fd, int mode, off_t offset, off_t length) { return fallocate(fd, mode, offset, length); }

/* Unlike all others this one returns the error. */
int posix_fallocate(int fd, off_t offset, off_t length)
{
    int error = errno, result = fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
    errno = error;
    return result;
}
int posix_fallocate64(int fd, off_t offset, off_t length) { return posix_fallocate(fd, offset, length); }

/* An error of close tells of writes that failed, as on a network's disk; the file is closed all the same. */
int close(int fd)
{
    REAL(close);
    char buffer[PATH_MAX];
    const char *path = below[0] ? path_of(fd, buffer) : NULL;
    if (!path || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) return real(fd);
    pthread_mutex_lock(&turn);
    int fault = fault_of(CLOSE, path, "", 0);
    struct entry entry = {.call = CLOSE, .file = number_of(fd)};
    int result = real(fd);
    if (fault) {
        errno = fault;
        result = -1;
    } else if (result == 0) {
        keep(entry, path, "", NULL);
    }
    pthread_mutex_unlock(&turn);
    return result;
}

/* Locks, of both kinds. */

int flock(int fd, int operation)
{
    REAL(flock);
    if (no_locks && operation != LOCK_UN) return errno = no_locks, -1;
    return real(fd, operation);
}

static int control(int fd, int command, void *argument)
{
    static int (*real)(int, int, ...);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fcntl64");
    switch (command) {
    case F_SETLK: case F_SETLKW: case F_GETLK: case F_OFD_SETLK: case F_OFD_SETLKW: case F_OFD_GETLK:
        if (no_locks) return errno = no_locks, -1;
    }
    return real(fd, command, argument);
}

#define ARGUMENT \
    va_list rest; \
    va_start(rest, command); \
    void *argument = va_arg(rest, void *); \
    va_end(rest)

int fcntl(int fd, int command, ...) { ARGUMENT; return control(fd, command, argument); }
int fcntl64(int fd, int command, ...) { ARGUMENT; return control(fd, command, argument); }

/* A call on names. */
#define ON_NAMES(call_, path, other, act) \
    pthread_mutex_lock(&turn); \
    int result = -1; \
    if (!fault_of(call_, path, other, 0)) { \
        result = act; \
        if (result == 0) keep((struct entry){.call = call_}, path, other, NULL); \
    } \
    pthread_mutex_unlock(&turn); \
    return result

static int rename_at(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    REAL(renameat2);
    char buffers[2][PATH_MAX];
    const char *path = path_at(from_folder, from, buffers[0]), *other = path_at(to_folder, to, buffers[1]);
    if (!path != !other) die("a rename across the border of the folder");
    if (!path) return real(from_folder, from, to_folder, to, flags);
    if (flags & ~RENAME_NOREPLACE) return errno = EINVAL, -1;
    ON_NAMES(RENAME, path, other, real(from_folder, from, to_folder, to, flags));
}

int rename(const char *from, const char *to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return rename_at(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return rename_at(a, from, b, to, flags); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    REAL(linkat);
    char buffers[2][PATH_MAX];
    const char *path = path_at(from_folder, from, buffers[0]), *other = path_at(to_folder, to, buffers[1]);
    if (!path != !other) die("a link across the border of the folder");
    if (!path) return real(from_folder, from, to_folder, to, flags);
    ON_NAMES(LINK, path, other, real(from_folder, from, to_folder, to, flags));
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *name, int flags)
{
    REAL(unlinkat);
    char buffer[PATH_MAX];
    const char *path = path_at(folder, name, buffer);
    if (!path) return real(folder, name, flags);
    ON_NAMES(flags & AT_REMOVEDIR ? RMDIR : UNLINK, path, "", real(folder, name, flags));
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int remove(const char *name)
{
    struct stat stat;
    return unlinkat(AT_FDCWD, name, lstat(name, &stat) == 0 && S_ISDIR(stat.st_mode) ? AT_REMOVEDIR : 0);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    REAL(mkdirat);
    char buffer[PATH_MAX];
    const char *path = path_at(folder, name, buffer);
    if (!path) return real(folder, name, mode);
    ON_NAMES(MKDIR, path, "", real(folder, name, mode));
}

int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

/* Callers fall back to writes, which the log can show. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags)
{
    REAL(copy_file_range);
    char buffer[PATH_MAX];
    if (below[0] && path_of(out, buffer)) return errno = EOPNOTSUPP, -1;
    return real(in, from, out, to, length, flags);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    REAL(mmap);
    char buffer[PATH_MAX];
    if (flags & MAP_SHARED && protection & PROT_WRITE && fd >= 0 && below[0] && path_of(fd, buffer))
        die("a file is written through memory");
    return real(address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    return mmap(address, length, protection, flags, fd, offset);
}
