/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a datagram costs, by the way it's sent and received: two sockets, one at
 * each end of a link between two network namespaces, in one process.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "../selftests/bed.h"
#include "../selftests/link.h"
#include "../selftests/record.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* The most that goes out by one call: 40 x 1400 bytes, or one of 16384. */
#define BATCH_MAX 64
#define BYTES_MAX (BATCH_MAX * 1536)

/* One combination that's measured. */
struct run {
	const struct link *link;
	const struct cipher *cipher; /* NULL: none, or the mode's own */
	size_t size;                 /* of a datagram's content, bytes */
	unsigned int batch;          /* datagrams by one call of the mode's */
	unsigned int count;          /* in a round; a multiple of @batch */
	int fd[2];                   /* sender, receiver */
	void *state;                 /* the mode's */
	uint8_t tx[BYTES_MAX];       /* what's sent, @batch datagrams */
	uint8_t rx[BYTES_MAX];       /* what was received, likewise */
};

/*
 * A way to send and receive. Functions return -1 with errno set, as system
 * calls do; EOPNOTSUPP, ENOPROTOOPT and ENOENT of @setup, or of the first
 * call: this kernel hasn't got it.
 */
struct mode {
	const char *name;
	const char *cipher; /* its only one, "-" for none; NULL: any */
	int is_batch;       /* it makes no sense for a single datagram */
	int is_together;  /* others work for it: sending ends with receiving */
	int gets_nothing; /* it's all refused */
	int has_state;    /* of each end, for one thread at a time */
	int (*setup)(struct run *run);
	int (*send)(struct run *run); /* run->batch datagrams */
	int (*recv)(struct run *run); /* as many */
	void (*teardown)(struct run *run);
};

extern const struct mode udp_modes[], openssl_modes[], evp_modes[],
	dtls_modes[], ktls_modes[], tunnel_modes[], replay_modes[],
	card_modes[];

/* Instructions a datagram; cycles where the machine doesn't count them. */
struct cost {
	double tx, rx;
};

int measure(const struct mode *mode, struct run *run, unsigned int rounds,
	    struct cost *cost);
double ticks_per_instruction(void);

int measure_wall(const struct mode *mode, struct run *run, unsigned int rounds);
void measure_memory(void);

int mtu_for(size_t size);
int pair_open(struct run *run);
socklen_t pair_address(const char *network, int host,
		       struct sockaddr_storage *addr);
int pair_open_at(struct run *run, const char *network);
int limit_wait(int fd, long us);
void pair_close(struct run *run);
void device_delete(const struct run *run, const char *name);

int send_each(int fd, const uint8_t *from, size_t size, unsigned int count);
int recv_each(int fd, uint8_t *to, size_t size, unsigned int count);
int send_mmsg(int fd, const uint8_t *from, size_t size, unsigned int count);
int recv_mmsg(int fd, uint8_t *to, size_t size, unsigned int count);
int send_gso(int fd, const uint8_t *from, size_t size, unsigned int count);
int recv_gso(int fd, uint8_t *to, size_t size, unsigned int count);
int enable_gro(int fd);

int stream_pair(struct run *run, const struct sockaddr_storage *addr,
		socklen_t len);

int run_send_each(struct run *run);
int run_recv_each(struct run *run);
int run_send_mmsg(struct run *run);
int run_recv_mmsg(struct run *run);
int run_send_gso(struct run *run);
int run_recv_gso(struct run *run);
int run_send_stream(struct run *run);
int run_recv_stream(struct run *run);

#endif /* BENCH_BENCH_H */
