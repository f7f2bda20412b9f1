/* The dot product of two vectors. */
#include "kernel.h"

int main(void) {
    double sum = 0;
    for (int i = 0; i < 3000; i++) {
        double x = next_number(), y = next_number() - 0.5;
        sum += x * y;
        if (i % 100 == 99) print_number(sum);
    }
    return 0;
}
