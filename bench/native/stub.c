/* The upstream resolver of the bench: knows every name.
 *
 * A is 192.0.2.1, AAAA is 2001:db8::1, every other type has no data (SOA in the authority section,
 * RFC 2308 §2.2). Everything may be kept for an hour. The question goes back byte for byte, letter
 * case included, because clients check it (draft-vixie-dnsext-dns0x20).
 *
 * It is a millisecond away, as a resolver on the network at best is. It looks for queries once in
 * that time instead of being woken by each: what it costs a sender to wake another process of the
 * same machine, 10 µs a query and more, is nothing that a resolver elsewhere would cost it. */
#include "batch.h"

enum { HEADER = 12, TYPE_A = 1, TYPE_SOA = 6, TYPE_AAAA = 28, TYPE_OPT = 41, PAUSE_US = 1000 };

#define NAME_OF_QUESTION 0xC0, HEADER
#define ONE_HOUR 0, 0, 0x0E, 0x10

static const uint8_t A_RECORD[] = {NAME_OF_QUESTION, 0, TYPE_A, 0, 1, ONE_HOUR, 0, 4, 192, 0, 2, 1};
static const uint8_t AAAA_RECORD[] = {NAME_OF_QUESTION, 0, TYPE_AAAA, 0, 1, ONE_HOUR, 0, 16,
    0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
/* mname and rname are the root; serial, refresh, retry and expire do not matter here. */
static const uint8_t SOA_RECORD[] = {NAME_OF_QUESTION, 0, TYPE_SOA, 0, 1, ONE_HOUR, 0, 22,
    0, 0, 0, 0, 0, 1, ONE_HOUR, ONE_HOUR, ONE_HOUR, ONE_HOUR};
static const uint8_t OPT_RECORD[] = {0, 0, TYPE_OPT, 0x04, 0xD0, 0, 0, 0, 0, 0, 0};

/* Where the one question ends, 0 if there is not exactly one whole question. */
static size_t question_end(const uint8_t *message, size_t size) {
    size_t at = HEADER;
    if (size < HEADER || message[2] & 0x80 || message[4] != 0 || message[5] != 1)
        return 0;
    while (at < size && message[at] != 0) {
        if (message[at] > 63)
            return 0;
        at += 1u + message[at];
    }
    return at + 5 <= size ? at + 5 : 0;
}

static size_t append(uint8_t *message, size_t end, const uint8_t *record, size_t record_size) {
    memcpy(message + end, record, record_size);
    return end + record_size;
}

static size_t resolve(uint8_t *message, size_t size) {
    size_t end = question_end(message, size);
    if (end == 0)
        return 0;
    unsigned type = message[end - 4] << 8 | message[end - 3];
    /* OPT is the first record behind the question when there is no other section before it. */
    int edns = !message[6] && !message[7] && !message[8] && !message[9] && message[11] >= 1 &&
               end + 11 <= size && message[end] == 0 && message[end + 1] == 0 &&
               message[end + 2] == TYPE_OPT;
    int has_data = type == TYPE_A || type == TYPE_AAAA;
    message[2] = 0x80 | (message[2] & 0x79); /* an answer; opcode and RD as asked */
    message[3] = 0x80 | (message[3] & 0x10); /* recursion available, CD as asked, NOERROR */
    memset(message + 6, 0, 6);
    message[7] = (uint8_t)has_data;
    message[9] = (uint8_t)!has_data;
    message[11] = (uint8_t)edns;
    if (type == TYPE_A)
        end = append(message, end, A_RECORD, sizeof A_RECORD);
    else if (type == TYPE_AAAA)
        end = append(message, end, AAAA_RECORD, sizeof AAAA_RECORD);
    else
        end = append(message, end, SOA_RECORD, sizeof SOA_RECORD);
    return edns ? append(message, end, OPT_RECORD, sizeof OPT_RECORD) : end;
}

int main(int argc, char **argv) { return serve(argc, argv, resolve, PAUSE_US); }
