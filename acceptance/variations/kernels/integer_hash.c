/* FNV-1a of bytes in eight lanes. */
#include "kernel.h"

int main(void) {
    uint32_t lane[8];
    for (int j = 0; j < 8; j++) lane[j] = 2166136261u + (uint32_t)j;
    for (int i = 0; i < 20000; i++) {
        uint32_t byte = next_integer() & 0xff;
        for (int j = 0; j < 8; j++) lane[j] = (lane[j] ^ (byte + (uint32_t)j)) * 16777619u;
    }
    for (int j = 0; j < 8; j++) print_integer(lane[j]);
    return 0;
}
