/* Moves the wall clock of one process: a preload library that adds an offset to CLOCK_REALTIME.
 *
 *   LD_PRELOAD=libwallclock.so SLUICEGATE_WALLCLOCK=FILE program
 *
 * FILE holds the offset: 8 bytes, nanoseconds, signed, in the machine's byte order. It is mapped, so
 * that writing to it moves the clock of the running program at once. Monotonic time is untouched:
 * timers and timeouts go on. Without the variable, or with a file that cannot be mapped, the clock
 * is the real one.
 *
 * The real time is asked of the kernel by syscall(2), never by dlsym: the first call may come from
 * the loader, an allocator or a static initialiser, when dlsym cannot be used yet. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000;
static const int64_t *offset; /* NULL until the constructor has run */

__attribute__((constructor)) static void map_offset(void) {
    const char *path = getenv("SLUICEGATE_WALLCLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    if (lseek(file, 0, SEEK_END) >= (off_t)sizeof *offset) {
        void *map = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
        if (map != MAP_FAILED) __atomic_store_n(&offset, (const int64_t *)map, __ATOMIC_RELEASE);
    }
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int answer = (int)syscall(SYS_clock_gettime, clock, now);
    const int64_t *by = __atomic_load_n(&offset, __ATOMIC_ACQUIRE);
    if (answer != 0 || !by || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return answer;
    int64_t moved = (int64_t)now->tv_sec * SECOND + now->tv_nsec + __atomic_load_n(by, __ATOMIC_RELAXED);
    now->tv_sec = moved / SECOND;
    now->tv_nsec = moved % SECOND;
    if (now->tv_nsec < 0) { /* before 1970: C divides towards zero */
        now->tv_nsec += SECOND;
        now->tv_sec -= 1;
    }
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone; /* obsolete, nothing is stored */
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *store) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (store) *store = now.tv_sec;
    return now.tv_sec;
}
