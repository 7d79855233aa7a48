/* One loop for both helpers: up to BATCH datagrams in by one recvmmsg, their answers out by one
 * sendmmsg. Bare system calls and no event loop, so that what it costs is what the machine costs. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, QUERY_SIZE = 2048, ROOM = 512, LIFETIME_S = 3600 };

/* Turns a query of `size` bytes into its answer in place, with ROOM more bytes behind QUERY_SIZE to
 * grow into; returns the answer's size, 0 to stay silent. */
typedef size_t answer_function(uint8_t *message, size_t size);

static int listen_on(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer_size = 4 << 20;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("cannot listen");
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof buffer_size);
    return fd;
}

static void send_all(int fd, struct mmsghdr *answers, unsigned count) {
    for (unsigned sent = 0; sent < count;) {
        int done = sendmmsg(fd, answers + sent, count - sent, 0);
        if (done < 0 && errno != EINTR)
            sent += 1; /* a client that has gone away: only its answer is lost */
        else if (done > 0)
            sent += (unsigned)done;
    }
}

/* With `pause_us`, sleeps that long between looks at the socket instead of waiting on it: queries
 * are then answered after up to that time, and their senders do not pay for waking this process. */
static int serve(int argc, char **argv, answer_function *answer, unsigned pause_us) {
    static uint8_t buffers[BATCH][QUERY_SIZE + ROOM];
    static struct sockaddr_in clients[BATCH];
    static struct iovec parts[BATCH], answer_parts[BATCH];
    static struct mmsghdr queries[BATCH], answers[BATCH];
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int fd = listen_on(argv[1]);
    alarm(LIFETIME_S); /* never outlives a bench that was killed */
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){buffers[i], QUERY_SIZE};
            queries[i].msg_hdr = (struct msghdr){.msg_name = &clients[i],
                .msg_namelen = sizeof clients[i], .msg_iov = &parts[i], .msg_iovlen = 1};
        }
        int received = recvmmsg(fd, queries, BATCH, pause_us ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
        if (received < 0 && errno == EAGAIN)
            usleep(pause_us);
        else if (received < 0 && errno != EINTR) {
            perror("recvmmsg");
            return 1;
        }
        unsigned count = 0;
        for (int i = 0; i < received; i++) {
            size_t size = answer(buffers[i], queries[i].msg_len);
            if (size == 0)
                continue;
            answer_parts[count] = (struct iovec){buffers[i], size};
            answers[count].msg_hdr = (struct msghdr){.msg_name = &clients[i],
                .msg_namelen = sizeof clients[i], .msg_iov = &answer_parts[count], .msg_iovlen = 1};
            count++;
        }
        send_all(fd, answers, count);
    }
}
