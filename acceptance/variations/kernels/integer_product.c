/* C = A B, of integers. */
#include "kernel.h"
#define N 64
static int64_t a[N][N], b[N][N], c[N][N];

int main(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) a[i][j] = next_integer() % 1000, b[i][j] = next_integer() % 1000;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            for (int j = 0; j < N; j++) c[i][j] += a[i][k] * b[k][j];
    for (int i = 0; i < N; i++) print_integer(c[i][(i * 7) % N]);
    return 0;
}
