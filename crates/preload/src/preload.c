/* A library that a program loads first (LD_PRELOAD). It can change what the program believes of its machine: the number of
 * cores and the alignment of its heap. Compiled with ROUNDING, it also changes the last bit of what libm returns. Without the
 * variable CONCORD_PRELOAD it changes nothing: each function passes its arguments on.
 *
 *     CONCORD_PRELOAD=cores=8,heap=16,rounding=7,report=/path
 *
 * src/lib.rs says what each entry does. `report` stands last, because a path may contain a comma.
 *
 * The library must load under any C library, old or new, glibc or musl. So it is linked with none (-nostdlib), includes no
 * header of one, and uses few of its functions. Each of them is weak and without a version: where a C library lacks one,
 * its address is null. Files and CPU sets go through system calls. Nothing here uses stdio, and nothing changes errno,
 * except where a function of the C library would.
 *
 * What it cannot reach: static programs, programs of Go (which have no C library), calls of libm that a compiler replaced
 * by instructions, vector functions (libmvec, SVML), functions that a library links into itself, and the files
 * /proc/cpuinfo and /sys/devices/system/cpu. */
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define WEAK __attribute__((weak))

/* ---- what a C library may have */

extern char **environ WEAK;
extern int *__errno_location(void) WEAK;
extern void *malloc(size_t) WEAK;
extern void free(void *) WEAK;
extern void *dlopen(const char *, int) WEAK;
extern void *dlsym(void *, const char *) WEAK;
/* glibc before 2.34 has dlsym in libdl, which a program need not load. It has these two in libc. */
extern void *__libc_dlopen_mode(const char *, int) WEAK;
extern void *__libc_dlsym(void *, const char *) WEAK;
/* The same as sysconf, in glibc. */
extern long __sysconf(int) WEAK;

#define EINVAL 22
#define ENOSYS 38
#define RTLD_NEXT ((void *)-1L)
#define RTLD_NOW 2
#define RTLD_DLOPEN 0x80000000
#define SC_NPROCESSORS_CONF 83
#define SC_NPROCESSORS_ONLN 84

/* ---- system calls */

#if defined(__x86_64__)
enum { OPENAT = 257, WRITE = 1, CLOSE = 3, EXIT_GROUP = 231, SCHED_SETAFFINITY = 203, SCHED_GETAFFINITY = 204 };

static long call(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return number;
}
#elif defined(__aarch64__)
enum { OPENAT = 56, WRITE = 64, CLOSE = 57, EXIT_GROUP = 94, SCHED_SETAFFINITY = 122, SCHED_GETAFFINITY = 123 };

static long call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
#else
#error "build.rs builds this for x86-64 and 64-bit ARM only"
#endif

#define AT_FDCWD (-100)
#define O_WRONLY 01
#define O_APPEND 02000
#define O_CLOEXEC 02000000

/* ---- what the variable asks for */

#define CORES_MAX 1024
#define HEAP_SHIFT_BYTES_MAX 4096
#define SEED_MAX 4294967295
#define PATH_BYTES_MAX 4096

static struct {
    int read, wrong;
    /* 0 if not asked for. */
    uint64_t cores;
    int heap, rounding;
    uint64_t heap_shift_bytes, seed;
    /* A copy, because a program may write over its environment. Empty if there is no file. */
    char report[PATH_BYTES_MAX];
} wanted;

static char reported[128];

