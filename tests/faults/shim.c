/* Counts the calls by which a process reaches the file system, and spoils one of them.
 *
 * Preloaded into a Python process, which arms it for itself right before the code under test.
 * Everything it is told, and everything it has seen, is in one shared page range, so that the
 * parent of a killed process still knows how far it came.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum action { NOTHING, FAIL, KILL_BEFORE, KILL_AFTER, FAIL_AFTER, SHORT };

#define NAMED 72
#define ROOM 4096

struct shared {
    int32_t at;       /* the call to spoil, from 1 */
    int32_t action;   /* an enum action */
    int32_t error;    /* the errno of FAIL and FAIL_AFTER */
    int32_t onwards;  /* whether every later call that changes something fails, too */
    int32_t count;    /* the calls so far */
    int32_t spoiled;  /* how many were spoiled */
    struct {
        char kind; /* 'w' can change a file, 'f' without more room, 'r' only reads, 'c' closes or locks */
        char text[NAMED - 1];
    } calls[ROOM];
};

static struct shared *shared;
static pid_t armed;

void shim_arm(struct shared *memory) { shared = memory; armed = getpid(); }
void shim_disarm(void) { armed = 0; }
int shim_size(void) { return sizeof(struct shared); }

static void end(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Count a call; return what to do with it. */
static int enter(char kind, const char *name, const char *path, int descriptor) {
    /* A forked child shares our memory, but it is not what is tested. */
    if (!armed || getpid() != armed) return NOTHING;
    int number = ++shared->count;
    if (number <= ROOM) {
        shared->calls[number - 1].kind = kind;
        char *text = shared->calls[number - 1].text;
        if (path) {
            size_t length = strlen(path), room = NAMED - 2 - strlen(name) - 2;
            snprintf(text, NAMED - 1, "%s %s", name, length > room ? path + length - room : path);
        } else {
            snprintf(text, NAMED - 1, "%s %d", name, descriptor);
        }
    }
    /* A disk that is full or dead does not spoil the terminal or a pipe. */
    int elsewhere = path ? !strncmp(path, "/dev/", 5) : descriptor <= 2;
    int changes = kind == 'w' || (kind == 'f' && shared->error != ENOSPC);
    int later = shared->onwards && number > shared->at && changes && !elsewhere;
    if (number != shared->at && !later) return NOTHING;
    shared->spoiled++;
    if (shared->action == KILL_BEFORE) end();
    return shared->action;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* Carry out a call as `action` says; `bad` is what it returns on failure. */
#define CARRY_OUT(type, bad, action, call) \
    do { \
        if ((action) == FAIL) { errno = shared->error; return bad; } \
        type result = call; \
        if ((action) == KILL_AFTER) end(); \
        if ((action) == FAIL_AFTER && result != (bad)) { errno = shared->error; return bad; } \
        return result; \
    } while (0)

#define BY_PATH(kind, type, name, bad, path, declared, given) \
    type name declared { \
        REAL(name); \
        int action = enter(kind, #name, path, -1); \
        CARRY_OUT(type, bad, action, real given); \
    }
#define BY_DESCRIPTOR(kind, type, name, bad, descriptor, declared, given) \
    type name declared { \
        REAL(name); \
        int action = enter(kind, #name, NULL, descriptor); \
        CARRY_OUT(type, bad, action, real given); \
    }

/* open: for writing counts as a change, since it may create or truncate. */
#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        int action = enter(flags & (O_ACCMODE | O_CREAT | O_TRUNC) ? 'w' : 'r', #name, path, -1); \
        CARRY_OUT(int, -1, action, real(path, flags, mode)); \
    }
#define OPENS_AT(name) \
    int name(int directory, const char *path, int flags, ...) { \
        REAL(name); \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        int action = enter(flags & (O_ACCMODE | O_CREAT | O_TRUNC) ? 'w' : 'r', #name, path, -1); \
        CARRY_OUT(int, -1, action, real(directory, path, flags, mode)); \
    }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)
BY_PATH('w', int, creat, -1, p, (const char *p, mode_t m), (p, m))

#define STATS(name, buffer) BY_PATH('r', int, name, -1, p, (const char *p, struct buffer *b), (p, b))
STATS(stat, stat)
STATS(stat64, stat64)
STATS(lstat, stat)
STATS(lstat64, stat64)
BY_PATH('r', int, fstatat, -1, p, (int d, const char *p, struct stat *b, int f), (d, p, b, f))
BY_PATH('r', int, fstatat64, -1, p, (int d, const char *p, struct stat64 *b, int f), (d, p, b, f))
BY_PATH('r', int, statx, -1, p,
        (int d, const char *p, int f, unsigned m, struct statx *b), (d, p, f, m, b))
BY_DESCRIPTOR('r', int, fstat, -1, d, (int d, struct stat *b), (d, b))
BY_DESCRIPTOR('r', int, fstat64, -1, d, (int d, struct stat64 *b), (d, b))
BY_PATH('r', char *, getcwd, NULL, "", (char *b, size_t n), (b, n))
BY_PATH('r', int, access, -1, p, (const char *p, int m), (p, m))
BY_PATH('r', int, faccessat, -1, p, (int d, const char *p, int m, int f), (d, p, m, f))
BY_PATH('r', ssize_t, readlink, -1, p, (const char *p, char *b, size_t n), (p, b, n))
BY_PATH('r', ssize_t, readlinkat, -1, p, (int d, const char *p, char *b, size_t n), (d, p, b, n))
BY_PATH('r', ssize_t, getxattr, -1, p, (const char *p, const char *k, void *v, size_t n), (p, k, v, n))
BY_PATH('r', ssize_t, lgetxattr, -1, p, (const char *p, const char *k, void *v, size_t n), (p, k, v, n))
BY_DESCRIPTOR('r', ssize_t, fgetxattr, -1, d, (int d, const char *k, void *v, size_t n), (d, k, v, n))
BY_PATH('r', ssize_t, listxattr, -1, p, (const char *p, char *l, size_t n), (p, l, n))
BY_PATH('r', ssize_t, llistxattr, -1, p, (const char *p, char *l, size_t n), (p, l, n))
BY_DESCRIPTOR('r', ssize_t, flistxattr, -1, d, (int d, char *l, size_t n), (d, l, n))
BY_DESCRIPTOR('r', ssize_t, read, -1, d, (int d, void *b, size_t n), (d, b, n))
BY_DESCRIPTOR('r', ssize_t, readv, -1, d, (int d, const struct iovec *v, int n), (d, v, n))
BY_DESCRIPTOR('r', ssize_t, pread, -1, d, (int d, void *b, size_t n, off_t o), (d, b, n, o))
BY_DESCRIPTOR('r', ssize_t, pread64, -1, d, (int d, void *b, size_t n, off64_t o), (d, b, n, o))
BY_DESCRIPTOR('r', off_t, lseek, -1, d, (int d, off_t o, int w), (d, o, w))
BY_DESCRIPTOR('r', off64_t, lseek64, -1, d, (int d, off64_t o, int w), (d, o, w))
BY_PATH('r', DIR *, opendir, NULL, p, (const char *p), (p))
BY_DESCRIPTOR('r', DIR *, fdopendir, NULL, d, (int d), (d))
BY_DESCRIPTOR('r', struct dirent *, readdir, NULL, dirfd(h), (DIR *h), (h))
BY_DESCRIPTOR('r', struct dirent64 *, readdir64, NULL, dirfd(h), (DIR *h), (h))

BY_PATH('f', int, rename, -1, b, (const char *a, const char *b), (a, b))
BY_PATH('f', int, renameat, -1, b, (int x, const char *a, int y, const char *b), (x, a, y, b))
BY_PATH('f', int, renameat2, -1, b,
        (int x, const char *a, int y, const char *b, unsigned f), (x, a, y, b, f))
BY_PATH('w', int, link, -1, b, (const char *a, const char *b), (a, b))
BY_PATH('w', int, linkat, -1, b, (int x, const char *a, int y, const char *b, int f), (x, a, y, b, f))
BY_PATH('w', int, symlink, -1, b, (const char *a, const char *b), (a, b))
BY_PATH('w', int, symlinkat, -1, b, (const char *a, int d, const char *b), (a, d, b))
BY_PATH('f', int, unlink, -1, p, (const char *p), (p))
BY_PATH('f', int, unlinkat, -1, p, (int d, const char *p, int f), (d, p, f))
BY_PATH('f', int, remove, -1, p, (const char *p), (p))
BY_PATH('w', int, mkdir, -1, p, (const char *p, mode_t m), (p, m))
BY_PATH('w', int, mkdirat, -1, p, (int d, const char *p, mode_t m), (d, p, m))
BY_PATH('f', int, rmdir, -1, p, (const char *p), (p))
BY_PATH('w', int, mkfifo, -1, p, (const char *p, mode_t m), (p, m))
BY_PATH('w', int, mknod, -1, p, (const char *p, mode_t m, dev_t d), (p, m, d))
BY_PATH('w', int, chmod, -1, p, (const char *p, mode_t m), (p, m))
BY_DESCRIPTOR('w', int, fchmod, -1, d, (int d, mode_t m), (d, m))
BY_PATH('w', int, fchmodat, -1, p, (int d, const char *p, mode_t m, int f), (d, p, m, f))
BY_PATH('w', int, chown, -1, p, (const char *p, uid_t u, gid_t g), (p, u, g))
BY_PATH('w', int, lchown, -1, p, (const char *p, uid_t u, gid_t g), (p, u, g))
BY_DESCRIPTOR('w', int, fchown, -1, d, (int d, uid_t u, gid_t g), (d, u, g))
BY_PATH('w', int, fchownat, -1, p, (int d, const char *p, uid_t u, gid_t g, int f), (d, p, u, g, f))
BY_PATH('w', int, truncate, -1, p, (const char *p, off_t n), (p, n))
BY_PATH('w', int, truncate64, -1, p, (const char *p, off64_t n), (p, n))
BY_DESCRIPTOR('w', int, ftruncate, -1, d, (int d, off_t n), (d, n))
BY_DESCRIPTOR('w', int, ftruncate64, -1, d, (int d, off64_t n), (d, n))
BY_DESCRIPTOR('w', int, fallocate, -1, d, (int d, int m, off_t o, off_t n), (d, m, o, n))
BY_DESCRIPTOR('w', int, fallocate64, -1, d, (int d, int m, off64_t o, off64_t n), (d, m, o, n))
BY_PATH('w', int, utimensat, -1, p,
        (int d, const char *p, const struct timespec t[2], int f), (d, p, t, f))
BY_DESCRIPTOR('w', int, futimens, -1, d, (int d, const struct timespec t[2]), (d, t))
BY_PATH('w', int, setxattr, -1, p,
        (const char *p, const char *k, const void *v, size_t n, int f), (p, k, v, n, f))
BY_PATH('w', int, lsetxattr, -1, p,
        (const char *p, const char *k, const void *v, size_t n, int f), (p, k, v, n, f))
BY_DESCRIPTOR('w', int, fsetxattr, -1, d,
        (int d, const char *k, const void *v, size_t n, int f), (d, k, v, n, f))
BY_PATH('w', int, removexattr, -1, p, (const char *p, const char *k), (p, k))
BY_PATH('w', int, lremovexattr, -1, p, (const char *p, const char *k), (p, k))
BY_DESCRIPTOR('w', int, fremovexattr, -1, d, (int d, const char *k), (d, k))
BY_DESCRIPTOR('w', int, fsync, -1, d, (int d), (d))
BY_DESCRIPTOR('w', int, fdatasync, -1, d, (int d), (d))
BY_DESCRIPTOR('w', int, syncfs, -1, d, (int d), (d))
BY_DESCRIPTOR('c', int, flock, -1, d, (int d, int o), (d, o))
BY_DESCRIPTOR('c', int, lockf, -1, d, (int d, int c, off_t n), (d, c, n))
BY_DESCRIPTOR('c', int, lockf64, -1, d, (int d, int c, off64_t n), (d, c, n))
BY_DESCRIPTOR('w', ssize_t, copy_file_range, -1, a,
              (int a, off64_t *i, int b, off64_t *o, size_t n, unsigned f), (a, i, b, o, n, f))
BY_DESCRIPTOR('w', ssize_t, sendfile, -1, a, (int a, int b, off_t *o, size_t n), (a, b, o, n))
BY_DESCRIPTOR('w', ssize_t, sendfile64, -1, a, (int a, int b, off64_t *o, size_t n), (a, b, o, n))
BY_DESCRIPTOR('w', ssize_t, writev, -1, d, (int d, const struct iovec *v, int n), (d, v, n))

/* These return their error instead of setting errno. */
#define ALLOCATES(name, offset) \
    int name(int d, offset o, offset n) { \
        REAL(name); \
        int action = enter('w', #name, NULL, d); \
        if (action == FAIL) return shared->error; \
        int result = real(d, o, n); \
        if (action == KILL_AFTER) end(); \
        return action == FAIL_AFTER ? shared->error : result; \
    }
ALLOCATES(posix_fallocate, off_t)
ALLOCATES(posix_fallocate64, off64_t)

/* Writes may be cut short, too. */
#define HALF(n) (action == SHORT && (n) > 1 ? (n) / 2 : (n))
ssize_t write(int d, const void *b, size_t n) {
    REAL(write);
    int action = enter('w', "write", NULL, d);
    CARRY_OUT(ssize_t, -1, action, real(d, b, HALF(n)));
}
ssize_t pwrite(int d, const void *b, size_t n, off_t o) {
    REAL(pwrite);
    int action = enter('w', "pwrite", NULL, d);
    CARRY_OUT(ssize_t, -1, action, real(d, b, HALF(n), o));
}
ssize_t pwrite64(int d, const void *b, size_t n, off64_t o) {
    REAL(pwrite64);
    int action = enter('w', "pwrite64", NULL, d);
    CARRY_OUT(ssize_t, -1, action, real(d, b, HALF(n), o));
}

/* Linux closes the descriptor whatever it reports. */
#define CLOSES(type, name, descriptor) \
    int name(type it) { \
        REAL(name); \
        int action = enter('c', #name, NULL, descriptor); \
        int error = shared ? shared->error : 0, result = real(it); \
        if (action == KILL_AFTER) end(); \
        if (action == FAIL || action == FAIL_AFTER) { errno = error; return -1; } \
        return result; \
    }
CLOSES(int, close, it)
CLOSES(DIR *, closedir, dirfd(it))

/* Locks by fcntl; its other commands take an argument of the same size. */
#define CONTROLS(name) \
    int name(int d, int command, ...) { \
        REAL(name); \
        va_list list; va_start(list, command); void *given = va_arg(list, void *); va_end(list); \
        int action = enter('c', #name, NULL, d); \
        CARRY_OUT(int, -1, action, real(d, command, given)); \
    }
CONTROLS(fcntl)
CONTROLS(fcntl64)
