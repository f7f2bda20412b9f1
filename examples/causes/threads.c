/* Threads: each thread adds a part of the numbers, so another number of threads adds in another order. */
#include <omp.h>
#include <stdio.h>

int main(void) {
    static double part[1024];
    int threads = 1;
#pragma omp parallel
    {
#pragma omp single
        threads = omp_get_num_threads();
#pragma omp for schedule(static)
        for (int i = 1; i <= 1000000; i++) part[omp_get_thread_num()] += 1.0 / i;
    }
    double sum = 0;
    for (int i = 0; i < threads; i++) sum += part[i];
    printf("%.17g\n", sum);
    return 0;
}