/* Appends one byte to the file, once in this process. Two threads may both append it, which means the same. */
static void report(char what) {
    if (!wanted.report[0] || __atomic_load_n(&reported[(int)what], __ATOMIC_RELAXED)) return;
    __atomic_store_n(&reported[(int)what], 1, __ATOMIC_RELAXED);
    long file = call(OPENAT, AT_FDCWD, (long)wanted.report, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (file < 0) return;
    call(WRITE, file, (long)&what, 1, 0);
    call(CLOSE, file, 0, 0, 0);
}

/* What follows `name` in `text`, or null if `text` does not start with it. */
static const char *after(const char *text, const char *name) {
    while (*name && *text == *name) text++, name++;
    return *name ? NULL : text;
}

/* Reads a decimal number of `min` to `max`, and the comma or the end behind it. */
static const char *number(const char *text, uint64_t min, uint64_t max, uint64_t *to) {
    uint64_t value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9' && value <= max; digit++) value = value * 10 + (uint64_t)(*digit - '0');
    if (digit == text || (*digit && *digit != ',') || value < min || value > max) return NULL;
    *to = value;
    return digit;
}

/* Reads one entry. Null if it is wrong. */
static const char *entry(const char *text) {
    const char *value;
    if ((value = after(text, "cores="))) return number(value, 1, CORES_MAX, &wanted.cores);
#ifdef ROUNDING
    if ((value = after(text, "rounding="))) {
        wanted.rounding = 1;
        return number(value, 0, SEED_MAX, &wanted.seed);
    }
#endif
    if ((value = after(text, "heap="))) {
        wanted.heap = 1;
        value = number(value, 0, HEAP_SHIFT_BYTES_MAX, &wanted.heap_shift_bytes);
        return wanted.heap_shift_bytes % 16 ? NULL : value;
    }
    if ((value = after(text, "report=/"))) {
        size_t length = 0;
        for (value--; value[length] && length < PATH_BYTES_MAX - 1; length++) wanted.report[length] = value[length];
        wanted.report[length] = 0;
        return value[length] ? NULL : value + length;
    }
    return NULL;
}

/* Reads the variable. Another library may call a function before our constructor runs, so every function asks for this. */
static void read_variable(void) {
    if (wanted.read) return;
    wanted.read = 1;
    const char *list = NULL;
    for (char **variable = &environ ? environ : NULL; variable && *variable && !list; variable++)
        list = after(*variable, "CONCORD_PRELOAD=");
    if (!list) return;
    while (*list) {
        const char *end = entry(list);
        if (!end) {
            wanted.wrong = 1;
            for (end = list; *end && *end != ','; end++) continue;
        }
        list = *end == ',' ? end + 1 : end;
    }
    /* Half of a list would be a setting that nobody asked for. */
    if (wanted.wrong) wanted.cores = 0, wanted.heap = 0, wanted.rounding = 0;
}

/* ---- the functions that would be called without us */

static void *open_library(const char *name) {
    if (dlopen) return dlopen(name, RTLD_NOW);
    return __libc_dlopen_mode ? __libc_dlopen_mode(name, (int)(RTLD_NOW | RTLD_DLOPEN)) : NULL;
}

typedef void *(*finder)(void *, const char *);

/* __libc_dlsym does not choose among the variants of a function for the CPU, as dlsym does, so it only finds dlsym. */
static finder find_dlsym(void) {
    if (dlsym) return dlsym;
    void *libdl = __libc_dlsym ? open_library("libdl.so.2") : NULL;
    return libdl ? (finder)__libc_dlsym(libdl, "dlsym") : NULL;
}

enum { ANYWHERE, LIBM };

/* The next function of this name, or null. A program that loads libm late, and for one library alone, has no next one: then
 * libm is asked. */
static void *next(const char *name, int from) {
    int *place = __errno_location ? __errno_location() : NULL;
    int before = place ? *place : 0;
    finder find = find_dlsym();
    void *found = find ? find(RTLD_NEXT, name) : NULL;
    void *libm = find && !found && from == LIBM ? open_library("libm.so.6") : NULL;
    if (libm) found = find(libm, name);
    if (place) *place = before;
    return found;
}

/* Finds it at the first call, and keeps it. Threads that do so at once find the same. */
#define NEXT(from, type, name, ...) \
    static type (*kept)(__VA_ARGS__); \
    type (*found)(__VA_ARGS__) = __atomic_load_n(&kept, __ATOMIC_RELAXED); \
    if (!found) { \
        found = (type (*)(__VA_ARGS__))next(#name, from); \
        __atomic_store_n(&kept, found, __ATOMIC_RELAXED); \
    }

/* ---- cores */

static int failed(int error) {
    if (__errno_location) *__errno_location() = error;
    return -1;
}

static uint64_t believed_cores(void) {
    read_variable();
    if (wanted.cores) report('c');
    return wanted.cores;
}

/* The set {0 .. cores - 1}. Returns an error if it has no room, as the kernel does. */
static int believed_set(uint64_t cores, size_t bytes, unsigned char *set) {
    if (bytes * 8 < cores || bytes % sizeof(long)) return EINVAL;
    for (size_t i = 0; i < bytes; i++) {
        uint64_t first = i * 8, left = cores > first ? cores - first : 0;
        set[i] = left >= 8 ? 0xff : (unsigned char)((1u << left) - 1);
    }
    return 0;
}

EXPORT int sched_getaffinity(int pid, size_t bytes, unsigned char *set) {
    uint64_t cores = believed_cores();
    unsigned char real[CORES_MAX];
    /* The kernel also says whether there is such a process. */
    long got = cores ? call(SCHED_GETAFFINITY, pid, sizeof real, (long)real, 0) : call(SCHED_GETAFFINITY, pid, (long)bytes, (long)set, 0);
    if (got < 0) return failed((int)-got);
    if (cores) {
        int error = believed_set(cores, bytes, set);
        return error ? failed(error) : 0;
    }
    /* The system call fills only what it knows, and glibc and musl clear the rest. */
    for (size_t i = (size_t)got; i < bytes; i++) set[i] = 0;
    return 0;
}

/* A thread that binds itself to a core which does not exist stays where it is. */
EXPORT int sched_setaffinity(int pid, size_t bytes, const unsigned char *set) {
    read_variable();
    long got = call(SCHED_SETAFFINITY, pid, (long)bytes, (long)set, 0);
    if (got == -EINVAL && wanted.cores) return 0;
    return got < 0 ? failed((int)-got) : 0;
}

EXPORT int pthread_getaffinity_np(uintptr_t thread, size_t bytes, unsigned char *set) {
    uint64_t cores = believed_cores();
    if (cores) return believed_set(cores, bytes, set);
    NEXT(ANYWHERE, int, pthread_getaffinity_np, uintptr_t, size_t, unsigned char *)
    return found ? found(thread, bytes, set) : ENOSYS;
}

EXPORT int pthread_setaffinity_np(uintptr_t thread, size_t bytes, const unsigned char *set) {
    NEXT(ANYWHERE, int, pthread_setaffinity_np, uintptr_t, size_t, const unsigned char *)
    read_variable();
    int error = found ? found(thread, bytes, set) : ENOSYS;
    return error == EINVAL && wanted.cores ? 0 : error;
}

/* A set that does not exist would make pthread_create fail later, so it is not kept. libgomp does this for OMP_PLACES. */
EXPORT int pthread_attr_setaffinity_np(void *attributes, size_t bytes, const unsigned char *set) {
    read_variable();
    if (wanted.cores) return 0;
    NEXT(ANYWHERE, int, pthread_attr_setaffinity_np, void *, size_t, const unsigned char *)
    return found ? found(attributes, bytes, set) : ENOSYS;
}

EXPORT long sysconf(int name) {
    if (name == SC_NPROCESSORS_CONF || name == SC_NPROCESSORS_ONLN) {
        uint64_t cores = believed_cores();
        if (cores) return (long)cores;
    }
    if (__sysconf) return __sysconf(name);
    NEXT(ANYWHERE, long, sysconf, int)
    return found ? found(name) : failed(EINVAL);
}

EXPORT int get_nprocs(void) {
    uint64_t cores = believed_cores();
    if (cores) return (int)cores;
    NEXT(ANYWHERE, int, get_nprocs, void)
    return found ? found() : (int)sysconf(SC_NPROCESSORS_ONLN);
}

EXPORT int get_nprocs_conf(void) {
    uint64_t cores = believed_cores();
    if (cores) return (int)cores;
    NEXT(ANYWHERE, int, get_nprocs_conf, void)
    return found ? found() : (int)sysconf(SC_NPROCESSORS_CONF);
}

/* ---- heap
 *
 * glibc's malloc cuts a block from the lower end of the free rest of the heap, if no freed block fits. It aligns blocks to
 * 16 bytes, so a block starts at 0, 16, 32 or 48 modulo 64: that follows from the sizes of all blocks before it. Code that
 * works on vectors of 32 or 64 bytes often treats the numbers before the first aligned address one by one, and so adds in
 * another order. One block of 64 + B bytes that is never freed moves all blocks behind it by B modulo 64. B = 0 allocates
 * too, so that programs with different B do the same.
 *
 * A block of 128 KiB or more is a mapping of its own, which starts at 16 modulo a page: nothing moves it. Threads may have
 * heaps of their own: nothing moves those either. */

/* Above the blocks that malloc keeps for reuse as they are (1,032 bytes): freed, it is part of the rest again. */
#define PROBE_BYTES 4000
/* malloc writes the size of a block before the block. */
#define BLOCK_HEADER_BYTES 8
/* The loader may have freed blocks of our size, which malloc takes first: 7 of each size, and a few others. */
#define ATTEMPTS_MAX 64

static void move_heap(void) {
    if (!malloc || !free) return;
    uint64_t block_bytes = 64 + wanted.heap_shift_bytes;
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        uintptr_t before = (uintptr_t)malloc(PROBE_BYTES);
        free((void *)before);
        if (!malloc(block_bytes - BLOCK_HEADER_BYTES)) return;
        uintptr_t behind = (uintptr_t)malloc(PROBE_BYTES);
        free((void *)behind);
        /* Another malloc (musl's, jemalloc) has another layout: then this does not hold, and the move is not reported. */
        if (behind - before == block_bytes) {
            report('h');
            return;
        }
    }
}

#ifdef ROUNDING
/* ---- rounding
 *
 * This part stands in a library of its own, because it cannot be there without any effect. glibc has two versions of some
 * functions: exp@GLIBC_2.2.5 for old programs, exp@GLIBC_2.29 for new ones. This library has one, and calls the new one. They
 * differ in errno and in the sign of NaN.
 *
 * No standard says how libm rounds. Good ones are off by less than one unit in the last place (ulp), each at other
 * arguments. Moving a result by -1, 0 or +1 ulp plays another good libm. A hash of the seed, the function and the bits of
 * the arguments chooses the move, so it stays a function: the same arguments give the same result in one program. */

#define UNARY(f) \
    f(exp) f(exp2) f(expm1) f(log) f(log2) f(log10) f(log1p) f(sin) f(cos) f(tan) f(asin) f(acos) f(atan) f(sinh) f(cosh) \
    f(tanh) f(asinh) f(acosh) f(atanh) f(cbrt) f(lgamma) f(tgamma) f(erf) f(erfc)
#define BINARY(f) f(pow) f(atan2) f(hypot)

#define NUMBER(name) NUMBER_##name,
enum { UNARY(NUMBER) FIRST_BINARY, BINARY(NUMBER) };

static uint64_t hash(uint64_t function, uint64_t x, uint64_t y) {
    uint64_t words[] = {wanted.seed, function, x, y}, hashed = 0;
    for (int i = 0; i < 4; i++) {
        /* One round of SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
        hashed = (hashed ^ words[i]) + 0x9e3779b97f4a7c15;
        hashed = (hashed ^ hashed >> 30) * 0xbf58476d1ce4e5b9;
        hashed = (hashed ^ hashed >> 27) * 0x94d049bb133111eb;
        hashed ^= hashed >> 31;
    }
    return hashed;
}

/* The bits of a moved result. Every good libm gives the same for some arguments. These results stay as they are:
 * - zeros, subnormal numbers, infinities and NaN;
 * - a result that ends with zeros, a third of its bits: it is very likely exact, such as exp2(-3), pow(10, 15), hypot(3, 4)
 *   or log10(1000). One in 65,536 other results ends so (of floats one in 256), which does no harm;
 * - a result that equals an argument, such as sin(1e-9);
 * - the results at arguments where functions begin and end: zeros, infinities, and 1 and -1 of functions with one argument.
 *   So acos(-1) is never more than pi. */
struct format {
    uint64_t sign, exponent, ending, one;
};
static const struct format DOUBLE = {1ull << 63, 0x7ffull << 52, 0xffff, 0x3ffull << 52};
static const struct format FLOAT = {1u << 31, 0xffu << 23, 0xff, 0x7fu << 23};

static int is_at_end(const struct format *format, uint64_t argument) {
    return argument == 0 || (argument & format->exponent) == format->exponent;
}

static uint64_t moved(const struct format *format, uint64_t result, int function, uint64_t x, uint64_t y) {
    uint64_t size = result & ~format->sign, exponent = size & format->exponent;
    uint64_t x_size = x & ~format->sign, y_size = y & ~format->sign;
    int unary = function < FIRST_BINARY;
    report('r');
    if (exponent == 0 || exponent == format->exponent || (size & format->ending) == 0) return result;
    if (is_at_end(format, x_size) || is_at_end(format, y_size) || (unary && x_size == format->one)) return result;
    if (size == x_size || size == y_size) return result;
    uint64_t moved = result + hash((uint64_t)function, x, y) % 3 - 1;
    return (moved & format->exponent) == format->exponent ? result : moved;
}

union double_bits {
    double value;
    uint64_t bits;
};
union float_bits {
    float value;
    uint32_t bits;
};

static double moved_double(double result, int function, double x, double y) {
    read_variable();
    if (!wanted.rounding) return result;
    union double_bits r = {result}, a = {x}, b = {y};
    r.bits = moved(&DOUBLE, r.bits, function, a.bits, b.bits);
    return r.value;
}

static float moved_float(float result, int function, float x, float y) {
    read_variable();
    if (!wanted.rounding) return result;
    union float_bits r = {result}, a = {x}, b = {y};
    r.bits = (uint32_t)moved(&FLOAT, r.bits, function, a.bits, b.bits);
    return r.value;
}

/* The program calls a function that no library has: nothing can be calculated, and no result would be right. */
static void stop(const char *name) {
    static const char text[] = "concord: the preloaded library finds no function ";
    size_t length = 0;
    while (name[length]) length++;
    call(WRITE, 2, (long)text, sizeof text - 1, 0);
    call(WRITE, 2, (long)name, (long)length, 0);
    call(WRITE, 2, (long)"\n", 1, 0);
    for (;;) call(EXIT_GROUP, 127, 0, 0, 0);
}

#define DEFINE_UNARY(name) \
    EXPORT double name(double x) { \
        NEXT(LIBM, double, name, double) \
        if (!found) stop(#name); \
        return moved_double(found(x), NUMBER_##name, x, x); \
    } \
    EXPORT float name##f(float x) { \
        NEXT(LIBM, float, name##f, float) \
        if (!found) stop(#name "f"); \
        return moved_float(found(x), NUMBER_##name, x, x); \
    }

#define DEFINE_BINARY(name) \
    EXPORT double name(double x, double y) { \
        NEXT(LIBM, double, name, double, double) \
        if (!found) stop(#name); \
        return moved_double(found(x, y), NUMBER_##name, x, y); \
    } \
    EXPORT float name##f(float x, float y) { \
        NEXT(LIBM, float, name##f, float, float) \
        if (!found) stop(#name "f"); \
        return moved_float(found(x, y), NUMBER_##name, x, y); \
    }

UNARY(DEFINE_UNARY)
BINARY(DEFINE_BINARY)

/* Compilers make one call of sin(x) and cos(x). */
EXPORT void sincos(double x, double *sine, double *cosine) {
    NEXT(LIBM, void, sincos, double, double *, double *)
    if (!found) stop("sincos");
    found(x, sine, cosine);
    *sine = moved_double(*sine, NUMBER_sin, x, x);
    *cosine = moved_double(*cosine, NUMBER_cos, x, x);
}

EXPORT void sincosf(float x, float *sine, float *cosine) {
    NEXT(LIBM, void, sincosf, float, float *, float *)
    if (!found) stop("sincosf");
    found(x, sine, cosine);
    *sine = moved_float(*sine, NUMBER_sin, x, x);
    *cosine = moved_float(*cosine, NUMBER_cos, x, x);
}

#endif

/* ---- before main */

__attribute__((constructor)) static void start(void) {
    read_variable();
    report('l');
    if (wanted.wrong) report('?');
    if (wanted.heap) move_heap();
}
