/* The machine's limit: sends every query back with only its QR bit set. */
#include "batch.h"

static size_t echo(uint8_t *message, size_t size) {
    if (size < 12)
        return 0;
    message[2] |= 0x80;
    return size;
}

int main(int argc, char **argv) { return serve(argc, argv, echo, 0); }
