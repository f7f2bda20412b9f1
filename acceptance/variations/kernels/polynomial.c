/* A polynomial of degree 12 by Horner's rule. */
#include "kernel.h"
#define DEGREE 12

int main(void) {
    double coefficient[DEGREE + 1];
    for (int i = 0; i <= DEGREE; i++) coefficient[i] = next_number() - 0.5;
    for (int i = 0; i < 60; i++) {
        double x = next_number() * 2 - 1, value = 0;
        for (int j = DEGREE; j >= 0; j--) value = value * x + coefficient[j];
        print_number(value);
    }
    return 0;
}
