/* Laplace's equation by Jacobi's iteration: each point becomes the mean of its neighbours. The product comes last, and no sum
 * follows it, so there is nothing to contract. */
#include "kernel.h"
#define N 40
#define STEPS 50
static double plate[2][N][N];

int main(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) plate[0][i][j] = plate[1][i][j] = next_number();
    for (int step = 0; step < STEPS; step++) {
        double(*from)[N] = plate[step % 2], (*to)[N] = plate[1 - step % 2];
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                to[i][j] = 0.2500001 * (from[i - 1][j] + from[i + 1][j] + from[i][j - 1] + from[i][j + 1]);
    }
    for (int i = 0; i < N; i++) print_number(plate[STEPS % 2][i][i]);
    return 0;
}
