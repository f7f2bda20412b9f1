/* Race: threads add to one sum in the order in which they come, and that order is another one in each run. */
#include <stdio.h>

int main(void) {
    double sum = 0;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 1000000; i++) {
        double x = (i % 5 - 2) * 1e6 / (i % 1009 + 1) + 0.1;
#pragma omp atomic
        sum += x;
    }
    printf("%.17g\n", sum);
    return 0;
}
