/* Heap: malloc aligns to 16 bytes. Fast code adds one by one up to the next aligned address and in four lanes from there, so
 * the address decides the order of addition. A longer name takes more room before the numbers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 430

static double sum(const double *x) {
    double lane[4] = {0}, rest = 0;
    int i = 0;
    for (; (uintptr_t)(x + i) % 64; i++) rest += x[i];
    for (; i + 4 <= NUMBERS; i += 4)
        for (int j = 0; j < 4; j++) lane[j] += x[i + j];
    for (; i < NUMBERS; i++) rest += x[i];
    return rest + lane[0] + lane[1] + lane[2] + lane[3];
}

int main(int count, char **argument) {
    for (int i = 1; i < count; i++)
        if (!strdup(argument[i])) return 1;
#ifdef ALIGNED
    double *x = aligned_alloc(64, (NUMBERS * sizeof *x + 63) / 64 * 64);
#else
    double *x = malloc(NUMBERS * sizeof *x);
#endif
    if (!x) return 1;
    for (int i = 0; i < NUMBERS; i++) x[i] = 1.0 / (i + 3);
    printf("%.17g\n", sum(x));
    return 0;
}
