/* What all kernels share: numbers to start with, and how results are printed. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t state = 20260101;

/* A linear congruential generator (Knuth, MMIX): integers only, so all builds start with the same numbers. */
static inline uint32_t next_integer(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

/* In [0, 1), exactly. */
static inline double next_number(void) { return next_integer() * (1.0 / 2147483648.0); }

static inline void print_number(double number) { printf("%a\n", number); }

static inline void print_integer(int64_t number) { printf("%" PRId64 "\n", number); }
