/* Floyd and Warshall's shortest paths between all pairs, of integer lengths. */
#include "kernel.h"
#define N 60
static int32_t length[N][N];

int main(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) length[i][j] = i == j ? 0 : (int32_t)(next_integer() % 10000) + 1;
    for (int k = 0; k < N; k++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                int32_t through = length[i][k] + length[k][j];
                if (through < length[i][j]) length[i][j] = through;
            }
    for (int i = 0; i < N; i++) print_integer(length[i][(i * 7 + 1) % N]);
    return 0;
}
