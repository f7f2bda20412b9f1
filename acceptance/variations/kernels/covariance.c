/* The covariance of columns. */
#include "kernel.h"
#define ROWS 200
#define COLUMNS 24
static double data[ROWS][COLUMNS], mean[COLUMNS];

int main(void) {
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) mean[j] += data[i][j] = next_number() / 3;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) data[i][j] -= mean[j] / ROWS;
    for (int j = 0; j < COLUMNS; j++)
        for (int k = 0; k <= j; k++) {
            double sum = 0;
            for (int i = 0; i < ROWS; i++) sum += data[i][j] * data[i][k];
            print_number(sum / (ROWS - 1));
        }
    return 0;
}
