/* Prints the bits of 200 results of each function, calculated by two threads at once. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ARGUMENTS 200
#define UNARY(f) \
    f(exp) f(exp2) f(expm1) f(log) f(log2) f(log10) f(log1p) f(sin) f(cos) f(tan) f(asin) f(acos) f(atan) f(sinh) f(cosh) \
    f(tanh) f(asinh) f(atanh) f(cbrt) f(lgamma) f(tgamma) f(erf) f(erfc)
#define BINARY(f) f(pow) f(atan2) f(hypot)
#define COUNT(name) +1
enum { FUNCTIONS = 0 UNARY(COUNT) BINARY(COUNT) + 3 };

struct results {
    const char *called[FUNCTIONS];
    double of_double[FUNCTIONS][ARGUMENTS];
    float of_float[FUNCTIONS][ARGUMENTS];
    int errors;
};

/* In (0, 1), where all functions are defined. */
static double argument(int i) { return (i + 0.372) / (ARGUMENTS + 1); }

static void *calculate(void *to) {
    struct results *results = to;
    for (int i = 0; i < ARGUMENTS; i++) {
        double x = argument(i), y = argument(ARGUMENTS - 1 - i);
        int f = 0;
        errno = 77;
#define ONE(name) results->called[f] = #name, results->of_double[f][i] = name(x), results->of_float[f][i] = name##f((float)x), f++;
#define TWO(name) \
    results->called[f] = #name, results->of_double[f][i] = name(x, y), results->of_float[f][i] = name##f((float)x, (float)y), f++;
        UNARY(ONE) BINARY(TWO)
        results->called[f] = "acosh", results->of_double[f][i] = acosh(1 / x), results->of_float[f][i] = acoshf((float)(1 / x)), f++;
        results->called[f] = "sincos.sin", results->called[f + 1] = "sincos.cos";
        sincos(x, &results->of_double[f][i], &results->of_double[f + 1][i]);
        sincosf((float)x, &results->of_float[f][i], &results->of_float[f + 1][i]);
        results->errors += errno != 77;
    }
    return NULL;
}

int main(void) {
    static struct results results[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, calculate, &results[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    printf("same %d\n", !memcmp(&results[0], &results[1], sizeof results[0]));
    printf("errors %d\n", results[0].errors);
    for (int f = 0; f < FUNCTIONS; f++) {
        printf("%s", results->called[f]);
        for (int i = 0; i < ARGUMENTS; i++) {
            uint64_t bits;
            memcpy(&bits, &results->of_double[f][i], sizeof bits);
            printf(" %llu", (unsigned long long)bits);
        }
        printf("\n%sf", results->called[f]);
        for (int i = 0; i < ARGUMENTS; i++) {
            uint32_t bits;
            memcpy(&bits, &results->of_float[f][i], sizeof bits);
            printf(" %u", bits);
        }
        printf("\n");
    }
    return 0;
}
