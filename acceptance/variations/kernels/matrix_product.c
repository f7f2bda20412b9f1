/* C = A B. */
#include "kernel.h"
#define N 64
static double a[N][N], b[N][N], c[N][N];

int main(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) a[i][j] = next_number(), b[i][j] = next_number();
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            for (int j = 0; j < N; j++) c[i][j] += a[i][k] * b[k][j];
    for (int i = 0; i < N; i++) print_number(c[i][(i * 7) % N]);
    return 0;
}
