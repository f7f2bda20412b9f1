/* FMA: on a CPU that has it, a compiler makes one instruction of a product and a sum, which rounds once instead of twice. */
#include <stdio.h>

int main(void) {
    double x = 0.3, value = 0.7;
    for (int i = 0; i < 100; i++) {
        value = value * x + 1.0 / (i + 3);
        x += 0.001;
        printf("%.17g\n", value);
    }
    return 0;
}
