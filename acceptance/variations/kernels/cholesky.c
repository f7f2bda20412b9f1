/* L of A = L L', where A is positive definite because its diagonal is large. */
#include "kernel.h"
#include <math.h>
#define N 48
static double a[N][N];

int main(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) a[i][j] = next_number() + (i == j ? N : 0);
    for (int j = 0; j < N; j++) {
        for (int k = 0; k < j; k++)
            for (int i = j; i < N; i++) a[i][j] -= a[i][k] * a[j][k];
        a[j][j] = sqrt(a[j][j]);
        for (int i = j + 1; i < N; i++) a[i][j] /= a[j][j];
    }
    for (int i = 0; i < N; i++) print_number(a[N - 1][i]);
    return 0;
}
