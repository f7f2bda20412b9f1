/* Prints where blocks of several sizes start, modulo 64. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    static const size_t sizes[] = {3440, 24, 200, 1000, 5000, 100000, 3440};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) printf("%d ", (int)((uintptr_t)malloc(sizes[i]) % 64));
    return 0;
}
