/* Makes the columns of a matrix orthonormal, one after the other. */
#include "kernel.h"
#include <math.h>
#define N 40
static double column[N][N];

int main(void) {
    for (int j = 0; j < N; j++)
        for (int i = 0; i < N; i++) column[j][i] = next_number() - 0.5;
    for (int j = 0; j < N; j++) {
        for (int k = 0; k < j; k++) {
            double shared = 0;
            for (int i = 0; i < N; i++) shared += column[k][i] * column[j][i];
            for (int i = 0; i < N; i++) column[j][i] -= shared * column[k][i];
        }
        double length = 0;
        for (int i = 0; i < N; i++) length += column[j][i] * column[j][i];
        for (int i = 0; i < N; i++) column[j][i] /= sqrt(length);
    }
    for (int i = 0; i < N; i++) print_number(column[N - 1][i]);
    return 0;
}
