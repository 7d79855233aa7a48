/* Asks as many clients at once: every query from the address that the file says for it.
 *
 *     crowd PORT FILE PASSES      prints: SENT ANSWERED
 *
 * The file holds one query behind the other: a byte N for the sender 127.0.2.N, a byte for the size,
 * and so many bytes of query, whose id is filled in here. One socket is enough, as the kernel takes
 * a sender for each message (IP_PKTINFO); so the server's batches are as large as with one client.
 * Always IN_FLIGHT queries are underway, and the id says which. One that got no answer goes on
 * counting as underway; what is left when nothing comes for PATIENCE_S is lost. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { IN_FLIGHT = 100, BATCH = 64, HEADER = 12, MOST = 255, ANSWER = 2048, PATIENCE_S = 5 };

typedef struct {
    uint8_t queries[IN_FLIGHT][MOST];
    struct iovec parts[IN_FLIGHT];
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } senders[IN_FLIGHT];
    struct mmsghdr waiting[IN_FLIGHT];
    unsigned count;
    int underway[IN_FLIGHT];
} outbox_t;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint8_t *read_all(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) < 0)
        fail(path);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *content = malloc(*size);
    if (!content || fread(content, 1, *size, file) != *size)
        fail(path);
    fclose(file);
    return content;
}

static int open_socket(void) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer_size = 4 << 20;
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
        fail("cannot open a socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof buffer_size);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

/* Have the query at `record` sent with the id of a place that is free. */
static void put(outbox_t *outbox, const uint8_t *record, unsigned place, struct sockaddr_in *server) {
    uint8_t *query = outbox->queries[place];
    memcpy(query, record + 2, record[1]);
    query[0] = (uint8_t)(place >> 8);
    query[1] = (uint8_t)place;
    outbox->parts[place] = (struct iovec){query, record[1]};
    outbox->underway[place] = 1;
    struct msghdr *message = &outbox->waiting[outbox->count++].msg_hdr;
    *message = (struct msghdr){.msg_name = server, .msg_namelen = sizeof *server,
        .msg_iov = &outbox->parts[place], .msg_iovlen = 1,
        .msg_control = outbox->senders[place].bytes,
        .msg_controllen = sizeof outbox->senders[place].bytes};
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
    struct in_pktinfo sender = {.ipi_spec_dst.s_addr = htonl(0x7F000200u | record[0])};
    memcpy(CMSG_DATA(control), &sender, sizeof sender);
}

static void flush(int fd, outbox_t *outbox) {
    for (unsigned sent = 0; sent < outbox->count;) {
        int done = sendmmsg(fd, outbox->waiting + sent, outbox->count - sent, 0);
        if (done < 0 && errno != EINTR)
            fail("cannot send");
        sent += done > 0 ? (unsigned)done : 0;
    }
    outbox->count = 0;
}

int main(int argc, char **argv) {
    static outbox_t outbox;
    static uint8_t answers[BATCH][ANSWER];
    struct iovec parts[BATCH];
    struct mmsghdr received[BATCH];
    if (argc != 4) {
        fprintf(stderr, "usage: %s PORT FILE PASSES\n", argv[0]);
        return 2;
    }
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size_t size, at = 0;
    uint8_t *file = read_all(argv[2], &size);
    int fd = open_socket(), passes = atoi(argv[3]);
    unsigned long sent = 0, answered = 0;
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){answers[i], ANSWER};
        received[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        for (unsigned place = 0; place < IN_FLIGHT && passes > 0; place++) {
            if (outbox.underway[place])
                continue;
            put(&outbox, file + at, place, &server);
            sent += 1;
            at += 2u + file[at + 1];
            if (at >= size) {
                at = 0;
                passes -= 1;
            }
        }
        flush(fd, &outbox);
        if (sent == answered)
            break;
        int count = recvmmsg(fd, received, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0 && errno == EAGAIN)
            break; /* the rest is lost */
        if (count < 0 && errno != EINTR)
            fail("cannot receive");
        for (int i = 0; i < count; i++) {
            unsigned place = (unsigned)answers[i][0] << 8 | answers[i][1];
            if (received[i].msg_len < HEADER || place >= IN_FLIGHT || !outbox.underway[place])
                continue;
            outbox.underway[place] = 0;
            answered += 1;
        }
    }
    printf("%lu %lu\n", sent, answered);
    return 0;
}
